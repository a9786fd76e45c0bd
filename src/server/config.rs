//! What a simulated STUN server is told to be.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use serde::Deserialize;

use super::certificate::Certificate;
use super::fault::Fault;
use super::turn::TurnConfig;
use crate::wire::{Family, Transport};

/// One STUN server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Its name, without port; must be given.
    pub name: String,
    /// Its primary IPv4 address and port.
    pub ipv4: Option<SocketAddrV4>,
    /// Its alternate IPv4 address and port: both differ from the primary ones (RFC 5780 section 6).
    pub ipv4_alternate: Option<SocketAddrV4>,
    /// Its primary IPv6 address and port.
    pub ipv6: Option<SocketAddrV6>,
    /// Its alternate IPv6 address and port.
    pub ipv6_alternate: Option<SocketAddrV6>,
    /// How it answers.
    pub style: Style,
    /// More ports of its primary addresses that it listens on.
    pub more_ports: Vec<u16>,
    /// Ports over UDP that its own firewall drops.
    pub closed_ports: Vec<u16>,
    /// What it serves. TLS is spoken on the TCP ports too, as coturn does.
    pub transports: Vec<Transport>,
    /// The port that speaks TLS only, on both addresses.
    pub tls_port: u16,
    /// What it shows in a TLS or DTLS handshake.
    pub certificate: Certificate,
    /// Whether its TLS port answers what is no TLS with an alert, as most do; else it hangs up.
    pub tls_alert: bool,
    /// What it calls itself; empty for no SOFTWARE.
    pub software: String,
    /// Whether it honors RESPONSE-PORT (else it ignores it).
    pub response_port: bool,
    /// How much further away than the link's end it is, there and back, in milliseconds.
    pub rtt_ms: f64,
    /// What it always gets wrong.
    pub faults: Vec<Fault>,
    /// What it gets wrong with this probability, drawn for each request.
    pub sometimes: BTreeMap<Fault, f64>,
    /// By how much a `late` answer is late, in milliseconds.
    pub late_ms: f64,
    /// What makes it a TURN server.
    pub turn: Option<TurnConfig>,
}

/// How a server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Behavior discovery: four points, CHANGE-REQUEST, RESPONSE-PORT, PADDING, OTHER-ADDRESS, RESPONSE-ORIGIN.
    #[default]
    Rfc5780,
    /// Plain STUN: one address, XOR-MAPPED-ADDRESS, and 420 for what it does not know.
    Rfc8489Plain,
    /// Classic STUN: no magic cookie needed; MAPPED-ADDRESS, SOURCE-ADDRESS, CHANGED-ADDRESS.
    Rfc3489,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            ipv4: None,
            ipv4_alternate: None,
            ipv6: None,
            ipv6_alternate: None,
            style: Style::default(),
            more_ports: Vec::new(),
            closed_ports: Vec::new(),
            transports: vec![Transport::Udp, Transport::Tcp],
            tls_port: 5349,
            certificate: Certificate::default(),
            tls_alert: false,
            software: String::from("nat-probe simulated server"),
            response_port: true,
            rtt_ms: 0.0,
            faults: Vec::new(),
            sometimes: BTreeMap::new(),
            late_ms: 3_000.0,
            turn: None,
        }
    }
}

impl ServerConfig {
    /// Its primary and its alternate endpoint in this family. Plain servers have no use for an alternate one.
    #[must_use]
    pub fn endpoints(&self, family: Family) -> Option<(SocketAddr, Option<SocketAddr>)> {
        let (primary, alternate) = match family {
            Family::Ipv4 => (self.ipv4.map(SocketAddr::V4), self.ipv4_alternate.map(SocketAddr::V4)),
            Family::Ipv6 => (self.ipv6.map(SocketAddr::V6), self.ipv6_alternate.map(SocketAddr::V6)),
        };
        primary.map(|primary| (primary, alternate.filter(|_| self.style != Style::Rfc8489Plain)))
    }

    /// The server as people would write it.
    #[must_use]
    pub fn written(&self) -> String {
        let primary = self.ipv4.map(SocketAddr::V4).or(self.ipv6.map(SocketAddr::V6));
        format!("{}:{}", self.name, primary.map_or(3478, |address| address.port()))
    }

    /// What cannot be, in words.
    ///
    /// # Errors
    ///
    /// The property that is wrong and why.
    pub fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("`name` is missing".into());
        }
        if self.name.contains([':', '/', ' ']) || self.name.parse::<IpAddr>().is_ok() {
            return Err(format!("`name` is a host name without port, not {:?}", self.name));
        }
        for family in [Family::Ipv4, Family::Ipv6] {
            let name = family.name();
            let Some((primary, alternate)) = self.endpoints(family) else {
                if (family == Family::Ipv4 && self.ipv4_alternate.is_some())
                    || (family == Family::Ipv6 && self.ipv6_alternate.is_some())
                {
                    return Err(format!("`{name}_alternate` without `{name}`"));
                }
                continue;
            };
            if primary.port() == 0 || alternate.is_some_and(|alternate| alternate.port() == 0) {
                return Err(format!("`{name}` and `{name}_alternate` need a port other than 0"));
            }
            if alternate.is_some_and(|alternate| alternate.ip() == primary.ip() || alternate.port() == primary.port()) {
                return Err(format!(
                    "`{name}_alternate` must differ from `{name}` in address and port (for one that does not, the fault is `other-same-ip`)"
                ));
            }
        }
        for (fault, probability) in &self.sometimes {
            if !(0.0..=1.0).contains(probability) {
                return Err(format!(
                    "`sometimes`: the probability of {fault:?} must be from 0 to 1, not {probability}"
                ));
            }
        }
        for (name, value) in [("rtt_ms", self.rtt_ms), ("late_ms", self.late_ms)] {
            if !(0.0..=3_600_000.0).contains(&value) {
                return Err(format!("`{name}` must be from 0 to 3600000, not {value}"));
            }
        }
        self.turn.as_ref().map_or(Ok(()), TurnConfig::check)
    }
}
