//! What a peer that lies, or somebody who is none, can make of a session.

use std::net::SocketAddr;
use std::time::Duration;

use super::world::{Nat, World};
use crate::engine::{Command, Input, Machine, SocketId, Time};
use crate::evidence::{End, Role};
use crate::measure::connect::{Cause, Side, judge};
use crate::peer::Remote;
use crate::peer::message::{Check, refusal};
use crate::wire::{Class, Key, Message, TransactionId};

const PEER: &str = "203.0.113.2:5000";

/// A check of the other side.
fn check(to: &Remote, from: &Remote, number: u16, role: Role) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    let check = Check {
        username: &format!("{}:{}", to.credentials.ufrag, from.credentials.ufrag),
        key: &Key::short_term(&to.credentials.password),
        priority: 1,
        role,
        tiebreaker: u64::MAX,
        nominates: false,
        test: None,
    };
    check.encode(TransactionId([high, low, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
}

/// The first host with the second one's token, and nobody at the other end but this test.
fn alone() -> (World, Remote, Remote) {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let (own, theirs) = (world.token(0, true), world.token(1, true));
    world.hosts[0].agent.learn(world.now, &theirs);
    (world, own, theirs)
}

#[test]
fn a_peer_that_claims_whatever_role_is_left_to_its_claims() {
    let (mut world, _, theirs) = alone();
    let key = Key::short_term(&theirs.credentials.password);
    let (mut now, mut asked) = (Time::ZERO, 0);
    let agent = &mut world.hosts[0].agent;
    while !agent.is_finished() && now < Time::from_secs(300) {
        for command in agent.poll(now) {
            let Command::Send { remote, bytes, .. } = command else { continue };
            let message = Message::read(&bytes).unwrap();
            if message.class == Class::Request && remote == PEER.parse().unwrap() {
                asked += 1;
                let bytes = refusal(message.id, 487, &[], Some(&key));
                agent.handle(now, Input::Received { socket: SocketId(0), source: remote, bytes });
            }
        }
        now = agent.next_wake().max(now + Duration::from_millis(1));
    }
    assert!(agent.is_finished() && asked < 40, "{asked} checks");
    let session = agent.session();
    let verdict = judge(&session);
    assert_eq!((verdict.cause, verdict.side), (Cause::Rejected, Some(Side::There)), "{verdict:#?}");
    assert!(verdict.text.contains("487"), "{}", verdict.text);
}

#[test]
fn checks_from_everywhere_make_a_few_pairs() {
    let (mut world, own, theirs) = alone();
    let agent = &mut world.hosts[0].agent;
    for number in 1..=5_000 {
        let source = SocketAddr::new([198, 51, 100, 7].into(), number);
        let bytes = check(&own, &theirs, number, Role::Controlled);
        agent.handle(Time::ZERO, Input::Received { socket: SocketId(0), source, bytes });
    }
    let session = agent.session();
    assert!(session.pairs.len() <= 40, "{} pairs", session.pairs.len());
    // Roles are changed as often as one who means it would have it.
    for number in 5_000..6_000 {
        let role = agent.session().role;
        let bytes = check(&own, &theirs, number, role);
        agent.handle(Time::ZERO, Input::Received { socket: SocketId(0), source: PEER.parse().unwrap(), bytes });
    }
    let before = agent.session().role;
    let bytes = check(&own, &theirs, 7_000, before);
    agent.handle(Time::ZERO, Input::Received { socket: SocketId(0), source: PEER.parse().unwrap(), bytes });
    assert_eq!(agent.session().role, before);
}

/// A check that somebody sends who has neither token is no sign that one of them is of another run.
#[test]
fn a_third_party_changes_no_verdict() {
    let (mut world, own, theirs) = alone();
    let mut foreign = own.clone();
    foreign.credentials.ufrag = "elsewhere".into();
    let agent = &mut world.hosts[0].agent;
    for (number, source, counts) in [(1, "198.51.100.99:7", false), (2, PEER, true)] {
        let bytes = check(&foreign, &theirs, number, Role::Controlled);
        let before = agent.session().strangers;
        agent.handle(Time::ZERO, Input::Received { socket: SocketId(0), source: source.parse().unwrap(), bytes });
        assert_eq!(agent.session().strangers > before, counts, "{source}");
    }
}

#[test]
fn an_end_that_nobody_signed_is_none() {
    let (mut world, ..) = alone();
    let agent = &mut world.hosts[0].agent;
    let mut now = Time::ZERO;
    // Whoever sees a check can answer it, and not sign the answer.
    for _ in 0..50 {
        for command in agent.poll(now) {
            let Command::Send { remote, bytes, .. } = command else { continue };
            let id = Message::read(&bytes).unwrap().id;
            for code in [401, 403, 487, 500] {
                let bytes = refusal(id, code, &[], None);
                agent.handle(now, Input::Received { socket: SocketId(0), source: remote, bytes });
            }
        }
        now = agent.next_wake().max(now + Duration::from_millis(1));
    }
    let session = agent.session();
    assert_eq!((session.role, session.role_conflicts), (Role::Controlling, 0));
    assert_ne!(session.end, End::ConsentRevoked);
}
