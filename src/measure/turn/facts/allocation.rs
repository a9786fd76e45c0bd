//! The allocations that the server granted, and what it asked for before.

use std::net::SocketAddr;

use super::exchange::{granted, offers_sha256, succeeded, turn};
use super::target::Target;
use crate::evidence::key::{SocketRole, SocketStep};
use crate::evidence::{Exchange, Integrity, Reply, TurnReply};

/// The sockets on which the first allocation is tried: each 437 asks for another (RFC 8656 section 7.4).
pub(crate) const FIRST: [SocketRole; 3] = [SocketRole::First, SocketRole::FirstRetry, SocketRole::FirstLastRetry];
/// Every Allocate with credentials that a socket may see.
pub(crate) const LOGINS: [SocketStep; 2] = [SocketStep::Login, SocketStep::LoginIpv6];

/// An allocation that the server granted.
pub(crate) struct Allocation<'a> {
    pub relayed: SocketAddr,
    pub reply: &'a Reply,
    pub turn: &'a TurnReply,
    pub exchange: &'a Exchange,
}

impl<'a> Target<'a> {
    /// The allocation on that socket.
    pub(crate) fn allocation(&self, role: SocketRole) -> Option<Allocation<'a>> {
        let steps = [SocketStep::Allocate, LOGINS[0], LOGINS[1]];
        steps.into_iter().find_map(|step| {
            let exchange = self.last((role, step))?;
            let (reply, turn) = granted(exchange)?;
            // coturn fills the place of the family that was not asked for with 0.0.0.0:0.
            let is_set = |relayed: &&SocketAddr| !relayed.ip().is_unspecified();
            let relayed = *turn.relayed.iter().find(is_set).or(turn.relayed.first())?;
            Some(Allocation { relayed, reply, turn, exchange })
        })
    }

    /// The first allocation, and the socket it is on: what is tested.
    pub(crate) fn first(&self) -> Option<(SocketRole, Allocation<'a>)> {
        FIRST.into_iter().find_map(|role| self.allocation(role).map(|allocation| (role, allocation)))
    }

    /// The last socket on which the first allocation was tried.
    pub(crate) fn last_tried(&self) -> Option<SocketRole> {
        FIRST.into_iter().rev().find(|role| self.find((*role, SocketStep::Allocate)).is_some())
    }

    /// Whether the allocation on that socket was granted by somebody who knows the password, as far as that can be told.
    pub(crate) fn is_signed(&self, role: SocketRole) -> bool {
        let integrity = self.allocation(role).map(|allocation| allocation.turn.integrity);
        !matches!(integrity, Some(Integrity::Missing | Integrity::Wrong))
    }

    /// Whether the server relays for everybody.
    pub(crate) fn is_open_relay(&self) -> bool {
        FIRST.into_iter().any(|role| self.find((role, SocketStep::Allocate)).and_then(granted).is_some())
    }

    /// Whether the server relays IPv6 alone: it refused the plain Allocate (440) and granted the other.
    pub(crate) fn relays_ipv6_only(&self) -> bool {
        FIRST.into_iter().any(|role| self.last((role, SocketStep::LoginIpv6)).and_then(succeeded).is_some())
    }

    /// Whether the server offers SHA-256 beside MD5.
    pub(crate) fn offers_sha256(&self) -> bool {
        FIRST.into_iter().filter_map(|role| turn(self.find((role, SocketStep::Allocate))?)).any(offers_sha256)
    }

    /// Whether credentials may be sent: there is a challenge that can be answered, from the realm that was insisted on, and not one that
    /// was weakened on its way (RFC 8489 section 9.2.4, bid-down).
    pub(crate) fn may_log_in(&self, role: SocketRole) -> bool {
        let Some(turn) = self.find((role, SocketStep::Allocate)).and_then(turn) else { return false };
        let realm = turn.realm.as_deref().filter(|realm| !realm.is_empty());
        let wanted = self.options.realm.as_deref();
        let weakened = turn.password_algorithms_bit && turn.algorithms.is_none();
        turn.nonce && realm.is_some() && !weakened && wanted.is_none_or(|wanted| Some(wanted) == realm)
    }
}
