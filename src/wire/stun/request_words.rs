//! Requests in words, for events and reports. What is secret is not in them, nor what a server challenged with.

use std::fmt;

use super::header::HEADER;
use crate::wire::escape::escape;
use crate::wire::{Algorithm, Auth, Change, Family, Method, Relay, Request, TurnAttribute};

impl Method {
    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binding => "Binding",
            Self::Allocate => "Allocate",
            Self::Refresh => "Refresh",
            Self::CreatePermission => "CreatePermission",
            Self::ChannelBind => "ChannelBind",
            Self::Connect => "Connect",
            Self::ConnectionBind => "ConnectionBind",
        }
    }
}

impl Request {
    /// The bytes of the message where PADDING makes it long.
    fn padded_size(&self) -> Option<usize> {
        Some(HEADER + 4 + usize::from(self.padding?).next_multiple_of(4))
    }
}

impl fmt::Display for Request {
    /// In words: "Binding, change address and port, response port 51034", "Allocate, UDP relay, signed as alice",
    /// "Binding through the relay to 192.0.2.1:3478 (channel 0x4000), 1200 bytes".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method.name())?;
        if let Some(Relay { peer, channel }) = self.relay {
            write!(f, " through the relay to {peer}")?;
            if let Some(channel) = channel {
                write!(f, " (channel 0x{channel:04x})")?;
            }
        }
        f.write_str(match self.change {
            Change::Nothing => "",
            Change::Empty => ", empty change request",
            Change::Port => ", change port",
            Change::AddressAndPort => ", change address and port",
        })?;
        if let Some(port) = self.response_port {
            write!(f, ", response port {port}")?;
        }
        if let Some(size) = self.padded_size() {
            write!(f, ", {size} bytes")?;
        }
        for attribute in &self.attributes {
            write!(f, ", {attribute}")?;
        }
        match &self.auth {
            Some(auth) => write!(f, ", {auth}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TurnAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = |family: &Family| if *family == Family::Ipv4 { "IPv4" } else { "IPv6" };
        match self {
            Self::RequestedTransport(17) => f.write_str("UDP relay"),
            Self::RequestedTransport(6) => f.write_str("TCP relay"),
            Self::RequestedTransport(number) => write!(f, "relay of protocol {number}"),
            Self::LifetimeS(seconds) => write!(f, "lifetime {seconds} s"),
            Self::RequestedAddressFamily(wanted) => f.write_str(family(wanted)),
            Self::AdditionalAddressFamily(wanted) => write!(f, "{} too", family(wanted)),
            Self::EvenPort(false) => f.write_str("even port"),
            Self::EvenPort(true) => f.write_str("even port and the next"),
            Self::DontFragment => f.write_str("unfragmented"),
            Self::ReservationToken(_) => f.write_str("reserved port"),
            Self::MobilityTicket(ticket) if ticket.is_empty() => f.write_str("mobile"),
            Self::MobilityTicket(_) => f.write_str("mobility ticket"),
            Self::Peer(peer) => write!(f, "peer {peer}"),
            Self::Channel(number) => write!(f, "channel 0x{number:04x}"),
            Self::ConnectionId(id) => write!(f, "connection {id}"),
        }
    }
}

impl fmt::Debug for TurnAttribute {
    /// In words too: a token or a ticket is as good as the allocation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Auth {
    /// Who signs, and how where it is not the usual way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signed as {}", escape(&self.username))?;
        f.write_str(match (self.algorithm, self.anonymous) {
            (Algorithm::Md5, false) => "",
            (Algorithm::Md5, true) => " (hashed name)",
            (Algorithm::Sha256, false) => " (SHA-256)",
            (Algorithm::Sha256, true) => " (SHA-256, hashed name)",
        })
    }
}
