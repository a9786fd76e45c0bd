//! What a server did, and the lines of its configuration that made it do so, where both are given.

use std::net::IpAddr;

use super::served::misconfigured;
use crate::explain::connection::Connection;
use crate::explain::event::{Event, Party, What};
use crate::explain::finding::{CauseCode, Certainty, Finding};
use crate::explain::turnserver::{PeerRange, PeerRule, Severity};
use crate::wire::CandidateKind;

/// So many peers are looked up.
const MOST_PEERS: usize = 100;
/// So many lines are named.
const MOST_LINES: usize = 3;

/// Names the lines of a configuration in what was found of the connections that used the server, and adds what else is wrong with it: what
/// only hinders some clients is no cause of what happened to these.
pub(crate) fn apply(used: &[&Connection], configured: &[&Connection], findings: &mut Vec<Finding>) {
    let rules: Vec<(&Event, PeerRule)> = configured
        .iter()
        .flat_map(|configured| &configured.events)
        .filter_map(|event| match event.what {
            What::PeerRule(rule) => Some((*event, rule)),
            _ => None,
        })
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.code == CauseCode::RelayPermissionRefused) {
        if let Some(connection) = used.iter().find(|connection| connection.number == finding.connection) {
            permission_refused(connection, &rules, finding);
        }
    }
    findings.extend(configured.iter().flat_map(|configured| misconfigured(configured, Severity::Error)));
    findings.sort_by_key(|finding| !finding.fault);
}

/// Which lines deny the peers that were refused.
fn permission_refused(connection: &Connection, rules: &[(&Event, PeerRule)], finding: &mut Finding) {
    let refused = refused(connection);
    let seen = !refused.is_empty();
    let peers = if seen { refused } else { other_end(connection) };
    let is_allowed = |peer: IpAddr| rules.iter().any(|(_, rule)| rule.allows && rule.range.contains(peer));
    let mut lines: Vec<(&Event, PeerRange, IpAddr)> = Vec::new();
    for (peer, range) in peers {
        let by = rules.iter().filter(|(_, rule)| !rule.allows).find(|(_, rule)| match range {
            Some(range) => rule.range == range,
            None => rule.range.contains(peer),
        });
        if let Some((event, rule)) = by.filter(|_| seen || !is_allowed(peer))
            && lines.len() < MOST_LINES
            && lines.iter().all(|(_, known, _)| *known != rule.range)
        {
            lines.push((event, rule.range, peer));
        }
    }
    if lines.is_empty() {
        if seen {
            finding
                .fix
                .push_str("; no line of the configuration that was given denies it: the server runs with another one");
        } else {
            finding.certainty = Certainty::Possible;
            "the configuration that was given denies no address of the other end: is it the one that the server runs with? Its log tells"
                .clone_into(&mut finding.settle);
        }
        return;
    }
    let denying: Vec<String> =
        lines.iter().map(|(event, range, _)| format!("{} (denied-peer-ip={range})", event.place)).collect();
    let verb = if denying.len() == 1 { "denies" } else { "deny" };
    finding.fix = format!(
        "{} {verb} it: take that out, or add allowed-peer-ip={} where it is to be reached",
        denying.join(" and "),
        lines[0].2
    );
    // They come first: there is something to be done about them.
    let mut because: Vec<String> = lines.iter().map(|(event, ..)| event.place.clone()).collect();
    because.append(&mut finding.because);
    finding.because.clear();
    finding.also(because);
}

/// The peers that were refused, each with the range that the server's log tells.
fn refused(connection: &Connection) -> Vec<(IpAddr, Option<PeerRange>)> {
    let mut found: Vec<(IpAddr, Option<PeerRange>)> = Vec::new();
    for (_, step) in connection.relay_steps() {
        if let (Some(403), Some(peer)) = (step.code(), step.peer)
            && found.len() < MOST_PEERS
            && !found.contains(&(peer.ip(), step.denied))
        {
            found.push((peer.ip(), step.denied));
        }
    }
    found
}

/// The addresses of the other end for which permissions are asked.
fn other_end(connection: &Connection) -> Vec<(IpAddr, Option<PeerRange>)> {
    let candidates = connection.candidates(Party::There).iter();
    // Those of its own network are denied by most servers, and no call needs them.
    let useful = candidates.filter(|(candidate, _)| candidate.kind != CandidateKind::Host);
    useful.filter_map(|(candidate, _)| Some((candidate.address?, None))).take(MOST_PEERS).collect()
}
