//! The document in a text: JSON, whole or cut off, within another document, or after what a program logged before it; else lines.

use serde_json::Value;

use super::build::Builder;
use super::reading::ReadError;
use super::{own_report, sieve, text};
use crate::explain::format::{Format, is_rtcstats};
use crate::explain::read::server::logger;
use crate::explain::repair;

/// How often documents within texts of documents are opened.
const DEEPEST: usize = 4;

/// The longest text of no known format in which a document is looked for.
const LARGEST_LOG: usize = 64 << 20;

/// What stands in the documents of programs alone.
const DUMPS: [&str; 6] = [
    "\"PeerConnections\"",
    "iceCandidatePairStats",
    "candidate-pair",
    "local-candidate",
    "rawLocalCandidates",
    "\"pcid\"",
];

/// What a text has.
pub(super) enum Document {
    /// JSON, and the text that it was read from.
    Json { value: Value, text: String },
    /// Lines of another kind.
    Text(String),
}

/// Finds the document. Where a format is named that is no JSON, the text is left as it is.
pub(super) fn find(text: String, named: Option<Format>, builder: &mut Builder) -> Result<Document, ReadError> {
    if named.is_some_and(|format| !format.is_json()) {
        return Ok(Document::Text(text));
    }
    within(text, builder, 0)
}

fn within(mut text: String, builder: &mut Builder, depth: usize) -> Result<Document, ReadError> {
    if !text.trim_start().starts_with(['{', '[', '"']) || is_rtcstats(&text) {
        return Ok(in_lines(text, builder, depth));
    }
    let error = match sieve::parse(text.trim()) {
        // A document within the text of another.
        Ok(Value::String(inner)) if depth < DEEPEST => return within(inner, builder, depth + 1),
        Ok(value) => {
            // Only a log is a list of lines: a description or candidates are known by their members.
            let lines = if Format::of_json(&value).is_none() { logger::listed(&value) } else { None };
            return Ok(lines.map_or(Document::Json { value, text }, Document::Text));
        }
        Err(error) => error,
    };
    let mut all = if error.is_eof() { Vec::new() } else { sieve::parse_many(&text) };
    if let Some(report) = own_report::of_lines(&all) {
        return Ok(Document::Json { value: report.clone(), text });
    }
    if own_report::is_begun(&all) {
        return Err(ReadError::Unfinished);
    }
    // What cannot be read any more is left out, if what stands before it is something.
    if all.is_empty() {
        let (line, end) = (error.line(), place(&text, &error));
        if let Some(taken) = repair::close(&mut text, end) {
            if let Some(value) = sieve::parse(text.trim()).ok().filter(|value| Format::of_json(value).is_some()) {
                let what = if error.is_eof() { "ends in the middle, on" } else { "is damaged on" };
                builder.note(format!("the file {what} line {line}: what stands before is explained"));
                builder.cut_off();
                return Ok(Document::Json { value, text });
            }
            taken.put_back(&mut text);
        }
    }
    // A signature under a dump, or another dump, takes nothing from it. Of statistics taken again and again the last count.
    let known = |value: &Value| Format::of_json(value).filter(|format| format.is_written_by_programs());
    if let Some(format) = all.first().and_then(known) {
        let at =
            if format == Format::GetStats { all.iter().rposition(|it| known(it) == Some(format)) } else { Some(0) };
        if all.len() == 1 {
            builder.note(format!("what follows the document, from line {} on, is left out", error.line()));
        } else {
            let others = all.len() - 1;
            builder.note(format!("{others} more documents in it are left out: give each a file of its own"));
        }
        return Ok(Document::Json { value: all.swap_remove(at.unwrap_or_default()), text });
    }
    // Lines of objects, and what a program's console prints, are no JSON: other readers take them.
    if Format::of_text(&text).is_some() {
        return Ok(Document::Text(text));
    }
    if all.len() > 1 && Format::of_json(&Value::Array(all.clone())).is_some() {
        return Ok(Document::Json { value: Value::Array(all), text });
    }
    let lines = all.len() > 1;
    if let Some(value) = all.pop().filter(|value| all.is_empty() && Format::of_json(value).is_some()) {
        builder.note(format!("what follows the document, from line {} on, is left out", error.line()));
        return Ok(Document::Json { value, text });
    }
    if let Some(printed) = text::printed(&text).filter(|_| depth < DEEPEST) {
        return within(printed, builder, DEEPEST);
    }
    if lines {
        return Err(ReadError::OtherJson);
    }
    if let Some(log) = text::other_log(&text) {
        return Err(ReadError::Other(log));
    }
    if text.contains("iceServers") || text.contains("urls") {
        return Ok(Document::Json { value: serde_json::json!({ "iceServers": null }), text });
    }
    Err(ReadError::NotJson(format!("line {}, column {}", error.line(), error.column())))
}

/// Lines that do not begin as JSON does; what stands behind the words of a log may be JSON all the same.
fn in_lines(text: String, builder: &mut Builder, depth: usize) -> Document {
    let lines = Format::of_text(&text);
    // A dump has descriptions and candidates in it, which alone would look like a list of them.
    let dumped = || DUMPS.iter().any(|word| text.contains(word));
    if depth < DEEPEST && text.len() < LARGEST_LOG && lines != Some(Format::Rtcstats) && (lines.is_none() || dumped()) {
        for inner in text::printed(&text).into_iter().chain(text::after_words(&text)) {
            let Ok(Document::Json { value, text }) = within(inner, builder, depth + 1) else { continue };
            if lines.is_none() || Format::of_json(&value).is_some_and(Format::is_written_by_programs) {
                return Document::Json { value, text };
            }
        }
    }
    Document::Text(text::unprefixed(&text).unwrap_or(text))
}

/// Where in the text the error is.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let trimmed = text.trim_start();
    let before = text.len() - trimmed.len();
    let lines = trimmed.match_indices('\n').map(|(at, _)| at + 1);
    let start = if error.line() <= 1 { 0 } else { lines.clone().nth(error.line() - 2).unwrap_or(trimmed.len()) };
    // What stands at the error is not read any more.
    before + start + error.column().saturating_sub(1)
}
