//! ICE candidates (RFC 8839 section 5.1, RFC 6544 section 4.5): the value, the line that says it, and readers of every way in which
//! applications and people write one.

mod error;
mod line;
mod list;
mod mask;
mod object;
mod read;
mod words;

pub use error::{CandidateError, CandidateProblem};
pub use list::{CandidateList, CandidatePlace, ListedCandidate};
pub use read::{is_row, read_candidates};

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A transport address at which a peer may be reached, with how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for candidates of one kind, base, server and transport; empty where the writer left it out.
    pub foundation: String,
    /// 1 for RTP or all there is, 2 for RTCP.
    pub component: u16,
    /// What carries the packets.
    pub transport: CandidateTransport,
    /// Higher is tried first.
    pub priority: u32,
    /// Where.
    pub address: CandidateAddress,
    /// The port; 9 for a TCP candidate that only connects.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind,
    /// The base of a reflexive candidate, the mapped address of a relayed one.
    pub related: Option<(CandidateAddress, u16)>,
    /// Who connects, where the transport is TCP.
    pub tcp_type: Option<TcpType>,
    /// What else the line says, in order.
    pub extensions: Vec<(String, String)>,
}

/// The transport of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CandidateTransport {
    /// Datagrams.
    Udp,
    /// A connection (RFC 6544).
    Tcp,
}

/// The address of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateAddress {
    /// An IP address.
    Ip(IpAddr),
    /// A name: one that hides a host's address by multicast DNS, a DNS name, or what somebody wrote in its place.
    Name(String),
}

/// How a candidate was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CandidateKind {
    /// An address of the host itself.
    Host,
    /// Server-reflexive: what a server saw.
    Srflx,
    /// Peer-reflexive: what the peer saw in a check.
    Prflx,
    /// An address of a TURN server.
    Relay,
}

/// Who opens the connection of a TCP candidate (RFC 6544 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TcpType {
    /// This side.
    Active,
    /// The other side.
    Passive,
    /// Both at once.
    So,
}

impl Candidate {
    /// The related address, where it is one and not hidden (RFC 8839 section 5.1: unspecified then).
    #[must_use]
    pub fn related_ip(&self) -> Option<IpAddr> {
        self.related.as_ref().and_then(|(address, _)| address.ip()).filter(|ip| !ip.is_unspecified())
    }

    /// What the line says beside, by its name.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl CandidateAddress {
    /// The address, where it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }

    /// Whether something stands where the address was, as people and tools write it before they show a file: `x.x.x.x`, `203.0.113.xxx`,
    /// `[redacted]`, `***`.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        matches!(self, Self::Name(name) if mask::is_mask(name))
    }

    /// What is left of a masked address: the first one of its network. `192.168.1.x` is 192.168.1.0.
    #[must_use]
    pub fn network(&self) -> Option<IpAddr> {
        match self {
            Self::Name(name) => mask::network(name),
            Self::Ip(_) => None,
        }
    }

    /// Whether it is a name that only multicast DNS of the same link resolves.
    #[must_use]
    pub fn is_mdns(&self) -> bool {
        matches!(self, Self::Name(name) if name.trim_end_matches('.').rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("local")))
    }
}

impl CandidateTransport {
    /// The word in JSON and in a candidate line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

impl CandidateKind {
    /// The word in JSON and in a candidate line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Srflx => "srflx",
            Self::Prflx => "prflx",
            Self::Relay => "relay",
        }
    }
}

impl TcpType {
    /// The word in JSON and in a candidate line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::So => "so",
        }
    }
}

impl fmt::Display for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for CandidateTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for CandidateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Candidate {
    /// The line of RFC 8839 section 5.1, without `a=`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let foundation = if self.foundation.is_empty() { "0" } else { &self.foundation };
        write!(f, "candidate:{foundation} {} {} {}", self.component, self.transport, self.priority)?;
        write!(f, " {} {} typ {}", self.address, self.port, self.kind)?;
        if let Some((address, port)) = &self.related {
            write!(f, " raddr {address} rport {port}")?;
        }
        if let Some(tcp_type) = self.tcp_type {
            write!(f, " tcptype {}", tcp_type.name())?;
        }
        for (name, value) in &self.extensions {
            write!(f, " {name}")?;
            if !value.is_empty() {
                write!(f, " {value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
