//! Whether this host lets the program open what a run needs: told before anything is sent, since a run that lacks sockets halfway
//! would judge servers by its own poverty.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::net::errno::is_shortage;

/// The sockets, files and timers that a small run has open at once.
const NEEDED: usize = 16;

/// Enough for a thousand servers with several sockets each; more than macOS allows fails.
const PLENTY: u64 = 10_240;

/// Raises the limit of this process where it may, and tries whether there is room.
///
/// # Errors
/// When there is none.
pub(in crate::net) fn reserve() -> io::Result<()> {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard.min(PLENTY)
    {
        // Where it may not, the lower limit holds.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(PLENTY), hard);
    }
    let open: io::Result<Vec<Socket>> = (0..NEEDED).map(|_| Socket::new(Domain::UNIX, Type::DGRAM, None)).collect();
    match open {
        Err(error) if is_shortage(&error) => Err(error),
        _ => Ok(()),
    }
}
