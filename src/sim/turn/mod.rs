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

pub use allocation::FiveTuple;
use allocation::{Allocation, Challenge};
pub use config::{TurnConfig, TurnUser};
pub use fault::TurnFault;

use super::random::Random;
use crate::engine::Time;
use crate::probe::Family;
use crate::stun::message::{CREATE_PERMISSION, SEND};
use crate::stun::{Class, Message, Transport, relay};

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
pub struct TurnServer {
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
}

impl TurnServer {
    /// A server at these addresses, without any allocation.
    #[must_use]
    pub fn new(config: &TurnConfig, addresses: &[IpAddr], software: &str, distance: Duration) -> Self {
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
        }
    }

    /// Where relayed packets leave from.
    pub fn relay_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.relays.values().copied()
    }

    /// Whether packets to that endpoint are for a relayed address.
    #[must_use]
    pub fn relays_at(&self, endpoint: SocketAddr) -> bool {
        let (first, last) = self.config.ports;
        self.relays.values().any(|&ip| ip == endpoint.ip()) && (first..=last).contains(&endpoint.port())
    }

    /// Whether it gets that wrong.
    #[must_use]
    pub fn has(&self, fault: TurnFault) -> bool {
        self.config.has(fault)
    }

    /// How many allocations there are now.
    #[must_use]
    pub fn live(&self, now: Time) -> usize {
        self.allocations.values().filter(|allocation| self.lives(allocation, now)).count()
    }

    /// How many allocations there ever were.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made
    }

    /// A connection of a client is gone, and with it its allocation (RFC 8656 section 6).
    pub fn closed(&mut self, tuple: FiveTuple) {
        self.allocations.remove(&tuple);
        self.challenges.remove(&tuple);
    }

    /// A message of a client arrives: a datagram, or one message of a stream.
    pub fn receive(&mut self, now: Time, tuple: FiveTuple, bytes: &[u8], random: &mut Random) -> Vec<Output> {
        self.sweep(now);
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
            (Class::Request, CREATE_PERMISSION) if tuple.transport.is_stream() && self.has(TurnFault::ClosesEarly) => {
                self.closed(tuple);
                vec![to_client(tuple, self.distance, Vec::new())]
            }
            (Class::Request, _) => {
                let answer = self.answer(now, tuple, &message, bytes, random);
                answer.map(|bytes| to_client(tuple, self.distance, bytes)).into_iter().collect()
            }
            _ => Vec::new(),
        }
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
