//! When to send again and when to give up: for a prober silence is the datum, so this decides whether a verdict is right.

use std::cmp::Ordering;
use std::time::Duration;

use super::chance::Chance;
use crate::evidence::{Patience, silence};

/// When to send, counted from the start of the exchange, and when the waiting ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Offsets of the sends, the first one zero.
    pub sends: Vec<Duration>,
    /// Offset of giving up.
    pub end: Duration,
    /// The intervals are longer than the round trip known at the start, so that a second send means a loss.
    pub paced: bool,
}

/// At 10 % loss each way an exchange fails with probability 0.19; six in a row with 0.19^6 = 5 in 100,000.
const SILENCE_SENDS: usize = 6;
const ANSWER_SENDS: usize = 7;
/// At 40 % loss each way this many still tell a silence; a path that loses more is not waited for.
const SERIES_SENDS: usize = 64;
/// RFC 8489 section 6.2.1.
const RTO: Duration = ms(500);

impl Schedule {
    /// The schedule of one exchange over UDP; `rtt` is an upper bound of the round trip to the server as measured on this run.
    pub(super) fn new(patience: Patience, rtt: Option<Duration>, thorough: bool, chance: &mut Chance) -> Self {
        if thorough {
            return match patience {
                Patience::Series => Self::series(rtt, RTO, chance),
                _ => Self::rfc8489(rtt),
            };
        }
        match (patience, rtt) {
            (Patience::Answer, Some(rtt)) => {
                // Long enough not to repeat what is still under way, short enough that four lost packets cost half a second.
                let first = (rtt * 3 / 2).clamp(ms(50), ms(1000));
                Self::build(ANSWER_SENDS, first, 1.4, ms(1000), (rtt * 2).max(ms(200)), first > rtt, chance)
            }
            // Nothing is known of the path yet: begin early and stay long enough for a satellite.
            (Patience::Answer, None) => Self::build(ANSWER_SENDS, ms(100), 1.5, ms(600), ms(650), false, chance),
            (Patience::Silence, Some(rtt)) => {
                // What tells silence from loss is the number of sends; the wait for the last answer is what tells it from delay.
                let first = (rtt * 3 / 2).clamp(ms(60), ms(150));
                Self::build(SILENCE_SENDS, first, 1.15, ms(250), (rtt * 2 + ms(50)).max(ms(250)), first > rtt, chance)
            }
            (Patience::Once, rtt) => {
                let end = (rtt.unwrap_or(ms(200)) * 3).clamp(ms(600), ms(2_000));
                Self { sends: vec![Duration::ZERO], end, paced: false }
            }
            (Patience::Series, rtt) => Self::series(rtt, ms(20), chance),
            (Patience::Silence, None) => Self::build(4, ms(150), 1.3, ms(300), ms(650), false, chance),
        }
    }

    /// Sent beside a question whose answer surely passes, each send is a witness of its own, so they may follow each other closely:
    /// first as many as prove a silence where nothing is lost; then, once those have had the time to come back, more, over a time
    /// that no passing outage covers.
    fn series(rtt: Option<Duration>, interval: Duration, chance: &mut Chance) -> Self {
        let pause = (rtt.unwrap_or(ms(200)) * 5 / 4 + ms(60)).min(ms(1000));
        let mut sends = vec![Duration::ZERO];
        let (mut at, mut next) = (Duration::ZERO, interval.max(ms(30)));
        while sends.len() < SERIES_SENDS {
            at += chance.jitter(match sends.len().cmp(&silence::SENDS_WITHOUT_LOSS) {
                Ordering::Less => interval,
                Ordering::Equal => interval.max(pause),
                Ordering::Greater => next,
            });
            if sends.len() > silence::SENDS_WITHOUT_LOSS {
                next = next.mul_f64(1.15).min(interval.max(ms(60)));
            }
            sends.push(at);
        }
        Self { end: at + (rtt.unwrap_or(ms(200)) * 2).max(ms(250)), sends, paced: false }
    }

    /// How long is waited after the last send.
    pub(super) fn tail(&self) -> Duration {
        self.end.saturating_sub(self.sends.last().copied().unwrap_or_default())
    }

    /// One request on a stream: TCP retransmits by itself (RFC 8489 section 6.2.2); its 39.5 s are cut to what a person waits for.
    pub(super) fn stream(thorough: bool) -> Self {
        Self { sends: vec![Duration::ZERO], end: ms(if thorough { 39_500 } else { 2_200 }), paced: false }
    }

    /// RFC 8489 section 6.2.1: RTO of 500 ms, doubled each time, seven requests, sixteen RTOs after the last.
    fn rfc8489(rtt: Option<Duration>) -> Self {
        let sends = (0..7).map(|n| RTO * ((1 << n) - 1)).collect();
        Self { sends, end: RTO * (63 + 16), paced: rtt.is_some_and(|rtt| rtt < RTO) }
    }

    fn build(
        count: usize,
        first: Duration,
        growth: f64,
        longest: Duration,
        tail: Duration,
        paced: bool,
        chance: &mut Chance,
    ) -> Self {
        let mut sends = vec![Duration::ZERO];
        let mut interval = first;
        let mut at = Duration::ZERO;
        while sends.len() < count {
            at += chance.jitter(interval);
            sends.push(at);
            interval = interval.mul_f64(growth).min(longest);
        }
        Self { end: at + tail, sends, paced }
    }
}

const fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(patience: Patience, rtt_ms: Option<u64>) -> Schedule {
        Schedule::new(patience, rtt_ms.map(ms), false, &mut Chance::new(7))
    }

    #[test]
    fn a_dead_server_is_given_up_within_three_seconds_and_a_satellite_still_heard() {
        let plan = schedule(Patience::Answer, None);
        assert!(plan.end < ms(2_900), "{plan:?}");
        assert!(plan.end >= *plan.sends.last().unwrap() + ms(600));
    }

    #[test]
    fn silence_at_40_ms_takes_less_than_three_quarters_of_a_second() {
        let plan = schedule(Patience::Silence, Some(40));
        assert!(plan.end < ms(750), "{plan:?}");
        assert_eq!(plan.sends.len(), 6);
        assert!(plan.paced);
    }

    #[test]
    fn the_wait_after_the_last_send_covers_the_round_trip() {
        for rtt in [1, 40, 150, 400, 600, 1000] {
            for patience in [Patience::Answer, Patience::Silence] {
                let plan = schedule(patience, Some(rtt));
                assert!(plan.end >= *plan.sends.last().unwrap() + ms(rtt * 2), "{rtt} {plan:?}");
            }
        }
    }

    #[test]
    fn a_series_proves_a_silence_within_a_fifth_of_a_second_and_outlasts_an_outage() {
        for rtt in [1, 40, 600] {
            let plan = schedule(Patience::Series, Some(rtt));
            assert_eq!(plan.sends.len(), SERIES_SENDS);
            assert!(plan.sends[silence::SENDS_WITHOUT_LOSS - 1] < ms(200), "{plan:?}");
            assert!(*plan.sends.last().unwrap() > ms(2_500), "{plan:?}");
            assert!(plan.tail() >= ms(rtt * 2), "{plan:?}");
        }
    }

    #[test]
    fn thorough_is_the_schedule_of_rfc_8489() {
        let plan = Schedule::new(Patience::Silence, None, true, &mut Chance::new(7));
        let offsets: Vec<_> = plan.sends.iter().map(Duration::as_millis).collect();
        assert_eq!(offsets, [0, 500, 1500, 3500, 7500, 15500, 31500]);
        assert_eq!(plan.end, ms(39_500));
    }
}
