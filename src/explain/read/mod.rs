//! From the bytes of a file to events: what is around it, its format, and the reader of that format.

mod agent;
mod browser;
mod build;
mod capture;
mod document;
mod lists;
mod open;
mod own_report;
mod reading;
mod server;
mod sieve;
mod signaling;
mod text;

pub use reading::{Input, ReadError, Reading};

use std::io::Read;

use serde_json::Value;

use super::format::Format;
use agent::{aioice_log, juice_log, pion_log};
use browser::{about, about_page, copied_events, firefox_log, internals, libwebrtc_log, rtcstats, stats};
use build::Builder;
use document::Document;
use open::Ending;
use server::{conf, coturn_log, eturnal_log};

/// Reads a file that is held whole.
///
/// # Errors
/// When it is of no format that is explained.
pub fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    read_from(bytes, None)
}

/// Reads a file as it comes, of the format that its first bytes show or of the one that is named.
///
/// # Errors
/// When it is of no format that is explained, or cannot be read.
pub fn read_from(source: impl Read, named: Option<Format>) -> Result<Reading, ReadError> {
    let opened = open::open(source).map_err(|error| ReadError::unpacking(&error))?;
    let mut builder = Builder::default();
    let packets = named.map_or_else(|| Format::of_bytes(&opened.first), |format| format.is_capture().then_some(format));
    if let Some(format) = packets {
        capture::read(opened.all, &mut builder);
        return builder.finish(format);
    }
    let (bytes, ending) = open::bytes(opened).map_err(|error| ReadError::unpacking(&error))?;
    match ending {
        Ending::Whole => {}
        Ending::Cut => {
            builder.note("the compressed file ends in the middle: what could be unpacked is explained".into());
        }
        Ending::TooLarge => return Err(ReadError::TooLarge(open::LARGEST_TEXT >> 20)),
    }
    if let Some(picture) = text::other(&bytes) {
        return Err(ReadError::Other(picture));
    }
    let text = text::bare(text::decode(bytes)?);
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    let document = document::find(text, named, &mut builder)?;
    let format = match (named, &document) {
        (Some(format), _) => format,
        (None, Document::Json { value, .. }) => Format::of_json(value).ok_or_else(|| ReadError::json(value))?,
        (None, Document::Text(text)) => {
            let log = text::other_log(text);
            let format = Format::of_text(text).ok_or(log.map_or(ReadError::Unknown, ReadError::Other))?;
            if let Some(log) =
                log.filter(|_| matches!(format, Format::Candidates | Format::Sdp | Format::CandidateErrors))
            {
                builder.note(format!("of what else stands in it nothing is read: it is {log}"));
            }
            format
        }
    };
    match document {
        Document::Json { value, text } => {
            // A dump is large, and only people's own texts are looked at again.
            let text = Some(text).filter(|_| !format.is_written_by_programs()).unwrap_or_default();
            from_json(format, value, &text, &mut builder)?;
        }
        Document::Text(text) => from_text(format, &text, &mut builder)?,
    }
    builder.finish(format)
}

fn from_json(format: Format, value: Value, text: &str, builder: &mut Builder) -> Result<(), ReadError> {
    match format {
        Format::WebrtcInternals => internals::read(value, builder),
        Format::AboutWebrtc => about::read(&value, builder),
        Format::GetStats => stats::read_file(&value, builder),
        Format::CandidateErrors => lists::errors(&value, builder),
        Format::IceServers => lists::servers(text, builder),
        Format::NatProbe => own_report::read(&value, builder),
        Format::FirefoxLog => {
            let lines = value.as_array().into_iter().flatten().enumerate();
            let lines = lines.filter_map(|(index, line)| Some((line.as_str()?, format!("[{index}]"))));
            firefox_log::read(lines, builder);
        }
        _ => return from_text(format, text, builder),
    }
    Ok(())
}

fn from_text(format: Format, text: &str, builder: &mut Builder) -> Result<(), ReadError> {
    match format {
        Format::AboutWebrtc => about_page::read(text, builder),
        Format::Sdp => signaling::descriptions(text, builder),
        Format::Candidates => {
            signaling::candidates(text, builder);
            lists::printed_errors(text, builder);
        }
        Format::CandidateErrors => lists::printed_errors(text, builder),
        Format::PionLog => pion_log::read(text, builder),
        Format::AioiceLog => aioice_log::read(text, builder),
        Format::JuiceLog => juice_log::read(text, builder),
        Format::LibwebrtcLog => libwebrtc_log::read(text, builder),
        Format::CopiedEvents => copied_events::read(text, builder),
        Format::IceServers => lists::servers(text, builder),
        Format::Rtcstats => rtcstats::read(text, builder),
        Format::FirefoxLog => {
            let lines = text.lines().enumerate();
            let lines = lines.flat_map(|(index, line)| {
                firefox_log::entries(line).map(move |entry| (entry, format!("line {}", index + 1)))
            });
            firefox_log::read(lines, builder);
        }
        Format::CoturnLog => coturn_log::read(text, builder),
        Format::EturnalLog => eturnal_log::read(text, builder),
        Format::TurnserverConf => conf::read(text, builder),
        _ => return Err(ReadError::NotAsNamed(format)),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
