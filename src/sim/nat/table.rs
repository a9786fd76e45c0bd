//! The mappings of a NAT, found from the inside and from the outside.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::engine::Time;
use crate::evidence::Behavior;
use crate::sim::packet::Protocol;

/// What of the remote end a mapping was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remote {
    /// Every remote.
    Any,
    /// Every port of this address.
    Address(IpAddr),
    /// This address and port.
    Endpoint(SocketAddr),
    /// One connection.
    Connection(u32),
}

impl Remote {
    /// The part of the remote that the behavior looks at.
    #[must_use]
    pub(super) fn by(behavior: Behavior, remote: SocketAddr) -> Self {
        match behavior {
            Behavior::EndpointIndependent => Self::Any,
            Behavior::AddressDependent => Self::Address(remote.ip()),
            Behavior::AddressAndPortDependent => Self::Endpoint(remote),
        }
    }
}

/// Which packets from inside share a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Their protocol.
    pub protocol: Protocol,
    /// Their source.
    pub inside: SocketAddr,
    /// Their destination, as far as it matters.
    pub remote: Remote,
    /// The line they leave by, where destinations are spread over several.
    pub exit: Option<IpAddr>,
}

/// The remotes that were sent to, each with the time of the last packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Contacts(Vec<(SocketAddr, Time)>);

impl Contacts {
    /// Remembers a packet to this remote.
    pub(super) fn note(&mut self, remote: SocketAddr, now: Time) {
        match self.0.iter_mut().find(|(known, _)| *known == remote) {
            Some((_, at)) => *at = now,
            None => self.0.push((remote, now)),
        }
    }

    /// Whether a filter of this behavior lets that source in (RFC 4787 section 5).
    #[must_use]
    pub(super) fn admit(&self, behavior: Behavior, source: SocketAddr, now: Time, timeout: Duration) -> bool {
        let knows = |matches: fn(SocketAddr, SocketAddr) -> bool| {
            self.0.iter().any(|&(remote, at)| matches(remote, source) && now.saturating_sub(at) <= timeout)
        };
        match behavior {
            Behavior::EndpointIndependent => true,
            Behavior::AddressDependent => knows(|remote, source| remote.ip() == source.ip()),
            Behavior::AddressAndPortDependent => knows(|remote, source| remote == source),
        }
    }
}

/// One mapping.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// What it was made for.
    pub key: Key,
    /// When it was last used.
    pub used: Time,
    /// Whom packets left for through it.
    pub contacts: Contacts,
}

/// Every mapping of a NAT. Expired ones count as absent and stay until their port is wanted.
#[derive(Clone, Debug)]
pub(super) struct Table {
    timeout: Duration,
    inside: BTreeMap<Key, SocketAddr>,
    outside: BTreeMap<(Protocol, SocketAddr), Mapping>,
}

impl Table {
    /// An empty table whose mappings last that long without use.
    #[must_use]
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, inside: BTreeMap::new(), outside: BTreeMap::new() }
    }

    /// The external endpoint of a mapping.
    #[must_use]
    pub(super) fn external(&self, key: &Key, now: Time) -> Option<SocketAddr> {
        let external = *self.inside.get(key)?;
        self.at(key.protocol, external, now).map(|_| external)
    }

    /// The mapping behind an external endpoint.
    #[must_use]
    pub(super) fn at(&self, protocol: Protocol, external: SocketAddr, now: Time) -> Option<&Mapping> {
        let mapping = self.outside.get(&(protocol, external))?;
        (now.saturating_sub(mapping.used) <= self.timeout).then_some(mapping)
    }

    /// The same, to change it.
    pub(super) fn at_mut(&mut self, protocol: Protocol, external: SocketAddr, now: Time) -> Option<&mut Mapping> {
        let mapping = self.outside.get_mut(&(protocol, external))?;
        (now.saturating_sub(mapping.used) <= self.timeout).then_some(mapping)
    }

    /// Adds a mapping; one that expired there is gone.
    pub(super) fn insert(&mut self, key: Key, external: SocketAddr, now: Time) {
        let mapping = Mapping { key, used: now, contacts: Contacts::default() };
        if let Some(expired) = self.outside.insert((key.protocol, external), mapping) {
            self.inside.remove(&expired.key);
        }
        self.inside.insert(key, external);
    }
}
