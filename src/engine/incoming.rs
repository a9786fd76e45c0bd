//! What comes in: unwrapped where an allocation received it, matched by transaction id and socket, checked, settled.

use std::net::SocketAddr;

use super::codec::{Answers, Arrived, Said};
use super::flight::{Flight, read_reply};
use super::outgoing::beyond_the_relay;
use super::patience::Schedule;
use super::run::Engine;
use super::{SocketId, Time, millis, turn_reply};
use crate::evidence::{Failure, FailureCode, GatewayReply, Integrity, LogEvent, Outcome, Over, Reply, Strays};
use crate::wire::stun::message::method_name;
use crate::wire::stun::relay;
use crate::wire::{Class, Message, Method, NotStun};

/// How many strays the log tells one by one: a flood must not fill the disk of whoever keeps the log.
pub(super) const STRAYS_TOLD: u32 = 500;

impl Engine {
    /// Bytes of the network: a message to us, or data that an allocation received.
    pub(super) fn received(&mut self, now: Time, socket: SocketId, source: SocketAddr, bytes: &[u8]) {
        if let Some((peer, data)) = self.channel(socket, source, bytes) {
            return self.relayed(now, socket, peer, Over::Channel, data);
        }
        let why = match self.by_socket(socket, source, bytes) {
            Some((index, Ok(said))) => return self.said(now, index, source, said),
            Some((_, Err(why))) => Some(why),
            None => None,
        };
        match Message::read(bytes) {
            Ok(message) => match relay::data_indication(&message) {
                Some((peer, data)) if self.is_turn_server(socket, source) => {
                    self.relayed(now, socket, peer, Over::Indication, data);
                }
                _ => self.message(now, socket, source, &message, bytes, None),
            },
            Err(error) => {
                let stream = self.sockets.get(socket).is_some_and(|entry| entry.stream);
                if stream {
                    let failure = Failure { code: FailureCode::NotStun, text: error.to_string(), by: None };
                    self.failed(now, socket, None, &failure);
                } else {
                    if why.is_none() {
                        self.note_garbage(socket, source, &error);
                    }
                    let what = why.unwrap_or_else(|| error.to_string());
                    self.note_stray(socket, source, &what);
                    self.stray(now, source, what);
                }
            }
        }
    }

    /// The question, of a protocol without identities, that waits on this socket, and what this answers to it: of several the one
    /// that it answers, else why it answers none.
    fn by_socket(&self, socket: SocketId, source: SocketAddr, bytes: &[u8]) -> Option<(usize, Said)> {
        let mut refused = None;
        for (&index, flight) in self.flights.iter().filter(|(_, flight)| flight.socket == socket) {
            let Answers::BySocket(read) = flight.codec.answers else { continue };
            let question = &self.evidence.exchanges[index].request;
            match read(&Arrived { question, asked: &flight.bytes, source, bytes }) {
                Ok(said) => return Some((index, Ok(said))),
                Err(why) => refused = refused.or(Some((index, Err(why)))),
            }
        }
        refused
    }

    /// A question of such a protocol has its answer.
    fn said(&mut self, now: Time, index: usize, source: SocketAddr, said: Option<GatewayReply>) {
        let server = self.evidence.exchanges[index].server;
        let Some(flight) = self.flights.get(&index) else { return };
        let rtt = if flight.codec.measures {
            self.paths.answered(server, &flight.sent, now)
        } else {
            now.saturating_sub(flight.sent.first().copied().unwrap_or(now))
        };
        let gateway = said.map(Box::new);
        self.settle(now, index, Outcome::Reply(Reply { rtt_ms: millis(rtt), gateway, ..Reply::from_source(source) }));
        self.hasten(now, server);
    }

    /// What is no STUN may be all that answers a question.
    fn note_garbage(&mut self, socket: SocketId, source: SocketAddr, garbage: &NotStun) {
        let concerned = self.flights.iter().filter(|(_, flight)| flight.socket == socket && flight.remote == source);
        for (&index, _) in concerned {
            self.evidence.exchanges[index].not_stun.get_or_insert_with(|| garbage.to_string());
        }
    }

    /// What answers no question may be all that comes: who says "no answer" says this too.
    fn note_stray(&mut self, socket: SocketId, source: SocketAddr, what: &str) {
        let asked = |remote: SocketAddr| remote == source || remote.ip().is_multicast();
        let concerned = self.flights.iter().filter(|(_, flight)| flight.socket == socket && asked(flight.remote));
        for (&index, _) in concerned {
            let exchange = &mut self.evidence.exchanges[index];
            let strays = exchange.strays.get_or_insert_with(|| Strays { count: 0, what: what.to_owned() });
            strays.count = strays.count.saturating_add(1);
        }
    }

    /// The peer and the data of ChannelData on a channel that we bound.
    fn channel<'a>(&self, socket: SocketId, source: SocketAddr, bytes: &'a [u8]) -> Option<(SocketAddr, &'a [u8])> {
        let (number, data) = relay::channel_data(bytes)?;
        let peer = *self.sockets.get(socket)?.channels.get(&number)?;
        self.is_turn_server(socket, source).then_some((peer, data))
    }

    /// Whether this socket asked that server for relaying: nobody else may say what peers sent.
    fn is_turn_server(&self, socket: SocketId, source: SocketAddr) -> bool {
        self.sockets.get(socket).is_some_and(|entry| entry.turn_servers.contains(&source))
    }

    fn relayed(&mut self, now: Time, socket: SocketId, peer: SocketAddr, over: Over, data: &[u8]) {
        match Message::read(data) {
            Ok(message) => self.message(now, socket, peer, &message, data, Some(over)),
            Err(error) => self.stray(now, peer, format!("through the relay: {error}")),
        }
    }

    fn message(
        &mut self,
        now: Time,
        socket: SocketId,
        source: SocketAddr,
        message: &Message,
        bytes: &[u8],
        over: Option<Over>,
    ) {
        let Some(&index) = self.by_id.get(&message.id) else {
            let name = method_name(message.method)
                .map_or("unknown STUN method".to_owned(), |name| format!("{name} {}", message.class));
            self.note_stray(socket, source, &format!("a {name} with another transaction id than the request"));
            return self.stray(now, source, "no transaction of this run".to_owned());
        };
        let asked_from = &self.evidence.exchanges[index].socket;
        let Some(arrived_on) = self.sockets.get(socket).map(|entry| &entry.name) else { return };
        let looped = match message.class {
            Class::Success | Class::Error if asked_from == arrived_on => None,
            // Our own request on another of our sockets: something turned it round.
            Class::Request if asked_from != arrived_on => Some(arrived_on.clone()),
            _ => {
                self.note_stray(socket, source, "our own request, sent back");
                return self.stray(now, source, "a message of ours on a socket where it does not belong".to_owned());
            }
        };
        // RFC 8489 section 6.3.3: the method of a response is that of its request.
        let asked = self.evidence.exchanges[index].request.method().map(Method::number);
        if looped.is_none() && Some(message.method) != asked {
            let what = "an answer of another method than was asked";
            self.note_stray(socket, source, what);
            return self.stray(now, source, what.to_owned());
        }
        // An ICMP error may have been forged, or passing: a true answer after it outweighs it (RFC 8445 section 7.2.5.2.2).
        let exchange = &mut self.evidence.exchanges[index];
        let pending = matches!(
            exchange.outcome,
            Outcome::Pending | Outcome::Silence { .. } | Outcome::Failed(Failure { by: Some(_), .. })
        );
        if !pending {
            if matches!(exchange.outcome, Outcome::Reply(_) | Outcome::Looped { .. }) {
                exchange.copies = exchange.copies.saturating_add(1);
            }
            if exchange.reply().is_some_and(|reply| reply.source == source) && exchange.arrive(millis(now)) {
                return;
            }
            return self.stray(now, source, "one more answer to an answered question".to_owned());
        }
        let (server, started) = (exchange.server, exchange.started_ms);
        // Later than the wait: still an answer, and a measure of how long this path can take.
        let late = now.saturating_sub(Time::from_secs_f64(started / 1e3));
        let flight = self.flights.get_mut(&index);
        if let Some(socket) = looped {
            let rtt = flight.map_or(late, |flight| self.paths.fitting(server, &flight.sent, now));
            return self.settle(now, index, Outcome::Looped { source, socket, rtt_ms: millis(rtt), over });
        }
        let key = flight.as_ref().and_then(|flight| flight.key.as_ref());
        let integrity = match key.map(|key| key.check(message, bytes)) {
            None => Integrity::Unchecked,
            Some(None) => Integrity::Missing,
            Some(Some(true)) => Integrity::Valid,
            Some(Some(false)) => Integrity::Wrong,
        };
        let rtt = match flight.as_ref() {
            Some(flight) if flight.relayed || integrity == Integrity::Wrong => {
                self.paths.fitting(server, &flight.sent, now)
            }
            Some(flight) => self.paths.answered(server, &flight.sent, now),
            None => late,
        };
        let mut reply = read_reply(message, source, rtt);
        reply.over = over;
        reply.turn = turn_reply::read(message, &self.evidence.exchanges[index].request, bytes, integrity).map(Box::new);
        // RFC 8489 section 9.2.5: a response that is not signed as it must be is as good as none, until nothing better comes. Errors
        // before authentication cannot be signed.
        let doubtful =
            integrity == Integrity::Wrong || integrity == Integrity::Missing && message.class == Class::Success;
        let stream = self.sockets.get(socket).is_some_and(|entry| entry.stream);
        match flight {
            Some(flight) if doubtful && !stream => {
                flight.aside.get_or_insert(Box::new(reply));
            }
            Some(flight) if flight.series => {
                flight.answered = true;
                let exchange = &mut self.evidence.exchanges[index];
                exchange.arrive(millis(now));
                exchange.ended_ms = Some(millis(now));
                exchange.outcome = Outcome::Reply(reply);
                self.dirty = true;
            }
            _ => {
                self.evidence.exchanges[index].arrive(millis(now));
                self.settle(now, index, Outcome::Reply(reply));
            }
        }
        self.hasten(now, server);
    }

    /// What is under way to that server follows the best round trip known now.
    fn hasten(&mut self, now: Time, server: usize) {
        let Some(best) = self.paths.rtt(server) else { return };
        let thorough = self.settings.thorough;
        for (&index, flight) in &mut self.flights {
            let Some((patience, known)) = flight.basis.filter(|_| self.evidence.exchanges[index].server == server)
            else {
                continue;
            };
            let rtt = if flight.relayed { beyond_the_relay(best) } else { best };
            if rtt * 3 / 2 < known {
                flight.basis = Some((patience, rtt));
                flight.hasten(now, Schedule::new(patience, Some(rtt), thorough, &mut self.chance));
            }
        }
    }

    /// The network or the path says no.
    pub(super) fn failed(&mut self, now: Time, socket: SocketId, remote: Option<SocketAddr>, failure: &Failure) {
        if remote.is_none()
            && let Some(entry) = self.sockets.get_mut(socket)
        {
            entry.dead = Some(failure.clone());
            let name = &entry.name;
            if let Some(bound) = self.evidence.bound.iter_mut().find(|bound| bound.socket == *name) {
                bound.failure.get_or_insert_with(|| failure.clone());
            }
        }
        if remote.is_none() {
            self.connection(socket, |connection| {
                connection.failure.get_or_insert_with(|| failure.clone());
                connection.failed_ms.get_or_insert(millis(now));
            });
            self.dirty = true;
        }
        let concerned =
            |flight: &Flight| flight.socket == socket && remote.is_none_or(|remote| remote == flight.remote);
        let indexes: Vec<_> =
            self.flights.iter().filter(|(_, flight)| concerned(flight)).map(|(&index, _)| index).collect();
        for index in indexes {
            self.settle(now, index, Outcome::Failed(failure.clone()));
        }
    }

    fn stray(&mut self, now: Time, source: SocketAddr, text: String) {
        self.evidence.strays = self.evidence.strays.saturating_add(1);
        if self.evidence.strays > STRAYS_TOLD {
            return;
        }
        self.log.push(LogEvent::Stray { at_ms: millis(now), source, text });
    }
}
