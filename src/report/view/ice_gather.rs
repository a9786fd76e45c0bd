//! The page of `ice gather`: the candidates in the order of their priority, what they show, what gave none.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use super::words::{plural, seconds, some_of};
use crate::evidence::span;
use crate::measure::ice_gather::{GatherCode, GatherError, Gathered, GatheredCandidate, LeftOutCode};
use crate::report::document::{Findings, Report};
use crate::report::shown::Shown;
use crate::wire::CandidateKind;

/// How many candidates, and how many failures, the page has without -v.
const FEW_CANDIDATES: usize = 9;
const FEW_ERRORS: usize = 3;
/// So much of a server's name a table shows without -v.
const LONGEST_NAME: usize = 28;
/// Rows of what stands below the failures: that there are more, what is left out, and how long it took.
const BELOW: usize = 5;

pub(crate) fn write(page: &mut Page, found: &Gathered) {
    page.heading(&title(found));
    candidates(page, found);
    for remark in &found.remarks {
        match remark.code {
            GatherCode::NotTranslated => page.bullet(&remark.text),
            GatherCode::HostOnly | GatherCode::Nothing => page.alarm(Tint::Bad, &remark.text),
            _ => page.alarm(Tint::Warning, &remark.text),
        }
    }
    errors(page, found);
}

pub(crate) fn footer(page: &mut Page, found: &Gathered, report: &Report) {
    let mut left_out: BTreeMap<LeftOutCode, Vec<String>> = BTreeMap::new();
    for one in &found.left_out {
        left_out.entry(one.code).or_default().push(one.address.to_string());
    }
    let few = if page.verbosity() == 0 { 2 } else { usize::MAX };
    let left_out: Vec<String> =
        left_out.into_iter().map(|(code, addresses)| format!("{} ({code})", some_of(&addresses, few))).collect();
    page.blank();
    if !left_out.is_empty() {
        page.paragraph(Tint::Faint, &format!("Left out: {}.", left_out.join(", ")));
    }
    let more = if page.verbosity() == 0 && !report.evidence.is_empty() { " -v lists every exchange." } else { "" };
    page.paragraph(Tint::Faint, &format!("Done in {}.{more}", seconds(report.duration_ms)));
}

fn title(found: &Gathered) -> String {
    let count = |kind| found.candidates.iter().filter(|one| one.kind == kind && one.is_offered()).count();
    let kinds =
        [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Relay].map(|kind| (count(kind), kind.name()));
    let kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if kinds.is_empty() { "No ICE candidate".to_owned() } else { format!("ICE candidates: {}", kinds.join(", ")) }
}

fn candidates(page: &mut Page, found: &Gathered) {
    let shown = |one: &&GatheredCandidate| page.verbosity() > 0 || one.is_offered();
    let all: Vec<&GatheredCandidate> = found.candidates.iter().filter(shown).collect();
    let few = if page.verbosity() > 0 { all.len() } else { FEW_CANDIDATES };
    let hosts = found.candidates.iter().filter(|one| one.kind == CandidateKind::Host);
    let mut bases: Vec<IpAddr> = hosts.map(|one| one.address).collect();
    bases.sort_unstable();
    bases.dedup();
    let rows = all.iter().take(few).map(|one| row(one, bases.len() > 1, page.verbosity() > 0)).collect();
    let header = ["type", "address", "base", "from", "took", "priority", "note"];
    if !all.is_empty() {
        page.table(Table::new(&header, rows).bare().spare(&["base", "priority", "took"]));
    }
    for one in all.iter().take(few) {
        if let Some(doubt) = &one.disbelieved {
            let address = SocketAddr::new(one.address, one.port);
            page.alarm(Tint::Warning, &format!("{address} is of no use: {}", doubt.text));
        }
    }
    let redundant = found.candidates.len() - found.candidates.iter().filter(|one| one.is_offered()).count();
    let mut more = Vec::new();
    if all.len() > few {
        more.push(plural((all.len() - few) as u64, "more candidate", "more candidates"));
    }
    if redundant > 0 && page.verbosity() == 0 {
        more.push(format!("{} (RFC 8445 section 5.1.3)", plural(redundant as u64, "redundant one", "redundant ones")));
    }
    if !more.is_empty() {
        page.paragraph(Tint::Faint, &format!("and {}; -v lists them.", more.join(", ")));
    }
}

fn row(one: &GatheredCandidate, several: bool, in_full: bool) -> Vec<Cell> {
    let kind = match one.tcp_type {
        Some(direction) => format!("{} tcp {}", one.kind.name(), direction.name()),
        None => one.kind.name().to_owned(),
    };
    let tint = match (&one.redundant, &one.disbelieved) {
        (_, Some(_)) => Tint::Warning,
        (Some(_), None) => Tint::Faint,
        (None, None) => Tint::Plain,
    };
    let base = match one.kind {
        CandidateKind::Srflx if several => one.base.ip().to_string(),
        CandidateKind::Host if several => one.interface.clone(),
        _ => String::new(),
    };
    let over = one.relay_protocol.map(|transport| format!(" ({})", transport.name())).unwrap_or_default();
    let from = one
        .url
        .as_ref()
        .map(|url| format!("{}{over}", if in_full { url.clone() } else { short(url) }))
        .unwrap_or_default();
    let redundant = one.redundant.as_ref().map(|redundant| format!("redundant: {}", redundant.text));
    let doubt = one.disbelieved.as_ref().map(|_| "of no use".to_owned());
    let notes: Vec<String> = [redundant, doubt, one.note.clone()].into_iter().flatten().collect();
    vec![
        Cell::tinted(tint, kind),
        Cell::tinted(tint, SocketAddr::new(one.address, one.port).to_string()),
        Cell::from(base),
        Cell::from(from),
        Cell::from(span(one.took_ms)),
        Cell::from(one.priority.to_string()),
        Cell::from(notes.join("; ")),
    ]
}

/// The end of a long name, which the word of a table holds; of a server its domain tells most.
fn short(url: &str) -> String {
    let length = url.chars().count();
    if length <= LONGEST_NAME {
        return url.to_owned();
    }
    format!("...{}", url.chars().skip(length + 3 - LONGEST_NAME).collect::<String>())
}

fn errors(page: &mut Page, found: &Gathered) {
    if found.errors.is_empty() {
        return;
    }
    // What fails alike is told once, whatever the base and the server.
    let mut groups: Vec<Vec<&GatherError>> = Vec::new();
    for error in &found.errors {
        let alike = |group: &&mut Vec<&GatherError>| {
            let first = group[0];
            let named = |error: &GatherError| (error.url.is_some(), error.transport, error.code);
            let browser = |error: &GatherError| error.icecandidateerror.as_ref().map(|one| one.error_text.clone());
            page.verbosity() == 0 && named(first) == named(error) && browser(first) == browser(error)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(error),
            None => groups.push(vec![error]),
        }
    }
    let few = if page.verbosity() > 0 { groups.len() } else { FEW_ERRORS };
    page.heading("No candidate from");
    let mut told = 0;
    for group in groups.iter().take(few) {
        let (error, mark) = (group[0], page.mark());
        let mut bases: Vec<String> = group.iter().filter_map(|error| error.base).map(|base| base.to_string()).collect();
        let mut servers: Vec<String> = group.iter().filter_map(|error| error.url.clone()).collect();
        [&mut bases, &mut servers].into_iter().for_each(Vec::dedup);
        bases.sort_unstable();
        bases.dedup();
        let from = if bases.is_empty() { String::new() } else { format!(" from {}", some_of(&bases, 2)) };
        let over = error.transport.map(|transport| format!(" over {}", transport.name())).unwrap_or_default();
        let server = if servers.is_empty() { "this host".to_owned() } else { some_of(&servers, 3) };
        page.alarm(Tint::Warning, &format!("{server}{over}{from}: {}", error.text));
        if !error.fix.is_empty() {
            page.lines(Tint::Plain, "  ", "  ", &format!("What to do: {}", error.fix));
        }
        let browser = match &error.icecandidateerror {
            Some(browser) => format!("A browser: icecandidateerror {} \"{}\"", browser.error_code, browser.error_text),
            None if error.base.is_some() && error.url.is_some() => {
                "A browser (Chromium) says nothing of it.".to_owned()
            }
            None => String::new(),
        };
        if !browser.is_empty() {
            page.lines(Tint::Faint, "  ", "  ", &browser);
        }
        if told > 0 && page.verbosity() == 0 && page.rows_left() < BELOW {
            page.go_back(&mark);
            break;
        }
        told += 1;
    }
    if groups.len() > told {
        page.paragraph(Tint::Faint, &format!("and {} more; -v lists them.", groups.len() - told));
    }
}

/// The lines of a session description.
pub(crate) fn sdp(report: &Report) -> String {
    let shown = Shown::of(report);
    let Findings::IceGather(gathered) = &shown.report.findings else { return String::new() };
    let offered = gathered.found.candidates.iter().filter(|one| one.is_offered());
    shown.mask(offered.map(|one| "a=".to_owned() + &one.init.candidate + "\n").collect())
}
