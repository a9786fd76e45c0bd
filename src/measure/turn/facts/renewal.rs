//! A server that grants the renewal of an allocation and ends it by that.

use super::exchange::{error_code, succeeded};
use super::target::{Target, step_of};
use crate::evidence::Key;
use crate::evidence::key::{ServerStep, SocketRole, SocketStep, TurnKey, TurnStep};
use crate::evidence::{Exchange, Outcome};

/// Of so many packets one arrives where an allocation is there, on any way that grants allocations.
const MANY_PACKETS: usize = 10;

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

fn deletes(one: &Exchange) -> bool {
    matches!(step_of(one), Some(TurnStep::On(_, SocketStep::Delete | SocketStep::DeleteAgain)))
}

/// Whether the allocation was there for it.
fn serves(one: &Exchange) -> bool {
    let relayed =
        matches!(one.outcome, Outcome::Looped { .. }) || one.reply().is_some_and(|reply| reply.over.is_some());
    relayed || succeeded(one).is_some() && !deletes(one)
}

/// RFC 8656 section 8.3: a deletion of which two copies arrived, sent by us or made on the way, is answered twice, the second time so; and
/// one that is asked again, with another nonce or at the end, may have been granted before, whatever was heard of that.
fn refused_once(deletion: &Exchange) -> bool {
    let alone =
        matches!(&deletion.ask, Key::Turn(TurnKey { attempt: 1, .. })) && deletion.sends == 1 && deletion.copies == 0;
    let first = matches!(step_of(deletion), Some(TurnStep::On(_, SocketStep::Delete)));
    first && (alone || deletion.transport.is_stream())
}

impl Target<'_> {
    /// Whether the deletion on that socket was refused for want of an allocation whose renewal had been granted: one more question gives
    /// an answer to a copy of it the time to arrive.
    pub(crate) fn is_deletion_doubtful(&self, role: SocketRole) -> bool {
        let renewed = self.last(ServerStep::Refresh).and_then(succeeded).is_some();
        let refused = |one: &Exchange| error_code(one) == Some(437) && !one.transport.is_stream();
        renewed && self.last((role, SocketStep::Delete)).is_some_and(refused)
    }

    /// Whether many packets were sent through it since, and it was not there to be deleted.
    fn was_in_vain(&self, since: impl Fn(&&Exchange) -> bool) -> bool {
        let refused = |one: &Exchange| deletes(one) && error_code(one) == Some(437);
        let packets = self.exchanges().filter(|one| since(one) && one.ask.is_packet()).count();
        packets >= MANY_PACKETS && self.dialog().filter(since).any(refused)
    }

    /// How the renewal ended the allocation; `None` while it lives.
    pub(crate) fn ended_by_renewal(&self) -> Option<Ended> {
        let refresh = self.last(ServerStep::Refresh)?;
        let (_, turn) = succeeded(refresh)?;
        if turn.lifetime_s == Some(0) {
            return Some(Ended::LifetimeZero);
        }
        self.first()?;
        let renewed = refresh.ended_ms?;
        let since = |one: &&Exchange| one.socket == refresh.socket && one.started_ms >= renewed;
        let gone = |one: &Exchange| error_code(one) == Some(437) && (!deletes(one) || refused_once(one));
        let lost = self.dialog().filter(since).any(gone) || self.was_in_vain(since);
        let lost = lost && !self.exchanges().filter(since).any(serves);
        // Kept for a while, it may have ended for other reasons.
        (lost && self.options.hold_s.is_none()).then_some(Ended::Gone)
    }
}
