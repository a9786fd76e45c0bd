//! Advice that follows from what kind of address was seen where.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::case::{Case, list};
use super::commands;
use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::{Connectivity, OtherPath, PortBehavior, Rfc3489Type};
use crate::report::document::{Advice, Report, Severity};
use crate::report::peers::{self, PeerOutcome};
use crate::report::possible;
use crate::wire::AddressKind as Kind;
use crate::wire::Family;

/// Addresses that servers saw and that are of the kind.
fn seen_as(case: &Case, kind: Kind) -> Vec<IpAddr> {
    case.found.public_addresses.iter().copied().filter(|ip| Kind::of(*ip) == kind).collect()
}

/// Addresses of servers that answered over this family.
fn servers(case: &Case) -> BTreeSet<IpAddr> {
    let answered = case.report.servers().iter().filter(|row| row.believed().is_some());
    answered.filter_map(|row| row.address).map(|address| address.ip()).filter(|ip| case.family.has(*ip)).collect()
}

pub(super) fn carrier_grade(case: &Case) -> Option<Advice> {
    let seen = seen_as(case, Kind::Shared);
    let local = case.found.local_address.filter(|ip| Kind::of(*ip) == Kind::Shared);
    let what = if !seen.is_empty() {
        format!("Servers saw {}, which is in 100.64.0.0/10: the provider's carrier-grade NAT", list(&seen))
    } else if let (Some(local), Connectivity::Nat) = (local, case.found.connectivity) {
        format!(
            "This host has {local}, which is in 100.64.0.0/10: the provider's carrier-grade NAT, or an overlay network (VPN)"
        )
    } else {
        return None;
    };
    case.warning(
        AdviceCode::CarrierGradeNat,
        format!(
            "{what}. Ports forwarded at home do not help: try IPv6, or ask the provider for a public IPv4 address or for PCP."
        ),
    )
}

/// A second NAT after the router's own cannot be seen from here, but the router knows what it has outside.
pub(super) fn wan_address(case: &Case) -> Option<Advice> {
    let behind_router = case.found.local_address.is_some_and(|ip| Kind::of(ip) == Kind::Private);
    let [public] = case.found.public_addresses[..] else { return None };
    if case.found.connectivity != Connectivity::Nat
        || !behind_router
        || !Kind::of(public).is_public()
        || !case.hindered()
    {
        return None;
    }
    case.info(
        AdviceCode::CompareWanAddress,
        format!(
            "Is the router's external address {public}? If not, a second NAT follows; if so, a port mapped there (PCP, UPnP) lets peers in."
        ),
    )
    .map(|advice| advice.trying(commands::GATEWAY))
}

/// Servers with public addresses that bear each other out in seeing a private one are in the same network.
pub(super) fn not_the_internet(case: &Case) -> Option<Advice> {
    let seen: Vec<IpAddr> =
        [Kind::Private, Kind::UniqueLocal].into_iter().flat_map(|kind| seen_as(case, kind)).collect();
    if seen.is_empty() || !servers(case).into_iter().any(|ip| Kind::of(ip).is_public()) {
        return None;
    }
    case.info(
        AdviceCode::NotTheInternet,
        format!(
            "Servers with public addresses agree that they saw the private address {}, which nobody on the internet can see: they are \
             in the same private network (a lab, a VPN, a provider's own). The verdict is about the way there.",
            list(&seen)
        ),
    )
}

/// The verdict is about IPv4, which IPv6 peers do not need.
pub(super) fn nat64(case: &Case) -> Option<Advice> {
    if let Some(prefix) = case.found.other_paths.iter().find_map(|path| path.nat64.as_ref()) {
        let text = format!(
            "Some servers have IPv4 only and were reached through this network's NAT64 ({prefix}): what they saw is the way to IPv4, and \
             the verdict is about IPv6 itself. Name only those servers to test that way."
        );
        return case.info(AdviceCode::Nat64, text);
    }
    let prefix = case.found.nat64.as_ref()?;
    case.info(
        AdviceCode::Nat64,
        format!(
            "Only IPv4 servers were asked, through this network's NAT64 ({prefix}): what was found is the way to IPv4 peers. Peers with \
             IPv6 are reached without it; name a server that has an IPv6 address, with --server, to test that way too."
        ),
    )
}

/// What leaves this host from another address goes another way.
pub(super) fn several_local_addresses(case: &Case) -> Option<Advice> {
    let own = case.found.local_address?;
    let other = |path: &&OtherPath| path.local_address.is_some_and(|local| local != own) && path.nat64.is_none();
    let others: Vec<String> = case
        .found
        .other_paths
        .iter()
        .filter(other)
        .filter_map(|path| Some(format!("from {} as {}", path.local_address?, list(&path.public_addresses))))
        .collect();
    if others.is_empty() {
        return None;
    }
    case.warning(
        AdviceCode::SeveralLocalAddresses,
        format!(
            "This host sends from several addresses (a VPN, two interfaces): the verdict is about {own}; other destinations see it {}. \
             Bind the software to one interface, and test it with --interface.",
            list(&others)
        ),
    )
}

/// A server inside the same network says nothing about the way to the internet.
pub(super) fn private_server(case: &Case) -> Option<Advice> {
    let (public, not_public): (Vec<IpAddr>, Vec<IpAddr>) =
        servers(case).into_iter().partition(|ip| Kind::of(*ip).is_public());
    if not_public.is_empty() || !public.is_empty() {
        return None;
    }
    case.info(
        AdviceCode::PrivateServers,
        format!(
            "Every server that answered has an address inside a private network ({}): the verdict is about the way there, not about \
             the way to the internet.",
            list(&not_public)
        ),
    )
}

/// Providers that share an address among customers give each a block of ports; 6 random ports in a sixteenth of the range by
/// chance are rarer than one in a hundred thousand.
pub(super) fn port_block(case: &Case) -> Option<Advice> {
    const BLOCK: u16 = 4096;
    let ports = case.found.port_assignment.as_ref()?;
    let block = ports.samples.first()?.external / BLOCK;
    if ports.behavior != PortBehavior::Random
        || ports.samples.len() < 6
        || ports.samples.iter().any(|port| port.external / BLOCK != block)
    {
        return None;
    }
    let (first, last) = (block * BLOCK, block * BLOCK + (BLOCK - 1));
    case.info(
        AdviceCode::PortBlock,
        format!(
            "All {} external ports lie from {first} to {last}: typical of a provider that shares one address among customers and \
             gives each a block of ports. Ports can run out, and ports outside the block cannot be forwarded.",
            ports.samples.len()
        ),
    )
}

pub(super) fn over_ipv6(case: &Case) -> Option<Advice> {
    let local = case.found.local_address.filter(|ip| Kind::of(*ip) == Kind::ServiceContinuity)?;
    case.info(
        AdviceCode::Ipv4OverIpv6,
        format!(
            "IPv4 is carried over IPv6 here (this host sends from {local}: 464XLAT or DS-Lite), and the NAT is at the provider. IPv6 \
             is the direct way."
        ),
    )
}

pub(super) fn teredo(case: &Case) -> Option<Advice> {
    let seen = seen_as(case, Kind::Teredo);
    if seen.is_empty() {
        return None;
    }
    case.info(
        AdviceCode::Teredo,
        format!("{} is a Teredo address, IPv6 tunneled through IPv4: count on IPv4 only.", list(&seen)),
    )
}

pub(super) fn ipv6_unavailable(case: &Case) -> Option<Advice> {
    let other = case.report.families().ipv4.as_ref().map(|found| found.connectivity);
    let alone = matches!(other, None | Some(Connectivity::Unavailable));
    if case.family != Family::Ipv6 || alone || case.found.connectivity != Connectivity::Unavailable {
        return None;
    }
    // Whoever blocks UDP, or a NAT that hinders nobody, leaves nothing to gain.
    let gains = case.report.families().ipv4.as_ref().is_some_and(|ipv4| {
        ipv4.connectivity == Connectivity::Nat
            && peers::rows(Family::Ipv4, ipv4).iter().any(|row| row.outcome != PeerOutcome::Direct)
    });
    if !gains {
        return None;
    }
    case.info(
        AdviceCode::Ipv6Unavailable,
        "This host has no IPv6: where router and provider are yours to choose, it gives most peers a way without NAT.",
    )
}

/// No address of any family that was asked for.
pub(super) fn offline(report: &Report) -> Option<Advice> {
    let mut families = report.families().iter().peekable();
    families.peek()?;
    if !families.all(|(_, found)| found.connectivity == Connectivity::Unavailable) {
        return None;
    }
    let other = if report.families().iter().count() == 1 { ", or ask for the other family" } else { "" };
    let text = format!("This host has no address or route of any family asked for: connect it to a network{other}.");
    Some(Advice { code: AdviceCode::Offline, severity: Severity::Error, family: None, text, command: None })
}

/// Without NAT on IPv6 and with one on IPv4, IPv6 is the better way for peers that have it.
pub(super) fn ipv6_is_better(report: &Report) -> Option<Advice> {
    let (ipv4, ipv6) = (report.families().ipv4.as_ref()?, report.families().ipv6.as_ref()?);
    let direct = matches!(ipv6.connectivity, Connectivity::Open | Connectivity::Firewalled | Connectivity::Direct);
    let hindered =
        matches!(ipv4.connectivity, Connectivity::Nat | Connectivity::UdpBlocked | Connectivity::Unavailable)
            && !(possible::peer_mappings(ipv4).len() == 1 && ipv4.rfc3489_type == Some(Rfc3489Type::FullCone));
    let public = ipv6.public_addresses.iter().any(|ip| Kind::of(*ip) == Kind::Public);
    if !(direct && hindered && public) {
        return None;
    }
    let text = format!(
        "IPv6 has no NAT here ({}): the best way to peers that have it too. Make sure that the software offers its IPv6 addresses.",
        list(&ipv6.public_addresses)
    );
    Some(Advice {
        code: AdviceCode::Ipv6DirectIsBestPath,
        severity: Severity::Info,
        family: Some(Family::Ipv6),
        text,
        command: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::evidence::Behavior::{AddressAndPortDependent, EndpointIndependent};
    use crate::measure::nat::finding::PortSample;
    use crate::report::advice::codes;
    use crate::report::document::Report;
    use crate::report::sample;

    fn seen(ip: &str) -> Report {
        let mut found = sample::nat(EndpointIndependent, AddressAndPortDependent);
        found.public_addresses = vec![ip.parse().unwrap()];
        sample::ipv4(found)
    }

    fn has(report: &Report, code: &str) -> bool {
        codes(report).iter().any(|one| one == code)
    }

    #[test]
    fn kinds_of_addresses() {
        assert!(has(&seen("100.64.3.4"), "carrier-grade-nat"));
        assert!(has(&seen("10.1.2.3"), "not-the-internet"));
        for public in ["203.0.113.7", "8.8.8.8"] {
            assert!(!has(&seen(public), "carrier-grade-nat") && !has(&seen(public), "not-the-internet"));
        }
        let mut report = seen("10.1.2.3");
        for row in report.servers_mut() {
            row.address = row.address.map(|_| "10.9.9.9:3478".parse().unwrap());
        }
        assert!(has(&report, "private-servers") && !has(&report, "not-the-internet"));
    }

    #[test]
    fn a_shared_local_address_counts_only_behind_a_nat() {
        let mut report = seen("203.0.113.7");
        report.families_mut().ipv4.as_mut().unwrap().local_address = Some("100.99.0.1".parse().unwrap());
        assert!(has(&report, "carrier-grade-nat"));
        report.families_mut().ipv4.as_mut().unwrap().local_address = Some("192.0.0.4".parse().unwrap());
        assert!(has(&report, "ipv4-over-ipv6"));
    }

    #[test]
    fn ports_in_one_block() {
        let mut report = seen("203.0.113.7");
        let ports = report.families_mut().ipv4.as_mut().unwrap().port_assignment.as_mut().unwrap();
        ports.samples = (0..8).map(|n| PortSample { local: 40000 + n, external: 61440 + n * 500 }).collect();
        assert!(has(&report, "port-block"));
        let ports = report.families_mut().ipv4.as_mut().unwrap().port_assignment.as_mut().unwrap();
        ports.samples[0].external = 1024;
        assert!(!has(&report, "port-block"));
    }

    #[test]
    fn the_other_family() {
        assert!(has(&sample::home_router(), "ipv6-direct-is-best-path"));
        let mut report = sample::home_router();
        report.families_mut().ipv6 = Some(sample::unavailable());
        assert!(has(&report, "ipv6-unavailable") && !has(&report, "ipv6-direct-is-best-path"));
        report.families_mut().ipv4 = Some(sample::unavailable());
        assert_eq!(codes(&report), ["offline"]);
        report.families_mut().ipv4 = None;
        assert_eq!(codes(&report), ["offline"]);
    }
}
