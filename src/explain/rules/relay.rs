//! What logs and captures tell of TURN servers: who was refused what and why.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::Event;
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::explain::turnserver::PeerRange;
use crate::wire::RestName;

/// How many peers a sentence names.
const MOST_PEERS: usize = 3;
/// How many it counts.
const MOST_KNOWN: usize = 100;
/// So often a nonce may become stale in a session before it is strange.
const MOST_STALE: u64 = 5;

/// What tells one client's requests from another's.
pub(super) fn whose(step: &RelayStep) -> String {
    step.session.clone().or_else(|| step.client.map(|client| client.to_string())).unwrap_or_default()
}

/// Whether what is wrong hinders: of a connection that came about it is only good to know.
pub(super) fn hinders(connection: &Connection) -> bool {
    !matches!(connection.progress(), Progress::Connected | Progress::Lost)
}

pub(super) fn credentials_refused(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let granted: BTreeSet<String> = all
        .iter()
        .filter(|(_, step)| step.step == RelayRequest::Allocate && step.outcome == RelayOutcome::Granted)
        .map(|(_, step)| whose(step))
        .collect();
    let asked: BTreeSet<String> =
        all.iter().filter(|(_, step)| step.step == RelayRequest::Allocate).map(|(_, step)| whose(step)).collect();
    let refused: Vec<_> = all
        .iter()
        .filter(|(_, step)| step.authenticated && step.code() == Some(401) && !granted.contains(&whose(step)))
        .collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let sessions: BTreeSet<String> = refused.iter().map(|(_, step)| whose(step)).collect();
    let again: u64 = refused.iter().map(|(_, step)| step.times.count).max().unwrap_or_default();
    let mut text = format!(
        "the TURN server refused the user name or the password (401) of {} of {} clients",
        sessions.len(),
        asked.len().max(sessions.len())
    );
    let says = |words: &str| {
        refused
            .iter()
            .all(|(_, step)| matches!(&step.outcome, RelayOutcome::Refused { reason, .. } if reason.contains(words)))
    };
    let fix = if says("credentials are incorrect") {
        text.push_str(": it knows the user, and the password is wrong");
        "give the application the password that the server has; for static users the realm counts too"
    } else if says("Cannot find credentials") {
        let limited = |user: &str| RestName::parse(user) != RestName::NotRest;
        let users = refused.iter().filter_map(|(_, step)| step.user.as_deref());
        match users.filter(|user| limited(user)).count() {
            0 => {
                text.push_str(": it does not know the user");
                "the user in the server's configuration; one with a shared secret knows only time-limited names"
            }
            count if count == refused.len() => {
                text.push_str(
                    ": the time-limited name has expired, or is signed with another secret than the server's",
                );
                "compare static-auth-secret with the application's, and the clocks of both"
            }
            _ => {
                text.push_str(
                    ": it does not know the user, or the time-limited name has expired or is signed with another secret",
                );
                "compare static-auth-secret with the application's, the clocks of both, and the users of the server"
            }
        }
    } else if says("credentials expired") {
        text.push_str(": they have expired");
        "let the application fetch new ones before they expire"
    } else {
        "give the application credentials that the server takes: time-limited ones expire"
    };
    if again > 2 {
        text = format!("{text}; one asked {again} times all the same");
    }
    let code = CauseCode::TurnCredentialsRefused;
    let found = Finding::fault(connection, code, Certainty::Certain, FaultSide::Application, text);
    vec![
        found
            .on(refused.iter().map(|(event, _)| *event))
            .only_if(hinders(connection))
            .fix(fix)
            .settle("nat-probe turn with the same credentials"),
    ]
}

pub(super) fn permission_refused(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let about_peer = |step: &RelayStep| {
        matches!(step.step, RelayRequest::Permission | RelayRequest::Channel | RelayRequest::Connect)
    };
    let refused: Vec<_> = all.iter().filter(|(_, step)| about_peer(step) && step.code() == Some(403)).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    // In the order of the file, which does not hang on what the addresses are.
    let mut peers: Vec<IpAddr> = Vec::new();
    for peer in refused.iter().filter_map(|(_, step)| step.peer.map(|peer| peer.ip())) {
        if !peers.contains(&peer) && peers.len() < MOST_KNOWN {
            peers.push(peer);
        }
    }
    let allowed = all.iter().any(|(_, step)| about_peer(step) && step.outcome == RelayOutcome::Granted);
    let named: Vec<String> = peers.iter().take(MOST_PEERS).map(ToString::to_string).collect();
    let more = peers.len().saturating_sub(MOST_PEERS);
    let whom = match (named.is_empty(), more) {
        (true, _) => "a peer".to_owned(),
        (false, 0) => named.join(", "),
        (false, more) => format!("{} and {more} more", named.join(", ")),
    };
    let mut text =
        format!("the TURN server refused to relay to {whom} (403, Forbidden IP), which browsers do not show");
    if allowed {
        text.push_str("; it let others through");
    }
    let mut ranges: Vec<PeerRange> = Vec::new();
    for range in refused.iter().filter_map(|(_, step)| step.denied) {
        if !ranges.contains(&range) && ranges.len() < MOST_PEERS {
            ranges.push(range);
        }
    }
    let lines: Vec<String> = ranges.iter().map(|range| format!("denied-peer-ip={range}")).collect();
    let fix = match peers.first().filter(|_| !lines.is_empty()) {
        None => "look at denied-peer-ip and allowed-peer-ip of the TURN server (nat-probe turn lint)".to_owned(),
        Some(peer) => format!(
            "take {} out of the TURN server's configuration, or add allowed-peer-ip={peer} where it is to be reached",
            lines.join(" and ")
        ),
    };
    let found =
        Finding::fault(connection, CauseCode::RelayPermissionRefused, Certainty::Certain, FaultSide::Server, text);
    vec![
        found
            .on(refused.iter().map(|(event, _)| *event))
            // Private addresses are refused by most servers, and no call needs them where others are let through.
            .only_if(hinders(connection) && !allowed)
            .fix(&fix),
    ]
}

/// Every other refusal, by its code.
pub(super) fn refused(connection: &Connection) -> Vec<Finding> {
    let mut by_code: BTreeMap<(u16, RelayRequest), Vec<(&Event, &RelayStep)>> = BTreeMap::new();
    for (event, step) in connection.relay_steps() {
        // Of logins, peers and nonces other rules tell.
        let elsewhere = |code: &u16| matches!(code, 401 | 438) || *code == 403 && step.step != RelayRequest::Allocate;
        if let Some(code) = step.code().filter(|code| !elsewhere(code)) {
            by_code.entry((code, step.step)).or_default().push((event, step));
        }
    }
    let mut found = Vec::new();
    let in_the_way = hinders(connection);
    for ((code, step), all) in by_code {
        let times: u64 = all.iter().map(|(_, step)| step.times.count).sum();
        let (cause, side, mut why, mut fix) = told(code, step);
        let says = |words: &str| {
            let reason =
                |step: &RelayStep| matches!(&step.outcome, RelayOutcome::Refused { reason, .. } if reason == words);
            all.iter().all(|(_, step)| reason(step))
        };
        if code == 400 && says("wrong realm") {
            why = "it does not take its realm back, as coturn does not where a blank or a quote is in it";
            fix = "a realm of the server without blanks and quotes";
        }
        if code == 400 && says("wrong username") {
            why = "it takes no user name with a blank, a quote or a backslash in it";
            fix = "a user name without them, such as the number of the user";
        }
        let reason = all.iter().find_map(|(_, step)| match &step.outcome {
            RelayOutcome::Refused { reason, .. } if !reason.is_empty() => Some(format!(", {reason}")),
            _ => None,
        });
        let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let text =
            format!("the TURN server refused {} {often} ({code}{}): {why}", asked(step), reason.unwrap_or_default());
        let finding = Finding::fault(connection, cause, Certainty::Certain, side, text);
        found.push(finding.on(all.iter().map(|(event, _)| *event)).only_if(in_the_way).fix(fix));
    }
    found
}

fn asked(step: RelayRequest) -> &'static str {
    match step {
        RelayRequest::Binding => "a Binding",
        RelayRequest::Allocate => "an allocation",
        RelayRequest::Permission => "a permission",
        RelayRequest::Channel => "a channel",
        RelayRequest::Refresh => "to renew an allocation",
        RelayRequest::Connect => "a connection to a peer",
    }
}

/// What an error code of TURN means (RFC 8656 section 19), whose matter it is, and what to do.
fn told(code: u16, step: RelayRequest) -> (CauseCode, FaultSide, &'static str, &'static str) {
    use CauseCode::{TurnAllocationMismatch, TurnQuotaReached, TurnRefused};
    use FaultSide::{Application, Here, Server, Unknown};
    match code {
        300 => (TurnRefused, Server, "it sends clients to another server", "let clients reach that server too"),
        400 => (TurnRefused, Unknown, "it could not make sense of the request", "the server's log says of what"),
        403 => (
            TurnRefused,
            Server,
            "it serves no client of that address",
            "the server's list of clients that it refuses (blacklist_clients of eturnal, turn_blacklist of ejabberd)",
        ),
        405 => (TurnRefused, Server, "TURN is off", "switch TURN on (enable_turn, relay_ipv4_addr)"),
        420 => {
            (TurnRefused, Unknown, "it does not know an attribute of the request", "a newer server, or another client")
        }
        437 => (
            TurnAllocationMismatch,
            Here,
            "the client's port has another allocation already, or none any more (RFC 8656 section 7.2)",
            "a new port for a new allocation; a NAT that gives two clients one port does this too",
        ),
        440 => (
            TurnRefused,
            Server,
            "it has no relay of that address family",
            "an address of that family for the server, or none asked for",
        ),
        441 => (
            TurnAllocationMismatch,
            Application,
            "the allocation is another user's",
            "the same credentials for all of a session",
        ),
        442 => (TurnRefused, Server, "it does not relay that transport", "no-udp-relay and no-tcp-relay of the server"),
        443 => {
            (TurnRefused, Unknown, "the peer is of another address family than the relay", "a relay of both families")
        }
        486 => (
            TurnQuotaReached,
            Server,
            "its quota is reached",
            "user-quota and total-quota: browsers make one allocation for each network and transport",
        ),
        508 => (
            TurnRefused,
            Server,
            if matches!(step, RelayRequest::Allocate) {
                "no relay port was free, or its relay address is not one of its host"
            } else {
                "it has no more room"
            },
            "relay-ip has to be an address of the host; min-port and max-port enough; more permissions",
        ),
        _ => (TurnRefused, Server, "it did not say more", "look in the server's log"),
    }
}

pub(super) fn nonce_stale(connection: &Connection) -> Vec<Finding> {
    let all = connection.relay_steps();
    let stale: Vec<_> =
        all.iter().filter(|(_, step)| step.code() == Some(438) && step.times.count > MOST_STALE).collect();
    if stale.is_empty() {
        return Vec::new();
    }
    let most = stale.iter().map(|(_, step)| step.times.count).max().unwrap_or_default();
    let text = format!(
        "nonces were refused as stale again and again (438), {most} times for one client: they live too short, or the client goes on with an old one"
    );
    let found = Finding::fault(connection, CauseCode::NonceStale, Certainty::Certain, FaultSide::Unknown, text);
    vec![
        found
            .on(stale.iter().map(|(event, _)| *event))
            .only_if(hinders(connection))
            .fix("stale-nonce of the server: 600; several servers behind one address need the same nonces"),
    ]
}
