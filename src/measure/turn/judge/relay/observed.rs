//! The sides of the table, read off the evidence.

use std::net::{IpAddr, SocketAddr};

use super::paths::refused_peers;
use super::table::{Between, In, Out, Place, Sides, Third, Tried};
use crate::evidence::key::DataStep;
use crate::measure::turn::facts::exchange::looped_from;
use crate::measure::turn::facts::peers::is_host;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{PathOutcome, RelayPath, RelayPaths};
use crate::wire::Scope;

/// What every side of the relay saw; `None` without an allocation.
pub(super) fn sides(target: &Target, relay: &RelayPaths) -> Option<Sides> {
    let (first, allocation) = target.first()?;
    let relayed = allocation.relayed;
    let refused: Vec<IpAddr> = refused_peers(target, first).into_iter().map(|(ip, _)| ip).collect();
    let is_public = |ip: IpAddr| Scope::of(ip) == Scope::Public;
    let mut thirds = target.witnesses().into_iter().map(|third| third.address.ip());
    let third = match (relay.third_party.outcome, relay.seen_address) {
        (PathOutcome::Works, None) => Third::Heard,
        (PathOutcome::Works, Some(seen)) if seen == relayed => Third::Confirms,
        (PathOutcome::Works, Some(seen)) if seen.ip() == relayed.ip() => Third::OtherPort,
        (PathOutcome::Works, Some(_)) => Third::Differs,
        (PathOutcome::Fails, _) => Third::Silent,
        (PathOutcome::Forbidden, _) if thirds.any(|ip| refused.contains(&ip) && is_public(ip)) => Third::Forbidden,
        (PathOutcome::Forbidden, _) => Third::Spared,
        (PathOutcome::Unknown, _) => Third::Unknown,
    };
    let source = seen_from(target);
    let mut plain = target.plain_addresses().into_iter().map(|address| address.ip());
    let out = match relay.to_peer.outcome {
        PathOutcome::Works if source == Some(relayed) => Out::Arrives,
        PathOutcome::Works => Out::Elsewhere,
        PathOutcome::Fails => Out::Fails,
        PathOutcome::Forbidden if plain.any(|ip| refused.contains(&ip) && is_public(ip)) => Out::Forbidden,
        PathOutcome::Forbidden => Out::Spared,
        PathOutcome::Unknown => Out::Unknown,
    };
    let into = match relay.from_peer.outcome {
        PathOutcome::Works => In::Arrives,
        PathOutcome::Fails if target.find(DataStep::InwardAgain).and_then(looped_from).is_some() => In::AfterOut,
        PathOutcome::Fails => In::Fails,
        PathOutcome::Forbidden | PathOutcome::Unknown => In::Unknown,
    };
    let between = match relay.between_allocations.outcome {
        PathOutcome::Works => Between::Works,
        PathOutcome::Fails => Between::Fails,
        PathOutcome::Forbidden => Between::Forbidden,
        PathOutcome::Unknown => Between::Unknown,
    };
    let place = match (is_public(relayed.ip()), is_public(target.remote.ip())) {
        _ if !is_host(relayed) => Place::Nowhere,
        (true, true) => Place::Public,
        (true, false) => Place::Behind,
        (false, false) => Place::Inside,
        (false, true) => Place::Inner,
    };
    Some(Sides {
        place,
        third,
        out,
        into,
        own_address: tried(relay.from_peer_to_own_address.as_ref()),
        second: tried(relay.from_peer_to_second.as_ref()),
        between,
    })
}

/// Where packets of the relay came from when they arrived at our plain socket.
pub(super) fn seen_from(target: &Target) -> Option<SocketAddr> {
    let steps = [DataStep::Outward, DataStep::Outward2];
    steps.into_iter().find_map(|step| target.find(step).and_then(looped_from))
}

fn tried(view: Option<&RelayPath>) -> Tried {
    match view.map(|view| view.outcome) {
        Some(PathOutcome::Works) => Tried::Arrives,
        Some(PathOutcome::Fails) => Tried::Fails,
        Some(PathOutcome::Forbidden | PathOutcome::Unknown) | None => Tried::Unknown,
    }
}
