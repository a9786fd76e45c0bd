//! What a report means for the exit code.

use super::document::{Report, RequirementOutcome};

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
    } else if any(RequirementOutcome::Unknown) {
        ExitClass::NotMeasured
    } else {
        report.findings.view().exit_class(&report.requirements)
    }
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
        report.families_mut().ipv4 = Some(sample::inconclusive(ReasonCode::NoAnswer, "no server answered"));
        report.families_mut().ipv6 = Some(sample::unavailable());
        assert_eq!(exit_class(&report), ExitClass::NotMeasured);
        report.families_mut().ipv6 = Some(sample::udp_blocked());
        assert_eq!(exit_class(&report), ExitClass::Measured, "that UDP is blocked is a result");
    }

    #[test]
    fn discover_needs_one_server_that_answered() {
        let mut report = sample::discover();
        assert_eq!(exit_class(&report), ExitClass::Measured);
        report.servers_mut().retain(|row| row.mapped.is_none());
        assert_eq!(exit_class(&report), ExitClass::NotMeasured);
    }
}
