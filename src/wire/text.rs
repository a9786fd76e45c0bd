//! From the bytes of a file to its text. PowerShell writes UTF-16 with `>`, and some editors put a mark in front of UTF-8.

use std::borrow::Cow;

/// How the characters of a text are written, as its first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Marked,
    /// UTF-16, whose mark tells the order of its bytes.
    Utf16,
}

/// The text without its mark, and how it was written.
///
/// # Errors
/// In words, when the bytes are no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), &'static str> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = rest.chunks_exact(2);
        let whole = pairs.remainder().is_empty();
        let text: Option<String> =
            char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))).collect::<Result<_, _>>().ok();
        let text = text.filter(|_| whole).ok_or("it begins like a text in UTF-16 and is none, and none in UTF-8")?;
        Ok((Cow::Owned(text), Encoding::Utf16))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let (rest, encoding) = match bytes.strip_prefix("\u{feff}".as_bytes()) {
                Some(rest) => (rest, Encoding::Utf8Marked),
                None => (bytes, Encoding::Utf8),
            };
            let text = std::str::from_utf8(rest).map_err(|_| "it is not a text in UTF-8")?;
            Ok((Cow::Borrowed(text), encoding))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PowerShell writes it, or a system of the other byte order.
    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
    }

    #[test]
    fn a_text_is_the_same_however_it_is_written() {
        let text = "{\"software\": \"Zoë 😀\"}\r\n";
        let is = |bytes: &[u8], encoding| assert_eq!(decode(bytes).unwrap(), (text.into(), encoding));
        is(text.as_bytes(), Encoding::Utf8);
        is(format!("\u{feff}{text}").as_bytes(), Encoding::Utf8Marked);
        is(&utf16(text, u16::to_le_bytes), Encoding::Utf16);
        is(&utf16(text, u16::to_be_bytes), Encoding::Utf16);
        assert_eq!(decode(b""), Ok(("".into(), Encoding::Utf8)));
    }

    #[test]
    fn what_is_no_text_is_none() {
        for (bytes, why) in [
            (&[0xff, 0xfe, 0x41][..], "UTF-16"),
            (&[0xff, 0xfe, 0x00, 0xd8], "UTF-16"),
            (&[0xfe, 0xff, 0xdc, 0x00], "UTF-16"),
            (&[0xff], "UTF-8"),
            (&[0xef, 0xbb, 0xbf, 0xff], "UTF-8"),
        ] {
            assert!(decode(bytes).unwrap_err().contains(why), "{bytes:?}");
        }
    }
}
