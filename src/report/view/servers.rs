//! The servers below a verdict: who answered, who did not and why, and who is not believed.

use std::collections::BTreeMap;

use super::page::Page;
use super::tint::Tint;
use super::words;
use crate::evidence::{AnswerCode, span};
use crate::report::document::{Report, ServerRow};
use crate::wire::Transport;

/// So many names are told of those that failed alike; `-v` tells all.
const NAMED: usize = 2;

/// The servers without an answer, and those that are not believed: where nothing was answered they are the finding; otherwise their
/// names are told where there is room, and the rest with `-v`.
pub(crate) fn write(page: &mut Page, report: &Report) {
    let answered = report.servers().iter().any(|row| row.believed().is_some());
    if page.verbosity() > 0 || !answered {
        disbelieved(page, report);
        unanswered(page, report);
    } else {
        for line in in_short(report) {
            let mark = page.mark();
            page.paragraph(Tint::Plain, &line);
            if page.rows_left() == 0 {
                page.go_back(&mark);
            }
        }
    }
}

/// One line for each that is not believed, and for each way in which others failed.
pub(super) fn in_short(report: &Report) -> Vec<String> {
    let doubted = report.servers().iter().filter(|row| row.disbelieved.is_some()).filter_map(|row| {
        let saw = row.mapped?.ip();
        Some(format!("Not believed: {}, which saw {saw}.", short(row)))
    });
    let failed = failures(report).into_iter().map(|(code, transport, rows)| {
        let servers: Vec<String> = rows.iter().map(|row| short(row)).collect();
        let named = words::some_of(&servers, NAMED);
        format!("{} over {}: {named}.", capital(&code), words::transport(transport))
    });
    doubted.chain(failed).collect()
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// Rows of servers that had their time to answer.
fn asked(report: &Report) -> impl Iterator<Item = &ServerRow> {
    report
        .servers()
        .iter()
        .filter(|row| row.error.as_ref().is_none_or(|error| error.code != AnswerCode::NotWaitedFor.into()))
}

/// Whoever stands here answered; what it saw of this host decides nothing.
fn disbelieved(page: &mut Page, report: &Report) {
    let doubted: Vec<_> = report.servers().iter().filter_map(|row| Some((row, row.disbelieved.as_ref()?))).collect();
    if doubted.is_empty() {
        return;
    }
    page.heading("Servers that are not believed");
    for (row, doubt) in doubted {
        page.bullet(&format!("{}: {}", name(row), doubt.text));
    }
}

/// Those that did not answer, by how they failed and over what.
fn failures(report: &Report) -> Vec<(String, Transport, Vec<&ServerRow>)> {
    let mut alike: Vec<(String, Transport, Vec<&ServerRow>)> = Vec::new();
    for row in asked(report).filter(|row| row.mapped.is_none() && row.disbelieved.is_none()) {
        let code = row.error.as_ref().map_or(String::new(), words::failure);
        match alike.iter_mut().find(|(known, transport, _)| *known == code && *transport == row.transport) {
            Some((_, _, rows)) => rows.push(row),
            None => alike.push((code, row.transport, vec![row])),
        }
    }
    alike
}

fn unanswered(page: &mut Page, report: &Report) {
    let failures = failures(report);
    if failures.is_empty() {
        return;
    }
    page.heading("Servers without an answer");
    for (code, transport, rows) in failures {
        if rows.len() <= NAMED || page.verbosity() > 0 {
            for row in rows {
                let error = row.error.as_ref().map_or("not asked", |error| error.text.as_str());
                page.bullet(&format!("{} over {}: {error}", name(row), words::transport(transport)));
            }
        } else {
            let servers: Vec<String> = rows.iter().map(|row| short(row)).collect();
            let named = words::some_of(&servers, NAMED);
            page.bullet(&format!("{} over {}: {code}: {named}", rows.len(), words::transport(transport)));
        }
    }
}

/// As it was named; an address with the port that was asked.
fn short(row: &ServerRow) -> String {
    let written = row.address.filter(|address| row.server.parse() == Ok(address.ip()));
    written.map_or_else(|| row.server.clone(), |address| address.to_string())
}

/// The name, and the address that it led to.
fn name(row: &ServerRow) -> String {
    match row.address.map(|address| address.to_string()) {
        Some(address) if address != row.server => format!("{} ({address})", row.server),
        _ => row.server.clone(),
    }
}

/// How many answered, and how fast; what `-v` would tell besides. What does not fit is left out.
pub(crate) fn footer(page: &mut Page, report: &Report) {
    let seconds = format!(" in {}", words::seconds(report.duration_ms));
    let doubted = report.servers().iter().filter(|row| row.disbelieved.is_some()).count();
    let doubted = if doubted > 0 { format!(", {doubted} not believed") } else { String::new() };
    let time = round_trips(report).map(|time| format!("; round trip {time}")).unwrap_or_default();
    let more = match (page.verbosity(), page.left_out()) {
        (1.., _) => "",
        (0, 0) if report.evidence.is_empty() => "",
        (0, 0) => "; -v: evidence",
        (0, 1) => "; -v: 1 hint, evidence",
        (0, more) => &format!("; -v: {more} hints, evidence"),
    };
    if page.rows_left() > 1 {
        page.blank();
    }
    let answers = answers(report);
    let full = format!("{answers}{seconds}{doubted}{time}{more}.");
    let short = format!("{answers}{doubted}{more}.");
    let mark = page.mark();
    page.paragraph(Tint::Faint, &full);
    if page.is_overfull() {
        page.go_back(&mark);
        page.paragraph(Tint::Faint, &short);
    }
}

/// "4 of 4 servers answered", or by transport where several were used. A server with several addresses is one.
fn answers(report: &Report) -> String {
    let mut counted: Vec<(Transport, BTreeMap<&str, bool>)> = Vec::new();
    for row in asked(report) {
        if !counted.iter().any(|(transport, _)| *transport == row.transport) {
            counted.push((row.transport, BTreeMap::new()));
        }
        for (_, servers) in counted.iter_mut().filter(|(transport, _)| *transport == row.transport) {
            *servers.entry(&row.server).or_default() |= row.mapped.is_some();
        }
    }
    let some_of = |servers: &BTreeMap<&str, bool>| {
        format!("{} of {}", servers.values().filter(|answered| **answered).count(), servers.len())
    };
    match &counted[..] {
        [] if report.servers().is_empty() => "No server was asked".to_owned(),
        [] => "No server had its time to answer".to_owned(),
        [(_, servers)] => format!("{} servers answered", some_of(servers)),
        _ => {
            let part = |(over, servers): &(Transport, BTreeMap<&str, bool>)| {
                format!("{} {}", words::transport(*over), some_of(servers))
            };
            let parts: Vec<String> = counted.iter().map(part).collect();
            format!("Answered: {}", parts.join(", "))
        }
    }
}

/// From the nearest server to the farthest.
fn round_trips(report: &Report) -> Option<String> {
    let over_udp = report.servers().iter().filter(|row| row.transport == Transport::Udp && row.believed().is_some());
    let mut times: Vec<f64> = over_udp.filter_map(|row| row.rtt_ms).collect();
    times.sort_by(f64::total_cmp);
    let (near, far) = (span(*times.first()?), span(*times.last()?));
    Some(match near.strip_suffix(" ms") {
        _ if near == far => near,
        Some(number) if far.ends_with(" ms") => format!("{number}-{far}"),
        _ => format!("{near}-{far}"),
    })
}
