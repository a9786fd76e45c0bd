//! What a candidate tells people.

use std::net::{IpAddr, Ipv4Addr};

use super::event::Candidate;
use crate::wire::Scope;
use crate::wire::candidate::CandidateTransport;

/// What its address is, in a few words.
#[must_use]
pub fn meaning(candidate: &Candidate) -> String {
    let place = match (candidate.address, &candidate.name) {
        (Some(ip), _) => address(ip),
        (None, _) if candidate.network.is_some() => {
            return format!("{}, its end is masked{}", candidate.network.map_or("", address), tcp(candidate));
        }
        (None, Some(_)) if candidate.is_mdns() => "hidden by an mDNS name",
        (None, Some(_)) => "a name, which not every browser looks up",
        (None, None) => "hidden in the file",
    };
    format!("{place}{}", tcp(candidate))
}

fn tcp(candidate: &Candidate) -> &'static str {
    if candidate.transport == CandidateTransport::Tcp { ", over TCP" } else { "" }
}

/// What kind of address it is.
fn address(ip: IpAddr) -> &'static str {
    match (ip, Scope::of(ip)) {
        (IpAddr::V4(v4), _) if in_network(v4, [198, 18], 15) => "invented by a proxy or VPN",
        (IpAddr::V4(v4), _) if in_network(v4, [172, 17], 16) => "private, of containers as a rule",
        (_, Scope::Loopback) => "only this host itself",
        (_, Scope::Link) => "only this link",
        (_, Scope::Private) => "private",
        (_, Scope::Shared) => "behind a carrier-grade NAT or in an overlay network",
        (_, Scope::Public) => "public",
        (_, Scope::Invalid) => "no address of a host",
    }
}

fn in_network(ip: Ipv4Addr, start: [u8; 2], length: u32) -> bool {
    let network = u32::from(Ipv4Addr::new(start[0], start[1], 0, 0));
    (u32::from(ip) ^ network) >> (32 - length) == 0
}
