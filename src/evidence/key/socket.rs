//! What sockets are called. Asks that name the same socket share one, so the names say who shares with whom.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{DiscoverKey, FilteringPort, GatewayKey, NatKey, SocketRole, TurnTarget, family, text, transport, words};
use crate::wire::{Family, Transport};

/// The name of a socket, unique within a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SocketName {
    /// `FAMILY/USE`: one for every server.
    Family(Family, FamilySocket),
    /// `FAMILY/filtering/SERVER/PORT`: one for each port whose filter is tested.
    Filtering {
        /// The family tested.
        family: Family,
        /// The server that is to answer from its other addresses.
        server: usize,
        /// The local port that it is to answer to.
        port: FilteringPort,
    },
    /// `discover/SERVER/capabilities/REMOTE`: one for each server whose second address is tried.
    Capabilities(usize, SocketAddr),
    /// `TARGET/ROLE`: one for each part in the test of a TURN target.
    Turn(TurnTarget, SocketRole),
    /// `base/TRANSPORT/ADDRESS`: one for each address of this host from which ICE's candidates are gathered.
    Base(Transport, IpAddr),
    /// Of one exchange of `classify` alone, called as that is: over TCP each has its connection, and fresh ports are asked from once.
    Nat(NatKey),
    /// Of one exchange of `discover` alone.
    Discover(DiscoverKey),
    /// Of one question to a gateway alone.
    Gateway(GatewayKey),
    /// None of ours, in a report that somebody else wrote, or another release: as it was written.
    Other(String),
}

/// What a socket is for that every server is asked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FamilySocket {
    /// The first question of `classify`, and the mapping of this socket.
    Main,
    /// The mapping once more, from a second socket.
    SecondMapping,
    /// What tells a blocked path from other silences.
    Control,
    /// One of the two that send to each other's external address.
    HairpinX,
    /// The other.
    HairpinY,
    /// `discover` over UDP.
    Discover,
}

words!(FamilySocket {
    Main => "main",
    SecondMapping => "mapping-2",
    Control => "control",
    HairpinX => "hairpin/x",
    HairpinY => "hairpin/y",
    Discover => "discover",
});

impl FamilySocket {
    /// The name of that socket of a family.
    #[must_use]
    pub fn over(self, family: Family) -> SocketName {
        SocketName::Family(family, self)
    }
}

impl SocketName {
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let named = match *parts {
            [of, "filtering", server, port] => {
                let (server, port) = (server.parse().ok()?, FilteringPort::read(port)?);
                Some(Self::Filtering { family: family(of)?, server, port })
            }
            ["discover", server, "capabilities", remote] => {
                Some(Self::Capabilities(server.parse().ok()?, remote.parse().ok()?))
            }
            ["base", carrier, address] => Some(Self::Base(transport(carrier)?, address.parse().ok()?)),
            ["turn", ..] => match TurnTarget::read(&parts)? {
                (target, [role]) => Some(Self::Turn(target, SocketRole::of(role)?)),
                _ => None,
            },
            _ => None,
        };
        let shared = || {
            let (of, purpose) = text.split_once('/')?;
            Some(Self::Family(family(of)?, FamilySocket::read(purpose)?))
        };
        named
            .or_else(shared)
            .or_else(|| NatKey::read(&parts).map(Self::Nat))
            .or_else(|| DiscoverKey::read(&parts).map(Self::Discover))
            .or_else(|| GatewayKey::read(&parts).map(Self::Gateway))
    }
}

impl fmt::Display for SocketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family(family, purpose) => write!(f, "{}/{}", family.name(), purpose.word()),
            Self::Filtering { family, server, port } => write!(f, "{}/filtering/{server}/{port}", family.name()),
            Self::Capabilities(server, remote) => write!(f, "discover/{server}/capabilities/{remote}"),
            Self::Turn(target, role) => write!(f, "{target}/{}", role.name()),
            Self::Base(transport, address) => write!(f, "base/{}/{address}", transport.name()),
            Self::Nat(key) => key.fmt(f),
            Self::Discover(key) => key.fmt(f),
            Self::Gateway(key) => key.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<&str> for SocketName {
    /// Whatever is not written as we write it is kept as it is.
    fn from(text: &str) -> Self {
        Self::read(text).filter(|name| name.to_string() == text).unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

text!(SocketName);
