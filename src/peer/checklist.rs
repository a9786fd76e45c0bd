//! The pairs that are checked, and in which order (RFC 8445 sections 6.1.2 and 6.1.4).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::pair::{Pair, State};
use super::setup::{Base, Local};
use crate::engine::Time;
use crate::evidence::{Candidacy, Role, Unpaired, UnpairedCode};
use crate::wire::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, Scope, escape};

/// How many pairs are checked at most (RFC 8445 section 6.1.2.5).
pub(super) const MOST_PAIRS: usize = 100;
/// How many candidates of a token are looked at: pairs of more would not be checked anyway.
const MOST_CANDIDATES: usize = 200;
/// Of how many others it is told why.
const MOST_TOLD: usize = 20;

/// A candidate of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remotely {
    pub(super) candidacy: Candidacy,
    pub(super) priority: u32,
    /// Whether it was learned from a check and is in no token.
    pub(super) learned: bool,
}

/// The address that a UDP candidate of the component can be reached at; `None` for all others.
pub(super) fn candidacy(candidate: &Candidate) -> Option<Candidacy> {
    let usable = candidate.transport == CandidateTransport::Udp && candidate.component == 1 && candidate.port != 0;
    let address = SocketAddr::new(candidate.address.ip().filter(|_| usable)?, candidate.port);
    if address.ip().is_unspecified() || address.ip().is_multicast() {
        return None;
    }
    let related = candidate.related_ip().zip(candidate.related.as_ref());
    let related = related.map(|(ip, (_, port))| SocketAddr::new(ip, *port));
    Some(Candidacy { kind: candidate.kind, address, related })
}

/// The candidates of a token that pairs are made of.
#[derive(Default)]
pub(super) struct Usable {
    pub(super) found: Vec<Remotely>,
    /// The others: how many, and the first of them.
    pub(super) untried: u32,
    pub(super) unpaired: Vec<Unpaired>,
}

impl Usable {
    /// Those of these candidates that these local ones can be paired with.
    pub(super) fn of(candidates: &[Candidate], locals: &[Local]) -> Self {
        let bases = locals.iter().filter(|local| is_base(local));
        let own: Vec<IpAddr> = bases.filter_map(|local| local.candidate.address.ip()).collect();
        let mut usable = Self::default();
        for candidate in candidates {
            match candidacy(candidate) {
                None => usable.leave_out(candidate, why_not(candidate)),
                Some(one) if !own.iter().any(|local| can_pair(*local, one.address.ip())) => {
                    usable.leave_out(candidate, UnpairedCode::NoFamily);
                }
                Some(_) if usable.found.len() >= MOST_CANDIDATES => usable.leave_out(candidate, UnpairedCode::TooMany),
                Some(one) if usable.found.iter().any(|known| known.candidacy.address == one.address) => {}
                Some(candidacy) => {
                    usable.found.push(Remotely { candidacy, priority: candidate.priority, learned: false });
                }
            }
        }
        usable
    }

    fn leave_out(&mut self, candidate: &Candidate, code: UnpairedCode) {
        self.untried += 1;
        if self.unpaired.len() < MOST_TOLD {
            let (first, rest) = code.meaning().trim_end_matches('.').split_at(1);
            let text = first.to_ascii_lowercase() + rest;
            self.unpaired.push(Unpaired { candidate: escape(&candidate.to_string()), code, text });
        }
    }
}

/// Why there is no transport address to send checks to.
fn why_not(candidate: &Candidate) -> UnpairedCode {
    match candidate {
        Candidate { transport: CandidateTransport::Tcp, .. } => UnpairedCode::Tcp,
        Candidate { address: CandidateAddress::Name(_), .. } => UnpairedCode::Name,
        Candidate { component: 1, .. } => UnpairedCode::NoHost,
        _ => UnpairedCode::Component,
    }
}

/// Whether packets can go from one to the other at all (RFC 8445 section 6.1.2.2).
fn can_pair(local: IpAddr, remote: IpAddr) -> bool {
    let link_local = |ip| Scope::of(ip) == Scope::Link;
    local.is_ipv4() == remote.is_ipv4() && link_local(local) == link_local(remote)
}

/// Whether checks leave from the candidate itself: reflexive ones are checked from their bases.
fn is_base(local: &Local) -> bool {
    matches!(local.candidate.kind, CandidateKind::Host | CandidateKind::Relay)
}

/// The pairs.
#[derive(Default)]
pub(super) struct Checklist {
    pub(super) pairs: Vec<Pair>,
    /// Pairs whose check is due before all others (RFC 8445 section 6.1.4.1).
    triggered: VecDeque<usize>,
}

impl Checklist {
    /// Pairs every base with that candidate of the other side. Reflexive candidates are checked from their bases, so only those are
    /// paired (RFC 8445 section 6.1.2.4).
    pub(super) fn pair(&mut self, locals: &[Local], remote: &Remotely) {
        for local in locals {
            let Some(ours) = candidacy(&local.candidate).filter(|_| is_base(local)) else { continue };
            if can_pair(ours.address.ip(), remote.candidacy.address.ip())
                && self.find(local.base, remote.candidacy.address).is_none()
            {
                let ours = (ours, local.candidate.priority);
                let theirs = (remote.candidacy, remote.priority);
                self.pairs.push(Pair::new(local.base, ours, theirs, remote.learned));
            }
        }
    }

    /// Leaves the best ones, and those that something has happened on. Indices of pairs change.
    pub(super) fn prune(&mut self, role: Role) {
        let mut order: Vec<_> = (0..self.pairs.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(self.pairs[index].priority(role)));
        let kept = |index: &usize| self.pairs[*index].seen.asked > 0 || self.pairs[*index].seen.sent > 0;
        let (active, idle): (Vec<_>, Vec<_>) = order.into_iter().partition(kept);
        let room = MOST_PAIRS.saturating_sub(active.len());
        let mut keep: Vec<_> = active.into_iter().chain(idle.into_iter().take(room)).collect();
        keep.sort_by_key(|&index| std::cmp::Reverse(self.pairs[index].priority(role)));
        let triggered = std::mem::take(&mut self.triggered);
        self.triggered = triggered.into_iter().filter_map(|old| keep.iter().position(|&kept| kept == old)).collect();
        let mut pairs: Vec<_> = std::mem::take(&mut self.pairs).into_iter().map(Some).collect();
        self.pairs = keep.into_iter().filter_map(|index| pairs[index].take()).collect();
    }

    /// The pair of that base with that address.
    pub(super) fn find(&self, base: Base, remote: SocketAddr) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.base == base && pair.remote == remote)
    }

    /// Has that pair checked before all others. The check under way is not sent again; should its answer still come, it counts.
    pub(super) fn trigger(&mut self, index: usize) {
        let pair = &mut self.pairs[index];
        pair.check = None;
        if pair.state != State::Succeeded {
            pair.state = State::Waiting;
        }
        if !self.triggered.contains(&index) {
            self.triggered.push_back(index);
        }
    }

    /// The next pair to check of those that can be sent on: a triggered one, else the best that is waiting.
    pub(super) fn next(&mut self, role: Role, ready: impl Fn(&Pair) -> bool) -> Option<usize> {
        if let Some(place) = self.triggered.iter().position(|&index| ready(&self.pairs[index])) {
            return self.triggered.remove(place);
        }
        let waiting = self.pairs.iter().enumerate().filter(|(_, pair)| pair.state == State::Waiting && ready(pair));
        waiting.max_by_key(|(_, pair)| pair.priority(role)).map(|(index, _)| index)
    }

    /// How many checks are due or under way: their number makes the pauses longer (RFC 8445 section 14.3).
    pub(super) fn open(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.is_open()).count()
    }

    /// Whether something better than that priority may still come.
    pub(super) fn may_beat(&self, priority: u64, role: Role) -> bool {
        self.pairs.iter().any(|pair| pair.is_open() && pair.timeouts == 0 && pair.priority(role) > priority)
    }

    /// When the first retransmission is due.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.pairs.iter().filter_map(|pair| Some(pair.check.as_ref()?.1.next())).min()
    }

    /// Nothing more is checked, after a pair was nominated (RFC 8445 section 8.1.2).
    pub(super) fn conclude(&mut self) {
        self.triggered.clear();
        for pair in &mut self.pairs {
            pair.check = None;
        }
    }
}
