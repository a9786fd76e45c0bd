//! Servers that report addresses which cannot be: what they say of the mapped address is not believed.

use std::net::SocketAddr;

use super::{Evidence, Outcome};

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

/// The evidence without the mapped addresses that such servers told.
#[must_use]
pub fn without(seen: &Evidence) -> Evidence {
    let liars = servers(seen);
    let mut believed = seen.clone();
    for exchange in believed.exchanges.iter_mut().filter(|exchange| liars.contains(&exchange.server)) {
        if let Outcome::Reply(reply) = &mut exchange.outcome {
            reply.mapped = None;
            reply.plain_mapped = None;
        }
    }
    believed
}
