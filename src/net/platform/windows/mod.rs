//! Windows.

mod control;
pub(in crate::net) mod numbers;
pub(crate) mod terminal;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use socket2::Socket;

pub(in crate::net) use control::watch_interrupts;

/// There is no such file.
pub(in crate::net) const NAME_SERVER_LIST: Option<&str> = None;

/// Why there is nobody to ask for names.
pub(in crate::net) const NO_NAME_SERVERS: &str = "this system names none";

/// This system binds to addresses only; by them it chooses the interface too (its strong host model).
///
/// # Errors
/// Always.
pub(in crate::net) fn bind_device(_socket: &Socket, _name: &str, _remote: SocketAddr) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Several connections from one local port, each to another remote (mapping over TCP: RFC 5382 section 4.1).
///
/// # Errors
/// What the system says.
pub(in crate::net) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// This system counts no sockets.
///
/// # Errors
/// Never.
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(in crate::net) fn reserve() -> io::Result<()> {
    Ok(())
}

/// Does something while what is typed is not shown. No signal comes meanwhile: what ends a program there ends its console's mode too.
///
/// # Errors
/// What the work says.
pub(crate) fn unseen<T>(_question: &str, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    work()
}
