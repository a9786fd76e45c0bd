//! Candidates, alone or in SDP: what an application gathered says a little of the NAT in front of it.
//!
//! Two server-reflexive candidates of one base with different ports prove a mapping that depends on the destination. One alone proves
//! nothing, because it does not say how many servers answered. What a filter lets in, no candidate says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::predict::closed::Possible;
use crate::predict::side::{
    AddressPooling, FamilySide, HostAddress, Reach, RelayedCandidate, Side, SideSource, Translation,
};
use crate::wire::candidate::{
    Candidate, CandidateKind, CandidateList, CandidatePlace, CandidateTransport, ListedCandidate, read_candidates,
};
use crate::wire::sdp::{Description, SdpError, read_descriptions};
use crate::wire::{Family, Scope};

/// So many candidates are looked at; applications have a few dozen.
pub const MOST: usize = 10_000;

/// What tells the base of a server-reflexive candidate: two that agree in it share it.
type Base = (u16, Vec<Option<String>>, Option<SocketAddr>, Option<String>);

/// The side whose candidates stand in the text, in SDP or alone; `None` where there are none.
#[must_use]
pub fn read(name: &str, text: &str) -> Option<Side> {
    let descriptions = read_descriptions(text);
    let count = descriptions.iter().filter(|one| one.candidates().next().is_some()).count();
    let described = descriptions.iter().find(|one| one.candidates().next().is_some());
    let mut side = of(name, &described.map_or_else(|| read_candidates(text), listed))?;
    if count > 1 {
        side.remarks.push(format!("of the {count} descriptions in it the first is taken"));
    }
    Some(side)
}

/// The candidates of a description, each with its section.
fn listed(description: &Description) -> CandidateList {
    let mut list = CandidateList::default();
    for (part, index) in description.parts().zip(0_u32..) {
        list.candidates.extend(part.candidates.iter().map(|placed| ListedCandidate {
            candidate: placed.value.clone(),
            belongs: CandidatePlace { m_line_index: Some(index), ..CandidatePlace::default() },
            line: placed.line,
        }));
    }
    list.errors = description
        .errors
        .iter()
        .filter_map(|placed| match &placed.value {
            SdpError::Candidate(error) => Some((placed.line, error.clone())),
            _ => None,
        })
        .collect();
    list.complete = description.parts().any(|part| part.end_of_candidates.is_some())
        && description
            .media
            .iter()
            .all(|media| media.ice.candidates.is_empty() || media.ice.end_of_candidates.is_some());
    list
}

/// The side that has these candidates and no others; `None` where there are none.
#[must_use]
pub fn whole(name: &str, candidates: &[Candidate]) -> Option<Side> {
    let listed = |candidate: &Candidate| ListedCandidate {
        candidate: candidate.clone(),
        belongs: CandidatePlace::default(),
        line: 0,
    };
    of(name, &CandidateList { candidates: candidates.iter().map(listed).collect(), errors: Vec::new(), complete: true })
}

/// The side that has these candidates; `None` where there are none.
#[must_use]
pub fn of(name: &str, list: &CandidateList) -> Option<Side> {
    if list.candidates.is_empty() {
        return None;
    }
    let all = &list.candidates[..list.candidates.len().min(MOST)];
    let mut side = Side { name: name.to_owned(), source: SideSource::Candidates, ..Side::default() };
    for of in [Family::Ipv4, Family::Ipv6] {
        *side.family_mut(of) = family(of, all, list.complete);
    }
    let relays: Vec<RelayedCandidate> = all
        .iter()
        .filter(|listed| listed.candidate.kind == CandidateKind::Relay)
        .map(|listed| RelayedCandidate { address: listed.candidate.address.ip(), transport: None })
        .take(100)
        .collect();
    // More may follow, as long as nobody says that there are no more.
    side.relays = (!relays.is_empty() || list.complete).then_some(relays);
    side.remarks = remarks(list, all);
    Some(side)
}

fn remarks(list: &CandidateList, all: &[ListedCandidate]) -> Vec<String> {
    let mut remarks = vec!["candidates tell no filtering: nat-probe classify does".to_owned()];
    if let Some((line, error)) = list.errors.first() {
        let count = list.errors.len();
        remarks.push(format!("{count} of its candidates are not understood, the first on line {line}: {error}"));
    }
    if list.candidates.len() > all.len() {
        remarks.push(format!("only {} of its {} candidates were looked at", all.len(), list.candidates.len()));
    }
    let kinds: BTreeSet<CandidateKind> = all.iter().map(|listed| listed.candidate.kind).collect();
    if kinds.iter().all(|kind| *kind == CandidateKind::Relay) {
        remarks
            .push("all of its candidates are relayed ones: its application may be told to use nothing else".to_owned());
    } else if !kinds.contains(&CandidateKind::Srflx) {
        remarks
            .push("none of its candidates is server-reflexive: no STUN server answered, or none was asked".to_owned());
    }
    remarks
}

fn family(family: Family, all: &[ListedCandidate], complete: bool) -> Option<FamilySide> {
    let udp = || all.iter().filter(|listed| listed.candidate.transport == CandidateTransport::Udp);
    let of_kind = |kind| udp().filter(move |listed| listed.candidate.kind == kind && is_of(family, &listed.candidate));
    let hosts: BTreeSet<IpAddr> =
        of_kind(CandidateKind::Host).filter_map(|listed| listed.candidate.address.ip()).collect();
    let reflexive: Vec<&ListedCandidate> = of_kind(CandidateKind::Srflx).collect();
    let hidden =
        udp().any(|listed| listed.candidate.kind == CandidateKind::Host && listed.candidate.address.ip().is_none());
    if reflexive.is_empty() {
        // Without an address of its own it has none of the family, if all of them are shown and nothing is left to come.
        let none =
            hosts.is_empty() && !hidden && complete && udp().any(|listed| listed.candidate.kind == CandidateKind::Host);
        return if none {
            Some(FamilySide::unavailable())
        } else {
            (!hosts.is_empty()).then(|| FamilySide { hosts: own(&hosts), ..FamilySide::default() })
        };
    }
    let addresses: BTreeSet<IpAddr> = reflexive.iter().filter_map(|listed| listed.candidate.address.ip()).collect();
    let mut side = FamilySide { reach: Possible::known(Reach::Passes), hosts: own(&hosts), ..FamilySide::default() };
    let mut mapped: BTreeMap<Base, BTreeSet<(IpAddr, u16)>> = BTreeMap::new();
    for listed in &reflexive {
        let candidate = &listed.candidate;
        if let Some(ip) = candidate.address.ip() {
            mapped.entry(base(listed)).or_default().insert((ip, candidate.port));
        }
    }
    let several = mapped.values().filter(|seen| seen.len() > 1);
    let several: Vec<&BTreeSet<(IpAddr, u16)>> = several.collect();
    if !several.is_empty() {
        side.mapping = Possible::among(&[Translation::AddressDependent, Translation::AddressAndPortDependent]);
        let moves =
            several.iter().any(|seen| seen.iter().any(|(ip, _)| seen.first().is_some_and(|first| first.0 != *ip)));
        if moves {
            side.pooling = Possible::known(AddressPooling::Arbitrary);
        }
    } else if reflexive.iter().all(|listed| is_own(&listed.candidate)) {
        side.mapping = Possible::known(Translation::None);
    }
    // A server inside the NAT or a VPN sees an address that no peer does.
    side.addresses =
        addresses.iter().all(|ip| Scope::of(*ip) == Scope::Public).then(|| addresses.into_iter().collect());
    Some(side)
}

fn own(hosts: &BTreeSet<IpAddr>) -> Option<Vec<HostAddress>> {
    let all: Vec<HostAddress> = hosts.iter().map(|&address| HostAddress { address, prefix: None }).collect();
    (!all.is_empty()).then_some(all)
}

fn is_of(family: Family, candidate: &Candidate) -> bool {
    candidate.address.ip().is_some_and(|ip| family.has(ip))
}

/// The base of a server-reflexive candidate, where two that have it in common can be told: by the related address, or where that is
/// hidden by the foundation, which those of different bases do not share (RFC 8445 section 5.1.1.3).
fn base(listed: &ListedCandidate) -> Base {
    let candidate = &listed.candidate;
    let belongs = &listed.belongs;
    let extension = |name| candidate.extension(name).map(str::to_owned);
    // Each section, and each time that ICE began anew, has sockets of its own.
    let place = vec![
        belongs.mid.clone().or_else(|| belongs.m_line_index.map(|index| index.to_string())),
        belongs.ufrag.clone().or_else(|| extension("ufrag")),
        extension("generation"),
    ];
    let related = candidate.related_ip().zip(candidate.related.as_ref().map(|(_, port)| *port));
    match related {
        // Some write the address and no port.
        Some((_, 0)) | None => (candidate.component, place, None, Some(candidate.foundation.clone())),
        Some((ip, port)) => (candidate.component, place, Some(SocketAddr::new(ip, port)), None),
    }
}

/// Whether its base has the same address and port.
fn is_own(candidate: &Candidate) -> bool {
    let port = candidate.related.as_ref().map(|(_, port)| *port);
    candidate.related_ip().is_some_and(|ip| Some(ip) == candidate.address.ip() && port == Some(candidate.port))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::predict::read::description;
    use crate::predict::side::{Side, Translation};
    use crate::predict::{Answer, predict};

    const HOST: &str = "candidate:1 1 udp 2113937151 6a1c0000-0000-4000-8000-00000000beef.local 50000 typ host";

    fn reflexive(foundation: u8, address: &str, port: u16, related: &str) -> String {
        format!("\ncandidate:{foundation} 1 udp 1677729535 {address} {port} typ srflx {related}")
    }

    fn side(text: &str) -> Side {
        read("x.sdp", text).expect("there are candidates")
    }

    #[test]
    fn two_ports_of_one_base_are_a_mapping_by_destination() {
        let hidden = "raddr 0.0.0.0 rport 0";
        let two = |one: u8, other: u8, related: &str| {
            let text = format!(
                "{HOST}{}{}",
                reflexive(one, "203.0.113.9", 61000, related),
                reflexive(other, "203.0.113.9", 61733, related)
            );
            side(&text).ipv4.unwrap().mapping
        };
        for symmetric in [two(2, 2, hidden), two(2, 3, "raddr 192.168.1.2 rport 50000")] {
            assert!(
                !symmetric.may_be(Translation::EndpointIndependent) && symmetric.may_be(Translation::AddressDependent)
            );
        }
        assert!(two(2, 3, hidden).is_unknown(), "two bases may be behind one name");
        assert!(two(2, 3, "raddr 192.168.1.2 rport 0").is_unknown());
        let one = side(&format!("{HOST}{}", reflexive(2, "203.0.113.9", 61000, hidden)));
        assert!(one.ipv4.as_ref().unwrap().mapping.is_unknown(), "who knows how many servers answered");
        assert_eq!(
            predict(&one, &description::read("nat:port-restricted-cone").unwrap(), None).prediction,
            Answer::Inconclusive
        );
    }

    #[test]
    fn each_section_of_a_description_has_sockets_of_its_own() {
        let section = |port, mid| {
            let reflexive = reflexive(2, "203.0.113.9", port, "raddr 0.0.0.0 rport 0").replace('\n', "a=");
            format!("m=audio {port} UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n{reflexive}\r\n")
        };
        let text =
            format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{}{}", section(61000, 0), section(61733, 1));
        assert!(side(&text).ipv4.unwrap().mapping.is_unknown());
        let wrapped = serde_json::json!({ "type": "offer", "sdp": text }).to_string();
        assert_eq!(side(&wrapped), side(&text));
    }

    #[test]
    fn a_base_that_is_seen_as_it_is_has_no_nat() {
        let found = side(&format!("{HOST}{}", reflexive(2, "203.0.113.9", 50000, "raddr 203.0.113.9 rport 50000")));
        assert_eq!(found.ipv4.unwrap().mapping.only(), Some(Translation::None));
    }

    #[test]
    fn ten_thousand_candidates_are_read_in_time() {
        let text: String =
            (0..10_000).map(|index| reflexive(2, "203.0.113.9", index, "raddr 0.0.0.0 rport 0")).collect();
        assert!(!side(&text).ipv4.unwrap().mapping.may_be(Translation::EndpointIndependent));
        assert!(read("x", "nothing of the kind").is_none());
    }

    #[test]
    fn what_is_not_there_is_said() {
        let only_hosts = side("candidate:1 1 udp 2113937151 192.168.1.2 50000 typ host\na=end-of-candidates");
        assert!(only_hosts.ipv6.unwrap().reach.only().is_some() && only_hosts.relays == Some(Vec::new()));
        assert!(only_hosts.remarks.iter().any(|remark| remark.contains("no STUN server answered")));
        let broken = side(&format!("{HOST}\ncandidate:2 1 udp x 1.2.3.4 5 typ srflx"));
        assert!(broken.remarks.iter().any(|remark| remark.contains("line 2")), "{:?}", broken.remarks);
    }
}
