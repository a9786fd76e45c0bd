//! What `turn` tests: plain data, made from the arguments. No secret is in it: it is saved with the report, since verdicts depend on it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{ConfigurationFacts, EntryKind, Family, Look, Making, Remark, Transport};

/// What `turn` tests.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TurnOptions {
    /// The entries, in the order of the table.
    pub entries: Vec<Entry>,
    /// The application's configuration that entries come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationFacts>,
    /// The families to test: of the way to the server; of the relayed address only in the feature tests.
    pub families: Vec<Family>,
    /// Indexes of servers that are STUN servers, to be asked through the relay; the first that answers us directly is used.
    pub third_parties: Vec<usize>,
    /// The realm that has to be the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// Packets for the quality through each of Send indications and ChannelData; 0 for none.
    pub count: u32,
    /// Keep the allocation so long and report every hiccup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_s: Option<u64>,
    /// Test what else the server offers, each on an allocation of its own.
    pub features: bool,
    /// Follow a redirection (300) once.
    pub follow: bool,
    /// Failed certificate checks were passed over.
    pub insecure: bool,
    /// Index among the run's credentials of those of a user that nobody has ([`STRANGER`]): how a server refuses them shows how it
    /// refuses wrong ones. Without it that is not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranger: Option<usize>,
    /// This host's clock when the run began, in seconds since 1970: time-limited user names are judged by it.
    pub now_unix_s: i64,
}

/// A user name that no server has.
pub const STRANGER: &str = "nat-probe-control";

/// One entry: a URI with its credentials.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Entry {
    /// As written.
    pub uri: String,
    /// Where it came from, for example `iceServers[0].urls[1]`; empty for an argument.
    pub place: String,
    /// The line it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Index of the server; absent where the entry makes no sense and nothing can be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<usize>,
    /// What it is for.
    pub kind: EntryKind,
    /// The address of this host that it is asked from; absent where the system chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<IpAddr>,
    /// Each transport to test.
    pub transports: Vec<Transport>,
    /// With what credentials; absent to see whether any are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// What is wrong with the entry itself, found without the network. One that is an error settles the entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Remark>,
    /// For what browsers reject it, though it can be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Remark>,
}

/// The credentials of an entry, as far as a verdict may know them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Login {
    /// Index among the run's credentials.
    pub credential: usize,
    /// Its user name.
    pub username: String,
    /// Whether the password has other characters than ASCII, so that its form matters.
    pub exotic: bool,
    /// Whether the password is the HMAC of the user name under the secret given; absent without a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches_secret: Option<bool>,
    /// What the password looks like; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// How the secret given makes the password of the user name; absent without a secret, and where it does not in any way known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Making>,
    /// With a secret: index and user name of credentials that expire far in the future. If they are taken where the proper ones
    /// are not, the server's clock is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<(usize, String)>,
}
