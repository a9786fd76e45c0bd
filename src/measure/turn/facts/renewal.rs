//! A server that grants the renewal of an allocation and ends it by that.

use super::exchange::{error_code, succeeded};
use super::target::{Target, step_of};
use crate::evidence::Exchange;
use crate::evidence::key::{ServerStep, SocketStep, TurnStep};

/// How a granted renewal ended the allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The server says so itself: it grants the lifetime 0.
    LifetimeZero,
    /// What was asked afterwards was refused: there is no allocation (437).
    Gone,
}

impl Ended {
    /// In words that follow "the allocation".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::LifetimeZero => "is ended by it",
            Self::Gone => "is gone after it",
        }
    }
}

impl Target<'_> {
    /// How the renewal ended the allocation; `None` while it lives.
    pub(crate) fn ended_by_renewal(&self) -> Option<Ended> {
        let refresh = self.last(ServerStep::Refresh)?;
        let (_, turn) = succeeded(refresh)?;
        if turn.lifetime_s == Some(0) {
            return Some(Ended::LifetimeZero);
        }
        self.first()?;
        let renewed = refresh.ended_ms?;
        // RFC 8656 section 8.3: a deletion that was sent more than once may have been answered twice, the second time so.
        let once = |one: &Exchange| one.sends == 1 || one.transport.is_stream();
        let deletes = |one: &Exchange| {
            matches!(step_of(one), Some(TurnStep::On(_, SocketStep::Delete | SocketStep::DeleteAgain)))
        };
        let lost = self.dialog().any(|one| {
            one.socket == refresh.socket
                && one.started_ms >= renewed
                && error_code(one) == Some(437)
                && (!deletes(one) || once(one))
        });
        // Kept for a while, it may have ended for other reasons.
        (lost && self.options.hold_s.is_none()).then_some(Ended::Gone)
    }
}
