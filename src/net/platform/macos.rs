//! macOS, and other systems of the BSD kind: only connected sockets hear of ICMP errors there.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use socket2::Socket;

use crate::evidence::PlatformLimit;
use crate::net::icmp::Refusal;

/// A connected socket hears that it was refused, not by whom.
pub(in crate::net) const LIMITS: &[PlatformLimit] = &[PlatformLimit::IcmpErrorsInPart];

/// Refusals are asked for on connected sockets.
pub(in crate::net) const KNOCKS: bool = true;

/// There is no queue to switch on.
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(in crate::net) fn watch_errors(_socket: &Socket, _ipv6: bool) -> io::Result<()> {
    Ok(())
}

/// There is none to switch off.
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(in crate::net) fn forget_errors<S>(_socket: &S, _ipv6: bool) -> io::Result<()> {
    Ok(())
}

/// There is none to take from.
pub(in crate::net) fn next_error<S>(_socket: &S) -> io::Result<Refusal> {
    Err(ErrorKind::WouldBlock.into())
}

/// Sends by that interface alone.
///
/// # Errors
/// Where there is no such interface.
#[cfg(target_os = "macos")]
pub(in crate::net) fn bind_device(socket: &Socket, name: &str, remote: SocketAddr) -> io::Result<()> {
    let number = super::interface_number(name).and_then(std::num::NonZeroU32::new);
    let number = Some(number.ok_or(ErrorKind::NotFound)?);
    if remote.is_ipv4() { socket.bind_device_by_index_v4(number) } else { socket.bind_device_by_index_v6(number) }
}

/// This system has no such thing.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "macos"))]
pub(in crate::net) fn bind_device(_socket: &Socket, _name: &str, _remote: SocketAddr) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}
