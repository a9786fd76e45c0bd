//! The numbers of Windows Sockets, which never change, by what they mean.

/// This host lacks sockets or buffers: `WSAEMFILE`, `WSAENOBUFS`.
pub(in crate::net) const SHORTAGES: &[i32] = &[10_024, 10_055];
/// It does not know the address family: `WSAEAFNOSUPPORT`.
pub(in crate::net) const NO_SUCH_FAMILY: &[i32] = &[10_047];
/// Nobody answers its ARP or neighbor discovery: `WSAEHOSTDOWN`.
pub(in crate::net) const HOST_DOWN: &[i32] = &[10_064];
/// Nothing leads there: `WSAEHOSTUNREACH`.
pub(in crate::net) const NO_WAY: &[i32] = &[10_065];
/// A queue of its own has no room: `WSAENOBUFS`.
pub(in crate::net) const QUEUE_FULL: &[i32] = &[10_055];
/// A connection was begun: that is `WSAEWOULDBLOCK`, which has a name.
pub(in crate::net) const IN_PROGRESS: &[i32] = &[];
