//! What happened, whatever file tells it: the events that rules look at.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::traffic::{Checks, Data, Dtls, RelayStep, RelayedPackets, ServerTrouble, Undelivered};
use super::turnserver::{Fault, PeerRule, Serves};
use crate::wire::candidate::{CandidateKind, CandidateTransport};
use crate::wire::sdp::DescriptionKind;
use crate::wire::{Family, Scope};

/// Something that a file tells.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// Which of the files that are explained together, from 0.
    pub file: usize,
    /// Which of the file's connections, from 0.
    pub connection: usize,
    /// When, in milliseconds of the file's own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// Whose.
    pub party: Party,
    /// Where in the file: `line 12`, `packet 12`, or a path in its JSON. Escaped.
    pub place: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// The end that wrote the file; of an offer and an answer alone, the offer's.
    Here,
    /// The other end.
    There,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The application said with which servers.
    Configuration(Configuration),
    /// A camera or microphone was refused, none was granted later, and no description was ever made.
    DeviceRefused {
        /// In the words of the file. Escaped.
        error: String,
    },
    /// A description was set.
    Description(Description),
    /// A description was refused.
    DescriptionRefused {
        /// In the words of the file. Escaped.
        error: String,
    },
    /// A candidate was found, or came from the other end.
    Candidate(Candidate),
    /// The end of the candidates was told.
    EndOfCandidates,
    /// A candidate that came from the other end was refused.
    CandidateRefused {
        /// In the words of the file. Escaped.
        error: String,
    },
    /// A server gave no candidate (`icecandidateerror`).
    GatheringError(GatheringError),
    /// What the statistics say of a pair of candidates at the end, or what the checks of a capture come to.
    Pair(Box<Pair>),
    /// What the statistics count of a stream of sound or pictures.
    Media(Media),
    /// Checks from one socket to another.
    Checks(Box<Checks>),
    /// A STUN or TURN server was asked something.
    Relay(Box<RelayStep>),
    /// A server counted what a relay passed on.
    Relayed(Box<RelayedPackets>),
    /// A server said that something is wrong with it.
    ServerTrouble {
        /// What.
        trouble: ServerTrouble,
    },
    /// A line of a server's configuration does not do what it seems to.
    Misconfigured(Box<Fault>),
    /// Whom a server serves, by its configuration.
    Serves(Box<Serves>),
    /// A line of a server's configuration says to which peers it relays.
    PeerRule(PeerRule),
    /// Messages of DTLS.
    Dtls(Box<Dtls>),
    /// Data.
    Data(Box<Data>),
    /// Packets that could not be delivered.
    Undelivered(Box<Undelivered>),
    /// What a report of nat-probe says, under the name that `--require` has for it.
    Verdict {
        /// Its name: `ipv4.mapping`.
        key: String,
        /// Its word: `endpoint-independent`. Escaped.
        value: String,
    },
    /// A state changed, or was this at the end.
    State {
        /// Which.
        of: StateOf,
        /// Its word, in lower case with hyphens. Escaped.
        value: String,
    },
    /// The application closed the connection.
    Closed,
    /// The last statistics were taken.
    Observed,
    /// The file ends here, in the middle.
    CutOff,
}

/// The application's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Configuration {
    /// The URIs, without what could be a password. Escaped.
    pub urls: Vec<String>,
    /// Only relays are allowed.
    pub relay_only: bool,
    /// TURN servers without a user name or a password, where the file tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_credentials: Vec<String>,
}

impl Configuration {
    /// Those that begin so: `turn`, `stun`.
    pub fn urls_of<'a>(&'a self, scheme: &'a str) -> impl Iterator<Item = &'a str> {
        self.urls.iter().map(String::as_str).filter(move |url| url.starts_with(scheme))
    }
}

/// A description, as far as rules look at it.
#[expect(clippy::struct_excessive_bools, reason = "each is a line of the description, present or not")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Description {
    /// What it is, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<DescriptionKind>,
    /// The user name fragments. Escaped.
    pub ufrags: Vec<String>,
    /// It only answers checks.
    pub lite: bool,
    /// Something on the way changed its addresses (RFC 8839 section 4.2.4).
    pub mismatch: bool,
    /// Who begins DTLS, by section: `actpass`, `active`, `passive`, `holdconn`.
    pub setup: Vec<String>,
    /// Whether every section with DTLS has the fingerprint of a certificate.
    pub fingerprints: bool,
    /// How many sections.
    pub sections: usize,
    /// How many of them are refused.
    pub refused: usize,
    /// How many candidates stand in it.
    pub candidates: usize,
    /// Whether more may come later.
    pub trickle: bool,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Candidate {
    /// How it was found.
    pub kind: CandidateKind,
    /// What carries the packets.
    pub transport: CandidateTransport,
    /// Its address; absent where the file hides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The name in its place. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of an address whose end is masked, the first one of its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<IpAddr>,
    /// Its port.
    pub port: u16,
    /// Its priority; 0 where that is not told.
    pub priority: u32,
    /// Equal for those of one kind and base (RFC 8445 section 5.1.1.3); empty where that is not told. Escaped.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub foundation: String,
    /// The base of a reflexive one, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The section that it belongs to and its user name fragment, as far as told. Escaped.
    pub section: String,
    /// The user name fragment that it was gathered for. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ufrag: Option<String>,
    /// The server that it came from. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Candidate {
    /// How far its address reaches, as far as the file shows.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        self.address.or(self.network).map(Scope::of)
    }

    /// Whether a name that only its own network resolves stands for the address.
    #[must_use]
    pub fn is_mdns(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.rsplit('.').next() == Some("local"))
    }
}

/// A server that gave no candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GatheringError {
    /// Which. Escaped.
    pub url: String,
    /// The STUN error code; 701 where nothing came back.
    pub code: u16,
    /// In the words of the file. Escaped.
    pub text: String,
    /// The family of the address from which it was asked, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// The port of this host from which it was asked, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A pair of candidates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pair {
    /// This end's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<Candidate>,
    /// The other end's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<Candidate>,
    /// `frozen`, `waiting`, `in-progress`, `failed`, `succeeded`, `cancelled`. Escaped.
    pub state: String,
    /// Whether data took it.
    pub selected: bool,
    /// Whether it was chosen.
    pub nominated: bool,
    /// Checks sent; absent where the file does not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_sent: Option<u64>,
    /// Checks that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_received: Option<u64>,
    /// Answers that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responses_received: Option<u64>,
    /// Bytes that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
}

/// A stream of sound or pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Media {
    /// `audio` or `video`. Escaped.
    pub kind: String,
    /// Packets that came, where it comes from the other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets_received: Option<u64>,
    /// Packets that went, where it goes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets_sent: Option<u64>,
}

/// Which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateOf {
    /// `iceConnectionState`.
    Ice,
    /// `connectionState`.
    Connection,
    /// `iceGatheringState`.
    Gathering,
    /// `signalingState`.
    Signaling,
    /// The state of the DTLS transport.
    Dtls,
    /// The state of the ICE transport, in the statistics.
    Transport,
}
