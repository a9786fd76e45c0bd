//! A small builder of evidence for tests: the servers of one family, and exchanges with them named as they are written in a report.

use std::net::SocketAddr;

use crate::evidence::key::{ControlKey, FamilySocket, HairpinStep, NatKey, NatTest, Reach, SocketName};
use crate::evidence::{Ask, Evidence, Exchange, Failure, FailureCode, Key, Lookup, Outcome, Reply, Server, Stop};
use crate::wire::{Control, Request, Transport};

/// This host, as it sees itself.
pub(super) const HOST: &str = "192.168.1.23";
/// Where the NAT's packets come from.
pub(super) const NAT: &str = "203.0.113.7";

/// What one run saw.
pub(super) struct Scene {
    pub(super) seen: Evidence,
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A server whose name leads there over UDP and TCP.
fn server(at: &str) -> Server {
    let lookup = |transport| Lookup {
        transport,
        addresses: vec![address(at)],
        failure: None,
        refused: Vec::new(),
        duration_ms: 1.0,
    };
    Server { name: at.to_owned(), lookups: [Transport::Udp, Transport::Tcp].map(lookup).into() }
}

/// The socket that the probes ask it from.
fn socket(key: NatKey) -> SocketName {
    let shared = match key.test {
        NatTest::Filtering { server, port, .. } => {
            return SocketName::Filtering { family: key.family, server, port };
        }
        NatTest::Reach(Reach::Tcp, _) | NatTest::Ports(_) | NatTest::Tcp { .. } => {
            return SocketName::Nat(key);
        }
        NatTest::MappingRepeated { .. } => FamilySocket::SecondMapping,
        NatTest::Control(_) => FamilySocket::Control,
        NatTest::Hairpin(HairpinStep::LearnX | HairpinStep::XToY) => FamilySocket::HairpinX,
        NatTest::Hairpin(HairpinStep::LearnY | HairpinStep::YToX) => FamilySocket::HairpinY,
        NatTest::Reach(..) | NatTest::Mapping { .. } | NatTest::MappingAgain { .. } => FamilySocket::Main,
    };
    shared.over(key.family)
}

fn control(key: NatKey) -> Option<Control> {
    let NatTest::Control(control) = key.test else { return None };
    Some(match control {
        ControlKey::Rfc3489(_) => Control::Rfc3489,
        ControlKey::OtherPort(..) => Control::OtherPort,
        ControlKey::Again(_) => Control::Again,
        ControlKey::Dns(_) => Control::Dns,
    })
}

impl Scene {
    /// Servers at these addresses, of which none was asked.
    pub(super) fn of(servers: &[&str]) -> Self {
        let host_addresses = ["127.0.0.1", HOST].map(|ip| ip.parse().expect("an address")).to_vec();
        let servers = servers.iter().map(|at| server(at)).collect();
        Self { seen: Evidence { host_addresses, servers, ..Evidence::default() } }
    }

    /// An exchange of that name, from local port 40000, under way.
    pub(super) fn asks(&mut self, name: &str, remote: &str) -> &mut Exchange {
        let Key::Nat(key) = Key::from(name) else { panic!("{name} is no name of classify") };
        let remote = address(remote);
        let is_its = |server: &Server| server.lookups.iter().any(|one| one.addresses[0].ip() == remote.ip());
        let server = self.seen.servers.iter().position(is_its).unwrap_or_default();
        let number = self.seen.exchanges.len();
        let over_tcp = matches!(socket(key), SocketName::Nat(_)) && !matches!(key.test, NatTest::Ports(_));
        let ask = Ask {
            transport: if over_tcp { Transport::Tcp } else { Transport::Udp },
            request: Request { control: control(key), ..Request::default() }.into(),
            ..Ask::binding(Key::Nat(key), server, socket(key), remote)
        };
        let at_ms = 10.0 * f64::from(u32::try_from(number).expect("few exchanges"));
        let local = Some(SocketAddr::new(self.seen.host_addresses[1], 40_000));
        let begun = Exchange { local, sends: 1, ..Exchange::begun(format!("e{}", number + 1), &ask, at_ms) };
        self.seen.exchanges.push(begun);
        &mut self.seen.exchanges[number]
    }

    /// It was answered, with that mapped address.
    pub(super) fn told(&mut self, name: &str, remote: &str, mapped: &str) -> &mut Exchange {
        let exchange = self.asks(name, remote);
        let reply = Reply { rtt_ms: 20.0, mapped: Some(address(mapped)), ..Reply::from_source(exchange.remote) };
        exchange.ended_ms = Some(exchange.started_ms + 20.0);
        exchange.outcome = Outcome::Reply(reply);
        exchange
    }

    /// The same by a server that names a second address.
    pub(super) fn told_by_capable(&mut self, name: &str, remote: &str, mapped: &str, other: &str) {
        if let Outcome::Reply(reply) = &mut self.told(name, remote, mapped).outcome {
            reply.other = Some(address(other));
        }
    }

    /// It was waited for to the end, and nothing came.
    pub(super) fn silent(&mut self, name: &str, remote: &str) {
        let exchange = self.asks(name, remote);
        (exchange.sends, exchange.ended_ms) = (9, Some(exchange.started_ms + 3_000.0));
        exchange.outcome = Outcome::Silence { waited_ms: 3_000.0 };
    }

    /// It was refused, by that host or by this one's own system.
    pub(super) fn refused(&mut self, name: &str, remote: &str, code: FailureCode, by: Option<&str>) {
        let exchange = self.asks(name, remote);
        let by = by.map(|by| by.parse().expect("an address"));
        exchange.outcome = Outcome::Failed(Failure { code, text: "as the system words it".to_owned(), by });
    }

    /// It came in on another socket of this host, from there.
    pub(super) fn looped(&mut self, name: &str, remote: &str, source: &str) {
        let exchange = self.asks(name, remote);
        let socket = SocketName::from("ipv4/hairpin/y");
        exchange.outcome = Outcome::Looped { source: address(source), socket, rtt_ms: 1.0, over: None };
    }

    pub(super) fn stopped(mut self, stop: Stop) -> Self {
        self.seen.stopped = Some(stop);
        self
    }
}
