//! What a terminal can show.

/// What is typed to end what is typed.
pub(crate) const END_OF_INPUT: &str = "Ctrl-D";

/// Has the terminal take colors; every terminal does.
pub(crate) fn takes_colors() -> bool {
    true
}

/// Whether any character may be written there although no locale says so.
pub(crate) fn takes_any_character(_is_terminal: bool) -> bool {
    false
}
