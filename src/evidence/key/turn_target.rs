//! Whom a TURN test asks, and over what.

use std::fmt;

use super::{family, transport};
use crate::wire::{Family, Transport};

/// `turn/ENTRY/TRANSPORT/FAMILY`, and after a redirection `/redirected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnTarget {
    /// The entry, numbered as it was given.
    pub entry: usize,
    /// The transport to the server.
    pub transport: Transport,
    /// The family asked over.
    pub family: Family,
    /// Whether it is the server that was redirected to (300 Try Alternate).
    pub redirected: bool,
}

const REDIRECTED: &str = "redirected";

impl TurnTarget {
    /// The target, and what follows it.
    pub(super) fn read<'a, 't>(parts: &'a [&'t str]) -> Option<(Self, &'a [&'t str])> {
        let ["turn", entry, carrier, of, ref rest @ ..] = *parts else { return None };
        let (redirected, rest) = match *rest {
            [REDIRECTED, ref rest @ ..] => (true, rest),
            ref rest => (false, rest),
        };
        let target =
            Self { entry: entry.parse().ok()?, transport: transport(carrier)?, family: family(of)?, redirected };
        Some((target, rest))
    }
}

impl fmt::Display for TurnTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "turn/{}/{}/{}", self.entry, self.transport.name(), self.family.name())?;
        if self.redirected { write!(f, "/{REDIRECTED}") } else { Ok(()) }
    }
}
