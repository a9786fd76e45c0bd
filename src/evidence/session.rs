//! What was seen of a live session between two ICE agents (RFC 8445): everything that its verdict follows from.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::wire::CandidateKind;
use crate::wire::codes::codes;

/// A session between two agents, as one of them saw it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Why it ended.
    pub end: End,
    /// Who nominates, as it was at the end.
    pub role: Role,
    /// How often both sides claimed the same role (487).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub role_conflicts: u32,
    /// This side's candidates.
    pub locals: Vec<Candidacy>,
    /// The other side's.
    pub remotes: Vec<Candidacy>,
    /// Candidates of the other side that no pair is made of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untried: u32,
    /// The first of them, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpaired: Vec<Unpaired>,
    /// The pairs in the order of their priority. In a report each stands with what it means, and is read back from there.
    #[serde(skip)]
    pub pairs: Vec<PairSeen>,
    /// Milliseconds from the beginning until the other side's token was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_ms: Option<f64>,
    /// Milliseconds from the beginning until the other side's first check or answer was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<f64>,
    /// The pair that was nominated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
    /// What the test packets showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// Whether the path survived silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
    /// The relays in use, and what they refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<RelaySeen>,
    /// Mapped addresses that changed while the tokens were under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remapped: Vec<Remapped>,
    /// Checks for this side's user name fragment with a wrong password, or from another session of the other side.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub strangers: u32,
    /// Datagrams that were neither checks nor answers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ignored: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Who nominates (RFC 8445 section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// This side picks the pair.
    #[default]
    Controlling,
    /// The other side does.
    Controlled,
}

impl Role {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Controlling => Self::Controlled,
            Self::Controlled => Self::Controlling,
        }
    }
}

codes! {
    /// Why a session ended.
    #[derive(Default)]
    pub enum End {
        /// It has not ended.
        #[default]
        UnderWay,
        /// A pair was nominated, and what was to be tested is tested.
        Connected,
        /// The other side's token never came.
        NoToken,
        /// Every pair was tried to its end.
        Exhausted,
        /// The deadline came while pairs were being tried.
        Deadline,
        /// The nominated pair stopped answering (RFC 7675).
        ConsentLost,
        /// The other side said that it wants no more (403, RFC 7675 section 5.2).
        ConsentRevoked,
        /// No socket of this side is left.
        NoSocket,
        /// Ctrl-C came first.
        Interrupted,
        /// A reason that only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// One end of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidacy {
    /// What kind of candidate it is.
    #[serde(rename = "type")]
    pub kind: CandidateKind,
    /// Its transport address.
    pub address: SocketAddr,
    /// What is behind it, where that was told: the base of a reflexive candidate, the mapped address of a relayed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<SocketAddr>,
}

/// A pair and everything that happened on it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PairSeen {
    /// This side's end: the base that the checks leave from.
    pub local: Candidacy,
    /// The other side's end.
    pub remote: Candidacy,
    /// Checks sent, retransmissions included.
    pub sent: u32,
    /// Answers that count: signed, and from where they were asked for.
    pub answered: u32,
    /// Milliseconds from the beginning to the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<f64>,
    /// The round trip of the first check that was answered at once, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// How the other side sees this end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<SocketAddr>,
    /// Checks of the other side that arrived on it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asked: u32,
    /// Whether the other side's end was learned from its checks and is in no token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learned: bool,
    /// Where an answer came from that was asked for elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_from: Option<SocketAddr>,
    /// Answers whose signature is wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unsigned: u32,
    /// The newest error that the other side answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u16>,
    /// What the system or an ICMP message said of packets to there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why the relay does not carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
    /// Whether it was nominated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nominated: bool,
}

codes! {
    /// Why no pair is made of a candidate of the other side.
    pub enum UnpairedCode {
        /// It is over TCP (RFC 6544), which is not spoken here.
        Tcp,
        /// It is a name: one of multicast DNS is known on its own link alone, others are not to be looked up (RFC 8839 section 5.1).
        Name,
        /// It is of another component than the only one.
        Component,
        /// It is no address of a host.
        NoHost,
        /// This side has no candidate of its address family and scope.
        NoFamily,
        /// There are more than are looked at.
        TooMany,
        /// A reason that only another version knows.
        #[serde(other)]
        Unknown,
    }
}

/// A candidate of the other side that no pair is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unpaired {
    /// The candidate, as a line.
    pub candidate: String,
    /// Why.
    pub code: UnpairedCode,
    /// The same in words.
    pub text: String,
}

codes! {
    /// What a relay was asked for.
    pub enum RelayStep {
        /// To let the other side's packets in (CreatePermission).
        Permission,
        /// To keep the allocation (Refresh).
        Refresh,
        /// To carry anything: the connection to it ended.
        Connection,
        /// A request of another version.
        #[serde(other)]
        Unknown,
    }
}

/// What a relay did not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// What it was asked for.
    pub step: RelayStep,
    /// The error it answered with; absent where it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The same in words.
    pub text: String,
}

/// A relay in use.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RelaySeen {
    /// The TURN server.
    pub server: SocketAddr,
    /// The relayed address.
    pub relayed: SocketAddr,
    /// Packets handed over to it.
    pub sent: u32,
    /// Packets that came through it.
    pub received: u32,
    /// What it refused altogether.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// A mapped address that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remapped {
    /// The STUN server that saw it.
    pub server: SocketAddr,
    /// What stands in the token.
    pub before: SocketAddr,
    /// What it is now.
    pub now: SocketAddr,
}

/// The pair that was nominated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Selected {
    /// This side's end, as the other side sees it.
    pub local: Candidacy,
    /// The other side's end.
    pub remote: Candidacy,
    /// The median round trip in milliseconds.
    pub rtt_ms: f64,
    /// Milliseconds from the other side's token to the nomination.
    pub took_ms: f64,
}

/// What the test packets showed: each is a check of its own that is sent once, and its answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Test packets sent.
    pub sent: u32,
    /// Of these, answered.
    pub answered: u32,
    /// The share that was not, in percent: lost on the way there or back.
    pub loss_percent: f64,
    /// Test packets of the other side that arrived.
    pub received: u32,
    /// Of how many that it had sent by then, by their numbers; absent where the other side does not number them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u32>,
    /// The shortest round trip in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_min_ms: Option<f64>,
    /// The median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// The longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_max_ms: Option<f64>,
    /// The mean difference between one round trip and the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
}

/// Whether the path survived silence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Idle {
    /// How long nothing passed, in milliseconds.
    pub silent_ms: f64,
    /// Whether a check passed then as before.
    pub survived: bool,
    /// Whether this side only waited for the check of the other one; both at once would open a path anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
    /// Where that check came from, where it is another address than before: the NAT of whoever sent it has forgotten the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<SocketAddr>,
}
