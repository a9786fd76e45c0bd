//! Sending checks, nominating one of the pairs that work, and giving up (RFC 8445 sections 6.1.4, 8.1.1 and RFC 8863).

use std::time::Duration;

use super::{Agent, PairKey, Purpose, Sent};
use crate::engine::Time;
use crate::evidence::End;
use crate::evidence::Role;
use crate::peer::message::Check;
use crate::peer::pair::{Pair, State};
use crate::peer::phase::Phase;
use crate::peer::transaction::{Due, Transaction};

/// How far apart checks begin (RFC 8445 section 14.2: Ta).
const TA: Duration = Duration::from_millis(50);
/// How long an answer counts after its check was sent for the last time.
const ANSWERS_COUNT: Duration = Duration::from_secs(60);
/// For how long after the first pair that works something better is waited for: the criterion of RFC 8445 section 8.1.1.
const DIRECT_WAIT: Duration = Duration::from_secs(1);
/// The same where only a relay works: a direct pair may take several retransmissions on both sides, and whether there is one is what
/// a diagnosis wants to know.
const RELAYED_WAIT: Duration = Duration::from_secs(5);

impl Agent {
    /// Begins what is due and sends what is to be sent again.
    pub(super) fn check(&mut self, now: Time) {
        if self.phase != Phase::Checking {
            return;
        }
        self.sent.retain(|_, sent| now < sent.at + ANSWERS_COUNT);
        self.send_again(now);
        self.nominate(now);
        if now < self.next_check {
            return;
        }
        let (relays, dead) = (&self.relays, &self.dead);
        let ready = |pair: &Pair| Self::can_send(relays, dead, (pair.base, pair.remote));
        if let Some(index) = self.list.next(self.role, ready) {
            self.begin(now, index);
            self.next_check = now + TA;
            self.send_again(now);
        }
    }

    fn begin(&mut self, now: Time, index: usize) {
        let open = u32::try_from(self.list.open()).unwrap_or(u32::MAX);
        let pair = &self.list.pairs[index];
        let key = (pair.base, pair.remote);
        let nominates = self.role == Role::Controlling && self.nominating == Some(key);
        let Some((id, bytes)) = self.request(now, key, Purpose::Check { nominates }, None) else { return };
        // RFC 8445 section 14.3, and no longer than a person would wait for the second try.
        let rto = (TA * open).clamp(Transaction::RTO, 4 * Transaction::RTO);
        let pair = &mut self.list.pairs[index];
        pair.check = Some((id, Transaction::new(now, bytes, rto, false)));
        if pair.state != State::Succeeded {
            pair.state = State::InProgress;
        }
    }

    /// A check of a pair, remembered until it is answered.
    pub(super) fn request(
        &mut self,
        now: Time,
        pair: PairKey,
        purpose: Purpose,
        test: Option<(u32, u32)>,
    ) -> Option<(crate::wire::TransactionId, Vec<u8>)> {
        let peer = self.peer.as_ref()?;
        let priority = self.list.pairs[self.list.find(pair.0, pair.1)?].prflx_priority();
        let id = self.chance.transaction_id();
        let check = Check {
            username: &peer.username,
            key: &peer.key,
            priority,
            role: self.role,
            tiebreaker: self.tiebreaker,
            nominates: purpose == Purpose::Check { nominates: true },
            test,
        };
        self.sent.insert(id, Sent { pair, at: now, role: self.role, purpose });
        Some((id, check.encode(id)))
    }

    fn send_again(&mut self, now: Time) {
        let mut out = Vec::new();
        for pair in &mut self.list.pairs {
            let Some((id, transaction)) = &mut pair.check else { continue };
            match transaction.due(now) {
                Due::Nothing => {}
                Due::Send(bytes) => {
                    pair.seen.sent += 1;
                    if let Some(sent) = self.sent.get_mut(id) {
                        sent.at = now;
                    }
                    out.push(((pair.base, pair.remote), bytes));
                }
                Due::Over => {
                    pair.check = None;
                    pair.timeouts += 1;
                    // Once more, while there is patience: the other side's token may be under way for minutes, and only its own
                    // checks may open the path for these (RFC 8863 section 3).
                    pair.state = State::Waiting;
                    if self.nominating == Some((pair.base, pair.remote)) {
                        self.nominating = None;
                        pair.valid_since = None;
                    }
                }
            }
        }
        for (pair, bytes) in out {
            self.send(pair, bytes);
        }
    }

    /// Nominates the best of the pairs that work, when nothing better is to be expected (regular nomination).
    fn nominate(&mut self, now: Time) {
        if self.role != Role::Controlling || self.nominating.is_some() {
            return;
        }
        let Some((index, best)) = self.best() else { return };
        if now >= self.waits_until(best.is_relayed()) || !self.list.may_beat(best.priority(self.role), self.role) {
            self.nominating = Some((best.base, best.remote));
            self.list.trigger(index);
        }
    }

    /// The best of the pairs that work.
    fn best(&self) -> Option<(usize, &Pair)> {
        let valid = self.list.pairs.iter().enumerate().filter(|(_, pair)| pair.state == State::Succeeded);
        valid.max_by_key(|(_, pair)| pair.priority(self.role))
    }

    fn waits_until(&self, relayed: bool) -> Time {
        self.first_valid.unwrap_or_default() + if relayed { RELAYED_WAIT } else { DIRECT_WAIT }
    }

    /// Whether there is nothing left to try or no time left to try it.
    pub(super) fn give_up(&mut self, now: Time) {
        if !matches!(self.phase, Phase::Waiting | Phase::Checking) {
            return;
        }
        if self.out_of_sockets() {
            self.finish(now, End::NoSocket);
        } else if now >= self.setup.deadline {
            let end = if self.phase == Phase::Waiting { End::NoToken } else { End::Deadline };
            self.finish(now, end);
        } else if self.patient_until().is_some_and(|until| until <= now) && self.is_exhausted() {
            self.finish(now, End::Exhausted);
        }
    }

    fn out_of_sockets(&self) -> bool {
        self.setup.sockets.iter().all(|socket| self.dead.contains(&socket.id))
            && self.relays.iter().all(|relay| relay.dead().is_some())
    }

    /// Until when the other side's checks may bring what ours have not (RFC 8863 section 4): since it can have begun its own.
    fn patient_until(&self) -> Option<Time> {
        let begun = if self.peer.as_ref()?.answers { self.token_at } else { self.heard_at.max(self.token_at) };
        let begun = begun.filter(|_| self.peer.as_ref().is_some_and(|peer| peer.answers) || self.heard_at.is_some());
        Some(begun? + Transaction::LASTS)
    }

    fn is_exhausted(&self) -> bool {
        self.list.pairs.iter().all(|pair| pair.state == State::Failed || (pair.is_open() && pair.timeouts > 0))
    }

    /// When something of this is due.
    pub(super) fn next_check(&self) -> Option<Time> {
        if self.phase != Phase::Checking {
            return Some(self.setup.deadline);
        }
        let (relays, dead) = (&self.relays, &self.dead);
        let mut pairs = self.list.pairs.iter();
        let waiting = pairs.any(|pair| {
            (pair.state == State::Waiting || self.nominating == Some((pair.base, pair.remote)))
                && pair.check.is_none()
                && Self::can_send(relays, dead, (pair.base, pair.remote))
        });
        let begin = waiting.then_some(self.next_check);
        let nominates = self.role == Role::Controlling && self.nominating.is_none();
        let best = self.best().filter(|_| nominates);
        let nominate = best.map(|(_, best)| self.waits_until(best.is_relayed()));
        let patience = self.patient_until().filter(|_| self.is_exhausted());
        let times = begin.into_iter().chain(nominate).chain(patience);
        times.chain(self.list.next_wake()).chain([self.setup.deadline]).min()
    }
}
