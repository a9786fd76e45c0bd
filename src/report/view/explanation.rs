//! `explain`: what became of each connection, why, and what the file cannot tell.

use super::page::Page;
use super::table::Table;
use super::tint::Tint;
use crate::explain::event::{Candidate, Event, Pair, Party, StateOf, What};
use crate::explain::{Certainty, Explanation, FaultSide, Finding, meaning};
use crate::report::Style;
use crate::report::redact::Redactor;

/// How many lines of a list are shown without `-v`.
const MOST: usize = 12;

/// The page.
#[must_use]
pub(crate) fn render(explanation: &Explanation, style: &Style) -> String {
    let redactor =
        explanation.redacted.then(|| Redactor::for_value(&serde_json::to_value(explanation).unwrap_or_default()));
    let mut page = Page::new(style, redactor);
    page.paragraph(Tint::Plain, &format!("This is {}.", explanation.format.name()));
    for note in &explanation.notes {
        page.alarm(Tint::Warning, note);
    }
    if explanation.connections.is_empty() {
        page.paragraph(
            Tint::Strong,
            "No connection is in it: none was made, or all were closed before it was written.",
        );
    }
    for (number, connection) in explanation.connections.iter().enumerate() {
        if explanation.connections.len() > 1 {
            page.heading(&format!(
                "Connection {} of {}: {}",
                number + 1,
                explanation.connections.len(),
                connection.name
            ));
        } else {
            page.blank();
        }
        page.paragraph(Tint::Strong, &connection.sentence);
        let events: Vec<&Event> = explanation.events.iter().filter(|event| event.connection == number).collect();
        let findings: Vec<&Finding> =
            explanation.findings.iter().filter(|finding| finding.connection == number).collect();
        write_findings(&mut page, &findings);
        timeline(&mut page, &events);
        candidates(&mut page, &events);
        pairs(&mut page, &events);
    }
    page.heading("What this file cannot tell");
    for text in &explanation.cannot_tell {
        page.bullet(text);
    }
    page.finish()
}

fn write_findings(page: &mut Page, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    page.heading("What follows from it");
    for finding in findings {
        let side = match finding.side {
            FaultSide::Here => "on this side",
            FaultSide::There => "on the other side",
            FaultSide::Server => "on the server's side",
            FaultSide::Path => "between the two",
            FaultSide::Application => "in the application",
            FaultSide::Unknown => "whose side cannot be told",
        };
        let text = format!("{}, {side}: {}", finding.certainty.word(), finding.text);
        let tint = if finding.certainty == Certainty::Certain { Tint::Bad } else { Tint::Warning };
        if finding.fault {
            page.alarm(tint, &text);
        } else {
            page.bullet(&text);
        }
        let mut detail = |what: &str, text: &str| {
            if !text.is_empty() {
                page.lines(Tint::Plain, "  ", "    ", &format!("{what}: {text}"));
            }
        };
        detail("seen at", &finding.because.join("; "));
        if finding.fault {
            detail("to do", &finding.fix);
            detail("settled by", &finding.settle);
        }
    }
}

/// When what changed.
fn timeline(page: &mut Page, events: &[&Event]) {
    let changes: Vec<_> = events.iter().filter_map(|event| Some((event.time_ms?, change(&event.what)?))).collect();
    let Some(start) = changes.first().map(|(time, _)| *time) else { return };
    page.heading("When what happened");
    for (time, text) in limited(page, &changes) {
        let after = time.saturating_sub(start);
        page.bullet(&format!("{}.{:03} s: {text}", after / 1000, after % 1000));
    }
    more(page, changes.len());
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

fn candidates(page: &mut Page, events: &[&Event]) {
    let all = events.iter().filter_map(|event| match &event.what {
        What::Candidate(candidate) => Some((event.party, candidate)),
        _ => None,
    });
    let mut rows: Vec<[String; 4]> = Vec::new();
    for (party, candidate) in all {
        let whose = if party == Party::Here { "here" } else { "there" };
        let row = [whose.to_owned(), candidate.kind.to_string(), socket(candidate), meaning(candidate)];
        // The statistics tell the same again.
        if rows.len() < 1000 && !rows.iter().any(|known| known[..2] == row[..2] && known[2].ends_with(&row[2])) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    page.heading("Candidates");
    let shown = limited(page, &rows).into_iter().map(|row| row.map(Into::into).to_vec()).collect();
    page.table(Table::new(&["end", "type", "address", "which is"], shown));
    more(page, rows.len());
}

fn pairs(page: &mut Page, events: &[&Event]) {
    let mut all: Vec<&Pair> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Pair(pair) => Some(&**pair),
            _ => None,
        })
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|pair| !pair.selected);
    page.heading("Pairs");
    let count = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
    let end = |candidate: &Option<Candidate>| {
        candidate
            .as_ref()
            .map_or_else(|| "?".to_owned(), |candidate| format!("{} {}", candidate.kind, socket(candidate)))
    };
    let rows: Vec<[String; 6]> = all
        .iter()
        .map(|pair| {
            let state = if pair.selected { format!("{}, taken", pair.state) } else { pair.state.clone() };
            let counts = [pair.requests_sent, pair.responses_received, pair.requests_received].map(count);
            let [sent, answered, came] = counts;
            [end(&pair.local), end(&pair.remote), sent, answered, came, state]
        })
        .collect();
    let shown = limited(page, &rows).into_iter().map(|row| row.map(Into::into).to_vec()).collect();
    let header = ["this end", "other end", "checks sent", "answered", "checks received", "state"];
    page.table(Table::new(&header, shown).spare(&["checks received", "checks sent"]));
    more(page, rows.len());
}

/// Its address and port, as far as the file shows them.
fn socket(candidate: &Candidate) -> String {
    let port = candidate.port;
    match (candidate.address, &candidate.name) {
        (Some(std::net::IpAddr::V6(ip)), _) => format!("[{ip}]:{port}"),
        (Some(ip), _) => format!("{ip}:{port}"),
        (None, Some(name)) => format!("{}:{port}", shortened(name)),
        (None, None) => format!(":{port}"),
    }
}

/// A UUID as a name takes half a line, and its beginning tells it apart.
fn shortened(name: &str) -> String {
    match name.strip_suffix(".local") {
        Some(uuid) if uuid.len() == 36 && uuid.is_ascii() => format!("{}-....local", &uuid[..8]),
        _ => name.to_owned(),
    }
}

/// The first of many, or all with `-v`.
fn limited<T: Clone>(page: &Page, all: &[T]) -> Vec<T> {
    let most = if page.verbosity() > 0 { all.len() } else { MOST };
    all.iter().take(most).cloned().collect()
}

fn more(page: &mut Page, all: usize) {
    if page.verbosity() == 0 && all > MOST {
        page.paragraph(Tint::Faint, &format!("... and {} more, with -v", all - MOST));
    }
}
