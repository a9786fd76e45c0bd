//! The agent: what arrives is told apart here, and what is due is done.

mod answering;
mod checking;
mod hearing;
mod using;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::checklist::{Checklist, Remotely, Usable, candidacy};
use super::consent::Consent;
use super::data::{Tests, ms};
use super::keepalive::{Heard, Keepalive};
use super::pair::State;
use super::phase::Phase;
use super::relay::{Delivery, Permission, Relay};
use super::setup::{Base, Remote, Setup};
use super::transaction::Transaction;
use crate::engine::{Chance, Command, Input, Machine, SocketId, Time};
use crate::evidence::Failure;
use crate::evidence::Role;
use crate::evidence::{Candidacy, End, Idle, PairSeen, Remapped, Selected, Session, Unpaired};
use crate::wire::{Key, Message, TransactionId};

/// A pair by what it is: its place in the checklist changes.
type PairKey = (Base, SocketAddr);

/// The other side, once its token is known.
struct Peer {
    ufrag: String,
    key: Key,
    /// `theirs:ours`, in every check to it (RFC 8445 section 7.2.2).
    username: String,
    /// It has this side's token.
    answers: bool,
    idle: Duration,
}

/// What a check was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To find out whether the pair works, or to nominate it.
    Check { nominates: bool },
    /// To keep consent.
    Consent,
    /// As a test packet.
    Test { number: u32 },
    /// To see whether the path survived silence.
    Probe,
}

/// A check that may still be answered.
#[derive(Clone, Copy)]
struct Sent {
    pair: PairKey,
    at: Time,
    role: Role,
    purpose: Purpose,
}

/// A check that came before the other side's token (RFC 8445 section 7.3): it is answered at once, and triggers its own later.
struct Early {
    pair: PairKey,
    priority: u32,
    nominates: bool,
}

/// A full ICE agent for one component of one stream.
pub struct Agent {
    setup: Setup,
    key: Key,
    role: Role,
    tiebreaker: u64,
    role_conflicts: u32,
    peer: Option<Peer>,
    remotes: Vec<Remotely>,
    untried: u32,
    unpaired: Vec<Unpaired>,
    list: Checklist,
    early: Vec<Early>,
    relays: Vec<Relay>,
    dead: BTreeSet<SocketId>,
    keepalive: Keepalive,
    remapped: Vec<Remapped>,
    sent: BTreeMap<TransactionId, Sent>,
    chance: Chance,
    /// No check begins before then (RFC 8445 section 14.2).
    next_check: Time,
    token_at: Option<Time>,
    heard_at: Option<Time>,
    first_valid: Option<Time>,
    nominating: Option<PairKey>,
    selected: Option<(PairKey, Selected)>,
    phase: Phase,
    consent: Consent,
    tests: Tests,
    probe: Option<(TransactionId, Transaction)>,
    /// When something last passed on the nominated pair.
    last_traffic: Time,
    /// Where the other side's newest check came from.
    broken_from: Option<SocketAddr>,
    idle: Option<Idle>,
    end: End,
    strangers: u32,
    ignored: u32,
    commands: Vec<Command>,
}

impl Agent {
    /// An agent that holds its mappings open and answers checks, until the other side's token is there.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let mut chance = Chance::new(setup.seed);
        Self {
            key: Key::short_term(&setup.credentials.password),
            role: setup.role,
            tiebreaker: chance.number(),
            role_conflicts: 0,
            peer: None,
            remotes: Vec::new(),
            untried: 0,
            unpaired: Vec::new(),
            list: Checklist::default(),
            early: Vec::new(),
            relays: setup.allocations.iter().cloned().map(Relay::new).collect(),
            dead: BTreeSet::new(),
            keepalive: Keepalive::new(&setup),
            remapped: Vec::new(),
            sent: BTreeMap::new(),
            chance,
            next_check: Time::ZERO,
            token_at: None,
            heard_at: None,
            first_valid: None,
            nominating: None,
            selected: None,
            phase: Phase::Waiting,
            consent: Consent::default(),
            tests: Tests::default(),
            probe: None,
            last_traffic: Time::ZERO,
            broken_from: None,
            idle: None,
            end: End::UnderWay,
            strangers: 0,
            ignored: 0,
            commands: Vec::new(),
            setup,
        }
    }

    /// What it started from, for tests that start another one.
    #[cfg(test)]
    pub(super) fn setup_for_tests(&self) -> Setup {
        self.setup.clone()
    }

    /// The other side's token will not come.
    pub fn give_up_waiting(&mut self, now: Time) {
        if self.phase == Phase::Waiting {
            self.finish(now, End::NoToken);
        }
    }

    /// Takes the other side's token: checks begin.
    pub fn learn(&mut self, now: Time, remote: &Remote) {
        if self.phase != Phase::Waiting {
            return;
        }
        let theirs = &remote.credentials;
        self.peer = Some(Peer {
            ufrag: theirs.ufrag.clone(),
            key: Key::short_term(&theirs.password),
            username: format!("{}:{}", theirs.ufrag, self.setup.credentials.ufrag),
            answers: remote.answers,
            idle: remote.idle,
        });
        let usable = Usable::of(&remote.candidates, &self.setup.locals);
        (self.remotes, self.untried, self.unpaired) = (usable.found, usable.untried, usable.unpaired);
        for candidate in &self.remotes {
            self.list.pair(&self.setup.locals, candidate);
        }
        self.list.prune(self.role);
        self.want_permissions();
        self.token_at = Some(now);
        self.next_check = now;
        self.phase = Phase::Checking;
        for early in std::mem::take(&mut self.early) {
            self.triggered(now, early.pair, early.priority, early.nominates);
        }
    }

    /// Relays let in only whom they were told of (RFC 8445 section 7.2.1), and take a round trip to learn it.
    fn want_permissions(&mut self) {
        for pair in &self.list.pairs {
            if let Base::Relay(index) = pair.base
                && let Some(relay) = self.relays.get_mut(index)
            {
                relay.want(pair.remote.ip());
            }
        }
    }

    /// Every pair so far, with what was seen on it.
    pub fn pairs(&self) -> impl Iterator<Item = &PairSeen> {
        self.list.pairs.iter().map(|pair| &pair.seen)
    }

    /// Whether a pair was nominated.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.selected.is_some()
    }

    /// What was seen.
    #[must_use]
    pub fn session(&self) -> Session {
        let locals = self.setup.locals.iter().filter_map(|local| candidacy(&local.candidate));
        let traffic = self.tests.traffic();
        let selected = self.selected.as_ref().map(|(_, selected)| {
            let rtt_ms = traffic.as_ref().and_then(|traffic| traffic.rtt_ms);
            Selected { rtt_ms: rtt_ms.unwrap_or(selected.rtt_ms), ..selected.clone() }
        });
        let mut pairs: Vec<_> = self.list.pairs.iter().collect();
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.priority(self.role)));
        Session {
            end: self.end,
            role: self.role,
            role_conflicts: self.role_conflicts,
            locals: locals.collect(),
            remotes: self.remotes.iter().map(|remote| remote.candidacy).collect(),
            untried: self.untried,
            unpaired: self.unpaired.clone(),
            pairs: pairs.into_iter().map(|pair| pair.seen.clone()).collect(),
            token_ms: self.token_at.map(ms),
            heard_ms: self.heard_at.map(ms),
            selected,
            traffic,
            idle: self.idle,
            relays: self.relays.iter().map(Relay::seen).collect(),
            remapped: self.remapped.clone(),
            strangers: self.strangers,
            ignored: self.ignored,
        }
    }

    /// Sends from a base: through the relay, where it is one.
    fn send(&mut self, (base, remote): PairKey, bytes: Vec<u8>) {
        match base {
            Base::Socket(socket) if !self.dead.contains(&socket) => {
                self.commands.push(Command::Send { socket, remote, bytes });
            }
            Base::Socket(_) => {}
            Base::Relay(index) => {
                let id = self.chance.transaction_id();
                if let Some(relay) = self.relays.get_mut(index).filter(|relay| relay.dead().is_none()) {
                    let command = relay.wrap(remote, &bytes, id);
                    self.commands.push(command);
                }
            }
        }
    }

    /// Whether a check can leave from that base towards there.
    fn can_send(relays: &[Relay], dead: &BTreeSet<SocketId>, (base, remote): PairKey) -> bool {
        match base {
            Base::Socket(socket) => !dead.contains(&socket),
            Base::Relay(index) => relays.get(index).is_some_and(|relay| {
                relay.dead().is_none() && matches!(relay.permission(remote.ip()), Some(Permission::Granted { .. }))
            }),
        }
    }

    fn received(&mut self, now: Time, socket: SocketId, source: SocketAddr, bytes: &[u8]) {
        let Ok(message) = Message::read(bytes) else {
            self.ignored += 1;
            return;
        };
        match self.keepalive.handle(&message) {
            Heard::Other => {}
            Heard::Same => return,
            Heard::Changed(remapped) => return self.remapped.push(remapped),
        }
        let behind = |relay: &Relay| (relay.allocation().socket, relay.allocation().server) == (socket, source);
        match self.relays.iter().position(behind) {
            None => self.datagram(now, (Base::Socket(socket), source), &message, bytes),
            Some(index) => match self.relays[index].handle(now, &message, bytes, &mut self.chance) {
                Some(Delivery::Data { peer, bytes }) => match Message::read(&bytes) {
                    Ok(message) => self.datagram(now, (Base::Relay(index), peer), &message, &bytes),
                    Err(_) => self.ignored += 1,
                },
                Some(Delivery::Icmp { peer, icmp: (ty, code) }) => {
                    let text = format!("the relay's packets to {peer} led to ICMP type {ty} code {code}");
                    let failure = Failure { code: crate::evidence::FailureCode::HostUnreachable, text, by: None };
                    self.refused(Base::Relay(index), Some(peer.ip()), None, &failure);
                }
                None => {}
            },
        }
    }

    /// What the system or an ICMP message says of packets to there. The pairs are tried further: a firewall may refuse until the
    /// other side has opened it, and anybody can forge an ICMP message (RFC 8445 section 7.2.5.2.2).
    fn refused(&mut self, base: Base, ip: Option<std::net::IpAddr>, port: Option<u16>, failure: &Failure) {
        let concerns =
            |remote: SocketAddr| ip.is_none_or(|ip| remote.ip() == ip) && port.is_none_or(|port| remote.port() == port);
        for pair in self.list.pairs.iter_mut().filter(|pair| pair.base == base && concerns(pair.remote)) {
            pair.seen.failure = Some(failure.clone());
        }
    }

    fn failed(&mut self, socket: SocketId, remote: Option<SocketAddr>, failure: &Failure) {
        self.refused(
            Base::Socket(socket),
            remote.map(|remote| remote.ip()),
            remote.map(|remote| remote.port()),
            failure,
        );
        if remote.is_some() {
            return;
        }
        self.dead.insert(socket);
        for relay in self.relays.iter_mut().filter(|relay| relay.allocation().socket == socket) {
            relay.fail(failure.text.clone());
        }
    }

    /// Pairs that cannot be checked any more, and why.
    fn bury(&mut self) {
        for pair in self.list.pairs.iter_mut().filter(|pair| pair.is_open()) {
            let gone = match pair.base {
                Base::Socket(socket) => self.dead.contains(&socket),
                Base::Relay(index) => {
                    let relay = self.relays.get(index);
                    let refusal = relay.and_then(|relay| match (relay.dead(), relay.permission(pair.remote.ip())) {
                        (Some(refusal), _) | (None, Some(Permission::Refused(refusal))) => Some(refusal),
                        _ => None,
                    });
                    pair.seen.refused = refusal.cloned();
                    refusal.is_some()
                }
            };
            if gone {
                pair.state = State::Failed;
                pair.check = None;
            }
        }
    }

    /// Ends the session: allocations are given back first.
    fn finish(&mut self, now: Time, end: End) {
        /// How long a server may take to answer that.
        const FAREWELL: Duration = Duration::from_secs(2);
        self.end = end;
        self.list.conclude();
        for relay in &mut self.relays {
            relay.release(now, &mut self.chance);
        }
        self.phase = Phase::Releasing { until: now + FAREWELL };
    }

    /// Closes every socket: nothing listens after a session.
    fn close(&mut self) {
        let own = self.setup.sockets.iter().map(|socket| socket.id);
        let all: BTreeSet<_> = own.chain(self.relays.iter().map(|relay| relay.allocation().socket)).collect();
        self.commands.extend(all.into_iter().map(|socket| Command::Close { socket }));
        self.phase = Phase::Over;
    }
}

impl Machine for Agent {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        for relay in &mut self.relays {
            self.commands.extend(relay.poll(now, &mut self.chance));
        }
        match self.phase {
            Phase::Waiting | Phase::Checking => {
                self.commands.extend(self.keepalive.poll(now, &mut self.chance));
                self.bury();
                self.check(now);
                self.give_up(now);
            }
            Phase::Releasing { until } => {
                if now >= until || self.relays.iter().all(Relay::is_released) {
                    self.close();
                }
            }
            Phase::Over => {}
            _ => self.make_use(now),
        }
        std::mem::take(&mut self.commands)
    }

    fn handle(&mut self, now: Time, input: Input) {
        match input {
            _ if self.phase == Phase::Over => {}
            Input::Received { socket, source, bytes } => self.received(now, socket, source, &bytes),
            Input::Failed { socket, remote, failure } => self.failed(socket, remote, &failure),
            Input::Interrupted if !matches!(self.phase, Phase::Releasing { .. }) => {
                self.finish(now, End::Interrupted);
            }
            // What was resolved, opened or connected was so before the session began.
            _ => {}
        }
    }

    fn next_wake(&self) -> Time {
        let relays = self.relays.iter().filter_map(Relay::next_wake);
        let own = match self.phase {
            Phase::Waiting | Phase::Checking => self.next_check().into_iter().chain(self.keepalive.next_wake()).min(),
            Phase::Releasing { until } => {
                Some(if self.relays.iter().all(Relay::is_released) { Time::ZERO } else { until })
            }
            Phase::Over => None,
            _ => self.next_use(),
        };
        relays.chain(own).min().unwrap_or(self.setup.deadline)
    }

    fn is_finished(&self) -> bool {
        self.phase == Phase::Over
    }
}

/// One end of a pair whose local candidate is in no token: how the other side sees this one.
fn learned(mapped: SocketAddr, base: SocketAddr) -> Candidacy {
    Candidacy { kind: crate::wire::CandidateKind::Prflx, address: mapped, related: Some(base) }
}
