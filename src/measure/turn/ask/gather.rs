//! What ICE asks of a server, and no more: which address it sees, and an allocation.

use super::login;
use super::planner::Planner;
use crate::evidence::key::{ServerStep, SocketRole};
use crate::evidence::{Ask, Terms};
use crate::measure::turn::facts::target::Target;
use crate::wire::{EntryKind, Request, Transport};

/// What is to be asked as far as is known now, and whether all of it is over.
pub(in crate::measure::turn) fn plan(target: &Target) -> (Vec<Ask>, bool) {
    let mut planner = Planner::new(target);
    // Browsers take a TURN server that is asked over UDP for a STUN server too.
    if target.transport == Transport::Udp || target.entry.kind == EntryKind::Stun {
        let ask = target.ask(ServerStep::Binding, SocketRole::First, Request::default());
        // It creates a mapping as any other does (RFC 5780 section 5): it is paced.
        let terms = Terms { unpaced: false, ..ask.terms.clone() };
        planner.ask(Ask { terms, ..ask });
    }
    if target.entry.kind == EntryKind::Turn && target.elsewhere().is_none() {
        login::first(&mut planner);
    }
    (planner.asks, !planner.waiting)
}
