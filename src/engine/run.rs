//! One run: poll for commands, feed inputs, wake at the time it names, take the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::chance::Chance;
use super::flight::{Flight, read_reply};
use super::pacing::Pacer;
use super::paths::Paths;
use super::patience::Schedule;
use super::sockets::Sockets;
use super::{Command, Input, LogEvent, Settings, SocketId, Time, millis};
use crate::probe::{Ask, Evidence, Exchange, Failure, FailureCode, Family, Lookup, Outcome, Probe, Server, Step, Stop};
use crate::stun::message::Class;
use crate::stun::{Message, ServerSpec, TransactionId, Transport};

/// Flights that were sent this often make the probes look again: a probe may want to try something else meanwhile.
const SENDS_WORTH_A_LOOK: usize = 4;

/// One run of a plan of probes. Drive it so: [`Engine::start`] once; then [`Engine::poll`], carry the commands out,
/// wait for an input until [`Engine::next_wake`], [`Engine::handle`] it, and again, until [`Engine::is_finished`].
pub struct Engine {
    settings: Settings,
    specs: Vec<ServerSpec>,
    plan: Vec<Box<dyn Probe>>,
    evidence: Evidence,
    log: Vec<LogEvent>,
    chance: Chance,
    pacer: Pacer,
    paths: Paths,
    sockets: Sockets,
    flights: BTreeMap<usize, Flight>,
    by_id: BTreeMap<TransactionId, usize>,
    labels: BTreeSet<String>,
    commands: Vec<Command>,
    lookups_pending: usize,
    lookups_begun: Time,
    retry_at: Option<Time>,
    dirty: bool,
    finished: bool,
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
            sockets: Sockets::default(),
            flights: BTreeMap::new(),
            by_id: BTreeMap::new(),
            labels: BTreeSet::new(),
            commands: Vec::new(),
            lookups_pending: 0,
            lookups_begun: Time::ZERO,
            retry_at: None,
            dirty: true,
            finished: false,
        }
    }

    /// Begins: every name is looked up at once.
    pub fn start(&mut self, now: Time, host_addresses: Vec<IpAddr>) {
        self.evidence.host_addresses = host_addresses;
        self.lookups_begun = now;
        for (server, spec) in self.specs.iter().enumerate() {
            for &transport in &self.settings.transports {
                // A `stuns:` URI means TLS and nothing else (RFC 7064 section 3.2); a host without a scheme means any transport.
                if spec.uri && spec.secure != (transport == Transport::Tls) {
                    let text =
                        format!("{} is not asked over {}: its scheme says otherwise", spec.text, transport.name());
                    let failure = Some(Failure { code: FailureCode::Other, text, by: None });
                    let lookup = Lookup { transport, addresses: Vec::new(), failure, duration_ms: 0.0 };
                    self.evidence.servers[server].lookups.push(lookup);
                    continue;
                }
                self.lookups_pending += 1;
                self.commands.push(Command::Resolve { server, spec: spec.clone(), transport });
            }
        }
    }

    /// What is to be done now.
    pub fn poll(&mut self, now: Time) -> Vec<Command> {
        if !self.finished && now >= self.settings.deadline {
            self.stop(now, Stop::Deadline);
        }
        if !self.finished {
            self.serve_flights(now);
            if self.dirty || self.retry_at.is_some_and(|at| at <= now) {
                self.consult(now);
                self.serve_flights(now);
            }
            let idle = self.flights.is_empty() && self.lookups_pending == 0 && self.retry_at.is_none() && !self.dirty;
            if idle {
                self.finish(now);
            }
        }
        std::mem::take(&mut self.commands)
    }

    /// When to poll again at the latest.
    #[must_use]
    pub fn next_wake(&self) -> Time {
        let flights = self.flights.values().map(Flight::wake);
        flights.chain(self.retry_at).fold(self.settings.deadline, Time::min)
    }

    /// Whether there is nothing more to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
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

    /// Takes in what the network tells.
    pub fn handle(&mut self, now: Time, input: Input) {
        if self.finished {
            return;
        }
        match input {
            Input::Resolved { server, transport, result } => self.resolved(now, server, transport, result),
            Input::Opened { socket, local } => {
                if let Some(entry) = self.sockets.get_mut(socket) {
                    entry.open = true;
                    entry.bound = Some(local);
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
            Input::Connected { .. } | Input::Handshake { .. } => {}
            Input::Interrupted => self.stop(now, Stop::Interrupted),
        }
    }

    fn resolved(&mut self, now: Time, server: usize, transport: Transport, result: Result<Vec<SocketAddr>, Failure>) {
        let Some(entry) = self.evidence.servers.get_mut(server) else { return };
        if entry.lookups.iter().any(|lookup| lookup.transport == transport) {
            return;
        }
        self.lookups_pending = self.lookups_pending.saturating_sub(1);
        let (addresses, failure) = match result {
            Ok(addresses) => (addresses, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        self.log.push(LogEvent::Resolved {
            at_ms: millis(now),
            server: entry.name.clone(),
            transport,
            addresses: addresses.clone(),
            failure: failure.clone(),
        });
        let duration_ms = millis(now.saturating_sub(self.lookups_begun));
        entry.lookups.push(Lookup { transport, addresses, failure, duration_ms });
        self.dirty = true;
    }

    fn received(&mut self, now: Time, socket: SocketId, source: SocketAddr, bytes: &[u8]) {
        let message = match Message::read(bytes) {
            Ok(message) => message,
            Err(error) => {
                let stream = self.sockets.get(socket).is_some_and(|entry| entry.stream);
                if stream {
                    let failure = Failure { code: FailureCode::NotStun, text: error.to_string(), by: None };
                    self.failed(now, socket, None, &failure);
                } else {
                    self.stray(now, source, error.to_string());
                }
                return;
            }
        };
        let Some(&index) = self.by_id.get(&message.id) else {
            return self.stray(now, source, "no transaction of this run".to_owned());
        };
        let asked_from = &self.evidence.exchanges[index].socket;
        let arrived_on = self.sockets.get(socket).map_or("", |entry| entry.name.as_str());
        let outcome = match message.class {
            Class::Success | Class::Error if asked_from == arrived_on => None,
            // Our own request on another of our sockets: something turned it round.
            Class::Request if asked_from != arrived_on => {
                Some(Outcome::Looped { source, socket: arrived_on.to_owned(), rtt_ms: 0.0, over: None })
            }
            _ => return self.stray(now, source, "a message of ours on a socket where it does not belong".to_owned()),
        };
        // An ICMP error may have been forged, or passing: a true answer after it outweighs it (RFC 8445 section 7.2.5.2.2).
        let pending = matches!(
            self.evidence.exchanges[index].outcome,
            Outcome::Pending | Outcome::Silence { .. } | Outcome::Failed(Failure { by: Some(_), .. })
        );
        if !pending {
            return self.stray(now, source, "one more answer to an answered question".to_owned());
        }
        let outcome = outcome.unwrap_or_else(|| {
            let server = self.evidence.exchanges[index].server;
            let started = self.evidence.exchanges[index].started_ms;
            let rtt = match self.flights.get(&index) {
                Some(flight) => self.paths.answered(server, &flight.sent, now),
                // Later than the wait: still an answer, and a measure of how long this path can take.
                None => now.saturating_sub(Time::from_secs_f64(started / 1e3)),
            };
            Outcome::Reply(read_reply(&message, source, rtt))
        });
        self.settle(now, index, outcome);
    }

    fn failed(&mut self, now: Time, socket: SocketId, remote: Option<SocketAddr>, failure: &Failure) {
        if remote.is_none()
            && let Some(entry) = self.sockets.get_mut(socket)
        {
            entry.dead = Some(failure.clone());
        }
        let concerned =
            |flight: &Flight| flight.socket == socket && remote.is_none_or(|remote| remote == flight.remote);
        let indexes: Vec<_> =
            self.flights.iter().filter(|(_, flight)| concerned(flight)).map(|(&index, _)| index).collect();
        for index in indexes {
            self.settle(now, index, Outcome::Failed(failure.clone()));
        }
    }

    fn stray(&mut self, now: Time, source: SocketAddr, text: String) {
        self.evidence.strays = self.evidence.strays.saturating_add(1);
        self.log.push(LogEvent::Stray { at_ms: millis(now), source, text });
    }

    fn settle(&mut self, now: Time, index: usize, outcome: Outcome) {
        if let Some(flight) = self.flights.remove(&index) {
            self.close_stream(flight.socket);
        }
        let exchange = &mut self.evidence.exchanges[index];
        exchange.ended_ms = Some(millis(now));
        exchange.outcome = outcome;
        let server = self.evidence.servers.get(exchange.server).map_or_else(String::new, |server| server.name.clone());
        self.log.push(LogEvent::Settled { at_ms: millis(now), server, exchange: Box::new(exchange.clone()) });
        self.dirty = true;
    }

    /// A connection that has served its one question is closed at once: hundreds of servers would use up the descriptors.
    fn close_stream(&mut self, socket: SocketId) {
        let done = self.sockets.get(socket).is_some_and(|entry| entry.stream && !entry.shared);
        if done && self.flights.values().all(|flight| flight.socket != socket) {
            self.commands.push(Command::Close { socket });
        }
    }

    fn stop(&mut self, now: Time, reason: Stop) {
        self.evidence.stopped = Some(reason);
        self.log.push(LogEvent::Stopped { at_ms: millis(now), reason });
        self.finish(now);
    }

    /// Settles what is still open as neither an answer nor a silence, and closes everything.
    fn finish(&mut self, now: Time) {
        let open: Vec<_> = self.flights.keys().copied().collect();
        for index in open {
            let waited_ms = millis(now) - self.evidence.exchanges[index].started_ms;
            self.settle(now, index, Outcome::Abandoned { waited_ms });
        }
        self.commands.extend(self.sockets.ids().map(|socket| Command::Close { socket }));
        self.evidence.elapsed_ms = millis(now);
        self.retry_at = None;
        self.finished = true;
    }

    /// Sends what is due and gives up what has waited long enough.
    fn serve_flights(&mut self, now: Time) {
        let due: Vec<_> =
            self.flights.iter().filter(|(_, flight)| flight.wake() <= now).map(|(&index, _)| index).collect();
        for index in due {
            let Some(flight) = self.flights.get_mut(&index) else { continue };
            if flight.end() <= now {
                let exchange = &self.evidence.exchanges[index];
                let waited_ms = millis(now) - exchange.started_ms;
                self.settle(now, index, Outcome::Silence { waited_ms });
                continue;
            }
            // After a long wait several sends may be due: one is enough, the rest of the schedule moves with it.
            let Some(begun) = flight.begun else { continue };
            let planned = begun + flight.schedule.sends[flight.sent.len()];
            flight.begun = Some(begun + now.saturating_sub(planned));
            flight.sent.push(now);
            let exchange = &mut self.evidence.exchanges[index];
            exchange.sends = exchange.sends.saturating_add(1);
            self.dirty |= flight.sent.len() >= SENDS_WORTH_A_LOOK;
            self.log.push(LogEvent::Sent {
                at_ms: millis(now),
                exchange: exchange.id.clone(),
                ask: exchange.ask.clone(),
                remote: flight.remote,
                sends: exchange.sends,
            });
            self.commands.push(Command::Send {
                socket: flight.socket,
                remote: flight.remote,
                bytes: flight.bytes.clone(),
            });
        }
    }

    /// Asks every probe what it wants and starts what may be started.
    fn consult(&mut self, now: Time) {
        self.dirty = false;
        self.retry_at = None;
        self.evidence.elapsed_ms = millis(now);
        let steps: Vec<Step> = self.plan.iter().map(|probe| probe.next(&self.evidence)).collect();
        if steps.iter().all(|step| step.done) {
            return self.finish(now);
        }
        for (owner, step) in steps.iter().enumerate() {
            for ask in &step.asks {
                let quarantined = steps.iter().enumerate().any(|(other, step)| {
                    other != owner && step.quarantine.iter().any(|quarantine| quarantine.covers(ask.remote))
                });
                if quarantined || self.labels.contains(&ask.label) {
                    continue;
                }
                match self.pacer.claim(ask.server, Family::of(ask.remote), now) {
                    Ok(()) => self.launch(now, ask),
                    Err(later) => self.retry_at = Some(self.retry_at.map_or(later, |at| at.min(later))),
                }
            }
        }
    }

    fn launch(&mut self, now: Time, ask: &Ask) {
        self.labels.insert(ask.label.clone());
        let (socket, open) = self.sockets.for_ask(ask, self.specs.get(ask.server), &mut self.chance);
        self.commands.extend(open);
        let entry = self.sockets.get(socket);
        let index = self.evidence.exchanges.len();
        let udp = ask.transport == Transport::Udp;
        let schedule = if udp {
            Schedule::new(ask.patience, self.paths.rtt(ask.server), self.settings.thorough, &mut self.chance)
        } else {
            Schedule::stream(self.settings.thorough)
        };
        self.evidence.exchanges.push(Exchange {
            id: format!("e{}", index + 1),
            ask: ask.label.clone(),
            server: ask.server,
            socket: ask.socket.clone(),
            transport: ask.transport,
            local: entry.and_then(|entry| entry.local(ask.remote)),
            remote: ask.remote,
            request: ask.request.clone(),
            sends: 0,
            paced: schedule.paced,
            started_ms: millis(now),
            ended_ms: None,
            copies: 0,
            outcome: Outcome::Pending,
        });
        let id = self.chance.transaction_id();
        self.by_id.insert(id, index);
        let begun = entry.filter(|entry| entry.open).map(|_| now);
        let dead = entry.and_then(|entry| entry.dead.clone());
        let bytes = ask.request.encode(id);
        self.flights.insert(
            index,
            Flight { socket, remote: ask.remote, bytes, schedule, begun, created: now, sent: Vec::new() },
        );
        if let Some(failure) = dead {
            self.settle(now, index, Outcome::Failed(failure));
        }
    }
}
