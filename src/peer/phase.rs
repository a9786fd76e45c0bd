//! Where a session stands.

use crate::engine::Time;

/// Where a session stands, each with what its end depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// For the other side's token.
    Waiting,
    /// Pairs are checked.
    Checking,
    /// A pair is nominated, and test packets pass.
    Testing,
    /// This side's tests are over, the other's may not be.
    Trailing { since: Time },
    /// Nothing is sent, to see whether the path survives it.
    Idle { since: Time },
    /// After silence one check is sent until it is answered.
    Probing { silent: Time, since: Time },
    /// The other side may still have its check to send.
    Leaving { since: Time },
    /// Allocations are given back, at most until then.
    Releasing { until: Time },
    /// Nothing is left.
    Over,
}

impl Phase {
    /// Whether a pair was nominated and is being used.
    pub(super) fn uses_a_pair(self) -> bool {
        matches!(
            self,
            Self::Testing | Self::Trailing { .. } | Self::Idle { .. } | Self::Probing { .. } | Self::Leaving { .. }
        )
    }
}
