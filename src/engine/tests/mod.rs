//! The engine alone: inputs in, commands and evidence out, on a network that does nothing by itself.

mod ending;
mod hand_over;
mod incoming;
mod outgoing;

use std::net::SocketAddr;
use std::time::Duration;

use super::{Command, Engine, Found, Input, Machine, Settings, SocketId, Time};
use crate::evidence::{Ask, Evidence, Exchange, Key, LogEvent, Patience, Probe, Step};
use crate::wire::stun::attribute::XOR_MAPPED_ADDRESS;
use crate::wire::stun::message::{BINDING, Class};
use crate::wire::{ServerSpec, TransactionId, Transport, Writer};

/// A question that is a closure.
struct Asking<F>(F);

impl<F: Fn(&Evidence) -> Step> Probe for Asking<F> {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
        vec![(self.0)(seen)]
    }
}

/// A question that is done when everything it wants has its outcome.
fn wanting(asks: Vec<Ask>) -> Box<dyn Probe> {
    Box::new(Asking(move |seen: &Evidence| {
        let done = asks.iter().all(|ask| seen.find(&ask.key).is_some_and(Exchange::settled));
        Step { asks: asks.clone(), done, ..Step::default() }
    }))
}

fn key(name: &str) -> Key {
    Key::Other(name.to_owned())
}

/// The address of a server.
fn server(index: usize) -> SocketAddr {
    format!("192.0.2.{}:3478", 10 + index).parse().expect("an address")
}

/// A Binding to the first server, from a socket of that name.
fn binding(name: &str, socket: &str) -> Ask {
    Ask::binding(key(name), 0, socket, server(0))
}

fn ms(value: u64) -> Time {
    Duration::from_millis(value)
}

/// One message that was sent.
#[derive(Clone, Debug)]
struct Sent {
    at: Time,
    socket: SocketId,
    remote: SocketAddr,
    bytes: Vec<u8>,
}

impl Sent {
    fn id(&self) -> TransactionId {
        TransactionId(self.bytes[8..20].try_into().expect("a STUN header"))
    }

    /// A success response to it.
    fn response(&self) -> Vec<u8> {
        let mapped = "203.0.113.7:50000".parse().expect("an address");
        Writer::new(Class::Success, BINDING, self.id(), None).xor_address(XOR_MAPPED_ADDRESS, mapped).finish()
    }
}

/// An engine, and what it did so far.
struct Bench {
    engine: Engine,
    now: Time,
    sent: Vec<Sent>,
    opened: Vec<(SocketId, Transport)>,
    closed: Vec<SocketId>,
    name_servers_asked: usize,
    log: Vec<LogEvent>,
}

impl Bench {
    /// A run of these probes; two servers, whose names are known from the start.
    fn new(plan: Vec<Box<dyn Probe>>) -> Self {
        Self::with(Settings::default(), plan)
    }

    fn with(settings: Settings, plan: Vec<Box<dyn Probe>>) -> Self {
        let specs = ["one.example.net", "two.example.net"].map(|name| ServerSpec::parse(name).expect("a server"));
        let mut engine = Engine::new(settings, specs.into(), plan);
        engine.start(Time::ZERO, vec!["10.0.0.2".parse().expect("an address")]);
        for index in 0..2 {
            let result = Ok(Found::from(vec![server(index)]));
            engine.handle(Time::ZERO, Input::Resolved { server: index, transport: Transport::Udp, result });
        }
        let (sent, opened, closed, log) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut bench = Self { engine, now: Time::ZERO, sent, opened, closed, name_servers_asked: 0, log };
        bench.run_to(Time::ZERO);
        bench
    }

    /// Lets time pass until then, and carries out what the engine wants as it comes up.
    fn run_to(&mut self, until: Time) {
        // However long it is, a run does not turn round for ever at one moment.
        for _ in 0..10_000 {
            self.poll();
            let wake = self.engine.next_wake();
            if self.engine.is_finished() || wake > until {
                self.now = until.max(self.now);
                return;
            }
            self.now = wake.max(self.now);
        }
        panic!("it does not come to rest at {:?}", self.now);
    }

    fn run_on(&mut self, time: Duration) {
        self.run_to(self.now + time);
    }

    fn poll(&mut self) {
        for command in self.engine.poll(self.now) {
            match command {
                // That was answered before it was asked.
                Command::Resolve { .. } => {}
                Command::NameServers => self.name_servers_asked += 1,
                Command::Open { socket, spec } => self.opened.push((socket, spec.transport)),
                Command::Send { socket, remote, bytes } => self.sent.push(Sent { at: self.now, socket, remote, bytes }),
                Command::Close { socket } => self.closed.push(socket),
            }
        }
        self.log.extend(self.engine.take_log());
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.run_to(self.now);
    }

    fn receive(&mut self, socket: SocketId, source: SocketAddr, bytes: Vec<u8>) {
        self.handle(Input::Received { socket, source, bytes });
    }

    /// The server that was asked answers.
    fn answer(&mut self, sent: &Sent) {
        self.receive(sent.socket, sent.remote, sent.response());
    }

    /// What was sent to that address.
    fn sent_to(&self, remote: SocketAddr) -> Vec<Sent> {
        self.sent.iter().filter(|sent| sent.remote == remote).cloned().collect()
    }

    fn last_sent(&self) -> Sent {
        self.sent.last().expect("something was sent").clone()
    }

    fn seen(&self) -> &Evidence {
        &self.engine.evidence
    }

    fn exchange(&self, name: &str) -> &Exchange {
        self.seen().find(&key(name)).expect("it was asked")
    }
}
