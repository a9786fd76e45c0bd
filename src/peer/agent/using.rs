//! After the nomination: test packets, consent, and whether the path survives silence.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Agent, PairKey, Purpose};
use crate::engine::Time;
use crate::evidence::{End, Idle, Role};
use crate::peer::data::ms;
use crate::peer::phase::Phase;
use crate::peer::transaction::{Due, Transaction};

/// For how long the other side's next test packet, or check after silence, is waited for.
const QUIET: Duration = Duration::from_secs(3);
/// How long the answer to the check after silence may take.
const PROBE: Duration = Duration::from_secs(10);

impl Agent {
    pub(super) fn begin_tests(&mut self, now: Time) {
        self.tests.begin(now, self.setup.test);
        self.consent.given(now, &mut self.chance);
        self.last_traffic = now;
        self.phase = Phase::Testing;
    }

    fn silence(&self) -> Duration {
        self.setup.idle.max(self.peer.as_ref().map_or(Duration::ZERO, |peer| peer.idle))
    }

    /// When silence that began then is over. The side that nominates breaks it, and the other one only listens: checks of both at the
    /// same time would open both NATs anew, as they did in the beginning, and show nothing of what these have forgotten.
    fn silent_until(&self, since: Time) -> Time {
        let all = since + self.silence();
        if self.role == Role::Controlling { all } else { all + PROBE + QUIET }
    }

    /// The nominated pair.
    fn in_use(&self) -> Option<PairKey> {
        self.selected.as_ref().map(|(key, _)| *key)
    }

    pub(super) fn make_use(&mut self, now: Time) {
        let Some(pair) = self.in_use() else { return };
        if self.consent.is_lost(now) {
            return self.finish(now, End::ConsentLost);
        }
        if self.consent.is_due(now, &mut self.chance)
            && let Some((_, bytes)) = self.request(now, pair, Purpose::Consent, None)
        {
            self.send(pair, bytes);
        }
        match self.phase {
            Phase::Testing => self.test(now, pair),
            Phase::Trailing { since } => {
                let quiet = self.tests.heard_at.unwrap_or(since).max(since) + QUIET;
                if self.tests.peer_is_done() || now >= quiet {
                    self.rest(now);
                }
            }
            Phase::Idle { since } => self.rest_on(now, since, pair),
            Phase::Probing { silent, since } => self.probe_again(now, silent, since, pair),
            Phase::Leaving { since } if now >= since.max(self.last_traffic) + QUIET => {
                self.finish(now, End::Connected);
            }
            _ => {}
        }
    }

    fn test(&mut self, now: Time, pair: PairKey) {
        while let Some((number, total)) = self.tests.due(now) {
            if let Some((_, bytes)) = self.request(now, pair, Purpose::Test { number }, Some((number, total))) {
                self.send(pair, bytes);
            }
        }
        if self.tests.is_done(now) {
            self.phase = Phase::Trailing { since: now };
            // The other side may be done already.
            self.make_use(now);
        }
    }

    /// Both sides' tests are over.
    fn rest(&mut self, now: Time) {
        if self.silence().is_zero() {
            // The answer to the other side's last packet may have been lost: nothing is repeated, so nothing is waited for.
            return self.finish(now, End::Connected);
        }
        self.consent.pause();
        self.phase = Phase::Idle { since: now };
    }

    /// Nothing is sent. What was under way when that began makes it begin later; what comes after that breaks it.
    fn rest_on(&mut self, now: Time, since: Time, pair: PairKey) {
        if self.last_traffic > since + QUIET {
            return self
                .broken(now, Idle::heard(since, self.last_traffic, self.broken_from.filter(|from| *from != pair.1)));
        }
        let since = since.max(self.last_traffic);
        self.phase = Phase::Idle { since };
        if now < self.silent_until(since) {
            return;
        }
        if self.role == Role::Controlling {
            self.probe(now, since, pair);
        } else {
            self.broken(now, Idle::lost(since, now, true));
        }
    }

    /// It is known what became of the path.
    fn broken(&mut self, now: Time, idle: Idle) {
        self.idle = Some(idle);
        self.phase = Phase::Leaving { since: now };
    }

    fn probe(&mut self, now: Time, silent_since: Time, pair: PairKey) {
        let Some((id, bytes)) = self.request(now, pair, Purpose::Probe, None) else { return };
        self.probe = Some((id, Transaction::new(now, bytes, Transaction::RTO, false)));
        self.phase = Phase::Probing { silent: silent_since, since: now };
        self.probe_again(now, silent_since, now, pair);
    }

    fn probe_again(&mut self, now: Time, silent: Time, since: Time, pair: PairKey) {
        if now >= since + PROBE {
            return self.broken(now, Idle::lost(silent, since, false));
        }
        if let Some((_, transaction)) = &mut self.probe
            && let Due::Send(bytes) = transaction.due(now)
        {
            self.send(pair, bytes);
        }
    }

    /// The check after silence was answered, and where it came from in the other side's eyes.
    pub(super) fn survived(&mut self, now: Time, mapped: SocketAddr) {
        if let Phase::Probing { silent, since } = self.phase {
            let before = self.selected.as_ref().map(|(_, selected)| selected.local.address);
            let changed = Some(mapped).filter(|mapped| Some(*mapped) != before);
            self.broken(now, Idle { awaited: false, ..Idle::heard(silent, since, changed) });
        }
    }

    /// When something of this is due.
    pub(super) fn next_use(&self) -> Option<Time> {
        let own = match self.phase {
            Phase::Testing => self.tests.next_wake(),
            Phase::Trailing { since } => self.tests.heard_at.unwrap_or(since).max(since) + QUIET,
            Phase::Idle { since } if self.last_traffic > since => Time::ZERO,
            Phase::Idle { since } => self.silent_until(since),
            Phase::Probing { since, .. } => {
                let again = self.probe.as_ref().map(|(_, transaction)| transaction.next());
                again.map_or(since + PROBE, |again| again.min(since + PROBE))
            }
            Phase::Leaving { since } => since.max(self.last_traffic) + QUIET,
            _ => return None,
        };
        self.consent.next_wake().into_iter().chain([own]).min()
    }
}

impl Idle {
    /// Something of the other side passed after silence; `changed` where it came, or was seen to come, from elsewhere than before.
    fn heard(since: Time, at: Time, changed: Option<SocketAddr>) -> Self {
        Self { silent_ms: ms(at.saturating_sub(since)), survived: changed.is_none(), awaited: true, changed }
    }

    /// Nothing passed any more.
    fn lost(since: Time, at: Time, awaited: bool) -> Self {
        Self { silent_ms: ms(at.saturating_sub(since)), survived: false, awaited, changed: None }
    }
}
