//! What a rule looks at, and how it says what it has to say.

use crate::measure::nat::advice_code::AdviceCode;
use crate::measure::nat::finding::FamilyFindings;
use crate::report::document::{Advice, Findings, Report, Severity};
use crate::report::family_name;
use crate::report::peers::{PeerOutcome, PeerRow};
use crate::wire::Family;

/// What a rule about one family looks at.
pub(super) struct Case<'a> {
    pub(super) report: &'a Report,
    pub(super) family: Family,
    pub(super) found: &'a FamilyFindings,
    /// How peers connect: what is said of relays follows from this and from nothing else.
    pub(super) peers: Vec<PeerRow>,
}

#[expect(clippy::unnecessary_wraps, reason = "every rule ends with one of these")]
impl Case<'_> {
    fn advice(&self, code: AdviceCode, severity: Severity, text: impl Into<String>) -> Advice {
        Advice { code, severity, family: Some(self.family), text: text.into(), command: None }
    }

    pub(super) fn error(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Error, text))
    }

    pub(super) fn warning(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Warning, text))
    }

    pub(super) fn info(&self, code: AdviceCode, text: impl Into<String>) -> Option<Advice> {
        Some(self.advice(code, Severity::Info, text))
    }

    /// Whether some peers do not connect directly, or perhaps do not.
    pub(super) fn hindered(&self) -> bool {
        self.peers.iter().any(|row| row.outcome != PeerOutcome::Direct)
    }

    pub(super) fn name(&self) -> &'static str {
        family_name(self.family)
    }

    /// Whether only addresses were asked for: what the NAT does was not.
    pub(super) fn is_discover(&self) -> bool {
        matches!(self.report.findings, Findings::Discover(_))
    }
}

/// Addresses or names as a list in a sentence.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
