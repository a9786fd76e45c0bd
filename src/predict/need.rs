//! What each side needs of a TURN server, and whether the given ones serve it.

use super::closed::Closed as _;
use super::prediction::{Need, Which};
use super::side::{Reach, Side};
use super::turn_server::TurnServer;
use super::words::family_name;
use crate::wire::{Family, Transport};

const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// Whether a side's UDP gets out, over any family; `None` where that is not known.
pub(super) fn udp_passes(side: &Side) -> Option<bool> {
    let reaches: Vec<&[Reach]> =
        FAMILIES.iter().map(|family| side.family(*family).map_or(Reach::ALL, |found| found.reach.values())).collect();
    if reaches.contains(&&[Reach::Passes][..]) {
        Some(true)
    } else if reaches.iter().all(|reach| !reach.contains(&Reach::Passes)) {
        Some(false)
    } else {
        None
    }
}

/// What a side needs of a TURN server.
pub(super) fn need(which: Which, side: &Side, servers: Option<&[TurnServer]>, other: &Side) -> Need {
    let passes = udp_passes(side);
    let transports = match passes {
        Some(true) => vec![Transport::Udp, Transport::Tcp, Transport::Tls],
        // What lets no UDP out often lets nothing out but what looks like the web.
        Some(false) => vec![Transport::Tls, Transport::Tcp],
        None => vec![Transport::Udp, Transport::Tls, Transport::Tcp],
    };
    let datagrams = |transport: Transport| !transport.is_stream();
    let fits = |transport: Transport| if datagrams(transport) { passes } else { Some(true) };
    let (served, by) = match servers {
        Some(servers) => {
            let by: Vec<&TurnServer> = servers.iter().filter(|server| fits(server.transport) != Some(false)).collect();
            let surely = by.iter().any(|server| fits(server.transport) == Some(true));
            let served = if surely { Some(true) } else { by.is_empty().then_some(false) };
            (served, by.into_iter().map(|server| server.uri.clone()).collect())
        }
        None => (side.relays.as_ref().map(|relays| !relays.is_empty()), Vec::new()),
    };
    let both_families = !FAMILIES.iter().any(|family| may_have(side, *family) && may_have(other, *family));
    let letter = which.letter();
    let mut text = match passes {
        Some(true) => format!("{letter} can use TURN over UDP, TCP or TLS"),
        Some(false) => format!("{letter} needs TURN over TLS or TCP, best on port 443"),
        None => format!("{letter} can use TURN over TLS or TCP; whether over UDP is not known"),
    };
    if both_families {
        let lacks =
            FAMILIES.iter().find(|family| !may_have(side, **family)).map_or("the other family", |f| family_name(*f));
        text = format!("{text}, with a relayed address of {lacks} too (RFC 8656)");
    }
    match (served, servers.is_some()) {
        (Some(true), true) => text = format!("{text}: {} does", by.join(", ")),
        (Some(false), true) => text = format!("{text}: none of the servers named does"),
        (Some(true), false) => text = format!("{text}: it has a relayed candidate"),
        (Some(false), false) => text = format!("{text}: none of its candidates is relayed"),
        (None, _) => {}
    }
    Need { side: which, transports, both_families, served, by, text }
}

fn may_have(side: &Side, family: Family) -> bool {
    side.family(family).is_none_or(|found| found.reach.only() != Some(Reach::Unavailable))
}

/// Whether the servers carry the pair: `None` where that is not known.
pub(super) fn served(needs: &[Need], a: &Side, b: &Side) -> Option<bool> {
    let of = |which: Which| needs.iter().find(|need| need.side == which).and_then(|need| need.served);
    let (of_a, of_b) = (of(Which::A), of(Which::B));
    let or = |one: Option<bool>, other: Option<bool>| match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    let and = |one: Option<bool>, other: Option<bool>| match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    // Whose UDP does not get out reaches no relayed address but by a relay of its own; one allocation serves two others.
    match (udp_passes(a), udp_passes(b)) {
        (Some(true), Some(true)) => or(of_a, of_b),
        (Some(false), Some(true)) => of_a,
        (Some(true), Some(false)) => of_b,
        (Some(false), Some(false)) => and(of_a, of_b),
        // What serves both serves them whatever gets out, what serves neither never does.
        _ => (of_a == of_b).then_some(of_a).flatten(),
    }
}
