//! The network that the engine sees: commands become packets, packets travel, what comes of them becomes inputs.
//!
//! A packet's way out: the host's link to its router (`lan`), the chain of NATs from the innermost to the outermost, the link to
//! the internet (`link`), a server; and the same way back. NATs take no time. Of a connection only the first packet is
//! translated and judged; what follows takes the path that it opened.

mod streams;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::engine::{Command, Input, Network, SocketId, Time};
use crate::evidence::{Failure, FailureCode, Gateway, TlsFacts};
use crate::server::gateway::GatewayServer;
use crate::server::random::Random;
use crate::server::time::millis;
use crate::server::{Answer, Servers};
use crate::sim::host::{Host, failure, unreachable_network};
use crate::sim::link::{Direction, Link};
use crate::sim::nat::{Nat, NatConfig, Passage};
use crate::sim::packet::{Packet, Payload, Protocol};
use crate::sim::queue::Queue;
use crate::sim::resolver::{answer_query, resolve};
use crate::sim::scenario::{ResolverConfig, RouterConfig, Scenario};
use crate::wire::{Family, Framer, Transport, pcp};

/// How long a packet takes in the host's own network.
const AT_HOME: Duration = Duration::from_millis(1);

/// A simulated internet in virtual time: nothing waits, and the same seed and commands give the same inputs.
#[derive(Debug)]
pub struct SimNetwork {
    queue: Queue<Event>,
    inputs: VecDeque<Input>,
    random: Random,
    families: Vec<Family>,
    host: Host,
    default_gateway: Option<IpAddr>,
    chain: Vec<Nat>,
    lan: Link,
    link: Link,
    servers: Servers,
    resolver: ResolverConfig,
    routers: Vec<RouterConfig>,
    framers: BTreeMap<SocketId, Framer>,
    insecure: bool,
}

#[derive(Debug)]
enum Event {
    /// A packet of the host reaches its first NAT.
    Leaves(Packet),
    /// A packet reaches the internet.
    Out(Packet),
    /// A packet from the internet reaches the outermost NAT.
    Back(Packet),
    /// A NAT itself answers: back in through the NATs before it.
    Inside(usize, Packet),
    /// A packet reaches the host.
    Arrives(Packet),
    /// The connection beneath a TLS socket stands.
    Connected(SocketId),
    /// A handshake has shown that.
    Shaken(SocketId, Box<TlsFacts>),
    /// A connection is established; its other end sees that source.
    Established(SocketId, SocketAddr),
    /// A message reaches the other end of a connection.
    Written(SocketId, Vec<u8>),
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
        let nats = scenario.nats_with_gateways();
        let chain = firewall.iter().chain(&nats).map(|config| Nat::new(config, &mut random)).collect();
        let mut queue = Queue::default();
        if let Some(ms) = scenario.interrupt_ms {
            queue.plan(millis(ms), Event::Tell(Input::Interrupted));
        }
        Self {
            queue,
            inputs: VecDeque::new(),
            random,
            families: vec![Family::Ipv4, Family::Ipv6],
            host: Host::new(scenario.host_addresses(), scenario.host.routes.clone()),
            default_gateway: scenario.default_gateway(),
            chain,
            lan: Link::new(&scenario.lan),
            link: Link::new(&scenario.link),
            servers: Servers::new(&scenario.servers),
            resolver: scenario.resolver.clone(),
            routers: scenario.routers.clone(),
            framers: BTreeMap::new(),
            insecure: false,
        }
    }

    /// Looks up addresses of these families only, in this order; both without this.
    #[must_use]
    pub fn with_families(mut self, families: &[Family]) -> Self {
        self.families = families.to_vec();
        self
    }

    /// Goes on after a certificate that is not to be trusted.
    #[must_use]
    pub fn with_insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// How many allocations there are now on the TURN servers: none is to be left behind.
    #[must_use]
    pub fn live_allocations(&self) -> usize {
        self.servers.live_allocations(self.queue.now())
    }

    /// How many allocations there ever were on the TURN servers.
    #[must_use]
    pub fn allocations_made(&self) -> usize {
        self.servers.allocations_made()
    }

    /// How many port mappings there are now on the gateways: none is to be left behind.
    #[must_use]
    pub fn live_mappings(&self) -> usize {
        let gateways = self.chain.iter().filter_map(Nat::gateway);
        gateways.map(|gateway| gateway.live(self.queue.now())).sum()
    }

    /// How many port mappings there ever were on the gateways.
    #[must_use]
    pub fn mappings_made(&self) -> usize {
        self.chain.iter().filter_map(Nat::gateway).map(GatewayServer::made).sum()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Leaves(packet) => self.leave(packet),
            Event::Out(packet) => self.serve(&packet),
            Event::Back(packet) => self.enter(self.chain.len(), packet),
            Event::Inside(place, packet) => self.enter(place, packet),
            Event::Arrives(packet) => self.arrive(packet),
            Event::Connected(socket) => self.connected(socket),
            Event::Shaken(socket, facts) => self.shaken(socket, facts),
            Event::Written(socket, bytes) => self.written(socket, &bytes),
            Event::Established(socket, seen) => self.establish(socket, seen),
            Event::Stream(socket, bytes) => self.read(socket, bytes),
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
            let arrivals = self.lan.carry(self.queue.now(), direction, &mut self.random);
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
        if self.servers.is_home(packet.destination.ip()) {
            return self.queue.plan(AT_HOME, Event::Out(packet));
        }
        for (place, nat) in self.chain.iter_mut().enumerate() {
            if let Some(gateway) = nat.gateway_at(packet.destination.ip()) {
                let (rtt, back) = (gateway.rtt(), ask(gateway, now, &packet));
                if let Some(back) = back {
                    self.queue.plan(rtt, Event::Inside(place, back));
                }
                return;
            }
            match nat.outbound(now, &mut packet, &mut self.random) {
                Passage::Forward => {}
                Passage::Drop => return,
                Passage::Turned => return self.enter(place, packet),
                Passage::Reject(by, code) => {
                    if let Some(error) = packet.unreachable(code, by) {
                        self.enter(place, error);
                    }
                    return;
                }
            }
        }
        if let Some(router) = self.routers.iter().find(|router| router.destination == packet.destination.ip()) {
            if let Some(error) = packet.unreachable(router.code(), router.by) {
                let arrivals = self.link.carry(now, Direction::In, &mut self.random);
                self.plan_copies(arrivals, error, Event::Back);
            }
            return;
        }
        let arrivals = self.link.carry(now, Direction::Out, &mut self.random);
        self.plan_copies(arrivals, packet, Event::Out);
    }

    fn serve(&mut self, packet: &Packet) {
        let Payload::Data(bytes) = &packet.payload else { return };
        let (source, destination) = (packet.source, packet.destination);
        let now = self.queue.now();
        if self.resolver.address == Some(destination) {
            if let Some(answer) = answer_query(bytes) {
                let (source, destination, payload) = (destination, source, Payload::Data(answer));
                let arrivals = self.link.carry(now, Direction::In, &mut self.random);
                let packet = Packet { protocol: Protocol::Udp, source, destination, payload };
                self.plan_copies(arrivals, packet, Event::Back);
            }
            return;
        }
        for answer in self.servers.receive(now, Transport::Udp, source, destination, bytes, &mut self.random) {
            self.deliver(answer, Some(packet));
        }
    }

    /// What a server sends goes its way: to another server, down a connection, or to the outermost NAT.
    fn deliver(&mut self, answer: Answer, cause: Option<&Packet>) {
        if answer.transport.connects() {
            return self.flow(answer);
        }
        let packet = match answer.bytes {
            Some(bytes) => Some(Packet {
                protocol: Protocol::Udp,
                source: answer.source,
                destination: answer.destination,
                payload: Payload::Data(bytes),
            }),
            None => cause.and_then(|cause| cause.unreachable(FailureCode::ConnectionRefused, cause.destination.ip())),
        };
        let Some(packet) = packet else { return };
        if self.servers.are_at(packet.destination.ip()) || self.servers.relay_at(packet.destination) {
            return self.queue.plan(answer.delay, Event::Out(packet));
        }
        if self.servers.is_home(packet.source.ip()) && self.host.has(packet.destination.ip()) {
            return self.queue.plan(AT_HOME, Event::Arrives(packet));
        }
        let arrivals = self.link.carry(self.queue.now(), Direction::In, &mut self.random);
        let arrivals = arrivals.map(|after| after.map(|after| after.saturating_add(answer.delay)));
        self.plan_copies(arrivals, packet, Event::Back);
    }

    /// Through that many NATs, from the outside.
    fn enter(&mut self, depth: usize, mut packet: Packet) {
        let now = self.queue.now();
        // What comes from the network and has this host's own source is a martian (RFC 1812 section 5.3.8): Linux drops it.
        let martian = self.host.has(packet.source.ip()) && matches!(packet.payload, Payload::Data(_));
        if self.chain[..depth].iter_mut().rev().all(|nat| nat.inbound(now, &mut packet)) && !martian {
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
}

impl Network for SimNetwork {
    fn now(&self) -> Time {
        self.queue.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.host.interfaces()
    }

    fn name_servers(&self) -> Vec<SocketAddr> {
        self.resolver.address.into_iter().collect()
    }

    fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        let known: Vec<IpAddr> = self.default_gateway.into_iter().collect();
        let addresses = if named.is_empty() { &known[..] } else { named };
        if addresses.is_empty() {
            let text = "look for the default gateway: there is no default route through one".to_owned();
            return Err(failure(FailureCode::NetworkUnreachable, text));
        }
        let reached = |&address: &IpAddr| {
            let remote = SocketAddr::new(address, pcp::PORT);
            let local = self.host.source_towards(remote).ok_or_else(|| unreachable_network(remote))?;
            Ok(Gateway { address, local, interface: None, scope: None })
        };
        addresses.iter().map(reached).collect()
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
                self.close(socket);
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

/// What a gateway itself answers to a packet.
fn ask(gateway: &mut GatewayServer, now: Time, packet: &Packet) -> Option<Packet> {
    let Payload::Data(bytes) = &packet.payload else { return None };
    let refused = || packet.unreachable(FailureCode::ConnectionRefused, packet.destination.ip());
    if packet.protocol != Protocol::Udp {
        return refused();
    }
    let sent = gateway.receive(now, packet.source, packet.destination, bytes)?;
    let answer = |bytes| Packet {
        protocol: Protocol::Udp,
        source: sent.source,
        destination: packet.source,
        payload: Payload::Data(bytes),
    };
    sent.bytes.map(answer).or_else(refused)
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
    let what = match code {
        FailureCode::Prohibited => "administratively prohibited",
        FailureCode::NetworkUnreachable => "network unreachable",
        FailureCode::HostUnreachable => "host unreachable",
        _ => "port unreachable",
    };
    Failure { code, text: format!("send to {remote}: {what}, says {by}"), by: Some(by) }
}
