//! What else the server offers (`--features`): one after the other, each on an allocation of its own that is released at once.

use crate::evidence::{Exchange, Outcome, Step, TurnReply};
use crate::measure::turn::ask::release;
use crate::measure::turn::facts::target::{Allocation, SHA256, Target, Tried, error_code, succeeded};
use crate::measure::turn::finding::{Feature, FeatureName as Name, FeatureStatus as Status};
use crate::wire::{Algorithm, Family, Method, Request, Transport, TurnAttribute, escape};

/// The sockets of the features that need an allocation.
pub const SOCKETS: [&str; 9] = [IPV6, BOTH, EVEN, RESERVE, RESERVED, UNFRAGMENTED, MOBILE, MOVED, OVER_TCP];

const IPV6: &str = "ipv6-relay";
const BOTH: &str = "both-families";
const EVEN: &str = "even-port";
const RESERVE: &str = "reservation";
/// Where the reserved port is asked for.
const RESERVED: &str = "reserved";
const UNFRAGMENTED: &str = "dont-fragment";
/// Where the mobile allocation is made.
pub const MOBILE: &str = "mobility";
/// Where the mobile allocation is moved to.
pub const MOVED: &str = "moved";
const OVER_TCP: &str = "tcp-relay";

/// IANA's numbers in REQUESTED-TRANSPORT.
const UDP: u8 = 17;
const TCP: u8 = 6;

/// The features in the order of their tests: name and socket, and the attributes that ask for them.
fn wishes() -> [(&'static str, Vec<TurnAttribute>); 7] {
    let over = |protocol| TurnAttribute::RequestedTransport(protocol);
    let udp = |attribute| vec![over(UDP), attribute];
    [
        (IPV6, udp(TurnAttribute::RequestedAddressFamily(Family::Ipv6))),
        (BOTH, udp(TurnAttribute::AdditionalAddressFamily(Family::Ipv6))),
        (EVEN, udp(TurnAttribute::EvenPort(false))),
        (RESERVE, udp(TurnAttribute::EvenPort(true))),
        (UNFRAGMENTED, udp(TurnAttribute::DontFragment)),
        (MOBILE, udp(TurnAttribute::MobilityTicket(Vec::new()))),
        (OVER_TCP, vec![over(TCP)]),
    ]
}

/// The target as it is on that socket: TCP is relayed over connections only (RFC 6062 section 4.1).
pub fn over<'a>(target: &Target<'a>, socket: &str) -> Target<'a> {
    let datagrams = !target.transport.is_stream();
    target.over(if socket == OVER_TCP && datagrams { Transport::Tcp } else { target.transport })
}

/// What is to be asked now, and whether all is known and released.
pub fn next(target: &Target) -> Step {
    let mut all = Step { done: true, ..Step::default() };
    if !wanted(target) {
        return all;
    }
    for (socket, attributes) in wishes() {
        let target = &over(target, socket);
        let mut step = grant(target, socket, &attributes);
        if step.done
            && socket == RESERVE
            && let Some(token) = reservation(target)
        {
            step = grant(target, RESERVED, &[TurnAttribute::RequestedTransport(UDP), token]);
        }
        if step.done
            && socket == MOBILE
            && let Some(ticket) = ticket(target)
        {
            step = request(target, MOVED, "refresh", &Request::turn(Method::Refresh, vec![ticket]));
        }
        let granted = step.done;
        if step.done {
            // A mobile allocation is deleted where it is now: on the old socket the server knows nothing of it any more.
            let held = [socket, RESERVED, MOVED];
            step = release::of(target, held.into_iter().filter(|one| *one == socket || belongs(one, socket)));
        }
        // What is deleted only in case that a refusal was forged nobody waits for: there are servers that leave it unanswered.
        let held = [socket, RESERVED, MOVED];
        let waits = !granted || held.into_iter().any(|one| target.allocation(one).is_some());
        let over = step.done || !waits;
        all.done &= step.done;
        all.asks.extend(step.asks);
        if !over {
            return all;
        }
    }
    if target.offers_sha256() {
        let mut step = grant(target, SHA256, &[TurnAttribute::RequestedTransport(UDP)]);
        if step.done {
            step = release::of(target, [SHA256]);
        }
        all.asks.extend(step.asks);
        all.done = step.done;
    }
    all
}

/// Whether they are asked for, and there is a server that may have them.
fn wanted(target: &Target) -> bool {
    target.options.features && target.first().is_some_and(|(socket, _)| target.is_signed(socket))
}

fn belongs(socket: &str, feature: &str) -> bool {
    matches!((socket, feature), (RESERVED, RESERVE) | (MOVED, MOBILE))
}

/// An allocation with these attributes on a socket of its own.
fn grant(target: &Target, socket: &str, attributes: &[TurnAttribute]) -> Step {
    request(target, socket, "allocate", &Request::turn(Method::Allocate, attributes.to_vec()))
}

/// A request on a new socket: first to be challenged, then with credentials.
fn request(target: &Target, socket: &str, step: &str, request: &Request) -> Step {
    let name = format!("{socket}/{step}");
    let challenge = target.find(&name);
    let asked = |ask| Step { asks: vec![ask], ..Step::default() };
    let Some(challenge) = challenge else { return asked(target.ask(&name, socket, request.clone())) };
    if error_code(challenge) != Some(401) {
        return Step { done: challenge.settled(), ..Step::default() };
    }
    match target.signed(&login(socket, step), socket, request) {
        Tried::Ask(ask) => asked(*ask),
        Tried::Asked(exchange) => Step { done: exchange.settled(), ..Step::default() },
        Tried::Impossible => Step { done: true, ..Step::default() },
    }
}

fn login(socket: &str, step: &str) -> String {
    if step == "allocate" { format!("{socket}/login") } else { format!("{socket}/{step}-login") }
}

/// The verdict of the server on a request.
fn verdict<'a>(target: &Target<'a>, socket: &str, step: &str) -> Option<&'a Exchange> {
    target.last(&login(socket, step)).or_else(|| target.find(&format!("{socket}/{step}")))
}

fn reservation(target: &Target) -> Option<TurnAttribute> {
    let turn = target.allocation(RESERVE)?.turn;
    turn.reservation.then(|| TurnAttribute::ReservationToken(turn.reservation_token.0.clone()))
}

fn ticket(target: &Target) -> Option<TurnAttribute> {
    let turn = target.allocation(MOBILE)?.turn;
    turn.ticket.then(|| TurnAttribute::MobilityTicket(turn.mobility_ticket.0.clone()))
}

/// Whether the mobile allocation was moved to its other socket.
pub fn moved(target: &Target) -> bool {
    verdict(target, MOVED, "refresh").is_some_and(|exchange| succeeded(exchange).is_some())
}

/// What the server offers, in the order of the tests.
pub fn judge(target: &Target) -> Vec<Feature> {
    if !wanted(target) {
        return Vec::new();
    }
    let sockets = wishes().map(|(socket, _)| socket);
    let mut found: Vec<Feature> = sockets.into_iter().map(|socket| of(&over(target, socket), socket)).collect();
    found.push(sha256(target));
    found
}

fn feature(name: Name, status: Status, text: impl Into<String>) -> Feature {
    Feature { name, status, text: text.into() }
}

/// The feature that is asked for on a socket.
fn name(socket: &str) -> Name {
    match socket {
        IPV6 => Name::Ipv6Relay,
        BOTH => Name::BothFamilies,
        EVEN => Name::EvenPort,
        RESERVE => Name::Reservation,
        UNFRAGMENTED => Name::DontFragment,
        MOBILE => Name::Mobility,
        OVER_TCP => Name::TcpRelay,
        _ => Name::Sha256,
    }
}

fn of(target: &Target, socket: &str) -> Feature {
    let name = name(socket);
    let Some(allocation) = target.allocation(socket) else { return refused(target, name, socket, "allocate") };
    let (relayed, turn) = (allocation.relayed, allocation.turn);
    match socket {
        IPV6 if relayed.is_ipv6() => feature(name, Status::Offered, format!("relayed address {relayed}")),
        IPV6 => feature(name, Status::Broken, format!("an IPv6 address was asked for and {relayed} given")),
        BOTH => both(turn),
        EVEN if relayed.port().is_multiple_of(2) => feature(name, Status::Offered, format!("port {}", relayed.port())),
        EVEN => feature(name, Status::Broken, format!("an even port was asked for and {} given", relayed.port())),
        RESERVE => reserved(target, &allocation),
        UNFRAGMENTED => feature(name, Status::Offered, "the server takes DONT-FRAGMENT"),
        MOBILE => mobile(target),
        _ => feature(name, Status::Offered, "an allocation for TCP was granted; connecting through it was not tried"),
    }
}

fn both(turn: &TurnReply) -> Feature {
    let has = |family: Family| turn.relayed.iter().any(|relayed| family.has(relayed.ip()));
    match &turn.address_error {
        _ if has(Family::Ipv4) && has(Family::Ipv6) => {
            feature(Name::BothFamilies, Status::Offered, "a relayed address of each family")
        }
        Some(error) => feature(Name::BothFamilies, Status::NotOffered, error.to_string()),
        None => feature(Name::BothFamilies, Status::NotOffered, "the server passes the wish over: one relayed address"),
    }
}

fn reserved(target: &Target, first: &Allocation) -> Feature {
    if reservation(target).is_none() {
        return feature(Name::Reservation, Status::NotOffered, "the server gives no token for the next port");
    }
    let next = first.relayed.port().checked_add(1);
    match target.allocation(RESERVED) {
        Some(second) if Some(second.relayed.port()) == next => {
            let (one, other) = (first.relayed.port(), second.relayed.port());
            feature(Name::Reservation, Status::Offered, format!("ports {one} and {other}"))
        }
        Some(second) => {
            let text = format!("the token of the port after {} gave {}", first.relayed.port(), second.relayed.port());
            feature(Name::Reservation, Status::Broken, text)
        }
        None => broken(target, Name::Reservation, RESERVED, "allocate", "a token was given, and with it"),
    }
}

fn mobile(target: &Target) -> Feature {
    if ticket(target).is_none() {
        return feature(Name::Mobility, Status::NotOffered, "the server gives no ticket");
    }
    if moved(target) {
        return feature(Name::Mobility, Status::Offered, "the allocation was moved to another port of ours");
    }
    broken(target, Name::Mobility, MOVED, "refresh", "a ticket was given, and with it")
}

/// The password algorithm SHA-256 (RFC 8489 section 9.2.4), where it is offered with an allocation of its own.
fn sha256(target: &Target) -> Feature {
    let challenge = target.reply("a/allocate").and_then(|reply| reply.turn.as_deref());
    let offered = challenge.and_then(|turn| turn.algorithms.as_ref());
    match offered.map(|algorithms| algorithms.contains(&Algorithm::Sha256)) {
        Some(true) => match target.allocation(SHA256) {
            Some(_) if target.is_signed(SHA256) => {
                feature(Name::Sha256, Status::Offered, "the credentials are taken with it")
            }
            Some(_) => {
                let text = "the credentials are taken with it, and the answer is not signed with it: clients drop that";
                feature(Name::Sha256, Status::Broken, text)
            }
            None => broken(target, Name::Sha256, SHA256, "allocate", "it is offered, and with it"),
        },
        Some(false) => feature(Name::Sha256, Status::NotOffered, "the server names algorithms, and not this one"),
        None if target.is_open_relay() => feature(Name::Sha256, Status::Unknown, "the server asks for no credentials"),
        None => feature(Name::Sha256, Status::NotOffered, "the challenge names no algorithms"),
    }
}

/// There is no allocation with the wish: what the server said to it.
fn refused(target: &Target, name: Name, socket: &str, step: &str) -> Feature {
    let said = said(target, socket, step);
    let status = match said.0 {
        // 405 is what a server without mobility, 420 what one without an attribute, 440 and 442 one without family or protocol says.
        Some(400 | 403 | 405 | 420 | 440 | 442) => Status::NotOffered,
        _ => Status::Unknown,
    };
    feature(name, status, said.1)
}

fn broken(target: &Target, name: Name, socket: &str, step: &str, before: &str) -> Feature {
    let (code, said) = said(target, socket, step);
    let status = if code.is_some_and(|code| code != 486) { Status::Broken } else { Status::Unknown };
    feature(name, status, format!("{before}: {said}"))
}

fn said(target: &Target, socket: &str, step: &str) -> (Option<u16>, String) {
    let Some(exchange) = verdict(target, socket, step) else {
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
