//! What travels through the simulated network.

use std::net::{IpAddr, SocketAddr};

use crate::evidence::FailureCode;
use crate::wire::{Family, nat_pmp};

/// The transport protocol as NATs know it: TLS is TCP to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    /// User datagrams.
    Udp,
    /// Connections; only their first packet meets the NATs, the rest of the stream takes the path it opened.
    Tcp,
}

impl Protocol {
    /// The same as port mappings call it.
    #[must_use]
    pub(super) fn mapped(self) -> nat_pmp::Protocol {
        match self {
            Self::Udp => nat_pmp::Protocol::Udp,
            Self::Tcp => nat_pmp::Protocol::Tcp,
        }
    }
}

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Its protocol; for an ICMP error, that of the packet it complains of.
    pub protocol: Protocol,
    /// Where it says it comes from; for an ICMP error, where the packet it complains of was going.
    pub source: SocketAddr,
    /// Where it goes.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: Payload,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// The bytes of a datagram; nothing for the first packet of a connection.
    Data(Vec<u8>),
    /// An ICMP destination unreachable.
    Unreachable {
        /// Which kind.
        code: FailureCode,
        /// Who sent it.
        by: IpAddr,
    },
}

impl Packet {
    /// The family it belongs to.
    #[must_use]
    pub(super) fn family(&self) -> Family {
        if self.destination.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }

    /// The ICMP error that goes back to the sender of this packet. There is none about an ICMP error (RFC 1122 section 3.2.2).
    #[must_use]
    pub(super) fn unreachable(&self, code: FailureCode, by: IpAddr) -> Option<Self> {
        let Payload::Data(_) = self.payload else { return None };
        Some(Self {
            protocol: self.protocol,
            source: self.destination,
            destination: self.source,
            payload: Payload::Unreachable { code, by },
        })
    }
}
