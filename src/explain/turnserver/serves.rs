//! What a configuration says of whom the server serves, and to which peers it relays.

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::configuration::{Configuration, peers, within};
use crate::wire::escape;

/// By what a server is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Serves {
    /// Its realm. Escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// Its addresses, those that a NAT has for it among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct PeerRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

impl PeerRange {
    /// An address, or two with a hyphen between them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        peers(text).map(|(first, last)| Self { first, last })
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn contains(self, ip: IpAddr) -> bool {
        within(ip, (self.first, self.last))
    }
}

impl fmt::Display for PeerRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// A line of `denied-peer-ip` or `allowed-peer-ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeerRule {
    /// Which peers.
    pub range: PeerRange,
    /// Whether it allows them, which wins over what denies them.
    pub allows: bool,
}

/// Whom it serves, and its rules about peers with their lines.
pub(super) fn find(configuration: &Configuration) -> (Serves, Vec<(u32, PeerRule)>) {
    let realm = configuration.given("realm").filter(|setting| setting.unfilled().is_none() && !setting.of_template());
    let realm = realm.map(|setting| escape(&setting.value));
    let mut addresses: Vec<IpAddr> = configuration.own_addresses().into_iter().map(|(ip, _)| ip).collect();
    addresses.retain(|ip| !ip.is_unspecified() && !ip.is_loopback());
    addresses.sort_unstable();
    addresses.dedup();
    let rules = |key, allows| {
        let read = move |setting: &super::read::Setting| {
            Some((setting.line, PeerRule { range: PeerRange::parse(&setting.value)?, allows }))
        };
        configuration.all(key).filter_map(read)
    };
    let mut found: Vec<(u32, PeerRule)> =
        rules("denied-peer-ip", false).chain(rules("allowed-peer-ip", true)).collect();
    found.sort_by_key(|(line, _)| *line);
    (Serves { realm, addresses }, found)
}
