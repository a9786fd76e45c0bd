//! `--from FILE`: judges the evidence of a saved report again, without a packet.

use super::saved;
use crate::report::Report;
use crate::report::assemble::{Circumstances, assemble};

/// The report with the verdicts that its evidence supports now.
#[must_use]
pub fn judged(saved: Report) -> Report {
    let seen = saved::evidence(&saved);
    let about = Circumstances { network: saved.network, scenario: saved.scenario, started_at: saved.started_at };
    assemble(about, seen, saved.findings)
}
