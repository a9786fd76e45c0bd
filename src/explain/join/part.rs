//! What is put together: connections of files, what two of them have in common, and by what each is known.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::explain::event::{Candidate, Event, Party, What};
use crate::explain::format::Format;
use crate::wire::{CandidateKind, Scope};

/// A connection of one of the files.
pub(in crate::explain) struct Part {
    pub(in crate::explain) name: String,
    pub(in crate::explain) file: usize,
    pub(in crate::explain) format: Format,
    pub(in crate::explain) events: Vec<Event>,
}

/// Two connections of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct Link {
    pub(in crate::explain) one: usize,
    pub(in crate::explain) other: usize,
    /// Whether they are its two ends, and not the same end told twice.
    pub(in crate::explain) ends: bool,
    /// What stands in both.
    pub(in crate::explain) by: String,
}

/// Whether a file tells what was seen between the ends, and not at one of them.
pub(super) fn is_network(format: Format) -> bool {
    matches!(format, Format::CoturnLog | Format::EturnalLog | Format::Pcap | Format::Pcapng)
}

/// Whether a file tells of no call.
pub(super) fn is_configuration(format: Format) -> bool {
    matches!(format, Format::TurnserverConf | Format::IceServers | Format::NatProbe | Format::CandidateErrors)
}

/// What a connection is known by.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) ufrags: [BTreeSet<String>; 2],
    pub(super) sockets: [BTreeSet<SocketAddr>; 2],
    /// Ports of this end's host candidates whose address the file hides.
    pub(super) hidden: BTreeSet<u16>,
    /// Public addresses that servers and peers saw of the hosts of both ends.
    pub(super) addresses: [BTreeSet<IpAddr>; 2],
    /// Ports from which this end asked a server that refused its login, and when it was told so.
    pub(super) refused: BTreeSet<u16>,
    pub(super) refused_ms: BTreeSet<u64>,
    /// When what it tells began and ended.
    pub(super) lasted_ms: Option<(u64, u64)>,
}

impl Marks {
    pub(super) fn of(part: &Part) -> Self {
        let mut marks = Self::default();
        for event in &part.events {
            let side = usize::from(event.party == Party::There);
            if let Some(at) = event.time_ms {
                let (begin, end) = marks.lasted_ms.unwrap_or((at, at));
                marks.lasted_ms = Some((begin.min(at), end.max(at)));
            }
            match &event.what {
                What::Description(description) => marks.ufrags[side].extend(description.ufrags.iter().cloned()),
                What::Candidate(candidate) => marks.candidate(side, candidate),
                What::GatheringError(error) if error.code == 401 => {
                    marks.refused.extend(error.port);
                    marks.refused_ms.extend(event.time_ms);
                }
                What::Pair(pair) => {
                    let ends = [&pair.local, &pair.remote];
                    ends.iter().enumerate().for_each(|(side, end)| end.iter().for_each(|it| marks.candidate(side, it)));
                }
                // Those that a capture handed to an end are told as the capture saw them.
                What::Checks(checks) if is_network(part.format) => {
                    marks.ufrags[side].insert(checks.from_ufrag.clone());
                    marks.ufrags[1 - side].insert(checks.to_ufrag.clone());
                }
                _ => {}
            }
        }
        for ufrags in &mut marks.ufrags {
            ufrags.retain(|ufrag| !ufrag.is_empty());
        }
        marks
    }

    /// Addresses of a host's own network are the same in many homes, and only their ports tell them apart: those do not count.
    fn candidate(&mut self, side: usize, candidate: &Candidate) {
        self.ufrags[side].extend(candidate.ufrag.iter().cloned());
        if side == 0 && candidate.kind == CandidateKind::Host && candidate.address.is_none() && candidate.port > 9 {
            self.hidden.insert(candidate.port);
        }
        let reflexive = matches!(candidate.kind, CandidateKind::Srflx | CandidateKind::Prflx);
        if let Some(address) = candidate.address.filter(|address| reflexive && Scope::of(*address) == Scope::Public) {
            self.addresses[side].insert(address);
        }
        let own = candidate.kind != CandidateKind::Host;
        if let Some(address) = candidate.address.filter(|_| own && candidate.port > 9) {
            self.sockets[side].insert(SocketAddr::new(address, candidate.port));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ufrags.iter().all(BTreeSet::is_empty) && self.sockets.iter().all(BTreeSet::is_empty)
    }

    /// What stands in both, and whether it makes them the two ends.
    pub(super) fn common(&self, other: &Self) -> Option<(bool, String)> {
        let shared = |one: usize, two: usize| {
            let ufrag = self.ufrags[one].intersection(&other.ufrags[two]).next();
            let socket = self.sockets[one].intersection(&other.sockets[two]).next();
            ufrag
                .map(|ufrag| format!("the user name fragment {ufrag}"))
                .or_else(|| socket.map(|socket| format!("the candidate {socket}")))
        };
        // Two files of one end have the other end in common too.
        if let Some(by) = shared(0, 0) {
            return Some((false, by));
        }
        // Many talk to one server, which is the other end of all of them.
        let known = !self.ufrags[0].is_empty() && !other.ufrags[0].is_empty();
        let session = || self.ufrags[1].intersection(&other.ufrags[1]).next().filter(|_| !known);
        let same = || session().map(|ufrag| (false, format!("the user name fragment {ufrag}")));
        shared(0, 1).or_else(|| shared(1, 0)).map(|by| (true, by)).or_else(same)
    }
}

/// Where a part has gone to, by way of others; the way is shortened.
pub(super) fn root(into: &mut [usize], mut part: usize) -> usize {
    while into[part] != part {
        into[part] = into[into[part]];
        part = into[part];
    }
    part
}
