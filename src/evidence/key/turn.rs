//! What the exchanges of `turn` are called.

use std::fmt;

use super::{family, transport};
use crate::wire::{Family, Transport};

/// `turn/ENTRY/TRANSPORT/FAMILY/STEP`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnKey {
    /// The entry, numbered as it was given.
    pub entry: usize,
    /// The transport to the server.
    pub transport: Transport,
    /// The family asked over.
    pub family: Family,
    /// What is asked.
    pub step: String,
}

impl TurnKey {
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let ["turn", entry, carrier, of, ref step @ ..] = *parts else { return None };
        let step = Some(step).filter(|step| !step.is_empty())?.join("/");
        Some(Self { entry: entry.parse().ok()?, transport: transport(carrier)?, family: family(of)?, step })
    }
}

impl fmt::Display for TurnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, transport, family, step } = self;
        write!(f, "turn/{entry}/{}/{}/{step}", transport.name(), family.name())
    }
}
