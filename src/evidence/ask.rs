//! One exchange that a probe wants, and on what terms.

use std::net::{IpAddr, SocketAddr};

use super::{Key, SocketName};
use crate::wire::{Question, Transport};

/// One exchange that a probe wants.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Unique within the run; how the probe finds the exchange in the evidence.
    pub key: Key,
    /// Index of the server it concerns (its alternate addresses included): pacing is per server.
    pub server: usize,
    /// Sockets are opened on first use, each with a random local port of its own; asks with the same name share one.
    pub socket: SocketName,
    /// What carries it.
    pub transport: Transport,
    /// Where to send it.
    pub remote: SocketAddr,
    /// What to ask.
    pub request: Question,
    /// How long to keep asking.
    pub patience: Patience,
    /// Which local port the socket gets, if this ask opens it.
    pub local_port: LocalPort,
    /// What is out of the ordinary about it.
    pub terms: Terms,
}

impl Ask {
    /// A Binding request that is expected to be answered, over UDP from a fresh port, on ordinary terms.
    #[must_use]
    pub fn binding(key: Key, server: usize, socket: impl Into<SocketName>, remote: SocketAddr) -> Self {
        Self {
            key,
            server,
            socket: socket.into(),
            transport: Transport::Udp,
            remote,
            request: Question::default(),
            patience: Patience::Answer,
            local_port: LocalPort::Fresh,
            terms: Terms::default(),
        }
    }
}

/// What is out of the ordinary about an ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Not to be sent before that time of the run, in milliseconds.
    pub not_before_ms: Option<f64>,
    /// Its connection stays open when its last exchange is over: an allocation lives and dies with it (RFC 8656 section 3.1).
    pub keep_open: bool,
    /// Sent at the very moments at which that exchange is sent: what becomes of the one tells what the path did to the other.
    pub beside: Option<Key>,
    /// Not counted by the pacing of RFC 5780: a TURN dialog creates one mapping, not one for each question.
    pub unpaced: bool,
    /// The address of this host that the socket is bound to, if this ask opens it: the base of an ICE candidate.
    pub local_address: Option<IpAddr>,
    /// The name to verify the certificate against in place of the server's (ALTERNATE-DOMAIN, RFC 8489 section 10).
    pub server_name: Option<String>,
}

/// Which local port a socket gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LocalPort {
    /// A random one that this run has not used yet: a port used before may still have a pinhole (FIELD trap 3).
    #[default]
    Fresh,
    /// The one the user asked for.
    Fixed(u16),
    /// The fresh port of that socket, for every one that shares it (mapping over TCP needs several connections from one port).
    Shared(SocketName),
}

/// How long to keep asking; the numbers follow from the round trip and the loss of this run and belong to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// An answer is expected; ask until it is clear that none will come.
    Answer,
    /// Silence may be the answer: ask as often as it takes to tell it from loss.
    Silence,
    /// Sent again and again whether it is answered or not, each answer counted, until the probe has enough of it.
    Series,
    /// One send and no other, waited for as long as a late packet may take: loss itself is measured.
    Once,
}
