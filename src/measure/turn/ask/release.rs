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
pub(super) fn next(target: &Target) -> Step {
    of(target, BEFORE_FEATURES)
}

/// A Refresh with the lifetime 0 on each of them (RFC 8656 section 8), those already asked included.
pub(in crate::measure::turn) fn of(target: &Target, roles: impl IntoIterator<Item = SocketRole>) -> Step {
    let held: Vec<SocketRole> = roles.into_iter().filter(|role| target.may_hold(*role)).collect();
    let doubtful = held.iter().filter(|role| target.is_deletion_doubtful(**role));
    let again = doubtful.filter_map(|role| Some(again(target, *role, ask(target, *role)?)));
    let asks: Vec<Ask> = held.iter().filter_map(|role| ask(target, *role)).chain(again).collect();
    let done = asks.iter().all(|ask| target.seen.find(&ask.key).is_some_and(Exchange::settled));
    Step { asks, done, ..Step::default() }
}

/// The same where the run was stopped. A deletion is asked once more where its answer was not waited for, and where it may have overtaken
/// the Allocate it was for, or a copy of that.
pub(in crate::measure::turn) fn farewell(target: &Target) -> Vec<Ask> {
    let mut asks = Vec::new();
    for role in sockets().filter(|role| target.may_hold(*role)) {
        let Some(ask) = ask(target, role) else { continue };
        let early = |asked: &Exchange| error_code(asked) == Some(437) && target.allocation(role).is_none();
        let overtook = |asked: &Exchange| early(asked) || asked.settled() && target.may_be_repeated(role);
        let in_vain = |asked: &Exchange| is_cut_short(asked) || overtook(asked);
        let once_more = target.seen.find(&ask.key).is_some_and(in_vain);
        asks.push(if once_more { again(target, role, ask) } else { ask });
    }
    asks
}

/// A deletion once more.
fn again(target: &Target, role: SocketRole, mut deletion: Ask) -> Ask {
    if let Key::Turn(TurnKey { attempt, .. }) = deletion.key {
        deletion.key = target.key_of((role, SocketStep::DeleteAgain), attempt);
    }
    deletion
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
        // Already asked: it is named again, since the caller is done when everything it named is settled.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{RELAYED, Scene};

    fn said(scene: &Scene) -> Vec<String> {
        farewell(&scene.target()).into_iter().map(|ask| ask.key.to_string().replace("turn/0/udp/ipv4/", "")).collect()
    }

    /// A challenge that was answered, and the run ended before anything came of that.
    fn cut_off(sends: u32) -> Scene {
        let mut scene = Scene::udp();
        scene.challenged("a", "example.org");
        scene.abandoned("a/login").sends = sends;
        scene
    }

    #[test]
    fn what_may_have_been_granted_is_given_back() {
        assert_eq!(said(&Scene::udp()), [""; 0]);
        assert_eq!(said(&cut_off(1)), ["a/delete"]);
        let mut granted = Scene::udp();
        granted.challenged("a", "example.org");
        granted.granted("a/login", RELAYED);
        assert_eq!(said(&granted), ["a/delete"]);
    }

    #[test]
    fn an_allocate_of_which_nothing_was_heard_may_be_an_open_relays() {
        let mut scene = Scene::udp();
        scene.abandoned("a/allocate");
        let asks = farewell(&scene.target());
        assert!(asks.len() == 1 && asks[0].request.auth().is_none(), "{asks:?}");
        scene.abandoned("a/allocate").sends = 4;
        assert_eq!(said(&scene), [""; 0], "nobody is there");
        scene.bound("binding", "198.51.100.1:40000");
        assert_eq!(said(&scene), ["a/delete"]);
    }

    #[test]
    fn a_deletion_that_overtook_its_allocate_is_asked_again() {
        let mut early = cut_off(1);
        early.refused("a/delete", 437);
        assert_eq!(said(&early), ["a/delete/again"]);
        let mut repeated = cut_off(3);
        repeated.granted("a/delete", "");
        assert_eq!(said(&repeated), ["a/delete/again"], "a copy of the Allocate may come after it");
        let mut once = cut_off(1);
        once.granted("a/delete", "");
        assert_eq!(said(&once), ["a/delete"]);
    }
}
