//! From evidence and findings to the report.

use std::collections::BTreeMap;

use super::advice::advise;
use super::document::{Families, NetworkKind, Options, Requirement, RequirementOutcome, Tool};
use super::json::SCHEMA_VERSION;
use super::redact::Redactor;
use super::rows::rows;
use super::{Report, require};
use crate::evidence::Evidence;
use crate::measure::nat::finding::FamilyFindings;
use crate::measure::turn::TurnResult;
use crate::wire::Family;

/// What the evidence itself does not tell of a run.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The command.
    pub command: &'static str,
    /// Whether packets were sent.
    pub network: NetworkKind,
    /// The simulated scenario.
    pub scenario: Option<String>,
    /// When it began (RFC 3339).
    pub started_at: String,
    /// How it was made.
    pub options: Options,
}

/// What the evidence was judged to mean.
#[derive(Debug)]
pub enum Found {
    /// What the NATs do.
    Nat(BTreeMap<Family, FamilyFindings>),
    /// Whether the TURN servers work.
    Turn(Vec<TurnResult>),
}

/// Puts the report together, advice included.
#[must_use]
pub fn assemble(about: Circumstances, seen: Evidence, found: Found) -> Report {
    let (families, results, servers) = match found {
        Found::Nat(mut found) => {
            let families = Families { ipv4: found.remove(&Family::Ipv4), ipv6: found.remove(&Family::Ipv6) };
            let servers = rows(&seen, &families);
            (families, Vec::new(), servers)
        }
        // What each server said stands in its result.
        Found::Turn(results) => (Families::default(), results, Vec::new()),
    };
    let mut report = Report {
        event: None,
        schema_version: SCHEMA_VERSION,
        command: about.command.to_owned(),
        tool: Tool { name: "nat-probe".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        network: about.network,
        scenario: about.scenario,
        started_at: about.started_at,
        duration_ms: seen.elapsed_ms,
        redacted: false,
        stopped: seen.stopped,
        configuration: about.options.turn.as_ref().and_then(|turn| turn.configuration.clone()),
        options: about.options,
        servers,
        families,
        results,
        advice: Vec::new(),
        requirements: Vec::new(),
        evidence: seen.exchanges.into(),
        connections: seen.connections,
        host_addresses: seen.host_addresses,
        lookups: seen.servers,
        names: seen.names,
        strays: seen.strays,
    };
    // Each result of a TURN test says itself what to do.
    if report.command != "turn" {
        report.advice = advise(&report);
    }
    report
}

/// Judges what is required of the report.
pub fn require(report: &mut Report, required: &[require::Requirement]) {
    let checked = required.iter().map(|requirement| requirement.check_report(report)).collect();
    report.requirements = checked;
}

/// The requirements that do not hold or could not be told, in words for standard error.
#[must_use]
pub fn complaints(report: &Report) -> Vec<String> {
    let redactor = report.redacted.then(|| Redactor::for_report(report));
    let words = |requirement: &Requirement| {
        let outcome = match requirement.outcome {
            RequirementOutcome::Met => return None,
            RequirementOutcome::Unmet => "is not so",
            RequirementOutcome::Unknown => "could not be told",
        };
        let text = format!("required {} {outcome}: {}", requirement.requirement, requirement.text);
        Some(redactor.as_ref().map_or(text.clone(), |redactor| redactor.mask(&text)))
    };
    report.requirements.iter().filter_map(words).collect()
}
