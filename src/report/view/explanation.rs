//! `explain`: what became of each call, why, and what its files cannot tell. Without `-v` it fits on a screen: what matters most comes
//! first, and what does not fit is left out.

mod ends;
mod follows;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use room::{LAST, MOST_CHANGES, optional, titled};

use super::page::Page;
use super::tint::Tint;
use crate::explain::event::{Event, StateOf, What};
use crate::explain::{Call, Explanation, Finding, Format, RequiredIs};
use crate::report::Style;
use crate::report::beside::Beside;

/// The page.
pub(crate) fn render(explanation: &Explanation, beside: &[Beside], style: &Style) -> String {
    let mut page = Page::new(style, None);
    files(&mut page, explanation);
    if explanation.connections.is_empty() {
        page.paragraph(
            Tint::Strong,
            "No connection is in it: none was made, or all were closed before it was written.",
        );
    }
    let mut left = 0;
    let several = explanation.calls.len() > 1;
    let events = explanation.events_by_connection();
    let mut findings: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, finding) in explanation.findings.iter().enumerate() {
        findings.entry(finding.connection).or_default().push(at);
    }
    for (number, call) in explanation.calls.iter().enumerate() {
        let mark = page.mark();
        if several {
            let names: Vec<&str> = call.connections.iter().map(|at| name(explanation, *at)).collect();
            page.heading(&format!("Call {} of {}: {}", number + 1, explanation.calls.len(), names.join(" and ")));
        } else {
            page.blank();
        }
        let beside = beside.iter().find(|one| one.call == number);
        write_call(&mut page, &Told { explanation, events: &events, findings: &findings, beside }, call, several);
        if number > 0 && page.verbosity() == 0 && page.rows_left() < LAST + 1 {
            page.go_back(&mark);
            left = explanation.calls.len() - number;
            break;
        }
    }
    if left > 0 {
        optional(&mut page, 0, |page| {
            page.blank();
            page.paragraph(Tint::Faint, &format!("... and {left} more calls, with -v"));
        });
    }
    requirements(&mut page, explanation);
    untold(&mut page, explanation);
    page.finish()
}

/// How many files, and how many remarks on them, a page without `-v` has.
const MOST_FILES: usize = 4;
const MOST_NOTES: usize = 3;

/// What is told of one of the calls.
struct Told<'a> {
    explanation: &'a Explanation,
    events: &'a BTreeMap<usize, Vec<&'a Event>>,
    /// The findings of each connection, by their places among all.
    findings: &'a BTreeMap<usize, Vec<usize>>,
    beside: Option<&'a Beside>,
}

/// What the connection is called: by its file, where that has no other.
fn name(explanation: &Explanation, at: usize) -> &str {
    let connection = &explanation.connections[at];
    let file = &explanation.files[connection.file].name;
    // Those of one file stand beside each other.
    let beside = |at: Option<usize>| {
        at.and_then(|at| explanation.connections.get(at)).is_some_and(|other| other.file == connection.file)
    };
    let alone = !beside(at.checked_sub(1)) && !beside(Some(at + 1));
    if alone && !file.is_empty() && explanation.files.len() > 1 {
        return file;
    }
    if connection.name.is_empty() { "without a name" } else { &connection.name }
}

/// What the files are.
fn files(page: &mut Page, explanation: &Explanation) {
    if let [file] = &explanation.files[..] {
        page.paragraph(Tint::Plain, &format!("This is {}.", file.format.name()));
    } else {
        let most = if page.verbosity() == 0 { MOST_FILES } else { usize::MAX };
        let told: Vec<String> = explanation
            .files
            .iter()
            .take(most)
            .map(|file| format!("{} is {}", file.name, file.format.name()))
            .collect();
        let more = match explanation.files.len() - told.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        page.paragraph(Tint::Plain, &format!("{}{more}.", told.join("; ")));
    }
    let most = if page.verbosity() == 0 { MOST_NOTES } else { usize::MAX };
    for note in explanation.notes.iter().take(most) {
        page.alarm(Tint::Warning, note);
    }
    if explanation.notes.len() > most {
        page.paragraph(Tint::Faint, &format!("... and {} more remarks, with -v", explanation.notes.len() - most));
    }
}

fn write_call(page: &mut Page, told: &Told, call: &Call, several: bool) {
    let Told { explanation, events, findings, beside } = *told;
    page.paragraph(Tint::Strong, &call.sentence);
    let is_conf = |at: &usize| {
        explanation.connections.get(*at).and_then(|it| explanation.files.get(it.file)).map(|file| file.format)
            == Some(Format::TurnserverConf)
    };
    let (configured, ends): (Vec<usize>, Vec<usize>) = call.connections.iter().partition(|at| is_conf(at));
    if let (Some(conf), Some(by), false) = (configured.first(), call.joined_by.last(), ends.is_empty()) {
        let conf = name(explanation, *conf);
        page.paragraph(Tint::Faint, &format!("{conf} is taken for the configuration of the server, by {by}."));
    }
    if ends.len() > 1 {
        let what = if call.ends.is_some() { "Its two ends were put together" } else { "They are one connection" };
        let by = call.joined_by.first().map(String::as_str).unwrap_or_default();
        page.paragraph(Tint::Faint, &format!("{what}: {by} stands in both."));
    }
    let of_members = call.connections.iter().flat_map(|at| findings.get(at).into_iter().flatten().copied());
    let in_order: BTreeSet<usize> = of_members.collect();
    let findings: Vec<&Finding> = in_order.into_iter().filter_map(|at| explanation.findings.get(at)).collect();
    // What is "this end" in the file of the other one has to say whose it is.
    let teller = |finding: &Finding| {
        let other = call.ends.is_some_and(|ends| ends[0] != finding.connection);
        other.then(|| name(explanation, finding.connection).split(' ').next().unwrap_or_default())
    };
    follows::write(page, &findings, &call.sentence, &teller);
    if let Some(beside) = beside.filter(|beside| page.verbosity() > 0 || beside.tells()) {
        optional(page, LAST, |page| page.paragraph(Tint::Plain, &beside.sentence()));
    }
    if several && page.verbosity() == 0 {
        return;
    }
    for at in &call.connections {
        let Some(events) = events.get(at) else { continue };
        let whose = if call.connections.len() > 1 { name(explanation, *at) } else { "" };
        timeline(page, events, whose);
        ends::candidates(page, events, whose);
        ends::pairs(page, events, whose);
    }
}

/// When what changed: a line, or with `-v` a list.
fn timeline(page: &mut Page, events: &[&Event], whose: &str) {
    let changes: Vec<(u64, String)> =
        events.iter().filter_map(|event| Some((event.time_ms?, change(&event.what)?))).collect();
    let Some(start) = changes.iter().map(|(time, _)| *time).min() else { return };
    let when = |time: u64| {
        let after = time.saturating_sub(start);
        format!("{}.{:03} s", after / 1000, after % 1000)
    };
    if page.verbosity() > 0 {
        page.heading(&titled("When what happened", whose));
        for (time, text) in &changes {
            page.bullet(&format!("{}: {text}", when(*time)));
        }
        return;
    }
    // What states came to counts, and not every step of gathering.
    let told: Vec<String> = changes
        .iter()
        .filter(|(_, text)| !text.starts_with("gathering") && !text.starts_with("signaling"))
        .map(|(time, text)| format!("{} {text}", when(*time)))
        .collect();
    if told.is_empty() {
        return;
    }
    let shown = told.len().min(MOST_CHANGES);
    let more = if told.len() > shown { ", ..." } else { "" };
    optional(page, LAST, |page| {
        page.blank();
        page.lines(Tint::Plain, "", "  ", &format!("{}: {}{more}", titled("When", whose), told[..shown].join(", ")));
    });
}

fn change(what: &What) -> Option<String> {
    match what {
        What::State { of, value } => {
            let of = match of {
                StateOf::Ice => "ICE",
                StateOf::Connection => "connection",
                StateOf::Gathering => "gathering",
                StateOf::Signaling => "signaling",
                StateOf::Dtls => "DTLS",
                StateOf::Transport => "transport",
            };
            Some(format!("{of} {value}"))
        }
        What::GatheringError(error) => Some(format!("{} from {}: {}", error.code, error.url, error.text)),
        What::CandidateRefused { error } => Some(format!("a candidate was refused: {error}")),
        What::DescriptionRefused { error } => Some(format!("a description was refused: {error}")),
        What::Closed => Some("closed by the application".to_owned()),
        _ => None,
    }
}

fn requirements(page: &mut Page, explanation: &Explanation) {
    for required in &explanation.requirements {
        match required.outcome {
            RequiredIs::Met => page.bullet(&format!("{}: met", required.requirement)),
            RequiredIs::Unmet => page.alarm(Tint::Bad, &format!("{}: NOT met", required.requirement)),
            RequiredIs::Unknown => page.alarm(Tint::Warning, &format!("{}: could not be told", required.requirement)),
        }
    }
}

/// What cannot be told: as much as fits, in one paragraph.
fn untold(page: &mut Page, explanation: &Explanation) {
    const TITLE: &str = "What this file cannot tell";
    if page.verbosity() > 0 {
        page.heading(if explanation.files.len() == 1 { TITLE } else { "What these files cannot tell" });
        explanation.cannot_tell.iter().for_each(|text| page.bullet(text));
        return;
    }
    let title = if explanation.files.len() == 1 { TITLE } else { "What these files cannot tell" };
    for count in (1..=explanation.cannot_tell.len()).rev() {
        let text = explanation.cannot_tell[..count].join("; ");
        let more = if count < explanation.cannot_tell.len() { "; more with -v" } else { "" };
        let written = optional(page, 0, |page| {
            page.blank();
            page.lines(Tint::Faint, "", "  ", &format!("{title}: {text}{more}."));
        });
        if written {
            return;
        }
    }
    if !explanation.cannot_tell.is_empty() {
        optional(page, 0, |page| page.paragraph(Tint::Faint, &format!("{title}: see -v.")));
    }
}
