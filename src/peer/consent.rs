//! Whether the other side still wants what is sent (RFC 7675).

use std::time::Duration;

use crate::engine::{Chance, Time};

/// How often it is asked, give or take a tenth; the standard allows a fifth.
const EVERY: Duration = Duration::from_secs(5);
/// How long an answer lasts (RFC 7675 section 5.1).
const LASTS: Duration = Duration::from_secs(30);

/// Consent on the nominated pair.
#[derive(Default)]
pub(super) struct Consent {
    /// Until when it lasts, and when to ask again; `None` while nothing is sent that needs it.
    held: Option<(Time, Time)>,
}

impl Consent {
    /// A check was answered: the other side wants it, for a while.
    pub(super) fn given(&mut self, now: Time, chance: &mut Chance) {
        let ask = self.held.map_or_else(|| now + chance.jitter(EVERY), |(_, ask)| ask);
        self.held = Some((now + LASTS, ask));
    }

    /// Nothing is sent any more; consent has to be regained before anything is (RFC 7675 section 5.1).
    pub(super) fn pause(&mut self) {
        self.held = None;
    }

    /// Whether to ask now. Each is sent once, with an identity of its own.
    pub(super) fn is_due(&mut self, now: Time, chance: &mut Chance) -> bool {
        match &mut self.held {
            Some((_, ask)) if *ask <= now => {
                *ask = now + chance.jitter(EVERY);
                true
            }
            _ => false,
        }
    }

    /// Whether it has run out.
    pub(super) fn is_lost(&self, now: Time) -> bool {
        self.held.is_some_and(|(until, _)| until <= now)
    }

    /// When to look again.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.held.map(|(until, ask)| until.min(ask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_every_five_seconds_and_lost_after_thirty_without_an_answer() {
        let (mut consent, mut chance) = (Consent::default(), Chance::new(1));
        assert!(!consent.is_due(Time::ZERO, &mut chance) && consent.next_wake().is_none());
        consent.given(Time::ZERO, &mut chance);
        let (mut now, mut asked) = (Time::ZERO, Vec::new());
        while !consent.is_lost(now) {
            now = consent.next_wake().unwrap();
            if consent.is_due(now, &mut chance) {
                asked.push(now);
            }
        }
        assert_eq!(now, LASTS);
        assert!((5..=7).contains(&asked.len()), "{asked:?}");
        let gaps = asked.windows(2).map(|two| two[1].saturating_sub(two[0]));
        assert!(gaps.into_iter().all(|gap| gap >= Duration::from_secs(4) && gap <= Duration::from_secs(6)));
    }

    #[test]
    fn an_answer_prolongs_it() {
        let (mut consent, mut chance) = (Consent::default(), Chance::new(1));
        consent.given(Time::ZERO, &mut chance);
        consent.given(Duration::from_secs(20), &mut chance);
        assert!(!consent.is_lost(Duration::from_secs(49)) && consent.is_lost(Duration::from_secs(50)));
        consent.pause();
        assert!(!consent.is_lost(Duration::from_secs(500)));
    }
}
