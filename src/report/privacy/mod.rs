//! `--redact`: masks a report for a public place, value by value and before anything is written.
//!
//! Privacy fails closed. Each finding shows its texts to a `Visitor` (`View::visit_private`), which masks
//! user names in place; of all other strings only words that the schema lists and addresses are left, and every address becomes a
//! letter, the same everywhere.

mod evidence;
mod visitor;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use serde::Deserialize as _;
use serde_json::Value;

use super::document::SCHEMA_VERSION;
use super::document::{Classified, Findings, NetworkKind, Report, Tool};
use super::redact::Redactor;
use super::schema;
use crate::evidence::LogEvent;

pub(crate) use evidence::tls;
pub(crate) use visitor::Visitor;

/// What stands for a text that nobody vouches for.
const HIDDEN: &str = "***";

/// What is private in one report, and how it is masked.
pub struct Masks {
    visitor: Visitor,
    /// The words that stand for nothing but themselves.
    words: BTreeSet<String>,
    letters: Redactor,
    document: Value,
}

impl Masks {
    /// The masks of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut report = report.clone();
        let mut visitor = Visitor::default();
        visit(&mut report, &mut visitor);
        visitor.mask();
        visit(&mut report, &mut visitor);
        let mut words = BTreeSet::new();
        schema::words(&schema::schema(), &mut words);
        // A report is always a value: it has no maps but those with names of members.
        let open = serde_json::to_value(&report).unwrap_or_default();
        let mut masks = Self { visitor, words, letters: Redactor::default(), document: Value::Null };
        masks.document = masks.closed(open);
        masks.letters = Redactor::for_value(&masks.document);
        masks
    }

    /// The report with its texts masked. Its addresses are still addresses, so that what is made of them can be computed:
    /// whatever prints them masks them.
    #[must_use]
    pub fn report(&self) -> Report {
        // Whatever could not be read would be shown to nobody.
        Report::deserialize(&self.document).unwrap_or_else(|_| nothing())
    }

    /// The document, addresses masked too.
    #[must_use]
    pub fn document(&self) -> Value {
        self.lettered(self.document.clone())
    }

    /// An event of the run that led to the report.
    #[must_use]
    pub fn event(&mut self, event: &LogEvent) -> Value {
        let mut event = event.clone();
        evidence::event(&mut event, &mut self.visitor);
        self.lettered(self.closed(serde_json::to_value(&event).unwrap_or_default()))
    }

    /// The value without any text that nobody vouches for.
    fn closed(&self, value: Value) -> Value {
        let known = |text: &str| {
            let address = text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok();
            text.is_empty() || address || self.words.contains(text) || self.visitor.has_vetted(text)
        };
        each_text(value, &|text| if known(&text) { text } else { HIDDEN.to_owned() })
    }

    fn lettered(&self, value: Value) -> Value {
        each_text(value, &|text| if self.words.contains(&text) { text } else { self.letters.mask(&text) })
    }
}

fn visit(report: &mut Report, visitor: &mut Visitor) {
    report.findings.view_mut().visit_private(visitor);
    evidence::report(report, visitor);
}

fn each_text(value: Value, change: &dyn Fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.into_iter().map(|item| each_text(item, change)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, each_text(member, change))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// A report of nothing.
fn nothing() -> Report {
    Report {
        event: None,
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "nat-probe".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        network: NetworkKind::Real,
        scenario: None,
        started_at: String::new(),
        duration_ms: 0.0,
        redacted: true,
        stopped: None,
        findings: Findings::Classify(Classified::default()),
        advice: Vec::new(),
        requirements: Vec::new(),
        evidence: Vec::new(),
        connections: Vec::new(),
        bound: Vec::new(),
        host_addresses: Vec::new(),
        platform_limits: Vec::new(),
        lookups: Vec::new(),
        names: Vec::new(),
        strays: 0,
    }
}
