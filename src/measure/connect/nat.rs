//! What a session shows of the NATs on both sides.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::evidence::{Candidacy, Session};
use crate::wire::CandidateKind;

/// What was seen of the mapping of one side's NAT (RFC 4787 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapping {
    /// The same mapped address for every destination that was seen.
    Independent,
    /// Another mapped address for another destination.
    Dependent,
    /// One destination alone, or none.
    Unseen,
}

/// The mapped addresses of each base, by its servers and by the other side.
pub(super) fn here(session: &Session) -> Mapping {
    let seen = session.pairs.iter().filter(|pair| pair.local.kind == CandidateKind::Host);
    let by_peer = seen.filter_map(|pair| Some((pair.local.address, pair.mapped?)));
    mapping(by_servers(&session.locals).chain(by_peer))
}

/// What the other side's candidates and its checks show.
pub(super) fn there(session: &Session) -> Mapping {
    let reflexive: Vec<_> = by_servers(&session.remotes).collect();
    // A check from an address of the same NAT with another port: it was mapped anew for this side.
    let learned = session.pairs.iter().filter(|pair| pair.learned).map(|pair| pair.remote.address);
    let anew = learned.filter_map(|address| {
        let (base, _) = reflexive.iter().find(|(_, mapped)| mapped.ip() == address.ip())?;
        Some((*base, address))
    });
    mapping(reflexive.iter().copied().chain(anew))
}

fn by_servers(candidates: &[Candidacy]) -> impl Iterator<Item = (SocketAddr, SocketAddr)> {
    let reflexive = candidates.iter().filter(|candidate| candidate.kind == CandidateKind::Srflx);
    reflexive.filter_map(|candidate| Some((candidate.related?, candidate.address)))
}

fn mapping(seen: impl Iterator<Item = (SocketAddr, SocketAddr)>) -> Mapping {
    let all: Vec<_> = seen.collect();
    let bases: BTreeSet<_> = all.iter().map(|(base, _)| base).collect();
    let distinct = |base| all.iter().filter(|(of, _)| *of == base).map(|(_, mapped)| mapped).collect::<BTreeSet<_>>();
    match bases.into_iter().map(|base| distinct(*base).len()).max() {
        Some(2..) => Mapping::Dependent,
        Some(_) if all.len() > 1 => Mapping::Independent,
        _ => Mapping::Unseen,
    }
}
