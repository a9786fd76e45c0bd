//! What else the server offers (`--features`), read off the allocations that were made for it.

use crate::evidence::key::{SocketRole, SocketStep};
use crate::evidence::{Outcome, TurnReply};
use crate::measure::turn::facts::allocation::Allocation;
use crate::measure::turn::facts::exchange::turn;
use crate::measure::turn::facts::features::FEATURES;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Feature, FeatureName as Name, FeatureStatus as Status};
use crate::wire::{Algorithm, Family, escape};

/// What the server offers, in the order of the tests.
pub(super) fn judge(target: &Target) -> Vec<Feature> {
    if !target.wants_features() {
        return Vec::new();
    }
    let mut found: Vec<Feature> = FEATURES.into_iter().map(|name| of(&target.on_socket(name), name)).collect();
    found.push(sha256(target));
    found
}

fn feature(role: SocketRole, status: Status, text: impl Into<String>) -> Feature {
    Feature { name: name(role), status, text: text.into() }
}

/// The feature that is asked for on a socket.
fn name(role: SocketRole) -> Name {
    match role {
        SocketRole::Ipv6Relay => Name::Ipv6Relay,
        SocketRole::BothFamilies => Name::BothFamilies,
        SocketRole::EvenPort => Name::EvenPort,
        SocketRole::Reservation | SocketRole::Reserved => Name::Reservation,
        SocketRole::DontFragment => Name::DontFragment,
        SocketRole::Mobility | SocketRole::Moved => Name::Mobility,
        SocketRole::TcpRelay => Name::TcpRelay,
        _ => Name::Sha256,
    }
}

fn of(target: &Target, role: SocketRole) -> Feature {
    let Some(allocation) = target.allocation(role) else { return refused(target, role) };
    let (relayed, turn) = (allocation.relayed, allocation.turn);
    match role {
        SocketRole::Ipv6Relay if relayed.is_ipv6() => {
            feature(role, Status::Offered, format!("relayed address {relayed}"))
        }
        SocketRole::Ipv6Relay => {
            feature(role, Status::Broken, format!("an IPv6 address was asked for and {relayed} given"))
        }
        SocketRole::BothFamilies => both(turn),
        SocketRole::EvenPort if relayed.port().is_multiple_of(2) => {
            feature(role, Status::Offered, format!("port {}", relayed.port()))
        }
        SocketRole::EvenPort => {
            feature(role, Status::Broken, format!("an even port was asked for and {} given", relayed.port()))
        }
        SocketRole::Reservation => reserved(target, &allocation),
        SocketRole::DontFragment => feature(role, Status::Offered, "the server takes DONT-FRAGMENT"),
        SocketRole::Mobility => mobile(target),
        _ => feature(role, Status::Offered, "an allocation for TCP was granted; connecting through it was not tried"),
    }
}

fn both(turn: &TurnReply) -> Feature {
    let has = |family: Family| turn.relayed.iter().any(|relayed| family.has(relayed.ip()));
    match &turn.address_error {
        _ if has(Family::Ipv4) && has(Family::Ipv6) => {
            feature(SocketRole::BothFamilies, Status::Offered, "a relayed address of each family")
        }
        Some(error) => feature(SocketRole::BothFamilies, Status::NotOffered, error.to_string()),
        None => feature(
            SocketRole::BothFamilies,
            Status::NotOffered,
            "the server passes the wish over: one relayed address",
        ),
    }
}

fn reserved(target: &Target, first: &Allocation) -> Feature {
    if target.reservation().is_none() {
        return feature(SocketRole::Reservation, Status::NotOffered, "the server gives no token for the next port");
    }
    let next = first.relayed.port().checked_add(1);
    match target.allocation(SocketRole::Reserved) {
        Some(second) if Some(second.relayed.port()) == next => {
            let (one, other) = (first.relayed.port(), second.relayed.port());
            feature(SocketRole::Reservation, Status::Offered, format!("ports {one} and {other}"))
        }
        Some(second) => {
            let text = format!("the token of the port after {} gave {}", first.relayed.port(), second.relayed.port());
            feature(SocketRole::Reservation, Status::Broken, text)
        }
        None => broken(target, SocketRole::Reserved, SocketStep::Allocate, "a token was given, and with it"),
    }
}

fn mobile(target: &Target) -> Feature {
    if target.ticket().is_none() {
        return feature(SocketRole::Mobility, Status::NotOffered, "the server gives no ticket");
    }
    if target.has_moved() {
        return feature(SocketRole::Mobility, Status::Offered, "the allocation was moved to another port of ours");
    }
    broken(target, SocketRole::Moved, SocketStep::Refresh, "a ticket was given, and with it")
}

/// The password algorithm SHA-256 (RFC 8489 section 9.2.4), where it is offered with an allocation of its own.
fn sha256(target: &Target) -> Feature {
    let challenge = target.find((SocketRole::First, SocketStep::Allocate)).and_then(turn);
    let offered = challenge.and_then(|turn| turn.algorithms.as_ref());
    match offered.map(|algorithms| algorithms.contains(&Algorithm::Sha256)) {
        Some(true) => match target.allocation(SocketRole::Sha256) {
            Some(_) if target.is_signed(SocketRole::Sha256) => {
                feature(SocketRole::Sha256, Status::Offered, "the credentials are taken with it")
            }
            Some(_) => {
                let text = "the credentials are taken with it, and the answer is not signed with it: clients drop that";
                feature(SocketRole::Sha256, Status::Broken, text)
            }
            None => broken(target, SocketRole::Sha256, SocketStep::Allocate, "it is offered, and with it"),
        },
        Some(false) => feature(SocketRole::Sha256, Status::NotOffered, "the server names algorithms, and not this one"),
        None if target.is_open_relay() => {
            feature(SocketRole::Sha256, Status::Unknown, "the server asks for no credentials")
        }
        None => feature(SocketRole::Sha256, Status::NotOffered, "the challenge names no algorithms"),
    }
}

/// There is no allocation with the wish: what the server said to it.
fn refused(target: &Target, role: SocketRole) -> Feature {
    let said = said(target, role, SocketStep::Allocate);
    let status = match said.0 {
        // 405 is what a server without mobility, 420 what one without an attribute, 440 and 442 one without family or protocol says.
        Some(400 | 403 | 405 | 420 | 440 | 442) => Status::NotOffered,
        _ => Status::Unknown,
    };
    feature(role, status, said.1)
}

fn broken(target: &Target, role: SocketRole, step: SocketStep, before: &str) -> Feature {
    let (code, said) = said(target, role, step);
    let status = if code.is_some_and(|code| code != 486) { Status::Broken } else { Status::Unknown };
    feature(role, status, format!("{before}: {said}"))
}

fn said(target: &Target, socket: SocketRole, step: SocketStep) -> (Option<u16>, String) {
    let Some(exchange) = target.feature_verdict(socket, step) else {
        return (None, "could not tell: the run ended first".to_owned());
    };
    match &exchange.outcome {
        Outcome::Reply(reply) => match &reply.error {
            Some(error) => (Some(error.code), error.to_string()),
            None => (None, "could not tell: granted without a relayed address".to_owned()),
        },
        Outcome::Silence { .. } => (None, format!("could not tell: no answer (sent {} times)", exchange.sends)),
        Outcome::Failed(failure) => (None, format!("could not tell: {}", escape(&failure.text))),
        _ => (None, "could not tell: the run ended first".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    fn status(change: impl FnOnce(&mut Scene), role: SocketRole) -> (Status, String) {
        let mut scene = Scene::relays();
        scene.options.features = true;
        change(&mut scene);
        let found = judge(&scene.target());
        let one = found.into_iter().find(|one| one.name == name(role)).expect("every feature is told");
        (one.status, one.text)
    }

    #[test]
    fn features_are_told_only_where_they_were_asked_for() {
        assert_eq!(judge(&Scene::relays().target()), []);
    }

    #[test]
    fn what_is_granted_must_be_what_was_asked_for() {
        let (role, even) = (SocketRole::Ipv6Relay, SocketRole::EvenPort);
        let granted = |step: &'static str, relayed: &'static str| {
            move |scene: &mut Scene| {
                scene.granted(step, relayed);
            }
        };
        assert_eq!(status(granted("ipv6-relay/login", "[2001:db8::1]:50000"), role).0, Status::Offered);
        assert_eq!(status(granted("ipv6-relay/login", "192.0.2.10:50000"), role).0, Status::Broken);
        assert_eq!(status(granted("even-port/login", "192.0.2.10:50000"), even).0, Status::Offered);
        assert_eq!(status(granted("even-port/login", "192.0.2.10:50001"), even).0, Status::Broken);
    }

    #[test]
    fn a_refusal_says_whether_the_server_has_it() {
        let refused = |code| {
            move |scene: &mut Scene| {
                scene.refused("mobility/login", code);
            }
        };
        assert_eq!(status(refused(405), SocketRole::Mobility).0, Status::NotOffered);
        assert_eq!(status(refused(486), SocketRole::Mobility).0, Status::Unknown, "the quota says nothing of it");
        assert_eq!(status(|_| (), SocketRole::Mobility).0, Status::Unknown, "it was not tried");
    }

    #[test]
    fn a_reserved_port_must_be_the_next_one() {
        let reserved = |second: &'static str| {
            move |scene: &mut Scene| {
                let first = scene.granted("reservation/login", "192.0.2.10:50000");
                Scene::answer(first, |reply| reply.turn.as_mut().expect("a TURN reply").reservation = true);
                scene.granted("reserved/login", second);
            }
        };
        assert_eq!(status(reserved("192.0.2.10:50001"), SocketRole::Reservation).0, Status::Offered);
        assert_eq!(status(reserved("192.0.2.10:50005"), SocketRole::Reservation).0, Status::Broken);
    }
}
