//! What to do, the gravest first, with commands to copy.

use super::page::Page;
use super::tint::Tint;
use crate::report::document::{Advice, Report, Severity};
use crate::report::family_name;

/// So much is shown however long the page is.
const LEAST: usize = 1;

/// What follows the advice: the footer.
const BELOW: usize = 1;

/// Writes the advice; without `-v` only as much as leaves the verdict on the screen.
pub(super) fn write(page: &mut Page, report: &Report) {
    if report.advice.is_empty() {
        return;
    }
    page.heading("What to do");
    let several = report.families().iter().count() > 1;
    for (number, advice) in report.advice.iter().enumerate() {
        let mark = page.mark();
        item(page, advice, several);
        if number >= LEAST && page.verbosity() == 0 && page.rows_left() < BELOW {
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
}
