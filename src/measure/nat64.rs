//! NAT64: IPv4 servers at IPv6 addresses that embed theirs (RFC 6052). Behind it a server sees, and tells, an IPv4 address.
//!
//! The prefix is known where it is the well-known one; else it follows from an IPv4 address that the server is known to have: what
//! its name leads to, or what it calls its own address in RESPONSE-ORIGIN. Where none of them shows it, the network's resolver is
//! asked for a name that has IPv4 addresses only (RFC 7050).

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::evidence::{Evidence, Exchange, Step};
use crate::wire::Scope;

/// The prefix lengths that RFC 6052 section 2.2 allows, the commonest first.
const LENGTHS: [u8; 6] = [96, 64, 56, 48, 40, 32];
/// `64:ff9b::/96` (RFC 6052 section 2.1).
const WELL_KNOWN: Prefix = Prefix { ip: Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), length: 96 };
/// The octet that no address is put into (bits 64 to 71).
const RESERVED_OCTET: usize = 8;

/// The name that has no IPv6 address of its own, and the IPv4 addresses that it has (RFC 7050 sections 2.2 and 8.1).
const IPV4_ONLY: &str = "ipv4only.arpa";
const ITS_ADDRESSES: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 0, 170)), IpAddr::V4(Ipv4Addr::new(192, 0, 0, 171))];

/// A prefix that IPv4 addresses are embedded behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    ip: Ipv6Addr,
    length: u8,
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.length)
    }
}

impl Prefix {
    /// The first bits of an address.
    fn of(ip: Ipv6Addr, length: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        Self { ip: Ipv6Addr::from_bits(ip.to_bits() & mask), length }
    }

    /// The address behind the prefix that embeds this one.
    #[must_use]
    pub(super) fn embed(self, ip: Ipv4Addr) -> Ipv6Addr {
        let mut octets = self.ip.octets();
        for (place, octet) in places(self.length).zip(ip.octets()) {
            octets[place] = octet;
        }
        Ipv6Addr::from(octets)
    }

    /// What an address behind the prefix embeds.
    #[must_use]
    pub(super) fn extract(self, ip: Ipv6Addr) -> Option<Ipv4Addr> {
        let octets = ip.octets();
        if Self::of(ip, self.length) != self || octets[RESERVED_OCTET] != 0 {
            return None;
        }
        let mut embedded = [0; 4];
        for (place, octet) in places(self.length).zip(&mut embedded) {
            *octet = octets[place];
        }
        let suffix = places(self.length).last().map_or(16, |last| last + 1);
        octets[suffix..].iter().all(|octet| *octet == 0).then(|| Ipv4Addr::from(embedded))
    }
}

/// The octets that hold the IPv4 address: those behind the prefix, the reserved one left out.
fn places(length: u8) -> impl Iterator<Item = usize> {
    (usize::from(length / 8)..16).filter(|place| *place != RESERVED_OCTET).take(4)
}

/// An IPv4 server as it is reached through NAT64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    /// The network's prefix.
    pub prefix: Prefix,
    /// The server's own address.
    pub server: Ipv4Addr,
}

impl Embedded {
    /// Where another IPv4 address of the server is reached.
    #[must_use]
    pub(super) fn sibling(self, ip: Ipv4Addr) -> IpAddr {
        IpAddr::V6(self.prefix.embed(ip))
    }
}

/// What the answer of one server shows of its address.
#[must_use]
pub(super) fn of_exchange(seen: &Evidence, exchange: &Exchange) -> Option<Embedded> {
    let IpAddr::V6(ip) = exchange.remote.ip() else { return None };
    let origin = exchange.answer().and_then(|reply| reply.origin).map(|origin| origin.ip());
    embedded(ip, origin.as_slice()).or_else(|| behind(&discovered(seen), ip))
}

/// The step, with the network's prefix looked up first where a server told an IPv4 address over IPv6 and nothing else shows how that
/// can be.
#[must_use]
pub(super) fn with_prefix_looked_up(seen: &Evidence, step: Step) -> Step {
    let asked = seen.names.iter().any(|name| name.name == IPV4_ONLY);
    if asked || unexplained(seen) { with_prefix(seen, step) } else { step }
}

/// The step, with the network's prefix looked up beside (RFC 7050 section 3).
#[must_use]
pub(super) fn with_prefix(seen: &Evidence, step: Step) -> Step {
    match seen.names.iter().find(|name| name.name == IPV4_ONLY) {
        Some(name) => Step { done: step.done && !name.lookups.is_empty(), ..step },
        None => Step { names: vec![IPV4_ONLY], done: false, ..step },
    }
}

/// The prefix of the network, where its resolver was asked and shows one.
#[must_use]
pub(super) fn of_network(seen: &Evidence) -> Option<Prefix> {
    discovered(seen).first().copied()
}

fn unexplained(seen: &Evidence) -> bool {
    let told_ipv4 =
        |exchange: &&Exchange| exchange.remote.is_ipv6() && exchange.mapped().is_some_and(|mapped| mapped.is_ipv4());
    let mut odd = seen.exchanges.iter().filter(told_ipv4).peekable();
    if odd.peek().is_none() {
        return false;
    }
    let known = servers(seen);
    odd.any(|exchange| !known.contains_key(&exchange.remote.ip()))
}

/// The prefixes that the network's own resolver shows (RFC 7050 section 3).
fn discovered(seen: &Evidence) -> Vec<Prefix> {
    let named = seen.names.iter().filter(|name| name.name == IPV4_ONLY).flat_map(|name| &name.lookups);
    let addresses = named.flat_map(|lookup| &lookup.addresses);
    let synthesized = addresses.filter_map(|address| match address.ip() {
        IpAddr::V6(ip) => embedded(ip, &ITS_ADDRESSES),
        IpAddr::V4(_) => None,
    });
    synthesized.map(|one| one.prefix).collect()
}

fn behind(prefixes: &[Prefix], ip: Ipv6Addr) -> Option<Embedded> {
    prefixes.iter().find_map(|&prefix| Some(Embedded { prefix, server: prefix.extract(ip)? }))
}

fn embedded(ip: Ipv6Addr, known: &[IpAddr]) -> Option<Embedded> {
    if let Some(server) = WELL_KNOWN.extract(ip) {
        return Some(Embedded { prefix: WELL_KNOWN, server });
    }
    LENGTHS.iter().find_map(|&length| {
        let prefix = Prefix::of(ip, length);
        let server = prefix.extract(ip)?;
        known.contains(&IpAddr::V4(server)).then_some(Embedded { prefix, server })
    })
}

/// Every address that was asked through NAT64, as far as the evidence tells.
#[must_use]
pub(super) fn servers(seen: &Evidence) -> BTreeMap<IpAddr, Embedded> {
    let mut found = BTreeMap::new();
    let asked: BTreeMap<Ipv6Addr, Vec<&Exchange>> =
        seen.exchanges.iter().fold(BTreeMap::new(), |mut asked, exchange| {
            if let IpAddr::V6(ip) = exchange.remote.ip() {
                asked.entry(ip).or_insert_with(Vec::new).push(exchange);
            }
            asked
        });
    for (&ip, exchanges) in &asked {
        let origins = exchanges.iter().filter_map(|exchange| exchange.answer()?.origin);
        let named = exchanges.iter().filter_map(|exchange| seen.servers.get(exchange.server));
        let named = named.flat_map(|server| &server.lookups).flat_map(|lookup| lookup.addresses.iter().copied());
        let public = |ip: &IpAddr| ip.is_ipv4() && Scope::of(*ip) == Scope::Public;
        let known: Vec<IpAddr> = origins.chain(named).map(|address: SocketAddr| address.ip()).filter(public).collect();
        if let Some(one) = embedded(ip, &known) {
            found.insert(IpAddr::V6(ip), one);
        }
    }
    // A prefix that one server showed is that of the network: others are behind it too.
    let mut prefixes: Vec<Prefix> = found.values().map(|one: &Embedded| one.prefix).collect();
    prefixes.extend(discovered(seen));
    for &ip in asked.keys() {
        if let Some(one) = behind(&prefixes, ip) {
            found.entry(IpAddr::V6(ip)).or_insert(one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6052 section 2.4, table 3.
    const EXAMPLES: [(&str, u8, &str); 6] = [
        ("2001:db8::", 32, "2001:db8:c000:221::"),
        ("2001:db8:100::", 40, "2001:db8:1c0:2:21::"),
        ("2001:db8:122::", 48, "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33"),
    ];

    #[test]
    fn the_examples_of_the_rfc_hold_both_ways() {
        let ip = Ipv4Addr::new(192, 0, 2, 33);
        for (prefix, length, expected) in EXAMPLES {
            let prefix = Prefix { ip: prefix.parse().unwrap(), length };
            let address: Ipv6Addr = expected.parse().unwrap();
            assert_eq!(prefix.embed(ip), address, "{prefix}");
            let found = embedded(address, &[ip.into()]).expect(expected);
            assert_eq!((found.server, found.prefix.embed(ip)), (ip, address));
            assert_eq!(embedded(address, &["198.51.100.1".parse().unwrap()]), None, "nothing says that it is one");
        }
    }

    #[test]
    fn the_well_known_prefix_needs_no_proof() {
        let found = embedded("64:ff9b::203.0.113.9".parse().unwrap(), &[]).unwrap();
        assert_eq!((found.server.to_string(), found.prefix.to_string()), ("203.0.113.9".into(), "64:ff9b::/96".into()));
        assert_eq!(embedded("2001:db8::1".parse().unwrap(), &[]), None);
    }
}
