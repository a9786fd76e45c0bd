//! Events that somebody copied from the page of <chrome://webrtc-internals>, or that an application logs under their names:
//! `23/05/2021, 20:26:28 | icegatheringstatechange gathering`, with values that go on over several lines.

use super::updates;
use crate::explain::format::event_name;
use crate::explain::read::build::Builder;

/// What a state can be, of any of them.
const STATES: [&str; 14] = [
    "new",
    "checking",
    "connecting",
    "connected",
    "completed",
    "disconnected",
    "failed",
    "closed",
    "gathering",
    "complete",
    "stable",
    "have-local-offer",
    "have-remote-offer",
    "have-local-pranswer",
];

pub(crate) fn read(text: &str, builder: &mut Builder) {
    builder.connection("");
    let mut open: Option<(&str, String, u32)> = None;
    for (line, number) in text.lines().zip(1..) {
        if let Some((name, rest)) = event_name(line) {
            if let Some(event) = open.replace((name, bare(rest).to_owned(), number)) {
                push(event, builder);
            }
        } else if let Some((_, value, _)) = &mut open {
            value.push('\n');
            value.push_str(line);
        }
    }
    if let Some(event) = open {
        push(event, builder);
    }
}

fn push((name, value, number): (&str, String, u32), builder: &mut Builder) {
    let mut value = value.trim();
    if name.to_ascii_lowercase().ends_with("statechange") {
        let word =
            value.split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default().trim_matches(['"', '\'']);
        if !STATES.contains(&word) {
            return;
        }
        value = word;
    }
    updates::update(name, value, &format!("line {number}"), None, builder);
}

/// What follows the name, without what the page and loggers put between: `(host)`, `:`, `|`, `->`.
fn bare(rest: &str) -> &str {
    let between = |c: char| c.is_whitespace() || matches!(c, ':' | '|' | '-' | '>' | '=');
    let rest = rest.trim_start_matches(between);
    let after = rest.strip_prefix('(').and_then(|inside| inside.split_once(')')).map_or(rest, |(_, after)| after);
    after.trim_start_matches(between)
}
