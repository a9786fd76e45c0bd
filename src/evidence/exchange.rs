//! An exchange, and what came of it.

use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ask, ErrorReply, Failure, GatewayReply, Key, SocketName, TurnReply};
use crate::wire::{Question, Transport};

/// One question to one address, with all its retransmissions, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// Short name within the report (`e1`, `e2`, ...); findings refer to it.
    pub id: String,
    /// What the probe called it, for example `ipv4/filtering/0/1/address-and-port`; unique within a run.
    pub ask: Key,
    /// Index into the servers.
    pub server: usize,
    /// The socket's name; exchanges with equal names shared one local port.
    pub socket: SocketName,
    /// What carried it.
    pub transport: Transport,
    /// The address and port that this host used towards the remote; absent if nothing could be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// Where it was sent.
    pub remote: SocketAddr,
    /// What was asked.
    pub request: Question,
    /// How many times it was sent.
    pub sends: u32,
    /// Whether the interval between the sends was longer than the round trip known then, so that a second send means a loss.
    #[serde(default)]
    pub paced: bool,
    /// Milliseconds from the start of the run to the first send.
    pub started_ms: f64,
    /// Milliseconds from the start of the run to the outcome; absent while pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<f64>,
    /// Of a question that was sent again and again, answered or not: when, in milliseconds from the start of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent_ms: Vec<f64>,
    /// When each answer to such a question arrived. One transaction has one answer for each send, which time alone tells apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrived_ms: Vec<f64>,
    /// How many more times the answer, or the message itself, arrived after the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copies: u32,
    /// What a datagram is that came from the remote meanwhile and is no STUN, in words, with its first bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_stun: Option<String>,
    /// What else came from the remote to that socket meanwhile, and is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strays: Option<Strays>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Exchange {
    /// An exchange that begins with this ask: nothing was sent yet.
    #[must_use]
    pub fn begun(id: String, ask: &Ask, started_ms: f64) -> Self {
        Self {
            id,
            ask: ask.key.clone(),
            server: ask.server,
            socket: ask.socket.clone(),
            transport: ask.transport,
            local: None,
            remote: ask.remote,
            request: ask.request.clone(),
            sends: 0,
            paced: false,
            started_ms,
            ended_ms: None,
            sent_ms: Vec::new(),
            arrived_ms: Vec::new(),
            copies: 0,
            not_stun: None,
            strays: None,
            outcome: Outcome::Pending,
        }
    }
}

/// Datagrams that came from where a question went, and answer none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Strays {
    /// How many.
    pub count: u32,
    /// What the first of them is, in words.
    pub what: String,
}

impl fmt::Display for Strays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "1 datagram that is no answer: {}", self.what),
            count => write!(f, "{count} datagrams that are no answer, the first of them {}", self.what),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What came of an exchange.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Outcome {
    /// Still waiting.
    Pending,
    /// A response with the right transaction id arrived on the right socket (from wherever: the source is for the probe to judge).
    Reply(Reply),
    /// Our own request arrived on another of our sockets: the NAT turned it round (hairpinning), or a TURN server relayed it.
    Looped {
        /// The source that the receiving socket saw; where an allocation received it, the peer that the TURN server named.
        source: SocketAddr,
        /// The name of the socket that received it.
        socket: SocketName,
        /// From the send to the arrival in milliseconds; of several sends the one that fits the round trip.
        #[serde(default)]
        rtt_ms: f64,
        /// How the TURN server handed it over, where an allocation received it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<Over>,
    },
    /// Nothing came within the time that the round trip and loss of this run ask for.
    Silence {
        /// From the first send to giving up, in milliseconds.
        waited_ms: f64,
    },
    /// The operating system or the path said no (ICMP, refused connection, failed handshake, no route ...).
    Failed(Failure),
    /// The run ended, or the answer was no longer needed, before the wait was over: neither an answer nor a silence.
    Abandoned {
        /// From the first send to the end, in milliseconds.
        waited_ms: f64,
    },
}

/// How a TURN server hands over what its allocation received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// In a Data indication (RFC 8656 section 11.4).
    Indication,
    /// As ChannelData (section 12.7).
    Channel,
}

/// A response, as far as it could be read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// Where it came from.
    pub source: SocketAddr,
    /// Round trip in milliseconds.
    pub rtt_ms: f64,
    /// The address the server saw: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS (RFC 3489 servers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// The server spoke as RFC 3489 has it: MAPPED-ADDRESS, no XOR-MAPPED-ADDRESS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rfc3489: bool,
    /// MAPPED-ADDRESS as it arrived, where XOR-MAPPED-ADDRESS arrived too: a difference is an ALG's work (RFC 5780 section 3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_mapped: Option<SocketAddr>,
    /// OTHER-ADDRESS, else CHANGED-ADDRESS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<SocketAddr>,
    /// RESPONSE-ORIGIN, else SOURCE-ADDRESS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SocketAddr>,
    /// SOFTWARE, unescaped: whoever prints it must escape it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// The ERROR-CODE of an error response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReply>,
    /// What was wrong with the message, in words, one entry a fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// How it came, where an allocation received it; the source is then the peer that the TURN server named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// What a TURN server says beyond a STUN server; absent where it says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Box<TurnReply>>,
    /// What a server of port mappings says (PCP, NAT-PMP, UPnP); all of STUN is absent then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Box<GatewayReply>>,
}

impl Reply {
    /// A response that says nothing but where it came from.
    #[must_use]
    pub fn from_source(source: SocketAddr) -> Self {
        Self {
            source,
            rtt_ms: 0.0,
            mapped: None,
            rfc3489: false,
            plain_mapped: None,
            other: None,
            origin: None,
            software: None,
            error: None,
            faults: Vec::new(),
            over: None,
            turn: None,
            gateway: None,
        }
    }
}
