//! Will these two connect? What is known of two sides, and what a pair of standards-conforming ICE agents makes of it.
//!
//! Pure: nothing is measured. A [`Side`] says of each behavior which values remain possible; [`predict()`] looks at every combination
//! of them and answers only what holds for all. So what is hidden of a side can make an answer inconclusive, and never another one.
//! What measurements do not tell, because the implementation or chance decides it, is an answer of its own: `possible`.
//!
//! [`rules`] derives which NATs let their hosts connect; [`place`] says where two sides are to each other; `meet` puts both
//! together.

mod change;
pub mod closed;
mod family;
mod meet;
mod need;
mod notes;
mod pair;
pub mod place;
pub mod prediction;
pub mod read;
pub mod rules;
pub mod side;
pub mod turn_server;
mod words;

#[cfg(test)]
mod tests;

pub use closed::Possible;
pub use prediction::{Answer, Prediction, Which};
pub use side::{FamilySide, Side};
pub use turn_server::TurnServer;

use pair::{judge, one};
use prediction::{PredictionCode, PredictionReason};

/// Whether the two connect, and how: what two agents that conform to RFC 8445 achieve with the TURN servers that both may use, or
/// with whatever a relay would take where none is named.
#[must_use]
pub fn predict(a: &Side, b: &Side, servers: Option<&[TurnServer]>) -> Prediction {
    let mut found = judge(a, b);
    let sides = [(Which::A, a, b), (Which::B, b, a)];
    let needs: Vec<_> = sides.map(|(which, side, other)| need::need(which, side, servers, other)).to_vec();
    let unserved = servers.is_some().then(|| need::served(&needs, a, b));
    let relayed = found.answers.contains(&Answer::Relay);
    match unserved {
        Some(Some(false)) => {
            let turned = |answer: &Answer| if *answer == Answer::Relay { Answer::Impossible } else { *answer };
            found.answers = found.answers.iter().map(turned).collect();
            found.answers.dedup();
        }
        Some(None) if relayed => found.answers.push(Answer::Impossible),
        _ => {}
    }
    found.answers.dedup();
    let prediction = one(&found.answers);
    if relayed && prediction == Answer::Impossible {
        let text = format!("{} None of the TURN servers named carries them.", found.reason.text);
        found.reason = PredictionReason { code: PredictionCode::NoRelay, text };
    } else if prediction == Answer::Inconclusive && found.measure.is_empty() {
        let text = "Could not be told: whether the TURN servers named can be reached over UDP is not known.".to_owned();
        found.reason = PredictionReason { code: PredictionCode::ReachUnknown, text };
    }
    let unneeded = prediction.is_direct() || found.answers.iter().all(|answer| answer.is_direct());
    let notes = notes::notes(a, b, prediction);
    Prediction {
        prediction,
        may_be: if prediction == Answer::Inconclusive { found.answers } else { Vec::new() },
        notes,
        reason: found.reason,
        families: found.families,
        hangs_on: found.hangs_on,
        measure: found.measure,
        changes: change::changes(a, b),
        needs: if unneeded || (prediction == Answer::Impossible && !relayed) { Vec::new() } else { needs },
    }
}
