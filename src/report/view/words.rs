//! Words that several pages use, and how good the news is that they bring: one place for each.

use super::tint::Tint;
use crate::evidence::FailureCode;
use crate::measure::turn::finding::{FeatureStatus, PathOutcome, StepStatus, TurnVerdict};
use crate::report::document::ServerError;
use crate::report::peers::PeerOutcome;
use crate::report::word::word;
use crate::wire::Transport;

/// Whether a TURN server works.
pub(super) fn verdict(verdict: TurnVerdict) -> (Tint, String) {
    let tint = match verdict {
        TurnVerdict::Ok => Tint::Good,
        TurnVerdict::Degraded | TurnVerdict::Inconclusive => Tint::Warning,
        TurnVerdict::Failed => Tint::Bad,
    };
    (tint, word(&verdict))
}

/// How a step went.
pub(super) fn step(status: StepStatus) -> (Tint, &'static str) {
    match status {
        StepStatus::Ok => (Tint::Good, "ok"),
        StepStatus::Failed => (Tint::Bad, "FAILED"),
        StepStatus::Skipped => (Tint::Faint, "skipped"),
    }
}

/// Whether data gets along a path through the relay.
pub(super) fn path(outcome: PathOutcome) -> (Tint, &'static str) {
    match outcome {
        PathOutcome::Works => (Tint::Good, "works"),
        PathOutcome::Fails => (Tint::Warning, "FAILS"),
        PathOutcome::Forbidden => (Tint::Warning, "FORBIDDEN"),
        PathOutcome::Unknown => (Tint::Plain, "not known"),
    }
}

/// Whether a server offers something.
pub(super) fn feature(status: FeatureStatus) -> (Tint, &'static str) {
    match status {
        FeatureStatus::Offered => (Tint::Good, "offered"),
        FeatureStatus::NotOffered => (Tint::Plain, "not offered"),
        FeatureStatus::Broken => (Tint::Bad, "broken"),
        FeatureStatus::Unknown => (Tint::Warning, "not known"),
    }
}

/// How a peer connects.
pub(super) fn peer(outcome: PeerOutcome) -> (Tint, &'static str) {
    match outcome {
        PeerOutcome::Direct => (Tint::Good, "directly"),
        PeerOutcome::Relay => (Tint::Bad, "by relay"),
        PeerOutcome::Depends => (Tint::Warning, "depends"),
        PeerOutcome::CouldNotTell => (Tint::Warning, "not known"),
    }
}

/// Why a server gave no address, in two words or three: the whole story stands with `-v`.
pub(super) fn failure(error: &ServerError) -> String {
    if error.code == FailureCode::Prohibited.into() {
        return "refused by a firewall".to_owned();
    }
    error.code.to_string().replace('-', " ")
}

/// A transport as it stands in a sentence.
pub(super) fn transport(transport: Transport) -> String {
    transport.name().to_ascii_uppercase()
}

/// " over UDP", where something is known to have carried it.
pub(super) fn over(carried: Option<Transport>) -> String {
    carried.map(|carried| format!(" over {}", transport(carried))).unwrap_or_default()
}

/// How long a run took, or when in it something was.
pub(super) fn seconds(ms: f64) -> String {
    format!("{:.1} s", ms / 1000.0)
}

/// "once", "7 times".
pub(super) fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The first few of a list, and how many there are besides.
pub(super) fn some_of(items: &[String], few: usize) -> String {
    let first = items.iter().take(few).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(few) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// One, or several of something.
pub(super) fn plural(count: impl Into<u64>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Items with commas.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
