//! What a NAT or a firewall is told to do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Deserializer};

use crate::evidence::Behavior;
use crate::server::gateway::GatewayConfig;
use crate::sim::ports::PortRule;
use crate::wire::Family;
use crate::wire::stun::message::MAGIC_COOKIE;

/// One NAT or firewall. Left out in a scenario file, each property is that of a common home router.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a scenario file, independent of each other")]
pub struct NatConfig {
    /// The families it sees; others pass it by. Empty means IPv4 for a NAT and both for a firewall without mapping.
    pub families: Vec<Family>,
    /// What the mapping depends on; `none` makes it a firewall that translates nothing.
    #[serde(deserialize_with = "mapping")]
    pub mapping: Option<Behavior>,
    /// How TCP is mapped.
    pub tcp_mapping: TcpMapping,
    /// Whose packets get in.
    pub filtering: Behavior,
    /// Which outgoing packets the filter remembers.
    pub filter_scope: FilterScope,
    /// How external ports are chosen.
    pub ports: PortRule,
    /// Its external addresses.
    pub external: Vec<IpAddr>,
    /// Which of them a mapping gets.
    pub pooling: Pooling,
    /// Keeps the inside address and changes only the port.
    pub port_rewrite: bool,
    /// Whether inside hosts reach each other by their external addresses.
    pub hairpin: Hairpin,
    /// How long a mapping, and a filter's memory, lasts without a packet.
    pub timeout_s: u32,
    /// Whether incoming packets keep a mapping alive too (RFC 4787 REQ-6a).
    pub inbound_refresh: bool,
    /// After a packet from a stranger it lets none in for that many milliseconds (protection against floods); 0 for no limit.
    pub strangers_every_ms: f64,
    /// What happens to outgoing UDP.
    pub udp: Policy,
    /// What happens to outgoing TCP.
    pub tcp: Policy,
    /// Which outgoing UDP vanishes, though UDP passes.
    pub blocks: Blocks,
    /// Rewrites the MAPPED-ADDRESS of incoming STUN responses from the external address to the inside one, as helpful
    /// application layer gateways do (RFC 5780 section 3.6).
    pub alg: bool,
    /// Rewrites XOR-MAPPED-ADDRESS in the same way.
    pub alg_xor: bool,
    /// The prefix, of 96 bits, behind which it takes IPv6 packets to IPv4 servers (RFC 6146); all others pass it by.
    pub nat64: Option<Ipv6Addr>,
    /// Linux whose own INPUT accepts unsolicited packets from outside: such a packet becomes a connection tracking entry, and a
    /// later flow from the same port to exactly its source collides with it and leaves from another external port.
    pub linux_conntrack_quirk: bool,
    /// Its own server of port mappings (PCP, NAT-PMP); left out, it has none.
    pub gateway: Option<GatewayConfig>,
    /// The address it signs ICMP errors with; left out, its first external one.
    pub address: Option<IpAddr>,
}

impl Default for NatConfig {
    fn default() -> Self {
        Self {
            families: Vec::new(),
            mapping: Some(Behavior::EndpointIndependent),
            tcp_mapping: TcpMapping::default(),
            filtering: Behavior::AddressAndPortDependent,
            filter_scope: FilterScope::default(),
            ports: PortRule::default(),
            external: vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))],
            pooling: Pooling::default(),
            port_rewrite: false,
            hairpin: Hairpin::default(),
            timeout_s: 120,
            inbound_refresh: true,
            strangers_every_ms: 0.0,
            udp: Policy::default(),
            tcp: Policy::default(),
            blocks: Blocks::default(),
            alg: false,
            alg_xor: false,
            nat64: None,
            linux_conntrack_quirk: false,
            gateway: None,
            address: None,
        }
    }
}

impl NatConfig {
    /// A firewall that translates nothing and lets in whom the behavior allows.
    #[must_use]
    pub fn firewall(filtering: Behavior) -> Self {
        Self { mapping: None, filtering, external: Vec::new(), ..Self::default() }
    }

    /// Whether packets of this family meet it.
    #[must_use]
    pub fn sees(&self, family: Family) -> bool {
        if self.families.is_empty() {
            self.mapping.is_none() || family == Family::Ipv4
        } else {
            self.families.contains(&family)
        }
    }

    /// Whether it translates this family.
    #[must_use]
    pub fn translates(&self, family: Family) -> bool {
        self.mapping.is_some() && self.sees(family)
    }

    /// Its external address of the family; without one, that of a home router inside.
    #[must_use]
    pub fn told(&self, family: Family) -> IpAddr {
        self.external.iter().copied().find(|&ip| family.has(ip)).unwrap_or(match family {
            Family::Ipv4 => Ipv4Addr::new(192, 168, 1, 1).into(),
            Family::Ipv6 => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1).into(),
        })
    }

    /// What cannot be, in words.
    ///
    /// # Errors
    ///
    /// The property that is wrong and why.
    pub fn check(&self) -> Result<(), String> {
        for family in [Family::Ipv4, Family::Ipv6] {
            let has_address = self.external.iter().any(|&ip| family.has(ip));
            if self.translates(family) && !self.port_rewrite && !has_address {
                return Err(format!("`external` has no {} address to translate to", family.name()));
            }
        }
        if !(0.0..=3_600_000.0).contains(&self.strangers_every_ms) {
            return Err("`strangers_every_ms` must be from 0 to 3600000".into());
        }
        if self.gateway.as_ref().is_some_and(|gateway| !(0.0..=60_000.0).contains(&gateway.rtt_ms)) {
            return Err("`gateway.rtt_ms` must be from 0 to 60000".into());
        }
        if self.timeout_s == 0 {
            return Err("`timeout_s` must be at least 1".into());
        }
        if self.ports == (PortRule::Sequential { step: 0 }) {
            return Err("`ports.sequential.step` must not be 0".into());
        }
        Ok(())
    }
}

/// Which outgoing packets the filter remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterScope {
    /// What left through the mapping that an incoming packet is addressed to.
    #[default]
    PerMapping,
    /// What left from the inside host, whatever the socket.
    Host,
}

/// Which external address a mapping gets (RFC 4787 section 4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Always the same one for an inside host.
    #[default]
    Paired,
    /// A random one for each mapping.
    Arbitrary,
    /// Several lines out: one for each destination address, in turn; the external port is the same on all.
    PerDestination,
    /// The same, and each line chooses its ports by itself.
    SeparateExits,
    /// Several lines out, each with ports of its own: any of them for each packet.
    PerPacket,
}

/// Whether inside hosts reach each other by their external addresses (RFC 4787 section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hairpin {
    /// They do not.
    #[default]
    No,
    /// They do, and see the external source (REQ-9a). The filter applies as to any packet.
    ExternalSource,
    /// They do, and see the internal source: a host drops what seems to come from itself, as Linux does.
    InternalSource,
    /// The NAT answers with ICMP port unreachable.
    Refused,
}

/// Which outgoing datagrams vanish where UDP passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blocks {
    /// Those to these ports.
    pub ports: Vec<u16>,
    /// Those with the magic cookie of STUN where STUN has it (RFC 8489 section 5).
    pub stun: bool,
}

impl Blocks {
    /// Whether this datagram vanishes.
    #[must_use]
    pub fn block(&self, destination: SocketAddr, bytes: &[u8]) -> bool {
        self.ports.contains(&destination.port()) || self.stun && bytes.get(4..8) == Some(&MAGIC_COOKIE)
    }
}

/// What happens to packets of one protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// They pass.
    #[default]
    Pass,
    /// They vanish.
    Drop,
    /// They are answered with ICMP administratively prohibited.
    Reject,
}

/// How TCP is mapped (RFC 5382 section 4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpMapping {
    /// By the rule of UDP.
    #[default]
    SameAsUdp,
    /// Another external port for each connection, even to the same destination.
    ConnectionDependent,
}

/// TOML has no null: `none` stands for no mapping.
fn mapping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Behavior>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Word {
        None,
        EndpointIndependent,
        AddressDependent,
        AddressAndPortDependent,
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::None => None,
        Word::EndpointIndependent => Some(Behavior::EndpointIndependent),
        Word::AddressDependent => Some(Behavior::AddressDependent),
        Word::AddressAndPortDependent => Some(Behavior::AddressAndPortDependent),
    })
}
