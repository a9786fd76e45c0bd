//! What to do, the gravest first, with commands to copy.

use super::page::Page;
use super::servers;
use super::tint::Tint;
use crate::measure::nat::finding::{Connectivity, FamilyFindings};
use crate::report::document::{Advice, Report, Severity};
use crate::report::family_name;

/// So much is shown however long the page is.
const LEAST: usize = 1;

/// So many lines about servers have room below whatever advice there is.
const SERVERS: usize = 2;

/// Writes the advice; without `-v` only as much as leaves the verdict on the screen.
pub(super) fn write(page: &mut Page, report: &Report) {
    if report.advice.is_empty() {
        return;
    }
    page.heading("What to do");
    // The footer follows too.
    let below = 1 + servers::in_short(report).len().min(SERVERS);
    let available = |found: &FamilyFindings| found.connectivity != Connectivity::Unavailable;
    let several = report.families().iter().filter(|(_, found)| available(found)).count() > 1;
    let mut told: Vec<&str> = Vec::new();
    for (number, advice) in report.advice.iter().enumerate() {
        let twice = report.advice.iter().filter(|other| other.text == advice.text).count() > 1;
        if told.contains(&advice.text.as_str()) {
            continue;
        }
        told.push(&advice.text);
        let mark = page.mark();
        item(page, advice, several && !twice);
        if number >= LEAST && page.verbosity() == 0 && page.rows_left() < below {
            page.go_back(&mark);
            page.leave_out(report.advice.len() - number);
            return;
        }
    }
}

fn item(page: &mut Page, advice: &Advice, several: bool) {
    let family = advice.family.filter(|_| several).map(family_name).filter(|name| !advice.text.contains(name));
    let text = family.map_or(advice.text.clone(), |name| format!("{name}: {}", advice.text));
    match advice.severity {
        Severity::Error => page.alarm(Tint::Bad, &text),
        Severity::Warning => page.alarm(Tint::Warning, &text),
        Severity::Info => page.bullet(&text),
    }
    if let Some(command) = &advice.command {
        page.command(command);
    }
}
