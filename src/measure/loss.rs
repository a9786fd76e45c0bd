//! How much is lost on this path, and how often a question must be sent before silence means something.

use crate::evidence::{Exchange, Outcome};

/// A silence that is really loss would be a wrong verdict: rarer than this, by the loss of the whole path.
pub(crate) const RARE: f64 = 2e-4;
/// The same by the loss of a few exchanges with one server, which tells less.
pub(crate) const RARE_BY_FEW: f64 = 4e-3;
/// What is assumed before anything was measured: an exchange fails as at 10 % loss each way, with the weight of four sends.
const ASSUMED_SENDS: f64 = 4.0;
const ASSUMED_LOST: f64 = 4.0 * 0.19;

/// How many sends without an answer prove silence, given the loss of those exchanges that were answered. Only exchanges whose
/// interval was longer than the round trip tell a loss from an answer under way.
#[must_use]
pub(crate) fn sends_needed<'a>(exchanges: impl Iterator<Item = &'a Exchange>, false_silence: f64) -> u32 {
    let (sends, lost) = observed(exchanges);
    let (sends, lost) = (ASSUMED_SENDS + f64::from(sends), ASSUMED_LOST + f64::from(lost));
    (1..40).find(|&needed| (lost / sends).powi(needed) <= false_silence).map_or(40, i32::unsigned_abs)
}

/// How often was sent what was answered in the end, and how often the question or the answer was lost before.
fn observed<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> (u32, u32) {
    let arrived = |exchange: &&Exchange| matches!(exchange.outcome, Outcome::Reply(_) | Outcome::Looped { .. });
    let answered = exchanges.filter(|exchange| exchange.paced).filter(arrived);
    answered.fold((0, 0), |(sends, lost), exchange| {
        // An answer that took longer than others do makes a second send needless, and is no loss.
        let needed = if is_for_the_first(exchange) { 1 } else { exchange.sends };
        (sends + needed, lost + needed.saturating_sub(1))
    })
}

/// Whether what came back answers the first send.
fn is_for_the_first(exchange: &Exchange) -> bool {
    let rtt_ms = match &exchange.outcome {
        Outcome::Reply(reply) => reply.rtt_ms,
        Outcome::Looped { rtt_ms, .. } => *rtt_ms,
        _ => return false,
    };
    exchange.ended_ms.is_some_and(|ended_ms| (ended_ms - rtt_ms - exchange.started_ms).abs() < 1.0)
}

/// What is told of the path: the same, and of questions that were put again and again whatever came back, those sends whose answer
/// would have come before the last answer did.
#[must_use]
pub(crate) fn round_trips<'a>(exchanges: impl Iterator<Item = &'a Exchange> + Clone) -> (u32, u32) {
    let (mut sends, mut lost) = observed(exchanges.clone());
    for exchange in exchanges.filter(|exchange| !exchange.paced && exchange.sent_ms.len() > 1) {
        let last_ms = exchange.arrived_ms.iter().copied().max_by(f64::total_cmp);
        let (Some(reply), Some(last_ms)) = (exchange.reply(), last_ms) else { continue };
        let waited_for = exchange.sent_ms.iter().filter(|sent_ms| **sent_ms + 1.5 * reply.rtt_ms <= last_ms).count();
        // Those that arrived may be answers to later sends: what is counted as lost is the least that was.
        let missing = waited_for.saturating_sub(exchange.arrived_ms.len());
        sends += u32::try_from(waited_for).unwrap_or(u32::MAX);
        lost += u32::try_from(missing).unwrap_or(0);
    }
    (sends, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answered after that long, by the answer to the send that left then.
    fn answered(sends: u32, sent_ms: f64, rtt_ms: f64) -> Exchange {
        serde_json::from_value(serde_json::json!({
            "id": "e1", "ask": "ipv4/reach/udp/0", "server": 0, "socket": "ipv4/main", "transport": "udp", "remote": "192.0.2.1:3478",
            "request": {}, "sends": sends, "paced": true, "started_ms": 5.0, "ended_ms": 5.0 + sent_ms + rtt_ms,
            "outcome": { "kind": "reply", "rtt_ms": rtt_ms, "source": "192.0.2.1:3478" },
        }))
        .expect("an exchange")
    }

    #[test]
    fn a_late_answer_is_no_loss() {
        assert_eq!(observed([answered(2, 0.0, 110.0), answered(1, 0.0, 40.0)].iter()), (2, 0));
        assert_eq!(observed([answered(2, 75.0, 40.0), answered(1, 0.0, 40.0)].iter()), (3, 1));
    }
}
