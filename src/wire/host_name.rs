//! Names of hosts: as people write them, and in ASCII, as DNS, certificates and everything else on the wire has them.

use std::borrow::Cow;

use idna::AsciiDenyList;
use unicode_normalization::char::is_combining_mark;

/// The longest name, and the longest part of one (RFC 1035 section 2.3.4).
const LONGEST: usize = 253;
const LONGEST_PART: usize = 63;

/// What other scripts write for the dot between two parts (UTS 46 section 2.3).
const DOTS: [char; 3] = ['\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// What joins or parts letters of some scripts, which IDNA admits among these (RFC 5892 appendix A).
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// The ASCII form of a name for DNS or the hosts file: dots, letters, digits, hyphens and underscores. An international name becomes what
/// browsers make of it (UTS 46): one that is written in capitals, in wide letters or with separate accents is no other name.
///
/// # Errors
/// In words, when it is no name.
pub fn host_name(text: &str) -> Result<String, String> {
    if text.trim_end_matches('.').is_empty() {
        return Err("it has no host, only a dot".into());
    }
    let name = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(ascii(text)?) };
    let parts = name.strip_suffix('.').unwrap_or(&name);
    if parts.len() > LONGEST {
        return Err(format!("its name has {} characters and may have {LONGEST}", parts.len()));
    }
    for part in parts.split('.') {
        match part.len() {
            0 => return Err("its name has two dots in a row or one in front".into()),
            long if long > LONGEST_PART => {
                return Err(format!("the part {part} of its name has {long} characters and may have {LONGEST_PART}"));
            }
            _ => {}
        }
    }
    // No top-level domain is a number; a name that ends in one is an address with a slip of the finger.
    if parts.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!(
            "{parts} is neither a name nor an IPv4 address; an address has four numbers from 0 to 255"
        ));
    }
    Ok(name.into_owned())
}

fn ascii(text: &str) -> Result<String, String> {
    let convert = |text: &str| idna::domain_to_ascii_cow(text.as_bytes(), AsciiDenyList::URL).map(Cow::into_owned);
    convert(text).map_err(|_| {
        let wrong = text.split(DOTS).flat_map(|part| part.split('.')).find(|part| convert(part).is_err());
        format!("\"{}\" can be no part of an international name (IDNA, UTS 46)", wrong.unwrap_or(text))
    })
}

/// Whether it can be a character of a name, be it an international one.
#[must_use]
pub(crate) fn is_of_name(character: char) -> bool {
    let ascii = character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let others = || character.is_alphanumeric() || is_combining_mark(character);
    ascii || !character.is_ascii() && (others() || DOTS.contains(&character) || JOINERS.contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_international_name_has_an_ascii_form() {
        for (written, name) in [
            ("stun.example.org", "stun.example.org"),
            ("My_Router.lan.", "My_Router.lan."),
            ("m\u{fc}ller.example", "xn--mller-kva.example"),
            ("MU\u{308}LLER.example", "xn--mller-kva.example"),
            ("m\u{fc}ller\u{3002}example", "xn--mller-kva.example"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
            ("stra\u{df}e.example", "xn--strae-oqa.example"),
            ("\u{ff53}\u{ff54}\u{ff55}\u{ff4e}.example", "stun.example"),
            ("stun_1.m\u{fc}ller.example", "stun_1.xn--mller-kva.example"),
            ("\u{5d3}\u{5d5}\u{5d2}\u{5de}\u{5d4}.example", "xn--6dbbec0c.example"),
        ] {
            assert_eq!(host_name(written).as_deref(), Ok(name), "{written}");
            assert!(written.chars().all(is_of_name), "{written}");
        }
    }

    #[test]
    fn what_becomes_something_else_than_a_name_is_none() {
        for (written, why) in [
            ("\u{3002}", "two dots in a row or one in front"),
            ("a\u{3002}\u{3002}example", "two dots in a row"),
            ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", "four numbers from 0 to 255"),
            // A slash in a wide form, and letters from both directions in one part.
            ("a\u{ff0f}b.example", "\"a\u{ff0f}b\" can be no part"),
            ("a\u{5d0}.example", "can be no part"),
            ("a.xn--\u{fc}.example", "can be no part"),
        ] {
            assert!(host_name(written).is_err_and(|told| told.contains(why)), "{written}: {:?}", host_name(written));
        }
        let long = format!("{}.example", "\u{fc}".repeat(63));
        assert!(host_name(&long).is_err_and(|told| told.contains("may have 63")), "{:?}", host_name(&long));
    }
}
