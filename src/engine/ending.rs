//! How exchanges and runs end: outcomes, connections that are no longer needed, farewells.

use std::time::Duration;

use super::incoming::STRAYS_TOLD;
use super::run::Engine;
use super::{Command, Settings, SocketId, Time, millis};
use crate::evidence::{Ask, LogEvent, Outcome, Stop};

/// How long farewells may take: a stopped run still releases what it holds, and then it is over.
const FAREWELL: Duration = Duration::from_millis(1_500);

/// The part of the time until the deadline that farewells have; where the deadline is short they may take longer.
const SHARE: u32 = 4;

impl Settings {
    /// From when on a run that holds something on a server ends, so that it is released by the deadline or soon after; what is handed
    /// over needs no such time.
    pub(super) fn last_look(&self) -> Time {
        if self.hand_over {
            return self.deadline;
        }
        self.deadline.saturating_sub(FAREWELL.min(self.deadline / SHARE))
    }
}

impl Engine {
    pub(super) fn settle(&mut self, now: Time, index: usize, outcome: Outcome) {
        let flight = self.flights.remove(&index);
        let exchange = &mut self.evidence.exchanges[index];
        // A series that goes on after its first answer keeps that answer as its outcome.
        if !flight.as_ref().is_some_and(|flight| flight.answered) {
            exchange.ended_ms = Some(millis(now));
            exchange.outcome = outcome;
        }
        if let Some(flight) = flight {
            self.close_stream(flight.socket);
        }
        let exchange = &self.evidence.exchanges[index];
        self.gate.note(exchange);
        let server = self.evidence.servers.get(exchange.server).map_or_else(String::new, |server| server.name.clone());
        self.log.push(LogEvent::Settled { at_ms: millis(now), server, exchange: Box::new(exchange.clone()) });
        self.dirty = true;
    }

    /// The probe has enough of a series: it ends, with what is sent beside it, as a silence where nothing came.
    pub(super) fn end_series(&mut self, now: Time, leader: usize) {
        let beside = self.flights.iter().filter(|(_, flight)| flight.beside == Some(leader)).map(|(&index, _)| index);
        let mut group: Vec<usize> = beside.collect();
        group.extend(self.flights.contains_key(&leader).then_some(leader));
        for index in group {
            let waited_ms = millis(now) - self.evidence.exchanges[index].started_ms;
            self.settle(now, index, Outcome::Silence { waited_ms });
        }
    }

    /// A connection that has served its one question is closed at once: hundreds of servers would use up the descriptors.
    fn close_stream(&mut self, socket: SocketId) {
        let done = self.sockets.get(socket).is_some_and(|entry| entry.connects && !entry.shared && !entry.keep_open);
        if done && self.flights.values().all(|flight| flight.socket != socket) {
            self.commands.push(Command::Close { socket });
        }
    }

    /// Whether the run has to end: at the deadline, or somewhat before where something has to be given back.
    pub(super) fn is_due(&mut self, now: Time) -> bool {
        self.last_look |= now >= self.settings.last_look();
        now >= self.settings.deadline || self.last_look && !self.farewells().is_empty()
    }

    /// What the probes would still have to say.
    fn farewells(&self) -> Vec<Ask> {
        let asks = self.plan.iter().flat_map(|probe| probe.farewell(&self.evidence));
        asks.filter(|ask| self.evidence.find(&ask.key).is_none() && self.sockets.usable(ask)).collect()
    }

    /// Ends the run early: what is open is settled as neither an answer nor a silence, then every probe may say farewell.
    pub(super) fn stop(&mut self, now: Time, reason: Stop) {
        if self.farewell_until.is_some() {
            return self.finish(now);
        }
        self.evidence.stopped = Some(reason);
        self.log.push(LogEvent::Stopped { at_ms: millis(now), reason });
        self.retry_at = None;
        self.abandon(now);
        if self.hands_over() {
            return self.finish(now);
        }
        self.farewell_until = Some(now + FAREWELL);
        self.farewell(now);
        if self.flights.is_empty() {
            self.finish(now);
        }
    }

    /// What the probes still have to say: an answer to a farewell may ask for another, as 438 does.
    pub(super) fn farewell(&mut self, now: Time) {
        self.dirty = false;
        for ask in self.farewells() {
            // Two probes may want to give back the same thing.
            if self.evidence.find(&ask.key).is_none() {
                self.launch(now, &ask);
            }
        }
    }

    fn abandon(&mut self, now: Time) {
        let open: Vec<_> = self.flights.keys().copied().collect();
        for index in open {
            let waited_ms = millis(now) - self.evidence.exchanges[index].started_ms;
            self.settle(now, index, Outcome::Abandoned { waited_ms });
        }
    }

    /// Settles what is still open and closes everything.
    pub(super) fn finish(&mut self, now: Time) {
        if self.finished {
            return;
        }
        self.abandon(now);
        let untold = self.evidence.strays.checked_sub(STRAYS_TOLD).filter(|count| *count > 0);
        if let Some(count) = untold {
            self.log.push(LogEvent::StraysLeftOut { at_ms: millis(now), count });
        }
        let kept: Vec<SocketId> = self.handed_over().into_iter().map(|socket| socket.id).collect();
        let closed = self.sockets.ids().filter(|socket| !kept.contains(socket));
        self.commands.extend(closed.map(|socket| Command::Close { socket }));
        self.evidence.elapsed_ms = millis(now);
        self.retry_at = None;
        self.finished = true;
    }
}
