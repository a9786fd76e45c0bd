//! One NAT or firewall: what it does to a packet that leaves, and to one that wants in. Pure: time and chance are handed in.
//!
//! A mapping is made for as much of the remote end as the mapping behavior looks at (RFC 4787 section 4.1). The filter belongs
//! to the mapping: a packet addressed to an external endpoint is judged against what the inside endpoint sent *through that
//! endpoint* (section 5), which gives all nine pairs a meaning. A firewall is a NAT whose external endpoints are the inside ones.

mod config;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

pub use config::{Blocks, FilterScope, Hairpin, NatConfig, Policy, Pooling, TcpMapping};
use table::{Contacts, Key, Remote, Table};

use super::packet::{Packet, Payload, Protocol};
use super::ports::Ports;
use crate::engine::Time;
use crate::evidence::{Behavior, FailureCode};
use crate::server::gateway::GatewayServer;
use crate::server::random::Random;
use crate::server::time::millis;
use crate::wire::Family;

/// How long Linux keeps a connection tracking entry that saw packets one way only (`nf_conntrack_udp_timeout`).
const UNREPLIED: Duration = Duration::from_secs(30);

/// What became of an outgoing packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It goes on.
    Forward,
    /// It is gone.
    Drop,
    /// It is refused by this address, with that code.
    Reject(IpAddr, FailureCode),
    /// It was for an inside host: it goes back in.
    Turned,
}

/// A NAT or firewall with its memory.
#[derive(Clone, Debug)]
pub(super) struct Nat {
    config: NatConfig,
    timeout: Duration,
    table: Table,
    ports: Ports,
    /// Whom each inside host sent to, for a filter that opens for the whole host.
    hosts: BTreeMap<IpAddr, Contacts>,
    /// The place in the pool of each inside host (paired) or destination (several lines).
    places: BTreeMap<IpAddr, usize>,
    /// Entries that unsolicited packets left: external endpoint and remote (see `linux_conntrack_quirk`).
    squatters: BTreeMap<(SocketAddr, SocketAddr), Time>,
    connections: u32,
    /// When a stranger of each family got in last.
    strangers: BTreeMap<Family, Time>,
    /// Its own server of port mappings: what that maps gets in, whoever sends it.
    gateway: Option<GatewayServer>,
}

impl Nat {
    /// A NAT just switched on.
    #[must_use]
    pub(super) fn new(config: &NatConfig, random: &mut Random) -> Self {
        let timeout = Duration::from_secs(u64::from(config.timeout_s));
        Self {
            timeout,
            table: Table::new(timeout),
            ports: Ports::new(config.ports, random),
            config: config.clone(),
            hosts: BTreeMap::new(),
            places: BTreeMap::new(),
            squatters: BTreeMap::new(),
            connections: 0,
            strangers: BTreeMap::new(),
            gateway: config.gateway.as_ref().map(|gateway| GatewayServer::new(gateway, config.told(Family::Ipv4))),
        }
    }

    /// A packet from inside: translates its source.
    pub(super) fn outbound(&mut self, now: Time, packet: &mut Packet, random: &mut Random) -> Passage {
        if let Some(prefix) = self.config.nat64 {
            let Some(server) = extract(prefix, packet.destination.ip()) else { return Passage::Forward };
            packet.destination.set_ip(server);
        } else if !self.config.sees(packet.family()) {
            return Passage::Forward;
        }
        let family = packet.family();
        match self.policy(packet.protocol) {
            Policy::Pass => {}
            Policy::Drop => return Passage::Drop,
            Policy::Reject => return Passage::Reject(self.address(family), FailureCode::Prohibited),
        }
        if packet.protocol == Protocol::Udp
            && let Payload::Data(bytes) = &packet.payload
            && self.config.blocks.block(packet.destination, bytes)
        {
            return Passage::Drop;
        }
        let (inside, remote) = (packet.source, packet.destination);
        // What goes to a group of the own network does not leave it (RFC 2365 section 6.1).
        if remote.ip().is_multicast() && self.config.mapping.is_some() {
            return Passage::Drop;
        }
        let port = self.gateway.as_ref().and_then(|one| one.external_port(packet.protocol.mapped(), inside, now));
        if let Some(port) = port {
            packet.source = SocketAddr::new(self.config.told(family), port);
            return if self.config.external.contains(&remote.ip()) {
                self.turn(now, packet, inside)
            } else {
                Passage::Forward
            };
        }
        let Some(external) = self.map(now, packet.protocol, inside, remote, random) else {
            return Passage::Drop;
        };
        if let Some(mapping) = self.table.at_mut(packet.protocol, external, now) {
            mapping.used = now;
            mapping.contacts.note(remote, now);
        }
        self.hosts.entry(inside.ip()).or_default().note(remote, now);
        packet.source = external;
        if self.config.mapping.is_some() && self.config.external.contains(&remote.ip()) {
            return self.turn(now, packet, inside);
        }
        Passage::Forward
    }

    /// Its own server of port mappings, where the packet is for the NAT itself, or for a group, in which it is.
    pub(super) fn gateway_at(&mut self, ip: IpAddr) -> Option<&mut GatewayServer> {
        self.gateway.as_mut().filter(|gateway| gateway.address() == ip || ip.is_multicast())
    }

    /// Its own server of port mappings.
    #[must_use]
    pub(super) fn gateway(&self) -> Option<&GatewayServer> {
        self.gateway.as_ref()
    }

    /// Whether that is one of its external addresses; `None` where it translates none of the family, and those behind it are seen.
    #[must_use]
    pub(super) fn shows(&self, ip: IpAddr) -> Option<bool> {
        let translates =
            self.config.translates(if ip.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }) && !self.config.port_rewrite;
        let shown = self.config.external.contains(&ip);
        (translates || self.config.nat64.is_some() && shown).then_some(shown)
    }

    /// A packet from outside: whether it gets in, its destination then translated.
    pub(super) fn inbound(&mut self, now: Time, packet: &mut Packet) -> bool {
        let not_for_it = match self.config.nat64 {
            Some(_) => !self.config.external.contains(&packet.destination.ip()),
            None => !self.config.sees(packet.family()),
        };
        if not_for_it {
            return true;
        }
        if self.policy(packet.protocol) != Policy::Pass {
            return false;
        }
        let external = packet.destination;
        let Some(inside) = self.admit(now, packet) else {
            if self.config.linux_conntrack_quirk && matches!(packet.payload, Payload::Data(_)) {
                self.squatters.insert((external, packet.source), now);
            }
            return false;
        };
        packet.destination = inside;
        if let Payload::Data(bytes) = &mut packet.payload {
            if self.config.alg {
                rewrite(bytes, MAPPED_ADDRESS, &plain(external), &plain(inside));
            }
            if self.config.alg_xor && external.is_ipv4() == inside.is_ipv4() {
                rewrite(bytes, XOR_MAPPED_ADDRESS, &xored(external), &xored(inside));
            }
        }
        if let Some(prefix) = self.config.nat64 {
            packet.source.set_ip(embed(prefix, packet.source.ip()));
        }
        true
    }

    /// The inside endpoint that a packet from outside is for, if it may get in.
    fn admit(&mut self, now: Time, packet: &Packet) -> Option<SocketAddr> {
        let port = packet.destination.port();
        let mapped = self.gateway.as_ref().and_then(|one| one.inside(packet.protocol.mapped(), port, now));
        if mapped.is_some() {
            return mapped;
        }
        let (timeout, filtering) = (self.timeout, self.config.filtering);
        let Some(mapping) = self.table.at_mut(packet.protocol, packet.destination, now) else {
            // Without translation there is an inside endpoint even where nothing was ever sent from it.
            let host =
                self.hosts.get(&packet.destination.ip()).filter(|_| self.config.filter_scope == FilterScope::Host);
            let open = filtering == Behavior::EndpointIndependent
                || host.is_some_and(|contacts| contacts.admit(filtering, packet.source, now, timeout));
            return (self.config.mapping.is_none() && open).then_some(packet.destination);
        };
        let inside = mapping.key.inside;
        let contacts = match self.config.filter_scope {
            FilterScope::PerMapping => Some(&mapping.contacts),
            FilterScope::Host => self.hosts.get(&inside.ip()),
        };
        // An ICMP error names the packet it is about; that packet went out through the mapping (RFC 4787 REQ-12).
        let about_ours = matches!(packet.payload, Payload::Unreachable { .. });
        if !about_ours && !contacts.is_some_and(|contacts| contacts.admit(filtering, packet.source, now, timeout)) {
            return None;
        }
        let every = millis(self.config.strangers_every_ms);
        let known = contacts
            .is_some_and(|contacts| contacts.admit(Behavior::AddressAndPortDependent, packet.source, now, timeout));
        if !every.is_zero() && !about_ours && !known {
            if self.strangers.get(&packet.family()).is_some_and(|&last| now.saturating_sub(last) < every) {
                return None;
            }
            self.strangers.insert(packet.family(), now);
        }
        if self.config.inbound_refresh && !about_ours {
            mapping.used = now;
        }
        Some(inside)
    }

    /// The external endpoint for a packet from inside, made if need be; `None` when no port is left.
    fn map(
        &mut self,
        now: Time,
        protocol: Protocol,
        inside: SocketAddr,
        remote: SocketAddr,
        random: &mut Random,
    ) -> Option<SocketAddr> {
        let Some(behavior) = self.config.mapping else {
            let key = Key { protocol, inside, remote: Remote::Any, exit: None };
            if self.table.external(&key, now).is_none() {
                self.table.insert(key, inside, now);
            }
            return Some(inside);
        };
        let part = if protocol == Protocol::Tcp && self.config.tcp_mapping == TcpMapping::ConnectionDependent {
            self.connections = self.connections.wrapping_add(1);
            Remote::Connection(self.connections)
        } else {
            Remote::by(behavior, remote)
        };
        let exit = match self.config.pooling {
            Pooling::PerDestination | Pooling::SeparateExits => Some(self.pooled(remote.ip(), inside.ip())),
            Pooling::PerPacket => {
                let size = self.pool(inside.ip()).count().max(1);
                self.pool(inside.ip()).nth(random.below(size))
            }
            Pooling::Paired | Pooling::Arbitrary => None,
        };
        let key = Key { protocol, inside, remote: part, exit };
        // A flow that once had to move keeps its own mapping, whatever the others of its socket have.
        let flow = Key { remote: Remote::Endpoint(remote), ..key };
        if let Some(own) = self.table.external(&flow, now).filter(|_| flow != key) {
            return Some(own);
        }
        let external = match self.table.external(&key, now) {
            Some(external) => external,
            None => self.allocate(now, key, remote, random)?,
        };
        if self.is_squatted(now, external, remote) { self.allocate(now, flow, remote, random) } else { Some(external) }
    }

    fn allocate(&mut self, now: Time, key: Key, remote: SocketAddr, random: &mut Random) -> Option<SocketAddr> {
        let inside = key.inside;
        let address = if self.config.port_rewrite {
            inside.ip()
        } else {
            match (key.exit, self.config.pooling) {
                (Some(exit), _) => exit,
                (None, Pooling::Arbitrary) => {
                    let pool: Vec<IpAddr> = self.pool(inside.ip()).collect();
                    pool.get(random.below(pool.len())).copied().unwrap_or(inside.ip())
                }
                (None, _) => self.pooled(inside.ip(), inside.ip()),
            }
        };
        let (table, squatters) = (&self.table, &self.squatters);
        let is_free = |port| {
            let external = SocketAddr::new(address, port);
            let squatted = squatters.get(&(external, remote)).is_some_and(|&at| now.saturating_sub(at) <= UNREPLIED);
            table.at(key.protocol, external, now).is_none() && (!squatted || key.remote == Remote::Any)
        };
        // The lines out of one router share its port choice.
        let shared = key.exit.filter(|_| self.config.pooling == Pooling::PerDestination);
        let port = shared
            .and_then(|_| {
                let others = self.pool(inside.ip()).map(|exit| Key { exit: Some(exit), ..key });
                others
                    .filter_map(|other| table.external(&other, now))
                    .map(|other| other.port())
                    .find(|&port| is_free(port))
            })
            .or_else(|| self.ports.choose(inside.port(), random, is_free))?;
        let external = SocketAddr::new(address, port);
        self.table.insert(key, external, now);
        Some(external)
    }

    /// Hairpinning: a packet for an own external address goes through the filter like one from outside.
    fn turn(&mut self, now: Time, packet: &mut Packet, inside: SocketAddr) -> Passage {
        if self.config.hairpin == Hairpin::Refused {
            // The error is for the inside host, as it sent the packet.
            packet.source = inside;
            return Passage::Reject(packet.destination.ip(), FailureCode::ConnectionRefused);
        }
        if self.config.hairpin == Hairpin::No || !self.inbound(now, packet) {
            return Passage::Drop;
        }
        if self.config.hairpin == Hairpin::InternalSource {
            packet.source = inside;
        }
        Passage::Turned
    }

    fn is_squatted(&self, now: Time, external: SocketAddr, remote: SocketAddr) -> bool {
        self.squatters.get(&(external, remote)).is_some_and(|&at| {
            let replied = self.table.at(Protocol::Udp, external, now).is_some_and(|mapping| {
                mapping.contacts.admit(Behavior::AddressAndPortDependent, remote, now, self.timeout)
            });
            !replied && now.saturating_sub(at) <= UNREPLIED
        })
    }

    /// The place in the pool of an inside host or a destination: the next one in turn, then always the same.
    fn pooled(&mut self, whose: IpAddr, inside: IpAddr) -> IpAddr {
        let next = self.places.len();
        let place = *self.places.entry(whose).or_insert(next);
        let size = self.pool(inside).count().max(1);
        self.pool(inside).nth(place % size).unwrap_or(inside)
    }

    fn pool(&self, inside: IpAddr) -> impl Iterator<Item = IpAddr> {
        let to_ipv4 = inside.is_ipv4() || self.config.nat64.is_some();
        self.config.external.iter().copied().filter(move |ip| ip.is_ipv4() == to_ipv4)
    }

    fn policy(&self, protocol: Protocol) -> Policy {
        match protocol {
            Protocol::Udp => self.config.udp,
            Protocol::Tcp => self.config.tcp,
        }
    }

    fn address(&self, family: Family) -> IpAddr {
        self.config.address.filter(|&ip| family.has(ip)).unwrap_or_else(|| self.config.told(family))
    }
}

const MAPPED_ADDRESS: [u8; 2] = [0x00, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];

/// Replaces the value of every such attribute that equals the external endpoint, where the bytes look like STUN.
fn rewrite(bytes: &mut [u8], attribute: [u8; 2], from: &[u8], to: &[u8]) {
    const HEADER: usize = 20;
    let mut rest = bytes.get_mut(HEADER..).unwrap_or_default();
    while rest.len() >= 4 {
        let is_mapped = rest[..2] == attribute;
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let Some(value) = rest.get_mut(4..4 + length) else { return };
        if is_mapped && value == from && to.len() == from.len() {
            value.copy_from_slice(to);
        }
        let next = 4 + length.next_multiple_of(4);
        rest = rest.get_mut(next..).unwrap_or_default();
    }
}

/// An IPv4 address as XOR-MAPPED-ADDRESS carries it (RFC 8489 section 14.2).
fn xored(address: SocketAddr) -> Vec<u8> {
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    let mut value = plain(address);
    for (octet, key) in value[2..].iter_mut().zip(COOKIE[..2].iter().chain(&COOKIE)) {
        *octet ^= key;
    }
    value
}

/// What an address behind a prefix of 96 bits embeds (RFC 6052 section 2.2).
fn extract(prefix: Ipv6Addr, ip: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(ip) = ip else { return None };
    let octets = ip.octets();
    let embedded: [u8; 4] = octets[12..].try_into().ok()?;
    (octets[..12] == prefix.octets()[..12]).then(|| Ipv4Addr::from(embedded).into())
}

/// The address behind the prefix that embeds this one.
pub(super) fn embed(prefix: Ipv6Addr, ip: IpAddr) -> IpAddr {
    let IpAddr::V4(ip) = ip else { return ip };
    let mut octets = prefix.octets();
    octets[12..].copy_from_slice(&ip.octets());
    IpAddr::V6(octets.into())
}

/// An address as MAPPED-ADDRESS carries it (RFC 8489 section 14.1).
fn plain(address: SocketAddr) -> Vec<u8> {
    let mut value = vec![0, if address.is_ipv4() { 1 } else { 2 }];
    value.extend(address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => value.extend(ip.octets()),
        IpAddr::V6(ip) => value.extend(ip.octets()),
    }
    value
}
