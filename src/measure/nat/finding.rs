//! What was found: verdicts with the evidence they rest on. A verdict is known, or inconclusive with a reason; never a guess.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Behavior, Reason};
use crate::wire::codes::codes;

/// The verdicts for one address family.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FamilyFindings {
    /// Whether, and how, UDP gets out and in.
    pub connectivity: Connectivity,
    /// Why connectivity is what it is, where the word alone does not say it (inconclusive, unavailable, udp-blocked, direct).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The address this host sends from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_address: Option<IpAddr>,
    /// The addresses that servers saw, most often seen first.
    pub public_addresses: Vec<IpAddr>,
    /// How the NAT assigns external addresses and ports to destinations.
    pub mapping: Mapping,
    /// Whose packets get in.
    pub filtering: Filtering,
    /// How external ports are chosen; absent without translation or when not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_assignment: Option<PortAssignment>,
    /// Whether one host always gets the same external address; absent without translation or when not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
    /// Whether something rewrites addresses inside packets; absent when no server let it be tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Alg>,
    /// The RFC 3489 type of the pair, where one exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfc3489_type: Option<Rfc3489Type>,
    /// Whether two inside hosts reach each other by their public addresses; absent unless `--hairpin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hairpinning: Option<Hairpinning>,
    /// Mapping over TCP; absent unless `--tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_mapping: Option<Mapping>,
    /// The prefix, where the servers were IPv4 servers reached through NAT64 (RFC 6052): the verdicts are about the way to IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat64: Option<String>,
    /// Ways out that the verdicts are not about: what left from another address of this host, through NAT64 beside native IPv6, or to
    /// servers in a private network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_paths: Vec<OtherPath>,
    /// A port over UDP that is blocked while others pass; absent where none was seen to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_port: Option<BlockedPort>,
}

codes! {
    /// The types of RFC 3489 section 5.
    pub enum Rfc3489Type {
        /// No translation, no filter.
        #[serde(alias = "open internet")]
        OpenInternet,
        /// Endpoint-independent mapping and filtering.
        #[serde(alias = "full cone")]
        FullCone,
        /// Endpoint-independent mapping, address-dependent filtering.
        #[serde(alias = "restricted cone")]
        RestrictedCone,
        /// Endpoint-independent mapping, address-and-port-dependent filtering.
        #[serde(alias = "port restricted cone")]
        PortRestrictedCone,
        /// A mapping that depends on the destination, and a filter that does.
        Symmetric,
        /// No translation, address-and-port-dependent filtering.
        #[serde(alias = "symmetric UDP firewall")]
        SymmetricUdpFirewall,
        /// UDP does not get out.
        #[serde(alias = "UDP blocked")]
        UdpBlocked,
        /// A name that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

/// A way out that the verdicts of a family are not about: what was seen there is compared with nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherPath {
    /// The address this host sends from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_address: Option<IpAddr>,
    /// The prefix, where it leads to IPv4 servers through NAT64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat64: Option<String>,
    /// To servers in a private network or on this host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The addresses that servers saw.
    pub public_addresses: Vec<IpAddr>,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

/// A port over UDP that is silent at several servers which are alive, while another port passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedPort {
    /// The port.
    pub port: u16,
    /// The evidence in a sentence.
    pub summary: String,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

/// Whether, and how, UDP gets out and in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Connectivity {
    /// No translation and no filter.
    Open,
    /// No translation, a filter.
    Firewalled,
    /// No translation, filter not known.
    Direct,
    /// Translated.
    Nat,
    /// UDP is dead, on other ports and without STUN too, while TCP to the same servers works.
    UdpBlocked,
    /// This host has no address or route of the family.
    Unavailable,
    /// Could not be told; the reason says why.
    Inconclusive,
}

/// A mapping verdict.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// The verdict.
    pub behavior: MappingBehavior,
    /// Known even where the exact behavior is not: does the mapping stay the same whatever the destination?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_independent: Option<bool>,
    /// Why inconclusive or not applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The evidence in a few words ("3 of 3 destinations saw port 51034").
    pub summary: String,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

/// What the mapping depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MappingBehavior {
    /// No translation.
    None,
    /// One external address and port, whatever the destination.
    EndpointIndependent,
    /// Another one for each destination address.
    AddressDependent,
    /// Another one for each destination address and port.
    AddressAndPortDependent,
    /// TCP only: another one for each connection, even to the same destination (RFC 5382 section 4.1).
    ConnectionDependent,
    /// Could not be told.
    Inconclusive,
    /// There is nothing to tell: this host has no address or route of the family.
    NotApplicable,
}

/// A filtering verdict.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Filtering {
    /// The verdict.
    pub behavior: FilteringBehavior,
    /// Why inconclusive or not applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The evidence in a few words.
    pub summary: String,
    /// Servers without a common address that showed this. A silence that a single one shows may be the work of a firewall of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<usize>,
    /// Servers whose answers stayed out although those of others show that they would have been let in: what they did not ask for
    /// themselves does not leave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld_by: Vec<String>,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

/// Whose packets get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilteringBehavior {
    /// Anybody's.
    EndpointIndependent,
    /// Those of addresses that were sent to.
    AddressDependent,
    /// Those of addresses and ports that were sent to.
    AddressAndPortDependent,
    /// Could not be told.
    Inconclusive,
    /// There is nothing to tell: this host has no address or route of the family.
    NotApplicable,
}

/// How external ports are chosen.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PortAssignment {
    /// The model that fits.
    pub behavior: PortBehavior,
    /// Step between consecutive mappings, where sequential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    /// Usual difference between the ports for consecutive destinations of one socket, where the mapping depends on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_destination_delta: Option<i32>,
    /// Whether even local ports got even external ones and odd got odd, every time (5 samples or more).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity_kept: Option<bool>,
    /// Pairs of local and external port, in the order the mappings were made.
    pub samples: Vec<PortSample>,
    /// The evidence in a few words.
    pub summary: String,
}

/// One local port and what it became.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PortSample {
    /// The socket's port.
    pub local: u16,
    /// The port that the server saw.
    pub external: u16,
}

/// Models of port choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PortBehavior {
    /// The external port equals the local one.
    Preserved,
    /// Each new mapping gets the next port, by a constant step.
    Sequential,
    /// No pattern.
    Random,
    /// Too few samples, or they contradict each other.
    Inconclusive,
}

/// Whether one host always gets the same external address (RFC 4787 section 4.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Pooling {
    /// The verdict.
    pub behavior: PoolingBehavior,
    /// The evidence in a few words.
    pub summary: String,
}

/// IP address pooling behavior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolingBehavior {
    /// Every socket got the same external address.
    Paired,
    /// Different sockets or destinations got different external addresses.
    Arbitrary,
}

/// Whether something on the path rewrites addresses inside packets.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Alg {
    /// Whether MAPPED-ADDRESS and XOR-MAPPED-ADDRESS of one response differed.
    pub detected: bool,
    /// The evidence in a few words.
    pub summary: String,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

/// Whether two inside sockets reach each other by their external addresses (RFC 4787 section 6).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hairpinning {
    /// Whether it works; absent when it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<bool>,
    /// The source that the receiving socket saw: the external one (RFC 4787 REQ-9a) or the internal one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SocketAddr>,
    /// Whether that source was the sender's external address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_source: Option<bool>,
    /// The evidence in a few words.
    pub summary: String,
    /// Ids of the exchanges it rests on.
    pub because: Vec<String>,
}

impl Mapping {
    /// Where this host lacks the family there is no mapping.
    pub(super) fn not_applicable(reason: &Reason) -> Self {
        Self {
            behavior: MappingBehavior::NotApplicable,
            endpoint_independent: None,
            reason: Some(reason.clone()),
            summary: format!("not applicable: {}", reason.text),
            because: Vec::new(),
        }
    }
}

impl Filtering {
    /// Where this host lacks the family there is no filter.
    pub(super) fn not_applicable(reason: &Reason) -> Self {
        Self {
            behavior: FilteringBehavior::NotApplicable,
            reason: Some(reason.clone()),
            summary: format!("not applicable: {}", reason.text),
            witnesses: None,
            withheld_by: Vec::new(),
            because: Vec::new(),
        }
    }
}

impl From<Behavior> for MappingBehavior {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::EndpointIndependent => Self::EndpointIndependent,
            Behavior::AddressDependent => Self::AddressDependent,
            Behavior::AddressAndPortDependent => Self::AddressAndPortDependent,
        }
    }
}

impl From<Behavior> for FilteringBehavior {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::EndpointIndependent => Self::EndpointIndependent,
            Behavior::AddressDependent => Self::AddressDependent,
            Behavior::AddressAndPortDependent => Self::AddressAndPortDependent,
        }
    }
}
