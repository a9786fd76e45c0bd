//! What goes out: the asks of the probes become messages, signed and wrapped as they say, sent when they are due.

use std::time::Duration;

use super::codec::Codec;
use super::flight::Flight;
use super::patience::Schedule;
use super::run::Engine;
use super::{Command, SocketId, Time, from_millis, millis};
use crate::evidence::gate::{Gate, Standing};
use crate::evidence::{Ask, Bind, BoundSocket, Connection, Exchange, Failure, LogEvent, Outcome, Patience, Step};
use crate::wire::stun::relay;
use crate::wire::{Family, Key, Method};

/// Flights that were sent this often make the probes look again: a probe may want to try something else meanwhile.
const SENDS_WORTH_A_LOOK: usize = 4;

/// How far beyond a relay a peer may be, there and back, while nothing is known of it.
const BEYOND_THE_RELAY: Duration = Duration::from_millis(20);

/// Through a relay and back from somewhere else is longer than to the server and back.
pub(super) fn beyond_the_relay(rtt: Duration) -> Duration {
    rtt * 2 + BEYOND_THE_RELAY
}

/// Longer round trips make the usual schedule patient enough.
const SLOW: Duration = Duration::from_millis(300);

impl Engine {
    /// Sends what is due and gives up what has waited long enough.
    pub(super) fn serve_flights(&mut self, now: Time) {
        let due: Vec<_> =
            self.flights.iter().filter(|(_, flight)| flight.wake() <= now).map(|(&index, _)| index).collect();
        for index in due {
            let Some(flight) = self.flights.get_mut(&index) else { continue };
            if flight.end() <= now {
                let exchange = &self.evidence.exchanges[index];
                let waited_ms = millis(now) - exchange.started_ms;
                // An unsigned or wrongly signed response was set aside for a better one; none came, so it is the outcome.
                let outcome = match flight.aside.take() {
                    Some(reply) => Outcome::Reply(*reply),
                    None if flight.sent.is_empty() && flight.withheld > 0 => {
                        Outcome::Failed(Gate::exhausted(flight.remote))
                    }
                    None => Outcome::Silence { waited_ms },
                };
                self.settle(now, index, outcome);
                self.end_series(now, index);
                continue;
            }
            // After a long wait several sends may be due: one is enough, the rest of the schedule moves with it.
            let Some(begun) = flight.begun else { continue };
            let planned = begun + flight.schedule.sends[flight.turn()];
            flight.begun = Some(begun + now.saturating_sub(planned));
            if flight.standing == Standing::Named && !self.gate.spend(flight.remote.ip()) {
                flight.withheld += 1;
                continue;
            }
            let beside: Vec<_> = self.flights.iter().filter(|(_, flight)| flight.beside == Some(index)).collect();
            let together: Vec<_> = beside.into_iter().map(|(&other, _)| other).chain([index]).collect();
            for index in together {
                self.send(now, index);
            }
        }
    }

    fn send(&mut self, now: Time, index: usize) {
        let Some(flight) = self.flights.get_mut(&index) else { return };
        flight.sent.push(now);
        let exchange = &mut self.evidence.exchanges[index];
        exchange.sends = exchange.sends.saturating_add(1);
        if flight.series {
            exchange.sent_ms.push(millis(now));
        }
        self.dirty |= !flight.series && flight.sent.len() >= SENDS_WORTH_A_LOOK;
        self.log.push(LogEvent::Sent {
            at_ms: millis(now),
            exchange: exchange.id.clone(),
            ask: exchange.ask.clone(),
            remote: flight.remote,
            sends: exchange.sends,
        });
        self.commands.push(Command::Send { socket: flight.socket, remote: flight.remote, bytes: flight.bytes.clone() });
    }

    /// Asks every probe what it wants and starts what may be started.
    pub(super) fn consult(&mut self, now: Time) {
        self.dirty = false;
        self.retry_at = None;
        self.evidence.elapsed_ms = millis(now);
        let steps: Vec<Step> = self.plan.iter().flat_map(|probe| probe.next(&self.evidence)).collect();
        for leader in steps.iter().flat_map(|step| &step.enough) {
            if let Some(leader) = self.evidence.exchanges.position(leader) {
                self.end_series(now, leader);
            }
        }
        for bind in steps.iter().flat_map(|step| &step.binds) {
            self.bind(bind);
        }
        for name in steps.iter().flat_map(|step| &step.names) {
            self.look_up(name);
        }
        if self.evidence.name_servers.is_none() && steps.iter().any(|step| step.name_servers) {
            self.evidence.name_servers = Some(Vec::new());
            self.lookups_pending += 1;
            self.commands.push(Command::NameServers);
        }
        if steps.iter().all(|step| step.done) {
            return self.finish(now);
        }
        self.retry_at = steps.iter().filter_map(|step| step.look_again_ms).map(from_millis).reduce(Time::min);
        for (owner, step) in steps.iter().enumerate() {
            for ask in &step.asks {
                let quarantined = steps.iter().enumerate().any(|(other, step)| {
                    other != owner && step.quarantine.iter().any(|quarantine| quarantine.covers(ask.remote))
                });
                if quarantined || self.evidence.find(&ask.key).is_some() {
                    continue;
                }
                let not_before = ask.terms.not_before_ms.map(from_millis).filter(|at| *at > now);
                if let Some(later) = not_before {
                    self.retry_at = Some(self.retry_at.map_or(later, |at| at.min(later)));
                    continue;
                }
                if ask.terms.unpaced {
                    self.launch(now, ask);
                    continue;
                }
                match self.pacer.claim(ask.server, Family::of(ask.remote), now) {
                    Ok(()) => self.launch(now, ask),
                    Err(later) => self.retry_at = Some(self.retry_at.map_or(later, |at| at.min(later))),
                }
            }
        }
    }

    /// Opens a socket before anything is sent on it; once in a run.
    fn bind(&mut self, bind: &Bind) {
        let Some((_, open)) = self.sockets.for_bind(bind, &mut self.chance) else { return };
        let Bind { socket, transport, address } = bind.clone();
        self.evidence.bound.push(BoundSocket {
            socket,
            transport,
            address,
            local: None,
            opened_ms: None,
            failure: None,
        });
        self.commands.push(open);
    }

    pub(super) fn launch(&mut self, now: Time, ask: &Ask) {
        let standing = match Gate::admit(&self.evidence, ask) {
            // The handshake of a connection costs packets too, before the first message: they come out of the same budget.
            Ok(Standing::Named) if ask.transport.connects() && !self.gate.spend(ask.remote.ip()) => {
                return self.withhold(now, ask, Gate::exhausted(ask.remote));
            }
            Ok(standing) => standing,
            Err(failure) => return self.withhold(now, ask, failure),
        };
        let name = ask.terms.server_name.clone().or_else(|| self.settings.server_name.clone());
        let (socket, open) = self.sockets.for_ask(ask, self.specs.get(ask.server), name, &mut self.chance);
        if open.is_some() && ask.transport.connects() {
            self.begin_connection(now, socket, ask);
        }
        self.commands.extend(open);
        if let Some(entry) = self.sockets.get_mut(socket) {
            entry.keep_open |= ask.terms.keep_open;
            entry.note(&ask.request, ask.remote);
        }
        let entry = self.sockets.get(socket);
        let index = self.evidence.exchanges.len();
        // From the relay on, data travels in datagrams even where TCP leads to the relay: it can be lost, and is asked again as over UDP.
        let mut basis = None;
        let mut schedule = if ask.transport.is_stream() && ask.request.relay().is_none() {
            Schedule::stream(self.settings.thorough)
        } else {
            let rtt = self.paths.rtt(ask.server);
            let rtt = if ask.request.relay().is_some() { rtt.map(beyond_the_relay) } else { rtt };
            // A server may ask a database about the credentials: its answer to a login can take far longer than the round trip known.
            let looks_up = ask.request.auth().is_some() && ask.request.method() == Some(Method::Allocate);
            let rtt = rtt.filter(|rtt| !looks_up || *rtt > SLOW);
            basis = rtt.filter(|_| !looks_up && ask.patience != Patience::Once).map(|rtt| (ask.patience, rtt));
            Schedule::new(ask.patience, rtt, self.settings.thorough, &mut self.chance)
        };
        let leader = ask.terms.beside.as_ref().and_then(|leader| self.evidence.exchanges.position(leader));
        let beside = leader.filter(|leader| self.flights.contains_key(leader));
        if beside.is_some() {
            // It is sent whenever its companion is, so it has no schedule of its own.
            schedule.sends.clear();
            basis = None;
        }
        let id = self.chance.transaction_id();
        let question = ask.request.clone().identified(id);
        self.evidence.exchanges.push(Exchange {
            local: entry.and_then(|entry| entry.local(ask.remote)),
            paced: schedule.paced,
            request: question.clone(),
            ..Exchange::begun(format!("e{}", index + 1), ask, millis(now))
        });
        self.by_id.insert(id, index);
        let begun = entry.filter(|entry| entry.open).map(|_| now);
        let dead = entry.and_then(|entry| entry.dead.clone());
        let auth = question.auth();
        let credential = auth.and_then(|auth| self.settings.credentials.get(auth.credential));
        let key = auth
            .zip(credential)
            .map(|(auth, credential)| Key::new(credential, &auth.echo.realm, auth.algorithm, auth.form));
        let codec = Codec::of(&question);
        let message = (codec.encode)(&question, id, credential);
        let bytes = match question.relay() {
            Some(through) => relay::wrap(&through, self.chance.transaction_id(), &message, ask.transport.is_stream()),
            None => message,
        };
        self.flights.insert(
            index,
            Flight {
                socket,
                remote: ask.remote,
                codec,
                bytes,
                schedule,
                basis,
                series: ask.patience == Patience::Series,
                beside,
                answered: false,
                begun,
                created: now,
                sent: Vec::new(),
                standing,
                withheld: 0,
                key,
                relayed: ask.request.relay().is_some(),
                aside: None,
            },
        );
        if let Some(failure) = dead {
            self.settle(now, index, Outcome::Failed(failure));
        }
    }

    /// What is not to be asked is evidence all the same: where it would have gone, and why it did not.
    fn withhold(&mut self, now: Time, ask: &Ask, failure: Failure) {
        let index = self.evidence.exchanges.len();
        self.evidence.exchanges.push(Exchange::begun(format!("e{}", index + 1), ask, millis(now)));
        self.settle(now, index, Outcome::Failed(failure));
    }

    fn begin_connection(&mut self, now: Time, socket: SocketId, ask: &Ask) {
        if let Some(entry) = self.sockets.get_mut(socket) {
            entry.connection = Some(self.evidence.connections.len());
        }
        self.evidence.connections.push(Connection {
            socket: ask.socket.clone(),
            server: ask.server,
            transport: ask.transport,
            remote: ask.remote,
            local: None,
            started_ms: millis(now),
            connected_ms: None,
            opened_ms: None,
            tls: None,
            failure: None,
            failed_ms: None,
        });
    }
}
