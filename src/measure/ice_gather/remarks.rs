//! What the candidates show together, in the terms of the NATs (RFC 4787).

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::bases::Base;
use super::finding::{GatherCode, GatherRemark, GatheredCandidate};
use super::options::GatherOptions;
use crate::evidence::{Evidence, Exchange};
use crate::measure::turn::gather;
use crate::wire::{CandidateKind, EntryKind, Family, Transport};

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// Everything that is to be said of the candidates.
pub(super) fn judge(
    seen: &Evidence,
    options: &GatherOptions,
    bases: &[Base],
    candidates: &[GatheredCandidate],
) -> Vec<GatherRemark> {
    let mut remarks: Vec<GatherRemark> = bases
        .iter()
        .flat_map(|base| FAMILIES.map(|family| mapping(seen, options, base, family, candidates)))
        .flatten()
        .collect();
    remarks.extend(missing(options, candidates));
    remarks.extend(over_tcp_only(options, candidates));
    remarks.extend(seen.stop_reason().map(|reason| GatherRemark {
        code: GatherCode::CutShort,
        base: None,
        text: format!("{}: more candidates might have come", reason.text),
    }));
    remarks
}

/// What the reflexive candidates of one base say of the NAT's mapping; of IPv6, those of IPv4 say it of the network's NAT64.
fn mapping(
    seen: &Evidence,
    options: &GatherOptions,
    base: &Base,
    family: Family,
    candidates: &[GatheredCandidate],
) -> Option<GatherRemark> {
    let local = base.socket(seen, Transport::Udp)?.local?;
    let own = candidates
        .iter()
        .filter(|one| one.kind == CandidateKind::Srflx && one.base == local && family.has(one.address));
    let believed: Vec<&GatheredCandidate> = own.filter(|one| one.disbelieved.is_none()).collect();
    let mapped: BTreeSet<SocketAddr> = believed.iter().map(|one| SocketAddr::new(one.address, one.port)).collect();
    let addresses: BTreeSet<IpAddr> = mapped.iter().map(SocketAddr::ip).collect();
    let remark = |code, text| Some(GatherRemark { code, base: Some(base.address), text });
    if mapped.len() > 1 {
        let hosts = servers(seen, options, base, &believed);
        let which =
            if hosts > 1 { "address-dependent, or address-and-port-dependent" } else { "address-and-port-dependent" };
        if mapped.iter().map(SocketAddr::port).collect::<BTreeSet<_>>().len() == 1 {
            let text = format!(
                "servers see {local} at {} addresses with one port: several ways out by destination (two providers, a VPN), or a pool of \
                 addresses, so a peer sees this host as a server did only where the same way leads to it",
                addresses.len()
            );
            return remark(GatherCode::SeveralMapped, text);
        }
        let pool =
            if addresses.len() > 1 { format!(", on {} external addresses", addresses.len()) } else { String::new() };
        let text = format!(
            "servers see {local} as {} different addresses{pool}: its NAT maps every destination anew ({which} mapping), so what a \
             server saw is not what a peer will see; such a peer has to let packets from any port in, or the session needs a relay",
            mapped.len()
        );
        return remark(GatherCode::SeveralMapped, text);
    }
    if mapped.contains(&local) {
        return remark(GatherCode::NotTranslated, format!("servers see {local} as it is: no NAT translates it"));
    }
    None
}

/// How many addresses of servers the candidates come from.
fn servers(seen: &Evidence, options: &GatherOptions, base: &Base, believed: &[&GatheredCandidate]) -> usize {
    let because: BTreeSet<&str> = believed.iter().flat_map(|one| &one.because).map(String::as_str).collect();
    let targets = gather::targets(seen, &options.servers).filter(|target| target.entry.base == Some(base.address));
    let shown = targets.flat_map(|target| gather::mapped(&target, base.address));
    let hosts: BTreeSet<IpAddr> = shown
        .filter(|exchange: &&Exchange| because.contains(exchange.id.as_str()))
        .map(|exchange| exchange.remote.ip())
        .collect();
    hosts.len()
}

/// What there is none of.
fn missing(options: &GatherOptions, candidates: &[GatheredCandidate]) -> Option<GatherRemark> {
    let has = |kind| candidates.iter().any(|one| one.kind == kind && one.disbelieved.is_none());
    let remark = |code, text: &str| Some(GatherRemark { code, base: None, text: text.to_owned() });
    if candidates.is_empty() {
        return remark(GatherCode::Nothing, "there is no candidate: no peer can be met at all");
    }
    let asked = options.servers.entries.iter().any(|entry| entry.server.is_some());
    match (has(CandidateKind::Srflx), has(CandidateKind::Relay)) {
        (true, _) => None,
        (false, false) => {
            let why = if asked { ": no server told an address or relays" } else { ": no server was asked" };
            let text = format!(
                "there are candidates of this host alone{why}, so only peers that reach it directly can be met"
            );
            remark(GatherCode::HostOnly, &text)
        }
        (false, true) => {
            let text = "no server told an address of this host: sessions go through the relay, or stay in this network";
            remark(GatherCode::NoServerReflexive, text)
        }
    }
}

/// Relayed candidates that a connection carries, where datagrams were tried too.
fn over_tcp_only(options: &GatherOptions, candidates: &[GatheredCandidate]) -> Option<GatherRemark> {
    let entries = options.servers.entries.iter().filter(|entry| entry.kind == EntryKind::Turn);
    let tried = entries.flat_map(|entry| &entry.transports).any(|transport| *transport == Transport::Udp);
    let mut relays = candidates.iter().filter_map(|one| one.relay_protocol).peekable();
    let streams = relays.peek().is_some() && relays.all(Transport::is_stream);
    (tried && streams).then(|| GatherRemark {
        code: GatherCode::RelayOverTcpOnly,
        base: None,
        text: "no TURN server is reached over UDP, though one over TCP: what is relayed waits for every lost packet"
            .to_owned(),
    })
}
