//! `turn lint`: what is wrong with a configuration, line by line, the worst first.

use super::page::Page;
use super::tint::Tint;
use crate::explain::Lint;
use crate::explain::turnserver::{Fault, LintCode, Severity, VersionIs};
use crate::report::Style;
use crate::report::redact::Redactor;

/// The rows that what comes last needs.
const LAST: usize = 2;

/// The page.
pub(crate) fn render(lint: &Lint, style: &Style) -> String {
    let redactor = lint.redacted.then(|| Redactor::for_value(&serde_json::to_value(lint).unwrap_or_default()));
    let mut page = Page::new(style, redactor);
    page.paragraph(Tint::Strong, &summary(lint));
    // What was not looked at is said first, or nothing wrong would seem to be more than it is.
    let is_limit = |fault: &&Fault| matches!(fault.code, LintCode::Template | LintCode::PartOfFile);
    for limit in lint.findings.iter().filter(is_limit) {
        let place = limit.line.map(|line| format!("Line {line}: ")).unwrap_or_default();
        page.bullet(&format!("{place}{} [{}]", limit.text, limit.code));
    }
    let findings: Vec<&Fault> = lint.findings.iter().filter(|fault| !is_limit(fault)).collect();
    let (mut shown, detailed) = (0, page.verbosity() > 0);
    for fault in &findings {
        if fault.severity == Severity::Note && !detailed {
            break;
        }
        let mark = page.mark();
        page.blank();
        write_fault(&mut page, fault);
        // What does not fit whole is left out, but the worst is always said.
        if !detailed && shown > 0 && page.rows_left() < LAST {
            page.go_back(&mark);
            break;
        }
        shown += 1;
    }
    let left = findings.len() - shown;
    if left > 0 {
        let notes = findings[shown..].iter().all(|fault| fault.severity == Severity::Note);
        let what = if notes { counted(left, "piece of advice", "pieces of advice") } else { format!("{left} more") };
        page.blank();
        page.paragraph(Tint::Faint, &format!("{what} with -v."));
    }
    page.finish()
}

fn summary(lint: &Lint) -> String {
    let whose = match lint.coturn_version_is {
        VersionIs::Asked => "",
        VersionIs::Installed => ", which is installed here,",
        VersionIs::Newest => ", the newest that is known here,",
    };
    let counts = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Note, "piece of advice", "pieces of advice"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .map(|(severity, one, many)| (lint.count(*severity), one, many))
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| counted(count, one, many))
        .collect();
    let what = if counts.is_empty() { "nothing wrong".to_owned() } else { counts.join(", ") };
    format!("{}, as coturn {}{whose} reads it: {what}.", lint.file, lint.coturn_version)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn write_fault(page: &mut Page, fault: &Fault) {
    let place = match (fault.line, fault.key.as_str()) {
        (Some(line), _) => format!("line {line}"),
        (None, "") => "the whole file".to_owned(),
        (None, key) => key.to_owned(),
    };
    let text = format!("{}, {place}: {} [{}]", fault.severity.word(), fault.text, fault.code);
    match fault.severity {
        Severity::Error => page.alarm(Tint::Bad, &text),
        Severity::Warning => page.alarm(Tint::Warning, &text),
        Severity::Note => page.bullet(&text),
    }
    for (what, text) in [("so that", &fault.effect), ("to do", &fault.fix)] {
        if !text.is_empty() {
            page.lines(Tint::Plain, "  ", "    ", &format!("{what}: {text}"));
        }
    }
}
