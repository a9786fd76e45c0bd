//! The asks of one consultation, stated one after the other as far as what they need is there.

use super::signing::Tried;
use crate::evidence::{Ask, Exchange};
use crate::measure::turn::facts::exchange::is_cut_short;
use crate::measure::turn::facts::features::UDP;
use crate::measure::turn::facts::target::Target;
use crate::wire::{Family, Method, Request, TurnAttribute};

/// The asks so far, whether one that matters is still under way, and whether one was cut short.
pub(super) struct Planner<'t, 'a> {
    pub target: &'t Target<'a>,
    pub asks: Vec<Ask>,
    pub waiting: bool,
    pub cut: bool,
}

impl<'t, 'a> Planner<'t, 'a> {
    pub(super) fn new(target: &'t Target<'a>) -> Self {
        Self { target, asks: Vec::new(), waiting: false, cut: false }
    }

    /// States an ask, and takes note whether it is under way. `Some` once it is over.
    pub(super) fn ask(&mut self, ask: Ask) -> Option<&'a Exchange> {
        let found = self.target.seen.find(&ask.key);
        self.waiting |= found.is_none();
        self.asks.push(ask);
        found.and_then(|exchange| self.over(exchange))
    }

    /// The same for a request that may need several nonces.
    pub(super) fn tried(&mut self, tried: Tried<'a>) -> Option<&'a Exchange> {
        match tried {
            Tried::Ask(ask) => self.ask(*ask),
            Tried::Asked(exchange) => self.over(exchange),
            Tried::Impossible => None,
        }
    }

    fn over(&mut self, exchange: &'a Exchange) -> Option<&'a Exchange> {
        self.waiting |= !exchange.settled();
        self.cut |= is_cut_short(exchange);
        exchange.settled().then_some(exchange)
    }
}

/// Asks for an allocation, relayed over UDP (RFC 8656 section 7.1).
pub(super) fn allocate() -> Request {
    Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(UDP)])
}

/// The same for a server that has no IPv4 address to relay from: without REQUESTED-ADDRESS-FAMILY that is what is asked for, over IPv6
/// too (RFC 8656 section 7.1).
pub(super) fn allocate_ipv6() -> Request {
    let mut request = allocate();
    request.attributes.push(TurnAttribute::RequestedAddressFamily(Family::Ipv6));
    request
}
