//! The page of `turn`: which entries work, and for each other one where it stopped and what to do.

mod facts;
mod quality;

use super::page::Page;
use super::tint::Tint;
use crate::probe::turn::TurnResult;
use crate::probe::turn::finding::{StepName, StepResult, StepStatus, TurnVerdict};
use crate::report::document::Report;
use crate::report::require::{counts, works};
use crate::report::{escape, family_name};

const RESULTS: [&str; 3] = ["entry", "over", "verdict, diagnosis,\nrelayed address,\ntime to relay, loss"];

pub(super) fn write(page: &mut Page, report: &Report) {
    let (tint, line) = sentence(report);
    page.paragraph(tint, &line);
    let rows: Vec<Vec<String>> = report.results.iter().map(row).collect();
    if !rows.is_empty() {
        page.table(&RESULTS, &rows);
    }
    for result in &report.results {
        let flawed = result.verdict != TurnVerdict::Ok;
        let more = !result.remarks.is_empty() || result.quality.is_some() || result.hold.is_some();
        if flawed || more || !result.features.is_empty() || page.verbosity() > 0 {
            details(page, result, flawed || page.verbosity() > 0);
        }
    }
}

pub(super) fn footer(page: &mut Page, report: &Report) {
    let (made, confirmed) = report
        .results
        .iter()
        .filter_map(|result| result.released)
        .fold((0, 0), |(made, confirmed), one| (made + one.made, confirmed + one.confirmed));
    let released =
        if made > 0 { format!("{confirmed} of {made} allocations confirmed released; ") } else { String::new() };
    let more = if page.verbosity() == 0 && !report.evidence.is_empty() { " -v lists every exchange." } else { "" };
    page.blank();
    page.paragraph(Tint::Faint, &format!("{released}done in {:.1} s.{more}", report.duration_ms / 1000.0));
}

/// How many entries work, and why the first others do not.
fn sentence(report: &Report) -> (Tint, String) {
    let mut entries: Vec<(&str, &str)> = Vec::new();
    for result in report.results.iter().filter(|result| counts(result)) {
        if !entries.contains(&(&result.uri, &result.place)) {
            entries.push((&result.uri, &result.place));
        }
    }
    let of = |(uri, place): (&str, &str)| {
        let same =
            report.results.iter().filter(move |result| counts(result) && result.uri == uri && result.place == place);
        same.collect::<Vec<_>>()
    };
    let working = entries.iter().filter(|entry| of(**entry).into_iter().all(works)).count();
    let tint = match working {
        _ if working == entries.len() && working > 0 => Tint::Good,
        0 => Tint::Bad,
        _ => Tint::Warning,
    };
    if entries.is_empty() {
        return (Tint::Warning, "No TURN entry could be tested.".to_owned());
    }
    let noun = if entries.len() == 1 { "TURN entry works" } else { "TURN entries work" };
    let mut line = format!("{working} of {} {noun}", entries.len());
    let first = entries.iter().find_map(|entry| of(*entry).into_iter().find(|result| !works(result)));
    if let Some(result) = first {
        let how = if result.verdict == TurnVerdict::Failed { "fails" } else { "could not be judged" };
        let over = result.transport.map(|over| format!(" over {}", over.name())).unwrap_or_default();
        let text = escape::visible(result.diagnosis.text.trim_end_matches('.'));
        line = format!("{line}; {}{over} {how}: {text}", name(result));
    }
    line.push('.');
    (tint, line)
}

fn name(result: &TurnResult) -> String {
    escape::visible(if result.uri.is_empty() { &result.place } else { &result.uri })
}

fn verdict(verdict: TurnVerdict) -> (Tint, &'static str) {
    match verdict {
        TurnVerdict::Ok => (Tint::Good, "ok"),
        TurnVerdict::Degraded => (Tint::Warning, "degraded"),
        TurnVerdict::Failed => (Tint::Bad, "failed"),
        TurnVerdict::Inconclusive => (Tint::Warning, "inconclusive"),
    }
}

fn row(result: &TurnResult) -> Vec<String> {
    let address = result.address.map(|address| address.to_string()).filter(|address| *address != result.uri);
    let entry: Vec<String> = [Some(name(result)), address].into_iter().flatten().collect();
    let over =
        [result.transport.map(|over| over.name().to_owned()), result.family.map(|one| family_name(one).to_owned())];
    let over: Vec<String> = over.into_iter().flatten().collect();
    let loss = result.quality.as_ref().and_then(|quality| quality.indications.as_ref().or(quality.channel.as_ref()));
    let time = result.time_to_relay_ms.map(|ms| format!("{ms:.1} ms"));
    let loss = loss.map(|train| format!("{:.0} % lost", train.loss_percent));
    let numbers: Vec<String> = [time, loss].into_iter().flatten().collect();
    let verdict = verdict(result.verdict).1.to_owned();
    let code = result.diagnosis.code.name();
    // Verdict and code are lines of their own: so the longest code fits whole beside a long URI.
    let mut what: Vec<String> = if code == verdict { vec![verdict] } else { vec![verdict, code] };
    what.extend(result.relayed_address.map(|relayed| relayed.to_string()));
    what.extend((!numbers.is_empty()).then(|| numbers.join(", ")));
    vec![entry.join("\n"), over.join("\n"), what.join("\n")]
}

/// What is to be said of one entry; in full also how every step went and what is known of the server.
fn details(page: &mut Page, result: &TurnResult, full: bool) {
    let (tint, verdict) = verdict(result.verdict);
    let code = result.diagnosis.code.name();
    let over = result.transport.map(|over| format!(" over {}", over.name())).unwrap_or_default();
    let family = result.family.map(|family| format!(", {}", family_name(family))).unwrap_or_default();
    let code = if code == verdict { String::new() } else { format!(" ({code})") };
    page.heading(&format!("{}{over}{family}: {verdict}{code}", name(result)));
    if full {
        page.paragraph(tint, &result.diagnosis.text);
        steps(page, result);
    }
    if !result.diagnosis.fix.is_empty() {
        page.lines(Tint::Strong, "", "  ", &format!("What to do: {}", result.diagnosis.fix));
    }
    for remark in &result.remarks {
        let fix = if remark.fix.is_empty() { String::new() } else { format!(" ({})", remark.fix) };
        let text = format!("{}: {}{fix}", remark.code, remark.text);
        if remark.error { page.alarm(Tint::Bad, &text) } else { page.bullet(&text) }
    }
    if full {
        facts::write(page, result);
    }
    quality::write(page, result);
}

/// A line for each step; those that were skipped for the same reason share one.
fn steps(page: &mut Page, result: &TurnResult) {
    let alike = |one: &StepResult, other: &StepResult| {
        one.status == StepStatus::Skipped && other.status == StepStatus::Skipped && one.detail == other.detail
    };
    for steps in result.steps.chunk_by(alike) {
        let Some(step) = steps.first() else { continue };
        let (tint, status) = match step.status {
            StepStatus::Ok => (Tint::Good, "ok"),
            StepStatus::Failed => (Tint::Bad, "FAILED"),
            StepStatus::Skipped => (Tint::Faint, "skipped"),
        };
        let time = step.duration_ms.map(|ms| format!(" {ms:.1} ms")).unwrap_or_default();
        let names: Vec<String> = steps.iter().map(step_name).collect();
        let (names, detail) = (names.join(", "), &step.detail);
        let line = match (step.name, step.status) {
            // What can be told without the network is not that they are taken.
            (StepName::Credentials, StepStatus::Ok) => format!("{names}: {detail}"),
            (_, StepStatus::Skipped) => format!("{names}: {status}, {detail}"),
            _ => format!("{names}: {status}{time}: {detail}"),
        };
        page.lines(tint, "  ", "      ", &line);
    }
}

fn step_name(step: &StepResult) -> String {
    let name = serde_json::to_value(step.name).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
