//! From the bytes of a file to events: the text in it, its format, and the reader of that format.

mod about;
mod build;
mod internals;
mod lists;
mod reading;
mod signaling;
mod stats;
mod text;

pub use reading::{Input, ReadError, Reading};

use serde_json::Value;

use super::format::Format;
use super::repair;
use build::Builder;

/// Reads a file.
///
/// # Errors
/// When it is of no format that is explained.
pub fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    if let Some(format) = Format::of_bytes(bytes) {
        return Err(ReadError::NotYet(format));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ReadError::Compressed);
    }
    let text = text::decode(bytes)?;
    let text = text::bare(&text);
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    let mut builder = Builder::default();
    let format = if let Some(value) = json(&text, &mut builder)? {
        let format = Format::of_json(&value).ok_or(ReadError::OtherJson)?;
        from_json(format, &value, &text, &mut builder)?;
        format
    } else {
        let format = Format::of_text(&text).ok_or(ReadError::Unknown)?;
        match format {
            Format::Sdp => signaling::descriptions(&text, &mut builder),
            Format::Candidates => signaling::candidates(&text, &mut builder),
            other => return Err(ReadError::NotYet(other)),
        }
        format
    };
    builder.finish(format)
}

fn from_json(format: Format, value: &Value, text: &str, builder: &mut Builder) -> Result<(), ReadError> {
    match format {
        Format::WebrtcInternals => internals::read(value, builder),
        Format::AboutWebrtc => about::read(value, builder),
        Format::GetStats => stats::read_file(value, builder),
        Format::Sdp => signaling::descriptions(text, builder),
        Format::Candidates => signaling::candidates(text, builder),
        Format::CandidateErrors => lists::errors(value, builder),
        Format::IceServers => lists::servers(text, builder),
        other => return Err(ReadError::NotYet(other)),
    }
    Ok(())
}

/// The document, where the text is JSON, even if its end is missing.
fn json(text: &str, builder: &mut Builder) -> Result<Option<Value>, ReadError> {
    let trimmed = text.trim();
    if !trimmed.starts_with(['{', '[', '"']) {
        return Ok(None);
    }
    let error = match serde_json::from_str(trimmed) {
        // A document within the text of another.
        Ok(Value::String(inner)) => return json(&inner, builder),
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    // Lines of objects, and what a program's console prints, are no JSON: other readers take them.
    if Format::of_text(text).is_some() {
        return Ok(None);
    }
    if error.is_eof()
        && let Some(value) = repair::close(trimmed).and_then(|closed| serde_json::from_str(&closed).ok())
    {
        builder.note(format!("the file ends in the middle, on line {}: what stands before is explained", error.line()));
        return Ok(Some(value));
    }
    if trimmed.contains("iceServers") || trimmed.contains("urls") {
        return Ok(Some(serde_json::json!({ "iceServers": null })));
    }
    Err(ReadError::NotJson(format!("line {}, column {}", error.line(), error.column())))
}
