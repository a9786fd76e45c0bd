//! Which local address, interface and port a socket gets, and which source address the system uses towards a remote.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::failure::{failure, io_failure, message};
use super::setup::NetError;
use super::{host, platform};
use crate::evidence::{Failure, FailureCode};

/// The local address sockets of one family are bound to.
#[derive(Clone, Debug)]
enum Local {
    /// The wildcard: the system chooses for each remote.
    Any,
    /// This one.
    Only(IpAddr),
    /// None, for this reason.
    None(String),
}

/// How sockets of this run are bound.
#[derive(Debug)]
pub(super) struct Binding {
    device: Option<String>,
    ipv4: Local,
    ipv6: Local,
    /// Sources found so far.
    sources: BTreeMap<IpAddr, IpAddr>,
}

impl Binding {
    /// Checks the wishes once, so that a mistake in them is told before anything is measured. Also tells what could not be done
    /// as asked and was done otherwise.
    pub(super) fn new(source: Option<IpAddr>, interface: Option<&str>) -> Result<(Self, Vec<String>), NetError> {
        let mut binding = Self { device: None, ipv4: Local::Any, ipv6: Local::Any, sources: BTreeMap::new() };
        let mut notes = Vec::new();
        if let Some(name) = interface {
            notes.extend(binding.use_interface(name)?);
        }
        if let Some(address) = source {
            binding.use_source(address)?;
        }
        Ok((binding, notes))
    }

    fn use_source(&mut self, address: IpAddr) -> Result<(), NetError> {
        let other = Local::None(format!("the source address {address} is of the other family"));
        (self.ipv4, self.ipv6) = match address {
            IpAddr::V4(_) => (Local::Only(address), other),
            IpAddr::V6(_) => (other, Local::Only(address)),
        };
        let bound = Socket::new(Domain::for_address(SocketAddr::new(address, 0)), Type::DGRAM, Some(Protocol::UDP))
            .and_then(|socket| socket.bind(&SocketAddr::new(address, 0).into()));
        bound.map_err(|error| NetError::Source { address, reason: message(&error) })
    }

    fn use_interface(&mut self, name: &str) -> Result<Option<String>, NetError> {
        let interfaces = host::interfaces();
        let Some(addresses) = interfaces.get(name) else {
            let known = interfaces.into_keys().collect::<Vec<_>>().join(", ");
            return Err(NetError::NoInterface { name: name.into(), known });
        };
        let refusal = match try_device(name) {
            Ok(()) => {
                self.device = Some(name.into());
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied || error.kind() == ErrorKind::Unsupported => {
                message(&error)
            }
            Err(error) => return Err(NetError::Interface { name: name.into(), reason: message(&error) }),
        };
        self.use_addresses(name, addresses);
        Ok(Some(format!(
            "cannot bind to interface {name} ({refusal}): binding to its addresses, the route may still lead elsewhere"
        )))
    }

    fn use_addresses(&mut self, name: &str, addresses: &[IpAddr]) {
        let first = |wanted: fn(&IpAddr) -> bool| match addresses.iter().find(|address| wanted(address)) {
            Some(&address) => Local::Only(address),
            None => Local::None(format!("interface {name} has no address of this family")),
        };
        self.ipv4 = first(IpAddr::is_ipv4);
        // A link-local address would need a scope and reaches no server.
        self.ipv6 = first(|address| matches!(address, IpAddr::V6(v6) if !v6.is_unicast_link_local()));
    }

    /// A non-blocking socket towards the remote, with nothing bound yet.
    pub(super) fn socket(&self, remote: SocketAddr, kind: Type) -> Result<Socket, Failure> {
        let make = || {
            let socket = Socket::new(Domain::for_address(remote), kind, None)?;
            socket.set_nonblocking(true)?;
            if remote.is_ipv6() {
                // An IPv6 socket that also took IPv4 would show mapped addresses and share ports with IPv4 sockets.
                socket.set_only_v6(true)?;
            }
            if let Some(device) = &self.device {
                platform::bind_device(&socket, device, remote)?;
            }
            platform::watch_errors(&socket, remote.is_ipv6())?;
            Ok(socket)
        };
        make().map_err(|error| io_failure(&format!("open a socket towards {remote}"), &error))
    }

    /// Binds the socket to the address, else to what suits the remote, and there to the first of the ports that is free, or to one of
    /// the system's choice.
    pub(super) fn bind(
        &self,
        socket: &Socket,
        remote: SocketAddr,
        address: Option<IpAddr>,
        ports: &[u16],
    ) -> Result<(), Failure> {
        let address = match address {
            Some(address) => address,
            None => self.local(remote)?,
        };
        let candidates = if ports.is_empty() { &[0] } else { ports };
        let mut last = None;
        for &port in candidates {
            match socket.bind(&SocketAddr::new(address, port).into()) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let next = matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied);
                    last = Some((port, message(&error), error.kind() == ErrorKind::AddrInUse));
                    if !next {
                        break;
                    }
                }
            }
        }
        let (port, said, taken) = last.unwrap_or_default();
        let tried = if candidates.len() > 1 {
            format!(", the last of {} ports tried", candidates.len())
        } else {
            String::new()
        };
        // One port may be taken; where many are, there are none left.
        let code = if taken && candidates.len() > 1 { FailureCode::LocalShortage } else { FailureCode::BindFailed };
        Err(failure(code, format!("bind {}: {said}{tried}", SocketAddr::new(address, port))))
    }

    /// The source address that packets to the remote leave with, as the kernel's routing decides it: what connecting a scratch
    /// socket finds without sending anything. The wildcard address that a UDP socket is bound to says nothing.
    ///
    /// # Errors
    /// When this host has no socket left to ask with: without the source nothing could be said of a translation.
    pub(super) fn source_towards(&mut self, remote: SocketAddr) -> Result<Option<IpAddr>, Failure> {
        if let Some(&known) = self.sources.get(&remote.ip()) {
            return Ok(Some(known));
        }
        let socket = match self.socket(remote, Type::DGRAM) {
            Err(failure) if failure.code == FailureCode::LocalShortage => return Err(failure),
            other => other.ok(),
        };
        let ask = |socket: Socket| {
            self.bind(&socket, remote, None, &[]).ok()?;
            socket.connect(&remote.into()).ok()?;
            Some(socket.local_addr().ok()?.as_socket()?.ip())
        };
        let source = socket.and_then(ask);
        if let Some(source) = source {
            self.sources.insert(remote.ip(), source);
        }
        Ok(source)
    }

    fn local(&self, remote: SocketAddr) -> Result<IpAddr, Failure> {
        let (choice, any) = match remote {
            SocketAddr::V4(_) => (&self.ipv4, Ipv4Addr::UNSPECIFIED.into()),
            SocketAddr::V6(_) => (&self.ipv6, Ipv6Addr::UNSPECIFIED.into()),
        };
        match choice {
            Local::Any => Ok(any),
            Local::Only(address) => Ok(*address),
            Local::None(reason) => {
                Err(failure(FailureCode::BindFailed, format!("bind a socket towards {remote}: {reason}")))
            }
        }
    }
}

fn try_device(name: &str) -> std::io::Result<()> {
    // A kernel without IPv4 is not worth a second try here: the socket's family does not matter to the permission.
    let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    platform::bind_device(&Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?, name, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOTE: &str = "127.0.0.1:9";

    /// An address of this host that is not the first choice, where it has one: of loopback addresses macOS has the first only, and Wine
    /// sends from that whatever was bound to.
    fn ours() -> IpAddr {
        let sent_from = || {
            let other = std::net::UdpSocket::bind("127.0.0.3:0")?;
            other.connect(REMOTE)?;
            other.local_addr()
        };
        sent_from().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
    }

    #[test]
    fn an_unknown_interface_is_told_with_those_that_exist() {
        let error = Binding::new(None, Some("no-such-if0")).unwrap_err();
        let loopback =
            host::interfaces().into_iter().find(|(_, addresses)| addresses.iter().any(IpAddr::is_loopback)).unwrap();
        assert!(error.to_string().contains(&loopback.0), "{error}");
    }

    #[test]
    fn a_source_that_is_not_ours_is_refused_at_once() {
        let foreign: IpAddr = "192.0.2.77".parse().unwrap();
        if std::net::UdpSocket::bind((foreign, 0)).is_ok() {
            println!("SKIPPED: this system sends from addresses that it does not have");
            return;
        }
        let error = Binding::new(Some(foreign), None).unwrap_err();
        assert!(error.to_string().starts_with("cannot send from 192.0.2.77: "), "{error}");
    }

    #[test]
    fn a_source_decides_the_address_and_leaves_the_other_family_out() {
        let (mut binding, notes) = Binding::new(Some(ours()), None).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(binding.source_towards(REMOTE.parse().unwrap()), Ok(Some(ours())));
        assert_eq!(binding.source_towards("[::1]:9".parse().unwrap()), Ok(None));
        let remote = "[::1]:9".parse().unwrap();
        let socket = binding.socket(remote, Type::DGRAM).unwrap();
        assert_eq!(binding.bind(&socket, remote, None, &[]).unwrap_err().code, FailureCode::BindFailed);
    }

    #[test]
    fn the_loopback_interface_can_be_asked_for() {
        let (name, _) =
            host::interfaces().into_iter().find(|(_, addresses)| addresses.iter().any(IpAddr::is_loopback)).unwrap();
        let (mut binding, _) = Binding::new(None, Some(&name)).unwrap();
        assert_eq!(binding.source_towards(REMOTE.parse().unwrap()), Ok(Some("127.0.0.1".parse().unwrap())));
    }

    #[test]
    fn without_leave_to_bind_to_an_interface_its_addresses_serve() {
        let (mut binding, _) = Binding::new(None, None).unwrap();
        binding.use_addresses("if0", &["fe80::1".parse().unwrap(), ours()]);
        assert_eq!(binding.source_towards(REMOTE.parse().unwrap()), Ok(Some(ours())));
        assert_eq!(
            binding.source_towards("[::1]:9".parse().unwrap()),
            Ok(None),
            "a link-local address reaches no server"
        );
    }

    #[test]
    fn an_occupied_port_gives_way_to_the_next() {
        let occupied = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = occupied.local_addr().unwrap().port();
        let (binding, _) = Binding::new(None, None).unwrap();
        let remote = REMOTE.parse().unwrap();
        let socket = binding.socket(remote, Type::DGRAM).unwrap();
        let refused = binding.bind(&socket, remote, None, &[port]).unwrap_err();
        assert_eq!(refused.code, FailureCode::BindFailed);
        assert!(refused.text.contains(&port.to_string()), "{}", refused.text);
        assert_eq!(binding.bind(&socket, remote, None, &[port, 0]), Ok(()));
    }
}
