//! The sides of the table, read off the evidence.

use std::net::IpAddr;

use super::finding::{RelayViews, View, ViewOutcome};
use super::peers::is_host;
use super::session::Session;
use super::table::{Between, In, Out, Place, Sides, Third, Tried};
use super::views;
use crate::evidence::Outcome;
use crate::wire::Scope;

impl Session<'_> {
    /// Whether our plain socket alone shows that a peer can talk to the relay at its relayed address.
    pub(super) fn own_is_clean(&self) -> bool {
        let Some((_, allocation)) = self.first() else { return false };
        let inward = ["inward", "inward-2"].into_iter().any(|step| self.looped(step).is_some());
        inward && ["outward", "outward-2"].into_iter().any(|step| self.looped(step) == Some(allocation.relayed))
    }

    /// Where our own request came from when it arrived on another of our sockets.
    pub(super) fn looped(&self, step: &str) -> Option<std::net::SocketAddr> {
        match &self.find(step)?.outcome {
            Outcome::Looped { source, .. } => Some(*source),
            _ => None,
        }
    }

    /// What every side of the relay saw; `None` without an allocation.
    pub(super) fn sides(&self, relay: &RelayViews) -> Option<Sides> {
        let (first, allocation) = self.first()?;
        let relayed = allocation.relayed;
        let refused: Vec<IpAddr> = views::refused_peers(self, first).into_iter().map(|(ip, _)| ip).collect();
        let is_public = |ip: IpAddr| Scope::of(ip) == Scope::Public;
        let mut thirds = self.witnesses().into_iter().map(|third| third.address.ip());
        let third = match (relay.third_party.outcome, relay.seen_address) {
            (ViewOutcome::Works, None) => Third::Heard,
            (ViewOutcome::Works, Some(seen)) if seen == relayed => Third::Confirms,
            (ViewOutcome::Works, Some(seen)) if seen.ip() == relayed.ip() => Third::OtherPort,
            (ViewOutcome::Works, Some(_)) => Third::Differs,
            (ViewOutcome::Fails, _) => Third::Silent,
            (ViewOutcome::Forbidden, _) if thirds.any(|ip| refused.contains(&ip) && is_public(ip)) => Third::Forbidden,
            (ViewOutcome::Forbidden, _) => Third::Spared,
            (ViewOutcome::Unknown, _) => Third::Unknown,
        };
        let source = ["outward", "outward-2"].into_iter().find_map(|step| self.looped(step));
        let mut plain = self.plain_addresses().into_iter().map(|address| address.ip());
        let out = match relay.to_peer.outcome {
            ViewOutcome::Works if source == Some(relayed) => Out::Arrives,
            ViewOutcome::Works => Out::Elsewhere,
            ViewOutcome::Fails => Out::Fails,
            ViewOutcome::Forbidden if plain.any(|ip| refused.contains(&ip) && is_public(ip)) => Out::Forbidden,
            ViewOutcome::Forbidden => Out::Spared,
            ViewOutcome::Unknown => Out::Unknown,
        };
        let into = match relay.from_peer.outcome {
            ViewOutcome::Works => In::Arrives,
            ViewOutcome::Fails if self.looped("inward-again").is_some() => In::AfterOut,
            ViewOutcome::Fails => In::Fails,
            ViewOutcome::Forbidden | ViewOutcome::Unknown => In::Unknown,
        };
        let between = match relay.between_allocations.outcome {
            ViewOutcome::Works => Between::Works,
            ViewOutcome::Fails => Between::Fails,
            ViewOutcome::Forbidden => Between::Forbidden,
            ViewOutcome::Unknown => Between::Unknown,
        };
        let place = match (is_public(relayed.ip()), is_public(self.remote.ip())) {
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
}

fn tried(view: Option<&View>) -> Tried {
    match view.map(|view| view.outcome) {
        Some(ViewOutcome::Works) => Tried::Arrives,
        Some(ViewOutcome::Fails) => Tried::Fails,
        Some(ViewOutcome::Forbidden | ViewOutcome::Unknown) | None => Tried::Unknown,
    }
}
