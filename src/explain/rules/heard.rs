//! Answers that a capture shows and that did not arrive: who asked asks the same again (RFC 8489 section 6.2.1).

use std::collections::BTreeSet;

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::Party;
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;
use crate::explain::traffic::{RelayOutcome, RelayRequest};

/// One request that comes again may have crossed its answer.
const MOST_CROSSED: u64 = 1;
/// So many checks do not get lost by chance.
const MOST_LOST: u64 = 10;

/// How often an end asked again what was answered.
fn unheard(connection: &Connection, party: Party) -> u64 {
    let all = connection.checks().into_iter().filter(|(event, _)| event.party == party);
    all.map(|(_, checks)| checks.unheard).sum()
}

/// Whether the answers of this end are seen to get lost.
pub(super) fn is_unheard(connection: &Connection) -> bool {
    unheard(connection, Party::There) > MOST_CROSSED
}

/// Answers of one end to the other's checks.
pub(super) fn answers_lost(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    for (party, asks, answers) in [(Party::There, "the other", "this"), (Party::Here, "this", "the other")] {
        let times = unheard(connection, party);
        if times <= MOST_CROSSED {
            continue;
        }
        let all = connection.checks().into_iter();
        let events = all.filter(|(event, checks)| event.party == party && checks.unheard > 0).map(|(event, _)| event);
        let text = format!(
            "one way only: {asks} end asked {times} times more what {answers} end had answered: what {answers} end sends gets lost after it passed the capture"
        );
        let finding = Finding::fault(connection, CauseCode::OneWay, Certainty::Likely, FaultSide::Path, text);
        let fault = connection.progress() != Progress::Connected;
        found.push(finding.on(events).only_if(fault).settle("a capture of the other end: what arrives there?"));
    }
    found
}

/// Checks of one end that nobody answers, in a capture between the two ends, while those of the other are answered.
pub(super) fn checks_lost(connection: &Connection) -> Vec<Finding> {
    let checks = connection.checks();
    let of = |party: Party| checks.iter().filter(move |(event, _)| event.party == party);
    let between = connection.pairs().iter().all(|(_, pair)| pair.requests_received.is_none());
    let answered = |party: Party| of(party).any(|(_, one)| one.answers.count > 0);
    let mut found = Vec::new();
    for (party, back, whose) in [(Party::Here, Party::There, "this"), (Party::There, Party::Here, "the other")] {
        let sent: u64 = of(party).map(|(_, one)| one.requests.count).sum();
        let refused = of(party).any(|(_, one)| !one.errors.is_empty());
        if !between || is_told(connection) || refused || sent < MOST_LOST || answered(party) || !answered(back) {
            continue;
        }
        let text = format!(
            "one way only: none of {sent} checks of {whose} end was answered, and those that came the other way were: what {whose} end sends gets lost after it passed the capture"
        );
        let finding = Finding::fault(connection, CauseCode::OneWay, Certainty::Likely, FaultSide::Path, text);
        let fault = connection.progress() != Progress::Connected;
        let events = of(party).map(|(event, _)| *event);
        found.push(finding.on(events).only_if(fault).settle("captures of both ends: which of the packets arrive?"));
    }
    found
}

/// Whether it is told already that answers get lost.
fn is_told(connection: &Connection) -> bool {
    [Party::Here, Party::There].into_iter().any(|party| unheard(connection, party) > MOST_CROSSED)
}

/// Answers of a STUN or TURN server.
pub(super) fn servers_answers_lost(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let lost: Vec<_> = all.iter().filter(|(_, step)| step.unheard > MOST_CROSSED).collect();
    let Some((_, first)) = lost.first() else { return Vec::new() };
    let (Some(client), Some(server)) = (first.client, first.server) else { return Vec::new() };
    let turn = lost.iter().any(|(_, step)| step.step != RelayRequest::Binding);
    let (code, kind) = if turn { (CauseCode::TurnUnreachable, "TURN") } else { (CauseCode::StunUnreachable, "STUN") };
    let times: u64 = lost.iter().map(|(_, step)| step.unheard).sum();
    let text = format!(
        "the {kind} server {server} answered, and {client} asked {times} times more: its answers get lost after they passed the capture"
    );
    let finding = Finding::fault(connection, code, Certainty::Likely, FaultSide::Path, text);
    let fault = !matches!(connection.progress(), Progress::Connected | Progress::Lost);
    vec![
        finding
            .on(lost.iter().map(|(event, _)| *event))
            .only_if(fault)
            .settle("a capture of that client's host: do the answers arrive?"),
    ]
}

/// Checks that failed, and no TURN server that was asked before them.
pub(super) fn no_turn_asked(connection: &Connection) -> Vec<Finding> {
    let steps = connection.relay_steps();
    let here = || steps.iter().filter(|(event, step)| event.party == Party::Here && step.transport.is_some());
    let bindings: Vec<_> = here().filter(|(_, step)| step.step == RelayRequest::Binding).collect();
    let asked = here().any(|(_, step)| step.step != RelayRequest::Binding);
    let granted = bindings.iter().any(|(_, step)| step.outcome == RelayOutcome::Granted);
    // It is told where the file has the beginning: what a browser asks of its servers comes first.
    let log = connection.format == Format::FirefoxLog;
    if !log && !connection.format.is_capture() || asked || !granted || !connection.gave_up() {
        return Vec::new();
    }
    let servers: BTreeSet<_> = bindings.iter().filter_map(|(_, step)| step.server).collect();
    let stun = if servers.len() == 1 { "a STUN server was" } else { "STUN servers were" };
    let unseen = if log { "" } else { ", or only one over TLS, which looks like any other connection" };
    let text = format!("{stun} asked and no TURN server: none is configured{unseen}");
    let code = CauseCode::NoTurnConfigured;
    let found = Finding::fault(connection, code, Certainty::Likely, FaultSide::Application, text);
    vec![
        found
            .on(bindings.iter().map(|(event, _)| *event))
            .fix("configure a TURN server, reachable over UDP and over TLS on port 443")
            .settle("the application's configuration, or a dump of the browser"),
    ]
}
