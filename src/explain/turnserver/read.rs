//! The lines of turnserver.conf as coturn reads them: one of `key`, `key=value`, `key value` a line, blanks before it and behind it
//! dropped, a comment only where `#` is its first character, and a double quote at either end of the value dropped.

use super::keys::Key;
use crate::wire::ice_servers::placeholder;

/// coturn reads into a buffer of so many bytes: what a line has more of begins a line of its own.
const LONGEST: usize = 1023;

/// A line that sets something.
#[derive(Clone)]
pub(super) struct Setting {
    /// Where it stands, from 1.
    pub(super) line: u32,
    /// The key as it is written.
    pub(super) name: String,
    /// The key, where coturn of any version has it.
    pub(super) key: Option<Key>,
    /// What coturn takes for the value. Secret, or part of one, where the key is unknown too.
    pub(super) value: String,
    /// Whether its beginning is a byte order mark.
    pub(super) marked: bool,
    /// Whether it is longer than coturn reads.
    pub(super) long: bool,
}

/// Every line that is not empty and no comment.
pub(super) fn settings<'a>(lines: impl IntoIterator<Item = (u32, &'a str)>) -> Vec<Setting> {
    lines.into_iter().filter_map(|(number, line)| setting(number, line)).collect()
}

fn setting(number: u32, line: &str) -> Option<Setting> {
    let marked = line.starts_with('\u{feff}');
    let bare = line.trim_start_matches([' ', '\t', '\u{feff}']).trim_end_matches(|c: char| c.is_ascii_whitespace());
    if bare.is_empty() || bare.starts_with('#') {
        return None;
    }
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '=');
    let (name, value) = match bare.split_once(is_blank) {
        Some((name, value)) => (name, value.trim_start_matches(is_blank)),
        None => (bare, ""),
    };
    let value = match value.strip_prefix('"') {
        Some(inner) => inner.strip_suffix('"').unwrap_or(inner),
        None => value,
    };
    let long = line.len() > LONGEST;
    Some(Setting { line: number, name: name.to_owned(), key: Key::find(name), value: value.to_owned(), marked, long })
}

impl Setting {
    /// What coturn makes of it as yes or no (`get_bool_value`); nothing where it gives up.
    pub(super) fn switch(&self) -> Option<bool> {
        match self.value.bytes().next() {
            None | Some(b'y' | b'Y' | b't' | b'T' | b'1'..=b'9') => Some(true),
            Some(b'0' | b'n' | b'N' | b'f' | b'F') => Some(false),
            _ if ["off", "OFF", "Off"].contains(&self.value.as_str()) => Some(false),
            _ if ["on", "ON", "On"].contains(&self.value.as_str()) => Some(true),
            _ => None,
        }
    }

    /// What it makes of it as a number (`atoi`): the digits at its beginning, and 0 where there are none.
    pub(super) fn number(&self) -> i64 {
        let text = self.value.trim_start();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse::<i64>().map_or(0, |number| sign * number)
    }

    /// What in the value somebody, or a template, has yet to fill in: the rules of what a value says have nothing to say of it.
    pub(super) fn unfilled(&self) -> Option<&str> {
        placeholder(&self.value)
    }

    /// Whether a template fills it in.
    pub(super) fn of_template(&self) -> bool {
        self.value.contains("{{") && self.value.contains("}}") || self.value.contains("<%=")
    }

    /// Where a comment begins in the value, as whoever wrote it meant it: behind a blank, or at once.
    pub(super) fn comment(&self) -> Option<usize> {
        ["#", ";", "//"]
            .iter()
            .filter_map(|mark| {
                self.value
                    .match_indices(mark)
                    .map(|(at, _)| at)
                    .find(|&at| at == 0 || self.value[..at].ends_with([' ', '\t']))
            })
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Setting {
        setting(1, line).unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn a_line_is_read_as_coturn_reads_it() {
        for (line, name, value) in [
            ("realm=example.org", "realm", "example.org"),
            ("realm example.org\r", "realm", "example.org"),
            ("  realm\t=  example.org  ", "realm", "example.org"),
            ("realm = \"example.org\"", "realm", "example.org"),
            ("realm=\"exa\"mple.org", "realm", "exa\"mple.org"),
            ("realm='example.org'", "realm", "'example.org'"),
            ("realm=example.org # ours", "realm", "example.org # ours"),
            ("lt-cred-mech", "lt-cred-mech", ""),
            ("static-auth-secret==a=b", "static-auth-secret", "a=b"),
        ] {
            let read = one(line);
            assert_eq!((read.name.as_str(), read.value.as_str()), (name, value), "{line}");
        }
        for line in ["", "   ", "# realm=x", "  # x", "\r"] {
            assert!(setting(1, line).is_none(), "{line:?}");
        }
        let lines: Vec<u32> =
            settings((1..).zip("# a\n\nrealm=x\r\n\r\nverbose\n".lines())).iter().map(|one| one.line).collect();
        assert_eq!(lines, [3, 5]);
    }

    #[test]
    fn values_mean_what_they_mean_to_coturn() {
        for (value, switch) in [
            ("", Some(true)),
            ("yes", Some(true)),
            ("1 # x", Some(true)),
            ("no", Some(false)),
            ("off", Some(false)),
            ("on", Some(true)),
            ("oN", None),
            ("# x", None),
            (";", None),
        ] {
            assert_eq!(one(&format!("verbose={value}")).switch(), switch, "{value}");
        }
        for (value, number) in
            [("3478", 3478), ("3478 # x", 3478), ("abc", 0), ("", 0), ("-1", -1), ("99999999999999999999", 0)]
        {
            assert_eq!(one(&format!("min-port={value}")).number(), number, "{value}");
        }
        for (value, comment) in [
            ("a # b", Some(2)),
            ("a#b", None),
            ("a;", None),
            ("a ; b", Some(2)),
            ("# b", Some(0)),
            ("http://x", None),
            ("a // b", Some(2)),
        ] {
            assert_eq!(one(&format!("realm={value}")).comment(), comment, "{value}");
        }
    }
}
