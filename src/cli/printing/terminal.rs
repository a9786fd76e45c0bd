//! How the page may look where it goes to.

use std::fmt::Write as _;

use super::output::Output;
use crate::cli::arguments::common::{ColorChoice, OutputArgs};
use crate::net::terminal;
use crate::report::Style;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;

/// The looks that the options, the environment and the terminal agree on.
#[must_use]
pub(in crate::cli) fn style(output: &OutputArgs, out: &Output) -> Style {
    look(output.color, output.ascii, output.verbose, out)
}

/// The same, from the options one by one.
#[must_use]
pub(in crate::cli) fn look(choice: ColorChoice, ascii: bool, verbosity: u8, out: &Output) -> Style {
    Style { color: color(choice, out.is_terminal()), ascii: ascii || !any_character(out), width: width(out), verbosity }
}

/// The document, in ASCII (RFC 8259 section 7) where nothing says that whoever reads it takes it for UTF-8: PowerShell reads what a program
/// prints in the code page of the console, and the name of an interface would come out as another.
#[must_use]
pub(in crate::cli) fn json(document: String, out: &Output) -> String {
    if document.is_ascii() || any_character(out) { document } else { in_ascii(&document) }
}

/// In JSON other characters stand in strings alone.
fn in_ascii(document: &str) -> String {
    let mut text = String::with_capacity(document.len() + document.len() / 8);
    for character in document.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

fn any_character(out: &Output) -> bool {
    utf8_locale() || terminal::takes_any_character(out.is_terminal())
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

#[cfg(test)]
mod tests {
    use super::in_ascii;

    #[test]
    fn a_document_in_ascii_is_the_same_document() {
        let value = serde_json::json!({ "r\u{e9}seau": ["\u{1f4f6} \"\\\u{7}", "plain"] });
        let text = in_ascii(&value.to_string());
        assert!(text.is_ascii() && text.contains("r\\u00e9seau") && text.contains("\\ud83d\\udcf6"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
