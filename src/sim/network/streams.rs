//! Connections: TCP, TLS over it, and DTLS associations, which here are connections over UDP.

use std::net::SocketAddr;
use std::time::Duration;

use super::internet::{Event, Internet};
use super::site::{HostSocket, Site};
use crate::engine::{Input, SocketSpec};
use crate::evidence::{Failure, FailureCode, TlsFacts};
use crate::server::turn::FiveTuple;
use crate::server::{Answer, Welcome};
use crate::sim::host::{failure, protocol, told};
use crate::sim::link::Direction;
use crate::sim::nat::Passage;
use crate::sim::packet::{Packet, Payload};
use crate::wire::{Messages, Transport};

/// Linux gives up a connection after seven unanswered packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
/// What a connection keeps that is sent before it is there.
const WAITING_SENDS: usize = 64;

impl Internet {
    pub(super) fn open(&mut self, at: HostSocket, spec: &SocketSpec) {
        match self.sites[at.host].host.open(at.socket, spec, &mut self.random) {
            Err(failure) => self.tell(at.host, Input::Failed { socket: at.socket, remote: None, failure }),
            Ok(local) if spec.passive || spec.transport == Transport::Udp => {
                self.tell(at.host, Input::Opened { socket: at.socket, local });
            }
            Ok(local) => self.connect(at, local, spec),
        }
    }

    fn connect(&mut self, at: HostSocket, mut local: SocketAddr, spec: &SocketSpec) {
        let (now, host, remote) = (self.queue.now(), at.host, spec.remote);
        let refused = |text: &str| failure(FailureCode::ConnectionRefused, format!("connect to {remote}: {text}"));
        if self.sites[host].host.has(remote.ip()) {
            return self.queue.plan(Duration::ZERO, Event::Ended(at, refused("Connection refused")));
        }
        if let Some(ip) = spec.local_address.or_else(|| self.sites[host].host.source_towards(remote)) {
            local.set_ip(ip);
        }
        let mut first = Packet {
            protocol: protocol(spec.transport),
            source: local,
            destination: remote,
            payload: Payload::Data(Vec::new()),
        };
        for &nat in &self.sites[host].nats {
            if let Some(gateway) = self.nats[nat].gateway_at(remote.ip()) {
                let event = if gateway.listens(remote.port()) && spec.transport == Transport::Tcp {
                    Event::Established(at, first.source)
                } else {
                    Event::Ended(at, refused("Connection refused"))
                };
                return self.queue.plan(gateway.rtt(), event);
            }
            match self.nats[nat].outbound(now, &mut first, &mut self.random) {
                Passage::Forward => {}
                Passage::Drop | Passage::Turned => return self.give_up(at, remote),
                Passage::Reject(by, code) => {
                    let after = self.lan_round_trip(host);
                    return self.queue.plan(after, Event::Ended(at, told(remote, code, by)));
                }
            }
        }
        let after = self.round_trip(host);
        if let Some(router) = self.routers.iter().find(|router| router.destination == remote.ip()) {
            let failure = told(remote, router.code(), router.by);
            return self.queue.plan(after, Event::Ended(at, failure));
        }
        let welcome = self.servers.welcome(spec.transport, remote, &mut self.random);
        let (Welcome::Open(extra) | Welcome::Refused(extra) | Welcome::NoTls(extra)) = welcome else {
            return self.give_up(at, remote);
        };
        let mut after = after.saturating_add(extra);
        if matches!(welcome, Welcome::Refused(_)) {
            return self.queue.plan(after, Event::Ended(at, refused("Connection refused")));
        }
        if spec.transport.is_secure() {
            if spec.transport == Transport::Tls {
                self.queue.plan(after, Event::Connected(at));
            }
            // The handshake of TLS 1.3 takes one round trip more; DTLS proves first that the client is there (RFC 6347
            // section 4.2.1).
            after = after.saturating_add(self.round_trip(host)).saturating_add(extra);
        }
        if matches!(welcome, Welcome::NoTls(_)) {
            let text = format!("TLS handshake with {remote}: the server does not speak TLS");
            return self.queue.plan(after, Event::Ended(at, failure(FailureCode::NotTls, text)));
        }
        if spec.transport.is_secure()
            && let Some(shaken) = self.servers.handshake(spec.transport, remote, spec.server_name.as_deref())
        {
            let trusts = self.insecure && shaken.facts.is_some();
            if let Some(facts) = shaken.facts {
                self.queue.plan(after, Event::Shaken(at, Box::new(facts)));
            }
            if let Some(failure) = shaken.failure.filter(|_| !trusts) {
                return self.queue.plan(after, Event::Ended(at, failure));
            }
        }
        self.queue.plan(after, Event::Established(at, first.source));
    }

    pub(super) fn connected(&mut self, at: HostSocket) {
        if let Some(local) = self.sites[at.host].host.socket(at.socket).map(|open| open.local) {
            self.tell(at.host, Input::Connected { socket: at.socket, local });
        }
    }

    pub(super) fn shaken(&mut self, at: HostSocket, facts: Box<TlsFacts>) {
        if self.sites[at.host].host.socket(at.socket).is_some() {
            self.tell(at.host, Input::Handshake { socket: at.socket, facts });
        }
    }

    fn give_up(&mut self, at: HostSocket, remote: SocketAddr) {
        let seconds = CONNECT_TIMEOUT.as_secs();
        let text = format!("connect to {remote}: no answer within {seconds} s");
        self.queue.plan(CONNECT_TIMEOUT, Event::Ended(at, failure(FailureCode::NoAnswer, text)));
    }

    pub(super) fn establish(&mut self, at: HostSocket, seen: SocketAddr) {
        let Some(open) = self.sites[at.host].host.socket_mut(at.socket) else { return };
        open.seen = Some(seen);
        let (local, waiting) = (open.local, std::mem::take(&mut open.waiting));
        self.tell(at.host, Input::Opened { socket: at.socket, local });
        for bytes in waiting {
            self.write(at, bytes);
        }
    }

    /// Sends one message on a connection, as soon as it is there.
    pub(super) fn write(&mut self, at: HostSocket, bytes: Vec<u8>) {
        let Some(open) = self.sites[at.host].host.socket_mut(at.socket) else { return };
        if open.seen.is_none() {
            if open.waiting.len() < WAITING_SENDS {
                open.waiting.push(bytes);
            }
            return;
        }
        self.convey(at, Direction::Out, Duration::ZERO, Event::Written(at, bytes));
    }

    /// Plans what goes through a connection. DTLS keeps no order and repeats nothing: its records come or are lost.
    fn convey(&mut self, at: HostSocket, way: Direction, delay: Duration, event: Event) {
        let streams = self.sites[at.host].host.socket(at.socket).is_some_and(|open| open.transport.is_stream());
        if streams || matches!(event, Event::Ended(..)) {
            let after = self.one_way(at.host, way).saturating_add(delay);
            return self.plan_in_order(at, way, after, event);
        }
        let now = self.queue.now();
        let [wan, lan] = [
            self.links[self.sites[at.host].link].carry(now, way, &mut self.random)[0],
            self.sites[at.host].lan.carry(now, way, &mut self.random)[0],
        ];
        if let Some((wan, lan)) = wan.zip(lan) {
            self.queue.plan(delay.saturating_add(wan).saturating_add(lan), event);
        }
    }

    /// A message is at the server.
    pub(super) fn written(&mut self, at: HostSocket, bytes: &[u8]) {
        let Some(tuple) = self.five_tuple(at) else { return };
        let FiveTuple { transport, client, server } = tuple;
        let now = self.queue.now();
        let on_the_way = &self.sites[at.host].nats;
        let place = on_the_way.iter().copied().find(|&nat| self.nats[nat].gateway_at(server.ip()).is_some());
        if let Some(gateway) = place.and_then(|nat| self.nats[nat].gateway_at(server.ip())) {
            let (after, answer) = (gateway.rtt(), gateway.http(now, client.ip(), bytes));
            return self.queue.plan(after, Event::Stream(at, answer));
        }
        for answer in self.servers.receive(now, transport, client, server, bytes, &mut self.random) {
            self.deliver(answer, None);
        }
    }

    /// What a server sends down a connection.
    pub(super) fn flow(&mut self, answer: Answer) {
        let ends = (answer.transport, answer.destination, answer.source);
        let found = |(host, site): (usize, &Site)| {
            Some(HostSocket { host, socket: site.host.connected(ends.0, ends.1, ends.2)? })
        };
        let Some(at) = self.sites.iter().enumerate().find_map(found) else { return };
        let event = if let Some(bytes) = answer.bytes {
            Event::Stream(at, bytes)
        } else {
            let text = format!("{} closed the connection", answer.source);
            Event::Ended(at, failure(FailureCode::ConnectionClosed, text))
        };
        self.convey(at, Direction::In, answer.delay, event);
    }

    /// Plans what must not overtake what went before it the same way.
    fn plan_in_order(&mut self, at: HostSocket, way: Direction, after: Duration, event: Event) {
        let now = self.queue.now();
        let mut due = now.saturating_add(after);
        if let Some(open) = self.sites[at.host].host.socket_mut(at.socket) {
            let latest = &mut open.latest[usize::from(way == Direction::In)];
            due = due.max(*latest);
            *latest = due;
        }
        self.queue.plan(due.saturating_sub(now), event);
    }

    pub(super) fn read(&mut self, at: HostSocket, bytes: Vec<u8>) {
        let Some((source, transport, framing)) =
            self.sites[at.host].host.socket(at.socket).map(|open| (open.remote, open.transport, open.framing))
        else {
            return;
        };
        if !transport.is_stream() {
            return self.tell(at.host, Input::Received { socket: at.socket, source, bytes });
        }
        let framer = self.sites[at.host].framers.entry(at.socket).or_insert_with(|| Messages::new(framing));
        framer.push(&bytes);
        for message in framer.collect::<Vec<_>>() {
            match message {
                Ok(bytes) => self.tell(at.host, Input::Received { socket: at.socket, source, bytes }),
                Err(other) => {
                    let text = format!("{source} does not speak STUN: {other}");
                    return self.end(at, failure(FailureCode::NotStun, text));
                }
            }
        }
    }

    pub(super) fn end(&mut self, at: HostSocket, failure: Failure) {
        if self.sites[at.host].host.socket(at.socket).is_some() {
            self.close(at);
            self.tell(at.host, Input::Failed { socket: at.socket, remote: None, failure });
        }
    }

    /// Closes a socket; a server forgets a connection that is closed.
    pub(super) fn close(&mut self, at: HostSocket) {
        if let Some(tuple) = self.five_tuple(at) {
            self.servers.closed(tuple);
        }
        self.sites[at.host].framers.remove(&at.socket);
        self.sites[at.host].host.close(at.socket);
    }

    /// The two ends of a connection, once it stands.
    fn five_tuple(&self, at: HostSocket) -> Option<FiveTuple> {
        let open = self.sites[at.host].host.socket(at.socket)?;
        Some(FiveTuple { transport: open.transport, client: open.seen?, server: open.remote })
    }

    fn one_way(&mut self, host: usize, way: Direction) -> Duration {
        let now = self.queue.now();
        let wan = self.links[self.sites[host].link].carry_stream(now, way, &mut self.random);
        wan.saturating_add(self.sites[host].lan.carry_stream(now, way, &mut self.random))
    }

    fn lan_round_trip(&mut self, host: usize) -> Duration {
        let now = self.queue.now();
        [Direction::Out, Direction::In]
            .map(|way| self.sites[host].lan.carry_stream(now, way, &mut self.random))
            .iter()
            .sum()
    }

    fn round_trip(&mut self, host: usize) -> Duration {
        let now = self.queue.now();
        let wan: Duration = [Direction::Out, Direction::In]
            .map(|way| self.links[self.sites[host].link].carry_stream(now, way, &mut self.random))
            .iter()
            .sum();
        wan.saturating_add(self.lan_round_trip(host))
    }
}
