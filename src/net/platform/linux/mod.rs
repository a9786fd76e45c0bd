//! Linux: a queue of ICMP errors on every socket, and files that tell of interfaces and routes.

mod error_queue;
mod interfaces;
mod routes;

use std::io;
use std::net::SocketAddr;

use socket2::Socket;

use crate::evidence::PlatformLimit;

pub(in crate::net) use error_queue::{forget_errors, next_error, watch_errors};
pub(in crate::net) use interfaces::interfaces;
pub(in crate::net) use routes::{default_routes, interface_number};

/// It tells everything that is asked of it.
pub(in crate::net) const LIMITS: &[PlatformLimit] = &[];

/// A queue tells of every refusal: nobody has to ask.
pub(in crate::net) const KNOCKS: bool = false;

/// The resolver reads the list itself.
pub(in crate::net) const NAME_SERVER_LIST: Option<&str> = None;

/// Sends by that interface alone.
///
/// # Errors
/// Where the program may not, or there is no such interface.
pub(in crate::net) fn bind_device(socket: &Socket, name: &str, _remote: SocketAddr) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}
