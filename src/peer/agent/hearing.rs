//! Answers to this side's checks (RFC 8445 section 7.2.5).

use std::net::SocketAddr;

use super::answering::MOST_CONFLICTS;
use super::{Agent, PairKey, Purpose, Sent, learned};
use crate::engine::Time;
use crate::evidence::Role;
use crate::evidence::{Candidacy, End, Selected};
use crate::peer::checklist::candidacy;
use crate::peer::data::ms;
use crate::peer::pair::State;
use crate::peer::phase::Phase;
use crate::wire::{Class, Message, TransactionId};

impl Agent {
    pub(super) fn answered(&mut self, now: Time, from: PairKey, message: &Message, bytes: &[u8]) {
        let (Some(sent), Some(peer)) = (self.sent.get(&message.id).copied(), &self.peer) else {
            self.ignored += 1;
            return;
        };
        let Some(index) = self.list.find(sent.pair.0, sent.pair.1) else { return };
        let pair = &mut self.list.pairs[index];
        let error = message.error().map(|(code, _)| code);
        match peer.key.check(message, bytes) {
            Some(true) => {}
            // Who could not check a signature cannot sign (RFC 8489 section 9.1.3). Anybody can say so: it is no end.
            None if error.is_some() => {
                pair.seen.error = error;
                return;
            }
            _ => {
                pair.seen.unsigned += 1;
                return;
            }
        }
        self.heard_at.get_or_insert(now);
        // RFC 8445 section 7.2.5.2.1: what was asked there has to be answered from there, to where it was asked from.
        if from != sent.pair {
            pair.seen.answered_from = Some(from.1);
            if pair.state != State::Succeeded {
                pair.state = State::Failed;
                pair.check = None;
            }
            return;
        }
        match (error, message.mapped()) {
            (Some(487), _) => self.conflicted(index, sent),
            (Some(403), _) if self.phase.uses_a_pair() => self.finish(now, End::ConsentRevoked),
            (Some(code), _) => {
                pair.seen.error = Some(code);
                pair.state = State::Failed;
                pair.check = None;
            }
            (None, Some(mapped)) if message.class == Class::Success => {
                self.sent.remove(&message.id);
                self.succeeded(now, index, (message.id, sent), mapped);
            }
            (None, _) => self.ignored += 1,
        }
    }

    /// The other side claims the same role and has its way (RFC 8445 section 7.2.5.1).
    fn conflicted(&mut self, index: usize, sent: Sent) {
        // What was asked before the roles were settled is answered by what was done since.
        self.list.pairs[index].seen.error = Some(487);
        if sent.role == self.role {
            self.role_conflicts += 1;
            if self.role_conflicts > MOST_CONFLICTS {
                // Whatever role it is asked in, it claims the same.
                let pair = &mut self.list.pairs[index];
                (pair.state, pair.check) = (State::Failed, None);
                return;
            }
            self.role = self.role.other();
            self.tiebreaker = self.chance.number();
            self.nominating = None;
        }
        if self.phase == Phase::Checking {
            self.list.trigger(index);
        }
    }

    fn succeeded(&mut self, now: Time, index: usize, (id, sent): (TransactionId, Sent), mapped: SocketAddr) {
        let took = now.saturating_sub(sent.at);
        if self.phase.uses_a_pair() {
            self.last_traffic = now;
            let of_selected = self.selected.as_ref().is_some_and(|(key, _)| *key == sent.pair);
            if of_selected && !matches!(self.phase, Phase::Idle { .. }) {
                self.consent.given(now, &mut self.chance);
            }
        }
        match sent.purpose {
            Purpose::Test { number } => self.tests.answered(number, took),
            Purpose::Consent => {}
            Purpose::Probe => self.survived(now, mapped),
            Purpose::Check { nominates } => {
                let valid_local = self.end_of(sent.pair, mapped);
                let pair = &mut self.list.pairs[index];
                let answered = pair.check.take_if(|(under_way, _)| *under_way == id);
                let trip = answered.and_then(|(_, transaction)| transaction.round_trip(now));
                // The answer to an earlier check makes a later one needless, but for one that nominates.
                if self.nominating != Some(sent.pair) {
                    pair.check = None;
                }
                pair.seen.rtt_ms = pair.seen.rtt_ms.or(trip.map(ms));
                pair.seen.answered += 1;
                pair.seen.answered_ms.get_or_insert(ms(now));
                pair.seen.mapped = Some(mapped);
                pair.state = State::Succeeded;
                pair.valid_since.get_or_insert(now);
                pair.valid_local = Some(valid_local);
                self.first_valid.get_or_insert(now);
                if nominates || (pair.nominated_by_peer && self.role == Role::Controlled) {
                    self.nominated(now, index);
                }
            }
        }
    }

    /// This side's end of a pair, as the other side sees it: one of the candidates, or one that is learned here (section 7.2.5.3.1).
    fn end_of(&self, (base, _): PairKey, mapped: SocketAddr) -> Candidacy {
        let own = self.setup.locals.iter().filter(|local| local.base == base);
        let own: Vec<_> = own.filter_map(|local| candidacy(&local.candidate)).collect();
        let known = own.iter().find(|candidacy| candidacy.address == mapped).copied();
        known.unwrap_or_else(|| learned(mapped, own.first().map_or(mapped, |base| base.address)))
    }

    /// The pair is nominated, by this side or the other (sections 7.2.5.3.4 and 7.3.1.5). Of several that the other side nominates
    /// the best one is used (section 8.1.1).
    pub(super) fn nominated(&mut self, now: Time, index: usize) {
        if !matches!(self.phase, Phase::Checking | Phase::Testing) {
            return;
        }
        let pair = &self.list.pairs[index];
        let key = (pair.base, pair.remote);
        if let Some((selected, _)) = &self.selected {
            let current = self.list.find(selected.0, selected.1).map(|index| &self.list.pairs[index]);
            let better = current.is_none_or(|current| pair.priority(self.role) > current.priority(self.role));
            if *selected == key || !better {
                return;
            }
        }
        let pair = &mut self.list.pairs[index];
        pair.seen.nominated = true;
        let selected = Selected {
            local: pair.valid_local.unwrap_or(pair.seen.local),
            remote: pair.seen.remote,
            rtt_ms: pair.seen.rtt_ms.unwrap_or_default(),
            took_ms: ms(now.saturating_sub(self.token_at.unwrap_or(now))),
        };
        self.selected = Some((key, selected));
        self.nominating = None;
        self.list.conclude();
        self.begin_tests(now);
    }
}
