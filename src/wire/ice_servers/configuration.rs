//! What is read of a configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{Remark, Secret, ServerSpec, Transport};

/// Entries in one configuration: applications have a handful, and each is tested over all at once.
pub const MOST_ENTRIES: usize = 100;

/// A document, understood.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// What kind of document it is, and what is to be said of it as a whole.
    pub facts: ConfigurationFacts,
    /// Every URI in it, in order.
    pub entries: Vec<IceEntry>,
}

/// One URI of the configuration.
#[derive(Clone, Debug, Default)]
pub struct IceEntry {
    /// As written, without what could be a password.
    pub uri: String,
    /// Where it stands, `iceServers[0].urls[1]`; empty where that is the whole document.
    pub place: String,
    /// The line that it stands on.
    pub line: u32,
    /// What it names; absent where it cannot be asked.
    pub server: Option<(ServerSpec, Transport)>,
    /// What it is for.
    pub kind: EntryKind,
    /// With what credentials.
    pub login: Option<Login>,
    /// What is wrong with it; one that is an error settles it.
    pub mistakes: Vec<Remark>,
    /// For what browsers reject it, though it can be asked.
    pub rejected: Option<Remark>,
}

/// The credentials of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// User name and password.
    Password(String, Secret),
    /// A secret shared with the server, to make both from.
    Shared(Secret),
}

/// An application's configuration as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConfigurationFacts {
    /// What kind of document it is, in words.
    pub form: String,
    /// What is to be said of the whole, and of no entry alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

/// What an entry is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A TURN server.
    #[default]
    Turn,
    /// A STUN server, from the JSON of an application: asked for a Binding, no more.
    Stun,
}
