//! The report as JSON text, numbers rounded, nothing masked or escaped yet.

use crate::probe::{Exchange, Outcome};

use super::document::Report;

/// Rounds to three decimals: a microsecond is the finest that a user-space clock tells.
#[must_use]
pub fn round_ms(ms: f64) -> f64 {
    if ms.is_finite() { (ms * 1000.0).round() / 1000.0 } else { 0.0 }
}

/// Unmasked text without a final newline.
pub(super) fn to_text(report: &Report) -> String {
    // Serializing can fail only for maps whose keys are no strings; a report has none.
    serde_json::to_string_pretty(&rounded(report)).unwrap_or_default()
}

fn rounded(report: &Report) -> Report {
    let mut report = report.clone();
    report.duration_ms = round_ms(report.duration_ms);
    for row in &mut report.servers {
        for ms in [&mut row.rtt_ms, &mut row.rtt_min_ms, &mut row.rtt_max_ms].into_iter().flatten() {
            *ms = round_ms(*ms);
        }
    }
    for lookup in report.lookups.iter_mut().flat_map(|server| &mut server.lookups) {
        lookup.duration_ms = round_ms(lookup.duration_ms);
    }
    report.evidence.iter_mut().for_each(round_exchange);
    report
}

fn round_exchange(exchange: &mut Exchange) {
    exchange.started_ms = round_ms(exchange.started_ms);
    exchange.ended_ms = exchange.ended_ms.map(round_ms);
    match &mut exchange.outcome {
        Outcome::Reply(reply) => reply.rtt_ms = round_ms(reply.rtt_ms),
        Outcome::Silence { waited_ms } | Outcome::Abandoned { waited_ms } => *waited_ms = round_ms(*waited_ms),
        Outcome::Pending | Outcome::Looped { .. } | Outcome::Failed(_) => {}
    }
}
