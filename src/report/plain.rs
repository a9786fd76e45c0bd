//! The report as JSON text, numbers rounded, nothing masked or escaped yet.

use crate::evidence::{Connection, Exchange, Outcome};
use crate::measure::turn::TurnResult;
use crate::measure::turn::finding::Train;

use super::document::{Classified, Discovered, Findings, Report};
use super::sound::LARGEST;

/// Rounds to three decimals: a microsecond is the finest that a user-space clock tells.
#[must_use]
pub fn round_ms(ms: f64) -> f64 {
    // So large a number has no thousandths, and would be another each time it is rounded.
    let rounded = if ms.abs() < 1e12 { (ms * 1000.0).round() / 1000.0 } else { ms.round() };
    // What JSON cannot write, or a reader refuses as absurd, nobody can judge again: a saved report's times may be anything.
    if rounded.abs() <= LARGEST { rounded } else { 0.0 }
}

/// Unmasked text without a final newline.
pub(super) fn to_text(report: &Report) -> String {
    // Serializing can fail only for maps whose keys are no strings; a report has none.
    serde_json::to_string_pretty(&rounded(report)).unwrap_or_default()
}

fn rounded(report: &Report) -> Report {
    let mut report = report.clone();
    round(&mut report.duration_ms);
    match &mut report.findings {
        Findings::Classify(Classified { nat, .. }) | Findings::Discover(Discovered { nat, .. }) => {
            nat.servers.iter_mut().for_each(|row| some([&mut row.rtt_ms, &mut row.rtt_min_ms, &mut row.rtt_max_ms]));
        }
        Findings::Gateway(_) => {}
        Findings::Turn(found) => found.results.iter_mut().for_each(round_result),
    }
    report.lookups.iter_mut().flat_map(|server| &mut server.lookups).for_each(|lookup| round(&mut lookup.duration_ms));
    report.connections.iter_mut().for_each(round_connection);
    report.evidence.iter_mut().for_each(round_exchange);
    report
}

fn round(number: &mut f64) {
    *number = round_ms(*number);
}

fn some<'a>(numbers: impl IntoIterator<Item = &'a mut Option<f64>>) {
    numbers.into_iter().flatten().for_each(round);
}

fn round_result(result: &mut TurnResult) {
    some([&mut result.time_to_relay_ms, &mut result.rtt_ms]);
    some(result.steps.iter_mut().map(|step| &mut step.duration_ms));
    if let Some(quality) = &mut result.quality {
        let trains = [&mut quality.indications, &mut quality.channel, &mut quality.direct];
        for train in trains.into_iter().flatten() {
            round(&mut train.loss_percent);
            let Train { min_ms, median_ms, p95_ms, max_ms, jitter_ms, .. } = train;
            some([min_ms, median_ms, p95_ms, max_ms, jitter_ms]);
        }
    }
    if let Some(hold) = &mut result.hold {
        round(&mut hold.held_s);
        hold.hiccups.iter_mut().for_each(|hiccup| round(&mut hiccup.at_ms));
    }
}

fn round_connection(connection: &mut Connection) {
    round(&mut connection.started_ms);
    some([&mut connection.connected_ms, &mut connection.opened_ms, &mut connection.failed_ms]);
}

fn round_exchange(exchange: &mut Exchange) {
    round(&mut exchange.started_ms);
    some([&mut exchange.ended_ms]);
    match &mut exchange.outcome {
        Outcome::Reply(reply) => round(&mut reply.rtt_ms),
        Outcome::Silence { waited_ms } | Outcome::Abandoned { waited_ms } => round(waited_ms),
        Outcome::Looped { rtt_ms, .. } => round(rtt_ms),
        Outcome::Pending | Outcome::Failed(_) => {}
    }
}
