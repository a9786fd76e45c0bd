//! Giving back: every allocation that was made, or may have been made, is deleted, so that the test does not eat the quota it reports on.

use super::signing::{As, Tried, on, own, plain, signed};
use crate::evidence::key::{SocketRole, SocketStep, TurnKey};
use crate::evidence::{Ask, Exchange, Key, Step};
use crate::measure::turn::STRANGER;
use crate::measure::turn::facts::exchange::{error_code, is_cut_short};
use crate::measure::turn::facts::held::{BEFORE_FEATURES, sockets};
use crate::measure::turn::facts::target::Target;
use crate::wire::{Method, PasswordForm, Request, TurnAttribute};

/// Deletes what was made before features are tried.
pub fn next(target: &Target) -> Step {
    of(target, BEFORE_FEATURES)
}

/// A Refresh with the lifetime 0 on each of them (RFC 8656 section 8), those already asked included.
pub fn of(target: &Target, roles: impl IntoIterator<Item = SocketRole>) -> Step {
    let held = roles.into_iter().filter(|role| target.may_hold(*role));
    let asks: Vec<Ask> = held.filter_map(|role| ask(target, role)).collect();
    let done = asks.iter().all(|ask| target.seen.find(&ask.key).is_some_and(Exchange::settled));
    Step { asks, done, ..Step::default() }
}

/// The same where the run was stopped: a deletion whose answer was not waited for is asked once more, and so is one that may have
/// overtaken the Allocate it was for.
pub fn farewell(target: &Target) -> Vec<Ask> {
    let mut asks = Vec::new();
    for role in sockets().filter(|role| target.may_hold(*role)) {
        let Some(mut ask) = ask(target, role) else { continue };
        let early = |exchange: &Exchange| error_code(exchange) == Some(437) && target.allocation(role).is_none();
        let in_vain = |exchange: &Exchange| is_cut_short(exchange) || early(exchange);
        if target.seen.find(&ask.key).is_some_and(in_vain)
            && let Key::Turn(TurnKey { attempt, .. }) = ask.key
        {
            ask.key = target.key_of((role, SocketStep::DeleteAgain), attempt);
        }
        asks.push(ask);
    }
    asks
}

fn ask(target: &Target, role: SocketRole) -> Option<Ask> {
    let request = Request::turn(Method::Refresh, vec![TurnAttribute::LifetimeS(0)]);
    let step = (role, SocketStep::Delete);
    let target = &target.on_socket(role);
    let tried = match credentials(target, role) {
        _ if target.may_hold_unheard(role) => plain(target, step, role, &request),
        Some(with) => signed(target, step, role, &request, Some(with)),
        None => on(target, step, role, &request),
    };
    match tried {
        Tried::Ask(ask) => Some(*ask),
        // Stated again, so that the one who waits for all of them sees it.
        Tried::Asked(exchange) => {
            let request = exchange.request.clone();
            Some(Ask { key: exchange.ask.clone(), ..target.ask(step, role, request) })
        }
        Tried::Impossible => None,
    }
}

/// Whose allocation it is, where it was made with other credentials than the entry's as they were typed.
fn credentials<'n>(target: &'n Target, role: SocketRole) -> Option<As<'n>> {
    let later = target.entry.login.as_ref().and_then(|login| login.later.as_ref());
    match role {
        SocketRole::Stranger => {
            let credential = target.options.stranger?;
            Some(As { credential, username: STRANGER, form: PasswordForm::AsTyped })
        }
        SocketRole::LaterExpiry => {
            let (credential, username) = later?;
            Some(As { credential: *credential, username, form: PasswordForm::AsTyped })
        }
        SocketRole::NormalizedPassword => own(target).map(|typed| As { form: PasswordForm::Nfkc, ..typed }),
        _ => None,
    }
}
