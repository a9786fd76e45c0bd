//! The report: findings plus the evidence each one rests on. Every output format is a function of this.

mod findings;
mod nat;

pub use findings::Findings;
pub(in crate::report) use findings::each_command;
pub use nat::{Capability, Classified, Discovered, Families, NatFindings, ServerError, ServerErrorCode, ServerRow};

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{BoundSocket, Connection, Exchange, PlatformLimit, Server, Stop};
use crate::measure::nat::advice_code::AdviceCode;
use crate::wire::Family;

/// The version of the JSON contract that this program writes, and the newest it reads.
pub(crate) const SCHEMA_VERSION: u32 = 1;

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
    /// The sockets that were opened before anything was sent on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<BoundSocket>,
    /// The addresses of this host's interfaces.
    pub host_addresses: Vec<IpAddr>,
    /// What the system of this host does not tell a program: it is not to be taken for silence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platform_limits: Vec<PlatformLimit>,
    /// What the names of the servers led to.
    pub lookups: Vec<Server>,
    /// Names that were looked up beside those of the servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Server>,
    /// Datagrams that belonged to no exchange.
    pub strays: u32,
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
