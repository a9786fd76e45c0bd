//! The text of a file, without what a mail, a chat or an issue tracker puts around it.

use std::borrow::Cow;

use super::reading::ReadError;

/// The bytes as text: UTF-8 with or without its mark, UTF-16 as PowerShell writes it.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        Ok(Cow::Owned(String::from_utf16_lossy(&units)))
    };
    match bytes {
        [] => Err(ReadError::Empty),
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            let text = String::from_utf8_lossy(bytes);
            // A few broken characters are a broken text; many are none.
            let broken = text.chars().filter(|c| *c == '\u{fffd}' || *c == '\0').count();
            if broken * 10 > text.len() { Err(ReadError::Binary) } else { Ok(text) }
        }
    }
}

/// The text without fences of Markdown, and without the marks of a quotation where every line has one.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    let fenced = text.lines().any(|line| line.trim_start().starts_with("```"));
    let says = |line: &&str| !line.trim().is_empty();
    let quoted = text.lines().filter(says).all(|line| line.trim_start().starts_with('>'));
    if !fenced && !quoted {
        return Cow::Borrowed(text);
    }
    // A line for each line, so that places stay right.
    let (mut kept, mut within) = (String::with_capacity(text.len()), !fenced);
    for line in text.lines() {
        let line = if quoted { line.trim_start().trim_start_matches(['>', ' ']) } else { line };
        if line.trim_start().starts_with("```") {
            within = !within;
        } else if within {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    Cow::Owned(kept)
}
