//! The interfaces of this host, as far as the candidates of ICE depend on them (RFC 8445 section 5.1.1.1).

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An interface that is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What it leads to.
    #[serde(default)]
    pub kind: InterfaceKind,
    /// Its addresses, in the order in which the system tells them.
    pub addresses: Vec<InterfaceAddress>,
}

/// What an interface leads to, as far as the system tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// This host itself.
    Loopback,
    /// One other end: a VPN, a tunnel, a modem.
    PointToPoint,
    /// Containers or virtual machines of this host.
    Bridge,
    /// A wireless network.
    Wireless,
    /// Anything else: a cable, as a rule.
    #[default]
    #[serde(other)]
    Other,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterfaceAddress {
    /// The address.
    pub address: IpAddr,
    /// How many of its first bits the network shares, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u8>,
    /// It changes from day to day, so that nobody follows it (RFC 8981).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// It is not to be used for what is new (RFC 4862 section 5.5.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Whether another host has it is still being found out, or another has it (RFC 4862 section 5.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tentative: bool,
}

impl From<IpAddr> for InterfaceAddress {
    /// An address of which nothing more is known.
    fn from(address: IpAddr) -> Self {
        Self { address, prefix: None, temporary: false, deprecated: false, tentative: false }
    }
}
