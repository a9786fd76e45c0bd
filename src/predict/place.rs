//! Where the two sides are to each other: apart, behind one NAT, in one local network.

use std::net::IpAddr;

use ipnet::IpNet;

use super::closed::closed;
use super::side::{FamilySide, HostAddress, Side, Translation};
use crate::wire::{Family, Scope};

closed! {
    /// Where the two sides are to each other.
    pub enum Place {
        /// Behind NATs of their own, or none.
        Apart,
        /// Behind one NAT, in networks that are not known to be one. So are two homes behind one carrier-grade NAT.
        OneNat,
        /// In one local network.
        OneNetwork,
    }
}

/// What may be so over IPv4 and over IPv6 at once.
pub(super) struct Scenario {
    ipv4: Vec<Place>,
    ipv6: Vec<Place>,
}

impl Scenario {
    pub(super) fn places(&self, family: Family) -> &[Place] {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }
}

/// What the addresses leave open. A local network is one for both families: whatever shows it over one shows it over the other, and
/// whatever rules it out too.
pub(super) fn scenarios(a: &Side, b: &Side) -> Vec<Scenario> {
    if a.apart || b.apart {
        return vec![Scenario { ipv4: vec![Place::Apart], ipv6: vec![Place::Apart] }];
    }
    let [ipv4, ipv6] = [Family::Ipv4, Family::Ipv6].map(|family| places(a.family(family), b.family(family)));
    let within = || Scenario { ipv4: vec![Place::OneNetwork], ipv6: vec![Place::OneNetwork] };
    if [&ipv4, &ipv6].into_iter().any(|places| places[..] == [Place::OneNetwork]) {
        return vec![within()];
    }
    let possible = [&ipv4, &ipv6].into_iter().all(|places| places.contains(&Place::OneNetwork));
    let outside = |places: Vec<Place>| places.into_iter().filter(|place| *place != Place::OneNetwork).collect();
    let mut scenarios = vec![Scenario { ipv4: outside(ipv4), ipv6: outside(ipv6) }];
    if possible {
        scenarios.push(within());
    }
    scenarios
}

/// Whether the addresses show one local network.
#[cfg(test)]
pub(super) fn surely_one_network(a: &Side, b: &Side) -> bool {
    [Family::Ipv4, Family::Ipv6]
        .iter()
        .any(|family| places(a.family(*family), b.family(*family)) == [Place::OneNetwork])
}

fn places(a: Option<&FamilySide>, b: Option<&FamilySide>) -> Vec<Place> {
    const ANY: [Place; 3] = [Place::Apart, Place::OneNat, Place::OneNetwork];
    let (Some(a), Some(b)) = (a, b) else { return ANY.to_vec() };
    let known = |side: &FamilySide| side.addresses.clone().filter(|addresses| !addresses.is_empty());
    let (Some(of_a), Some(of_b)) = (known(a), known(b)) else { return ANY.to_vec() };
    if of_a.iter().any(|address| of_b.contains(address)) {
        return behind_one(a.hosts.as_deref(), b.hosts.as_deref());
    }
    // A link has a prefix of 64 bits (RFC 4291 section 2.5.1), and no other network has it.
    if of_a.iter().any(|one| of_b.iter().any(|other| share_a_link(*one, *other))) {
        let own = [a, b].iter().all(|side| side.mapping.only() == Some(Translation::None));
        return if own { vec![Place::OneNetwork] } else { ANY.to_vec() };
    }
    vec![Place::Apart]
}

fn share_a_link(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() >> 64 == other.to_bits() >> 64,
        _ => false,
    }
}

/// Both appear under one external address: whether their own addresses are of one network.
fn behind_one(a: Option<&[HostAddress]>, b: Option<&[HostAddress]>) -> Vec<Place> {
    let either = vec![Place::OneNat, Place::OneNetwork];
    let (Some(a), Some(b)) = (a, b) else { return either };
    let pairs = || {
        a.iter().flat_map(|one| b.iter().map(move |other| (one, other))).filter(|(one, other)| comparable(one, other))
    };
    if pairs().any(|(one, other)| one.address == other.address) {
        // One host, or two in homes that are numbered alike.
        return either;
    }
    if pairs().any(|(one, other)| share_a_network(one, other) == Some(true)) {
        return vec![Place::OneNetwork];
    }
    if pairs().any(|(one, other)| share_a_network(one, other).is_none()) || a.is_empty() || b.is_empty() {
        return either;
    }
    vec![Place::OneNat]
}

/// Addresses of private networks: what others are, is not said by the network that they are in.
fn comparable(one: &HostAddress, other: &HostAddress) -> bool {
    let private = |host: &HostAddress| Scope::of(host.address) == Scope::Private;
    private(one) && private(other) && one.address.is_ipv4() == other.address.is_ipv4()
}

/// Whether two private addresses are of one network; `None` where that is not known.
fn share_a_network(one: &HostAddress, other: &HostAddress) -> Option<bool> {
    let network = |host: &HostAddress, prefix: u8| IpNet::new(host.address, prefix).ok();
    // The commonest network at home has 24 bits, a link of IPv6 has 64: what shares them is routed by one router at least.
    let usual = if one.address.is_ipv4() { 24 } else { 64 };
    if network(one, usual).is_some_and(|network| network.contains(&other.address)) {
        return Some(true);
    }
    let of = |host: &HostAddress| host.prefix.and_then(|prefix| network(host, prefix));
    let holds = |network: Option<IpNet>, address: &IpAddr| network.map(|network| network.contains(address));
    match (holds(of(one), &other.address), holds(of(other), &one.address)) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ if block(one.address) != block(other.address) => Some(false),
        _ => None,
    }
}

/// The block of RFC 1918 that an address is of: no network is larger. IPv6 has one, `fc00::/7`, whose networks are drawn by lot.
fn block(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) => address.octets()[0],
        IpAddr::V6(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, places, scenarios};
    use crate::predict::closed::Possible;
    use crate::predict::side::{FamilySide, HostAddress, Reach, Side, Translation};

    fn side(external: &str, host: &str, prefix: Option<u8>) -> FamilySide {
        let host = HostAddress { address: host.parse().unwrap(), prefix };
        FamilySide {
            reach: Possible::known(Reach::Passes),
            addresses: Some(vec![external.parse().unwrap()]),
            hosts: Some(vec![host]),
            ..FamilySide::default()
        }
    }

    fn met(a: &FamilySide, b: &FamilySide) -> Vec<Place> {
        places(Some(a), Some(b))
    }

    #[test]
    fn addresses_tell_who_is_behind_one_nat() {
        let home = side("203.0.113.7", "192.168.1.23", None);
        let other = |external, host, prefix| met(&home, &side(external, host, prefix));
        assert_eq!(other("203.0.113.7", "192.168.1.40", None), [Place::OneNetwork]);
        assert_eq!(other("198.51.100.9", "192.168.1.40", None), [Place::Apart], "many homes are numbered alike");
        assert_eq!(other("203.0.113.7", "10.0.0.2", None), [Place::OneNat], "two homes behind a carrier's NAT");
        assert_eq!(other("203.0.113.7", "192.168.7.2", None), [Place::OneNat, Place::OneNetwork]);
        assert_eq!(other("203.0.113.7", "192.168.7.2", Some(16)), [Place::OneNetwork]);
        assert_eq!(other("203.0.113.7", "192.168.1.23", None), [Place::OneNat, Place::OneNetwork], "the same host?");
        let told = side("203.0.113.7", "192.168.1.23", Some(24));
        assert_eq!(met(&told, &side("203.0.113.7", "192.168.7.2", Some(24))), [Place::OneNat]);
        let masked = FamilySide { hosts: None, ..home.clone() };
        assert_eq!(met(&masked, &home), [Place::OneNat, Place::OneNetwork]);
        assert_eq!(met(&FamilySide { addresses: None, ..home.clone() }, &home).len(), 3);
        let phone = side("203.0.113.7", "100.64.3.2", None);
        assert_eq!(
            met(&phone, &side("203.0.113.7", "100.64.3.9", None)),
            [Place::OneNat],
            "a carrier keeps them apart"
        );
    }

    #[test]
    fn hosts_with_one_prefix_of_ipv6_are_on_one_link() {
        let own = |address| FamilySide { mapping: Possible::known(Translation::None), ..side(address, address, None) };
        assert_eq!(met(&own("2001:db8:1::1"), &own("2001:db8:1::2")), [Place::OneNetwork]);
        assert_eq!(met(&own("2001:db8:1::1"), &own("2001:db8:2::2")), [Place::Apart]);
    }

    #[test]
    fn a_network_is_one_for_both_families() {
        let both = |external, host| Side { ipv4: Some(side(external, host, None)), ..Side::default() };
        let lan = scenarios(&both("203.0.113.7", "192.168.1.23"), &both("203.0.113.7", "192.168.1.40"));
        assert!(lan.len() == 1 && lan[0].ipv6 == [Place::OneNetwork]);
        let apart = scenarios(&both("203.0.113.7", "192.168.1.23"), &both("203.0.113.8", "192.168.1.40"));
        assert!(apart.len() == 1 && apart[0].ipv6 == [Place::Apart, Place::OneNat]);
    }
}
