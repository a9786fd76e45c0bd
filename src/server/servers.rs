//! The servers of the simulated internet: where they listen, what becomes of a packet for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::answer;
use super::config::ServerConfig;
use super::fault::{Fault, Faults};
use super::handshake::Handshake;
use super::point::{Point, unrelated};
use super::random::Random;
use super::time::millis;
use super::turn::{FiveTuple, Output, TurnFault, TurnServer};
use crate::engine::Time;
use crate::wire::stun::message::BINDING;
use crate::wire::{Class, Family, Message, Transport};

/// What a server does about a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Over what it goes.
    pub transport: Transport,
    /// Where it comes from; on a stream, the server's end.
    pub source: SocketAddr,
    /// Where it is sent; on a stream, the client's end as the server sees it.
    pub destination: SocketAddr,
    /// How long the server takes, its distance included.
    pub delay: Duration,
    /// The bytes; `None` where nothing listens.
    pub bytes: Option<Vec<u8>>,
}

/// How a server takes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// It is there, after that long.
    Open(Duration),
    /// Nothing listens.
    Refused(Duration),
    /// Something listens that does not speak TLS.
    NoTls(Duration),
    /// No answer at all.
    Silent,
}

/// Every server of a scenario.
#[derive(Clone, Debug)]
pub struct Servers {
    list: Vec<ServerConfig>,
    always: Vec<Faults>,
    points: BTreeMap<SocketAddr, (usize, Point)>,
    secure: BTreeMap<SocketAddr, (usize, Point)>,
    addresses: BTreeSet<IpAddr>,
    turn: BTreeMap<usize, TurnServer>,
    handshakes: usize,
    contacts: Contacts,
}

/// Whom a server's endpoints have heard.
#[derive(Clone, Debug, Default)]
struct Contacts {
    /// Which endpoint of a server heard which client.
    flows: BTreeSet<(SocketAddr, SocketAddr)>,
    /// When a server first heard a client's address.
    known: BTreeMap<(usize, IpAddr), Time>,
}

impl Servers {
    /// These servers; of two that claim one endpoint the first has it.
    #[must_use]
    pub fn new(list: &[ServerConfig]) -> Self {
        let mut servers = Self {
            list: list.to_vec(),
            always: list.iter().map(|server| server.faults.iter().copied().collect()).collect(),
            points: BTreeMap::new(),
            secure: BTreeMap::new(),
            addresses: BTreeSet::new(),
            turn: BTreeMap::new(),
            handshakes: 0,
            contacts: Contacts::default(),
        };
        for (index, server) in list.iter().enumerate() {
            for family in [Family::Ipv4, Family::Ipv6] {
                let Some((primary, alternate)) = server.endpoints(family) else { continue };
                let other = alternate.unwrap_or(primary);
                for &port in &server.more_ports {
                    let point = Point { other_ip: false, other_port: false };
                    servers.points.entry(SocketAddr::new(primary.ip(), port)).or_insert((index, point));
                }
                for (other_ip, other_port) in [(false, false), (false, true), (true, false), (true, true)] {
                    let ip = if other_ip { other.ip() } else { primary.ip() };
                    let port = if other_port { other.port() } else { primary.port() };
                    let point = Point { other_ip, other_port };
                    servers.addresses.insert(ip);
                    servers.points.entry(SocketAddr::new(ip, port)).or_insert((index, point));
                    if server.transports.iter().any(|transport| transport.is_secure()) {
                        servers.secure.entry(SocketAddr::new(ip, server.tls_port)).or_insert((index, point));
                    }
                }
            }
            if let Some(config) = &server.turn {
                let own: Vec<IpAddr> = [Family::Ipv4, Family::Ipv6]
                    .into_iter()
                    .filter_map(|family| server.endpoints(family))
                    .flat_map(|(primary, alternate)| [Some(primary), alternate])
                    .flatten()
                    .map(|endpoint| endpoint.ip())
                    .collect();
                let turn = TurnServer::new(config, &own, &server.software, millis(server.rtt_ms));
                servers.addresses.extend(turn.relay_addresses());
                servers.turn.insert(index, turn);
            }
        }
        servers
    }

    /// The server of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&ServerConfig> {
        let name = name.trim_end_matches('.');
        let index = self.list.iter().position(|server| server.name.eq_ignore_ascii_case(name))?;
        self.list.get(index).filter(|_| !self.always[index].has(Fault::NoSuchName))
    }

    /// A connection is wanted.
    pub fn welcome(&self, transport: Transport, destination: SocketAddr, random: &mut Random) -> Welcome {
        let secure = self.secure.get(&destination);
        let Some(&(index, point)) = self.points.get(&destination).or(secure) else {
            return if self.addresses.contains(&destination.ip()) {
                Welcome::Refused(Duration::ZERO)
            } else {
                Welcome::Silent
            };
        };
        let (server, faults) = (&self.list[index], self.draw(index, random));
        let delay = millis(server.rtt_ms);
        let http = faults.has(Fault::Http);
        if faults.kill(point) {
            Welcome::Silent
        } else if transport == Transport::Dtls {
            let dead = self.turn.get(&index).is_some_and(|turn| turn.has(TurnFault::UdpDead));
            let (dtls, udp) = (server.serves(Transport::Dtls), server.serves(Transport::Udp));
            match () {
                () if dead => Welcome::Silent,
                () if faults.has(Fault::Refused) || http || !(dtls || udp) => Welcome::Refused(delay),
                () if dtls => Welcome::Open(delay),
                // What is no STUN is not answered.
                () => Welcome::Silent,
            }
        } else if faults.has(Fault::Refused) || !(http || server.serves_streams()) {
            Welcome::Refused(delay)
        } else if transport == Transport::Tls && (http || !server.serves(Transport::Tls)) {
            Welcome::NoTls(delay)
        } else {
            Welcome::Open(delay)
        }
    }

    /// What a TLS or DTLS handshake with the server there comes to.
    pub fn handshake(
        &mut self,
        transport: Transport,
        destination: SocketAddr,
        name: Option<&str>,
    ) -> Option<Handshake> {
        let &(index, _) = self.points.get(&destination).or(self.secure.get(&destination))?;
        let handshake = self.list.get(index)?.handshake(transport, name, self.handshakes);
        self.handshakes += 1;
        Some(handshake)
    }

    /// Whether some server is at that address.
    #[must_use]
    pub fn are_at(&self, ip: IpAddr) -> bool {
        self.addresses.contains(&ip)
    }

    /// Whether a server is at that address in the host's own network, behind its NAT.
    #[must_use]
    pub fn is_home(&self, ip: IpAddr) -> bool {
        let own = |index: &usize| self.list[*index].ipv4.is_some_and(|own| IpAddr::V4(*own.ip()) == ip);
        self.turn.iter().any(|(index, turn)| turn.home().is_some() && own(index))
    }

    /// Whether packets to that endpoint are for a relayed address.
    #[must_use]
    pub fn relay_at(&self, endpoint: SocketAddr) -> bool {
        self.turn.values().any(|turn| turn.relays_at(endpoint))
    }

    /// A connection is gone.
    pub fn closed(&mut self, tuple: FiveTuple) {
        for turn in self.turn.values_mut() {
            turn.closed(tuple);
        }
    }

    /// How many allocations there are now on all TURN servers.
    #[must_use]
    pub fn live_allocations(&self, now: Time) -> usize {
        self.turn.values().map(|turn| turn.live(now)).sum()
    }

    /// How many there ever were.
    #[must_use]
    pub fn allocations_made(&self) -> usize {
        self.turn.values().map(TurnServer::made).sum()
    }

    /// A message arrives: over UDP a datagram, over a connection one message.
    pub fn receive(
        &mut self,
        now: Time,
        transport: Transport,
        source: SocketAddr,
        destination: SocketAddr,
        bytes: &[u8],
        random: &mut Random,
    ) -> Vec<Answer> {
        let back = |delay, bytes| vec![Answer { transport, source: destination, destination: source, delay, bytes }];
        if transport == Transport::Udp && self.list.iter().any(|server| server.closes(destination)) {
            return Vec::new();
        }
        let relay = self.turn.values_mut().find(|turn| turn.relays_at(destination));
        if let Some(turn) = relay.filter(|_| transport == Transport::Udp && !self.points.contains_key(&destination)) {
            return turn.arrive(now, source, destination, bytes, random).into_iter().map(Answer::from).collect();
        }
        if transport == Transport::Tcp
            && !self.points.contains_key(&destination)
            && let Some(&(index, _)) = self.secure.get(&destination)
            && self.list[index].tls_alert
        {
            // A fatal alert: unexpected message (RFC 8446 section 6).
            return back(millis(self.list[index].rtt_ms), Some(vec![21, 3, 3, 0, 2, 2, 10]));
        }
        let secure = if transport.is_secure() { self.secure.get(&destination) } else { None };
        let Some(&(index, point)) = self.points.get(&destination).or(secure) else {
            return if self.addresses.contains(&destination.ip()) { back(Duration::ZERO, None) } else { Vec::new() };
        };
        let (server, faults) = (&self.list[index], self.draw(index, random));
        let delay = millis(server.rtt_ms);
        if faults.kill(point) {
            return Vec::new();
        }
        let is_stream = transport.connects();
        if faults.has(Fault::Http) && is_stream {
            return back(delay, Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()));
        }
        if transport == Transport::Udp && self.turn.get(&index).is_some_and(|turn| turn.has(TurnFault::UdpDead)) {
            return Vec::new();
        }
        let listens = is_stream || server.transports.contains(&Transport::Udp);
        if faults.has(Fault::Refused) || faults.has(Fault::Http) || !listens {
            return back(delay, None);
        }
        let read = Message::read(bytes);
        let is_binding = read.as_ref().is_ok_and(|message| message.method == BINDING);
        if let Some(turn) = self.turn.get_mut(&index) {
            if !is_binding {
                let tuple = FiveTuple { transport, client: source, server: destination };
                let elsewhere = turn.has(TurnFault::AnswersFromElsewhere) && transport == Transport::Udp;
                let mut answers: Vec<Answer> =
                    turn.receive(now, tuple, bytes, random).into_iter().map(Answer::from).collect();
                for answer in answers.iter_mut().filter(|answer| elsewhere && answer.source == destination) {
                    answer.source.set_ip(unrelated(Family::of(destination)));
                }
                return answers;
            }
            if turn.has(TurnFault::NoBinding) {
                return Vec::new();
            }
        }
        let Ok(request) = read else { return Vec::new() };
        if request.class != Class::Request || request.method != BINDING {
            return Vec::new();
        }
        let tuple = FiveTuple { transport, client: source, server: destination };
        if let Some(turn) = self.turn.get_mut(&index)
            && turn.throttles(now, tuple, bytes.len())
        {
            return Vec::new();
        }
        let turn = self.turn.get(&index);
        let seen = turn.map_or(source, |turn| turn.seen(tuple));
        let question =
            answer::Question { server, faults, request: &request, source, seen, destination, point, is_stream };
        let Some((mut reply_source, reply_destination, bytes)) = question.answer(random) else { return Vec::new() };
        if transport == Transport::Udp && turn.is_some_and(|turn| turn.has(TurnFault::AnswersFromElsewhere)) {
            reply_source.set_ip(unrelated(Family::of(destination)));
        }
        self.contacts.flows.insert((destination, source));
        let known = *self.contacts.known.entry((index, source.ip())).or_insert(now);
        let known_for = now.saturating_sub(known);
        if reply_source != destination
            && self.contacts.withheld(faults, (reply_source, reply_destination), known_for, millis(server.late_ms))
        {
            return Vec::new();
        }
        let late = if faults.has(Fault::Late) { millis(server.late_ms) } else { Duration::ZERO };
        let first = Answer {
            transport,
            source: reply_source,
            destination: reply_destination,
            delay: delay.saturating_add(late),
            bytes: Some(bytes),
        };
        if faults.has(Fault::Duplicate) {
            let second = Answer { delay: first.delay.saturating_add(Duration::from_millis(5)), ..first.clone() };
            return vec![first, second];
        }
        vec![first]
    }

    /// The faults that this request meets.
    fn draw(&self, index: usize, random: &mut Random) -> Faults {
        let mut faults = self.always[index];
        for (&fault, &probability) in &self.list[index].sometimes {
            if random.chance(probability) {
                faults.add(fault);
            }
        }
        faults
    }
}

impl Contacts {
    /// Whether an answer that is to leave by another endpoint than was asked never does.
    fn withheld(&self, faults: Faults, flow: (SocketAddr, SocketAddr), known_for: Duration, late: Duration) -> bool {
        let (from, to) = flow;
        let heard = || self.flows.iter().any(|(at, client)| at.ip() == from.ip() && client.ip() == to.ip());
        faults.has(Fault::StatefulEgress) && !self.flows.contains(&flow)
            || faults.has(Fault::LateChangeRequest) && known_for < late
            || faults.has(Fault::ChangeRequestForKnown) && !heard()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let Output { transport, source, destination, after, bytes } = output;
        Self { transport, source, destination, delay: after, bytes: (!bytes.is_empty()).then_some(bytes) }
    }
}

impl ServerConfig {
    fn serves(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }

    /// Whether its own firewall drops datagrams for that endpoint.
    fn closes(&self, destination: SocketAddr) -> bool {
        let family = if destination.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let has = |(primary, alternate): (SocketAddr, Option<SocketAddr>)| {
            primary.ip() == destination.ip() || alternate.is_some_and(|alternate| alternate.ip() == destination.ip())
        };
        self.closed_ports.contains(&destination.port()) && self.endpoints(family).is_some_and(has)
    }

    fn serves_streams(&self) -> bool {
        self.transports.iter().any(|transport| transport.is_stream())
    }
}
