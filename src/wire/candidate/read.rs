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

/// The text up to where a quotation, an escaped line end or markup ends it.
fn unquoted(text: &str) -> &str {
    let end = text.find(['"', '\'', '\\', '`', ',', ';']).unwrap_or(text.len());
    text[..end].trim_end().trim_end_matches("a=").trim_end()
}
