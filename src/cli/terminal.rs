//! How the page may look where it goes to.

use super::args::{ColorChoice, OutputArgs};
use super::output::Output;
use crate::net::terminal;
use crate::report::Style;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;

/// The looks that the options, the environment and the terminal agree on.
#[must_use]
pub(super) fn style(output: &OutputArgs, out: &Output) -> Style {
    look(output.color, output.ascii, output.verbose, out)
}

/// The same, from the options one by one.
#[must_use]
pub(super) fn look(choice: ColorChoice, ascii: bool, verbosity: u8, out: &Output) -> Style {
    let any_character = utf8_locale() || terminal::takes_any_character(out.is_terminal());
    Style { color: color(choice, out.is_terminal()), ascii: ascii || !any_character, width: width(out), verbosity }
}

/// The terminal's columns; where the output goes elsewhere, those that COLUMNS asks for.
fn width(out: &Output) -> usize {
    let terminal = out.is_terminal().then(terminal_size::terminal_size).flatten();
    let asked = || variable("COLUMNS")?.parse().ok().filter(|&columns| columns > 0);
    terminal.map(|(width, _)| width.0.into()).or_else(asked).unwrap_or(WIDTH)
}

fn color(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => {
            // What comes of it is the user's wish.
            let _ = terminal::takes_colors();
            true
        }
        ColorChoice::Never => false,
        // https://no-color.org: present and not empty.
        ColorChoice::Auto => {
            let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            let wanted = variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb");
            wanted && (forced || is_terminal && terminal::takes_colors())
        }
    }
}

/// Whether the locale says UTF-8; the first variable that is set decides (POSIX, section 8.2).
fn utf8_locale() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}
