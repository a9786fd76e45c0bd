//! Sending a request until it is answered (RFC 8489 section 6.2.1).

use std::time::Duration;

use crate::engine::Time;

/// How often it is sent (Rc).
const SENDS: u32 = 7;
/// For how many RTO the last one is waited for (Rm).
const LAST_WAIT: u32 = 16;
/// The longest pause, whatever the RTO: longer ones would let a NAT forget the mapping that the checks are to hold open.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// One request on its way.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    bytes: Vec<u8>,
    rto: Duration,
    reliable: bool,
    sends: u32,
    last: Time,
    next: Time,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Wait.
    Nothing,
    /// Send these bytes.
    Send(Vec<u8>),
    /// No answer will come any more.
    Over,
}

impl Transaction {
    /// The first pause (RFC 8445 section 14.3), which many pairs make longer.
    pub(super) const RTO: Duration = Duration::from_millis(500);
    /// How long one lasts with the default pauses: 39.5 s.
    pub(super) const LASTS: Duration = Duration::from_millis(39_500);

    /// A request that is to be sent now. On a stream it is sent once, and waited for as long (RFC 8489 section 6.2.2).
    pub(super) fn new(now: Time, bytes: Vec<u8>, rto: Duration, reliable: bool) -> Self {
        Self { bytes, rto, reliable, sends: 0, last: now, next: now }
    }

    /// What is to be done now.
    pub(super) fn due(&mut self, now: Time) -> Due {
        if now < self.next {
            return Due::Nothing;
        }
        if self.sends == SENDS || (self.reliable && self.sends > 0) {
            return Due::Over;
        }
        self.sends += 1;
        self.last = now;
        let pause = match self.sends {
            _ if self.reliable => Self::LASTS,
            SENDS => self.rto * LAST_WAIT,
            sends => self.rto * (1 << (sends - 1)),
        };
        self.next = now + pause.min(if self.reliable { Self::LASTS } else { LONGEST_PAUSE });
        Due::Send(self.bytes.clone())
    }

    /// When something is to be done again.
    pub(super) fn next(&self) -> Time {
        self.next
    }

    /// The round trip of an answer that comes now: only of what was sent once is it known which one it answers.
    pub(super) fn round_trip(&self, now: Time) -> Option<Duration> {
        (self.sends == 1).then(|| now.saturating_sub(self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sent_seven_times_with_growing_pauses_that_hold_a_mapping() {
        let mut transaction = Transaction::new(Time::ZERO, vec![1], Transaction::RTO, false);
        let mut sent = Vec::new();
        loop {
            let now = transaction.next();
            match transaction.due(now) {
                Due::Send(_) => sent.push(now.as_millis()),
                Due::Over => break assert_eq!(now, Transaction::LASTS),
                Due::Nothing => panic!("it was due"),
            }
        }
        assert_eq!(sent, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    }

    #[test]
    fn on_a_stream_it_is_sent_once() {
        let mut transaction = Transaction::new(Time::ZERO, vec![1], Transaction::RTO, true);
        assert_eq!(transaction.due(Time::ZERO), Due::Send(vec![1]));
        assert_eq!(transaction.due(Time::from_secs(30)), Due::Nothing);
        assert_eq!(transaction.round_trip(Time::from_millis(40)), Some(Duration::from_millis(40)));
        assert_eq!(transaction.due(Transaction::LASTS), Due::Over);
    }
}
