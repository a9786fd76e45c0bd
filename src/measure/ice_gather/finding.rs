//! What `ice gather` found: the candidates, what is left out, and what went wrong at which server.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bases::LeftOut;
use super::options::GatherOptions;
use crate::evidence::SocketName;
use crate::measure::turn::DiagnosisCode;
use crate::measure::witness::Disbelieved;
use crate::wire::codes::codes;
use crate::wire::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType, Transport};

/// How `ice gather` was asked, and what it found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct IceGathered {
    /// How it was asked.
    pub options: GatherOptions,
    /// What came of it.
    #[serde(flatten)]
    pub found: Gathered,
}

/// The candidates of this host, and what else was learnt while they were gathered.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Gathered {
    /// In the order of their priority.
    pub candidates: Vec<GatheredCandidate>,
    /// The addresses of this host that are no candidates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What gave no candidate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<GatherError>,
    /// What the candidates show together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<GatherRemark>,
}

/// One candidate (RFC 8445 section 5.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GatheredCandidate {
    /// As the browsers' `RTCIceCandidateInit`, for `addIceCandidate`.
    pub init: CandidateInit,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: CandidateKind,
    /// What carries it.
    pub transport: CandidateTransport,
    /// Who begins, of a TCP candidate (RFC 6544).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_type: Option<TcpType>,
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Its priority (RFC 8445 section 5.1.2.1).
    pub priority: u32,
    /// Equal for candidates of one type, base, server and transport (section 5.1.1.3).
    pub foundation: String,
    /// Its related address: the base, of a relayed candidate the address that the server saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<SocketAddr>,
    /// What it is sent from.
    pub base: SocketAddr,
    /// The interface of the base.
    pub interface: String,
    /// The socket in the evidence; absent where none is open yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<SocketName>,
    /// The server that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How a relayed candidate's server is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_protocol: Option<Transport>,
    /// From the start of the run until it was there, in milliseconds.
    pub took_ms: f64,
    /// Why an agent drops it (section 5.1.3), or signals none like it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant: Option<Redundant>,
    /// Why it is of no use to peers, by what is known of who told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disbelieved: Option<Disbelieved>,
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Ids of the exchanges that it follows from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

impl GatheredCandidate {
    /// Whether an agent would offer it.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.redundant.is_none()
    }

    /// The line of SDP, without `a=`.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        Candidate {
            foundation: self.foundation.clone(),
            component: 1,
            transport: self.transport,
            priority: self.priority,
            address: CandidateAddress::Ip(self.address),
            port: self.port,
            kind: self.kind,
            related: self.related.map(|related| (CandidateAddress::Ip(related.ip()), related.port())),
            tcp_type: self.tcp_type,
            extensions: Vec::new(),
        }
    }
}

/// `RTCIceCandidateInit` (W3C WebRTC section 4.8.1), with its names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInit {
    /// `candidate:...`.
    pub candidate: String,
    /// The media description; a session of one has this one.
    pub sdp_mid: String,
    /// Its number.
    pub sdp_m_line_index: u16,
}

/// Why a candidate is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redundant {
    /// The foundation of the one that stays.
    pub foundation: String,
    /// In words.
    pub text: String,
}

/// What gave no candidate: in our words, and as a browser would tell it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GatherError {
    /// The base that it was asked from; absent where no base could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<IpAddr>,
    /// The server as it was named; absent where it is the base itself that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Over what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The cause, a stable code.
    pub code: DiagnosisCode,
    /// The same in words.
    pub text: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// What Chromium's `icecandidateerror` says; absent where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icecandidateerror: Option<BrowserError>,
    /// From the start of the run until it was known, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
    /// Ids of the exchanges that it follows from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// `RTCPeerConnectionIceErrorEvent` (W3C WebRTC section 4.8.2), with its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrowserError {
    /// The base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The server.
    pub url: String,
    /// The server's own code; 701 where none was heard.
    pub error_code: u16,
    /// Chromium's words; Firefox leaves them empty.
    pub error_text: String,
}

/// What the candidates show together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatherRemark {
    /// What it is, a stable code.
    pub code: GatherCode,
    /// The base that it is about; absent where it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<IpAddr>,
    /// In words.
    pub text: String,
}

codes! {
    /// What the candidates show together.
    pub enum GatherCode {
        /// Servers saw one base at different addresses: the NAT's mapping depends on the destination.
        SeveralMapped,
        /// Servers saw one base as it is: no NAT translates it.
        NotTranslated,
        /// No server told an address: peers behind other NATs cannot be met without a relay.
        NoServerReflexive,
        /// Candidates of this host alone: peers outside its network cannot reach it.
        HostOnly,
        /// Relayed candidates, and no TURN server is reached over UDP: media goes through TCP.
        RelayOverTcpOnly,
        /// Nothing could be gathered.
        Nothing,
        /// The run was stopped before every server was heard.
        CutShort,
        /// A remark that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}
