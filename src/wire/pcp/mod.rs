//! The Port Control Protocol (RFC 6887) as values: what a host asks of its NAT or firewall, and what that answers.

mod bytes;
mod result_code;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bytes::Malformed;
pub use result_code::ResultCode;

/// Where PCP and NAT-PMP servers listen (RFC 6887 section 19.1, RFC 6886 section 3).
pub const PORT: u16 = 5351;
/// The version of RFC 6887 (section 7.1). 0 on this port is NAT-PMP.
pub const VERSION: u8 = 2;

/// A request (section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The address that the client sends from, as it knows it: another source means a NAT before the server (section 8.1).
    pub client: IpAddr,
    /// How long a mapping is to last, in seconds; 0 deletes it (section 15).
    pub lifetime_s: u32,
    /// What is asked.
    #[serde(flatten)]
    pub body: Body,
    /// The options it carries, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Extra>,
}

/// A response (section 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The version that the server speaks. Of any other than 2 nothing but the result is read (section 9).
    pub version: u8,
    /// What came of the request.
    pub result: ResultCode,
    /// For how long in seconds: the mapping, or the error (section 7.2).
    pub lifetime_s: u32,
    /// The server's time in seconds since it lost its state, if it ever did (section 8.5).
    pub epoch_s: u32,
    /// What was asked, and what is answered to it.
    #[serde(flatten)]
    pub body: Body,
    /// The options it carries, in this order. A client ignores those that it does not know (section 7.3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Extra>,
}

/// The opcode with its data (sections 11.1 and 14.1.1); PEER creates what an outgoing packet creates anyhow, and is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "opcode", rename_all = "kebab-case")]
pub enum Body {
    /// Is there a server, and since when? Creates nothing.
    Announce,
    /// Let in what comes for this port, whoever sends it.
    Map(Mapping),
    /// An opcode that is not known here, or that came without its data.
    Unread {
        /// The opcode.
        number: u8,
    },
}

/// A mapping (section 11.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// By whom the mapping may be changed and deleted. In no output: whoever has it has the mapping.
    #[serde(skip)]
    pub nonce: Nonce,
    /// The protocol by its number: 17 for UDP, 6 for TCP.
    pub protocol: u8,
    /// The port of the host.
    pub internal_port: u16,
    /// The address and port outside: suggested in a request, assigned in a response. Unspecified without a wish.
    pub external: SocketAddr,
}

/// A mapping nonce (section 11.1), or none yet: whoever sends the request draws it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Nonce(pub Option<[u8; 12]>);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "12 bytes" } else { "none" })
    }
}

/// An option (section 7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extra {
    /// Its number: from 128 on a server may ignore it, below it must not.
    pub code: u8,
    /// Its value.
    #[serde(skip)]
    pub data: Vec<u8>,
}

impl Extra {
    /// Whether whoever does not know it has to refuse the request that carries it.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.code < 0x80
    }

    /// The registered name of the options of RFC 6887 (section 13).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self.code {
            1 => Some("THIRD_PARTY"),
            2 => Some("PREFER_FAILURE"),
            3 => Some("FILTER"),
            _ => None,
        }
    }
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "option {}", self.code),
        }
    }
}

impl Body {
    /// The number in the header.
    #[must_use]
    pub fn opcode(&self) -> u8 {
        match self {
            Self::Announce => 0,
            Self::Map(_) => 1,
            Self::Unread { number } => *number,
        }
    }

    /// The registered name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Announce => "ANNOUNCE",
            Self::Map(_) => "MAP",
            Self::Unread { .. } => "unknown opcode",
        }
    }

    /// The mapping that it is about.
    #[must_use]
    pub fn mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Map(mapping) => Some(mapping),
            Self::Announce | Self::Unread { .. } => None,
        }
    }

    /// The mapping that it is about.
    pub fn mapping_mut(&mut self) -> Option<&mut Mapping> {
        match self {
            Self::Map(mapping) => Some(mapping),
            Self::Announce | Self::Unread { .. } => None,
        }
    }
}

impl Request {
    /// The least intrusive request: it proves a server and tells its epoch (section 14.1).
    #[must_use]
    pub fn announce(client: IpAddr) -> Self {
        Self { client, lifetime_s: 0, body: Body::Announce, options: Vec::new() }
    }

    /// A request for a mapping, or with the lifetime 0 for its end.
    #[must_use]
    pub fn map(client: IpAddr, lifetime_s: u32, mapping: Mapping) -> Self {
        Self { client, lifetime_s, body: Body::Map(mapping), options: Vec::new() }
    }

    /// The response to it, so far without anything said.
    #[must_use]
    pub fn response(&self, result: ResultCode, lifetime_s: u32, epoch_s: u32) -> Response {
        let (body, options) = (self.body.clone(), self.options.clone());
        Response { version: VERSION, result, lifetime_s, epoch_s, body, options }
    }
}

impl fmt::Display for Request {
    /// In words: "PCP ANNOUNCE", "PCP MAP, UDP port 40000, for 120 s".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PCP {}", self.body.name())?;
        let Some(mapping) = self.body.mapping() else { return Ok(()) };
        match mapping.protocol {
            17 => write!(f, ", UDP port {}", mapping.internal_port)?,
            6 => write!(f, ", TCP port {}", mapping.internal_port)?,
            number => write!(f, ", port {} of protocol {number}", mapping.internal_port)?,
        }
        if self.lifetime_s == 0 { f.write_str(", to be deleted") } else { write!(f, ", for {} s", self.lifetime_s) }
    }
}
