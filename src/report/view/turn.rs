//! The page of `turn`: which entries work, and for each other one where it stopped and what to do.

mod facts;
mod quality;

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use super::words;
use crate::evidence::span;
use crate::measure::turn::finding::{StepName, StepResult, StepStatus, TurnVerdict};
use crate::measure::turn::{DiagnosisSide, TurnResult, TurnTested};
use crate::report::document::Report;
use crate::report::word::word;
use crate::report::{escape, family_name};
use crate::wire::{ConfigurationFacts, EntryKind, Remark};

const RESULTS: [&str; 9] =
    ["entry", "address", "over", "family", "verdict", "diagnosis", "relayed address", "relay after", "lost"];

/// What fails or is slow stands below the table too.
const SPARE: [&str; 6] = ["address", "relayed address", "relay after", "lost", "family", "diagnosis"];

pub(crate) fn write(page: &mut Page, found: &TurnTested) {
    let (tint, line, told) = sentence(found);
    page.paragraph(tint, &line);
    if let Some(facts) = &found.configuration {
        configuration(page, facts);
    }
    let mark = page.mark();
    table(page, &found.results);
    if page.verbosity() > 0 {
        return found.results.iter().for_each(|result| in_full(page, result));
    }
    in_short(page, found, told);
    if page.rows_left() < BELOW && found.results.len() > FEW_RESULTS {
        page.go_back(&mark);
        tally(page, &found.results);
        in_short(page, found, told);
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
    let more = if page.verbosity() == 0 && !report.evidence.is_empty() { " -v: every step, evidence." } else { "" };
    page.blank();
    page.paragraph(Tint::Faint, &format!("{released}done in {}.{more}", words::seconds(report.duration_ms)));
}

/// A row for each result.
fn table(page: &mut Page, results: &[TurnResult]) {
    let rows: Vec<Vec<Cell>> = results.iter().map(row).collect();
    if !rows.is_empty() {
        page.table(Table::new(&RESULTS, rows).spare(&SPARE));
    }
}

/// How many came to what, where the rows of the table would move the verdict off the screen.
fn tally(page: &mut Page, results: &[TurnResult]) {
    let mut tally: Vec<(String, usize)> = Vec::new();
    for result in results {
        let (_, verdict) = words::verdict(result.verdict);
        let code = result.diagnosis.code.to_string();
        let name = if code == verdict { verdict } else { format!("{verdict} ({code})") };
        match tally.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => tally.push((name, 1)),
        }
    }
    let parts: Vec<String> = tally.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    page.paragraph(Tint::Plain, &format!("Tested: {}; -v lists each.", parts.join(", ")));
}

/// How many entries work, and why the first of the others does not; that one too.
fn sentence(found: &TurnTested) -> (Tint, String, Option<&TurnResult>) {
    let (turns, working) = count(found, EntryKind::Turn);
    let (stuns, answering) = count(found, EntryKind::Stun);
    let usable = |result: &TurnResult| found.works_somehow(result);
    if turns + stuns == 0 {
        return (Tint::Warning, "No TURN entry could be tested.".to_owned(), None);
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
    let unusable = |result: &&TurnResult| !usable(result);
    let told = tested()
        .find(|result| unusable(result) && result.kind == EntryKind::Turn)
        .or_else(|| tested().find(unusable))
        .or_else(|| tested().find(|result| !result.works()))
        .or_else(|| tested().find(|result| result.verdict == TurnVerdict::Degraded));
    if let Some(result) = told {
        let over = words::over(result.transport);
        let how = match result.verdict {
            _ if !result.works() && usable(result) => {
                format!("{} not over {}", name(result), result.family.map_or("one family", family_name))
            }
            TurnVerdict::Failed => format!("{}{over} fails", name(result)),
            TurnVerdict::Degraded => format!("{}{over} is degraded", name(result)),
            TurnVerdict::Ok | TurnVerdict::Inconclusive => format!("{}{over} could not be judged", name(result)),
        };
        line = format!("{line}; {how}: {}", escape::visible(result.diagnosis.text.trim_end_matches('.')));
    }
    line.push('.');
    let tint = match (working, told) {
        (0, _) => Tint::Bad,
        (_, None) => Tint::Good,
        _ => Tint::Warning,
    };
    (tint, line, told)
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

fn row(result: &TurnResult) -> Vec<Cell> {
    let address = result.address.map(|address| address.to_string()).filter(|address| *address != result.uri);
    let loss = result.quality.as_ref().and_then(|quality| quality.indications.as_ref().or(quality.channel.as_ref()));
    let loss = loss.map(|train| {
        let tint = if train.loss_percent > 0.0 { Tint::Warning } else { Tint::Plain };
        Cell::tinted(tint, format!("{:.0} %", train.loss_percent))
    });
    let (tint, verdict) = words::verdict(result.verdict);
    let code = Some(result.diagnosis.code.to_string()).filter(|code| *code != verdict);
    vec![
        name(result).into(),
        address.unwrap_or_default().into(),
        result.transport.map_or("", |over| over.name()).into(),
        result.family.map_or("", family_name).into(),
        Cell::tinted(tint, verdict),
        code.unwrap_or_default().into(),
        result.relayed_address.map(|relayed| relayed.to_string()).unwrap_or_default().into(),
        result.time_to_relay_ms.map(span).unwrap_or_default().into(),
        loss.unwrap_or_else(|| "".into()),
    ]
}

/// Without `-v`: what went wrong where and what to do, the flawed ones first, of which one is told whatever room there is; then how well
/// it relays, as far as there is room.
fn in_short(page: &mut Page, found: &TurnTested, told: Option<&TurnResult>) {
    let flawed = |result: &&TurnResult| result.verdict != TurnVerdict::Ok;
    let others = found.results.iter().filter(|result| !flawed(result));
    let mut untold = 0;
    for (number, result) in found.results.iter().filter(flawed).chain(others).enumerate() {
        let mark = page.mark();
        heading(page, result);
        let headed = page.mark();
        if flawed(&result) {
            place(page, result);
            // In a configuration the reader looks for the text beside the line; elsewhere the sentence on top has said it.
            if result.line.is_some() || !told.is_some_and(|told| std::ptr::eq(told, result)) {
                page.paragraph(words::verdict(result.verdict).0, &result.diagnosis.text);
            }
            if let Some(step) = result.steps.iter().find(|step| step.status == StepStatus::Failed) {
                self::step(page, step, step.detail == result.diagnosis.text);
            }
            what_to_do(page, result);
        }
        remarks(page, result);
        quality::kept(page, result);
        quality::features(page, result);
        let needed = flawed(&result) || page.is_past(&headed);
        if result.quality.is_some() {
            let before = page.mark();
            quality::write(page, result);
            if page.rows_left() < BELOW {
                page.go_back(&before);
            }
        }
        // What was asked for is told, however long it is.
        let asked_for = result.hold.is_some() || !result.features.is_empty();
        if number > 0 && !asked_for && page.rows_left() < BELOW + UNTOLD {
            untold += usize::from(flawed(&result));
            page.go_back(&mark);
        } else if !needed && !page.is_past(&headed) {
            // Only its quality would have been told, and there was no room: a heading alone says nothing.
            page.go_back(&mark);
        }
    }
    if untold > 0 {
        let more = words::plural(untold as u64, "more needs", "more need");
        page.blank();
        page.paragraph(Tint::Warning, &format!("{more} a look; -v says why."));
    }
}

/// The footer and the empty line above it.
const BELOW: usize = 2;

/// What says how many were not told, and the empty line above it.
const UNTOLD: usize = 2;

/// So few results have a row each, whatever room there is.
const FEW_RESULTS: usize = 3;

/// Everything: how each step went, what is known of the server, how well it relays.
fn in_full(page: &mut Page, result: &TurnResult) {
    heading(page, result);
    place(page, result);
    page.paragraph(words::verdict(result.verdict).0, &result.diagnosis.text);
    steps(page, result);
    what_to_do(page, result);
    remarks(page, result);
    facts::write(page, result);
    quality::write(page, result);
    quality::kept(page, result);
    quality::features(page, result);
}

/// Where it stands in the configuration.
fn place(page: &mut Page, result: &TurnResult) {
    if let Some(line) = result.line {
        let place =
            if result.place.is_empty() { String::new() } else { format!(": {}", escape::visible(&result.place)) };
        page.paragraph(Tint::Faint, &format!("line {line}{place}"));
    }
}

fn heading(page: &mut Page, result: &TurnResult) {
    let (_, verdict) = words::verdict(result.verdict);
    let code = result.diagnosis.code.to_string();
    let family = result.family.map(|family| format!(", {}", family_name(family))).unwrap_or_default();
    let code = if code == verdict { String::new() } else { format!(" ({code})") };
    page.heading(&format!("{}{}{family}: {verdict}{code}", name(result), words::over(result.transport)));
}

fn what_to_do(page: &mut Page, result: &TurnResult) {
    let diagnosis = &result.diagnosis;
    if !diagnosis.fix.is_empty() {
        let side = match diagnosis.side {
            DiagnosisSide::ThisHost => "Side: this host. ",
            DiagnosisSide::Configuration => "Side: the configuration. ",
            DiagnosisSide::Network => "Side: the network on the way. ",
            DiagnosisSide::Server => "Side: the server. ",
            DiagnosisSide::Nobody | DiagnosisSide::Unknown => "",
        };
        let (tint, _) = words::verdict(result.verdict);
        page.alarm(tint, &format!("{side}What to do: {}", diagnosis.fix));
    }
    if let Some(command) = &diagnosis.command {
        page.command(command);
    }
}

/// What the diagnosis says needs no saying twice.
fn remarks(page: &mut Page, result: &TurnResult) {
    for remark in result.remarks.iter().filter(|remark| remark.text != result.diagnosis.text) {
        self::remark(page, remark);
    }
}

/// A line for each step; those that were skipped for the same reason share one.
fn steps(page: &mut Page, result: &TurnResult) {
    let alike = |one: &StepResult, other: &StepResult| {
        one.status == StepStatus::Skipped && other.status == StepStatus::Skipped && one.detail == other.detail
    };
    for steps in result.steps.chunk_by(alike) {
        let Some(first) = steps.first() else { continue };
        if first.status == StepStatus::Skipped {
            let names: Vec<String> = steps.iter().map(|step| word(&step.name)).collect();
            let line = format!("{}: skipped, {}", names.join(", "), first.detail);
            page.lines(Tint::Faint, "  ", "      ", &line);
        } else {
            for one in steps {
                step(page, one, false);
            }
        }
    }
}

/// How a step went; without the detail where that was told.
fn step(page: &mut Page, step: &StepResult, told: bool) {
    let (tint, status) = words::step(step.status);
    let (name, detail) = (word(&step.name), &step.detail);
    // How long was waited for nothing stands in the detail.
    let time = step.duration_ms.map(span).filter(|time| told || !detail.contains(time.as_str()));
    let time = time.map(|time| format!(" {time}")).unwrap_or_default();
    let line = match (step.name, step.status) {
        // The check of the credentials' form needs no network: "ok" would look as if the server had taken them.
        (StepName::Credentials, StepStatus::Ok) => format!("{name}: {detail}"),
        _ if told => format!("{name}: {status}{time}"),
        _ => format!("{name}: {status}{time}: {detail}"),
    };
    page.lines(tint, "  ", "      ", &line);
}
