//! Sessions through relays.

use super::world::{Nat, RelayMood, World, told};
use crate::engine::Time;
use crate::evidence::{End, Progress, RelayStep};
use crate::measure::connect::{Cause, Side, judge};
use crate::wire::CandidateKind;

#[test]
fn symmetric_nats_meet_at_a_relay_and_give_it_back() {
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(RelayMood::default()), None]);
    let sessions = world.meet();
    let selected = sessions[0].selected.as_ref().unwrap_or_else(|| panic!("{}", told(&sessions)));
    assert_eq!((selected.local.kind, selected.remote.kind), (CandidateKind::Relay, CandidateKind::Prflx));
    assert_eq!(sessions[1].selected.as_ref().unwrap().remote.kind, CandidateKind::Relay);
    assert_eq!(judge(&sessions[0]).loss_percent, Some(0.0));
    let relay = &sessions[0].relays[0];
    assert!(relay.sent > 100 && relay.received > 100 && relay.refused.is_none());
    assert!(world.hosts[0].released);
}

#[test]
fn a_direct_pair_is_preferred_to_a_relay_that_answers_first() {
    let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [Some(RelayMood::default()); 2]);
    // What is direct is lost in the first three seconds.
    world.drop = Box::new(|now, by, _| by < 2 && now < Time::from_secs(3) && now > Time::from_millis(600));
    let sessions = world.meet();
    let selected = sessions[0].selected.as_ref().unwrap();
    assert_eq!((selected.local.kind, selected.remote.kind), (CandidateKind::Srflx, CandidateKind::Srflx));
}

#[test]
fn a_stale_nonce_is_replaced() {
    let mood = RelayMood { stale: true, ..RelayMood::default() };
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(mood), None]);
    let sessions = world.meet();
    assert!(sessions[0].selected.is_some(), "{}", told(&sessions));
    assert!(world.hosts[0].released);
}

#[test]
fn a_forbidden_peer_is_the_server_s_doing() {
    let mood = RelayMood { forbids: true, ..RelayMood::default() };
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(mood), None]);
    let sessions = world.meet();
    let verdict = judge(&sessions[0]);
    assert_eq!((verdict.cause, verdict.side), (Cause::RelayRefused, Some(Side::Server)), "{}", told(&sessions));
    let relayed = verdict.pairs.iter().filter(|pair| pair.seen.local.kind == CandidateKind::Relay);
    for pair in relayed {
        assert_eq!(pair.progress, Progress::RefusedByRelay);
        let refusal = pair.seen.refused.as_ref().unwrap();
        assert_eq!((refusal.step, refusal.code), (RelayStep::Permission, Some(403)));
        assert!(pair.reason.contains("403 Forbidden") && pair.reason.contains("CreatePermission"));
    }
}

/// What a relay does not carry is not the NATs' doing.
#[test]
fn a_relay_whose_ports_are_closed_is_told_before_the_nats() {
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(RelayMood::default()), None]);
    for which in 0..2 {
        world.set_up(which, |setup| {
            let mut second = setup.locals[1].clone();
            second.candidate.port += 7;
            setup.locals.push(second);
        });
    }
    // Permissions are granted, and no packet of the other side passes.
    world.drop = Box::new(|_, by, _| by == 1);
    let sessions = world.meet();
    for (session, whose) in sessions.iter().zip(["this side's relay", "the other side's relay"]) {
        let verdict = judge(session);
        assert_eq!((verdict.cause, verdict.side), (Cause::RelaySilent, Some(Side::Unknown)), "{}", told(&sessions));
        assert!(verdict.text.contains(whose), "{}", verdict.text);
    }
}

#[test]
fn a_relay_that_falls_silent_is_told() {
    let mood = RelayMood { deaf: true, ..RelayMood::default() };
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(mood), None]);
    let sessions = world.meet();
    let verdict = judge(&sessions[0]);
    let relayed = verdict.pairs.iter().find(|pair| pair.seen.local.kind == CandidateKind::Relay).unwrap();
    assert!(relayed.reason.contains("did not answer CreatePermission"), "{}", told(&sessions));
    assert_eq!((verdict.side, sessions[0].end), (Some(Side::Server), End::Exhausted));
}

#[test]
fn an_allocation_is_kept_for_as_long_as_the_token_takes() {
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [Some(RelayMood::default()), None]);
    for which in 0..2 {
        world.set_up(which, |setup| {
            setup.deadline = Time::from_secs(2_000);
        });
    }
    world.run(Time::from_secs(1_500));
    assert!(!world.hosts[0].released);
    let sessions = world.meet();
    assert!(sessions[0].selected.is_some(), "{}", told(&sessions));
}
