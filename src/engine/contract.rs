//! What the engine asks of a network, and what a network tells it. Nothing here blocks or touches a socket.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::evidence::{Failure, Gateway, Interface, PlatformLimit, TlsFacts};
use crate::wire::{Framing, ServerSpec, Transport};

/// Time since the run began; the network keeps it (real or virtual), the engine only compares.
pub type Time = Duration;

/// A socket's number within the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// How to open a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSpec {
    /// What it carries.
    pub transport: Transport,
    /// Its first remote; a TCP or TLS socket connects to it, a UDP socket stays unconnected (a connected one would drop
    /// answers from alternate addresses) and takes its family from it.
    pub remote: SocketAddr,
    /// The name to verify a certificate against.
    pub server_name: Option<String>,
    /// Local ports to try in this order, the first free one is taken; empty leaves the choice to the system.
    pub local_ports: Vec<u16>,
    /// Let other sockets of this run use the same local port (mapping over TCP needs several connections from one port).
    pub share_port: bool,
    /// The address of this host to bind to, as the base of an ICE candidate is (RFC 8445 section 5.1.1.1); without one the system
    /// chooses for each remote.
    pub local_address: Option<IpAddr>,
    /// How a stream is cut into messages.
    pub framing: Framing,
    /// Connects to nobody: it is there for its address and port. A TCP socket listens, and whoever connects is not answered.
    pub passive: bool,
}

impl SocketSpec {
    /// A socket towards that remote, on a port of the system's choice.
    #[must_use]
    pub fn new(transport: Transport, remote: SocketAddr) -> Self {
        Self {
            transport,
            remote,
            server_name: None,
            local_ports: Vec::new(),
            share_port: false,
            local_address: None,
            framing: Framing::Stun,
            passive: false,
        }
    }
}

/// What the engine wants done. Commands never block and never fail in place: failures come back as [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Tell the name servers of this host; answered by [`Input::NameServers`].
    NameServers,
    /// Look up the addresses of a server for a transport; answered by [`Input::Resolved`].
    Resolve {
        /// Index of the server.
        server: usize,
        /// The server as written.
        spec: ServerSpec,
        /// The transport the addresses are for.
        transport: Transport,
    },
    /// Open a socket; answered by [`Input::Opened`] or [`Input::Failed`]. UDP is open at once, TCP when connected, TLS and
    /// DTLS when the handshake is done and verified.
    Open {
        /// The number the engine gave it.
        socket: SocketId,
        /// How.
        spec: SocketSpec,
    },
    /// Send one message. The first time a UDP socket sends to a remote, [`Input::Local`] follows.
    Send {
        /// From this socket.
        socket: SocketId,
        /// To this remote.
        remote: SocketAddr,
        /// These bytes: one datagram, or one message on a stream (ChannelData comes padded there, RFC 8656 section 12.5).
        bytes: Vec<u8>,
    },
    /// Close a socket; nothing is answered.
    Close {
        /// The socket.
        socket: SocketId,
    },
}

/// What a name led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Addresses in the order to try them.
    pub addresses: Vec<SocketAddr>,
    /// The addresses that the name has itself, where other records of it (SRV, NAPTR) led to those above.
    pub own: Option<Vec<IpAddr>>,
}

impl From<Vec<SocketAddr>> for Found {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, own: None }
    }
}

/// What a network tells the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A look-up ended.
    Resolved {
        /// Index of the server.
        server: usize,
        /// The transport that was asked for.
        transport: Transport,
        /// What it led to, of every family asked for.
        result: Result<Found, Failure>,
    },
    /// The TCP connection beneath a TLS socket stands; the handshake follows, then [`Input::Opened`].
    Connected {
        /// The socket.
        socket: SocketId,
        /// This end.
        local: SocketAddr,
    },
    /// What the handshake of a TLS or DTLS socket showed; [`Input::Opened`] or [`Input::Failed`] follows.
    Handshake {
        /// The socket.
        socket: SocketId,
        /// What it showed.
        facts: Box<TlsFacts>,
    },
    /// A socket is open.
    Opened {
        /// The socket.
        socket: SocketId,
        /// The local port (and address, where already known) it has.
        local: SocketAddr,
    },
    /// A UDP socket's packets to this remote leave with this source address and port.
    Local {
        /// The socket.
        socket: SocketId,
        /// Towards this remote.
        remote: SocketAddr,
        /// The source the kernel uses.
        local: SocketAddr,
    },
    /// Bytes arrived: one datagram, or one whole message of a stream (a STUN message, ChannelData, or a response of HTTP).
    Received {
        /// On this socket.
        socket: SocketId,
        /// From this source.
        source: SocketAddr,
        /// What arrived.
        bytes: Vec<u8>,
    },
    /// A socket could not be opened, a send was refused, an ICMP error came back, or a stream ended.
    Failed {
        /// The socket.
        socket: SocketId,
        /// The remote concerned; `None` when the whole socket is dead.
        remote: Option<SocketAddr>,
        /// Why.
        failure: Failure,
    },
    /// The name servers that this host is set up to ask, as far as that is known.
    NameServers(Vec<SocketAddr>),
    /// Ctrl-C.
    Interrupted,
}

/// A network to measure: real sockets or the simulated internet.
pub trait Network {
    /// Time since the run began.
    fn now(&self) -> Time;

    /// The addresses of this host's interfaces that are up.
    fn host_addresses(&self) -> Vec<IpAddr>;

    /// What this host's system does not tell a program.
    fn platform_limits(&self) -> &[PlatformLimit] {
        &[]
    }

    /// The interfaces of this host that are up, with what the system knows of them.
    fn interfaces(&self) -> Vec<Interface> {
        Vec::new()
    }

    /// The default gateways of this host, the preferred ones first; or, where some are named, those, as this host reaches them.
    ///
    /// # Errors
    /// Why none is known.
    fn gateways(&self, _named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        Ok(Vec::new())
    }

    /// Carries out a command. Must not block.
    fn perform(&mut self, command: Command);

    /// Waits for the next input, at most until then; `None` when the time came first.
    fn wait(&mut self, until: Time) -> Option<Input>;
}

/// What runs on a network: it says what it wants done, is told what comes of it, and names the time by which it wants to be asked
/// again. Drive it so: [`Machine::poll`], carry the commands out, wait for an input until [`Machine::next_wake`],
/// [`Machine::handle`] it, and again, until [`Machine::is_finished`].
pub trait Machine {
    /// What is to be done now.
    fn poll(&mut self, now: Time) -> Vec<Command>;

    /// Takes in what the network tells.
    fn handle(&mut self, now: Time, input: Input);

    /// When to poll again at the latest.
    fn next_wake(&self) -> Time;

    /// Whether there is nothing more to do.
    fn is_finished(&self) -> bool;
}
