//! Servers that report addresses which cannot be: what they say of the mapped address is not believed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::{Evidence, Exchange, Outcome};

/// The servers that told two different sockets of this host, asking the same address over the same transport, the same mapped
/// address. No NAT does that: answers to one of the two could not find their way back.
#[must_use]
pub fn servers(seen: &Evidence) -> Vec<usize> {
    let mut told: Vec<(&str, SocketAddr, crate::stun::Transport, SocketAddr)> = Vec::new();
    let mut found = Vec::new();
    for exchange in &seen.exchanges {
        let Some(mapped) = exchange.mapped() else { continue };
        let (socket, remote, transport) = (exchange.socket.as_str(), exchange.remote, exchange.transport);
        let lie = transport == crate::stun::Transport::Udp
            && told
                .iter()
                .any(|&(other, at, over, same)| other != socket && at == remote && over == transport && same == mapped);
        if lie && !found.contains(&exchange.server) {
            found.push(exchange.server);
        }
        told.push((socket, remote, transport, mapped));
    }
    found
}

/// Whether the server at the remote of this exchange told different sockets different mapped addresses, as one that sees what it
/// says it sees must.
#[must_use]
pub fn borne_out(seen: &Evidence, exchange: &Exchange) -> bool {
    let Some(mapped) = exchange.mapped() else { return false };
    seen.exchanges.iter().any(|other| {
        other.remote == exchange.remote
            && other.transport == exchange.transport
            && other.socket != exchange.socket
            && other.mapped().is_some_and(|told| told != mapped)
    })
}

/// The evidence without the mapped addresses that such servers told, at whatever address of theirs they were asked: another
/// server may share one.
#[must_use]
pub fn without(seen: &Evidence) -> Evidence {
    let liars = servers(seen);
    let theirs: BTreeSet<IpAddr> = seen
        .exchanges
        .iter()
        .filter(|exchange| liars.contains(&exchange.server))
        .flat_map(|exchange| {
            let other = exchange.answer().and_then(|reply| reply.other);
            [Some(exchange.remote.ip()), other.map(|other| other.ip())]
        })
        .flatten()
        .collect();
    let mut believed = seen.clone();
    for exchange in believed.exchanges.iter_mut().filter(|exchange| theirs.contains(&exchange.remote.ip())) {
        if let Outcome::Reply(reply) = &mut exchange.outcome {
            reply.mapped = None;
            reply.plain_mapped = None;
        }
    }
    believed
}
