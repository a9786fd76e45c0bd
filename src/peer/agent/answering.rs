//! Checks of the other side: answered, and each triggers one of this side (RFC 8445 section 7.3).

use std::net::SocketAddr;

use super::{Agent, Early, PairKey};
use crate::engine::Time;
use crate::evidence::Candidacy;
use crate::evidence::Role;
use crate::peer::checklist::Remotely;
use crate::peer::message::{Asked, names, refusal, success};
use crate::peer::pair::State;
use crate::peer::phase::Phase;
use crate::wire::stun::attribute::MESSAGE_INTEGRITY;
use crate::wire::stun::message::BINDING;
use crate::wire::{CandidateKind, Class, Message};

/// How many checks are remembered before the token is there, and how many addresses are learned from them.
const MOST_LEARNED: usize = 32;
/// Conflicts beyond these are no misunderstanding: two tiebreakers settle one (RFC 8445 section 7.3.1.1).
pub(super) const MOST_CONFLICTS: u32 = 16;
/// The first type that an agent which does not know it may ignore (RFC 8489 section 14).
const OPTIONAL: u16 = 0x8000;

impl Agent {
    /// A message that came to a candidate of this side. Nobody but the other side is answered more than a refusal, which is shorter
    /// than its request.
    pub(super) fn datagram(&mut self, now: Time, pair: PairKey, message: &Message, bytes: &[u8]) {
        if matches!(self.phase, Phase::Releasing { .. } | Phase::Over) {
            return;
        }
        if message.method != BINDING || !message.cookie {
            self.ignored += 1;
            return;
        }
        match message.class {
            // Keepalives want nothing (RFC 8445 section 11).
            Class::Indication => {}
            Class::Request => self.asked(now, pair, message, bytes),
            Class::Success | Class::Error => self.answered(now, pair, message, bytes),
        }
    }

    fn asked(&mut self, now: Time, pair: PairKey, message: &Message, bytes: &[u8]) {
        let signed = self.key.check(message, bytes);
        let (Some((to, from)), Some(right)) = (names(message), signed) else {
            self.ignored += 1;
            return;
        };
        let known = self.peer.as_ref().is_none_or(|peer| peer.ufrag == from);
        if to != self.setup.credentials.ufrag || !right || !known {
            // Whoever knows this side's name, or is where the other side is, has a token of one of them; anybody else may be anybody.
            let has_one = to == self.setup.credentials.ufrag
                || self.remotes.iter().any(|remote| remote.candidacy.address.ip() == pair.1.ip());
            if has_one {
                self.strangers += 1;
            } else {
                self.ignored += 1;
            }
            return self.send(pair, refusal(message.id, 401, &[], None));
        }
        let mandatory = message.attributes().iter().filter(|one| one.ty < OPTIONAL && one.is_unknown());
        let unknown: Vec<_> = mandatory.map(|one| one.ty).collect();
        if !unknown.is_empty() {
            return self.send(pair, refusal(message.id, 420, &unknown, Some(&self.key)));
        }
        let Some(asked) = Asked::read(message) else {
            return self.send(pair, refusal(message.id, 400, &[], Some(&self.key)));
        };
        if asked.role.is_some_and(|(role, tiebreaker)| role == self.role && !self.yields(tiebreaker)) {
            return self.send(pair, refusal(message.id, 487, &[], Some(&self.key)));
        }
        // Signed as it was asked (RFC 8489 section 9.1.3).
        let sha256 = message.attribute(MESSAGE_INTEGRITY).is_none();
        self.send(pair, success(message.id, pair.1, &self.key, sha256));
        self.heard_at.get_or_insert(now);
        if let Some(test) = asked.test {
            self.tests.heard(now, test);
        }
        if self.phase.uses_a_pair() {
            self.last_traffic = now;
            self.broken_from = Some(pair.1);
        }
        if self.phase == Phase::Waiting {
            self.remember(Early { pair, priority: asked.priority, nominates: asked.nominates });
        } else {
            self.triggered(now, pair, asked.priority, asked.nominates);
        }
    }

    /// Both sides claim this role: the larger tiebreaker has its way (RFC 8445 section 7.3.1.1). Whether this side gives in.
    fn yields(&mut self, theirs: u64) -> bool {
        self.role_conflicts += 1;
        if self.role_conflicts > MOST_CONFLICTS {
            return false;
        }
        let larger = self.tiebreaker >= theirs;
        // Of two controlling ones the larger stays so; of two controlled ones the larger becomes controlling.
        let gives_in = larger == (self.role == Role::Controlled);
        if gives_in {
            self.role = self.role.other();
            self.nominating = None;
        }
        gives_in
    }

    fn remember(&mut self, early: Early) {
        if let Some(known) = self.early.iter_mut().find(|known| known.pair == early.pair) {
            known.nominates |= early.nominates;
        } else if self.early.len() < MOST_LEARNED {
            self.early.push(early);
        }
    }

    /// A check came from there: one goes back (RFC 8445 section 7.3.1.4), and a nomination is taken (section 7.3.1.5).
    pub(super) fn triggered(&mut self, now: Time, key: PairKey, priority: u32, nominates: bool) {
        let Some(index) = self.list.find(key.0, key.1).or_else(|| self.learn_remote(key, priority)) else { return };
        let pair = &mut self.list.pairs[index];
        pair.seen.asked += 1;
        let nominates = nominates && self.role == Role::Controlled;
        match pair.state {
            State::Succeeded if nominates => self.nominated(now, index),
            State::Succeeded => {}
            _ => {
                pair.nominated_by_peer |= nominates;
                if self.phase == Phase::Checking {
                    self.list.trigger(index);
                }
            }
        }
    }

    /// A pair with an address that is in no token (RFC 8445 section 7.3.1.3), where there is room for one.
    fn learn_remote(&mut self, (base, address): PairKey, priority: u32) -> Option<usize> {
        if self.phase != Phase::Checking {
            return None;
        }
        let remote = match self.remotes.iter().find(|remote| remote.candidacy.address == address) {
            Some(known) => *known,
            None if self.remotes.iter().filter(|remote| remote.learned).count() < MOST_LEARNED => {
                let remote = peer_reflexive(address, priority);
                self.remotes.push(remote);
                remote
            }
            None => return None,
        };
        let of_base: Vec<_> = self.setup.locals.iter().filter(|local| local.base == base).cloned().collect();
        self.list.pair(&of_base, &remote);
        self.list.find(base, address)
    }
}

fn peer_reflexive(address: SocketAddr, priority: u32) -> Remotely {
    let candidacy = Candidacy { kind: CandidateKind::Prflx, address, related: None };
    Remotely { candidacy, priority, learned: true }
}
