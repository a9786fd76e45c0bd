//! What reading a file comes to.

use crate::explain::event::Event;
use crate::explain::format::Format;

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The format.
    pub format: Format,
    /// Everything that happened, in the order of the file.
    pub events: Vec<Event>,
    /// The connections: what they are called. Escaped.
    pub connections: Vec<String>,
    /// What is to be said of the file itself. Escaped.
    pub notes: Vec<String>,
}

/// One of the files that are explained together.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name. Escaped.
    pub name: String,
    /// What was read in it. The events carry [`Event::file`] once the files are put together.
    pub reading: Reading,
}

/// Why a file cannot be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is compressed.
    #[error("it is compressed with gzip")]
    Compressed,
    /// It is no text and no capture.
    #[error("it is neither a text nor a packet capture")]
    Binary,
    /// It is of a format that is not explained.
    #[error("it is {}, which cannot be explained yet", .0.name())]
    NotYet(Format),
    /// It is JSON, and of none of the formats.
    #[error("it is JSON, and no dump, statistics, description, candidates or ICE servers are in it")]
    OtherJson,
    /// It looks like JSON and is none.
    #[error("it looks like JSON and is none: {0}")]
    NotJson(String),
    /// It is of none of the formats.
    #[error(
        "it is of no format that is known: a dump of chrome://webrtc-internals, a report of about:webrtc, getStats(), SDP, candidates"
    )]
    Unknown,
    /// The format is clear, and nothing could be read.
    #[error("it looks like {}, and nothing in it could be read", .0.name())]
    Nothing(Format),
}
