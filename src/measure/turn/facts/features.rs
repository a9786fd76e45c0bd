//! The features that are tried, each on a socket of its own, and what the server said to each.

use super::exchange::succeeded;
use super::target::Target;
use crate::evidence::Exchange;
use crate::evidence::key::{SocketRole, SocketStep};
use crate::wire::{Family, Transport, TurnAttribute};

/// IANA's numbers in REQUESTED-TRANSPORT.
pub(crate) const UDP: u8 = 17;
const TCP: u8 = 6;

/// The features in the order of their tests.
pub(crate) const FEATURES: [SocketRole; 7] = [
    SocketRole::Ipv6Relay,
    SocketRole::BothFamilies,
    SocketRole::EvenPort,
    SocketRole::Reservation,
    SocketRole::DontFragment,
    SocketRole::Mobility,
    SocketRole::TcpRelay,
];

/// The attributes that ask for a feature (RFC 8656 section 18, RFC 8016, RFC 6062).
pub(crate) fn attributes(feature: SocketRole) -> Vec<TurnAttribute> {
    let transport = TurnAttribute::RequestedTransport(if feature == SocketRole::TcpRelay { TCP } else { UDP });
    let more = match feature {
        SocketRole::Ipv6Relay => TurnAttribute::RequestedAddressFamily(Family::Ipv6),
        SocketRole::BothFamilies => TurnAttribute::AdditionalAddressFamily(Family::Ipv6),
        SocketRole::EvenPort => TurnAttribute::EvenPort(false),
        SocketRole::Reservation => TurnAttribute::EvenPort(true),
        SocketRole::DontFragment => TurnAttribute::DontFragment,
        SocketRole::Mobility => TurnAttribute::MobilityTicket(Vec::new()),
        _ => return vec![transport],
    };
    vec![transport, more]
}

/// The socket on which a feature's second allocation is tried.
pub(crate) fn second(feature: SocketRole) -> Option<SocketRole> {
    match feature {
        SocketRole::Reservation => Some(SocketRole::Reserved),
        SocketRole::Mobility => Some(SocketRole::Moved),
        _ => None,
    }
}

/// The step in which a challenge on that socket was answered.
pub(crate) fn with_login(step: SocketStep) -> SocketStep {
    if step == SocketStep::Refresh { SocketStep::RefreshLogin } else { SocketStep::Login }
}

impl<'a> Target<'a> {
    /// The target as it is on that socket: TCP is relayed over connections only (RFC 6062 section 4.1).
    pub(crate) fn on_socket(&self, role: SocketRole) -> Self {
        let connects = self.transport.is_stream() || role != SocketRole::TcpRelay;
        self.over(if connects { self.transport } else { Transport::Tcp })
    }

    /// Whether features are asked for, and there is a server that may have them.
    pub(crate) fn wants_features(&self) -> bool {
        self.options.features && self.first().is_some_and(|(role, _)| self.is_signed(role))
    }

    /// What the server said last to a feature's request.
    pub(crate) fn feature_verdict(&self, role: SocketRole, step: SocketStep) -> Option<&'a Exchange> {
        self.last((role, with_login(step))).or_else(|| self.find((role, step)))
    }

    /// The token of the port that was reserved.
    pub(crate) fn reservation(&self) -> Option<TurnAttribute> {
        let turn = self.allocation(SocketRole::Reservation)?.turn;
        turn.reservation.then(|| TurnAttribute::ReservationToken(turn.reservation_token.0.clone()))
    }

    /// The ticket of the mobile allocation.
    pub(crate) fn ticket(&self) -> Option<TurnAttribute> {
        let turn = self.allocation(SocketRole::Mobility)?.turn;
        turn.ticket.then(|| TurnAttribute::MobilityTicket(turn.mobility_ticket.0.clone()))
    }

    /// Whether the mobile allocation was moved to its other socket.
    pub(crate) fn has_moved(&self) -> bool {
        self.feature_verdict(SocketRole::Moved, SocketStep::Refresh).is_some_and(|one| succeeded(one).is_some())
    }
}
