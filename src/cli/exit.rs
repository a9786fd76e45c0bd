//! The exit codes: part of the contract, documented in the manual and the README.

use crate::evidence::Stop;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Measured, and everything required is so.
    Measured = 0,
    /// Measured, and something required is not so.
    Unmet = 1,
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// Could not be measured: no server answered, or a requirement could not be told.
    NotMeasured = 3,
    /// Interrupted by Ctrl-C: what was learnt until then was printed.
    Interrupted = 130,
}

impl Exit {
    /// What a finished run comes to: an interruption outranks its partial verdicts.
    #[must_use]
    pub fn of(stopped: Option<Stop>, verdict: Self) -> Self {
        match stopped {
            Some(Stop::Interrupted) => Self::Interrupted,
            Some(Stop::Deadline) | None => verdict,
        }
    }
}

impl Exit {
    /// The code by the Monitoring Plugins Development Guidelines, which know no other: 0 OK, 2 CRITICAL, 3 UNKNOWN, and wrong
    /// arguments are unknown too.
    #[must_use]
    pub(super) fn of_a_plugin(self) -> u8 {
        match self {
            Self::Measured => 0,
            Self::Unmet => 2,
            Self::Usage | Self::NotMeasured | Self::Interrupted => 3,
        }
    }
}
