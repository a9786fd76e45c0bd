//! What `turn` found: one result for each entry, transport and family.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::TlsFacts;
use crate::measure::turn::{DiagnosisCode, DiagnosisSide};
use crate::wire::codes::codes;
use crate::wire::{EntryKind, Family, Remark, Transport};

/// One row: an entry over one transport and family.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TurnResult {
    /// The entry as written.
    pub uri: String,
    /// Where it came from, for example `iceServers[0].urls[1]`; absent for an argument.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The line of the configuration on which it stands; absent for an argument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What it is for.
    #[serde(default)]
    pub kind: EntryKind,
    /// What carries the messages to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The family of the way to the server; absent where the name led nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// The server's address; after a redirection the one redirected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// The address that redirected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_from: Option<SocketAddr>,
    /// Whether it works.
    pub verdict: TurnVerdict,
    /// Why it does or does not.
    pub diagnosis: Diagnosis,
    /// What else was noticed, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The realm of the server, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// SOFTWARE, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// The address that the server saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_address: Option<SocketAddr>,
    /// The relayed address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relayed_address: Option<SocketAddr>,
    /// The lifetime that the server granted, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
    /// From the first packet to the relayed address, connection and handshake included, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_relay_ms: Option<f64>,
    /// Round trip of the Binding to the server itself, in milliseconds: the median of those beside the quality's packets, else the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Every step of the ladder, in order.
    pub steps: Vec<StepResult>,
    /// What the relay does with data, seen from three sides; absent without an allocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayPaths>,
    /// How well it relays; absent without data through the relay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// What `--duration` saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<KeepAlive>,
    /// What the handshake showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
    /// What else the server offers (`--features`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// Allocations that were made, and how many of them the server confirmed to have released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
}

/// Whether an entry works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TurnVerdict {
    /// It relays.
    Ok,
    /// It relays, with something wrong that some users will meet.
    Degraded,
    /// It does not.
    Failed,
    /// It could not be told.
    Inconclusive,
}

/// Why: a stable code, whose it is to change something, the cause in plain words, one thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// A stable code in kebab case.
    pub code: DiagnosisCode,
    /// Whose it is to change something.
    #[serde(default = "DiagnosisSide::unknown")]
    pub side: DiagnosisSide,
    /// The cause, a sentence about this run. Escaped.
    pub text: String,
    /// What to do; empty where nothing has to be done.
    pub fix: String,
    /// A command that shows more or sees whether it is gone, to copy; what stands in capitals is to be filled in.
    #[serde(default, rename = "try", skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Diagnosis {
    /// A cause on the side that its code says.
    pub(super) fn new(code: DiagnosisCode, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, side: code.side(), text: text.into(), fix: fix.into(), command: None }
    }
}

/// The steps, in the order in which they depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// What can be told without the network: the form and the age of the credentials.
    Credentials,
    /// The name's addresses.
    Resolve,
    /// The TCP connection.
    Connect,
    /// The TLS or DTLS handshake.
    Handshake,
    /// A Binding request on the same port.
    Binding,
    /// Allocate without credentials: the challenge.
    Challenge,
    /// Allocate with credentials.
    Allocate,
    /// The relayed address judged.
    RelayedAddress,
    /// CreatePermission.
    Permission,
    /// Data through the relay in Send and Data indications.
    Data,
    /// ChannelBind, and data through the channel.
    Channel,
    /// Refresh.
    Refresh,
    /// Refresh with the lifetime 0.
    Delete,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepResult {
    /// Which.
    pub name: StepName,
    /// How it went.
    pub status: StepStatus,
    /// How long it took, in milliseconds; absent where it was skipped, or nothing had to be waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// What came of it, or why it was skipped, in words. Escaped.
    pub detail: String,
    /// The exchanges it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// As it should.
    Ok,
    /// It did not.
    Failed,
    /// It was not tried: the detail says why.
    Skipped,
}

/// What the relay does with data, seen from three sides (STANDARDS 4.10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RelayPaths {
    /// To a third party: a STUN server asked through the relay.
    pub third_party: RelayPath,
    /// The address that the third party saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_address: Option<SocketAddr>,
    /// From the relayed address to a plain socket of ours.
    pub to_peer: RelayPath,
    /// From a plain socket of ours to the relayed address.
    pub from_peer: RelayPath,
    /// Between two allocations on the server.
    pub between_allocations: RelayPath,
    /// From a plain socket of ours to the relayed address of the second allocation; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_peer_to_second: Option<RelayPath>,
    /// From a plain socket of ours to the relayed port at the server's own address; absent unless the relayed address is another and was not
    /// reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_peer_to_own_address: Option<RelayPath>,
    /// To a STUN server on the TURN server's own machine, where nobody outside could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_machine: Option<RelayPath>,
}

/// What one side saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RelayPath {
    /// Whether data got through.
    pub outcome: PathOutcome,
    /// In words. Escaped.
    pub text: String,
    /// The exchanges it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// Whether data got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathOutcome {
    /// It did.
    Works,
    /// It did not, though everything it needs besides the relay was there.
    Fails,
    /// The server refused the peer (403).
    Forbidden,
    /// Could not be told, or was not tried.
    Unknown,
}

/// To where packets were relayed to measure how well it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QualityPath {
    /// A plain socket of ours.
    Peer,
    /// A second allocation.
    SecondAllocation,
}

/// How well it relays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Where the packets went.
    pub path: QualityPath,
    /// Through Send indications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indications: Option<Train>,
    /// Through ChannelData.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Train>,
    /// The Binding straight to the server, for comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<Train>,
    /// The largest payload of those tried (500, 1200, 1400 bytes) that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_payload: Option<u16>,
    /// The payloads tried that did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_payloads: Vec<u16>,
}

/// Packets sent one after the other, and what became of them. Times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Train {
    /// Sent.
    pub sent: u32,
    /// Arrived, each counted once.
    pub received: u32,
    /// Of those sent, the percentage that never arrived.
    pub loss_percent: f64,
    /// Arrivals beyond the first of each.
    pub duplicates: u32,
    /// Arrived after one that was sent later.
    pub reordered: u32,
    /// Shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<f64>,
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_ms: Option<f64>,
    /// 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// Longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
    /// Mean difference between the times of packets that follow each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
}

/// What keeping the allocation for a while saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeepAlive {
    /// How long it was kept, in seconds.
    pub held_s: f64,
    /// Packets sent through the relay meanwhile.
    pub sent: u32,
    /// Of those, how many arrived.
    pub received: u32,
    /// Renewals of allocation, permission and channel that succeeded.
    pub renewals: u32,
    /// Nonces that the server called stale (438) and replaced: nothing wrong with that.
    pub stale_nonces: u32,
    /// What went wrong, or was out of the ordinary, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hiccups: Vec<Hiccup>,
}

/// Something that went wrong while the allocation was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hiccup {
    /// Milliseconds from the start of the run.
    pub at_ms: f64,
    /// What, in words. Escaped.
    pub text: String,
}

/// What else the server offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feature {
    /// Which.
    pub name: FeatureName,
    /// Whether.
    pub status: FeatureStatus,
    /// In words. Escaped.
    pub text: String,
}

codes! {
    /// What a TURN server may offer beside plain allocations, in the order of the tests.
    pub enum FeatureName {
        /// A relayed address of IPv6 in place of IPv4 (REQUESTED-ADDRESS-FAMILY, RFC 8656).
        Ipv6Relay,
        /// A relayed address of each family (ADDITIONAL-ADDRESS-FAMILY, RFC 8656).
        BothFamilies,
        /// An even port (EVEN-PORT, RFC 8656).
        EvenPort,
        /// The next port too, for a second allocation (RESERVATION-TOKEN, RFC 8656).
        Reservation,
        /// Packets with the DF bit (DONT-FRAGMENT, RFC 8656).
        DontFragment,
        /// An allocation that survives a change of the client's address (RFC 8016).
        Mobility,
        /// An allocation for TCP connections (RFC 6062).
        TcpRelay,
        /// Credentials signed with SHA-256 (RFC 8489 section 9.2).
        #[serde(rename = "sha-256")]
        Sha256,
        /// A feature that only another version tests, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

/// Whether a feature is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureStatus {
    /// It is there and does what it should.
    Offered,
    /// The server says that it does not have it.
    NotOffered,
    /// The server says that it has it, and it does not work.
    Broken,
    /// Could not be told.
    Unknown,
}

/// Allocations made and released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    /// Allocations that were made.
    pub made: u32,
    /// Of those, how many the server confirmed to have released (or to have forgotten, 437).
    pub confirmed: u32,
}
