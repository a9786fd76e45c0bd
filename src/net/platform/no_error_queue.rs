//! Systems without a queue of ICMP errors, which are all but Linux: the same names, and nothing behind them.

use std::io::{self, ErrorKind};

use socket2::Socket;

use crate::evidence::PlatformLimit;
use crate::net::icmp::Refusal;

/// A connected socket hears that something was refused, not by whom.
pub(in crate::net) const LIMITS: &[PlatformLimit] = &[PlatformLimit::IcmpErrorsInPart];

/// Refusals are asked for on connected sockets.
pub(in crate::net) const KNOCKS: bool = true;

/// There is none to switch on.
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
