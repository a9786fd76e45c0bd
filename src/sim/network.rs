//! The network that the engine sees: commands become packets, packets travel, what comes of them becomes inputs.
//!
//! A packet's way out: the host's link to its router (`lan`), the chain of NATs from the innermost to the outermost, the link to
//! the internet (`link`), a server; and the same way back. NATs take no time. Of a connection only the first packet is
//! translated and judged; what follows takes the path that it opened.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::host::{Host, failure, unreachable_network};
use super::link::{Direction, Link, millis};
use super::nat::{Nat, NatConfig, Passage};
use super::packet::{Packet, Payload, Protocol};
use super::queue::Queue;
use super::random::Random;
use super::resolver::resolve;
use super::scenario::{ResolverConfig, Scenario};
use super::server::{Servers, Welcome};
use crate::engine::{Command, Input, Network, SocketId, SocketSpec, Time};
use crate::probe::{Failure, FailureCode, Family};
use crate::stun::{Framer, Transport};

/// Linux gives up a connection after seven unanswered packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
/// What a connection keeps that is sent before it is there.
const WAITING_SENDS: usize = 64;

/// A simulated internet in virtual time: nothing waits, and the same seed and commands give the same inputs.
#[derive(Debug)]
pub struct SimNetwork {
    queue: Queue<Event>,
    inputs: VecDeque<Input>,
    random: Random,
    families: Vec<Family>,
    host: Host,
    chain: Vec<Nat>,
    lan: Link,
    link: Link,
    servers: Servers,
    resolver: ResolverConfig,
}

#[derive(Debug)]
enum Event {
    /// A packet of the host reaches its first NAT.
    Leaves(Packet),
    /// A packet reaches the internet.
    Out(Packet),
    /// A packet from the internet reaches the outermost NAT.
    Back(Packet),
    /// A packet reaches the host.
    Arrives(Packet),
    /// A connection is established; its other end sees that source.
    Established(SocketId, SocketAddr),
    /// Bytes arrive on a connection.
    Stream(SocketId, Vec<u8>),
    /// A connection ends.
    Ended(SocketId, Failure),
    /// Something that is no packet is to be told.
    Tell(Input),
}

impl SimNetwork {
    /// A network as in the scenario, at time zero.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let firewall = scenario.host.firewall.map(NatConfig::firewall);
        let chain = firewall.iter().chain(&scenario.nats).map(|config| Nat::new(config, &mut random)).collect();
        let mut queue = Queue::default();
        if let Some(ms) = scenario.interrupt_ms {
            queue.plan(millis(ms), Event::Tell(Input::Interrupted));
        }
        Self {
            queue,
            inputs: VecDeque::new(),
            random,
            families: vec![Family::Ipv4, Family::Ipv6],
            host: Host::new(scenario.host_addresses()),
            chain,
            lan: Link::new(&scenario.lan),
            link: Link::new(&scenario.link),
            servers: Servers::new(&scenario.servers),
            resolver: scenario.resolver.clone(),
        }
    }

    /// Looks up addresses of these families only, in this order; both without this.
    #[must_use]
    pub fn with_families(mut self, families: &[Family]) -> Self {
        self.families = families.to_vec();
        self
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Leaves(packet) => self.leave(packet),
            Event::Out(packet) => self.serve(&packet),
            Event::Back(packet) => self.enter(self.chain.len(), packet),
            Event::Arrives(packet) => self.arrive(packet),
            Event::Established(socket, seen) => self.establish(socket, seen),
            Event::Stream(socket, bytes) => self.read(socket, &bytes),
            Event::Ended(socket, failure) => self.end(socket, failure),
            Event::Tell(input) => self.inputs.push_back(input),
        }
    }

    // ---- datagrams, in the order of their way ----

    fn send(&mut self, socket: SocketId, remote: SocketAddr, bytes: Vec<u8>) {
        let source = self.host.source_towards(remote);
        let Some(open) = self.host.socket_mut(socket) else { return };
        if open.transport != Transport::Udp {
            return self.write(socket, bytes);
        }
        let failure = match source {
            _ if remote.port() == 0 || remote.ip().is_unspecified() => {
                Some(failure(FailureCode::Other, format!("send to {remote}: invalid argument")))
            }
            Some(source) if open.local.is_ipv4() == remote.is_ipv4() => {
                let local = SocketAddr::new(source, open.local.port());
                if open.is_news(remote) {
                    self.inputs.push_back(Input::Local { socket, remote, local });
                }
                let packet = Packet {
                    protocol: Protocol::Udp,
                    source: local,
                    destination: remote,
                    payload: Payload::Data(bytes),
                };
                self.carry_lan(Direction::Out, packet);
                None
            }
            _ => Some(unreachable_network(remote)),
        };
        if let Some(failure) = failure {
            self.inputs.push_back(Input::Failed { socket, remote: Some(remote), failure });
        }
    }

    fn carry_lan(&mut self, direction: Direction, packet: Packet) {
        let event = if direction == Direction::Out { Event::Leaves } else { Event::Arrives };
        if self.host.has(packet.destination.ip()) && direction == Direction::Out {
            // For itself: it never reaches a wire.
            self.queue.plan(Duration::ZERO, Event::Arrives(packet));
        } else if self.lan.is_perfect() {
            self.handle(event(packet));
        } else {
            let arrivals = self.lan.carry(direction, &mut self.random);
            self.plan_copies(arrivals, packet, event);
        }
    }

    fn plan_copies(&mut self, [first, second]: [Option<Duration>; 2], packet: Packet, event: fn(Packet) -> Event) {
        if let Some(after) = second {
            self.queue.plan(after, event(packet.clone()));
        }
        if let Some(after) = first {
            self.queue.plan(after, event(packet));
        }
    }

    /// Through the NATs, from the inside.
    fn leave(&mut self, mut packet: Packet) {
        let now = self.queue.now();
        for (place, nat) in self.chain.iter_mut().enumerate() {
            match nat.outbound(now, &mut packet, &mut self.random) {
                Passage::Forward => {}
                Passage::Drop => return,
                Passage::Turned => return self.enter(place, packet),
                Passage::Reject(by) => {
                    if let Some(error) = packet.unreachable(FailureCode::Prohibited, by) {
                        self.enter(place, error);
                    }
                    return;
                }
            }
        }
        let arrivals = self.link.carry(Direction::Out, &mut self.random);
        self.plan_copies(arrivals, packet, Event::Out);
    }

    fn serve(&mut self, packet: &Packet) {
        let Payload::Data(bytes) = &packet.payload else { return };
        let (source, destination) = (packet.source, packet.destination);
        for answer in self.servers.receive(Transport::Udp, source, destination, bytes, &mut self.random) {
            let reply = match answer.bytes {
                Some(bytes) => Some(Packet {
                    protocol: Protocol::Udp,
                    source: answer.source,
                    destination: answer.destination,
                    payload: Payload::Data(bytes),
                }),
                None => packet.unreachable(FailureCode::ConnectionRefused, destination.ip()),
            };
            let arrivals = self.link.carry(Direction::In, &mut self.random);
            let arrivals = arrivals.map(|after| after.map(|after| after.saturating_add(answer.delay)));
            if let Some(reply) = reply {
                self.plan_copies(arrivals, reply, Event::Back);
            }
        }
    }

    /// Through that many NATs, from the outside.
    fn enter(&mut self, depth: usize, mut packet: Packet) {
        let now = self.queue.now();
        if self.chain[..depth].iter_mut().rev().all(|nat| nat.inbound(now, &mut packet)) {
            self.carry_lan(Direction::In, packet);
        }
    }

    fn arrive(&mut self, packet: Packet) {
        if packet.protocol != Protocol::Udp || !self.host.has(packet.destination.ip()) {
            return;
        }
        let Some(socket) = self.host.listener(packet.destination) else { return };
        let source = packet.source;
        self.inputs.push_back(match packet.payload {
            Payload::Data(bytes) => Input::Received { socket, source, bytes },
            Payload::Unreachable { code, by } => {
                Input::Failed { socket, remote: Some(source), failure: told(source, code, by) }
            }
        });
    }

    // ---- connections ----

    fn open(&mut self, socket: SocketId, spec: &SocketSpec) {
        match self.host.open(socket, spec, &mut self.random) {
            Err(failure) => self.inputs.push_back(Input::Failed { socket, remote: None, failure }),
            Ok(local) if spec.transport == Transport::Udp => self.inputs.push_back(Input::Opened { socket, local }),
            Ok(local) => self.connect(socket, local, spec),
        }
    }

    fn connect(&mut self, socket: SocketId, local: SocketAddr, spec: &SocketSpec) {
        let (now, remote) = (self.queue.now(), spec.remote);
        let refused = |text: &str| failure(FailureCode::ConnectionRefused, format!("connect to {remote}: {text}"));
        if self.host.has(remote.ip()) {
            return self.queue.plan(Duration::ZERO, Event::Ended(socket, refused("Connection refused")));
        }
        let mut first =
            Packet { protocol: Protocol::Tcp, source: local, destination: remote, payload: Payload::Data(Vec::new()) };
        for nat in &mut self.chain {
            match nat.outbound(now, &mut first, &mut self.random) {
                Passage::Forward => {}
                Passage::Drop | Passage::Turned => return self.give_up(socket, remote),
                Passage::Reject(by) => {
                    let after = self.lan_round_trip();
                    return self.queue.plan(after, Event::Ended(socket, told(remote, FailureCode::Prohibited, by)));
                }
            }
        }
        let after = self.round_trip();
        let welcome = self.servers.welcome(spec.transport, remote, &mut self.random);
        let event = match welcome {
            Welcome::Open(_) => Event::Established(socket, first.source),
            Welcome::Refused(_) => Event::Ended(socket, refused("Connection refused")),
            Welcome::NoTls(_) => {
                let text = format!("TLS handshake with {remote}: the server does not speak TLS");
                Event::Ended(socket, failure(FailureCode::TlsHandshakeFailed, text))
            }
            Welcome::Silent => return self.give_up(socket, remote),
        };
        let (Welcome::Open(extra) | Welcome::Refused(extra) | Welcome::NoTls(extra)) = welcome else { return };
        let mut after = after.saturating_add(extra);
        if spec.transport == Transport::Tls && !matches!(welcome, Welcome::Refused(_)) {
            // The handshake of TLS 1.3 takes one round trip more.
            after = after.saturating_add(self.round_trip()).saturating_add(extra);
        }
        self.queue.plan(after, event);
    }

    fn give_up(&mut self, socket: SocketId, remote: SocketAddr) {
        let seconds = CONNECT_TIMEOUT.as_secs();
        let text = format!("connect to {remote}: no answer within {seconds} s");
        self.queue.plan(CONNECT_TIMEOUT, Event::Ended(socket, failure(FailureCode::NoAnswer, text)));
    }

    fn establish(&mut self, socket: SocketId, seen: SocketAddr) {
        let Some(open) = self.host.socket_mut(socket) else { return };
        open.seen = Some(seen);
        let (local, waiting) = (open.local, std::mem::take(&mut open.waiting));
        self.inputs.push_back(Input::Opened { socket, local });
        for bytes in waiting {
            self.write(socket, bytes);
        }
    }

    /// Sends one message on a connection, as soon as it is there.
    fn write(&mut self, socket: SocketId, bytes: Vec<u8>) {
        let Some(open) = self.host.socket_mut(socket) else { return };
        let (transport, remote) = (open.transport, open.remote);
        let Some(seen) = open.seen else {
            if open.waiting.len() < WAITING_SENDS {
                open.waiting.push(bytes);
            }
            return;
        };
        for answer in self.servers.receive(transport, seen, remote, &bytes, &mut self.random) {
            let after = self.round_trip().saturating_add(answer.delay);
            let event = if let Some(bytes) = answer.bytes {
                Event::Stream(socket, bytes)
            } else {
                let text = format!("{remote} closed the connection");
                Event::Ended(socket, failure(FailureCode::ConnectionClosed, text))
            };
            self.queue.plan(after, event);
        }
    }

    fn read(&mut self, socket: SocketId, bytes: &[u8]) {
        let Some(source) = self.host.socket(socket).map(|open| open.remote) else { return };
        let mut framer = Framer::new();
        framer.push(bytes);
        for message in framer {
            match message {
                Ok(bytes) => self.inputs.push_back(Input::Received { socket, source, bytes }),
                Err(other) => {
                    let text = format!("{source} does not speak STUN: {other}");
                    return self.end(socket, failure(FailureCode::NotStun, text));
                }
            }
        }
    }

    fn end(&mut self, socket: SocketId, failure: Failure) {
        if self.host.socket(socket).is_some() {
            self.host.close(socket);
            self.inputs.push_back(Input::Failed { socket, remote: None, failure });
        }
    }

    fn lan_round_trip(&mut self) -> Duration {
        [Direction::Out, Direction::In].map(|way| self.lan.carry_stream(way, &mut self.random)).iter().sum()
    }

    fn round_trip(&mut self) -> Duration {
        let wan: Duration =
            [Direction::Out, Direction::In].map(|way| self.link.carry_stream(way, &mut self.random)).iter().sum();
        wan.saturating_add(self.lan_round_trip())
    }
}

impl Network for SimNetwork {
    fn now(&self) -> Time {
        self.queue.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.host.interfaces()
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Resolve { server, spec, transport } => {
                let (after, result) = resolve(&self.resolver, &self.servers, &self.families, &spec, transport);
                self.queue.plan(after, Event::Tell(Input::Resolved { server, transport, result }));
            }
            Command::Open { socket, spec } => self.open(socket, &spec),
            Command::Send { socket, remote, bytes } => self.send(socket, remote, bytes),
            Command::Close { socket } => {
                self.host.close(socket);
                self.inputs.retain(|input| input_socket(input) != Some(socket));
            }
        }
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Some(input);
            }
            let event = self.queue.next(until)?;
            self.handle(event);
        }
    }
}

/// The socket that an input is about.
fn input_socket(input: &Input) -> Option<SocketId> {
    match input {
        Input::Resolved { .. } | Input::Interrupted => None,
        Input::Connected { socket, .. }
        | Input::Handshake { socket, .. }
        | Input::Opened { socket, .. }
        | Input::Local { socket, .. }
        | Input::Received { socket, .. }
        | Input::Failed { socket, .. } => Some(*socket),
    }
}

/// What an ICMP error says.
fn told(remote: SocketAddr, code: FailureCode, by: IpAddr) -> Failure {
    let what = if code == FailureCode::Prohibited { "administratively prohibited" } else { "port unreachable" };
    Failure { code, text: format!("send to {remote}: {what}, says {by}"), by: Some(by) }
}
