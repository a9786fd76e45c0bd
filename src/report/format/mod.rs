//! The report for programs that do not read JSON: monitoring and test reports. Each format is a function of the report.

mod junit;
mod nagios;
mod prometheus;
mod sarif;

pub(crate) use junit::junit;
pub(crate) use nagios::nagios;
pub(crate) use prometheus::prometheus;
pub(super) use sarif::sarif;

use super::document::{Report, RequirementOutcome};
use super::exit::{ExitClass, exit_class};
use super::fact::Fact;
use crate::evidence::Stop;

/// What the run came to: interrupted, it came to nothing that a monitoring system may rely on, whatever was seen until then.
fn class(report: &Report) -> ExitClass {
    match report.stopped {
        Some(Stop::Interrupted) => ExitClass::NotMeasured,
        Some(Stop::Deadline) | None => exit_class(report),
    }
}

/// What came of the run in one sentence.
fn summary(report: &Report) -> String {
    let told = |outcome| {
        let all = report.requirements.iter().filter(move |requirement| requirement.outcome == outcome);
        let words = all.map(|requirement| format!("{}: {}", requirement.requirement, requirement.text));
        words.collect::<Vec<_>>().join("; ")
    };
    let (unmet, unknown) = (told(RequirementOutcome::Unmet), told(RequirementOutcome::Unknown));
    match class(report) {
        _ if report.stopped == Some(Stop::Interrupted) => "interrupted before the result was clear".to_owned(),
        _ if !unmet.is_empty() => format!("not met: {unmet}"),
        _ if !unknown.is_empty() => format!("could not be told: {unknown}"),
        class => {
            let facts = report.findings.view().facts();
            let words: Vec<String> = facts.iter().filter_map(Fact::words).collect();
            match (class, words.is_empty()) {
                (ExitClass::NotMeasured, true) => "nothing could be measured".to_owned(),
                (_, true) => "measured".to_owned(),
                _ => words.join(", "),
            }
        }
    }
}

/// The name of the command as it is typed.
fn command(report: &Report) -> &'static str {
    report.findings.view().spec().name
}

#[cfg(test)]
mod tests;
