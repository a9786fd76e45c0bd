//! The last guard before a terminal: whatever could move a cursor, hide or reorder text becomes visible.
//!
//! Texts of servers are escaped where they enter a sentence; this goes over the finished sentence, and over what was escaped
//! before it changes nothing.

use std::fmt::Write;

use crate::wire::escape::Guard;

/// The text with every character that a terminal obeys, or that makes text look like other text, replaced by its code.
#[must_use]
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut guard = Guard::default();
    for character in text.chars() {
        if guard.admits(character) { shown.push(character) } else { push_code(&mut shown, character) }
    }
    shown
}

/// The same for a text of several lines whose line breaks are ours.
#[must_use]
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// The text with every character outside ASCII replaced by its code.
#[must_use]
pub(super) fn ascii(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() { shown.push(character) } else { push_code(&mut shown, character) }
    }
    shown
}

fn push_code(shown: &mut String, character: char) {
    // Writing to a String cannot fail.
    let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
}

#[cfg(test)]
mod tests {
    use super::{ascii, visible, visible_lines};

    #[test]
    fn what_a_terminal_obeys_becomes_visible_once() {
        assert_eq!(visible("a\x1b[2Jb\u{9b}31m\u{202e}"), "a\\u{1b}[2Jb\\u{9b}31m\\u{202e}");
        assert_eq!(visible("ü \\x1b"), "ü \\x1b", "an escape stays as it is");
        assert_eq!(visible(&visible("\x07")), visible("\x07"));
        assert_eq!(ascii("ü"), "\\u{fc}");
        assert_eq!(visible_lines("a\u{2800}\nb"), "a\\u{2800}\nb");
    }
}
