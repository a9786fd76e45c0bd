//! The page for people.

pub(super) mod classify;
pub(super) mod discover;
mod evidence;
mod page;
mod picture;
mod sentence;
mod tables;
mod tint;
pub(super) mod turn;
mod wrap;

use super::document::{AnswerCode, NetworkKind, Report, RequirementOutcome, ServerRow, Severity};
use super::{family_name, users};
use crate::evidence::Stop;
pub(super) use page::Page;
use tint::Tint;

use super::Style;

/// The page: the verdict first, then what it rests on, what it means and what to do.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let masked = report.redacted.then(|| users::without(report));
    let report = masked.as_ref().unwrap_or(report);
    let mut page = Page::new(style, report);
    preamble(&mut page, report);
    report.findings.view().write(&mut page, report);
    advice(&mut page, report);
    requirements(&mut page, report);
    report.findings.view().write_end(&mut page, report);
    if style.verbosity > 0 {
        evidence::write(&mut page, report, style.verbosity);
    }
    page.finish()
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

fn advice(page: &mut Page, report: &Report) {
    if report.advice.is_empty() {
        return;
    }
    page.heading("What to do");
    let several = report.families().iter().count() > 1;
    for advice in &report.advice {
        let family = advice.family.filter(|_| several).map(family_name).filter(|name| !advice.text.starts_with(name));
        let text = family.map_or(advice.text.clone(), |name| format!("{name}: {}", advice.text));
        match advice.severity {
            Severity::Error => page.alarm(Tint::Bad, &text),
            Severity::Warning => page.alarm(Tint::Warning, &text),
            Severity::Info => page.bullet(&text),
        }
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

/// Rows of servers that had their time to answer.
fn asked(report: &Report) -> impl Iterator<Item = &ServerRow> {
    report
        .servers()
        .iter()
        .filter(|row| row.error.as_ref().is_none_or(|error| error.code != AnswerCode::NotWaitedFor.into()))
}

/// Whoever stands here answered; what it saw of this host decides nothing.
pub(super) fn doubted_servers(page: &mut Page, report: &Report) {
    let doubted: Vec<_> = report.servers().iter().filter_map(|row| Some((row, row.disbelieved.as_ref()?))).collect();
    if doubted.is_empty() {
        return;
    }
    page.heading("Servers that are not believed");
    for (row, doubt) in doubted {
        let address = row.address.map(|address| format!(" ({address})")).unwrap_or_default();
        page.bullet(&format!("{}{address} over {}: {}", row.server, row.transport.name(), doubt.text));
    }
}

pub(super) fn failed_servers(page: &mut Page, report: &Report) {
    let failed: Vec<_> = asked(report).filter(|row| row.mapped.is_none() && row.disbelieved.is_none()).collect();
    if failed.is_empty() {
        return;
    }
    page.heading("Servers that did not help");
    for row in failed {
        let address = row.address.map(|address| format!(" ({address})")).unwrap_or_default();
        let error = row.error.as_ref().map_or("not asked", |error| error.text.as_str());
        page.bullet(&format!("{}{address} over {}: {error}", row.server, row.transport.name()));
    }
}

pub(super) fn footer(page: &mut Page, report: &Report) {
    let answered = report.servers().iter().filter(|row| row.mapped.is_some()).count();
    let all = asked(report).count();
    let seconds = report.duration_ms / 1000.0;
    let more = if page.verbosity() == 0 && !report.evidence.is_empty() { " -v lists every exchange." } else { "" };
    page.blank();
    page.paragraph(Tint::Faint, &format!("{answered} of {all} server addresses answered, in {seconds:.1} s.{more}"));
}

#[cfg(test)]
mod tests;
