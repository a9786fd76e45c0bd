//! What exchanges and sockets of a TURN test are called. One target is `turn/ENTRY/TRANSPORT/FAMILY`; what belongs to it begins so.

use crate::wire::{Family, Transport};

/// The target's name, with which all its labels and sockets begin.
#[must_use]
pub fn target(entry: usize, transport: Transport, family: Family) -> String {
    format!("turn/{entry}/{}/{}", transport.name(), family.name())
}

/// Whether an exchange is one of the many packets that measure the quality or keep an allocation in use.
#[must_use]
pub fn is_packet(ask: &str) -> bool {
    ask.contains("/quality/") || ask.ends_with("/out") || ask.ends_with("/back")
}
