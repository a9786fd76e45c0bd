//! The host that nat-probe runs on: its addresses and its sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::packet::Protocol;
use super::scenario::HostConfig;
use crate::engine::{SocketId, SocketSpec, Time};
use crate::evidence::{Failure, FailureCode, PlatformLimit};
use crate::server::random::Random;
use crate::wire::{Family, Framing, Transport};

/// The range Linux takes local ports from.
const EPHEMERAL: (u16, u16) = (32_768, 60_999);

/// An open socket.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    /// What it carries.
    pub transport: Transport,
    /// Its address and port; the address of a UDP socket that is bound to none in particular is unspecified.
    pub local: SocketAddr,
    /// The one remote of a connection.
    pub remote: SocketAddr,
    /// The source that the remote end of a connection sees, once it is established.
    pub seen: Option<SocketAddr>,
    /// What was sent before the connection was there.
    pub waiting: Vec<Vec<u8>>,
    /// When the last bytes of a connection reach its other end, and when the last of the other end reach this one: streams keep their
    /// order.
    pub latest: [Time; 2],
    /// How what comes down a connection is cut into messages.
    pub framing: Framing,
    share_port: bool,
    told: BTreeSet<SocketAddr>,
}

/// The host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    addresses: Vec<IpAddr>,
    routes: BTreeMap<IpAddr, IpAddr>,
    limits: Vec<PlatformLimit>,
    sockets: BTreeMap<SocketId, Socket>,
}

impl Host {
    /// A host with these addresses and no socket.
    #[must_use]
    pub(super) fn new(addresses: Vec<IpAddr>, config: &HostConfig) -> Self {
        let (routes, limits) = (config.routes.clone(), config.platform_limits.clone());
        Self { addresses, routes, limits, sockets: BTreeMap::new() }
    }

    /// What its system does not tell a program.
    #[must_use]
    pub(super) fn limits(&self) -> &[PlatformLimit] {
        &self.limits
    }

    /// What its system tells a UDP socket of an ICMP error about what it sent to that remote.
    #[must_use]
    pub(super) fn hears(&self, remote: SocketAddr, code: FailureCode, by: IpAddr) -> Option<Failure> {
        if !self.limits.contains(&PlatformLimit::IcmpErrorsInPart) {
            return Some(told(remote, code, by));
        }
        let refused = matches!(code, FailureCode::ConnectionRefused | FailureCode::Prohibited);
        refused.then(|| failure(FailureCode::ConnectionRefused, format!("send to {remote}: refused")))
    }

    /// What its interfaces have, loopback and link-local ones included.
    #[must_use]
    pub(super) fn interfaces(&self) -> Vec<IpAddr> {
        let mut all = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
        if self.addresses.iter().any(IpAddr::is_ipv6) {
            all.extend([IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x23))]);
        }
        all.extend(&self.addresses);
        all
    }

    /// Whether that is one of its addresses.
    #[must_use]
    pub(super) fn has(&self, ip: IpAddr) -> bool {
        self.addresses.contains(&ip)
    }

    /// The address it sends from to this remote, if it has one of the family.
    #[must_use]
    pub(super) fn source_towards(&self, remote: SocketAddr) -> Option<IpAddr> {
        let routed = self.routes.get(&remote.ip()).copied();
        routed.or_else(|| self.addresses.iter().copied().find(|ip| ip.is_ipv4() == remote.is_ipv4()))
    }

    /// Opens a socket on the first of its ports that is free, and tells what it got; a connection is not established yet.
    ///
    /// # Errors
    ///
    /// When there is no address of the family, or no port.
    pub(super) fn open(&mut self, id: SocketId, spec: &SocketSpec, random: &mut Random) -> Result<SocketAddr, Failure> {
        let remote = spec.remote;
        let source = self.source_towards(remote).ok_or_else(|| unreachable_network(remote))?;
        if let Some(address) = spec.local_address.filter(|address| !self.has(*address)) {
            let text = format!("bind {address}: cannot assign requested address");
            return Err(failure(FailureCode::BindFailed, text));
        }
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(failure(FailureCode::Other, format!("connect to {remote}: invalid argument")));
        }
        let share_port = spec.share_port && spec.transport != Transport::Udp;
        let is_free = |port: u16| {
            let same = |other: &&Socket| {
                other.local.port() == port
                    && other.local.is_ipv4() == remote.is_ipv4()
                    && protocol(other.transport) == protocol(spec.transport)
            };
            // One connection is told from another by its four ends: a second one to the same remote cannot be.
            self.sockets.values().filter(same).all(|other| share_port && other.share_port && other.remote != remote)
        };
        let port = if spec.local_ports.is_empty() {
            (0..256).map(|_| random.port(EPHEMERAL.0, EPHEMERAL.1)).find(|&port| is_free(port))
        } else {
            spec.local_ports.iter().copied().find(|&port| port != 0 && is_free(port))
        };
        let port = port.ok_or_else(|| {
            let ports: Vec<String> = spec.local_ports.iter().map(ToString::to_string).collect();
            failure(
                FailureCode::BindFailed,
                format!("bind a local port ({}): address already in use", ports.join(", ")),
            )
        })?;
        let ip = match (spec.transport, Family::Ipv4.has(source)) {
            (Transport::Udp | Transport::Dtls, true) => Ipv4Addr::UNSPECIFIED.into(),
            (Transport::Udp | Transport::Dtls, false) => Ipv6Addr::UNSPECIFIED.into(),
            (Transport::Tcp | Transport::Tls, _) => source,
        };
        let ip = spec.local_address.unwrap_or(ip);
        let socket = Socket {
            transport: spec.transport,
            local: SocketAddr::new(ip, port),
            remote,
            seen: None,
            framing: spec.framing,
            share_port,
            waiting: Vec::new(),
            latest: [Time::ZERO; 2],
            told: BTreeSet::new(),
        };
        let local = socket.local;
        self.sockets.insert(id, socket);
        Ok(local)
    }

    /// The socket of that number, while it is open.
    #[must_use]
    pub(super) fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(&id)
    }

    /// The same, to change it.
    pub(super) fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.sockets.get_mut(&id)
    }

    /// Closes a socket.
    pub(super) fn close(&mut self, id: SocketId) {
        self.sockets.remove(&id);
    }

    /// The connection with these two ends, the near one as the far one sees it.
    #[must_use]
    pub(super) fn connected(&self, transport: Transport, seen: SocketAddr, remote: SocketAddr) -> Option<SocketId> {
        let is_it =
            |socket: &Socket| socket.transport == transport && socket.seen == Some(seen) && socket.remote == remote;
        self.sockets.iter().find(|(_, socket)| is_it(socket)).map(|(&id, _)| id)
    }

    /// The UDP socket that a packet to this endpoint belongs to.
    #[must_use]
    pub(super) fn listener(&self, destination: SocketAddr) -> Option<SocketId> {
        let is_it = |socket: &Socket| {
            socket.transport == Transport::Udp
                && socket.local.port() == destination.port()
                && socket.local.is_ipv4() == destination.is_ipv4()
                && (socket.local.ip().is_unspecified() || socket.local.ip() == destination.ip())
        };
        self.sockets.iter().find(|(_, socket)| is_it(socket)).map(|(&id, _)| id)
    }
}

impl Socket {
    /// The address that it is bound to, where it is to one in particular.
    #[must_use]
    pub(super) fn bound(&self) -> Option<IpAddr> {
        Some(self.local.ip()).filter(|ip| !ip.is_unspecified())
    }

    /// Whether this is the first packet to that remote.
    pub(super) fn is_news(&mut self, remote: SocketAddr) -> bool {
        self.told.insert(remote)
    }
}

/// The protocol beneath a transport.
#[must_use]
pub(super) fn protocol(transport: Transport) -> Protocol {
    match transport {
        Transport::Udp | Transport::Dtls => Protocol::Udp,
        Transport::Tcp | Transport::Tls => Protocol::Tcp,
    }
}

/// A failure that nobody on the path claims.
#[must_use]
pub(super) fn failure(code: FailureCode, text: impl Into<String>) -> Failure {
    Failure { code, text: text.into(), by: None }
}

/// No address or route of the family.
#[must_use]
pub(super) fn unreachable_network(remote: SocketAddr) -> Failure {
    let family = if remote.is_ipv4() { "IPv4" } else { "IPv6" };
    failure(FailureCode::NetworkUnreachable, format!("send over {family}: Network is unreachable"))
}

/// What an ICMP error says.
#[must_use]
pub(super) fn told(remote: SocketAddr, code: FailureCode, by: IpAddr) -> Failure {
    let what = match code {
        FailureCode::Prohibited => "administratively prohibited",
        FailureCode::NetworkUnreachable => "network unreachable",
        FailureCode::HostUnreachable => "host unreachable",
        _ => "port unreachable",
    };
    Failure { code, text: format!("send to {remote}: {what}, says {by}"), by: Some(by) }
}
