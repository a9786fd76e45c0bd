//! What Linux and macOS have in common: signals, limits of a process, terminals, the numbers of errors.

mod descriptors;
pub(in crate::net) mod numbers;
mod signals;
pub(crate) mod terminal;
mod typing;

use std::io;

use socket2::Socket;

pub(in crate::net) use descriptors::reserve;
pub(in crate::net) use signals::watch_interrupts;
pub(crate) use typing::unseen;

/// Why there is nobody to ask for names.
pub(in crate::net) const NO_NAME_SERVERS: &str = "there is no /etc/resolv.conf";

/// Several connections from one local port, each to another remote (mapping over TCP: RFC 5382 section 4.1).
///
/// # Errors
/// What the system says.
pub(in crate::net) fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)
}
