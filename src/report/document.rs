//! The report: findings plus the evidence each one rests on. Every output format is a function of this.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::peers::PeerRow;
use crate::evidence::{AnswerCode, Connection, Exchange, FailureCode, Server, Stop};
use crate::measure::gateway::{GatewayFindings, GatewayOptions};
use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::FamilyFindings;
use crate::measure::nat::plan::{ClassifyOptions, DiscoverOptions};
use crate::measure::turn::{TurnOptions, TurnResult};
use crate::measure::witness::Disbelieved;
use crate::wire::codes::codes;
use crate::wire::{ConfigurationFacts, Family, Transport};

/// What one command found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `report`, in the last line of a stream of events (--ndjson).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The version of this contract: members are added beside the present ones, never renamed.
    pub schema_version: u32,
    /// Which program wrote it.
    pub tool: Tool,
    /// Whether packets were sent.
    pub network: NetworkKind,
    /// Name of the simulated scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// When the run began (RFC 3339, UTC).
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Set when addresses were masked: such a report cannot be judged again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// Why the run ended early, if it did: what follows is what was learnt until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// What the command found, and how it was asked.
    #[serde(flatten)]
    pub findings: Findings,
    /// What it means and what to do.
    pub advice: Vec<Advice>,
    /// The outcome of each `--require`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// Every exchange.
    pub evidence: Vec<Exchange>,
    /// Every connection and DTLS association.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Connection>,
    /// The addresses of this host's interfaces.
    pub host_addresses: Vec<IpAddr>,
    /// What the names of the servers led to.
    pub lookups: Vec<Server>,
    /// Names that were looked up beside those of the servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Server>,
    /// Datagrams that belonged to no exchange.
    pub strays: u32,
}

impl Report {
    /// The verdicts of each address family, of the commands that judge families.
    #[must_use]
    pub fn families(&self) -> &Families {
        self.findings.nat().map_or(&Families::NONE, |nat| &nat.families)
    }

    /// The rows of the servers, of the commands that ask STUN servers.
    #[must_use]
    pub fn servers(&self) -> &[ServerRow] {
        self.findings.nat().map_or(&[], |nat| &nat.servers)
    }
}

/// Which program wrote the report.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `nat-probe`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Whether packets were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// Real sockets.
    Real,
    /// The simulated internet.
    Simulated,
}

/// What a command found, with the options that its verdicts depend on: the member `command` says which.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Findings {
    /// What does the NAT do?
    Classify(Classified),
    /// What address do others see?
    Discover(Discovered),
    /// Does this TURN server work?
    Turn(TurnTested),
    /// Does the router map ports on request?
    Gateway(GatewayAsked),
}

impl Findings {
    /// What was found out about the NATs in front of this host, by the commands that ask.
    #[must_use]
    pub fn nat(&self) -> Option<&NatFindings> {
        match self {
            Self::Classify(found) => Some(&found.nat),
            Self::Discover(found) => Some(&found.nat),
            Self::Turn(_) | Self::Gateway(_) => None,
        }
    }
}

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

/// What `turn` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TurnTested {
    /// How it was asked.
    pub options: TurnAsked,
    /// The application's configuration that was tested (`--ice-servers`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationFacts>,
    /// Whether each server works, a result for each entry, transport and family.
    #[serde(default)]
    pub results: Vec<TurnResult>,
}

/// How `turn` was asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TurnAsked {
    /// The families asked for.
    pub families: Vec<Family>,
    /// The transports that any entry is tested over.
    pub transports: Vec<Transport>,
    /// What was tested, without any secret; absent where it was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnOptions>,
}

/// What `gateway` found.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GatewayAsked {
    /// How it was asked.
    pub options: GatewayOptions,
    /// What each gateway speaks, and what came of a mapping.
    #[serde(flatten)]
    pub found: GatewayFindings,
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

/// What it means and what to do.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// A stable code.
    pub code: AdviceCode,
    /// How much it matters.
    pub severity: Severity,
    /// The address family it is about; absent when it is about the whole host or run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// In plain words.
    pub text: String,
    /// A command that helps, to copy; what stands in capitals is to be filled in.
    #[serde(default, rename = "try", skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Advice {
    /// The same with a command to copy.
    #[must_use]
    pub(crate) fn trying(mut self, command: &str) -> Self {
        self.command = Some(command.to_owned());
        self
    }
}

/// How much a piece of advice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Some peers will not connect.
    Warning,
    /// Connections fail.
    Error,
}

/// The outcome of one `--require`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// As written, `mapping=endpoint-independent`.
    pub requirement: String,
    /// Whether it holds.
    pub outcome: RequirementOutcome,
    /// What was found instead, or why it could not be told.
    pub text: String,
}

/// Whether a requirement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementOutcome {
    /// It holds.
    Met,
    /// It does not.
    Unmet,
    /// It could not be told.
    Unknown,
}
