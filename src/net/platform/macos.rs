//! macOS, and other systems of the BSD kind: sending by one interface.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use socket2::Socket;

/// The system is asked for its name servers, and one address with a scope (fe80::1%en0) among them makes the answer unreadable for the
/// resolver.
pub(in crate::net) const NAME_SERVER_LIST: Option<&str> = Some("/etc/resolv.conf");

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
