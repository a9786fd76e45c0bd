//! One run: poll for commands, feed inputs, wake at the time it names, take the evidence.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::chance::Chance;
use super::flight::Flight;
use super::pacing::Pacer;
use super::paths::Paths;
use super::sockets::Sockets;
use super::{Command, Found, Input, Machine, Settings, SocketId, Time, millis, names};
use crate::evidence::gate::Gate;
use crate::evidence::{
    Connection, Evidence, Failure, FailureCode, LogEvent, Lookup, PlatformLimit, Probe, Server, Stop,
};
use crate::wire::{ServerSpec, Service, TransactionId, Transport};

/// One run of a plan of probes. [`Engine::start`] begins it; from there on it is a [`Machine`].
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) specs: Vec<ServerSpec>,
    pub(super) plan: Vec<Box<dyn Probe>>,
    pub(super) evidence: Evidence,
    pub(super) log: Vec<LogEvent>,
    pub(super) chance: Chance,
    pub(super) pacer: Pacer,
    pub(super) paths: Paths,
    pub(super) gate: Gate,
    pub(super) sockets: Sockets,
    pub(super) flights: BTreeMap<usize, Flight>,
    pub(super) by_id: BTreeMap<TransactionId, usize>,
    pub(super) commands: Vec<Command>,
    pub(super) lookups_pending: usize,
    lookups_begun: Time,
    pub(super) retry_at: Option<Time>,
    pub(super) dirty: bool,
    /// The run was stopped and probes say farewell, at most until then.
    pub(super) farewell_until: Option<Time>,
    /// The time for farewells before the deadline has begun.
    pub(super) last_look: bool,
    pub(super) finished: bool,
}

impl Engine {
    /// A run of these probes against these servers.
    #[must_use]
    pub fn new(settings: Settings, servers: Vec<ServerSpec>, plan: Vec<Box<dyn Probe>>) -> Self {
        let names = servers.iter().map(|spec| Server { name: spec.text.clone(), lookups: Vec::new() }).collect();
        Self {
            chance: Chance::new(settings.seed),
            settings,
            specs: servers,
            plan,
            evidence: Evidence { servers: names, ..Evidence::default() },
            log: Vec::new(),
            pacer: Pacer::default(),
            paths: Paths::default(),
            gate: Gate::default(),
            sockets: Sockets::default(),
            flights: BTreeMap::new(),
            by_id: BTreeMap::new(),
            commands: Vec::new(),
            lookups_pending: 0,
            lookups_begun: Time::ZERO,
            retry_at: None,
            dirty: true,
            farewell_until: None,
            last_look: false,
            finished: false,
        }
    }

    /// Notes what the host's system does not tell a program.
    pub fn limit(&mut self, limits: &[PlatformLimit]) {
        self.evidence.platform_limits = limits.to_vec();
    }

    /// Begins: every name is looked up at once.
    pub fn start(&mut self, now: Time, host_addresses: Vec<IpAddr>) {
        self.evidence.host_addresses = host_addresses;
        self.lookups_begun = now;
        for (server, spec) in self.specs.iter().enumerate() {
            for &transport in spec.transports.as_ref().unwrap_or(&self.settings.transports) {
                // A `stuns:` URI means TLS and nothing else (RFC 7064 section 3.2); a host without a scheme means any transport.
                if spec.service == Service::Stun && spec.uri && spec.secure != transport.is_secure() {
                    let text =
                        format!("{} is not asked over {}: its scheme says otherwise", spec.text, transport.name());
                    let failure = Some(Failure { code: FailureCode::Other, text, by: None });
                    let lookup =
                        Lookup { transport, addresses: Vec::new(), failure, refused: Vec::new(), duration_ms: 0.0 };
                    self.evidence.servers[server].lookups.push(lookup);
                    continue;
                }
                self.lookups_pending += 1;
                self.commands.push(Command::Resolve { server, spec: spec.clone(), transport });
            }
        }
    }

    /// What happened since the last call.
    pub fn take_log(&mut self) -> Vec<LogEvent> {
        std::mem::take(&mut self.log)
    }

    /// What was seen.
    #[must_use]
    pub fn into_evidence(self) -> Evidence {
        self.evidence
    }

    /// Notes something about the connection of a socket.
    pub(super) fn connection(&mut self, socket: SocketId, note: impl FnOnce(&mut Connection)) {
        let index = self.sockets.get(socket).and_then(|entry| entry.connection);
        if let Some(connection) = index.and_then(|index| self.evidence.connections.get_mut(index)) {
            note(connection);
        }
    }

    /// Looks a name up that is no server's; once in a run.
    pub(super) fn look_up(&mut self, name: &str) {
        if self.evidence.names.iter().any(|known| known.name == name) {
            return;
        }
        let Ok(spec) = ServerSpec::parse(name) else { return };
        // It is resolved as the servers are, behind the last of them.
        let server = self.specs.len();
        self.specs.push(spec.clone());
        self.evidence.names.push(Server { name: name.to_owned(), lookups: Vec::new() });
        self.lookups_pending += 1;
        self.commands.push(Command::Resolve { server, spec, transport: Transport::Udp });
    }

    fn resolved(&mut self, now: Time, server: usize, transport: Transport, result: Result<Found, Failure>) {
        let Some(spec) = self.specs.get(server) else { return };
        let Some(entry) = self.evidence.servers.iter_mut().chain(&mut self.evidence.names).nth(server) else { return };
        if entry.lookups.iter().any(|lookup| lookup.transport == transport) {
            return;
        }
        self.lookups_pending = self.lookups_pending.saturating_sub(1);
        let duration_ms = millis(now.saturating_sub(self.lookups_begun));
        let lookup = names::lookup(spec, transport, result, duration_ms);
        self.log.push(LogEvent::Resolved {
            at_ms: millis(now),
            server: entry.name.clone(),
            transport,
            addresses: lookup.addresses.clone(),
            failure: lookup.failure.clone(),
        });
        entry.lookups.push(lookup);
        self.dirty = true;
    }
}

impl Machine for Engine {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        if !self.finished && self.farewell_until.is_none() && self.is_due(now) {
            self.stop(now, Stop::Deadline);
        }
        if let Some(until) = self.farewell_until.filter(|_| !self.finished) {
            self.serve_flights(now);
            if self.dirty && now < until {
                self.farewell(now);
                self.serve_flights(now);
            }
            if now >= until || self.flights.is_empty() {
                self.finish(now);
            }
        } else if !self.finished {
            self.serve_flights(now);
            if self.dirty || self.retry_at.is_some_and(|at| at <= now) {
                self.consult(now);
                self.serve_flights(now);
            }
            let waits = self.lookups_pending > 0 || self.evidence.bound.iter().any(|bound| !bound.settled());
            let idle = self.flights.is_empty() && !waits && self.retry_at.is_none() && !self.dirty;
            if idle {
                self.finish(now);
            }
        }
        std::mem::take(&mut self.commands)
    }

    fn next_wake(&self) -> Time {
        // Something changed that the probes have not looked at (a connection that died settles its exchanges at once): no input may
        // follow that would wake the engine, so it wakes by itself.
        if self.dirty {
            return Time::ZERO;
        }
        let flights = self.flights.values().map(Flight::wake);
        let end = if self.last_look { self.settings.deadline } else { self.settings.last_look() };
        let end = self.farewell_until.unwrap_or(end);
        flights.chain(self.retry_at).fold(end, Time::min)
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn handle(&mut self, now: Time, input: Input) {
        if self.finished {
            return;
        }
        match input {
            Input::Resolved { server, transport, result } => self.resolved(now, server, transport, result),
            Input::Connected { socket, local } => {
                self.connection(socket, |connection| {
                    connection.connected_ms = Some(millis(now));
                    connection.local = Some(local);
                });
            }
            Input::Handshake { socket, facts } => self.connection(socket, |connection| connection.tls = Some(*facts)),
            Input::Opened { socket, local } => {
                self.connection(socket, |connection| {
                    connection.opened_ms = Some(millis(now));
                    connection.local = Some(local);
                    if connection.transport == Transport::Tcp {
                        connection.connected_ms.get_or_insert(millis(now));
                    }
                });
                self.dirty |= self.sockets.get(socket).is_some_and(|entry| entry.connection.is_some());
                if let Some(entry) = self.sockets.get_mut(socket) {
                    entry.open = true;
                    entry.bound = Some(local);
                    let name = &entry.name;
                    if let Some(bound) = self.evidence.bound.iter_mut().find(|bound| bound.socket == *name) {
                        (bound.local, bound.opened_ms) = (Some(local), Some(millis(now)));
                        self.dirty = true;
                    }
                    for (&index, flight) in self.flights.iter_mut().filter(|(_, flight)| flight.socket == socket) {
                        flight.begun.get_or_insert(now);
                        let exchange = &mut self.evidence.exchanges[index];
                        exchange.local = exchange.local.or_else(|| entry.local(flight.remote));
                    }
                }
            }
            Input::Local { socket, remote, local } => {
                if let Some(entry) = self.sockets.get_mut(socket) {
                    entry.locals.insert(remote, local);
                }
                for (&index, flight) in &self.flights {
                    if flight.socket == socket && flight.remote == remote {
                        self.evidence.exchanges[index].local = Some(local);
                    }
                }
            }
            Input::Received { socket, source, bytes } => self.received(now, socket, source, &bytes),
            Input::Failed { socket, remote, failure } => self.failed(now, socket, remote, &failure),
            Input::NameServers(servers) => {
                self.lookups_pending = self.lookups_pending.saturating_sub(1);
                self.evidence.name_servers = Some(servers);
                self.dirty = true;
            }
            Input::Interrupted => self.stop(now, Stop::Interrupted),
        }
    }
}
