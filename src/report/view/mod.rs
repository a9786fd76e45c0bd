//! The page for people.

mod advice;
mod behaviors;
pub(super) mod classify;
pub(super) mod connect;
pub(super) mod discover;
mod evidence;
pub(super) mod explanation;
pub(super) mod gateway;
pub(crate) mod ice_gather;
mod limits;
pub(super) mod lint;
mod page;
mod picture;
pub(super) mod predict;
mod sentence;
pub(super) mod servers;
mod table;
mod tint;
pub(super) mod turn;
mod words;
mod wrap;

use super::document::{NetworkKind, Report, RequirementOutcome};
use super::shown::Shown;
use crate::evidence::Stop;
pub(super) use page::Page;
use tint::Tint;

use super::Style;

/// The page: the verdict first, then what it rests on, what it means and what to do.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let Shown { report, redactor } = Shown::of(report);
    let report = &*report;
    let mut page = Page::new(style, redactor);
    preamble(&mut page, report);
    report.findings.view().write(&mut page, report);
    limits::write(&mut page, report);
    advice::write(&mut page, report);
    requirements(&mut page, report);
    report.findings.view().write_end(&mut page, report);
    if style.verbosity > 0 {
        evidence::write(&mut page, report, style.verbosity);
    }
    page.finish()
}

/// Nothing but the addresses that others see, a line for each.
#[must_use]
pub fn short(report: &Report) -> String {
    let shown = Shown::of(report);
    let families = shown.report.families();
    let addresses = families.iter().flat_map(|(_, found)| &found.public_addresses);
    shown.mask(addresses.map(|ip| ip.to_string() + "\n").collect())
}

fn preamble(page: &mut Page, report: &Report) {
    if report.network == NetworkKind::Simulated {
        let scenario = report.scenario.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        page.paragraph(Tint::Strong, &format!("SIMULATED network{scenario}: no packet was sent."));
    }
    match report.stopped {
        Some(Stop::Interrupted) => page.paragraph(Tint::Warning, "Interrupted: this is what was learnt until then."),
        Some(Stop::Deadline) => page.paragraph(
            Tint::Warning,
            "The deadline passed before every test was done: this is what was learnt until then.",
        ),
        None => {}
    }
}

fn requirements(page: &mut Page, report: &Report) {
    if report.requirements.is_empty() {
        return;
    }
    page.heading("Required");
    for requirement in &report.requirements {
        let text = |outcome| format!("{}: {outcome} ({})", requirement.requirement, requirement.text);
        match requirement.outcome {
            RequirementOutcome::Met => page.bullet(&text("met")),
            RequirementOutcome::Unmet => page.alarm(Tint::Bad, &text("NOT met")),
            RequirementOutcome::Unknown => page.alarm(Tint::Warning, &text("could not be told")),
        }
    }
}

#[cfg(test)]
mod tests;
