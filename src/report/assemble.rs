//! From evidence and findings to the report.

use super::document::SCHEMA_VERSION;
use super::document::{Findings, NetworkKind, Requirement, RequirementOutcome, Tool};
use super::shown::Shown;
use super::{Report, require};
use crate::evidence::Evidence;

/// What the evidence itself does not tell of a run.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Whether packets were sent.
    pub network: NetworkKind,
    /// The simulated scenario.
    pub scenario: Option<String>,
    /// When it began (RFC 3339).
    pub started_at: String,
}

/// Judges what was seen by the options in the findings and puts the report together, advice included.
#[must_use]
pub fn assemble(about: Circumstances, seen: Evidence, mut findings: Findings) -> Report {
    findings.view_mut().judge(&seen);
    let mut report = Report {
        event: None,
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "nat-probe".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        network: about.network,
        scenario: about.scenario,
        started_at: about.started_at,
        duration_ms: seen.elapsed_ms,
        redacted: false,
        stopped: seen.stopped,
        findings,
        advice: Vec::new(),
        requirements: Vec::new(),
        evidence: seen.exchanges.into(),
        connections: seen.connections,
        bound: seen.bound,
        host_addresses: seen.host_addresses,
        platform_limits: seen.platform_limits,
        lookups: seen.servers,
        names: seen.names,
        strays: seen.strays,
    };
    report.advice = report.findings.view().advise(&report);
    report
}

/// Judges what is required of the report.
pub(crate) fn require(report: &mut Report, required: &[require::Requirement]) {
    let found = report.findings.view();
    report.requirements = required.iter().map(|requirement| found.check(requirement)).collect();
}

/// The requirements that do not hold or could not be told, in words for standard error.
#[must_use]
pub fn complaints(report: &Report) -> Vec<String> {
    let shown = Shown::of(report);
    let words = |requirement: &Requirement| {
        let outcome = match requirement.outcome {
            RequirementOutcome::Met => return None,
            RequirementOutcome::Unmet => "requirement not met",
            RequirementOutcome::Unknown => "requirement that could not be told",
        };
        Some(shown.mask(format!("{outcome}: {} ({})", requirement.requirement, requirement.text)))
    };
    shown.report.requirements.iter().filter_map(words).collect()
}
