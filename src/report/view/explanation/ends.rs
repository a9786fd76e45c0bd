//! The candidates of both ends with what they are, and the pairs with how far each came.

use super::super::page::Page;
use super::super::table::Table;
use super::super::tint::Tint;
use super::room::{LAST, MOST, optional, titled};
use crate::explain::event::{Candidate, Event, Pair, Party, What};
use crate::explain::meaning;

/// Both ends: a line each, or with `-v` a table.
pub(super) fn candidates(page: &mut Page, events: &[&Event], whose: &str) {
    let all = events.iter().filter_map(|event| match &event.what {
        What::Candidate(candidate) => Some((event.party, candidate)),
        _ => None,
    });
    let mut rows: Vec<[String; 4]> = Vec::new();
    for (party, candidate) in all {
        let end = if party == Party::Here { "here" } else { "there" };
        let row = [end.to_owned(), candidate.kind.to_string(), socket(candidate), meaning(candidate)];
        // The statistics tell the same again.
        if rows.len() < 1000 && !rows.iter().any(|known| known[..2] == row[..2] && known[2].ends_with(&row[2])) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    if page.verbosity() > 0 {
        page.heading(&titled("Candidates", whose));
        let shown = rows.iter().map(|row| row.clone().map(Into::into).to_vec()).collect();
        page.table(Table::new(&["end", "type", "address", "which is"], shown));
        return;
    }
    for end in ["here", "there"] {
        let of_end: Vec<&[String; 4]> = rows.iter().filter(|row| row[0] == end).collect();
        if of_end.is_empty() {
            continue;
        }
        let shown = of_end.len().min(MOST / 2);
        let told: Vec<String> =
            of_end[..shown].iter().map(|[_, kind, socket, which]| format!("{kind} {socket} ({which})")).collect();
        let more = if of_end.len() > shown { format!(", {} more", of_end.len() - shown) } else { String::new() };
        optional(page, LAST, |page| {
            page.lines(
                Tint::Plain,
                "",
                "  ",
                &format!("{}: {}{more}", titled(&format!("Candidates {end}"), whose), told.join(", ")),
            );
        });
    }
}

/// Pairs in the order in which they are checked (RFC 8445 section 6.1.2.3), as far as that is told; the one that was taken first.
pub(super) fn pairs(page: &mut Page, events: &[&Event], whose: &str) {
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
    let priority = |pair: &Pair| {
        pair.local.as_ref().map_or(0, |it| it.priority).saturating_add(pair.remote.as_ref().map_or(0, |it| it.priority))
    };
    all.sort_by_key(|pair| (!pair.selected, std::cmp::Reverse(priority(pair))));
    let count = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
    let end = |candidate: &Option<Candidate>| {
        candidate.as_ref().map_or_else(|| "?".to_owned(), |it| format!("{} {}", it.kind, socket(it)))
    };
    let state = |pair: &Pair| if pair.selected { format!("{}, taken", pair.state) } else { pair.state.clone() };
    if page.verbosity() > 0 {
        let rows: Vec<[String; 6]> = all
            .iter()
            .map(|pair| {
                let [sent, answered, came] =
                    [pair.requests_sent, pair.responses_received, pair.requests_received].map(count);
                [end(&pair.local), end(&pair.remote), sent, answered, came, state(pair)]
            })
            .collect();
        page.heading(&titled("Pairs", whose));
        let shown = rows.into_iter().map(|row| row.map(Into::into).to_vec()).collect();
        let header = ["this end", "other end", "checks sent", "answered", "checks received", "state"];
        page.table(Table::new(&header, shown).spare(&["checks received", "checks sent"]));
        return;
    }
    let told = |pair: &&Pair| {
        let counts = match (pair.requests_sent, pair.responses_received, pair.requests_received) {
            (Some(sent), Some(answered), Some(came)) => {
                format!(", {sent} checks sent, {answered} answered, {came} received")
            }
            _ => String::new(),
        };
        format!("{} to {}: {}{counts}", end(&pair.local), end(&pair.remote), state(pair))
    };
    let mut left = all.len();
    for pair in all.iter().take(3) {
        let line = format!("{} {}", titled("Pair", whose), told(pair));
        if !optional(page, LAST, |page| page.lines(Tint::Plain, "", "  ", &line)) {
            break;
        }
        left -= 1;
    }
    if left > 0 && left < all.len() {
        optional(page, 0, |page| page.paragraph(Tint::Faint, &format!("... and {left} more pairs, with -v")));
    }
}

/// Its address and port, as far as the file shows them.
fn socket(candidate: &Candidate) -> String {
    let port = candidate.port;
    match (candidate.address, &candidate.name) {
        (Some(std::net::IpAddr::V6(ip)), _) => format!("[{ip}]:{port}"),
        (Some(ip), _) => format!("{ip}:{port}"),
        (None, Some(name)) => format!("{}:{port}", shortened(name)),
        (None, None) => format!("{}:{port}", candidate.network.map(masked).unwrap_or_default()),
    }
}

/// What is left of an address whose end is masked.
fn masked(network: std::net::IpAddr) -> String {
    match network {
        std::net::IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.x")
        }
        std::net::IpAddr::V6(ip) => format!("[{:x}:x]", ip.segments()[0]),
    }
}

/// A UUID as a name takes half a line, and its beginning tells it apart.
fn shortened(name: &str) -> String {
    match name.strip_suffix(".local") {
        Some(uuid) if uuid.len() == 36 && uuid.is_ascii() => format!("{}-....local", &uuid[..8]),
        _ => name.to_owned(),
    }
}
