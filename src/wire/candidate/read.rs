//! Candidates as people paste them: lines, objects, XML, one below the other or all mixed, with the prefixes of a log or a mail.

use super::list::{CandidateList, CandidatePlace};
use super::{object, words};

/// What begins a candidate line.
const PREFIX: &str = "candidate:";

/// Reads every candidate of a text, and skips what is none.
#[must_use]
pub fn read_candidates(text: &str) -> CandidateList {
    let mut list = CandidateList::default();
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[', '"'])
        && let Ok(value) = serde_json::from_str(text)
    {
        object::from_json(&value, 1, &mut list);
        return list;
    }
    object::from_xml(text, &mut list);
    for (line, number) in text.lines().zip(1..) {
        read_line(line, number, &mut list);
    }
    list
}

fn read_line(line: &str, number: u32, list: &mut CandidateList) {
    let line = line.trim_start_matches(|c: char| c == '>' || c.is_whitespace()).trim_end();
    if line.starts_with(['{', '[', '"'])
        && let Ok(value) = serde_json::from_str(line.trim_end_matches(','))
    {
        object::from_json(&value, number, list);
        return;
    }
    list.complete |= line.contains("end-of-candidates");
    let mut starts: Vec<usize> = line.match_indices(PREFIX).map(|(at, _)| at).collect();
    if starts.is_empty() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if line.contains(" typ ") || words::transport(first).is_ok() {
            list.push_line(line, CandidatePlace::default(), number);
        } else if let Some(row) = row(line) {
            list.push_line(&row, CandidatePlace::default(), number);
        } else if is_last_row(line) {
            list.complete = true;
        }
        return;
    }
    starts.push(line.len());
    for bounds in starts.windows(2) {
        // `candidate: candidate:1 1 udp ...`: the first is the name of what follows.
        let named = line[bounds[0] + PREFIX.len()..bounds[1]].trim_start().trim_end_matches("a=").is_empty();
        if named && bounds[1] < line.len() {
            continue;
        }
        list.push_line(unquoted(&line[bounds[0]..bounds[1]]), CandidatePlace::default(), number);
    }
}

/// Whether a line is a row of the table that the page for trying ICE servers shows.
#[must_use]
pub fn is_row(line: &str) -> bool {
    row(line).is_some()
}

/// The last row of that table: a time and `Done`.
fn is_last_row(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|time| time.parse::<f64>().is_ok())
        && words.next() == Some("Done")
        && words.next().is_none()
}

/// A row of that table as a candidate line: time, component (not of every age), type, foundation, protocol, address, port and the three
/// parts of the priority.
fn row(line: &str) -> Option<String> {
    let line = line.trim_start_matches(|c: char| c == '>' || c.is_whitespace());
    let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "|").take(16).collect();
    let at = (1..3).find(|at| words.get(*at).is_some_and(|word| words::kind(word).is_ok()))?;
    words[0].parse::<f64>().ok()?;
    let [kind, foundation, carrier, address, port, rest @ ..] = words.get(at..)? else { return None };
    let component = if at == 2 { words::component(words[1]).ok()? } else { 1 };
    words::transport(carrier).ok()?;
    words::port(port).ok()?;
    let number = |at: usize| rest.get(at).and_then(|word| word.parse::<u32>().ok());
    let priority = match (number(0), number(1), number(2)) {
        (Some(of_type), Some(local), Some(last)) => {
            of_type.checked_mul(1 << 24)?.checked_add(local.checked_mul(1 << 8)?)?.checked_add(last)?
        }
        (single, ..) => single.unwrap_or_default(),
    };
    Some(format!("candidate:{foundation} {component} {carrier} {priority} {address} {port} typ {kind}"))
}

/// The text up to where a quotation, an escaped line end or markup ends it.
fn unquoted(text: &str) -> &str {
    let end = text.find(['"', '\'', '\\', '`', ',', ';']).unwrap_or(text.len());
    text[..end].trim_end().trim_end_matches("a=").trim_end()
}
