//! What the packets of a capture say, put together as they come: packets that say the same are one record with a count.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::asked::{Asked, Pending, Sighting, Subject};
use super::container::Way;
use crate::explain::event::What;
use crate::explain::traffic::{
    Checks, Data, DataKind, Dtls, DtlsMessage, Flow, RelayOutcome, RelayRequest, RelayStep, Times, Undelivered,
};
use crate::wire::TransactionId;

/// How many records there can be; nobody looks at more.
const MOST: usize = 20_000;
/// How many error codes of one record are told apart.
const MOST_CODES: usize = 8;
/// A request that comes again so long after its answer passed did not cross it on the way.
const UNHEARD_MS: u64 = 1_000;

/// When and where a packet was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) packet: u64,
    pub(super) time_ms: Option<u64>,
    pub(super) way: Option<Way>,
}

/// Something that packets say.
pub(super) struct Record {
    /// The first of them.
    pub(super) packet: u64,
    /// When that was.
    pub(super) time_ms: Option<u64>,
    pub(super) what: What,
}

/// What is known of an allocation.
#[derive(Default)]
pub(super) struct Allocation {
    pub(super) relayed: Option<SocketAddr>,
    pub(super) channels: BTreeMap<u16, SocketAddr>,
}

/// By what steps of one server are the same.
type StepKey = (Option<SocketAddr>, Option<SocketAddr>, RelayRequest, Option<SocketAddr>, RelayOutcome, bool);

/// What was seen until now.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) records: Vec<Record>,
    checks: BTreeMap<(Flow, String, String, Option<crate::explain::traffic::AgentRole>), usize>,
    steps: BTreeMap<StepKey, usize>,
    dtls: BTreeMap<(Flow, DtlsMessage), usize>,
    data: BTreeMap<(Flow, DataKind), usize>,
    undelivered: BTreeMap<(Flow, IpAddr, &'static str), usize>,
    pending: Pending,
    /// Allocations by client and server.
    pub(super) allocations: BTreeMap<(SocketAddr, SocketAddr), Allocation>,
    /// Sockets between which STUN was spoken, both ways.
    spoken: BTreeSet<(SocketAddr, SocketAddr)>,
    /// The socket before a NAT for each beyond it, where the capture shows both.
    pub(super) translated: BTreeMap<SocketAddr, SocketAddr>,
    /// The addresses from which the capturing host sent, and whether others sent from there too.
    pub(super) senders: BTreeMap<IpAddr, (bool, bool)>,
    /// The addresses from which anything came.
    pub(super) sources: BTreeSet<IpAddr>,
    /// Packets that would have been further records.
    pub(super) left_out: u64,
}

impl Ledger {
    /// Whether STUN was spoken between the two.
    pub(super) fn is_spoken(&self, flow: Flow) -> bool {
        self.spoken.contains(&(flow.from, flow.to))
    }

    fn speak(&mut self, flow: Flow) {
        if self.spoken.len() < 2 * MOST {
            self.spoken.insert((flow.from, flow.to));
            self.spoken.insert((flow.to, flow.from));
        }
    }

    fn record(&mut self, packet: u64, time_ms: Option<u64>, what: What) -> Option<usize> {
        if self.records.len() >= MOST {
            self.left_out += 1;
            return None;
        }
        self.records.push(Record { packet, time_ms, what });
        Some(self.records.len() - 1)
    }

    /// A packet that matters, and which way it went.
    pub(super) fn sent(&mut self, from: IpAddr, at: &At) {
        if self.sources.len() < MOST {
            self.sources.insert(from);
        }
        if let Some(way) = at.way
            && (self.senders.len() < MOST || self.senders.contains_key(&from))
        {
            let sender = self.senders.entry(from).or_default();
            if way == Way::Out { sender.0 = true } else { sender.1 = true }
        }
    }

    /// A check. Its counts are those of the record.
    pub(super) fn check(&mut self, id: TransactionId, check: &Checks, at: &At) {
        let flow = check.flow;
        match self.pending.sight(id, flow, at.time_ms) {
            Sighting::New => {
                self.speak(flow);
                let key = (flow, check.from_ufrag.clone(), check.to_ufrag.clone(), check.role);
                let known = self.checks.get(&key).copied();
                let index = known.or_else(|| {
                    let index = self.record(at.packet, at.time_ms, What::Checks(Box::new(check.clone())))?;
                    self.checks.insert(key, index);
                    Some(index)
                });
                if let Some(index) = index {
                    self.again(index, check.nominating, at);
                    self.remember(id, flow, at, Subject::Check(index));
                }
            }
            Sighting::Again => {
                if let Some(Asked { what: Subject::Check(index), .. }) = self.pending.get(id) {
                    let index = *index;
                    self.again(index, check.nominating, at);
                }
                self.unheard(id, at);
                if let Some(asked) = self.pending.get(id) {
                    asked.answered = false;
                }
            }
            Sighting::Image => self.image(id, flow),
            Sighting::Twice => {}
        }
    }

    fn again(&mut self, index: usize, nominating: bool, at: &At) {
        if let What::Checks(checks) = &mut self.records[index].what {
            checks.requests.add(at.time_ms);
            checks.nominating |= nominating;
        }
    }

    /// The request that was seen elsewhere before is seen here: one of its sockets was translated.
    fn image(&mut self, id: TransactionId, here: Flow) {
        self.speak(here);
        let Some(asked) = self.pending.get(id) else { return };
        let first = asked.flow;
        // Its source was translated on the way out, or its destination on the way in; the relay's wrapping changes the source too, and
        // is told apart by what it is.
        let (inside, outside) = if first.to == here.to { (first.from, here.from) } else { (here.to, first.to) };
        let outward = first.to == here.to;
        if !outward && first.from != here.from || first.through != here.through {
            return;
        }
        if let Subject::Check(index) = asked.what
            && outward
            && let What::Checks(checks) = &mut self.records[index].what
        {
            checks.translated_to = Some(outside);
        }
        if self.translated.len() < MOST {
            self.translated.insert(outside, inside);
        }
    }

    fn remember(&mut self, id: TransactionId, flow: Flow, at: &At, subject: Subject) {
        if let Some(over) = self.pending.add(id, flow, at.packet, at.time_ms, subject) {
            self.unanswered(over);
        }
    }

    /// An answer to a check, or to a question to a server: what came back says what it came to.
    pub(super) fn answer(&mut self, id: TransactionId, flow: Flow, answer: &Answer, at: &At) {
        let Some(asked) = self.pending.get(id) else { return };
        // An answer to an image of the request has not come home.
        if asked.answered || flow.to != asked.flow.from {
            return;
        }
        asked.answered = true;
        // Agents pass errors over and go on asking.
        let taken = answer.outcome == RelayOutcome::Granted || matches!(asked.what, Subject::Steps(_));
        asked.answered_ms = at.time_ms.filter(|_| taken);
        match &mut asked.what {
            Subject::Check(index) => {
                let (index, to) = (*index, asked.flow.to);
                if let What::Checks(checks) = &mut self.records[index].what {
                    match &answer.outcome {
                        RelayOutcome::Refused { code, .. } => {
                            if !checks.errors.contains(code) && checks.errors.len() < MOST_CODES {
                                checks.errors.push(*code);
                            }
                        }
                        _ => checks.answers.add(at.time_ms),
                    }
                    checks.mapped = answer.mapped.or(checks.mapped);
                    if flow.from != to {
                        checks.answered_from = Some(flow.from);
                    }
                }
            }
            Subject::Steps(steps) => {
                let (steps, packet, first_ms) = (std::mem::take(steps), asked.packet, asked.first_ms);
                let mut settled = Vec::new();
                for mut step in steps {
                    step.outcome = answer.outcome.clone();
                    step.mapped = answer.mapped;
                    step.realm.clone_from(&answer.realm);
                    step.software.clone_from(&answer.software);
                    step.relayed = answer.relayed.or(step.relayed);
                    step.lifetime_s = answer.lifetime_s.or(step.lifetime_s);
                    settled.extend(self.settle(step, packet, first_ms));
                }
                if let Some(asked) = self.pending.get(id) {
                    asked.what = Subject::Settled(settled);
                }
            }
            Subject::Settled(_) => {}
        }
    }

    /// A request to a server.
    pub(super) fn ask(&mut self, id: TransactionId, flow: Flow, steps: Vec<RelayStep>, at: &At) {
        match self.pending.sight(id, flow, at.time_ms) {
            Sighting::New => {
                self.speak(flow);
                self.remember(id, flow, at, Subject::Steps(steps));
            }
            Sighting::Image => self.image(id, flow),
            Sighting::Again => self.unheard(id, at),
            Sighting::Twice => {}
        }
    }

    /// A request came again: if its answer had passed long before, that did not arrive.
    fn unheard(&mut self, id: TransactionId, at: &At) {
        let Some(asked) = self.pending.get(id) else { return };
        let since = asked.answered_ms.zip(at.time_ms).map_or(0, |(answered, now)| now.saturating_sub(answered));
        if since < UNHEARD_MS {
            return;
        }
        let records = match &asked.what {
            Subject::Check(index) => vec![*index],
            Subject::Steps(_) => Vec::new(),
            Subject::Settled(records) => records.clone(),
        };
        for index in records {
            match &mut self.records[index].what {
                What::Checks(checks) => checks.unheard += 1,
                What::Relay(step) => step.unheard += 1,
                _ => {}
            }
        }
    }

    /// What became of a request is known: its record.
    fn settle(&mut self, step: RelayStep, packet: u64, time_ms: Option<u64>) -> Option<usize> {
        if let (Some(client), Some(server), RelayOutcome::Granted) = (step.client, step.server, &step.outcome)
            && step.step == RelayRequest::Allocate
            && (self.allocations.len() < MOST || self.allocations.contains_key(&(client, server)))
        {
            self.allocations.entry((client, server)).or_default().relayed = step.relayed;
        }
        let key = (step.client, step.server, step.step, step.peer, step.outcome.clone(), step.authenticated);
        if let Some(index) = self.steps.get(&key).copied() {
            if let What::Relay(known) = &mut self.records[index].what {
                known.times.add(time_ms);
                known.lifetime_s = step.lifetime_s.or(known.lifetime_s);
            }
            return Some(index);
        }
        let index = self.record(packet, time_ms, What::Relay(Box::new(step)))?;
        self.steps.insert(key, index);
        Some(index)
    }

    fn unanswered(&mut self, asked: Asked) {
        if let Subject::Steps(steps) = asked.what {
            for step in steps {
                self.settle(step, asked.packet, asked.first_ms);
            }
        }
    }

    /// A channel was bound: what carries its number goes to that peer, as far as the request was granted.
    pub(super) fn channel(&mut self, client: SocketAddr, server: SocketAddr, number: u16, peer: SocketAddr) {
        if self.allocations.len() < MOST || self.allocations.contains_key(&(client, server)) {
            self.allocations.entry((client, server)).or_default().channels.insert(number, peer);
        }
    }

    /// A message of DTLS, or a later fragment of one, in a packet of that length.
    pub(super) fn dtls(&mut self, flow: Flow, message: DtlsMessage, begins: bool, length: usize, at: &At) {
        let key = (flow, message.clone());
        let index = self.dtls.get(&key).copied().or_else(|| {
            let dtls = Dtls { flow, message, times: Times::default(), largest: 0 };
            let index = self.record(at.packet, at.time_ms, What::Dtls(Box::new(dtls)))?;
            self.dtls.insert(key, index);
            Some(index)
        });
        if let Some(index) = index
            && let What::Dtls(dtls) = &mut self.records[index].what
        {
            if begins {
                dtls.times.add(at.time_ms);
            }
            dtls.largest = dtls.largest.max(length);
        }
    }

    /// Data.
    pub(super) fn data(&mut self, flow: Flow, kind: DataKind, length: usize, at: &At) {
        let index = self.data.get(&(flow, kind)).copied().or_else(|| {
            let data = Data { flow, kind, times: Times::default(), bytes: 0 };
            let index = self.record(at.packet, at.time_ms, What::Data(Box::new(data)))?;
            self.data.insert((flow, kind), index);
            Some(index)
        });
        if let Some(index) = index
            && let What::Data(data) = &mut self.records[index].what
        {
            data.times.add(at.time_ms);
            data.bytes += length as u64;
        }
    }

    /// A packet that had been sent could not be delivered.
    pub(super) fn undelivered(&mut self, flow: Flow, by: IpAddr, reason: &'static str, at: &At) {
        if !self.is_spoken(flow) {
            return;
        }
        let index = self.undelivered.get(&(flow, by, reason)).copied().or_else(|| {
            let undelivered = Undelivered { flow, by, reason: reason.to_owned(), times: Times::default() };
            let index = self.record(at.packet, at.time_ms, What::Undelivered(Box::new(undelivered)))?;
            self.undelivered.insert((flow, by, reason), index);
            Some(index)
        });
        if let Some(index) = index
            && let What::Undelivered(undelivered) = &mut self.records[index].what
        {
            undelivered.times.add(at.time_ms);
        }
    }

    /// The records in the order of the capture: what was never answered is told too.
    pub(super) fn finish(&mut self) {
        for asked in std::mem::take(&mut self.pending).rest() {
            if !asked.answered {
                self.unanswered(asked);
            }
        }
        self.records.sort_by_key(|record| record.packet);
    }
}

/// What a response says.
pub(super) struct Answer {
    pub(super) outcome: RelayOutcome,
    pub(super) mapped: Option<SocketAddr>,
    pub(super) relayed: Option<SocketAddr>,
    pub(super) lifetime_s: Option<u32>,
    pub(super) realm: Option<String>,
    pub(super) software: Option<String>,
}
