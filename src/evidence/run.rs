//! What was seen in one run. Verdicts are functions of this and nothing else.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BoundSocket, Connection, Exchanges, Failure, PlatformLimit};
use crate::wire::Transport;

/// Everything seen in one run; what `--from` judges again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The addresses of this host's interfaces that are up, loopback and link-local ones included.
    pub host_addresses: Vec<IpAddr>,
    /// What this host's system does not tell a program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platform_limits: Vec<PlatformLimit>,
    /// The servers to be asked, in the order they were named; an exchange refers to one by its index.
    pub servers: Vec<Server>,
    /// Names that were looked up beside those of the servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Server>,
    /// Every exchange, in the order they were started.
    pub exchanges: Exchanges,
    /// Every connection and DTLS association, in the order they were begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Connection>,
    /// The sockets that were opened before anything was sent on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<BoundSocket>,
    /// The name servers of this host, as far as it tells, once a control needs one.
    #[serde(skip)]
    pub name_servers: Option<Vec<SocketAddr>>,
    /// Why the run ended before every probe was done, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// Datagrams that belonged to no exchange: malformed, duplicate or of an unknown transaction.
    #[serde(default)]
    pub strays: u32,
    /// Milliseconds from the start of the run until now (or its end).
    #[serde(default)]
    pub elapsed_ms: f64,
}

/// Why a run ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The deadline passed.
    Deadline,
    /// Ctrl-C.
    Interrupted,
}

/// One server as it was named, and what its name led to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// As the user (or the built-in list) wrote it.
    pub name: String,
    /// One look-up for each transport asked for.
    pub lookups: Vec<Lookup>,
}

/// A finished look-up of a server's addresses.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Lookup {
    /// The transport the addresses are for (SRV records and default ports differ by it).
    pub transport: Transport,
    /// Addresses in the order to try them; empty when it failed.
    pub addresses: Vec<SocketAddr>,
    /// Why there are no addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Addresses that it led to as well, and that are not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
}

/// An address that a name led to, and that is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// The address, and the port that was to be asked.
    pub address: SocketAddr,
    /// Why, in words.
    pub text: String,
}
