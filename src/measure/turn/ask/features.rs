//! What else the server offers (`--features`): one after the other, each on an allocation of its own that is released at once.

use super::planner::allocate;
use super::release;
use super::signing::{Tried, own, signed};
use crate::evidence::Step;
use crate::evidence::key::{SocketRole, SocketStep};
use crate::measure::turn::facts::exchange::error_code;
use crate::measure::turn::facts::features::{FEATURES, UDP, attributes, second, with_login};
use crate::measure::turn::facts::target::Target;
use crate::wire::{Method, Request, TurnAttribute};

/// What is to be asked now, and whether all is known and released.
pub(super) fn next(target: &Target) -> Step {
    let mut all = Step { done: true, ..Step::default() };
    if !target.wants_features() {
        return all;
    }
    for feature in FEATURES {
        let target = &target.on_socket(feature);
        let mut step = request(target, feature, SocketStep::Allocate, &of(attributes(feature)));
        if step.done
            && let Some((role, of, request)) = follow_up(target, feature)
        {
            step = self::request(target, role, of, &request);
        }
        let granted = step.done;
        let sockets = || std::iter::once(feature).chain(second(feature));
        if step.done {
            // A mobile allocation is deleted where it is now: on the old socket the server knows nothing of it any more.
            step = release::of(target, sockets());
        }
        // What is deleted only in case that a refusal was forged nobody waits for: there are servers that leave it unanswered.
        let waits = !granted || sockets().any(|role| target.allocation(role).is_some());
        let over = step.done || !waits;
        all.done &= step.done;
        all.asks.extend(step.asks);
        if !over {
            return all;
        }
    }
    if target.offers_sha256() {
        let mut step = request(target, SocketRole::Sha256, SocketStep::Allocate, &allocate());
        if step.done {
            step = release::of(target, [SocketRole::Sha256]);
        }
        all.asks.extend(step.asks);
        all.done = step.done;
    }
    all
}

fn of(attributes: Vec<TurnAttribute>) -> Request {
    Request::turn(Method::Allocate, attributes)
}

/// What is done with the token or the ticket that was granted.
fn follow_up(target: &Target, feature: SocketRole) -> Option<(SocketRole, SocketStep, Request)> {
    match feature {
        SocketRole::Reservation => {
            let attributes = vec![TurnAttribute::RequestedTransport(UDP), target.reservation()?];
            Some((SocketRole::Reserved, SocketStep::Allocate, of(attributes)))
        }
        SocketRole::Mobility => {
            let moving = Request::turn(Method::Refresh, vec![target.ticket()?]);
            Some((SocketRole::Moved, SocketStep::Refresh, moving))
        }
        _ => None,
    }
}

/// A request on a new socket: first to be challenged, then with credentials.
fn request(target: &Target, role: SocketRole, step: SocketStep, request: &Request) -> Step {
    let asked = |ask| Step { asks: vec![ask], ..Step::default() };
    let over = |done| Step { done, ..Step::default() };
    let Some(challenge) = target.find((role, step)) else {
        return asked(target.ask((role, step), role, request.clone()));
    };
    if error_code(challenge) != Some(401) {
        return over(challenge.settled());
    }
    match signed(target, (role, with_login(step)), role, request, own(target)) {
        Tried::Ask(ask) => asked(*ask),
        Tried::Asked(exchange) => over(exchange.settled()),
        Tried::Impossible => over(true),
    }
}
