//! What the colors of the page say.

use anstyle::{AnsiColor, Style as Ansi};

use crate::report::Style;

/// What a color says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tint {
    /// Nothing.
    Plain,
    /// A heading.
    Strong,
    /// A detail.
    Faint,
    /// As one would wish.
    Good,
    /// Hinders some connections.
    Warning,
    /// Hinders most.
    Bad,
}

impl Tint {
    fn ansi(self) -> Ansi {
        match self {
            Self::Plain => Ansi::new(),
            Self::Strong => Ansi::new().bold(),
            Self::Faint => Ansi::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }

    /// The text in this color, if there is color at all.
    pub(super) fn paint(self, style: &Style, text: &str) -> String {
        if !style.color || self == Self::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = self.ansi();
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }
}
