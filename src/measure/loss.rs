//! How much is lost on this path, and how often a question must be sent before silence means something.

use crate::evidence::{Exchange, Outcome};

/// A silence that is really loss would be a wrong verdict: rarer than this, by the loss of the whole path.
pub const RARE: f64 = 2e-4;
/// The same by the loss of a few exchanges with one server, which tells less.
pub const RARE_BY_FEW: f64 = 4e-3;
/// What is assumed before anything was measured: an exchange fails as at 10 % loss each way, with the weight of four sends.
const ASSUMED_SENDS: f64 = 4.0;
const ASSUMED_LOST: f64 = 4.0 * 0.19;

/// How many sends without an answer prove silence, given the loss of those exchanges that were answered. Only exchanges whose
/// interval was longer than the round trip tell a loss from an answer under way.
#[must_use]
pub fn sends_needed<'a>(exchanges: impl Iterator<Item = &'a Exchange>, false_silence: f64) -> u32 {
    let (mut sends, mut lost) = (ASSUMED_SENDS, ASSUMED_LOST);
    let arrived = |exchange: &&Exchange| matches!(exchange.outcome, Outcome::Reply(_) | Outcome::Looped { .. });
    for exchange in exchanges.filter(|exchange| exchange.paced).filter(arrived) {
        sends += f64::from(exchange.sends);
        lost += f64::from(exchange.sends.saturating_sub(1));
    }
    (1..40).find(|&needed| (lost / sends).powi(needed) <= false_silence).map_or(40, i32::unsigned_abs)
}
