//! Descriptions as they are handed around: as text, in JSON, in the string of a program, several in one file.

use serde_json::{Map, Value};

use super::read::read_description;
use super::{Description, DescriptionKind, Placed};

/// How often JSON may stand in the text of JSON.
const DEEPEST: usize = 4;

/// Reads every description of a text: SDP, `{"type": "offer", "sdp": "..."}` whatever is around it, or a fragment. None where nothing
/// in it is of a description. Lines count in the file; within JSON, in the description.
#[must_use]
pub fn read_descriptions(text: &str) -> Vec<Description> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Vec::new();
    if text.trim_start().starts_with(['{', '[', '"'])
        && let Ok(value) = serde_json::from_str(text)
    {
        visit(&value, 0, &mut found);
        return found;
    }
    if text.contains("v=0\\") {
        // A string as a program has it: its lines end in `\r\n`, spelled out.
        return read_text(&text.replace("\\r", "").replace("\\n", "\n"));
    }
    read_text(text)
}

fn visit(value: &Value, depth: usize, found: &mut Vec<Description>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(item, depth, found)),
        Value::Object(members) => visit_object(members, depth, found),
        Value::String(text) if depth < DEEPEST && text.trim_start().starts_with(['{', '[', '"']) => {
            if let Ok(inner) = serde_json::from_str(text) {
                visit(&inner, depth + 1, found);
            }
        }
        Value::String(text) if text.trim_start().starts_with("v=0") => found.extend(read_text(text)),
        _ => {}
    }
}

fn visit_object(members: &Map<String, Value>, depth: usize, found: &mut Vec<Description>) {
    if let Some(sdp) = members.get("sdp").and_then(Value::as_str) {
        let kind = members.get("type").and_then(Value::as_str).and_then(DescriptionKind::of);
        found.extend(read_text(sdp).into_iter().map(|description| Description { kind, ..description }));
        return;
    }
    members.values().for_each(|value| visit(value, depth, found));
}

/// Splits a text where descriptions begin, and reads each.
fn read_text(text: &str) -> Vec<Description> {
    let starts = starts(text);
    let Some(&(first, _)) = starts.first() else {
        let fragment = read_description(text);
        return if says_something(&fragment) { vec![fragment] } else { Vec::new() };
    };
    let mut passed = breaks(&text[..first]);
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let mut found = Vec::new();
    for (&(start, kind), end) in starts.iter().zip(ends) {
        let mut description = Description { kind, ..read_description(&text[start..end]) };
        move_down(&mut description, passed);
        passed += breaks(&text[start..end]);
        found.push(description);
    }
    found
}

/// Where `v=0` begins a description, and which kind is named on its line before it.
fn starts(text: &str) -> Vec<(usize, Option<DescriptionKind>)> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '=' | ';' | '/' | '.');
    let places = text.match_indices("v=0").map(|(at, _)| at);
    let ends = |rest: &str| rest.is_empty() || rest.trim_start_matches([' ', '\t']).starts_with(['\r', '\n']);
    let begins = places.filter(|at| !text[..*at].ends_with(is_word) && ends(&text[at + 3..]));
    begins.map(|at| (at, kind_before(&text[..at]))).collect()
}

/// The kind that the rest of the line names, as in `type: offer, sdp: v=0`.
fn kind_before(text: &str) -> Option<DescriptionKind> {
    let line = text.rsplit('\n').next().unwrap_or_default();
    line.split(|c: char| !c.is_alphanumeric()).find_map(DescriptionKind::of)
}

fn says_something(fragment: &Description) -> bool {
    let says = |part: &super::IceAttributes| part.ufrag.is_some() || part.end_of_candidates.is_some();
    fragment.parts().any(says) || !fragment.media.is_empty() || fragment.candidates().next().is_some()
}

fn breaks(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// Counts lines from further up.
fn move_down(description: &mut Description, by: u32) {
    fn placed<'a, T: 'a>(places: impl IntoIterator<Item = &'a mut Placed<T>>, by: u32) {
        places.into_iter().for_each(|place| place.line = place.line.saturating_add(by));
    }
    placed(&mut description.origin, by);
    placed(&mut description.errors, by);
    let mut parts = vec![&mut description.session];
    for media in &mut description.media {
        media.line = media.line.saturating_add(by);
        placed(&mut media.mid, by);
        media.rtcp_mux.iter_mut().for_each(|line| *line = line.saturating_add(by));
        parts.push(&mut media.ice);
    }
    for part in parts {
        placed(&mut part.ufrag, by);
        placed(&mut part.pwd, by);
        placed(&mut part.setup, by);
        placed(&mut part.fingerprints, by);
        placed(&mut part.connection, by);
        placed(&mut part.candidates, by);
        let lines = [&mut part.lite, &mut part.mismatch, &mut part.end_of_candidates];
        lines.into_iter().flatten().for_each(|line| *line = line.saturating_add(by));
    }
}
