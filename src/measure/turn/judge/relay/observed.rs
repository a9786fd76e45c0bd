//! The sides of the table, read off the evidence.

use std::net::IpAddr;

use crate::evidence::Outcome;
use crate::measure::turn::facts::peers::is_host;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{PathOutcome, RelayPath, RelayPaths};
use crate::measure::turn::judge::relay::paths;
use crate::measure::turn::judge::relay::table::{Between, In, Out, Place, Sides, Third, Tried};
use crate::wire::Scope;

impl Target<'_> {
    /// Whether our plain socket alone shows that a peer can talk to the relay at its relayed address.
    pub fn own_is_clean(&self) -> bool {
        let Some((_, allocation)) = self.first() else { return false };
        let inward = ["inward", "inward-2"].into_iter().any(|step| self.looped(step).is_some());
        inward && ["outward", "outward-2"].into_iter().any(|step| self.looped(step) == Some(allocation.relayed))
    }

    /// Where our own request came from when it arrived on another of our sockets.
    pub fn looped(&self, step: &str) -> Option<std::net::SocketAddr> {
        match &self.find(step)?.outcome {
            Outcome::Looped { source, .. } => Some(*source),
            _ => None,
        }
    }

    /// What every side of the relay saw; `None` without an allocation.
    pub fn sides(&self, relay: &RelayPaths) -> Option<Sides> {
        let (first, allocation) = self.first()?;
        let relayed = allocation.relayed;
        let refused: Vec<IpAddr> = paths::refused_peers(self, first).into_iter().map(|(ip, _)| ip).collect();
        let is_public = |ip: IpAddr| Scope::of(ip) == Scope::Public;
        let mut thirds = self.witnesses().into_iter().map(|third| third.address.ip());
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
        let source = ["outward", "outward-2"].into_iter().find_map(|step| self.looped(step));
        let mut plain = self.plain_addresses().into_iter().map(|address| address.ip());
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
            PathOutcome::Fails if self.looped("inward-again").is_some() => In::AfterOut,
            PathOutcome::Fails => In::Fails,
            PathOutcome::Forbidden | PathOutcome::Unknown => In::Unknown,
        };
        let between = match relay.between_allocations.outcome {
            PathOutcome::Works => Between::Works,
            PathOutcome::Fails => Between::Fails,
            PathOutcome::Forbidden => Between::Forbidden,
            PathOutcome::Unknown => Between::Unknown,
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

fn tried(view: Option<&RelayPath>) -> Tried {
    match view.map(|view| view.outcome) {
        Some(PathOutcome::Works) => Tried::Arrives,
        Some(PathOutcome::Fails) => Tried::Fails,
        Some(PathOutcome::Forbidden | PathOutcome::Unknown) | None => Tried::Unknown,
    }
}
