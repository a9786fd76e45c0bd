//! A TURN server (RFC 8656), pure: time and chance are handed in, packets come back.
//!
//! It keeps its allocations and nonces, checks in the order of RFC 8656 section 7.2, and signs what a real server signs. Every
//! mistake that real ones make is a [`TurnFault`].

mod allocation;
mod answer;
mod auth;
mod config;
mod data;
mod fault;
mod grant;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub(crate) use allocation::FiveTuple;
use allocation::{Allocation, Challenge};
pub use config::{TurnConfig, TurnUser};
pub use fault::TurnFault;

use super::random::Random;
use crate::engine::Time;
use crate::wire::stun::message::{CREATE_PERMISSION, SEND};
use crate::wire::stun::relay;
use crate::wire::{Class, Family, Message, Transport};

/// How a Send indication begins.
const SEND_HEADER: [u8; 2] = [0x00, 0x16];

/// The Unix time at which every simulated run begins.
pub const SIM_UNIX_START_S: i64 = 1_700_000_000;

/// What a server sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Over what: a relayed packet is UDP.
    pub transport: Transport,
    /// From where.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// After how long.
    pub after: Duration,
    /// What; nothing closes the connection.
    pub bytes: Vec<u8>,
}

/// A TURN server with its memory.
#[derive(Clone, Debug)]
pub(crate) struct TurnServer {
    config: TurnConfig,
    software: String,
    /// Its distance, there and back.
    distance: Duration,
    own: BTreeSet<IpAddr>,
    relays: BTreeMap<Family, IpAddr>,
    allocations: BTreeMap<FiveTuple, Allocation>,
    challenges: BTreeMap<FiveTuple, Challenge>,
    reserved: BTreeMap<[u8; 8], (SocketAddr, Time)>,
    connections: BTreeSet<u32>,
    made: usize,
    /// Connections to be closed.
    left: Vec<FiveTuple>,
    /// What each client sent in the second that it is.
    budgets: BTreeMap<FiveTuple, (u64, u64)>,
}

impl TurnServer {
    /// A server at these addresses, without any allocation.
    #[must_use]
    pub(crate) fn new(config: &TurnConfig, addresses: &[IpAddr], software: &str, distance: Duration) -> Self {
        let relays = config.families.iter().filter_map(|&family| {
            let own = addresses.iter().copied().find(|&ip| family.has(ip));
            Some((family, config.relay(family).or(own)?))
        });
        Self {
            config: config.clone(),
            software: software.into(),
            distance,
            own: addresses.iter().copied().collect(),
            relays: relays.collect(),
            allocations: BTreeMap::new(),
            challenges: BTreeMap::new(),
            reserved: BTreeMap::new(),
            connections: BTreeSet::new(),
            made: 0,
            left: Vec::new(),
            budgets: BTreeMap::new(),
        }
    }

    /// Where relayed packets leave from.
    pub(crate) fn relay_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.relays.values().copied()
    }

    /// Whether packets to that endpoint are for a relayed address.
    #[must_use]
    pub(crate) fn relays_at(&self, endpoint: SocketAddr) -> bool {
        let (first, last) = self.config.ports;
        let is_its = self.relays.values().any(|&ip| ip == endpoint.ip()) || self.home() == Some(endpoint.ip());
        is_its && (first..=last).contains(&endpoint.port())
    }

    /// The outside of the NAT that it is behind, with the host.
    #[must_use]
    pub(crate) fn home(&self) -> Option<IpAddr> {
        self.config.home.map(IpAddr::V4)
    }

    /// Whether it gets that wrong.
    #[must_use]
    pub(crate) fn has(&self, fault: TurnFault) -> bool {
        self.config.has(fault)
    }

    /// How many allocations there are now.
    #[must_use]
    pub(crate) fn live(&self, now: Time) -> usize {
        self.allocations.values().filter(|allocation| self.lives(allocation, now)).count()
    }

    /// How many allocations there ever were.
    #[must_use]
    pub(crate) fn made(&self) -> usize {
        self.made
    }

    /// A connection of a client is gone, and with it its allocation (RFC 8656 section 6).
    pub(crate) fn closed(&mut self, tuple: FiveTuple) {
        self.allocations.remove(&tuple);
        self.challenges.remove(&tuple);
    }

    /// The client as the server sees it.
    #[must_use]
    pub(crate) fn seen(&self, tuple: FiveTuple) -> SocketAddr {
        let proxied = self.has(TurnFault::Proxied) && tuple.transport == Transport::Udp;
        if proxied { SocketAddr::new(tuple.server.ip(), tuple.client.port()) } else { tuple.client }
    }

    /// Whether so many bytes more are too many for a client with an allocation.
    pub(crate) fn throttles(&mut self, now: Time, tuple: FiveTuple, bytes: usize) -> bool {
        if !self.has(TurnFault::Throttled) || !self.allocations.contains_key(&tuple) {
            return false;
        }
        let (second, sent) = self.budgets.entry(tuple).or_default();
        if *second != now.as_secs() {
            (*second, *sent) = (now.as_secs(), 0);
        }
        *sent += bytes as u64;
        *sent * 8 > u64::from(self.config.max_bps)
    }

    /// A message of a client arrives: a datagram, or one message of a stream.
    pub(crate) fn receive(&mut self, now: Time, tuple: FiveTuple, bytes: &[u8], random: &mut Random) -> Vec<Output> {
        self.sweep(now);
        let is_data = relay::is_channel_data(bytes) || bytes.first_chunk() == Some(&SEND_HEADER);
        if is_data && self.throttles(now, tuple, bytes.len()) {
            return Vec::new();
        }
        if relay::is_channel_data(bytes) {
            // Without its padding it would break the stream (RFC 8656 section 12.5).
            if tuple.transport.is_stream() && !bytes.len().is_multiple_of(4) {
                return Vec::new();
            }
            return self.channel_data(now, tuple, bytes, random);
        }
        let Ok(message) = Message::read(bytes) else { return Vec::new() };
        match (message.class, message.method) {
            (Class::Indication, SEND) => self.send_indication(now, tuple, &message, random),
            (Class::Request, CREATE_PERMISSION) if tuple.transport.is_stream() && self.closes_early(tuple) => {
                self.closed(tuple);
                vec![to_client(tuple, self.distance, Vec::new())]
            }
            (Class::Request, _) => {
                let answer = self.answer(now, tuple, &message, bytes, random);
                let answer = answer.map(|bytes| to_client(tuple, self.distance, bytes));
                let left = std::mem::take(&mut self.left).into_iter();
                answer.into_iter().chain(left.map(|old| to_client(old, self.distance, Vec::new()))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn closes_early(&self, tuple: FiveTuple) -> bool {
        let second = self.allocations.get(&tuple).is_some_and(|allocation| allocation.number > 0);
        self.has(TurnFault::ClosesEarly) || self.has(TurnFault::ClosesSecond) && second
    }

    fn lives(&self, allocation: &Allocation, now: Time) -> bool {
        let vanished = self.has(TurnFault::AllocationVanishes)
            && now.saturating_sub(allocation.made) >= Duration::from_secs(self.config.vanishes_after_s.into());
        allocation.expires > now && !vanished
    }

    /// Forgets what has ended.
    fn sweep(&mut self, now: Time) {
        let ended: Vec<FiveTuple> = self
            .allocations
            .iter()
            .filter(|(_, allocation)| !self.lives(allocation, now))
            .map(|(&tuple, _)| tuple)
            .collect();
        for tuple in ended {
            self.allocations.remove(&tuple);
        }
        self.reserved.retain(|_, (_, until)| *until > now);
    }
}

fn to_client(tuple: FiveTuple, after: Duration, bytes: Vec<u8>) -> Output {
    Output { transport: tuple.transport, source: tuple.server, destination: tuple.client, after, bytes }
}
