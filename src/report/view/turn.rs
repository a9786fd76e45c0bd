//! The page of `turn`: which entries work, and for each other one where it stopped and what to do.

mod facts;
mod quality;

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use super::words;
use crate::measure::turn::finding::{StepName, StepResult, StepStatus, TurnVerdict};
use crate::measure::turn::{TurnResult, TurnTested};
use crate::report::document::Report;
use crate::report::{escape, family_name};
use crate::wire::{ConfigurationFacts, EntryKind, Remark};

const RESULTS: [&str; 9] =
    ["entry", "address", "over", "family", "verdict", "diagnosis", "relayed address", "to relay", "lost"];

/// What fails or is slow stands below the table too.
const SPARE: [&str; 6] = ["address", "relayed address", "to relay", "lost", "family", "diagnosis"];

pub(crate) fn write(page: &mut Page, found: &TurnTested) {
    let (tint, line) = sentence(found);
    page.paragraph(tint, &line);
    if let Some(facts) = &found.configuration {
        configuration(page, facts);
    }
    let rows: Vec<Vec<Cell>> = found.results.iter().map(row).collect();
    if !rows.is_empty() {
        page.table(Table::new(&RESULTS, rows).spare(&SPARE));
    }
    for result in &found.results {
        let flawed = result.verdict != TurnVerdict::Ok;
        let more = !result.remarks.is_empty() || result.quality.is_some() || result.hold.is_some();
        if flawed || more || !result.features.is_empty() || page.verbosity() > 0 {
            details(page, result, flawed || page.verbosity() > 0);
        }
    }
}

pub(crate) fn footer(page: &mut Page, found: &TurnTested, report: &Report) {
    let (made, confirmed) = found
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
fn sentence(found: &TurnTested) -> (Tint, String) {
    let (turns, working) = count(found, EntryKind::Turn);
    let (stuns, answering) = count(found, EntryKind::Stun);
    let usable = |result: &TurnResult| found.works_somehow(result);
    let tint = match working {
        0 => Tint::Bad,
        _ if working == turns && answering == stuns => Tint::Good,
        _ => Tint::Warning,
    };
    if turns + stuns == 0 {
        return (Tint::Warning, "No TURN entry could be tested.".to_owned());
    }
    let entries = |count: usize, what: &str| {
        if count == 1 { format!("{what} entry works") } else { format!("{what} entries work") }
    };
    let mut line = match turns {
        0 => "There is no TURN entry".to_owned(),
        _ => format!("{working} of {turns} {}", entries(turns, "TURN")),
    };
    if stuns > 0 {
        line = format!("{line}; {answering} of {stuns} {}", entries(stuns, "STUN"));
    }
    let tested = || found.results.iter().filter(|result| result.counts());
    let first = tested().find(|result| !usable(result) && result.kind == EntryKind::Turn);
    if let Some(result) = first.or_else(|| tested().find(|result| !usable(result))) {
        let how = if result.verdict == TurnVerdict::Failed { "fails" } else { "could not be judged" };
        let over = result.transport.map(|over| format!(" over {}", over.name())).unwrap_or_default();
        let text = escape::visible(result.diagnosis.text.trim_end_matches('.'));
        line = format!("{line}; {}{over} {how}: {text}", name(result));
    }
    let one_family = found.results.iter().find(|result| !result.works() && result.counts() && usable(result));
    if let Some(result) = one_family.filter(|_| first.is_none()) {
        let over = result.family.map_or("one family", family_name);
        let text = escape::visible(result.diagnosis.text.trim_end_matches('.'));
        line = format!("{line}; {} not over {over}: {text}", name(result));
    }
    line.push('.');
    (tint, line)
}

/// The entries of a kind, and how many of them work over everything they were tested over.
fn count(found: &TurnTested, kind: EntryKind) -> (usize, usize) {
    let mut entries: Vec<(&str, &str)> = Vec::new();
    let tested = || found.results.iter().filter(|result| result.counts() && result.kind == kind);
    for result in tested() {
        if !entries.contains(&(&result.uri, &result.place)) {
            entries.push((&result.uri, &result.place));
        }
    }
    let same = |result: &TurnResult, (uri, place): &(&str, &str)| result.uri == *uri && result.place == *place;
    let working = entries
        .iter()
        .filter(|entry| tested().all(|result| !same(result, entry) || found.works_somehow(result)))
        .count();
    (entries.len(), working)
}

/// What kind of document the configuration is, and what is to be said of it as a whole.
fn configuration(page: &mut Page, facts: &ConfigurationFacts) {
    page.paragraph(Tint::Plain, &format!("The configuration is read as {}.", facts.form));
    for remark in &facts.remarks {
        self::remark(page, remark);
    }
}

fn remark(page: &mut Page, remark: &Remark) {
    let fix = if remark.fix.is_empty() { String::new() } else { format!(" ({})", remark.fix) };
    let text = format!("{}: {}{fix}", remark.code, remark.text);
    if remark.error { page.alarm(Tint::Bad, &text) } else { page.bullet(&text) }
}

fn name(result: &TurnResult) -> String {
    match (result.uri.as_str(), result.place.as_str()) {
        ("", "") => "the entry".to_owned(),
        ("", place) => escape::visible(place),
        (uri, _) => escape::visible(uri),
    }
}

fn verdict(verdict: TurnVerdict) -> (Tint, &'static str) {
    match verdict {
        TurnVerdict::Ok => (Tint::Good, "ok"),
        TurnVerdict::Degraded => (Tint::Warning, "degraded"),
        TurnVerdict::Failed => (Tint::Bad, "failed"),
        TurnVerdict::Inconclusive => (Tint::Warning, "inconclusive"),
    }
}

fn row(result: &TurnResult) -> Vec<Cell> {
    let address = result.address.map(|address| address.to_string()).filter(|address| *address != result.uri);
    let loss = result.quality.as_ref().and_then(|quality| quality.indications.as_ref().or(quality.channel.as_ref()));
    let loss = loss.map(|train| {
        let tint = if train.loss_percent > 0.0 { Tint::Warning } else { Tint::Plain };
        Cell::tinted(tint, format!("{:.0} %", train.loss_percent))
    });
    let (tint, verdict) = verdict(result.verdict);
    let code = Some(result.diagnosis.code.to_string()).filter(|code| code != verdict);
    vec![
        name(result).into(),
        address.unwrap_or_default().into(),
        result.transport.map_or("", |over| over.name()).into(),
        result.family.map_or("", family_name).into(),
        Cell::tinted(tint, verdict),
        code.unwrap_or_default().into(),
        result.relayed_address.map(|relayed| relayed.to_string()).unwrap_or_default().into(),
        result.time_to_relay_ms.map(words::ms).unwrap_or_default().into(),
        loss.unwrap_or_else(|| "".into()),
    ]
}

/// What is to be said of one entry; in full also how every step went and what is known of the server.
fn details(page: &mut Page, result: &TurnResult, full: bool) {
    let (tint, verdict) = verdict(result.verdict);
    let code = result.diagnosis.code.to_string();
    let over = result.transport.map(|over| format!(" over {}", over.name())).unwrap_or_default();
    let family = result.family.map(|family| format!(", {}", family_name(family))).unwrap_or_default();
    let code = if code == verdict { String::new() } else { format!(" ({code})") };
    page.heading(&format!("{}{over}{family}: {verdict}{code}", name(result)));
    if let Some(line) = result.line.filter(|_| full) {
        let place =
            if result.place.is_empty() { String::new() } else { format!(": {}", escape::visible(&result.place)) };
        page.paragraph(Tint::Faint, &format!("line {line}{place}"));
    }
    if full {
        page.paragraph(tint, &result.diagnosis.text);
    }
    if page.verbosity() > 0 || result.steps.iter().any(|step| step.status != StepStatus::Ok) {
        steps(page, result);
    }
    if !result.diagnosis.fix.is_empty() {
        page.lines(Tint::Strong, "", "  ", &format!("What to do: {}", result.diagnosis.fix));
    }
    // What the diagnosis says needs no saying twice.
    for remark in result.remarks.iter().filter(|remark| !full || remark.text != result.diagnosis.text) {
        self::remark(page, remark);
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
        let time = step.duration_ms.map(|ms| format!(" {}", words::ms(ms))).unwrap_or_default();
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
