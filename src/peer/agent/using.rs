//! After the nomination: test packets, consent, and whether the path survives silence.

use std::time::Duration;

use super::{Agent, PairKey, Purpose};
use crate::engine::Time;
use crate::evidence::{End, Idle};
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

    /// Since when nothing passes, and when to see whether anything still does: when the time is over, or the other side, whose time
    /// began a moment earlier, has sent its check.
    fn silent(&self, since: Time) -> (Time, Time) {
        if self.last_traffic > since + QUIET {
            return (since, self.last_traffic);
        }
        let since = since.max(self.last_traffic);
        (since, since + self.silence())
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
            Phase::Idle { since } => {
                let (silent, due) = self.silent(since);
                if now >= due {
                    self.probe(now, silent, pair);
                }
            }
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

    fn probe(&mut self, now: Time, silent_since: Time, pair: PairKey) {
        let Some((id, bytes)) = self.request(now, pair, Purpose::Probe, None) else { return };
        self.probe = Some((id, Transaction::new(now, bytes, Transaction::RTO, false)));
        self.phase = Phase::Probing { silent: silent_since, since: now };
        self.probe_again(now, silent_since, now, pair);
    }

    fn probe_again(&mut self, now: Time, silent: Time, since: Time, pair: PairKey) {
        if now >= since + PROBE {
            self.idle = Some(Idle { silent_ms: ms(since.saturating_sub(silent)), survived: false });
            self.phase = Phase::Leaving { since: now };
            return;
        }
        if let Some((_, transaction)) = &mut self.probe
            && let Due::Send(bytes) = transaction.due(now)
        {
            self.send(pair, bytes);
        }
    }

    /// The check after silence was answered.
    pub(super) fn survived(&mut self, now: Time) {
        if let Phase::Probing { silent, since } = self.phase {
            self.idle = Some(Idle { silent_ms: ms(since.saturating_sub(silent)), survived: true });
            self.phase = Phase::Leaving { since: now };
        }
    }

    /// When something of this is due.
    pub(super) fn next_use(&self) -> Option<Time> {
        let own = match self.phase {
            Phase::Testing => self.tests.next_wake(),
            Phase::Trailing { since } => self.tests.heard_at.unwrap_or(since).max(since) + QUIET,
            Phase::Idle { since } => self.silent(since).1,
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
