//! The end of a connection that wrote a browser's dump. The candidates of the other end stand in there too, and are none of this
//! side's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::error::SideError;
use crate::explain::event::{self, Event, Party, StateOf, What};
use crate::explain::{self, Format, ReadError, Reading};
use crate::predict::Side;
use crate::predict::read::candidates;
use crate::wire::candidate::{Candidate, CandidateAddress, CandidateList, CandidatePlace, ListedCandidate};

/// The side of the end that wrote the file; `None` where it is no dump of a connection.
pub(super) fn read(name: &str, contents: &[u8]) -> Option<Result<Side, SideError>> {
    match explain::read(contents) {
        Ok(reading) if tells_of_both(reading.format) => Some(side(name, &reading)),
        Err(ReadError::Nothing(format, _)) if tells_of_both(format) => {
            Some(Err(SideError::NoCandidatesIn(format.name())))
        }
        _ => None,
    }
}

/// The side in what is no UTF-8: compressed, or in UTF-16.
pub(super) fn packed(name: &str, contents: &[u8]) -> Result<Side, SideError> {
    match explain::read(contents) {
        Ok(reading) => side(name, &reading),
        Err(error) => Err(SideError::NoText(error.to_string())),
    }
}

/// Whether such a file tells what both ends did.
fn tells_of_both(format: Format) -> bool {
    !matches!(
        format,
        Format::Sdp | Format::Candidates | Format::CandidateErrors | Format::IceServers | Format::NatProbe
    )
}

fn side(name: &str, reading: &Reading) -> Result<Side, SideError> {
    let here = || reading.events.iter().filter(|event| event.party == Party::Here);
    let with: BTreeSet<usize> =
        here().filter(|event| candidate(event).is_some()).map(|event| event.connection).collect();
    let none = || SideError::NoCandidatesIn(reading.format.name());
    let connection = *with.last().ok_or_else(none)?;
    let of_it: Vec<&Event> = here().filter(|event| event.connection == connection).collect();
    let mut side = of_events(name, &of_it).ok_or_else(none)?;
    let whose = if with.len() > 1 { format!(" of the last of its {} connections", with.len()) } else { String::new() };
    side.remarks.insert(0, format!("{}: the end that wrote it is taken{whose}", reading.format.name()));
    Ok(side)
}

/// The side that the candidates of one connection's own end make.
pub(crate) fn of_events(name: &str, events: &[&Event]) -> Option<Side> {
    let of_it: Vec<&Event> = events.iter().copied().filter(|event| event.party == Party::Here).collect();
    let list = CandidateList {
        candidates: of_it.iter().filter_map(|event| candidate(event)).enumerate().map(listed).collect(),
        errors: Vec::new(),
        complete: of_it.iter().any(|event| ends_gathering(&event.what)),
    };
    candidates::of(name, &list)
}

fn candidate(event: &Event) -> Option<&event::Candidate> {
    if let What::Candidate(candidate) = &event.what { Some(candidate) } else { None }
}

fn ends_gathering(what: &What) -> bool {
    matches!(what, What::EndOfCandidates)
        || matches!(what, What::State { of: StateOf::Gathering, value } if value == "complete")
}

fn listed((index, seen): (usize, &event::Candidate)) -> ListedCandidate {
    let address = match (seen.address, &seen.name) {
        (Some(ip), _) => CandidateAddress::Ip(ip),
        (None, name) => CandidateAddress::Name(name.clone().unwrap_or_default()),
    };
    // Equal ones are of one base only within one transport and one round of gathering.
    let told = !seen.foundation.is_empty() && seen.ufrag.is_some() && !seen.section.starts_with('/');
    let candidate = Candidate {
        foundation: if told { seen.foundation.clone() } else { format!("unknown{index}") },
        component: 1,
        transport: seen.transport,
        priority: seen.priority,
        address,
        port: seen.port,
        kind: seen.kind,
        related: seen.base.as_deref().and_then(base),
        tcp_type: None,
        extensions: Vec::new(),
    };
    // The section has the component in it.
    let belongs =
        CandidatePlace { mid: Some(seen.section.clone()), ufrag: seen.ufrag.clone(), ..CandidatePlace::default() };
    ListedCandidate { candidate, belongs, line: 0 }
}

/// Address and port of a base, as readers of dumps write it.
fn base(text: &str) -> Option<(CandidateAddress, u16)> {
    let (ip, port) = text.rsplit_once([' ', ':'])?;
    let ip: IpAddr = ip.trim_matches(['[', ']']).parse().ok()?;
    Some((CandidateAddress::Ip(ip), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::predict::Side;
    use crate::predict::side::{Reach, Translation};

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/");

    fn side(file: &str) -> Side {
        let contents = std::fs::read(format!("{FOLDER}{file}")).unwrap();
        read(file, &contents).expect("it is a dump").unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// What one STUN server saw of Chromium says nothing of the mapping; what two saw of Firefox does.
    #[test]
    fn only_the_end_that_wrote_it_is_taken() {
        for (file, symmetric) in [
            ("firefox-symmetric-symmetric-turn-b.about.json", true),
            ("chromium-symmetric-symmetric-turn-b.json", false),
            ("chromium-home-home-b.json", false),
            ("chromium-home-symmetric-a.json", false),
            ("firefox-home-symmetric-a.about.json", false),
        ] {
            let found = side(file).ipv4.unwrap_or_else(|| panic!("{file}: nothing of IPv4"));
            assert_eq!(found.reach.only(), Some(Reach::Passes), "{file}");
            assert_eq!(!found.mapping.may_be(Translation::EndpointIndependent), symmetric, "{file}: {found:?}");
        }
    }

    #[test]
    fn what_has_no_candidates_of_its_own_end_is_no_side() {
        let remote = r#"[{"type":"remote-candidate","id":"x","address":"203.0.113.9","port":5,"protocol":"udp",
            "candidateType":"srflx","priority":1}]"#;
        let error = read("x", remote.as_bytes()).expect("statistics").unwrap_err();
        assert!(error.to_string().contains("getStats()"), "{error}");
        assert!(read("x", b"candidate:1 1 udp 2113937151 192.168.1.2 50000 typ host").is_none());
    }
}
