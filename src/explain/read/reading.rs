//! What reading a file comes to.

use serde_json::Value;

use crate::explain::event::Event;
use crate::explain::format::Format;
use crate::explain::objects;
use crate::wire::escape as shown;

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
    /// It looks compressed and cannot be unpacked, or reading it failed.
    #[error("{0}")]
    Unreadable(String),
    /// It is larger than what is read, in mebibytes.
    #[error("it is larger than {0} MiB")]
    TooLarge(u64),
    /// It is something else, which is known.
    #[error("it is {0}")]
    Other(&'static str),
    /// It is the beginning of what `--ndjson` prints.
    #[error("it has the first lines of --ndjson, and the last, with the report, is missing")]
    Unfinished,
    /// It is no text and no capture.
    #[error("it is neither a text nor a packet capture")]
    Binary,
    /// It is JSON, and of none of the formats.
    #[error("it is JSON, and no dump, statistics, description, candidates, ICE servers or report are in it")]
    OtherJson,
    /// It looks like JSON and is none.
    #[error("it looks like JSON and is none: {0}")]
    NotJson(String),
    /// It is not of the format that was named.
    #[error("it cannot be read as {}", .0.name())]
    NotAsNamed(Format),
    /// It is of none of the formats.
    #[error("it is of no format that is known")]
    Unknown,
    /// The format is clear, and nothing could be read.
    #[error("it looks like {}, and {}{}", .0.name(), .0.nothing(), because(.1))]
    Nothing(Format, Vec<String>),
}

fn because(notes: &[String]) -> String {
    notes.iter().take(3).flat_map(|note| ["; ", note]).collect()
}

impl ReadError {
    /// Why a JSON document is none that is read.
    pub(super) fn json(value: &Value) -> Self {
        if objects::is_goog(value) {
            Self::Other(
                "statistics as Chrome had them until 2017 (goog...), which tell too little: save a dump of its page",
            )
        } else {
            Self::OtherJson
        }
    }

    /// Why a file cannot be read or unpacked.
    pub(super) fn unpacking(error: &std::io::Error) -> Self {
        let text = error.to_string();
        Self::Unreadable(format!("it cannot be read: {}", shown(text.split(" (os error").next().unwrap_or(&text))))
    }
}
