//! A candidate pair: where it stands in the checks, and what was seen on it (RFC 8445 section 6.1.2).

use std::net::SocketAddr;

use super::setup::Base;
use super::transaction::Transaction;
use crate::engine::Time;
use crate::evidence::Role;
use crate::evidence::{Candidacy, PairSeen};
use crate::wire::{CandidateKind, TransactionId, ice};

/// How far the checks of a pair are (RFC 8445 section 6.1.2.6). There is no Frozen: with one stream of one component the first round
/// of checks unfreezes every pair, only later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// To be checked.
    Waiting,
    /// A check is under way.
    InProgress,
    /// A check was answered.
    Succeeded,
    /// It cannot be used.
    Failed,
}

/// A candidate pair.
pub(super) struct Pair {
    /// Where its checks leave from.
    pub(super) base: Base,
    /// Where they go.
    pub(super) remote: SocketAddr,
    /// The priorities of its candidates, ours and theirs.
    pub(super) priorities: (u32, u32),
    pub(super) state: State,
    /// The check under way.
    pub(super) check: Option<(TransactionId, Transaction)>,
    /// Whether the other side has nominated it, and the answer to our own check is still out.
    pub(super) nominated_by_peer: bool,
    /// Checks that ran out of time.
    pub(super) timeouts: u32,
    /// Since when it is valid.
    pub(super) valid_since: Option<Time>,
    /// This side's end as the other side sees it.
    pub(super) valid_local: Option<Candidacy>,
    pub(super) seen: PairSeen,
}

impl Pair {
    /// A pair nothing has happened on.
    pub(super) fn new(base: Base, local: (Candidacy, u32), remote: (Candidacy, u32), learned: bool) -> Self {
        let seen = PairSeen {
            local: local.0,
            remote: remote.0,
            sent: 0,
            answered: 0,
            answered_ms: None,
            rtt_ms: None,
            mapped: None,
            asked: 0,
            learned,
            answered_from: None,
            unsigned: 0,
            error: None,
            failure: None,
            refused: None,
            nominated: false,
        };
        Self {
            base,
            remote: remote.0.address,
            priorities: (local.1, remote.1),
            state: State::Waiting,
            check: None,
            nominated_by_peer: false,
            timeouts: 0,
            valid_since: None,
            valid_local: None,
            seen,
        }
    }

    /// Its priority (RFC 8445 section 6.1.2.3).
    pub(super) fn priority(&self, role: Role) -> u64 {
        let (ours, theirs) = self.priorities;
        match role {
            Role::Controlling => ice::pair_priority(ours, theirs),
            Role::Controlled => ice::pair_priority(theirs, ours),
        }
    }

    /// What PRIORITY says in its checks: the priority of its local candidate, were that peer-reflexive (RFC 8445 section 7.1.1).
    pub(super) fn prflx_priority(&self) -> u32 {
        ice::peer_reflexive_priority(self.priorities.0)
    }

    /// Whether a relay carries it on either side.
    pub(super) fn is_relayed(&self) -> bool {
        matches!(self.base, Base::Relay(_)) || self.seen.remote.kind == CandidateKind::Relay
    }

    /// Whether a check may still come to something.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::InProgress)
    }
}
