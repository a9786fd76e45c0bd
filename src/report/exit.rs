//! What a report means for the exit code.

use crate::measure::nat::finding::Connectivity;
use crate::measure::turn::finding::TurnVerdict;
use crate::wire::EntryKind;

use super::document::{Report, RequirementOutcome};
use super::require::{Requirement, counts, works_somehow};

/// What a script learns from the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitClass {
    /// Measured, and everything required holds.
    Measured,
    /// Measured, and something required does not hold.
    Unmet,
    /// Not measured: no server answered, or a verdict that a requirement needs is inconclusive.
    NotMeasured,
}

/// The class of a report. Something known to be unmet outweighs anything that could not be told.
#[must_use]
pub fn exit_class(report: &Report) -> ExitClass {
    let any = |outcome| report.requirements.iter().any(|requirement| requirement.outcome == outcome);
    if any(RequirementOutcome::Unmet) {
        ExitClass::Unmet
    } else if report.command == "turn" && !any(RequirementOutcome::Unknown) {
        turn(report)
    } else if any(RequirementOutcome::Unknown) || !measured(report) {
        ExitClass::NotMeasured
    } else {
        ExitClass::Measured
    }
}

/// Every entry has to work, unless a requirement that holds says how many suffice. A family that this host does not have is nobody's
/// fault.
fn turn(report: &Report) -> ExitClass {
    let replaced = report
        .requirements
        .iter()
        .any(|one| one.requirement.parse::<Requirement>().is_ok_and(|requirement| requirement.is_about_turn()));
    let tested = || report.results.iter().filter(|result| counts(result));
    // Nothing relays: that is known, whatever the STUN servers do.
    if !report.results.is_empty() && report.results.iter().all(|result| result.kind == EntryKind::Stun) {
        return ExitClass::Unmet;
    }
    if tested().all(|result| result.verdict == TurnVerdict::Inconclusive) {
        ExitClass::NotMeasured
    } else if replaced || tested().all(|result| works_somehow(report, result)) {
        ExitClass::Measured
    } else {
        ExitClass::Unmet
    }
}

fn measured(report: &Report) -> bool {
    if report.command == "discover" {
        return report.servers.iter().any(|row| row.mapped.is_some());
    }
    report
        .families
        .iter()
        .any(|(_, found)| !matches!(found.connectivity, Connectivity::Inconclusive | Connectivity::Unavailable))
}

#[cfg(test)]
mod tests {
    use super::{ExitClass, exit_class};
    use crate::evidence::ReasonCode;
    use crate::report::document::{Report, Requirement, RequirementOutcome};
    use crate::report::sample;

    fn requiring(outcomes: &[RequirementOutcome]) -> Report {
        let mut report = sample::home_router();
        report.requirements = outcomes
            .iter()
            .map(|outcome| Requirement {
                requirement: "mapping=none".to_owned(),
                outcome: *outcome,
                text: String::new(),
            })
            .collect();
        report
    }

    #[test]
    fn requirements_decide_first() {
        use RequirementOutcome::{Met, Unknown, Unmet};
        assert_eq!(exit_class(&requiring(&[])), ExitClass::Measured);
        assert_eq!(exit_class(&requiring(&[Met])), ExitClass::Measured);
        assert_eq!(exit_class(&requiring(&[Met, Unknown])), ExitClass::NotMeasured);
        assert_eq!(exit_class(&requiring(&[Unknown, Unmet])), ExitClass::Unmet);
    }

    #[test]
    fn without_a_family_nothing_was_measured() {
        let mut report = sample::home_router();
        report.families.ipv4 = Some(sample::inconclusive(ReasonCode::NoAnswer, "no server answered"));
        report.families.ipv6 = Some(sample::unavailable());
        assert_eq!(exit_class(&report), ExitClass::NotMeasured);
        report.families.ipv6 = Some(sample::udp_blocked());
        assert_eq!(exit_class(&report), ExitClass::Measured, "that UDP is blocked is a result");
    }

    #[test]
    fn discover_needs_one_server_that_answered() {
        let mut report = sample::discover();
        assert_eq!(exit_class(&report), ExitClass::Measured);
        report.servers.retain(|row| row.mapped.is_none());
        assert_eq!(exit_class(&report), ExitClass::NotMeasured);
    }
}
