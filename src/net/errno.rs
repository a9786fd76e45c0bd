//! What the system's error numbers say that [`std::io::ErrorKind`] has no name for: the one place that knows them.

use std::io::{Error, ErrorKind};

use super::platform::numbers;

/// Whether this host lacks what the operation needs: descriptors, threads, memory.
#[must_use]
pub fn is_shortage(error: &Error) -> bool {
    is_one_of(error, numbers::SHORTAGES)
}

/// Whether the system does not know the address family at all (IPv6 switched off).
pub(super) fn lacks_family(error: &Error) -> bool {
    is_one_of(error, numbers::NO_SUCH_FAMILY)
}

/// Whether nobody on this host's own network says that he has the address.
pub(super) fn is_host_down(error: &Error) -> bool {
    is_one_of(error, numbers::HOST_DOWN)
}

/// Whether sending says that this host has no way there, in the words for a host that is off.
pub(super) fn lacks_way(error: &Error) -> bool {
    is_one_of(error, numbers::NO_WAY)
}

/// Whether a queue of this host had no room for the packet.
pub(super) fn is_queue_full(error: &Error) -> bool {
    is_one_of(error, numbers::QUEUE_FULL)
}

/// Whether a connection was begun, and what comes of it is told later.
pub(super) fn is_in_progress(error: &Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || is_one_of(error, numbers::IN_PROGRESS)
}

fn is_one_of(error: &Error, numbers: &[i32]) -> bool {
    error.raw_os_error().is_some_and(|number| numbers.contains(&number))
}
