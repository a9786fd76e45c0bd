//! An internet of one or more hosts in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::site::{HostSocket, Site};
use crate::engine::{Command, Input, Machine, SocketId, Time};
use crate::evidence::{Failure, Interface, PlatformLimit, TlsFacts};
use crate::server::Servers;
use crate::server::gateway::GatewayServer;
use crate::server::random::Random;
use crate::server::time::millis;
use crate::sim::host::Host;
use crate::sim::link::Link;
use crate::sim::nat::{Nat, NatConfig};
use crate::sim::packet::Packet;
use crate::sim::queue::Queue;
use crate::sim::resolver::resolve;
use crate::sim::scenario::{ResolverConfig, RouterConfig, Scenario};
use crate::wire::Family;

/// A flood must not keep a machine from its deadline.
const AT_ONCE: usize = 256;

/// A simulated internet in virtual time: nothing waits, and the same seed and commands give the same inputs.
#[derive(Debug)]
pub struct Internet {
    pub(super) queue: Queue<Event>,
    pub(super) inputs: VecDeque<(usize, Input)>,
    pub(super) random: Random,
    pub(super) families: Vec<Family>,
    pub(super) sites: Vec<Site>,
    pub(super) nats: Vec<Nat>,
    pub(super) links: Vec<Link>,
    pub(super) servers: Servers,
    pub(super) resolver: ResolverConfig,
    pub(super) routers: Vec<RouterConfig>,
    pub(super) insecure: bool,
}

#[derive(Debug)]
pub(super) enum Event {
    /// A packet of that host reaches its first NAT.
    Leaves(usize, Packet),
    /// A packet reaches the internet.
    Out(Packet),
    /// A packet from the internet reaches that host's outermost NAT.
    Back(usize, Packet),
    /// A NAT itself answers: back in to that host through the NATs before this one.
    Inside(usize, usize, Packet),
    /// A packet reaches that host.
    Arrives(usize, Packet),
    /// The connection beneath a TLS socket stands.
    Connected(HostSocket),
    /// A handshake has shown that.
    Shaken(HostSocket, Box<TlsFacts>),
    /// A connection is established; its other end sees that source.
    Established(HostSocket, SocketAddr),
    /// A message reaches the other end of a connection.
    Written(HostSocket, Vec<u8>),
    /// Bytes arrive on a connection.
    Stream(HostSocket, Vec<u8>),
    /// A connection ends.
    Ended(HostSocket, Failure),
    /// Something that is no packet is to be told to that host.
    Tell(usize, Input),
}

impl Internet {
    /// An internet at time zero in which each of the hosts stands as its scenario says; the outermost so many NATs of the first are
    /// everybody's, with its link. With all of its NATs in common, and there are some, they are neighbors on one network. The servers and
    /// how names are looked up are those of the first.
    ///
    /// # Panics
    ///
    /// When there is no host.
    #[must_use]
    pub fn new(hosts: &[&Scenario], shared: usize, seed: u64) -> Self {
        let first = hosts[0];
        let mut internet = Self {
            queue: Queue::default(),
            inputs: VecDeque::new(),
            random: Random::new(seed),
            families: vec![Family::Ipv4, Family::Ipv6],
            sites: Vec::new(),
            nats: Vec::new(),
            links: Vec::new(),
            servers: Servers::new(&first.servers),
            resolver: first.resolver.clone(),
            routers: first.routers.clone(),
            insecure: false,
        };
        for scenario in hosts {
            internet.add(scenario, shared);
        }
        internet
    }

    pub(super) fn add(&mut self, scenario: &Scenario, shared: usize) {
        let host = self.sites.len();
        let configs = scenario.nats_with_gateways();
        let common = match self.sites.first() {
            Some(first) => first.nats[first.nats.len().saturating_sub(shared)..].to_vec(),
            None => Vec::new(),
        };
        let firewall = scenario.host.firewall.map(NatConfig::firewall);
        let own = &configs[..configs.len().saturating_sub(common.len())];
        let mut nats = Vec::new();
        for config in firewall.iter().chain(own) {
            nats.push(self.nats.len());
            self.nats.push(Nat::new(config, &mut self.random));
        }
        if common.is_empty() {
            self.links.push(Link::new(&scenario.link));
        }
        let link = if common.is_empty() { self.links.len() - 1 } else { 0 };
        nats.extend(common);
        if let Some(ms) = scenario.interrupt_ms {
            self.queue.plan(millis(ms), Event::Tell(host, Input::Interrupted));
        }
        self.sites.push(Site {
            host: Host::new(scenario.host_addresses(), &scenario.host),
            interfaces: scenario.host_interfaces(),
            default_gateway: scenario.default_gateway(),
            nats,
            lan: Link::new(&scenario.lan),
            link,
            framers: BTreeMap::new(),
        });
    }

    /// Drives the machines, each on its host, until all have finished, at most until that time.
    pub fn drive(&mut self, machines: &mut [&mut dyn Machine], until: Time) {
        loop {
            for (host, machine) in machines.iter_mut().enumerate().filter(|(_, machine)| !machine.is_finished()) {
                for command in machine.poll(self.now()) {
                    self.perform(host, command);
                }
            }
            let busy = machines.iter().filter(|machine| !machine.is_finished());
            let Some(wake) = busy.map(|machine| machine.next_wake()).min() else { return };
            if self.now() >= until {
                return;
            }
            let mut input = self.wait(wake.min(until));
            for _ in 0..AT_ONCE {
                let Some((host, arrived)) = input else { break };
                if let Some(machine) = machines.get_mut(host).filter(|machine| !machine.is_finished()) {
                    machine.handle(self.now(), arrived);
                }
                input = self.wait(self.now());
            }
            if let Some(rest) = input {
                self.inputs.push_front(rest);
            }
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.queue.now()
    }

    /// The addresses of a host's interfaces.
    #[must_use]
    pub fn host_addresses(&self, host: usize) -> Vec<IpAddr> {
        self.sites.get(host).map(|site| site.host.interfaces()).unwrap_or_default()
    }

    /// What the system of a host does not tell a program.
    #[must_use]
    pub fn platform_limits(&self, host: usize) -> &[PlatformLimit] {
        self.sites.get(host).map(|site| site.host.limits()).unwrap_or_default()
    }

    /// A host's interfaces.
    #[must_use]
    pub fn interfaces(&self, host: usize) -> Vec<Interface> {
        self.sites.get(host).map(|site| site.interfaces.clone()).unwrap_or_default()
    }

    /// How many allocations there are now on the TURN servers: none is to be left behind.
    #[must_use]
    pub fn live_allocations(&self) -> usize {
        self.servers.live_allocations(self.queue.now())
    }

    /// Carries out a command of a host.
    pub fn perform(&mut self, host: usize, command: Command) {
        if host >= self.sites.len() {
            return;
        }
        match command {
            Command::NameServers => {
                self.tell(host, Input::NameServers(self.resolver.address.into_iter().collect()));
            }
            Command::Resolve { server, spec, transport } => {
                let (after, result) = resolve(&self.resolver, &self.servers, &self.families, &spec, transport);
                self.queue.plan(after, Event::Tell(host, Input::Resolved { server, transport, result }));
            }
            Command::Open { socket, spec } => self.open(HostSocket { host, socket }, &spec),
            Command::Send { socket, remote, bytes } => self.send(HostSocket { host, socket }, remote, bytes),
            Command::Close { socket } => {
                self.close(HostSocket { host, socket });
                self.inputs.retain(|(whose, input)| (*whose, input_socket(input)) != (host, Some(socket)));
            }
        }
    }

    /// Goes to the next input of any host, if there is one until then; else just to then.
    pub fn wait(&mut self, until: Time) -> Option<(usize, Input)> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Some(input);
            }
            let event = self.queue.next(until)?;
            self.handle(event);
        }
    }

    pub(super) fn gateways(&self) -> impl Iterator<Item = &GatewayServer> {
        self.nats.iter().filter_map(Nat::gateway)
    }

    pub(super) fn tell(&mut self, host: usize, input: Input) {
        self.inputs.push_back((host, input));
    }

    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Leaves(host, packet) => self.leave(host, packet),
            Event::Out(packet) => self.cross(&packet),
            Event::Back(host, packet) => self.enter(host, self.sites[host].nats.len(), packet),
            Event::Inside(host, place, packet) => self.enter(host, place, packet),
            Event::Arrives(host, packet) => self.arrive(host, packet),
            Event::Connected(at) => self.connected(at),
            Event::Shaken(at, facts) => self.shaken(at, facts),
            Event::Written(at, bytes) => self.written(at, &bytes),
            Event::Established(at, seen) => self.establish(at, seen),
            Event::Stream(at, bytes) => self.read(at, bytes),
            Event::Ended(at, failure) => self.end(at, failure),
            Event::Tell(host, input) => self.tell(host, input),
        }
    }

    pub(super) fn plan_copies(
        &mut self,
        arrivals: [Option<Duration>; 2],
        packet: Packet,
        event: impl Fn(Packet) -> Event,
    ) {
        let [first, second] = arrivals;
        if let Some(after) = second {
            self.queue.plan(after, event(packet.clone()));
        }
        if let Some(after) = first {
            self.queue.plan(after, event(packet));
        }
    }
}

/// The socket that an input is about.
fn input_socket(input: &Input) -> Option<SocketId> {
    match input {
        Input::Resolved { .. } | Input::NameServers(_) | Input::Interrupted => None,
        Input::Connected { socket, .. }
        | Input::Handshake { socket, .. }
        | Input::Opened { socket, .. }
        | Input::Local { socket, .. }
        | Input::Received { socket, .. }
        | Input::Failed { socket, .. } => Some(*socket),
    }
}
