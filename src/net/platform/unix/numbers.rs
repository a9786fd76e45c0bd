//! Error numbers by what they mean.

use nix::libc::{EAFNOSUPPORT, EAGAIN, EHOSTDOWN, EHOSTUNREACH, EINPROGRESS, EMFILE, ENFILE, ENOBUFS, ENOMEM};

/// This host lacks descriptors, threads or memory.
pub(in crate::net) const SHORTAGES: &[i32] = &[EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN];
/// It does not know the address family.
pub(in crate::net) const NO_SUCH_FAMILY: &[i32] = &[EAFNOSUPPORT];
/// Nobody answers its ARP or neighbor discovery: BSD has a number for that.
pub(in crate::net) const HOST_DOWN: &[i32] = &[EHOSTDOWN];
/// Nothing leads there: so BSD answers who sends. To Linux it may be what an ICMP error told before.
pub(in crate::net) const NO_WAY: &[i32] = if cfg!(target_os = "linux") { &[] } else { &[EHOSTUNREACH] };
/// A queue of its own has no room.
pub(in crate::net) const QUEUE_FULL: &[i32] = &[ENOBUFS];
/// A connection was begun.
pub(in crate::net) const IN_PROGRESS: &[i32] = &[EINPROGRESS];
