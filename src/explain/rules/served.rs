//! What logs, captures and configurations tell of a TURN server itself: whether it answered, what its relays passed on, how it is set up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::relay::{hinders, whose};
use crate::explain::connection::Connection;
use crate::explain::event::{Event, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep, RelayedPackets, ServerTrouble};
use crate::explain::turnserver::Severity;

/// A server that did not answer, in a capture.
pub(super) fn unanswered(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let mut known: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    let mut servers: Vec<(SocketAddr, Vec<&Event>, bool, bool)> = Vec::new();
    for (event, step) in all {
        let Some(server) = step.server else { continue };
        let at = *known.entry(server).or_insert_with(|| {
            servers.push((server, Vec::new(), false, false));
            servers.len() - 1
        });
        let (_, events, answered, turn) = &mut servers[at];
        if step.outcome == RelayOutcome::Unanswered {
            events.push(event);
            *turn |= step.step == RelayRequest::Allocate;
        } else {
            *answered = true;
        }
    }
    let mut found = Vec::new();
    let in_the_way = hinders(connection);
    for (server, events, answered, turn) in servers {
        if events.is_empty() || answered {
            continue;
        }
        let code = if turn { CauseCode::TurnUnreachable } else { CauseCode::StunUnreachable };
        let text = format!("no answer came from the {} server {server}", if turn { "TURN" } else { "STUN" });
        let finding = Finding::fault(connection, code, Certainty::Certain, FaultSide::Unknown, text);
        let command = if turn { "turn" } else { "discover" };
        let settle = format!("nat-probe {command} on the same host: is the server there, or is the way blocked?");
        found.push(finding.on(events).only_if(in_the_way).settle(&settle));
    }
    found
}

/// Allocations for which no permission was ever asked: their client knew no candidate of the other end.
pub(super) fn no_permission(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let who = |wanted: &[RelayRequest], granted: bool| -> BTreeSet<String> {
        let fits =
            |step: &RelayStep| wanted.contains(&step.step) && (!granted || step.outcome == RelayOutcome::Granted);
        all.iter().filter(|(_, step)| fits(step)).map(|(_, step)| whose(step)).collect()
    };
    let allocated = who(&[RelayRequest::Allocate], true);
    let asking = who(&[RelayRequest::Permission, RelayRequest::Channel, RelayRequest::Connect], false);
    let passed = |event: &&Event| match &event.what {
        What::Relayed(packets) => packets.to_peers > Some(0) || packets.from_peers > Some(0),
        _ => false,
    };
    // eturnal and its like tell of permissions from the level info on, and of allocations from notice on.
    let untold = connection.format == Format::EturnalLog && asking.is_empty();
    let asked = allocated.iter().any(|one| asking.contains(one)) || connection.events.iter().any(passed);
    if allocated.is_empty() || asked || untold || connection.has_browser() {
        return Vec::new();
    }
    let text = format!(
        "{} relays were made, and no permission for any peer was ever asked for: the clients knew no candidate of the other end, or did not need the relay",
        allocated.len()
    );
    let events =
        all.iter().filter(|(_, step)| step.step == RelayRequest::Allocate && step.outcome == RelayOutcome::Granted);
    let found = Finding::fault(connection, CauseCode::PermissionMissing, Certainty::Certain, FaultSide::Unknown, text);
    vec![
        found
            .on(events.map(|(event, _)| *event))
            .only_if(false)
            .settle("the browser's dump: which candidates of the other end did it get?"),
    ]
}

/// Relays that sent to peers and got nothing back.
pub(super) fn nothing_relayed_back(connection: &Connection) -> Vec<Finding> {
    let pick = |event: &&Event| match &event.what {
        What::Relayed(packets) => packets.to_peers > Some(0) && packets.from_peers == Some(0),
        _ => false,
    };
    let events: Vec<&Event> = connection.events.iter().copied().filter(pick).collect();
    if events.is_empty() {
        return Vec::new();
    }
    let sent = |event: &&Event| match &event.what {
        What::Relayed(packets) => packets.to_peers.unwrap_or_default(),
        _ => 0,
    };
    let sum: u64 = events.iter().map(sent).sum();
    let came = connection
        .events
        .iter()
        .any(|event| matches!(&event.what, What::Relayed(packets) if packets.from_peers > Some(0)));
    let text = format!("{} relays sent {sum} packets to peers, and not one came back to them", events.len());
    let found = Finding::fault(connection, CauseCode::RelayUnanswered, Certainty::Certain, FaultSide::Path, text);
    vec![
        found
            .on(events)
            .only_if(hinders(connection) && !came)
            .fix("open the relay ports of the server (min-port to max-port) for UDP from everywhere, and check external-ip")
            .settle("nat-probe turn with the same credentials: does a packet come back to the relay?"),
    ]
}

/// What is wrong with the server itself.
pub(super) fn server_trouble(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_the_way = hinders(connection);
    for event in &connection.events {
        let What::ServerTrouble { trouble } = &event.what else { continue };
        let (text, fix) = trouble.told();
        let finding =
            Finding::fault(connection, CauseCode::ServerMisconfigured, Certainty::Certain, FaultSide::Server, text);
        let fault = in_the_way && !matches!(trouble, ServerTrouble::RateLimited);
        found.push(finding.on([*event]).only_if(fault).fix(fix));
    }
    found.extend(misconfigured(connection, Severity::Warning));
    found
}

/// What is wrong with the server's configuration; what is less bad than that is only good to know.
pub(super) fn misconfigured(connection: &Connection, bad: Severity) -> Vec<Finding> {
    let mut found = Vec::new();
    for event in &connection.events {
        let What::Misconfigured(fault) = &event.what else { continue };
        let line = fault.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let text = format!("{line}{} [{}]", fault.text, fault.code);
        let text = if fault.effect.is_empty() { text } else { format!("{text}; {}", fault.effect) };
        let finding =
            Finding::fault(connection, CauseCode::ServerMisconfigured, Certainty::Certain, FaultSide::Server, text);
        found.push(finding.on([*event]).only_if(fault.severity <= bad).fix(&fault.fix));
    }
    found
}

/// The sum of what was relayed, where a server counted it.
pub(crate) fn relayed(connection: &Connection) -> Option<RelayedPackets> {
    let mut sum: Option<RelayedPackets> = None;
    for event in &connection.events {
        let What::Relayed(packets) = &event.what else { continue };
        let sum = sum.get_or_insert_with(RelayedPackets::default);
        let add = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        sum.from_client = add(sum.from_client, packets.from_client);
        sum.to_client = add(sum.to_client, packets.to_client);
        sum.from_peers = add(sum.from_peers, packets.from_peers);
        sum.to_peers = add(sum.to_peers, packets.to_peers);
    }
    sum
}
