//! ICMP errors, as the kernel's error queue keeps them: without it an unconnected socket never learns that a port is closed.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SetSockOpt, SockaddrIn, SockaddrIn6, SockaddrStorage, recvmsg, setsockopt, sockopt,
};

use crate::net::failure;
use crate::net::icmp::{Refusal, verdict};

/// Has the kernel keep ICMP errors.
pub(in crate::net) fn watch_errors(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
    set(socket, ipv6, true)
}

/// Back to the kernel's usual ways, with an empty queue.
pub(in crate::net) fn forget_errors(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
    set(socket, ipv6, false)
}

fn set(socket: &impl AsFd, ipv6: bool, on: bool) -> io::Result<()> {
    fn one(socket: &impl AsFd, option: impl SetSockOpt<Val = bool>, on: bool) -> io::Result<()> {
        Ok(setsockopt(socket, option, &on)?)
    }
    if ipv6 { one(socket, sockopt::Ipv6RecvErr, on) } else { one(socket, sockopt::Ipv4RecvErr, on) }
}

/// Takes the next entry; `WouldBlock` when there is none.
pub(in crate::net) fn next_error(socket: &impl AsRawFd) -> io::Result<Refusal> {
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
        let error =
            i32::try_from(error.ee_errno).map_or_else(|_| io::ErrorKind::Other.into(), io::Error::from_raw_os_error);
        return Refusal { destination, code: failure::code(&error), text: failure::message(&error), by: None };
    }
    let ipv6 = error.ee_origin == libc::SO_EE_ORIGIN_ICMP6;
    let (code, words) = verdict(ipv6, error.ee_type, error.ee_code);
    let by = offender.filter(|address| !address.is_unspecified());
    let said_by = by.map_or_else(String::new, |address| format!(" from {address}"));
    let protocol = if ipv6 { "ICMPv6" } else { "ICMP" };
    Refusal { destination, code, text: format!("{protocol} {words}{said_by}"), by }
}
