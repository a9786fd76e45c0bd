//! The way of a datagram: out through the NATs of its host, across, and in through those of another, or the same.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::internet::{Event, Internet};
use super::site::HostSocket;
use crate::engine::{Input, Time};
use crate::evidence::FailureCode;
use crate::server::Answer;
use crate::server::gateway::GatewayServer;
use crate::sim::host::{failure, unreachable_network};
use crate::sim::link::{Arrivals, Direction};
use crate::sim::nat::Passage;
use crate::sim::packet::{Packet, Payload, Protocol};
use crate::sim::resolver::answer_query;
use crate::wire::Transport;

/// How long a packet takes in the host's own network.
const AT_HOME: Duration = Duration::from_millis(1);

impl Internet {
    pub(super) fn send(&mut self, at: HostSocket, remote: SocketAddr, bytes: Vec<u8>) {
        let HostSocket { host, socket } = at;
        let site = &mut self.sites[host];
        let source = site.host.source_towards(remote);
        let Some(open) = site.host.socket_mut(socket) else { return };
        if open.transport != Transport::Udp {
            return self.write(at, bytes);
        }
        let failure = match open.bound().or(source) {
            _ if remote.port() == 0 || remote.ip().is_unspecified() => {
                Some(failure(FailureCode::Other, format!("send to {remote}: invalid argument")))
            }
            Some(source) if open.local.is_ipv4() == remote.is_ipv4() => {
                let local = SocketAddr::new(source, open.local.port());
                if open.is_news(remote) {
                    self.tell(host, Input::Local { socket, remote, local });
                }
                let packet = Packet {
                    protocol: Protocol::Udp,
                    source: local,
                    destination: remote,
                    payload: Payload::Data(bytes),
                };
                if self.sites[host].host.has(remote.ip()) {
                    // For itself: it never reaches a wire.
                    self.queue.plan(Duration::ZERO, Event::Arrives(host, packet));
                } else {
                    self.carry_lan(host, Direction::Out, packet);
                }
                None
            }
            _ => Some(unreachable_network(remote)),
        };
        if let Some(failure) = failure {
            self.tell(host, Input::Failed { socket, remote: Some(remote), failure });
        }
    }

    fn carry_lan(&mut self, host: usize, direction: Direction, packet: Packet) {
        let event = match direction {
            Direction::Out => Event::Leaves,
            Direction::In => Event::Arrives,
        };
        let lan = &mut self.sites[host].lan;
        if lan.is_perfect() {
            self.handle(event(host, packet));
        } else {
            let arrivals = lan.carry(self.queue.now(), direction, &mut self.random);
            self.plan_copies(arrivals, packet, |packet| event(host, packet));
        }
    }

    fn carry_link(&mut self, host: usize, direction: Direction) -> Arrivals {
        self.links[self.sites[host].link].carry(self.queue.now(), direction, &mut self.random)
    }

    /// Through the NATs, from the inside.
    pub(super) fn leave(&mut self, host: usize, mut packet: Packet) {
        let now = self.queue.now();
        if self.servers.is_home(packet.destination.ip()) {
            return self.queue.plan(AT_HOME, Event::Out(packet));
        }
        for place in 0..self.sites[host].nats.len() {
            let id = self.sites[host].nats[place];
            if let Some((neighbor, depth)) = self.neighbor(host, id, packet.destination.ip()) {
                return self.enter(neighbor, depth, packet);
            }
            let nat = &mut self.nats[id];
            if let Some(gateway) = nat.gateway_at(packet.destination.ip()) {
                let (rtt, back) = (gateway.rtt(), ask(gateway, now, &packet));
                if let Some(back) = back {
                    self.queue.plan(rtt, Event::Inside(host, place, back));
                }
                return;
            }
            let back = match nat.outbound(now, &mut packet, &mut self.random) {
                Passage::Forward => continue,
                Passage::Drop => None,
                Passage::Turned => Some(packet),
                Passage::Reject(by, code) => packet.unreachable(code, by),
            };
            if let Some(back) = back
                && let Some((whose, depth)) = self.owner(Some(id), back.destination.ip())
            {
                self.enter(whose, depth, back);
            }
            return;
        }
        if let Some(router) = self.routers.iter().find(|router| router.destination == packet.destination.ip()) {
            if let Some(error) = packet.unreachable(router.code(), router.by) {
                let arrivals = self.carry_link(host, Direction::In);
                self.plan_copies(arrivals, error, |packet| Event::Back(host, packet));
            }
            return;
        }
        let arrivals = self.carry_link(host, Direction::Out);
        self.plan_copies(arrivals, packet, Event::Out);
    }

    /// Across the internet, to a server or to a host.
    pub(super) fn cross(&mut self, packet: &Packet) {
        let Payload::Data(bytes) = &packet.payload else { return };
        let (source, destination) = (packet.source, packet.destination);
        let now = self.queue.now();
        if self.resolver.address == Some(destination) {
            if let Some(answer) = answer_query(bytes) {
                let (source, destination, payload) = (destination, source, Payload::Data(answer));
                self.bring(Packet { protocol: Protocol::Udp, source, destination, payload }, Duration::ZERO);
            }
            return;
        }
        if self.sites.len() > 1 && !self.is_served(destination) && self.owner(None, destination.ip()).is_some() {
            return self.bring(packet.clone(), Duration::ZERO);
        }
        for answer in self.servers.receive(now, Transport::Udp, source, destination, bytes, &mut self.random) {
            self.deliver(answer, Some(packet));
        }
    }

    /// What a server sends goes its way: to another server, down a connection, or to a host.
    pub(super) fn deliver(&mut self, answer: Answer, cause: Option<&Packet>) {
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
        if self.is_served(packet.destination) {
            return self.queue.plan(answer.delay, Event::Out(packet));
        }
        let at_home = self.servers.is_home(packet.source.ip());
        if let Some(host) = self.sites.iter().position(|site| at_home && site.host.has(packet.destination.ip())) {
            return self.queue.plan(AT_HOME, Event::Arrives(host, packet));
        }
        self.bring(packet, answer.delay);
    }

    /// From the internet to the outermost NAT of whom it is for.
    fn bring(&mut self, packet: Packet, delay: Duration) {
        let Some((host, _)) = self.owner(None, packet.destination.ip()) else { return };
        let arrivals = self.carry_link(host, Direction::In);
        let arrivals = arrivals.map(|after| after.map(|after| after.saturating_add(delay)));
        self.plan_copies(arrivals, packet, |packet| Event::Back(host, packet));
    }

    /// In to a host through that many of its NATs, from the outside.
    pub(super) fn enter(&mut self, mut host: usize, mut depth: usize, mut packet: Packet) {
        let (now, source) = (self.queue.now(), packet.source.ip());
        while depth > 0 {
            let id = self.sites[host].nats[depth - 1];
            if !self.nats[id].inbound(now, &mut packet) {
                return;
            }
            // Behind a NAT that several hosts share, what it translated to says whose the packet is.
            let Some(next) = self.owner(Some(id), packet.destination.ip()) else { return };
            (host, depth) = next;
        }
        // What comes from the network and has this host's own source is a martian (RFC 1812 section 5.3.8): Linux drops it.
        if !(self.sites[host].host.has(source) && matches!(packet.payload, Payload::Data(_))) {
            self.carry_lan(host, Direction::In, packet);
        }
    }

    pub(super) fn arrive(&mut self, host: usize, packet: Packet) {
        let there = &self.sites[host].host;
        if packet.protocol != Protocol::Udp || !there.has(packet.destination.ip()) {
            return;
        }
        let Some(socket) = there.listener(packet.destination) else { return };
        let source = packet.source;
        let input = match packet.payload {
            Payload::Data(bytes) => Input::Received { socket, source, bytes },
            Payload::Unreachable { code, by } => {
                let Some(failure) = there.hears(source, code, by) else { return };
                Input::Failed { socket, remote: Some(source), failure }
            }
        };
        self.tell(host, input);
    }

    /// Whether a server listens there or relays from there.
    fn is_served(&self, destination: SocketAddr) -> bool {
        self.servers.are_at(destination.ip()) || self.servers.relay_at(destination)
    }

    /// Another host, or its NAT, with that address on the network inside this NAT of the host.
    fn neighbor(&self, host: usize, nat: usize, ip: IpAddr) -> Option<(usize, usize)> {
        self.owner(Some(nat), ip).filter(|&(other, _)| other != host)
    }

    /// Who has that address as seen from the network inside this NAT, or from the internet: a host, and how many of its NATs lie
    /// between. A host that is alone has every address: its NATs say what they think of it.
    fn owner(&self, inside: Option<usize>, ip: IpAddr) -> Option<(usize, usize)> {
        let depth = |host: usize| match inside {
            Some(nat) => self.sites[host].nats.iter().position(|&own| own == nat),
            None => Some(self.sites[host].nats.len()),
        };
        if self.sites.len() == 1 {
            return Some((0, depth(0)?));
        }
        (0..self.sites.len()).find_map(|host| {
            let (site, depth) = (&self.sites[host], depth(host)?);
            // A firewall hides no address; the first NAT that translates shows its own and none behind it.
            let shown = site.nats[..depth].iter().rev().find_map(|&nat| self.nats[nat].shows(ip));
            shown.unwrap_or_else(|| site.host.has(ip)).then_some((host, depth))
        })
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
