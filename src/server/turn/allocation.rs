//! The allocations of a TURN server: what it keeps for each client (RFC 8656 section 3.2).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::engine::Time;
use crate::wire::{Family, TransactionId, Transport};

/// How long a permission lasts (RFC 8656 section 9).
pub(super) const PERMISSION: Duration = Duration::from_secs(300);
/// How long a channel lasts (RFC 8656 section 12).
pub(super) const CHANNEL: Duration = Duration::from_secs(600);

/// Who speaks to whom over what: one allocation each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FiveTuple {
    /// The protocol.
    pub transport: Transport,
    /// The client as the server sees it.
    pub client: SocketAddr,
    /// Where the server was asked.
    pub server: SocketAddr,
}

/// A relayed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relayed {
    /// Where packets leave from.
    pub real: SocketAddr,
    /// What the client is told.
    pub told: SocketAddr,
}

/// One allocation.
#[derive(Clone, Debug)]
pub(super) struct Allocation {
    /// Its relayed addresses, one for each family at most.
    pub relayed: Vec<Relayed>,
    /// Whose it is.
    pub username: String,
    /// When it was made.
    pub made: Time,
    /// When it ends.
    pub expires: Time,
    /// The request that made it, and the answer: a retransmission gets the same (RFC 8656 section 7.2).
    pub birth: (TransactionId, Vec<u8>),
    /// Who may send, and until when.
    pub permissions: BTreeMap<IpAddr, Time>,
    /// The channels, their peers, and until when.
    pub channels: BTreeMap<u16, (SocketAddr, Time)>,
    /// Whom data was sent to.
    pub contacts: BTreeSet<SocketAddr>,
    /// Whether it relays TCP (RFC 6062).
    pub tcp: bool,
    /// The proof that lets its client move (RFC 8016).
    pub ticket: Option<[u8; 8]>,
    /// How many data were passed on.
    pub passed: u64,
    /// Its number among all that were ever made.
    pub number: usize,
}

impl Allocation {
    /// The relayed address of a family.
    pub(super) fn of(&self, family: Family) -> Option<Relayed> {
        self.relayed.iter().copied().find(|relayed| Family::of(relayed.real) == family)
    }

    /// Whether packets to that address are for it.
    pub(super) fn is_at(&self, real: SocketAddr) -> bool {
        self.relayed.iter().any(|relayed| relayed.real == real)
    }

    /// Whether that peer may send now.
    pub(super) fn permits(&self, peer: IpAddr, now: Time) -> bool {
        self.permissions.get(&peer).is_some_and(|&until| until > now)
    }

    /// The channel of a peer.
    pub(super) fn channel_of(&self, peer: SocketAddr, now: Time) -> Option<u16> {
        let is_it = |(_, (bound, until)): &(&u16, &(SocketAddr, Time))| *bound == peer && *until > now;
        self.channels.iter().find(is_it).map(|(&number, _)| number)
    }

    /// The peer of a channel.
    pub(super) fn peer_of(&self, channel: u16, now: Time) -> Option<SocketAddr> {
        self.channels.get(&channel).filter(|(_, until)| *until > now).map(|&(peer, _)| peer)
    }
}

/// What a server remembers of one client before and beside its allocation: its nonce.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    /// The nonce.
    pub nonce: Vec<u8>,
    /// Until when it is good.
    pub until: Time,
    /// How many signed requests were looked at.
    pub checked: u32,
}
