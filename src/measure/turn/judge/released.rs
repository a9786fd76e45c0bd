//! Which allocations were given back, and which ended with their connection.

use crate::evidence::key::SocketRole;
use crate::measure::turn::facts::connection::is_open;
use crate::measure::turn::facts::held::sockets;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::Released;
use crate::wire::{Remark, RemarkCode, escape};

/// Allocations made and released; one that may have been made, and of which nobody heard, counts until its deletion is confirmed.
pub(super) fn judge(target: &Target) -> Option<Released> {
    let deleted = |role| target.was_deleted(role);
    let unheard = |role| target.holds(role) && (deleted(role) || !target.is_given_back(role));
    // An Allocate whose refusal may have been forged, or whose answer was lost, may have made one: that it could be deleted shows it.
    let doubtful = |role| (target.may_hold_forged(role) || target.may_hold_unheard(role)) && deleted(role);
    // A moved allocation is counted once, on the socket it was moved to.
    let left = |role| role == SocketRole::Mobility && target.has_moved();
    let is_made = |role: &SocketRole| {
        let made = target.allocation(*role).is_some() && !left(*role);
        made || unheard(*role) || doubtful(*role) || *role == SocketRole::Moved && target.has_moved()
    };
    let made: Vec<SocketRole> = sockets().filter(is_made).collect();
    let confirmed = made.iter().filter(|role| target.is_given_back(**role)).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (!made.is_empty()).then(|| Released { made: count(made.len()), confirmed: count(confirmed) })
}

/// Connections that their other side closed while they carried an allocation: it ended with them (RFC 8656 section 3.1), unconfirmed.
pub(super) fn cut_off(target: &Target) -> Option<Remark> {
    let mut cut = Vec::new();
    for role in sockets().filter(|role| target.allocation(*role).is_some() && !target.is_given_back(*role)) {
        let connection = target.connection(role).filter(|one| is_open(one));
        // An old connection is of no use once its allocation has moved.
        let moved = role == SocketRole::Mobility && target.has_moved();
        if let Some((failure, at)) =
            connection.and_then(|one| Some((one.failure.as_ref()?, one.failed_ms?))).filter(|_| !moved)
        {
            cut.push(format!("at {:.1} s: {}", at / 1_000.0, escape(&failure.text)));
        }
    }
    let text = match cut.as_slice() {
        [] => return None,
        [only] => format!(
            "a connection that carried an allocation was ended by its other side, {only}; the allocation ended with it"
        ),
        [first, rest @ ..] => format!(
            "{} connections that carried allocations were ended by their other side, the first {first}; the allocations ended with them",
            rest.len() + 1
        ),
    };
    let fix =
        "look for a proxy or load balancer that closes connections, or limits how many one client may have".to_owned();
    Some(Remark { code: RemarkCode::ConnectionClosed, error: false, text, fix })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{RELAYED, Scene};

    fn released(scene: &Scene) -> Option<(u32, u32)> {
        judge(&scene.target()).map(|found| (found.made, found.confirmed))
    }

    #[test]
    fn an_allocation_counts_as_given_back_once_that_is_confirmed() {
        let mut scene = Scene::udp();
        assert_eq!(released(&scene), None);
        scene.granted("a/login", RELAYED);
        assert_eq!(released(&scene), Some((1, 0)));
        scene.silent("a/delete");
        assert_eq!(released(&scene), Some((1, 0)));
        scene.refused("a/delete/again", 437);
        assert_eq!(released(&scene), Some((1, 1)), "nothing is left to delete");
        scene.refused("refresh", 437);
        assert_eq!(released(&scene), Some((1, 0)), "this server says so to every Refresh");
    }

    #[test]
    fn a_repeated_deletion_counts_whichever_attempt_it_repeats() {
        let mut scene = Scene::udp();
        scene.granted("a/login", RELAYED);
        scene.refused("a/delete", 438);
        scene.abandoned("a/delete/2");
        scene.granted("a/delete/again", "");
        assert_eq!(released(&scene), Some((1, 1)));
    }

    #[test]
    fn what_nobody_heard_of_counts_until_it_is_known_to_be_gone() {
        let mut scene = Scene::udp();
        scene.challenged("a", "example.org");
        scene.abandoned("a/login");
        assert_eq!(released(&scene), Some((1, 0)));
        scene.refused("a/delete", 437);
        assert_eq!(released(&scene), None, "there was none");
    }

    #[test]
    fn an_open_relay_that_was_not_heard_of_may_have_granted_a_plain_allocate() {
        let mut scene = Scene::udp();
        scene.abandoned("a/allocate");
        assert!(scene.target().may_hold(SocketRole::First));
        assert_eq!(released(&scene), None, "nobody knows");
        scene.reply("a/delete", |reply| reply.turn = Some(Box::default()));
        assert_eq!(released(&scene), Some((1, 1)));
        scene.challenged("a", "example.org");
        assert!(!scene.target().may_hold(SocketRole::First), "it asks for credentials");
    }

    #[test]
    fn a_moved_allocation_is_one() {
        let mut scene = Scene::udp();
        scene.granted("mobility/login", RELAYED);
        scene.granted("moved/refresh-login", "");
        assert_eq!(released(&scene), Some((1, 0)));
        scene.granted("moved/delete", "");
        assert_eq!(released(&scene), Some((1, 1)));
    }
}
