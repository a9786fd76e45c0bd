//! How output may look; the caller knows the terminal, this layer does not.

/// How the page may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to color.
    pub color: bool,
    /// Whether to keep to ASCII.
    pub ascii: bool,
    /// Columns there are.
    pub width: usize,
    /// How often `-v` was given.
    pub verbosity: u8,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, ascii: false, width: 80, verbosity: 0 }
    }
}
