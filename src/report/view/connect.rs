//! The page of `peer connect`: connected or not and by which pair, what the test packets showed, and how far every pair came.

use std::collections::BTreeMap;

use super::page::Page;
use super::table::{Cell, Table};
use super::tint::Tint;
use crate::evidence::{Candidacy, Idle, Progress, Selected, Session, Traffic};
use crate::measure::connect::{Pair, PeerConnected, Side};
use crate::report::document::Report;

/// Pairs that are listed without being asked for, where there is room.
const FEW: usize = 12;
/// Rows below them: how long it took.
const BELOW: usize = 2;

pub(crate) fn write(page: &mut Page, found: &PeerConnected) {
    match (&found.session.selected, found.verdict.connected) {
        (Some(selected), true) => connected(page, found, selected),
        _ => failed(page, found),
    }
    if let Some(traffic) = &found.session.traffic {
        self::traffic(page, traffic);
    }
    if let Some(idle) = &found.session.idle {
        self::idle(page, idle);
    }
    notes(page, &found.session);
    without_relay(page, found);
    predicted(page, found);
    pairs(page, &found.verdict.pairs, found.verdict.connected);
}

pub(crate) fn footer(page: &mut Page, report: &Report) {
    page.blank();
    page.paragraph(Tint::Faint, &format!("Done in {:.1} s.", report.duration_ms / 1000.0));
}

fn connected(page: &mut Page, found: &PeerConnected, selected: &Selected) {
    let (tint, how) = if found.is_relayed() { (Tint::Warning, "by a relay") } else { (Tint::Good, "directly") };
    let seconds = selected.took_ms / 1000.0;
    page.paragraph(tint, &format!("Connected {how}, {seconds:.1} s after both tokens were known."));
    page.blank();
    page.bullet(&format!("this side: {}", end(&selected.local)));
    page.bullet(&format!("the other side: {}", end(&selected.remote)));
    if found.comes_from_elsewhere() {
        page.bullet("that address is of none of its candidates: another way out, or a relay that tells another address than it sends from");
    }
    page.bullet(&format!("round trip: {:.1} ms", selected.rtt_ms));
}

fn failed(page: &mut Page, found: &PeerConnected) {
    let verdict = &found.verdict;
    page.paragraph(Tint::Bad, &format!("Not connected: {}.", verdict.text));
    let whose = match verdict.side {
        Some(Side::Here) => "It is on this side.",
        Some(Side::There) => "It is on the other side.",
        Some(Side::Server) => "It is the server's doing.",
        Some(Side::Path) => "It is between the two: neither side alone.",
        Some(Side::Unknown) | None => "Whose side it is could not be told.",
    };
    page.paragraph(Tint::Plain, whose);
    if !verdict.fix.is_empty() {
        page.bullet(&format!("try: {}", verdict.fix));
    }
}

/// A candidate as people read it: what it is, where, and what is behind it.
fn end(candidacy: &Candidacy) -> String {
    let behind = candidacy.related.map(|related| format!(", from {related}")).unwrap_or_default();
    format!("{} {}{behind}", candidacy.kind, candidacy.address)
}

fn traffic(page: &mut Page, traffic: &Traffic) {
    let trips = match (traffic.rtt_min_ms, traffic.rtt_max_ms, traffic.jitter_ms) {
        (Some(min), Some(max), Some(jitter)) => format!(", round trips {min:.1} to {max:.1} ms, jitter {jitter:.1} ms"),
        _ => String::new(),
    };
    let theirs = match traffic.expected {
        Some(expected) => format!("; {} of the other side's {expected} arrived", traffic.received),
        None => String::new(),
    };
    let text = format!(
        "test packets: {} of {} answered ({:.1} % lost){trips}{theirs}",
        traffic.answered, traffic.sent, traffic.loss_percent
    );
    if traffic.answered < traffic.sent { page.alarm(Tint::Warning, &text) } else { page.bullet(&text) }
}

fn idle(page: &mut Page, idle: &Idle) {
    let seconds = idle.silent_ms / 1000.0;
    let whose = if idle.awaited { "the other side's" } else { "this side's" };
    match idle.changed {
        None if idle.survived => {
            page.bullet(&format!("after {seconds:.0} s without a packet {whose} next one arrived: it still works"));
        }
        None => {
            let text = format!(
                "after {seconds:.0} s without a packet {whose} next one is lost: a NAT has forgotten the mapping"
            );
            page.alarm(Tint::Warning, &text);
        }
        Some(changed) => {
            let text = format!(
                "after {seconds:.0} s without a packet {whose} next one came from {changed}: its NAT has forgotten the mapping, and \
                 what is sent to the old one is lost"
            );
            page.alarm(Tint::Warning, &text);
        }
    }
}

fn notes(page: &mut Page, session: &Session) {
    if session.role_conflicts > 0 {
        page.bullet("both sides began in the same role, which was settled (487)");
    }
    for remapped in &session.remapped {
        page.alarm(
            Tint::Warning,
            &format!(
                "{} saw {} when the token was made and {} later: the mapping did not last, and the token's address is stale",
                remapped.server, remapped.before, remapped.now
            ),
        );
    }
    untried(page, session);
    if session.strangers > 0 {
        page.alarm(Tint::Warning, &format!("{} checks came that are of another session", session.strangers));
    }
    for refused in session.relays.iter().filter_map(|relay| relay.refused.as_ref()) {
        page.alarm(Tint::Warning, &format!("relay: {}", refused.text));
    }
}

/// TURN servers that gave no relay, where that is not said of the failure already.
fn without_relay(page: &mut Page, found: &PeerConnected) {
    for error in found.without_relay.iter().filter(|error| !found.verdict.text.contains(&error.text)) {
        let url = error.url.as_deref().unwrap_or_default();
        page.alarm(Tint::Warning, &format!("no relay of {url}: {}", error.text));
    }
}

/// Candidates that no pair is made of, by the reason.
fn untried(page: &mut Page, session: &Session) {
    if session.untried == 0 {
        return;
    }
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &session.unpaired {
        reasons.entry(&one.text).or_default().push(&one.candidate);
    }
    let why: Vec<String> = reasons.iter().map(|(why, all)| format!("{}: {why}", all.len())).collect();
    let text = format!("{} of the other side's candidates are not tried ({})", session.untried, why.join("; "));
    page.bullet(&text);
    if page.verbosity() > 0 {
        for one in &session.unpaired {
            page.lines(Tint::Faint, "  ", "    ", &format!("{} ({})", one.candidate, one.code));
        }
    }
}

fn predicted(page: &mut Page, found: &PeerConnected) {
    let Some(prediction) = &found.prediction else { return };
    let by = match (&found.options.beside, &found.options.side) {
        (Some(_), _) => "predicted before",
        (None, Some(_)) => "predicted by the report of this side and the other's candidates",
        (None, None) => "predicted by the candidates alone",
    };
    page.bullet(&format!("{by}: {}", prediction.prediction));
    if let Some(contradiction) = &found.contradiction {
        page.alarm(Tint::Warning, contradiction);
    }
}

fn pairs(page: &mut Page, pairs: &[Pair], connected: bool) {
    if pairs.is_empty() || (connected && page.verbosity() == 0) {
        return;
    }
    if page.verbosity() > 0 {
        page.heading("Pairs");
        let rows = pairs.iter().map(|pair| row(pair, true)).collect();
        return page.table(Table::new(&["this side", "the other side", "came to", "because"], rows));
    }
    // As many as leave the verdict on the screen.
    for count in (1..=FEW.min(pairs.len())).rev() {
        let mark = page.mark();
        page.heading("Pairs");
        let rows = pairs.iter().take(count).map(|pair| row(pair, false)).collect();
        page.table(Table::new(&["this side", "the other side", "came to"], rows).bare());
        let more = if pairs.len() > count { format!("And {} more; ", pairs.len() - count) } else { String::new() };
        page.paragraph(Tint::Faint, &format!("{more}-v tells why of each."));
        if count == 1 || page.rows_left() >= BELOW {
            return;
        }
        page.go_back(&mark);
    }
}

fn row(pair: &Pair, in_full: bool) -> Vec<Cell> {
    let tint = match pair.progress {
        Progress::Nominated | Progress::Succeeded => Tint::Good,
        Progress::NeverSent | Progress::NeverAnswered => Tint::Plain,
        _ => Tint::Warning,
    };
    let place = |candidacy: &Candidacy| Cell::from(format!("{} {}", candidacy.kind, candidacy.address));
    let progress = Cell::tinted(tint, pair.progress.to_string());
    let mut row = vec![place(&pair.seen.local), place(&pair.seen.remote), progress];
    row.extend(in_full.then(|| Cell::from(pair.reason.as_str())));
    row
}
