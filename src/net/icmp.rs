//! ICMP errors, as the kernel's error queue keeps them: who said no, about which destination, and in which words. Without it
//! an unconnected socket never learns that a port is closed.

use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::evidence::{Failure, FailureCode};

/// One entry of the error queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Where the refused packet was sent.
    pub(super) destination: SocketAddr,
    code: FailureCode,
    /// What was said, and by whom.
    text: String,
    by: Option<IpAddr>,
}

impl Refusal {
    /// As the failure of that operation towards the destination.
    pub(super) fn failure(self, operation: &str) -> Failure {
        let Self { destination, code, text, by } = self;
        Failure { code, text: format!("{operation} {destination}: {text}"), by }
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::{enable, next, off};

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{enable, next, off};

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSliceMut};
    use std::net::{IpAddr, SocketAddr};
    use std::os::fd::{AsFd, AsRawFd};

    use nix::libc;
    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, SetSockOpt, SockaddrIn, SockaddrIn6, SockaddrStorage, recvmsg, setsockopt,
        sockopt,
    };

    use super::{Refusal, verdict};
    use crate::net::failure;

    /// Has the kernel keep ICMP errors.
    pub(in crate::net) fn enable(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
        set(socket, ipv6, true)
    }

    /// Back to the kernel's usual ways, with an empty queue.
    pub(in crate::net) fn off(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
        set(socket, ipv6, false)
    }

    fn set(socket: &impl AsFd, ipv6: bool, on: bool) -> io::Result<()> {
        fn one(socket: &impl AsFd, option: impl SetSockOpt<Val = bool>, on: bool) -> io::Result<()> {
            Ok(setsockopt(socket, option, &on)?)
        }
        if ipv6 { one(socket, sockopt::Ipv6RecvErr, on) } else { one(socket, sockopt::Ipv4RecvErr, on) }
    }

    /// Takes the next entry; `WouldBlock` when there is none.
    pub(in crate::net) fn next(socket: &impl AsRawFd) -> io::Result<Refusal> {
        loop {
            if let Some(refusal) = take(socket)? {
                return Ok(refusal);
            }
        }
    }

    fn take(socket: &impl AsRawFd) -> io::Result<Option<Refusal>> {
        // The refused packet itself would come along; its destination is all that matters.
        let mut packet = [0; 1];
        let mut slices = [IoSliceMut::new(&mut packet)];
        let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
        for entry in message.cmsgs()? {
            let (error, offender, destination) = match entry {
                ControlMessageOwned::Ipv4RecvErr(error, offender) => {
                    let offender = offender.map(|address| IpAddr::from(SockaddrIn::from(address).ip()));
                    let destination = message.address.as_ref().and_then(SockaddrStorage::as_sockaddr_in);
                    (error, offender, destination.map(|&address| SocketAddr::V4(address.into())))
                }
                ControlMessageOwned::Ipv6RecvErr(error, offender) => {
                    let offender = offender.map(|address| IpAddr::from(SockaddrIn6::from(address).ip()));
                    let destination = message.address.as_ref().and_then(SockaddrStorage::as_sockaddr_in6);
                    (error, offender, destination.map(|&address| SocketAddr::V6(address.into())))
                }
                _ => continue,
            };
            let Some(destination) = destination else { continue };
            return Ok(Some(explain(&error, offender, destination)));
        }
        Ok(None)
    }

    fn explain(error: &libc::sock_extended_err, offender: Option<IpAddr>, destination: SocketAddr) -> Refusal {
        if !matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6) {
            let error = i32::try_from(error.ee_errno)
                .map_or_else(|_| io::ErrorKind::Other.into(), io::Error::from_raw_os_error);
            return Refusal { destination, code: failure::code(&error), text: failure::message(&error), by: None };
        }
        let ipv6 = error.ee_origin == libc::SO_EE_ORIGIN_ICMP6;
        let (code, words) = verdict(ipv6, error.ee_type, error.ee_code);
        let by = offender.filter(|address| !address.is_unspecified());
        let said_by = by.map_or_else(String::new, |address| format!(" from {address}"));
        let protocol = if ipv6 { "ICMPv6" } else { "ICMP" };
        Refusal { destination, code, text: format!("{protocol} {words}{said_by}"), by }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;

    use socket2::Socket;

    use super::Refusal;

    pub(in crate::net) fn enable(_socket: &Socket, _ipv6: bool) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::net) fn off<S>(_socket: &S, _ipv6: bool) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::net) fn next<S>(_socket: &S) -> io::Result<Refusal> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// What an ICMP error means (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; for `IPv6` RFC 4443 section 3).
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has an error queue; the tests ask everywhere")
)]
fn verdict(ipv6: bool, kind: u8, code: u8) -> (FailureCode, &'static str) {
    use FailureCode::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Other, Prohibited};
    if ipv6 {
        return match (kind, code) {
            (1, 0) => (NetworkUnreachable, "no route to destination"),
            (1, 1) => (Prohibited, "communication administratively prohibited"),
            (1, 2) => (HostUnreachable, "beyond scope of source address"),
            (1, 4) => (ConnectionRefused, "port unreachable"),
            // RFC 4443 section 3.1: codes 5 and 6 are more informative subsets of code 1.
            (1, 5) => (Prohibited, "source address failed ingress/egress policy"),
            (1, 6) => (Prohibited, "reject route to destination"),
            (1, _) => (HostUnreachable, "address unreachable"),
            (2, _) => (Other, "packet too big"),
            (3, _) => (HostUnreachable, "hop limit exceeded"),
            _ => (Other, "parameter problem"),
        };
    }
    match (kind, code) {
        (3, 0 | 6 | 11) => (NetworkUnreachable, "network unreachable"),
        (3, 2) => (ConnectionRefused, "protocol unreachable"),
        (3, 3) => (ConnectionRefused, "port unreachable"),
        (3, 4) => (Other, "fragmentation needed"),
        (3, 9 | 10 | 13) => (Prohibited, "communication administratively prohibited"),
        (3, _) => (HostUnreachable, "host unreachable"),
        (11, _) => (HostUnreachable, "time to live exceeded"),
        _ => (Other, "parameter problem"),
    }
}

/// Every entry there is, without waiting.
pub(super) fn drain<S>(socket: &S, mut take: impl FnMut(&S) -> io::Result<Refusal>, mut found: impl FnMut(Refusal)) {
    while let Ok(refusal) = take(socket) {
        found(refusal);
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::evidence::FailureCode::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Prohibited};

    #[test]
    fn a_closed_port_is_told_from_a_firewall_and_a_missing_route() {
        assert_eq!(verdict(false, 3, 3).0, ConnectionRefused);
        assert_eq!(verdict(true, 1, 4).0, ConnectionRefused);
        for code in [9, 10, 13] {
            assert_eq!(verdict(false, 3, code).0, Prohibited);
        }
        assert_eq!(verdict(true, 1, 1).0, Prohibited);
        assert_eq!(verdict(false, 3, 0).0, NetworkUnreachable);
        assert_eq!(verdict(true, 1, 0).0, NetworkUnreachable);
        assert_eq!(verdict(false, 3, 1).0, HostUnreachable);
        assert_eq!(verdict(true, 1, 3).0, HostUnreachable);
    }

    #[test]
    fn every_type_and_code_has_words() {
        for (ipv6, kind, code) in
            (0..=u8::MAX).flat_map(|kind| (0..=u8::MAX).map(move |code| (kind % 2 == 0, kind, code)))
        {
            assert!(!verdict(ipv6, kind, code).1.is_empty());
        }
    }
}
