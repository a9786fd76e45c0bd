//! Text that did not originate here, made safe to print: whatever could move a cursor, hide, pile up or reorder text becomes visible.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// How many marks one letter may carry: no script writes more, and fifty of them cover the lines above and below.
const MOST_MARKS: usize = 4;

/// Replaces what `Guard` does not admit by `\x1b` or `\u{202e}`, and doubles backslashes so that nobody can write such an escape
/// himself. Everything else stays readable.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_escaped(&mut escaped, text);
    escaped
}

/// Like [`escape`] for bytes that should be UTF-8 and need not be: what is not becomes `\xff`.
#[must_use]
pub(crate) fn escape_bytes(bytes: &[u8]) -> String {
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
    let mut guard = Guard::default();
    for character in text.chars() {
        let _ = match character {
            '\\' => write!(escaped, "\\\\"),
            c if guard.admits(c) => escaped.write_char(c),
            // C1 as a code point, since `\x9b` stands for a byte that is no UTF-8.
            c if c.is_ascii() => write!(escaped, "\\x{:02x}", u32::from(c)),
            c => write!(escaped, "\\u{{{:x}}}", u32::from(c)),
        };
    }
}

/// Goes over a text character by character and says which ones a terminal may get.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guard {
    /// What the marks since the last letter may still be; none where there is no letter to carry them.
    marks_left: usize,
}

impl Guard {
    /// Whether the next character of the text may be shown as it is.
    pub(crate) fn admits(&mut self, character: char) -> bool {
        if character.is_ascii() {
            self.marks_left = MOST_MARKS;
            return !character.is_ascii_control();
        }
        if is_unsafe(character) {
            return false;
        }
        if character.width() != Some(0) {
            self.marks_left = MOST_MARKS;
            return true;
        }
        let admitted = self.marks_left > 0;
        self.marks_left = self.marks_left.saturating_sub(1);
        admitted
    }
}

/// Characters that a terminal obeys, that nobody sees, or that mean something else on each screen.
fn is_unsafe(character: char) -> bool {
    // Of all that is blank only the space is one that a reader knows.
    character.is_control() || (character.is_whitespace() && character != ' ') || is_invisible(character)
}

/// What Unicode calls default-ignorable (DerivedCoreProperties.txt) or a format character (general category Cf), blanks that count as
/// letters, private use, and what is no character.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' // soft hyphen
        | '\u{34f}' // combining grapheme joiner
        | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' // Arabic and Syriac
        | '\u{115f}'..='\u{1160}' // Hangul fillers
        | '\u{17b4}'..='\u{17b5}' // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}' // Mongolian variation selectors and vowel separator
        | '\u{200b}'..='\u{200f}' // zero width, left-to-right and right-to-left marks
        | '\u{2028}'..='\u{202e}' // line and paragraph separators, embeddings and overrides
        | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated formatting
        | '\u{2800}' // Braille pattern blank
        | '\u{3164}' // Hangul filler
        | '\u{e000}'..='\u{f8ff}' // private use
        | '\u{fdd0}'..='\u{fdef}' // no characters
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{feff}' // byte order mark
        | '\u{ffa0}' // halfwidth Hangul filler
        | '\u{fff0}'..='\u{fffc}' // unassigned, interlinear annotations, object replacement
        | '\u{110bd}' | '\u{110cd}' // Kaithi number signs
        | '\u{13430}'..='\u{1343f}' // Egyptian hieroglyph format controls
        | '\u{16fe4}' // Khitan small script filler
        | '\u{1bca0}'..='\u{1bca3}' // shorthand format controls
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' // musical symbols
        | '\u{e0000}'..='\u{e0fff}' // tags, variation selectors
        | '\u{f0000}'..='\u{10ffff}' // private use
    ) || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_text_stays() {
        for text in ["Coturn-4.6.1 'Gorst' ü 漢", "e\u{301}", "Việt Nam", "ไทย", "שָׁלוֹם", "한국어", "नमस्ते"]
        {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn what_a_terminal_obeys_becomes_visible() {
        assert_eq!(escape("a\x1b[2Jb\0\r\n\x7f"), "a\\x1b[2Jb\\x00\\x0d\\x0a\\x7f");
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(escape("x\u{202e}y\u{2066}"), "x\\u{202e}y\\u{2066}");
    }

    #[test]
    fn what_nobody_sees_becomes_visible() {
        for code in [
            0xad,
            0x34f,
            0x600,
            0x6dd,
            0x115f,
            0x1160,
            0x17b4,
            0x17b5,
            0x180b,
            0x180e,
            0x180f,
            0x200b,
            0x2028,
            0x2065,
            0x2800,
            0x3164,
            0xa0,
            0x2003,
            0x3000,
            0xe000,
            0xfdd0,
            0xfe00,
            0xfe0f,
            0xfeff,
            0xffa0,
            0xfff9,
            0xfffc,
            0xffff,
            0x110bd,
            0x13430,
            0x1bca0,
            0x1d173,
            0x1fffe,
            0xe0001,
            0xe0041,
            0xe0100,
            0xe01ef,
            0x0010_ffff,
        ] {
            let character = char::from_u32(code).unwrap();
            assert_eq!(escape(&format!("a{character}b")), format!("a\\u{{{code:x}}}b"));
        }
    }

    #[test]
    fn marks_do_not_pile_up_or_stand_alone() {
        let marks = "\u{301}".repeat(50);
        let shown = escape(&format!("a{marks}b{marks}"));
        assert_eq!(shown.matches('\u{301}').count(), 2 * MOST_MARKS);
        assert_eq!(shown.matches("\\u{301}").count(), 100 - 2 * MOST_MARKS);
        assert_eq!(escape("\u{301}a"), "\\u{301}a", "it would sit on what stands before");
        let jamo = escape(&format!("\u{1100}{}", "\u{1161}".repeat(50)));
        assert_eq!(jamo.matches('\u{1161}').count(), MOST_MARKS);
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
