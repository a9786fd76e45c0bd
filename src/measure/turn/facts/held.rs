//! Which sockets hold an allocation on the server, or may hold one, and which were given back.

use super::allocation::{FIRST, LOGINS};
use super::exchange::{error_code, granted, is_cut_short, is_often_sent, is_unknown, is_unsigned_refusal};
use super::target::Target;
use crate::evidence::Exchange;
use crate::evidence::key::{ServerStep, SocketRole, SocketStep};

/// The sockets on which there may be allocations before features are tried.
pub(crate) const BEFORE_FEATURES: [SocketRole; 8] = [
    FIRST[0],
    FIRST[1],
    FIRST[2],
    SocketRole::Second,
    SocketRole::LaterExpiry,
    SocketRole::NormalizedPassword,
    SocketRole::Stranger,
    SocketRole::Sha256,
];

/// Those of the features.
const OF_FEATURES: [SocketRole; 9] = [
    SocketRole::Ipv6Relay,
    SocketRole::BothFamilies,
    SocketRole::EvenPort,
    SocketRole::Reservation,
    SocketRole::Reserved,
    SocketRole::DontFragment,
    SocketRole::Mobility,
    SocketRole::Moved,
    SocketRole::TcpRelay,
];

/// Every socket on which there may be an allocation.
pub(crate) fn sockets() -> impl Iterator<Item = SocketRole> {
    BEFORE_FEATURES.into_iter().chain(OF_FEATURES)
}

impl Target<'_> {
    /// Whether there is something to give back on that socket, as far as anybody knows.
    pub(crate) fn may_hold(&self, role: SocketRole) -> bool {
        self.holds(role) || self.may_hold_forged(role) || self.may_hold_unheard(role)
    }

    /// Whether an Allocate on that socket succeeded, or one that the server would have granted was not heard of.
    pub(crate) fn holds(&self, role: SocketRole) -> bool {
        // Where it is now; on the old socket the server knows nothing of it any more, and may close the connection.
        if role == SocketRole::Moved || role == SocketRole::Mobility && self.has_moved() {
            return role == SocketRole::Moved && self.has_moved();
        }
        let plain = self.find((role, SocketStep::Allocate));
        let open = plain.is_some_and(|one| granted(one).is_some() || self.is_open_relay() && is_unknown(one));
        // 437: there is one on this socket, and it is ours; a grant that was lost on its way looks like that.
        let held = |last: &Exchange| granted(last).is_some() || is_unknown(last) || error_code(last) == Some(437);
        open || LOGINS.into_iter().filter_map(|step| self.last((role, step))).any(held)
    }

    /// Whether the refusal there is not signed: it may be somebody else's, and the server may have granted what was asked.
    pub(crate) fn may_hold_forged(&self, role: SocketRole) -> bool {
        LOGINS.into_iter().filter_map(|step| self.last((role, step))).any(is_unsigned_refusal)
    }

    /// Whether the run ended while a plain Allocate was under way, and nothing shows that the server asks for credentials: an open relay
    /// has granted it. One that was sent again and again in vain, to a server that answered nothing at all, granted nothing.
    pub(crate) fn may_hold_unheard(&self, role: SocketRole) -> bool {
        let plain = self.find((role, SocketStep::Allocate)).filter(|one| is_unknown(one) && is_cut_short(one));
        let dead = |one: &Exchange| is_often_sent(one) && self.dialog().all(|other| other.reply().is_none());
        plain.is_some_and(|one| !dead(one)) && self.dialog().all(|one| error_code(one) != Some(401))
    }

    /// Whether copies of an Allocate may still be on their way as the run ends: one that comes after the deletion allocates again.
    pub(crate) fn may_be_repeated(&self, role: SocketRole) -> bool {
        let steps = [SocketStep::Allocate, LOGINS[0], LOGINS[1]];
        let mut asked = steps.into_iter().filter_map(|step| self.last((role, step)));
        asked.any(|one| is_cut_short(one) && one.sends > 1 && !one.transport.is_stream())
    }

    /// Whether the deletion on that socket was granted.
    pub(crate) fn was_deleted(&self, role: SocketRole) -> bool {
        self.last((role, SocketStep::Delete)).and_then(granted).is_some()
    }

    /// Whether the deletion on that socket was confirmed. 437 says that there is nothing to delete: as good (RFC 8656 section 8.3), unless
    /// the server says so to every Refresh.
    pub(crate) fn is_given_back(&self, role: SocketRole) -> bool {
        let asked = [SocketStep::Delete, SocketStep::DeleteAgain].map(|step| self.last((role, step)));
        let believed = self.code(ServerStep::Refresh) != Some(437);
        asked.into_iter().flatten().any(|last| granted(last).is_some() || believed && error_code(last) == Some(437))
    }

    /// Whether the allocations are being given back.
    pub(crate) fn gives_back(&self) -> bool {
        BEFORE_FEATURES.into_iter().any(|role| self.find((role, SocketStep::Delete)).is_some())
    }
}
