//! What is told of the NATs in front of this host: the findings of `classify` and `discover`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{AnswerCode, FailureCode};
use crate::measure::nat::finding::FamilyFindings;
use crate::measure::nat::plan::{ClassifyOptions, DiscoverOptions};
use crate::measure::witness::Disbelieved;
use crate::report::peers::PeerRow;
use crate::wire::codes::codes;
use crate::wire::{Family, Transport};

/// What `classify` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Classified {
    /// How it was asked.
    pub options: ClassifyOptions,
    /// The verdicts and the servers they come from.
    #[serde(flatten)]
    pub nat: NatFindings,
    /// How peers connect with this host over UDP: a row for each kind of peer and family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerRow>,
}

/// What `discover` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Discovered {
    /// How it was asked.
    pub options: DiscoverOptions,
    /// The verdicts and the servers they come from.
    #[serde(flatten)]
    pub nat: NatFindings,
}

/// What was found out about the NATs in front of this host.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct NatFindings {
    /// The verdicts of each address family that was asked for.
    pub families: Families,
    /// One row for each server, address and transport.
    pub servers: Vec<ServerRow>,
}

/// The verdicts of each address family; absent when not asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Families {
    /// IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<FamilyFindings>,
    /// IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<FamilyFindings>,
}

impl From<BTreeMap<Family, FamilyFindings>> for Families {
    fn from(mut found: BTreeMap<Family, FamilyFindings>) -> Self {
        Self { ipv4: found.remove(&Family::Ipv4), ipv6: found.remove(&Family::Ipv6) }
    }
}

impl Families {
    /// None at all.
    pub const NONE: Self = Self { ipv4: None, ipv6: None };

    /// The findings of one family, if it was asked for.
    #[must_use]
    pub fn get(&self, family: Family) -> Option<&FamilyFindings> {
        match family {
            Family::Ipv4 => self.ipv4.as_ref(),
            Family::Ipv6 => self.ipv6.as_ref(),
        }
    }

    /// Every family that was asked for, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &FamilyFindings)> {
        [Family::Ipv4, Family::Ipv6].into_iter().filter_map(|family| Some((family, self.get(family)?)))
    }
}

/// One server at one address over one transport.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServerRow {
    /// As it was named.
    pub server: String,
    /// The address asked; absent when the name led nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// What carried the question.
    pub transport: Transport,
    /// The address it saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// Median round trip in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Shortest round trip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_min_ms: Option<f64>,
    /// Longest round trip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_max_ms: Option<f64>,
    /// SOFTWARE, control characters escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// What it was seen to support.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    /// Why there is no mapped address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ServerError>,
    /// Why what it saw is not believed: no verdict rests on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbelieved: Option<Disbelieved>,
}

impl ServerRow {
    /// The address it saw, if that is believed.
    #[must_use]
    pub fn believed(&self) -> Option<SocketAddr> {
        self.mapped.filter(|_| self.disbelieved.is_none())
    }
}

codes! {
    /// What a STUN server was seen to support.
    pub enum Capability {
        /// It names a second address (RFC 5780).
        OtherAddress,
        /// It answers from another address or port when asked to (RFC 5780).
        ChangeRequest,
        /// It answers to another port when asked to (RFC 5780).
        ResponsePort,
        /// It speaks only RFC 3489: its answers lack XOR-MAPPED-ADDRESS.
        Rfc3489,
        /// A capability that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

/// Why a server gave no mapped address, as a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ServerErrorCode {
    /// What was wrong with the answer.
    Answer(AnswerCode),
    /// Why there was none.
    Failure(FailureCode),
}

impl fmt::Display for ServerErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(code) => code.fmt(f),
            Self::Failure(code) => code.fmt(f),
        }
    }
}

impl From<AnswerCode> for ServerErrorCode {
    fn from(code: AnswerCode) -> Self {
        Self::Answer(code)
    }
}

impl From<FailureCode> for ServerErrorCode {
    fn from(code: FailureCode) -> Self {
        Self::Failure(code)
    }
}

/// Why a server gave no mapped address.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServerError {
    /// A stable code.
    pub code: ServerErrorCode,
    /// The same in words.
    pub text: String,
}
