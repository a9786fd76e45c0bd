//! What a console can show.

/// What is typed to end what is typed.
pub(crate) const END_OF_INPUT: &str = "Ctrl-Z";

/// Has the console take colors. Old ones print the codes as they are, and so does one that nobody asked.
pub(crate) fn takes_colors() -> bool {
    anstyle_query::windows::enable_ansi_colors() == Some(true)
}

/// Whether any character may be written there although no locale says so. A console gets UTF-16 from the standard library, whatever
/// its code page; a file or a pipe gets UTF-8, which PowerShell reads in that code page.
pub(crate) fn takes_any_character(is_terminal: bool) -> bool {
    is_terminal
}
