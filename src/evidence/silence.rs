//! When is silence a filter and not loss? A question whose silence is the datum is sent beside another one whose answer surely passes
//! (a companion): what became of the companions tells what the path did at those very moments.

use super::Exchange;

/// A silence beside companions that came through may be loss with this chance at most, whatever the loss.
const RARE_BESIDE: f64 = 1e-5;
/// Where nothing is lost that takes so many sends: whatever the loss, a companion comes through and the answer beside it does not
/// with a chance of a quarter at most, and `0.25^9` is 4 in a million.
pub(crate) const SENDS_WITHOUT_LOSS: usize = 9;
/// By so much, or by half a round trip where that is more, an answer may come later than the one that was asked for at the same
/// moment: the other address of a server may be further away, and packets overtake each other.
const REORDERING_MS: f64 = 50.0;

/// What companions tell of the silence of a question that was sent at the same moments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Silence {
    /// Moments whose companion came back, and the answer did not although it had the time.
    pub witnessed: u32,
    /// Moments up to the last of these.
    pub moments: u32,
    /// When one moment more will be among them, in milliseconds of the run.
    pub more_ms: Option<f64>,
}

impl Silence {
    /// The silence of a question as its companion shows it at that time of the run; `round_trip_ms` is what an answer takes at
    /// least.
    #[must_use]
    pub(crate) fn of(question: &Exchange, companion: &Exchange, round_trip_ms: f64, now_ms: f64) -> Self {
        let mut silence = Self::default();
        let guard_ms = REORDERING_MS.max(round_trip_ms / 2.0);
        let both = |sent_ms: f64| question.sent_ms.iter().any(|&other| same(other, sent_ms));
        let answered = answered(companion, round_trip_ms);
        let moments = companion.sent_ms.iter().zip(answered).filter(|(sent_ms, _)| both(**sent_ms));
        for (number, (_, arrived_ms)) in (1..).zip(moments) {
            let Some(due_ms) = arrived_ms.map(|at| at + guard_ms) else { continue };
            if due_ms <= now_ms || same(due_ms, now_ms) {
                silence.witnessed += 1;
                silence.moments = number;
            } else {
                silence.more_ms = Some(silence.more_ms.map_or(due_ms, |more: f64| more.min(due_ms)));
            }
        }
        silence
    }

    /// When to look again whether it is one: not before enough sends can have been answered.
    #[must_use]
    pub(crate) fn look_again_ms(&self, companion: &Exchange, round_trip_ms: f64, now_ms: f64) -> f64 {
        const SOON_MS: f64 = 20.0;
        let guard_ms = REORDERING_MS.max(round_trip_ms / 2.0);
        let after_ms = match companion.sent_ms.get(SENDS_WITHOUT_LOSS - 1) {
            Some(last) => last + round_trip_ms + guard_ms,
            None => now_ms + round_trip_ms.min(guard_ms),
        };
        match self.more_ms {
            _ if after_ms > now_ms + 0.002 && after_ms.is_finite() => after_ms,
            Some(more_ms) => more_ms,
            None => now_ms + SOON_MS,
        }
    }

    /// Whether it is no loss.
    #[must_use]
    pub(crate) fn proven(&self) -> bool {
        usize::try_from(self.witnessed).is_ok_and(|witnessed| witnessed >= SENDS_WITHOUT_LOSS)
            && chance(self.witnessed, self.moments) <= RARE_BESIDE
    }
}

/// Times of the run are kept to the microsecond.
fn same(a_ms: f64, b_ms: f64) -> bool {
    (a_ms - b_ms).abs() < 0.002
}

/// When each send was answered. The answers of one transaction do not tell which send they belong to: each is taken for that of the
/// youngest send that it can belong to and that has none yet.
fn answered(exchange: &Exchange, round_trip_ms: f64) -> Vec<Option<f64>> {
    let mut answered = vec![None; exchange.sent_ms.len()];
    for &at in &exchange.arrived_ms {
        let fits = |&send: &usize| answered[send].is_none() && at - exchange.sent_ms[send] >= 0.9 * round_trip_ms;
        if let Some(send) = (0..answered.len()).rev().find(fits) {
            answered[send] = Some(at);
        }
    }
    answered
}

/// The chance that so many answers were all lost although, of so many companions, as many as those came through: at the loss that
/// makes it greatest, so that nothing has to be assumed of the path. The companions that did not come through count against the
/// path and not for the silence: one outage takes both.
fn chance(silent: u32, moments: u32) -> f64 {
    let at = |percent: u32| {
        let lost = f64::from(percent) / 100.0;
        lost.powi(silent.cast_signed()) * at_least(silent, moments, 1.0 - lost)
    };
    (1..100).map(at).fold(0.0, f64::max)
}

/// The chance of that many successes or more.
fn at_least(successes: u32, trials: u32, success: f64) -> f64 {
    let mut term = success.powi(trials.cast_signed());
    let mut sum = 0.0;
    for count in (successes..=trials).rev() {
        sum += term;
        term *= f64::from(count) / f64::from(trials - count + 1) * (1.0 - success) / success;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(sent_ms: &[f64], arrived_ms: &[f64]) -> Exchange {
        serde_json::from_value(serde_json::json!({
            "id": "e1", "ask": "test", "server": 0, "socket": "test", "transport": "udp", "remote": "192.0.2.10:3478",
            "request": {}, "sends": sent_ms.len(), "started_ms": 0.0, "outcome": { "kind": "pending" },
            "sent_ms": sent_ms, "arrived_ms": arrived_ms,
        }))
        .expect("an exchange")
    }

    fn every_20_ms(count: u32) -> Vec<f64> {
        (0..count).map(|number| f64::from(number) * 20.0).collect()
    }

    fn silence(companion: &Exchange, now_ms: f64) -> Silence {
        Silence::of(&exchange(&companion.sent_ms, &[]), companion, 40.0, now_ms)
    }

    #[test]
    fn where_nothing_is_lost_it_is_decided_one_guard_after_the_last_companion() {
        let sent = every_20_ms(9);
        let arrived: Vec<f64> = sent.iter().map(|at| at + 40.0).collect();
        let companion = exchange(&sent, &arrived);
        let early = silence(&companion, 249.0);
        assert_eq!((early.witnessed, early.moments, early.more_ms), (8, 8, Some(250.0)));
        assert!(!early.proven());
        assert!(silence(&companion, 250.0).proven());
    }

    #[test]
    fn the_more_is_lost_the_more_moments_it_takes() {
        let proven = |witnessed, moments| Silence { witnessed, moments, more_ms: None }.proven();
        for (witnessed, moments) in [(9, 9), (10, 11), (12, 15), (15, 23), (20, 41)] {
            assert!(proven(witnessed, moments), "{witnessed} of {moments}");
            assert!(!proven(witnessed - 1, moments), "{} of {moments}", witnessed - 1);
        }
    }

    #[test]
    fn a_companion_that_was_lost_is_missed_and_not_taken_for_another() {
        let sent = every_20_ms(9);
        let mut arrived: Vec<f64> = sent.iter().map(|at| at + 41.0).collect();
        arrived.remove(3);
        let silence = silence(&exchange(&sent, &arrived), 1000.0);
        assert_eq!((silence.witnessed, silence.moments), (8, 9));
    }

    #[test]
    fn copies_made_on_the_way_count_once() {
        let sent = every_20_ms(4);
        let arrived = [40.0, 40.1, 40.2, 100.0];
        let silence = silence(&exchange(&sent, &arrived), 1000.0);
        assert_eq!((silence.witnessed, silence.moments), (2, 4));
    }

    #[test]
    fn only_moments_at_which_both_were_sent_count() {
        let sent = every_20_ms(9);
        let arrived: Vec<f64> = sent.iter().map(|at| at + 40.0).collect();
        let silence = Silence::of(&exchange(&sent[5..], &[]), &exchange(&sent, &arrived), 40.0, 1000.0);
        assert_eq!((silence.witnessed, silence.moments), (4, 4));
    }

    #[test]
    fn whatever_is_lost_a_silence_is_not_taken_for_a_filter() {
        // The test itself, on paths that lose each answer and each companion on its own.
        let mut state = 7_u64;
        let mut lost = |percent: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100 < percent
        };
        for percent in [10, 19, 36, 51, 64, 80] {
            let mut wrong = 0;
            for _ in 0..20_000 {
                let mut told = Silence::default();
                for moments in 1..=64 {
                    let (answer_lost, companion_lost) = (lost(percent), lost(percent));
                    if !answer_lost {
                        break;
                    }
                    told.witnessed += u32::from(!companion_lost);
                    told.moments = moments;
                    if !companion_lost && told.proven() {
                        wrong += 1;
                        break;
                    }
                }
            }
            assert!(wrong <= 1, "{wrong} of 20000 at {percent} %");
        }
    }
}
