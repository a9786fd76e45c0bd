//! By what the connections of the ends are known, so that what servers and captures saw can be given to them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::part::Marks;
use crate::wire::Scope;

/// Nobody has many connections with one socket or one user name fragment: of those that pretend to, so many are compared.
const MOST_ALIKE: usize = 16;

/// By what each connection's own end is known.
#[derive(Default)]
pub(super) struct Known {
    pub(super) marks: BTreeMap<usize, Marks>,
    ufrags: BTreeMap<String, Vec<usize>>,
    /// The connections of which this end has a socket, and of which the other has.
    sockets: [BTreeMap<SocketAddr, Vec<usize>>; 2],
    hidden: BTreeMap<u16, Vec<usize>>,
    /// Ports from which a server was asked that refused.
    refused: BTreeMap<u16, Vec<usize>>,
    /// Public addresses of the hosts of both ends, each with whose they are.
    addresses: BTreeMap<IpAddr, BTreeSet<(usize, usize)>>,
}

impl Known {
    pub(super) fn of(marks: BTreeMap<usize, Marks>) -> Self {
        let mut known = Self { marks, ..Self::default() };
        for (part, marks) in &known.marks {
            for ufrag in &marks.ufrags[0] {
                known.ufrags.entry(ufrag.clone()).or_default().push(*part);
            }
            for side in [0, 1] {
                for socket in &marks.sockets[side] {
                    known.sockets[side].entry(*socket).or_default().push(*part);
                }
                for address in &marks.addresses[side] {
                    known.addresses.entry(*address).or_default().insert((*part, side));
                }
            }
            for port in &marks.hidden {
                known.hidden.entry(*port).or_default().push(*part);
            }
            for port in &marks.refused {
                known.refused.entry(*port).or_default().push(*part);
            }
        }
        known
    }

    /// The connection of which that end has this socket.
    pub(super) fn at(&self, side: usize, socket: &SocketAddr) -> Option<usize> {
        self.sockets[side].get(socket)?.first().copied()
    }

    /// The only connection of which one end has this public address, and which end that is.
    pub(super) fn host(&self, address: IpAddr) -> Option<(usize, usize)> {
        self.addresses.get(&address).filter(|all| all.len() == 1)?.first().copied()
    }

    /// The only connection that was refused what it asked a server from this port.
    pub(super) fn refused(&self, port: u16) -> Option<usize> {
        self.refused.get(&port).filter(|parts| parts.len() == 1)?.first().copied()
    }

    /// The connection of the end that has this port on its host, whose address its file hides.
    pub(super) fn hidden(&self, socket: &SocketAddr) -> Option<usize> {
        let of_host = !matches!(Scope::of(socket.ip()), Scope::Public | Scope::Shared);
        let parts = self.hidden.get(&socket.port()).filter(|parts| of_host && parts.len() == 1)?;
        parts.first().copied()
    }

    /// That of which it is one end and the other socket the other.
    pub(super) fn between(&self, own: &SocketAddr, other: &SocketAddr) -> Option<usize> {
        let has = |part: &&usize| self.marks.get(part).is_some_and(|marks| marks.sockets[1].contains(other));
        self.sockets[0].get(own)?.iter().take(MOST_ALIKE).find(has).copied()
    }

    /// That with this user name fragment, whose other end has the other one, or is not told.
    pub(super) fn named(&self, own: &str, other: &str) -> Option<usize> {
        let has = |part: &&usize| {
            self.marks.get(part).is_some_and(|marks| marks.ufrags[1].is_empty() || marks.ufrags[1].contains(other))
        };
        self.ufrags.get(own)?.iter().take(MOST_ALIKE).find(has).copied()
    }
}
