//! What a datagram is, by its first byte and on whatever port (RFC 7983), and what STUN and TURN messages say.

use std::net::SocketAddr;

use super::dtls;
use super::ledger::{Answer, At, Ledger};
use crate::explain::read::build::shown;
use crate::explain::traffic::{AgentRole, Checks, DataKind, Flow, RelayOutcome, RelayRequest, RelayStep};
use crate::wire::stun::{attribute, message};
use crate::wire::{CandidateTransport, Class, Message, RawAttribute};

/// One datagram or message of a stream.
#[derive(Clone, Copy)]
pub(super) struct Datagram<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) transport: CandidateTransport,
    pub(super) bytes: &'a [u8],
    /// How long it was when it was sent.
    pub(super) length: usize,
}

impl Datagram<'_> {
    fn flow(&self) -> Flow {
        Flow { from: self.from, to: self.to, transport: self.transport, through: None }
    }
}

/// Takes a datagram, whatever it is.
pub(super) fn datagram(ledger: &mut Ledger, datagram: Datagram<'_>, at: &At) {
    match datagram.bytes.first() {
        Some(0..=3) => {
            if let Some(message) = stun(datagram.bytes) {
                ledger.sent(datagram.from.ip(), at);
                let relayed = told(ledger, &message, datagram.flow(), at);
                if let Some((flow, bytes)) = relayed {
                    inner(ledger, flow, bytes, bytes.len(), at);
                }
            }
        }
        Some(0x40..=0x4f) => channel(ledger, &datagram, at),
        _ => other(ledger, datagram.flow(), datagram.bytes, datagram.length, at),
    }
}

/// What a relay carries: no relay again.
fn inner(ledger: &mut Ledger, flow: Flow, bytes: &[u8], length: usize, at: &At) {
    if let Some(0..=3) = bytes.first() {
        if let Some(message) = stun(bytes) {
            told(ledger, &message, flow, at);
        }
    } else {
        other(ledger, flow, bytes, length, at);
    }
}

/// A STUN message. Without the magic cookie many things look like one: then only what is right to the last byte is believed.
fn stun(bytes: &[u8]) -> Option<Message> {
    let cookie = bytes.get(4..8) == Some(&[0x21, 0x12, 0xa4, 0x42]);
    let classic = matches!(bytes, [0, 1, ..] | [1, 1 | 0x11, ..]) && bytes.len() >= 20 && {
        let announced = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        announced > 0 && bytes.len() == 20 + announced
    };
    if !cookie && !classic {
        return None;
    }
    Message::read(bytes).ok().filter(|message| cookie || message.faults.is_empty())
}

/// DTLS, sound and pictures, or something else between two that speak STUN with each other.
fn other(ledger: &mut Ledger, flow: Flow, bytes: &[u8], length: usize, at: &At) {
    let spoken = ledger.is_spoken(flow);
    match bytes.first() {
        Some(20..=63) if dtls::is_record(bytes) || spoken && dtls::is_unified(bytes) => {
            ledger.sent(flow.from.ip(), at);
            for (message, begins) in dtls::messages(bytes) {
                ledger.dtls(flow, message, begins, length, at);
            }
        }
        Some(128..=191) if spoken => ledger.data(flow, DataKind::Media, length, at),
        Some(_) if spoken => ledger.data(flow, DataKind::Other, length, at),
        _ => {}
    }
}

/// Between which sockets a packet between a client and its server goes in truth: from the relayed address to the peer, or back.
fn beyond(ledger: &Ledger, flow: Flow, client_sent: bool, peer: SocketAddr) -> Flow {
    let (client, server) = if client_sent { (flow.from, flow.to) } else { (flow.to, flow.from) };
    let client = ledger.translated.get(&client).copied().unwrap_or(client);
    let relayed = ledger.allocations.get(&(client, server)).and_then(|allocation| allocation.relayed);
    let here = relayed.unwrap_or(client);
    let (from, to) = if client_sent { (here, peer) } else { (peer, here) };
    Flow { from, to, transport: CandidateTransport::Udp, through: Some(server) }
}

/// ChannelData, which only those who bound a channel send.
fn channel(ledger: &mut Ledger, datagram: &Datagram<'_>, at: &At) {
    let Some((&[n0, n1, l0, l1], rest)) = datagram.bytes.split_first_chunk() else { return };
    let (number, length) = (u16::from_be_bytes([n0, n1]), usize::from(u16::from_be_bytes([l0, l1])));
    let bytes = &rest[..rest.len().min(length)];
    let flow = datagram.flow();
    let home = |ledger: &Ledger, socket: SocketAddr| ledger.translated.get(&socket).copied().unwrap_or(socket);
    let (from, to) = (home(ledger, flow.from), home(ledger, flow.to));
    let peer = |client, server| ledger.allocations.get(&(client, server))?.channels.get(&number).copied();
    let bound = peer(from, flow.to).map(|peer| (true, peer)).or_else(|| peer(to, flow.from).map(|peer| (false, peer)));
    if let Some((client_sent, peer)) = bound {
        let flow = beyond(ledger, flow, client_sent, peer);
        inner(ledger, flow, bytes, length, at);
    } else if ledger.is_spoken(flow) {
        ledger.data(flow, DataKind::Channel, length, at);
    }
}

/// What a message says; what it carries for or from a peer is given back.
fn told<'a>(ledger: &mut Ledger, message: &'a Message, flow: Flow, at: &At) -> Option<(Flow, &'a [u8])> {
    match (message.class, message.method) {
        (Class::Request, message::BINDING) => binding(ledger, message, flow, at),
        (Class::Request, _) => request(ledger, message, flow, at),
        (Class::Success | Class::Error, _) => {
            let answer = answer(message);
            ledger.answer(message.id, flow, &answer, at);
        }
        (Class::Indication, message::SEND | message::DATA) if flow.through.is_none() => {
            let peer = message.peer_address()?;
            let data = message.attribute(attribute::DATA)?;
            return Some((beyond(ledger, flow, message.method == message::SEND, peer), &data.value));
        }
        (Class::Indication, _) => {}
    }
    None
}

/// A Binding request: a check where it has a user name of two fragments (RFC 8445 section 7.2.2), else a question to a server.
fn binding(ledger: &mut Ledger, message: &Message, flow: Flow, at: &At) {
    let role =
        [(attribute::ICE_CONTROLLING, AgentRole::Controlling), (attribute::ICE_CONTROLLED, AgentRole::Controlled)];
    let role = role.into_iter().find(|(ty, _)| message.attribute(*ty).is_some()).map(|(_, role)| role);
    let priority = message.attribute(attribute::PRIORITY).and_then(RawAttribute::number);
    let name = message.username();
    let parts = name.as_deref().and_then(|name| name.split_once(':'));
    let (to_ufrag, from_ufrag) = parts.unwrap_or_default();
    if parts.is_none() && role.is_none() && priority.is_none() {
        let mut step = RelayStep::new(RelayRequest::Binding, RelayOutcome::Unanswered);
        step.authenticated = name.is_some();
        addressed(&mut step, flow, at);
        return ledger.ask(message.id, flow, vec![step], at);
    }
    let check = Checks {
        role,
        priority,
        nominating: message.attribute(attribute::USE_CANDIDATE).is_some(),
        ..Checks::new(flow, shown(from_ufrag), shown(to_ufrag))
    };
    ledger.check(message.id, &check, at);
}

fn addressed(step: &mut RelayStep, flow: Flow, at: &At) {
    (step.client, step.server, step.transport) = (Some(flow.from), Some(flow.to), Some(flow.transport));
    step.times.last_ms = at.time_ms;
}

/// A request of TURN. One of several peers is several steps.
fn request(ledger: &mut Ledger, message: &Message, flow: Flow, at: &At) {
    let step = match message.method {
        message::ALLOCATE => RelayRequest::Allocate,
        message::REFRESH => RelayRequest::Refresh,
        message::CREATE_PERMISSION => RelayRequest::Permission,
        message::CHANNEL_BIND => RelayRequest::Channel,
        message::CONNECT => RelayRequest::Connect,
        _ => return,
    };
    let mut step = RelayStep::new(step, RelayOutcome::Unanswered);
    addressed(&mut step, flow, at);
    step.authenticated = message.attribute(attribute::MESSAGE_INTEGRITY).is_some()
        || message.attribute(attribute::MESSAGE_INTEGRITY_SHA256).is_some();
    step.user = message.username().map(|user| shown(&user));
    // What is asked for, until the answer says what is granted.
    step.lifetime_s = message.lifetime();
    let known = ledger.allocations.get(&(flow.from, flow.to)).and_then(|allocation| allocation.relayed);
    step.relayed = known.filter(|_| step.step != RelayRequest::Allocate);
    let peers = message.peer_addresses();
    if let (Some(number), Some(peer)) = (message.channel_number(), peers.first()) {
        ledger.channel(flow.from, flow.to, number, *peer);
    }
    let about = |peer: &SocketAddr| RelayStep { peer: Some(*peer), ..step.clone() };
    let steps = if peers.is_empty() { vec![step] } else { peers.iter().map(about).collect() };
    ledger.ask(message.id, flow, steps, at);
}

fn answer(message: &Message) -> Answer {
    let outcome = if message.class == Class::Success {
        RelayOutcome::Granted
    } else {
        let (code, reason) = message.error().unwrap_or_default();
        RelayOutcome::Refused { code, reason: shown(&reason) }
    };
    Answer {
        outcome,
        mapped: message.mapped(),
        relayed: message.relayed_addresses().first().copied(),
        lifetime_s: message.lifetime(),
        realm: message.realm().map(|realm| shown(&String::from_utf8_lossy(realm))),
        software: message.software().map(|software| shown(&software)),
    }
}
