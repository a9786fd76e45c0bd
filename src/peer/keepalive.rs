//! Mappings held open while tokens are under way (RFC 8445 section 5.1.1.4): the servers that saw them are asked again, and what they
//! say is compared with what stands in the token.

use std::net::SocketAddr;
use std::time::Duration;

use super::checklist::candidacy;
use super::message::plain;
use super::setup::{Base, Setup};
use crate::engine::{Chance, Command, SocketId, Time};
use crate::evidence::Remapped;
use crate::wire::{CandidateKind, Message, TransactionId};

/// How often (RFC 8445 section 11: Tr).
const EVERY: Duration = Duration::from_secs(15);

struct Held {
    socket: SocketId,
    server: SocketAddr,
    /// The reflexive candidates of the socket, where the server is one that tells them.
    mapped: Vec<SocketAddr>,
    asked: Option<TransactionId>,
    next: Option<Time>,
}

/// What a datagram is to the mappings.
pub(super) enum Heard {
    /// Nothing.
    Other,
    /// An answer that shows nothing new.
    Same,
    /// An answer that shows another mapped address than before.
    Changed(Remapped),
}

/// The mappings that are held.
pub(super) struct Keepalive {
    held: Vec<Held>,
}

impl Keepalive {
    /// Those of the session's sockets, and of the allocations that are reached over UDP.
    pub(super) fn new(setup: &Setup) -> Self {
        let mapped = |socket| {
            let of = setup.locals.iter().filter(|local| local.base == Base::Socket(socket));
            let reflexive = of.filter(|local| local.candidate.kind == CandidateKind::Srflx);
            reflexive.filter_map(|local| Some(candidacy(&local.candidate)?.address)).collect::<Vec<_>>()
        };
        let entry = |socket, server, mapped| Held { socket, server, mapped, asked: None, next: None };
        let stun = setup.sockets.iter().flat_map(|socket| {
            let known = mapped(socket.id);
            socket.servers.iter().map(move |&server| entry(socket.id, server, known.clone()))
        });
        let mut held: Vec<_> = stun.collect();
        for allocation in setup.allocations.iter().filter(|allocation| !allocation.transport.is_stream()) {
            if !held.iter().any(|known| (known.socket, known.server) == (allocation.socket, allocation.server)) {
                held.push(entry(allocation.socket, allocation.server, Vec::new()));
            }
        }
        Self { held }
    }

    /// What is due.
    pub(super) fn poll(&mut self, now: Time, chance: &mut Chance) -> Vec<Command> {
        let mut commands = Vec::new();
        for one in &mut self.held {
            match one.next {
                // They have been asked a moment ago, when the candidates were gathered.
                None => one.next = Some(now + chance.jitter(EVERY)),
                Some(due) if due <= now => {
                    let id = chance.transaction_id();
                    one.asked = Some(id);
                    one.next = Some(now + chance.jitter(EVERY));
                    commands.push(Command::Send { socket: one.socket, remote: one.server, bytes: plain(id) });
                }
                Some(_) => {}
            }
        }
        commands
    }

    /// When something is due.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.held.iter().map(|one| one.next.unwrap_or_default()).min()
    }

    /// Takes an answer, if it is one.
    pub(super) fn handle(&mut self, message: &Message) -> Heard {
        let Some(one) = self.held.iter_mut().find(|one| one.asked == Some(message.id)) else { return Heard::Other };
        one.asked = None;
        match (one.mapped.first(), message.mapped()) {
            (Some(&before), Some(now)) if !one.mapped.contains(&now) => {
                one.mapped.push(now);
                Heard::Changed(Remapped { server: one.server, before, now })
            }
            _ => Heard::Same,
        }
    }
}
