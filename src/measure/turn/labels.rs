//! What exchanges and sockets of a TURN test are called. One target is `turn/ENTRY/TRANSPORT/FAMILY`; what belongs to it begins so.

use crate::evidence::{Evidence, Exchange, Key};
use crate::wire::{Family, Transport};

/// The target's name, with which all its labels and sockets begin.
#[must_use]
pub fn target(entry: usize, transport: Transport, family: Family) -> String {
    format!("turn/{entry}/{}/{}", transport.name(), family.name())
}

/// Whether an exchange is one of the many packets that measure the quality or keep an allocation in use.
#[must_use]
pub fn is_packet(key: &Key) -> bool {
    let step = step(key);
    step.starts_with("quality/") || step.ends_with("/out") || step.ends_with("/back")
}

const REDIRECTED: &str = "redirected/";

/// The step that an exchange belongs to, at whichever address of its target; empty where it is none of a TURN test.
#[must_use]
pub fn step(key: &Key) -> &str {
    let step = if let Key::Turn(key) = key { key.step.as_str() } else { "" };
    step.strip_prefix(REDIRECTED).unwrap_or(step)
}

/// The exchanges whose keys begin so, in the order they were started.
#[must_use]
pub fn under<'a>(seen: &'a Evidence, label: &str) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone + use<'a> {
    let first = Key::from(label);
    let mut last = first.clone();
    if let Key::Turn(last) = &mut last {
        last.step.push(char::MAX);
    }
    seen.within(&(first..=last))
}
