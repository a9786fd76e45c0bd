//! Connections: TCP, TLS over it, and DTLS associations, which here are connections over UDP.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Event, SimNetwork, told};
use crate::engine::{Input, SocketId, SocketSpec};
use crate::evidence::{Failure, FailureCode, TlsFacts};
use crate::server::turn::FiveTuple;
use crate::server::{Answer, Welcome};
use crate::sim::host::{failure, protocol};
use crate::sim::link::Direction;
use crate::sim::nat::Passage;
use crate::sim::packet::{Packet, Payload};
use crate::wire::Transport;

/// Linux gives up a connection after seven unanswered packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
/// What a connection keeps that is sent before it is there.
const WAITING_SENDS: usize = 64;

impl SimNetwork {
    pub(super) fn open(&mut self, socket: SocketId, spec: &SocketSpec) {
        match self.host.open(socket, spec, &mut self.random) {
            Err(failure) => self.inputs.push_back(Input::Failed { socket, remote: None, failure }),
            Ok(local) if spec.transport == Transport::Udp => self.inputs.push_back(Input::Opened { socket, local }),
            Ok(local) => self.connect(socket, local, spec),
        }
    }

    fn connect(&mut self, socket: SocketId, mut local: SocketAddr, spec: &SocketSpec) {
        let (now, remote) = (self.queue.now(), spec.remote);
        let refused = |text: &str| failure(FailureCode::ConnectionRefused, format!("connect to {remote}: {text}"));
        if self.host.has(remote.ip()) {
            return self.queue.plan(Duration::ZERO, Event::Ended(socket, refused("Connection refused")));
        }
        if let Some(ip) = self.host.source_towards(remote) {
            local.set_ip(ip);
        }
        let mut first = Packet {
            protocol: protocol(spec.transport),
            source: local,
            destination: remote,
            payload: Payload::Data(Vec::new()),
        };
        for nat in &mut self.chain {
            match nat.outbound(now, &mut first, &mut self.random) {
                Passage::Forward => {}
                Passage::Drop | Passage::Turned => return self.give_up(socket, remote),
                Passage::Reject(by, code) => {
                    let after = self.lan_round_trip();
                    return self.queue.plan(after, Event::Ended(socket, told(remote, code, by)));
                }
            }
        }
        let after = self.round_trip();
        if let Some(router) = self.routers.iter().find(|router| router.destination == remote.ip()) {
            let failure = told(remote, router.code(), router.by);
            return self.queue.plan(after, Event::Ended(socket, failure));
        }
        let welcome = self.servers.welcome(spec.transport, remote, &mut self.random);
        let (Welcome::Open(extra) | Welcome::Refused(extra) | Welcome::NoTls(extra)) = welcome else {
            return self.give_up(socket, remote);
        };
        let mut after = after.saturating_add(extra);
        if matches!(welcome, Welcome::Refused(_)) {
            return self.queue.plan(after, Event::Ended(socket, refused("Connection refused")));
        }
        if spec.transport.is_secure() {
            if spec.transport == Transport::Tls {
                self.queue.plan(after, Event::Connected(socket));
            }
            // The handshake of TLS 1.3 takes one round trip more; DTLS proves first that the client is there (RFC 6347
            // section 4.2.1).
            after = after.saturating_add(self.round_trip()).saturating_add(extra);
        }
        if matches!(welcome, Welcome::NoTls(_)) {
            let text = format!("TLS handshake with {remote}: the server does not speak TLS");
            return self.queue.plan(after, Event::Ended(socket, failure(FailureCode::NotTls, text)));
        }
        if spec.transport.is_secure()
            && let Some(shaken) = self.servers.handshake(spec.transport, remote, spec.server_name.as_deref())
        {
            let trusts = self.insecure && shaken.facts.is_some();
            if let Some(facts) = shaken.facts {
                self.queue.plan(after, Event::Shaken(socket, Box::new(facts)));
            }
            if let Some(failure) = shaken.failure.filter(|_| !trusts) {
                return self.queue.plan(after, Event::Ended(socket, failure));
            }
        }
        self.queue.plan(after, Event::Established(socket, first.source));
    }

    pub(super) fn connected(&mut self, socket: SocketId) {
        if let Some(local) = self.host.socket(socket).map(|open| open.local) {
            self.inputs.push_back(Input::Connected { socket, local });
        }
    }

    pub(super) fn shaken(&mut self, socket: SocketId, facts: Box<TlsFacts>) {
        if self.host.socket(socket).is_some() {
            self.inputs.push_back(Input::Handshake { socket, facts });
        }
    }

    fn give_up(&mut self, socket: SocketId, remote: SocketAddr) {
        let seconds = CONNECT_TIMEOUT.as_secs();
        let text = format!("connect to {remote}: no answer within {seconds} s");
        self.queue.plan(CONNECT_TIMEOUT, Event::Ended(socket, failure(FailureCode::NoAnswer, text)));
    }

    pub(super) fn establish(&mut self, socket: SocketId, seen: SocketAddr) {
        let Some(open) = self.host.socket_mut(socket) else { return };
        open.seen = Some(seen);
        let (local, waiting) = (open.local, std::mem::take(&mut open.waiting));
        self.inputs.push_back(Input::Opened { socket, local });
        for bytes in waiting {
            self.write(socket, bytes);
        }
    }

    /// Sends one message on a connection, as soon as it is there.
    pub(super) fn write(&mut self, socket: SocketId, bytes: Vec<u8>) {
        let Some(open) = self.host.socket_mut(socket) else { return };
        if open.seen.is_none() {
            if open.waiting.len() < WAITING_SENDS {
                open.waiting.push(bytes);
            }
            return;
        }
        self.convey(socket, Direction::Out, Duration::ZERO, Event::Written(socket, bytes));
    }

    /// Plans what goes through a connection. DTLS keeps no order and repeats nothing: its records come or are lost.
    fn convey(&mut self, socket: SocketId, way: Direction, delay: Duration, event: Event) {
        let streams = self.host.socket(socket).is_some_and(|open| open.transport.is_stream());
        if streams || matches!(event, Event::Ended(..)) {
            let after = self.one_way(way).saturating_add(delay);
            return self.plan_in_order(socket, way, after, event);
        }
        let now = self.queue.now();
        let [wan, lan] =
            [self.link.carry(now, way, &mut self.random)[0], self.lan.carry(now, way, &mut self.random)[0]];
        if let Some((wan, lan)) = wan.zip(lan) {
            self.queue.plan(delay.saturating_add(wan).saturating_add(lan), event);
        }
    }

    /// A message is at the server.
    pub(super) fn written(&mut self, socket: SocketId, bytes: &[u8]) {
        let Some(tuple) = self.five_tuple(socket) else { return };
        let FiveTuple { transport, client, server } = tuple;
        let now = self.queue.now();
        for answer in self.servers.receive(now, transport, client, server, bytes, &mut self.random) {
            self.deliver(answer, None);
        }
    }

    /// What a server sends down a connection.
    pub(super) fn flow(&mut self, answer: Answer) {
        let Some(socket) = self.host.connected(answer.transport, answer.destination, answer.source) else { return };
        let event = if let Some(bytes) = answer.bytes {
            Event::Stream(socket, bytes)
        } else {
            let text = format!("{} closed the connection", answer.source);
            Event::Ended(socket, failure(FailureCode::ConnectionClosed, text))
        };
        self.convey(socket, Direction::In, answer.delay, event);
    }

    /// Plans what must not overtake what went before it the same way.
    fn plan_in_order(&mut self, socket: SocketId, way: Direction, after: Duration, event: Event) {
        let now = self.queue.now();
        let mut at = now.saturating_add(after);
        if let Some(open) = self.host.socket_mut(socket) {
            let latest = &mut open.latest[usize::from(way == Direction::In)];
            at = at.max(*latest);
            *latest = at;
        }
        self.queue.plan(at.saturating_sub(now), event);
    }

    pub(super) fn read(&mut self, socket: SocketId, bytes: Vec<u8>) {
        let Some((source, transport)) = self.host.socket(socket).map(|open| (open.remote, open.transport)) else {
            return;
        };
        if !transport.is_stream() {
            return self.inputs.push_back(Input::Received { socket, source, bytes });
        }
        let framer = self.framers.entry(socket).or_default();
        framer.push(&bytes);
        for message in framer.collect::<Vec<_>>() {
            match message {
                Ok(bytes) => self.inputs.push_back(Input::Received { socket, source, bytes }),
                Err(other) => {
                    let text = format!("{source} does not speak STUN: {other}");
                    return self.end(socket, failure(FailureCode::NotStun, text));
                }
            }
        }
    }

    pub(super) fn end(&mut self, socket: SocketId, failure: Failure) {
        if self.host.socket(socket).is_some() {
            self.close(socket);
            self.inputs.push_back(Input::Failed { socket, remote: None, failure });
        }
    }

    /// Closes a socket; a server forgets a connection that is closed.
    pub(super) fn close(&mut self, socket: SocketId) {
        if let Some(tuple) = self.five_tuple(socket) {
            self.servers.closed(tuple);
        }
        self.framers.remove(&socket);
        self.host.close(socket);
    }

    /// The two ends of a connection, once it stands.
    fn five_tuple(&self, socket: SocketId) -> Option<FiveTuple> {
        let open = self.host.socket(socket)?;
        Some(FiveTuple { transport: open.transport, client: open.seen?, server: open.remote })
    }

    fn one_way(&mut self, way: Direction) -> Duration {
        let now = self.queue.now();
        let wan = self.link.carry_stream(now, way, &mut self.random);
        wan.saturating_add(self.lan.carry_stream(now, way, &mut self.random))
    }

    fn lan_round_trip(&mut self) -> Duration {
        let now = self.queue.now();
        [Direction::Out, Direction::In].map(|way| self.lan.carry_stream(now, way, &mut self.random)).iter().sum()
    }

    fn round_trip(&mut self) -> Duration {
        let now = self.queue.now();
        let wan: Duration =
            [Direction::Out, Direction::In].map(|way| self.link.carry_stream(now, way, &mut self.random)).iter().sum();
        wan.saturating_add(self.lan_round_trip())
    }
}
