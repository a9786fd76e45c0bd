//! What the candidates say of the NATs in front of both ends (RFC 4787).

use std::net::IpAddr;

use crate::explain::connection::{Connection, Placed, Progress};
use crate::explain::event::{Candidate, Event, Party};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;
use crate::explain::traffic::{RelayOutcome, RelayStep};
use crate::wire::CandidateKind;
use crate::wire::Scope;

pub(super) fn mapping_here(connection: &Connection) -> Vec<Finding> {
    mapping(connection, Party::Here)
}

pub(super) fn mapping_there(connection: &Connection) -> Vec<Finding> {
    mapping(connection, Party::There)
}

/// What shows that a NAT gives each destination another port, and how sure it is.
struct Shown<'a> {
    certainty: Certainty,
    by: &'static str,
    ports: (u16, u16),
    places: [&'a str; 2],
}

fn mapping(connection: &Connection, party: Party) -> Vec<Finding> {
    // Pion asks each server from a socket of its own, and checks from another one; of the other end's addresses aioice does not tell how they
    // were found.
    let untold = party == Party::There && connection.format == Format::AioiceLog;
    if connection.format == Format::PionLog || untold {
        return Vec::new();
    }
    let Some(shown) = two_servers(connection, party).or_else(|| other_end(connection, party)) else {
        return Vec::new();
    };
    let (code, side, whose) = match party {
        Party::Here => (CauseCode::MappingDependsHere, FaultSide::Here, "this"),
        Party::There => (CauseCode::MappingDependsThere, FaultSide::There, "the other"),
    };
    let (one, other) = shown.ports;
    let text = format!(
        "the NAT of {whose} end gives each destination another port ({}: {one} and {other}), as symmetric NATs do: who learns one of them cannot use it",
        shown.by
    );
    let found = Finding::fault(connection, code, shown.certainty, side, text);
    let fault = connection.found_no_way();
    let settle = if shown.certainty == Certainty::Certain { "" } else { "nat-probe classify on that host" };
    vec![
        found
            .at(shown.places)
            .only_if(fault)
            .fix("a TURN server, or a NAT with endpoint-independent mapping")
            .settle(settle),
    ]
}

/// Two server-reflexive candidates of one base with different ports: two servers saw different mappings.
fn two_servers<'a>(connection: &Connection<'a>, party: Party) -> Option<Shown<'a>> {
    let reflexive = connection.of_kind(party, CandidateKind::Srflx);
    let mut by_place: std::collections::BTreeMap<_, Vec<Placed<'a>>> = std::collections::BTreeMap::new();
    for one in reflexive {
        let family = one.0.address.is_some_and(|ip| ip.is_ipv4());
        by_place.entry((&one.0.section, &one.0.ufrag, family, &one.0.base)).or_default().push(one);
    }
    let differ = |group: &[Placed<'a>]| {
        let first = group.first()?;
        let other = group.iter().find(|other| other.0.port != first.0.port)?;
        Some((*first, *other))
    };
    let found = by_place.iter().filter_map(|((.., base), group)| {
        let (one, other) = differ(group)?;
        let same = one.0.address == other.0.address;
        if base.is_none() && !same {
            return None;
        }
        let told = if base.is_some() { Certainty::Certain } else { single_base(connection, party, one.0, other.0)? };
        // Masked addresses may be two.
        let told = if one.0.address.is_none() { Certainty::Possible } else { told };
        // What somebody pasted may be of two hosts: their addresses differ, or nothing tells them apart.
        let mixed = connection.is_pasted() && (!same || base.is_none() && one.0.ufrag.is_none());
        let certainty = if mixed { Certainty::Likely } else { told };
        let by = "two STUN servers saw it differently";
        Some(Shown { certainty, by, ports: (one.0.port, other.0.port), places: [one.1, other.1] })
    });
    found.min_by_key(|shown| shown.certainty)
}

/// Whether two server-reflexive candidates whose base is hidden have one and the same: where the host has only one, they do; of
/// several, the local preference tells interface and family apart (RFC 8445 section 5.1.2.1). Without any host candidate it is
/// likely.
fn single_base(connection: &Connection, party: Party, one: &Candidate, other: &Candidate) -> Option<Certainty> {
    let hosts = connection.of_kind(party, CandidateKind::Host);
    let hosts: Vec<_> = hosts.into_iter().filter(|(host, _)| fits(host, one)).collect();
    let preferred = hosts.iter().filter(|(host, _)| local_preference(host) == local_preference(one)).count();
    match hosts.len() {
        0 => Some(Certainty::Likely),
        1 => Some(Certainty::Certain),
        _ if preferred == 1 && local_preference(one) == local_preference(other) => Some(Certainty::Certain),
        _ => None,
    }
}

/// Whether a host candidate can be the base of the other, as far as their sections and families tell.
fn fits(host: &Candidate, other: &Candidate) -> bool {
    let families =
        host.address.is_none() || host.address.map(|ip| ip.is_ipv4()) == other.address.map(|ip| ip.is_ipv4());
    families && (host.section == other.section || host.ufrag == other.ufrag)
}

fn local_preference(candidate: &Candidate) -> u32 {
    candidate.priority >> 8 & 0xffff
}

/// A peer-reflexive candidate with a port that no server saw: the other end, or its relay, saw another mapping.
fn other_end<'a>(connection: &Connection<'a>, party: Party) -> Option<Shown<'a>> {
    let all = connection.candidates(party);
    let reflexive = connection.of_kind(party, CandidateKind::Srflx);
    let is_new = |port: u16| all.iter().all(|(known, _)| known.kind == CandidateKind::Prflx || known.port != port);
    let peer =
        connection.of_kind(party, CandidateKind::Prflx).into_iter().find(|(candidate, _)| is_new(candidate.port))?;
    let agrees = |ip: Option<IpAddr>, other: Option<IpAddr>| ip.is_none() || other.is_none() || ip == other;
    let mut same = reflexive.iter().filter(|(server, _)| agrees(server.address, peer.0.address));
    let server = same.next()?;
    // A NAT that keeps sessions answers whom it let in from the port that was asked, whatever its mapping is: that looks the same. And
    // the other end may have a base of which this file does not know.
    let certainty = if party == Party::Here { Certainty::Likely } else { Certainty::Possible };
    let by = "a STUN server and the other end saw it differently";
    let by = if party == Party::There { "a STUN server and this end saw it differently" } else { by };
    Some(Shown { certainty, by, ports: (server.0.port, peer.0.port), places: [server.1, peer.1] })
}

pub(super) fn same_public_address(connection: &Connection) -> Vec<Finding> {
    let (here, there) =
        (connection.of_kind(Party::Here, CandidateKind::Srflx), connection.of_kind(Party::There, CandidateKind::Srflx));
    let same = here.iter().find_map(|one| {
        let address = one.0.address.filter(|ip| ip.is_ipv4() && Scope::of(*ip) == Scope::Public)?;
        there.iter().find(|other| other.0.address == Some(address)).map(|other| (one, other, address))
    });
    let Some((one, other, address)) = same else { return Vec::new() };
    let text = format!(
        "both ends are behind the same public address, {address}: they reach each other by their own addresses, or where the NAT sends packets back (hairpinning)"
    );
    let code = CauseCode::SamePublicAddress;
    let found = Finding::fault(connection, code, Certainty::Certain, FaultSide::Path, text);
    let fault = connection.found_no_way();
    vec![found.at([one.1, other.1]).only_if(fault).settle("nat-probe classify: does the NAT hairpin?")]
}

/// Relays of one server that reach nothing of each other: many servers are told not to relay to their own address.
pub(super) fn relays_of_one_server(connection: &Connection) -> Vec<Finding> {
    let relays = |party| connection.candidates(party).iter().filter(|(one, _)| one.kind == CandidateKind::Relay);
    let shared = relays(Party::Here).find_map(|one| {
        let address = one.0.address?;
        relays(Party::There).find(|other| other.0.address == Some(address)).map(|other| (one.1, other.1, address))
    });
    let Some((here, there, address)) = shared.filter(|_| connection.found_no_way()) else {
        return Vec::new();
    };
    let text = format!(
        "both ends have a relay of one TURN server, {address}, and nothing passed between the two: it refuses to relay to itself, as a rule (denied-peer-ip, 403), or its firewall keeps its relay ports apart"
    );
    let code = CauseCode::RelaysOfOneServer;
    let found = Finding::fault(connection, code, Certainty::Likely, FaultSide::Server, text).at([here, there]);
    vec![
        found
            .fix("allowed-peer-ip with the server's own address, and its relay ports open to itself")
            .settle("the TURN server's log, or a packet capture of this end"),
    ]
}

pub(super) fn only_local(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    for (party, code, side, whose) in [
        (Party::Here, CauseCode::OnlyLocalHere, FaultSide::Here, "this"),
        (Party::There, CauseCode::OnlyLocalThere, FaultSide::There, "the other"),
    ] {
        let all = connection.candidates(party);
        // Where names hide some addresses, statistics leave those of the others out.
        let hides = all.iter().any(|(candidate, _)| candidate.is_mdns());
        let local = |candidate: &Candidate| {
            let private = candidate.scope().map(|scope| scope != Scope::Public);
            let hidden = || candidate.is_mdns() || hides && candidate.name.is_none();
            candidate.kind == CandidateKind::Host && private.unwrap_or_else(hidden)
        };
        // These logs have of their own end only what checks leave from; and that a server answered shows that more was found.
        let of_agents = matches!(
            connection.format,
            Format::FirefoxLog | Format::LibwebrtcLog | Format::PionLog | Format::AioiceLog
        );
        let answered =
            |(event, step): &(&Event, &RelayStep)| event.party == party && step.outcome == RelayOutcome::Granted;
        let seen = party == Party::Here && of_agents || connection.relay_steps().iter().any(answered);
        if all.is_empty() || seen || !all.iter().all(|(candidate, _)| local(candidate)) {
            continue;
        }
        let text = format!(
            "{whose} end has only addresses of its own network ({} of them): no STUN server answered it, or none is configured",
            all.len()
        );
        let certainty = if connection.gathered(party) { Certainty::Certain } else { Certainty::Likely };
        let settle = if connection.is_pasted() {
            "the whole list: more candidates may have come later"
        } else {
            "nat-probe discover on that host: does a STUN server answer?"
        };
        let finding = Finding::fault(connection, code, certainty, side, text).at(all.iter().map(|(_, place)| *place));
        // Where the other end has nothing more, and no pair can be made, it goes on for nothing.
        let over = matches!(connection.progress(), Progress::Connected | Progress::Lost);
        let for_nothing = !over && connection.gathered(party) && connection.pairs().is_empty();
        let fault = connection.found_no_way() || for_nothing && connection.has_browser() && !connection.is_pasted();
        found.push(
            finding.only_if(fault).fix("configure a STUN and a TURN server that this host reaches").settle(settle),
        );
    }
    found
}

pub(super) fn not_public(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    for (party, whose) in [(Party::Here, "this"), (Party::There, "the other")] {
        for (kind, code, what) in [
            (
                CandidateKind::Srflx,
                CauseCode::ReflexiveNotPublic,
                "the STUN server stands within the same network or VPN, and saw no public address",
            ),
            (
                CandidateKind::Relay,
                CauseCode::RelayNotPublic,
                "the TURN server hands out an address of its own network (external-ip is missing, as a rule)",
            ),
        ] {
            let scope = |ip| matches!(Scope::of(ip), Scope::Private | Scope::Shared | Scope::Link | Scope::Loopback);
            let all = connection.candidates(party).iter().filter(|(candidate, _)| candidate.kind == kind);
            let Some((candidate, place)) = all.into_iter().find(|(it, _)| it.address.is_some_and(scope)) else {
                continue;
            };
            let Some(address) = candidate.address else { continue };
            let text = format!("{address}, a {kind} candidate of {whose} end, is not public: {what}");
            let finding = Finding::fault(connection, code, Certainty::Certain, FaultSide::Server, text).at([*place]);
            let fault = connection.found_no_way();
            found.push(finding.only_if(fault).settle("whether the other end is in that network too"));
        }
    }
    found
}
