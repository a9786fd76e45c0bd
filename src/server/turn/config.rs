//! What a simulated TURN server is told to be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Deserializer};

use super::fault::TurnFault;
use crate::wire::{Family, Secret};

/// What makes a STUN server a TURN server. Left out, each property is that of a common one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a scenario file, independent of each other")]
pub struct TurnConfig {
    /// Who may use it.
    pub users: Vec<TurnUser>,
    /// The secret of REST credentials; with it the users' own passwords do not count, as with coturn.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<Secret>,
    /// Its realm.
    pub realm: String,
    /// How far its clock is ahead of the client's, in seconds.
    pub clock_skew_s: i64,
    /// Offers SHA-256 and hidden user names (RFC 8489 section 9.2).
    pub sha256: bool,
    /// How long a nonce is good.
    pub nonce_s: u32,
    /// Where relayed IPv4 packets leave from; left out, the server's own address.
    pub relay_ipv4: Option<Ipv4Addr>,
    /// Where relayed IPv6 packets leave from; left out, the server's own address.
    pub relay_ipv6: Option<Ipv6Addr>,
    /// Whether there are relayed addresses of the families.
    pub families: Vec<Family>,
    /// The address that the fault `wrong-external` tells.
    pub external: Ipv4Addr,
    /// The address that the fault `private-relay` tells.
    pub private: Ipv4Addr,
    /// It is in the host's own network, behind its NAT, which has this address and forwards the relayed ports to it: the relayed addresses
    /// that it tells have it, and so has what it sends out of that network.
    pub home: Option<Ipv4Addr>,
    /// The first and the last relayed port.
    pub ports: (u16, u16),
    /// The lifetime of allocations for which none or a shorter one is asked.
    pub lifetime_s: u32,
    /// The longest lifetime.
    pub max_lifetime_s: u32,
    /// How many allocations each user may have.
    pub user_quota: Option<usize>,
    /// How many allocations it has room for.
    pub capacity: Option<usize>,
    /// Where the fault `redirect` sends.
    pub alternate_server: Option<SocketAddr>,
    /// EVEN-PORT.
    pub even_port: bool,
    /// Reserving the next port.
    pub reservation: bool,
    /// DONT-FRAGMENT; else 420.
    pub dont_fragment: bool,
    /// MOBILITY-TICKET (RFC 8016); else 405.
    pub mobility: bool,
    /// TCP relays (RFC 6062); else 442.
    pub tcp_relay: bool,
    /// ADDITIONAL-ADDRESS-FAMILY; else ADDRESS-ERROR-CODE.
    pub both_families: bool,
    /// The share of data that the fault `lossy` loses, each way.
    pub relay_loss: f64,
    /// The largest data that the fault `mtu` lets pass.
    pub mtu: usize,
    /// What the fault `throttled` takes from each client, in bits a second.
    pub max_bps: u32,
    /// When the fault `allocation-vanishes` strikes.
    pub vanishes_after_s: u32,
    /// What it gets wrong.
    pub faults: Vec<TurnFault>,
}

/// Somebody who may use a TURN server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnUser {
    /// USERNAME.
    pub name: String,
    /// The password.
    #[serde(deserialize_with = "needed_secret")]
    pub password: Secret,
}

impl TurnUser {
    /// A user.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.into(), password: Secret::new(password) }
    }
}

impl Default for TurnConfig {
    fn default() -> Self {
        Self {
            users: vec![TurnUser::new("demo", "demo")],
            secret: None,
            realm: "example.org".into(),
            clock_skew_s: 0,
            sha256: false,
            nonce_s: 600,
            relay_ipv4: None,
            relay_ipv6: None,
            families: vec![Family::Ipv4, Family::Ipv6],
            external: Ipv4Addr::new(198, 51, 100, 99),
            private: Ipv4Addr::new(10, 0, 0, 5),
            home: None,
            ports: (49_152, 65_535),
            lifetime_s: 600,
            max_lifetime_s: 3_600,
            user_quota: None,
            capacity: None,
            alternate_server: None,
            even_port: true,
            reservation: true,
            dont_fragment: true,
            mobility: false,
            tcp_relay: true,
            both_families: true,
            relay_loss: 0.2,
            mtu: 1_000,
            max_bps: 16_000,
            vanishes_after_s: 30,
            faults: Vec::new(),
        }
    }
}

impl TurnConfig {
    /// Whether it gets that wrong.
    #[must_use]
    pub fn has(&self, fault: TurnFault) -> bool {
        self.faults.contains(&fault)
    }

    /// The address that packets leave from, where another one than the server's is configured.
    pub(super) fn relay(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::Ipv4 => self.relay_ipv4.map(IpAddr::V4),
            Family::Ipv6 => self.relay_ipv6.map(IpAddr::V6),
        }
    }

    /// What cannot be, in words.
    ///
    /// # Errors
    ///
    /// The property that is wrong and why.
    pub fn check(&self) -> Result<(), String> {
        if self.ports.0 == 0 || self.ports.0 > self.ports.1 {
            return Err(format!("`turn.ports` must be two ports in order, not {} and {}", self.ports.0, self.ports.1));
        }
        if !(0.0..=1.0).contains(&self.relay_loss) {
            return Err(format!("`turn.relay_loss` is a probability, from 0 to 1, not {}", self.relay_loss));
        }
        if self.lifetime_s == 0 || self.max_lifetime_s == 0 {
            return Err("`turn.lifetime_s` and `turn.max_lifetime_s` must be at least 1".into());
        }
        if self.has(TurnFault::Redirect) && self.alternate_server.is_none() {
            return Err("`turn.alternate_server` is missing for the fault `redirect`".into());
        }
        Ok(())
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    needed_secret(deserializer).map(Some)
}

fn needed_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
