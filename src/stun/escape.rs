//! Text from the network, made safe to print: whatever could move a cursor, hide or reorder text becomes visible.

use std::fmt::Write;

/// Replaces control characters (C0, DEL, C1), bidirectional and other invisible formatting characters by `\x1b` or `\u{202e}`, and
/// doubles backslashes so that nobody can write such an escape himself. Everything else stays readable.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_escaped(&mut escaped, text);
    escaped
}

/// Like [`escape`] for bytes that should be UTF-8 and need not be: what is not becomes `\xff`.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push_escaped(&mut escaped, chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped
}

fn push_escaped(escaped: &mut String, text: &str) {
    for character in text.chars() {
        let _ = match character {
            '\\' => write!(escaped, "\\\\"),
            c if !is_unsafe(c) => escaped.write_char(c),
            // C1 as a code point, since `\x9b` stands for a byte that is no UTF-8.
            c if c.is_ascii() => write!(escaped, "\\x{:02x}", u32::from(c)),
            c => write!(escaped, "\\u{{{:x}}}", u32::from(c)),
        };
    }
}

/// Characters that a terminal obeys or that make text look like other text.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' // soft hyphen
            | '\u{61c}' // Arabic letter mark
            | '\u{180e}' // Mongolian vowel separator
            | '\u{200b}'..='\u{200f}' // zero width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated formatting
            | '\u{feff}' // byte order mark
            | '\u{fff9}'..='\u{fffb}' // interlinear annotations
            | '\u{e0000}'..='\u{e0fff}' // tags, variation selectors
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_text_stays() {
        assert_eq!(escape("Coturn-4.6.1 'Gorst' ü 漢"), "Coturn-4.6.1 'Gorst' ü 漢");
    }

    #[test]
    fn what_a_terminal_obeys_becomes_visible() {
        assert_eq!(escape("a\x1b[2Jb\0\r\n\x7f"), "a\\x1b[2Jb\\x00\\x0d\\x0a\\x7f");
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(escape("x\u{202e}y\u{2066}"), "x\\u{202e}y\\u{2066}");
    }

    #[test]
    fn an_escape_cannot_be_forged() {
        assert_eq!(escape("\\x1b"), "\\\\x1b");
    }

    #[test]
    fn bytes_that_are_no_text_keep_their_value() {
        assert_eq!(escape_bytes(b"ok\xff\xc3\x1b"), "ok\\xff\\xc3\\x1b");
    }
}
