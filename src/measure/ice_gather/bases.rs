//! Which addresses of this host become bases of candidates, and which are left out and why (RFC 8445 section 5.1.1.1).

use std::net::{IpAddr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Bind, BoundSocket, Evidence, Interface, InterfaceAddress, InterfaceKind};
use crate::wire::codes::codes;
use crate::wire::{Family, Transport, ice};

/// An address of this host that candidates have as their base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// The address.
    pub address: IpAddr,
    /// The interface that has it.
    pub interface: String,
    /// What that leads to.
    pub kind: InterfaceKind,
    /// Whether the address is temporary.
    pub temporary: bool,
    /// What tells its candidates from those of the others in their priority: the highest is preferred (RFC 8421 section 4).
    pub preference: u16,
}

impl Base {
    /// Its socket, once the engine has opened it or tried to.
    pub(super) fn socket<'a>(&self, seen: &'a Evidence, transport: Transport) -> Option<&'a BoundSocket> {
        seen.bound(&Bind::new(transport, self.address).socket)
    }
}

codes! {
    /// Why an address of this host is no base of a candidate.
    pub enum LeftOutCode {
        /// Loopback: nobody but this host reaches it.
        Loopback,
        /// An IPv6 address of one link: it means nothing without the link, and beside a temporary address it must not be used.
        LinkLocal,
        /// A permanent IPv6 address beside a temporary one of the same network: it would tell the one from the other.
        Permanent,
        /// Deprecated: not to be used for what is new.
        Deprecated,
        /// Whether another host has it is not known yet, or another has it.
        Tentative,
        /// An IPv6 site-local address, of the network `fec0::/10`.
        SiteLocal,
        /// An IPv6 address that has an IPv4 address in it.
        Ipv4InIpv6,
        /// No address of a host.
        NoHost,
        /// More addresses than a session has use for.
        TooMany,
        /// A reason that only another version knows, whose report was read.
        #[serde(other)]
        Unknown,
    }
}

/// An address of this host that is no base of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The address.
    pub address: IpAddr,
    /// The interface that has it.
    pub interface: String,
    /// Why, a stable code.
    pub code: LeftOutCode,
    /// The same in words.
    pub text: String,
}

/// How many bases a run has: each is asked about at each server.
const MOST: usize = 16;

/// The bases of the families asked for, in the order of preference, and what is left out.
pub(super) fn bases(interfaces: &[Interface], families: &[Family]) -> (Vec<Base>, Vec<LeftOut>) {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for interface in interfaces {
        for one in interface.addresses.iter().filter(|one| families.contains(&family(one.address))) {
            match left_out_for(interface, one) {
                Some((code, why)) => left_out.push(LeftOut {
                    address: one.address,
                    interface: interface.name.clone(),
                    code,
                    text: why.to_owned(),
                }),
                None => found.push(Base {
                    address: one.address,
                    interface: interface.name.clone(),
                    kind: interface.kind,
                    temporary: one.temporary,
                    preference: 0,
                }),
            }
        }
    }
    // RFC 6724 section 5, rule 7: temporary addresses before others; and what leads out of this host before what need not.
    found.sort_by_key(|base| (rank(base.kind), !base.temporary));
    left_out.extend(found.iter().skip(MOST).map(|base| LeftOut {
        address: base.address,
        interface: base.interface.clone(),
        code: LeftOutCode::TooMany,
        text: format!("this host has {} addresses, of which {MOST} are used", found.len()),
    }));
    found.truncate(MOST);
    let families: Vec<Family> = found.iter().map(|base| family(base.address)).collect();
    for (base, preference) in found.iter_mut().zip(ice::local_preferences(&families)) {
        base.preference = preference;
    }
    (found, left_out)
}

fn rank(kind: InterfaceKind) -> u8 {
    match kind {
        InterfaceKind::Other => 0,
        InterfaceKind::Wireless => 1,
        InterfaceKind::PointToPoint => 2,
        InterfaceKind::Bridge => 3,
        InterfaceKind::Loopback => 4,
    }
}

fn family(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
}

/// Why the address is no base; in the order of what says most.
fn left_out_for(interface: &Interface, one: &InterfaceAddress) -> Option<(LeftOutCode, &'static str)> {
    if interface.kind == InterfaceKind::Loopback || one.address.is_loopback() {
        return Some((LeftOutCode::Loopback, "loopback: nobody but this host reaches it (RFC 8445 section 5.1.1.1)"));
    }
    if one.address.is_unspecified() || one.address.is_multicast() {
        return Some((LeftOutCode::NoHost, "no address of a host"));
    }
    let IpAddr::V6(v6) = one.address else { return None };
    if v6.to_ipv4().is_some() {
        return Some((LeftOutCode::Ipv4InIpv6, "an IPv4 address written as IPv6 (RFC 8445 section 5.1.1.1)"));
    }
    if v6.segments()[0] & 0xffc0 == 0xfec0 {
        return Some((LeftOutCode::SiteLocal, "site-local, deprecated by RFC 3879 (RFC 8445 section 5.1.1.1)"));
    }
    if one.tentative {
        return Some((LeftOutCode::Tentative, "tentative: another host may have it (RFC 4862 section 5.4)"));
    }
    if one.deprecated {
        return Some((LeftOutCode::Deprecated, "deprecated: not for what is new (RFC 4862 section 5.5.4)"));
    }
    let temporary = || usable(interface).filter(|other| other.temporary);
    if v6.is_unicast_link_local() {
        let why = if temporary().next().is_some() {
            "link-local, and a temporary address is used (RFC 8445 section 5.1.1.1)"
        } else {
            "link-local: a candidate cannot say on which link"
        };
        return Some((LeftOutCode::LinkLocal, why));
    }
    let same_network = |other: InterfaceAddress| {
        let shift = 128 - u32::from(one.prefix.unwrap_or(64)).clamp(1, 127);
        matches!(other.address, IpAddr::V6(other) if network(other, shift) == network(v6, shift))
    };
    let beside = !one.temporary && temporary().any(same_network);
    beside.then_some((
        LeftOutCode::Permanent,
        "permanent, and a temporary address of its network is used (RFC 8445 section 5.1.1.1)",
    ))
}

fn network(address: Ipv6Addr, shift: u32) -> u128 {
    address.to_bits() >> shift
}

/// The addresses of an interface that may be used at all.
fn usable(interface: &Interface) -> impl Iterator<Item = InterfaceAddress> {
    interface.addresses.iter().copied().filter(|one| !one.tentative && !one.deprecated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, kind: InterfaceKind, addresses: &[(&str, &str)]) -> Interface {
        let addresses = addresses.iter().map(|(address, flag)| InterfaceAddress {
            temporary: *flag == "temporary" || *flag == "old",
            deprecated: *flag == "deprecated" || *flag == "old",
            tentative: *flag == "tentative",
            ..InterfaceAddress::from(address.parse::<IpAddr>().unwrap())
        });
        Interface { name: name.to_owned(), kind, addresses: addresses.collect() }
    }

    fn of(interfaces: &[Interface]) -> (Vec<String>, Vec<(String, LeftOutCode)>) {
        let (bases, left_out) = bases(interfaces, &[Family::Ipv4, Family::Ipv6]);
        let left_out = left_out.into_iter().map(|one| (one.address.to_string(), one.code)).collect();
        (bases.into_iter().map(|base| base.address.to_string()).collect(), left_out)
    }

    #[test]
    fn what_rfc_8445_leaves_out_is_left_out() {
        use LeftOutCode::{Deprecated, Ipv4InIpv6, LinkLocal, Loopback, SiteLocal, Tentative};
        let lo = interface("lo", InterfaceKind::Loopback, &[("127.0.0.1", ""), ("::1", "")]);
        let eth0 = interface(
            "eth0",
            InterfaceKind::Other,
            &[
                ("192.168.1.23", ""),
                ("fe80::1", ""),
                ("fec0::1", ""),
                ("::ffff:192.0.2.1", ""),
                ("::192.0.2.1", ""),
                ("2001:db8::dead", "deprecated"),
                ("2001:db8::7", "tentative"),
                ("2001:db8::5", ""),
                ("fd00::5", ""),
            ],
        );
        let (used, left_out) = of(&[lo, eth0]);
        assert_eq!(used, ["192.168.1.23", "2001:db8::5", "fd00::5"]);
        let codes: Vec<LeftOutCode> = left_out.into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, [Loopback, Loopback, LinkLocal, SiteLocal, Ipv4InIpv6, Ipv4InIpv6, Deprecated, Tentative]);
    }

    #[test]
    fn a_temporary_address_stands_for_the_permanent_one_of_its_network() {
        let eth0 = interface(
            "eth0",
            InterfaceKind::Other,
            &[("2001:db8:1::5", ""), ("2001:db8:1::7e", "temporary"), ("2001:db8:2::5", ""), ("2001:db8:1::9", "old")],
        );
        let (used, left_out) = of(&[eth0]);
        assert_eq!(used, ["2001:db8:1::7e", "2001:db8:2::5"], "temporary first, and the other network's stays");
        assert_eq!(left_out[0], ("2001:db8:1::5".to_owned(), LeftOutCode::Permanent));
        let old = interface("eth0", InterfaceKind::Other, &[("2001:db8:1::5", ""), ("2001:db8:1::9", "old")]);
        assert_eq!(of(&[old]).0, ["2001:db8:1::5"], "a deprecated one stands for none");
    }

    #[test]
    fn what_leads_out_of_this_host_comes_first() {
        let docker = interface("docker0", InterfaceKind::Bridge, &[("172.17.0.1", "")]);
        let vpn = interface("wg0", InterfaceKind::PointToPoint, &[("10.8.0.2", "")]);
        let eth0 = interface("eth0", InterfaceKind::Other, &[("192.168.1.23", "")]);
        assert_eq!(of(&[docker, vpn, eth0]).0, ["192.168.1.23", "10.8.0.2", "172.17.0.1"]);
    }

    #[test]
    fn a_crowd_of_addresses_is_cut_and_said() {
        let many: Vec<String> = (1..=20).map(|last| format!("192.0.2.{last}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|address| (address.as_str(), "")).collect();
        let (used, left_out) = of(&[interface("eth0", InterfaceKind::Other, &many)]);
        assert_eq!((used.len(), left_out.len()), (MOST, 4));
        assert!(left_out.iter().all(|(_, code)| *code == LeftOutCode::TooMany));
    }
}
