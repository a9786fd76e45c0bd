//! The servers of the simulated internet: where they listen, what becomes of a packet for them.

mod answer;
mod config;
mod fault;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

pub use config::{ServerConfig, Style};
pub use fault::{Fault, Faults};

use super::link::millis;
use super::random::Random;
use crate::probe::Family;
use crate::stun::message::BINDING;
use crate::stun::{Class, Message, Transport};

/// One of the four points at which a server with two addresses and two ports listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    other_ip: bool,
    other_port: bool,
}

/// What a server does about a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where it comes from; of no account on a stream.
    pub source: SocketAddr,
    /// Where it is sent; of no account on a stream.
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
        };
        for (index, server) in list.iter().enumerate() {
            for family in [Family::Ipv4, Family::Ipv6] {
                let Some((primary, alternate)) = server.endpoints(family) else { continue };
                let other = alternate.unwrap_or(primary);
                for (other_ip, other_port) in [(false, false), (false, true), (true, false), (true, true)] {
                    let ip = if other_ip { other.ip() } else { primary.ip() };
                    let port = if other_port { other.port() } else { primary.port() };
                    let point = Point { other_ip, other_port };
                    servers.addresses.insert(ip);
                    servers.points.entry(SocketAddr::new(ip, port)).or_insert((index, point));
                    if server.transports.contains(&Transport::Tls) {
                        servers.secure.entry(SocketAddr::new(ip, server.tls_port)).or_insert((index, point));
                    }
                }
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
        } else if faults.has(Fault::Refused) || !(http || server.serves_streams()) {
            Welcome::Refused(delay)
        } else if transport == Transport::Tls && (http || !server.transports.contains(&Transport::Tls)) {
            Welcome::NoTls(delay)
        } else {
            Welcome::Open(delay)
        }
    }

    /// A message arrives: over UDP a datagram, over a connection one message.
    pub fn receive(
        &self,
        transport: Transport,
        source: SocketAddr,
        destination: SocketAddr,
        bytes: &[u8],
        random: &mut Random,
    ) -> Vec<Answer> {
        let back = |delay, bytes| vec![Answer { source: destination, destination: source, delay, bytes }];
        let secure = if transport == Transport::Tls { self.secure.get(&destination) } else { None };
        let Some(&(index, point)) = self.points.get(&destination).or(secure) else {
            return if self.addresses.contains(&destination.ip()) { back(Duration::ZERO, None) } else { Vec::new() };
        };
        let (server, faults) = (&self.list[index], self.draw(index, random));
        let delay = millis(server.rtt_ms);
        if faults.kill(point) {
            return Vec::new();
        }
        let is_stream = transport != Transport::Udp;
        if faults.has(Fault::Http) && is_stream {
            return back(delay, Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()));
        }
        let listens = is_stream || server.transports.contains(&Transport::Udp);
        if faults.has(Fault::Refused) || faults.has(Fault::Http) || !listens {
            return back(delay, None);
        }
        let Ok(request) = Message::read(bytes) else { return Vec::new() };
        if request.class != Class::Request || request.method != BINDING {
            return Vec::new();
        }
        let question = answer::Question { server, faults, request: &request, source, destination, point, is_stream };
        let Some((reply_source, reply_destination, bytes)) = question.answer(random) else { return Vec::new() };
        let late = if faults.has(Fault::Late) { millis(server.late_ms) } else { Duration::ZERO };
        let first = Answer {
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

impl Faults {
    /// Whether nobody is at that point.
    fn kill(self, point: Point) -> bool {
        self.has(Fault::Dead)
            || (self.has(Fault::DeadAlternate) && point.other_ip)
            || (self.has(Fault::DeadAlternatePort) && point.other_port)
    }
}

impl ServerConfig {
    fn serves_streams(&self) -> bool {
        self.transports.iter().any(|&transport| transport != Transport::Udp)
    }

    /// The address and port of one of its points.
    fn at(&self, family: Family, point: Point) -> Option<SocketAddr> {
        let (primary, alternate) = self.endpoints(family)?;
        let other = alternate.unwrap_or(primary);
        let ip = if point.other_ip { other.ip() } else { primary.ip() };
        Some(SocketAddr::new(ip, if point.other_port { other.port() } else { primary.port() }))
    }
}

/// An address in the documentation ranges that no server has.
fn unrelated(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::new(198, 51, 100, 250).into(),
        Family::Ipv6 => Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 0x250).into(),
    }
}
