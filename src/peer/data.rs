//! Test packets on the nominated pair. Each is a check that is sent once, so that any agent answers it; it carries a number and no data.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::Time;
use crate::evidence::Traffic;

/// How often one is sent.
const EVERY: Duration = Duration::from_millis(100);
/// How long the last answers are waited for, and twice the longest round trip where that is more.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// Whatever the round trips.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The test packets of both sides.
#[derive(Default)]
pub(super) struct Tests {
    total: u32,
    began: Time,
    sent: u32,
    last_sent: Time,
    /// The round trips by number.
    answered: BTreeMap<u32, Duration>,
    received: u32,
    /// The highest number that arrived, and how many the other side means to send.
    heard: Option<(u32, u32)>,
    /// When the last one arrived.
    pub(super) heard_at: Option<Time>,
}

impl Tests {
    /// As many as fit into that time.
    pub(super) fn begin(&mut self, now: Time, last: Duration) {
        let total = u32::try_from(last.as_millis() / EVERY.as_millis()).unwrap_or(u32::MAX);
        let heard = (self.received, self.heard, self.heard_at);
        *self = Self { total, began: now, last_sent: now, ..Self::default() };
        // The other side may have begun a moment earlier.
        (self.received, self.heard, self.heard_at) = heard;
    }

    /// The number of the test packet that is due, of how many.
    pub(super) fn due(&mut self, now: Time) -> Option<(u32, u32)> {
        if self.sent == self.total || now < self.began + EVERY * self.sent {
            return None;
        }
        self.sent += 1;
        self.last_sent = now;
        Some((self.sent, self.total))
    }

    /// One was answered.
    pub(super) fn answered(&mut self, number: u32, took: Duration) {
        self.answered.entry(number).or_insert(took);
    }

    /// One of the other side arrived.
    pub(super) fn heard(&mut self, now: Time, (number, total): (u32, u32)) {
        self.received += 1;
        let highest = self.heard.map_or(number, |(highest, _)| highest.max(number));
        self.heard = Some((highest, total));
        self.heard_at = Some(now);
    }

    /// Whether this side's are sent, and answered or not waited for any longer.
    pub(super) fn is_done(&self, now: Time) -> bool {
        self.sent == self.total && (self.answered.len() == self.sent as usize || now >= self.waits_until())
    }

    /// Until when the last one may be answered: what is late is not lost.
    fn waits_until(&self) -> Time {
        let longest = self.answered.values().max().copied().unwrap_or_default();
        self.last_sent + (longest * 2).clamp(LAST_WAIT, LONGEST_WAIT)
    }

    /// Whether the other side's last one has arrived.
    pub(super) fn peer_is_done(&self) -> bool {
        self.heard.is_some_and(|(highest, total)| highest >= total)
    }

    /// When something is due.
    pub(super) fn next_wake(&self) -> Time {
        if self.sent < self.total { self.began + EVERY * self.sent } else { self.waits_until() }
    }

    /// What they showed; `None` where none was sent.
    pub(super) fn traffic(&self) -> Option<Traffic> {
        if self.sent == 0 {
            return None;
        }
        let trips: Vec<f64> = self.answered.values().map(|took| ms(*took)).collect();
        let mut sorted = trips.clone();
        sorted.sort_by(f64::total_cmp);
        let steps: Vec<f64> = trips.windows(2).map(|two| (two[1] - two[0]).abs()).collect();
        let answered = u32::try_from(self.answered.len()).unwrap_or(u32::MAX);
        Some(Traffic {
            sent: self.sent,
            answered,
            loss_percent: tenths(100.0 * f64::from(self.sent - answered.min(self.sent)) / f64::from(self.sent)),
            received: self.received,
            expected: self.heard.map(|(highest, _)| highest),
            rtt_min_ms: sorted.first().copied(),
            rtt_ms: sorted.get(sorted.len() / 2).copied(),
            rtt_max_ms: sorted.last().copied(),
            jitter_ms: (!steps.is_empty()).then(|| thousandths(steps.iter().sum::<f64>() / count(steps.len()))),
        })
    }
}

fn count(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// A time as the session writes it: milliseconds, to the microsecond.
pub(super) fn ms(time: Duration) -> f64 {
    thousandths(time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_round_trips_and_jitter_are_those_of_what_was_sent() {
        let mut tests = Tests::default();
        tests.begin(Time::ZERO, Duration::from_secs(1));
        let mut now = Time::ZERO;
        while !tests.is_done(now) {
            now = tests.next_wake();
            if let Some((number, total)) = tests.due(now) {
                assert_eq!(total, 10);
                if number % 5 != 0 {
                    tests.answered(number, Duration::from_millis(if number % 2 == 0 { 20 } else { 30 }));
                }
            }
        }
        assert_eq!(now, Duration::from_millis(1900));
        for number in [1, 2, 4] {
            tests.heard(now, (number, 10));
        }
        let traffic = tests.traffic().unwrap();
        assert_eq!((traffic.sent, traffic.answered, traffic.received, traffic.expected), (10, 8, 3, Some(4)));
        assert!((traffic.loss_percent - 20.0).abs() < 0.01);
        assert_eq!((traffic.rtt_min_ms, traffic.rtt_max_ms), (Some(20.0), Some(30.0)));
        // 1-2, 2-3, 3-4, 4-6 (equal), 6-7, 7-8, 8-9: six of seven steps differ by 10 ms.
        assert_eq!(traffic.jitter_ms, Some(8.571));
        assert!(!tests.peer_is_done());
        tests.heard(now, (10, 10));
        assert!(tests.peer_is_done());
    }

    #[test]
    fn what_takes_long_is_waited_for() {
        let mut tests = Tests::default();
        tests.begin(Time::ZERO, Duration::from_millis(200));
        while tests.due(tests.next_wake()).is_some() {}
        tests.answered(1, Duration::from_millis(1_600));
        assert!(!tests.is_done(Duration::from_secs(3)));
        assert!(tests.is_done(Duration::from_millis(3_300)));
    }

    #[test]
    fn nothing_sent_is_no_loss() {
        assert_eq!(Tests::default().traffic(), None);
    }
}
