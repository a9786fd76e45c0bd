//! Sessions that come about.

use std::time::Duration;

use super::world::{Nat, RelayMood, World, told};
use crate::engine::{Input, Machine, Time};
use crate::evidence::{End, Progress, Role, Session};
use crate::measure::connect::{Cause, judge};
use crate::wire::CandidateKind;

/// Both ends of the pair that was nominated, as the first host sees it, and as the second does.
fn ends(sessions: &[Session; 2]) -> [(CandidateKind, CandidateKind); 2] {
    [0, 1].map(|which| {
        let selected = sessions[which].selected.as_ref().unwrap_or_else(|| panic!("{}", told(sessions)));
        (selected.local.kind, selected.remote.kind)
    })
}

#[test]
fn every_pair_of_nats_that_can_connect_directly_does() {
    use CandidateKind::{Host, Prflx, Srflx};
    for (nats, first) in [
        ([Nat::None, Nat::None], (Host, Host)),
        ([Nat::PortRestricted, Nat::PortRestricted], (Srflx, Srflx)),
        ([Nat::None, Nat::PortRestricted], (Host, Srflx)),
        ([Nat::Symmetric, Nat::None], (Prflx, Host)),
        ([Nat::Full, Nat::Symmetric], (Srflx, Prflx)),
        ([Nat::Symmetric, Nat::Full], (Prflx, Srflx)),
        ([Nat::Dependent, Nat::Full], (Prflx, Srflx)),
    ] {
        let mut world = World::new(nats, [None; 2]);
        let sessions = world.meet();
        let [one, other] = ends(&sessions);
        assert_eq!((one, other), (first, (first.1, first.0)), "{}", told(&sessions));
        for (session, host) in sessions.iter().zip(&world.hosts) {
            assert_eq!(session.end, End::Connected);
            assert!(host.closed && host.agent.is_finished());
            let verdict = judge(session);
            assert!(verdict.connected && verdict.cause == Cause::Connected && verdict.side.is_none());
            assert_eq!(verdict.loss_percent, Some(0.0));
            assert_eq!(verdict.pairs.iter().filter(|pair| pair.progress == Progress::Nominated).count(), 1);
            let traffic = session.traffic.as_ref().unwrap();
            assert_eq!((traffic.sent, traffic.answered, traffic.received, traffic.expected), (50, 50, 50, Some(50)));
            assert_eq!((traffic.rtt_ms, session.selected.as_ref().unwrap().rtt_ms), (Some(40.0), 40.0));
            assert_eq!(traffic.jitter_ms, Some(0.0));
        }
    }
}

#[test]
fn one_pair_alone_is_nominated_and_it_is_the_best_that_works() {
    for loss in [0_u64, 10, 30] {
        let mut world = World::new([Nat::None, Nat::None], [Some(RelayMood::default()); 2]);
        world.drop =
            Box::new(move |_, _, count| count.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33 & 127 < loss * 128 / 100);
        let sessions = world.meet();
        assert_eq!(ends(&sessions), [(CandidateKind::Host, CandidateKind::Host); 2]);
        for session in &sessions {
            assert_eq!(session.pairs.iter().filter(|pair| pair.nominated).count(), 1);
            let lost = judge(session).loss_percent.unwrap();
            assert_eq!(lost > 0.0, loss > 0, "{lost}");
        }
    }
}

#[test]
fn a_role_conflict_is_settled() {
    for (role, seed) in [(Role::Controlling, 5), (Role::Controlled, 5), (Role::Controlling, 7), (Role::Controlled, 7)] {
        let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [None; 2]);
        for which in 0..2 {
            world.set_up(which, |setup| {
                setup.role = role;
                setup.seed += seed;
            });
        }
        let sessions = world.meet();
        ends(&sessions);
        assert_ne!(sessions[0].role, sessions[1].role);
        assert!(sessions.iter().any(|session| session.role_conflicts > 0));
    }
}

#[test]
fn a_token_that_comes_minutes_later_is_waited_for() {
    for nats in [[Nat::PortRestricted, Nat::PortRestricted], [Nat::Full, Nat::Symmetric], [Nat::Symmetric, Nat::Full]] {
        let mut world = World::new(nats, [None; 2]);
        for which in 0..2 {
            world.set_up(which, |setup| setup.deadline = Time::from_secs(400));
        }
        let first = world.token(0, false);
        world.hosts[1].agent.learn(world.now, &first);
        world.run(Time::from_secs(170));
        assert!(world.hosts.iter().all(|host| !host.agent.is_finished() && !host.agent.is_connected()));
        let second = world.token(1, true);
        world.hosts[0].agent.learn(world.now, &second);
        world.run(Time::from_secs(500));
        let sessions = world.sessions();
        ends(&sessions);
        let took = sessions[0].selected.as_ref().unwrap().took_ms;
        assert!(took < 20_000.0, "{took}");
    }
}

#[test]
fn checks_that_come_before_the_token_are_answered_at_once() {
    let mut world = World::new([Nat::None, Nat::Symmetric], [None; 2]);
    let first = world.token(0, false);
    world.hosts[1].agent.learn(world.now, &first);
    world.run(Time::from_secs(3));
    let [waiting, checking] = world.sessions();
    assert!(waiting.heard_ms.is_some() && waiting.pairs.is_empty());
    assert!(checking.pairs.iter().any(|pair| pair.answered > 0 && pair.mapped.is_some()));
    let second = world.token(1, true);
    world.hosts[0].agent.learn(world.now, &second);
    world.run(Time::from_secs(60));
    let sessions = world.sessions();
    assert_eq!(ends(&sessions)[0], (CandidateKind::Host, CandidateKind::Prflx));
    assert!(sessions[0].selected.as_ref().unwrap().took_ms < 2_000.0);
}

#[test]
fn silence_is_survived_or_not() {
    for forgets in [false, true] {
        let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [None; 2]);
        world.set_up(0, |setup| setup.idle = Duration::from_secs(30));
        world.drop = Box::new(move |now, _, _| forgets && now > Time::from_secs(20));
        let sessions = world.meet();
        for session in &sessions {
            let idle = session.idle.unwrap_or_else(|| panic!("{}", told(&sessions)));
            assert_eq!((idle.survived, session.end), (!forgets, End::Connected));
            assert_eq!(idle.awaited, session.role == Role::Controlled);
            // Who waits for what never comes waits until the other one has given up.
            let longest = if forgets && idle.awaited { 45_000.0 } else { 32_000.0 };
            assert!((28_000.0..longest).contains(&idle.silent_ms), "{}", idle.silent_ms);
        }
    }
}

/// Two NATs that keep their ports and forget whom they sent to: if both sides spoke at once they would open the path anew.
#[test]
fn who_listens_does_not_help_a_path_that_was_forgotten() {
    for (remembers, survives) in [(20, false), (60, true)] {
        let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [None; 2]);
        for which in 0..2 {
            world.set_up(which, |setup| setup.idle = Duration::from_secs(30));
            world.hosts[which].remembers = Duration::from_secs(remembers);
        }
        let sessions = world.meet();
        ends(&sessions);
        for session in &sessions {
            assert_eq!(session.idle.map(|idle| idle.survived), Some(survives), "{}", told(&sessions));
        }
    }
}

#[test]
fn a_path_that_dies_while_it_is_tested_is_lost_after_thirty_seconds() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    for which in 0..2 {
        world.set_up(which, |setup| {
            setup.test = Duration::from_secs(60);
        });
    }
    world.drop = Box::new(|now, _, _| now > Time::from_secs(5));
    for session in world.meet() {
        assert_eq!(session.end, End::ConsentLost);
        let verdict = judge(&session);
        assert!(!verdict.connected && verdict.cause == Cause::Lost);
    }
    assert!((34..37).contains(&world.now.as_secs()), "{:?}", world.now);
}

#[test]
fn a_session_can_be_interrupted_at_any_time() {
    for at in [0, 1, 3] {
        let mut world = World::new([Nat::None, Nat::None], [Some(RelayMood::default()), None]);
        let token = world.token(1, true);
        world.hosts[0].agent.learn(world.now, &token);
        let token = world.token(0, true);
        world.hosts[1].agent.learn(world.now, &token);
        world.run(Time::from_secs(at));
        world.hosts[0].agent.handle(world.now, Input::Interrupted);
        world.run(world.now + Duration::from_secs(3));
        let host = &world.hosts[0];
        assert!(host.agent.is_finished() && host.closed && host.released);
        let session = host.agent.session();
        let cause = if at == 0 { Cause::Interrupted } else { Cause::Connected };
        assert_eq!((session.end, judge(&session).cause), (End::Interrupted, cause));
    }
}
