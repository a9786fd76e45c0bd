//! Sessions that do not come about, and what is said of them.

use std::time::Duration;

use super::world::{Nat, RelayMood, World, told};
use crate::engine::{Input, Machine, SocketId, Time};
use crate::evidence::{End, Failure, FailureCode, Progress, Session};
use crate::measure::connect::{Cause, Side, Verdict, judge};
use crate::wire::{CandidateKind, Class, Message, Secret};

fn verdicts(sessions: &[Session; 2]) -> [Verdict; 2] {
    [0, 1].map(|which| judge(&sessions[which]))
}

#[test]
fn two_symmetric_nats_are_both_named() {
    let mut world = World::new([Nat::Symmetric, Nat::Symmetric], [None; 2]);
    // A second STUN server saw another port of each.
    for which in 0..2 {
        world.set_up(which, |setup| {
            let mut second = setup.locals[1].clone();
            second.candidate.port += 7;
            setup.locals.push(second);
        });
    }
    let sessions = world.meet();
    for verdict in verdicts(&sessions) {
        assert_eq!((verdict.cause, verdict.side), (Cause::BothDependent, Some(Side::Path)), "{}", told(&sessions));
        assert!(!verdict.connected && verdict.pairs.iter().all(|pair| pair.progress == Progress::NeverAnswered));
        assert!(verdict.pairs.iter().all(|pair| pair.reason.contains("nothing came back")));
    }
    assert_eq!(sessions[0].end, End::Exhausted);
    // RFC 8863: not before every check ran its course.
    assert!((Duration::from_secs(39)..Duration::from_secs(60)).contains(&world.now), "{:?}", world.now);
}

#[test]
fn a_symmetric_nat_against_a_port_restricted_one_is_the_symmetric_side() {
    let mut world = World::new([Nat::Symmetric, Nat::PortRestricted], [None; 2]);
    world.set_up(0, |setup| {
        let mut second = setup.locals[1].clone();
        second.candidate.port += 7;
        setup.locals.push(second);
    });
    let sessions = world.meet();
    let [here, there] = verdicts(&sessions);
    assert_eq!((here.cause, here.side), (Cause::HereDependent, Some(Side::Here)), "{}", told(&sessions));
    assert_eq!((there.cause, there.side), (Cause::ThereDependent, Some(Side::There)));
}

/// Whom no STUN server saw has told nobody where to send to, whatever the other side's NAT does.
#[test]
fn a_symmetric_nat_is_not_blamed_for_a_side_whose_udp_is_blocked() {
    let mut world = World::new([Nat::Symmetric, Nat::PortRestricted], [None; 2]);
    world.set_up(0, |setup| {
        let mut second = setup.locals[1].clone();
        second.candidate.port += 7;
        setup.locals.push(second);
    });
    world.set_up(1, |setup| setup.locals.retain(|local| local.candidate.kind == CandidateKind::Host));
    world.drop = Box::new(|_, _, _| true);
    let sessions = world.meet();
    let [here, there] = verdicts(&sessions);
    assert_eq!((here.cause, here.side), (Cause::PeerNotReflexive, Some(Side::There)), "{}", told(&sessions));
    assert_eq!((there.cause, there.side), (Cause::NotReflexive, Some(Side::Here)));
}

/// One external address for both: it is the NAT that both are behind.
#[test]
fn two_behind_one_nat_without_hairpinning_are_told_so() {
    let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [None; 2]);
    let external = world.hosts[0].agent.setup_for_tests().locals[1].candidate.address.clone();
    world.set_up(1, |setup| setup.locals[1].candidate.address = external.clone());
    world.drop = Box::new(|_, by, _| by < 2);
    let sessions = world.meet();
    for verdict in verdicts(&sessions) {
        assert_eq!((verdict.cause, verdict.side), (Cause::CommonNat, Some(Side::Path)), "{}", told(&sessions));
    }
}

#[test]
fn nobody_there_is_not_known() {
    let mut world = World::new([Nat::PortRestricted, Nat::PortRestricted], [None; 2]);
    world.drop = Box::new(|_, by, _| by < 2);
    let sessions = world.meet();
    let [here, _] = verdicts(&sessions);
    assert_eq!((here.cause, here.side), (Cause::NotHeard, Some(Side::Unknown)), "{}", told(&sessions));
}

#[test]
fn a_one_way_path_is_seen_from_both_ends() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    world.drop = Box::new(|_, by, _| by == 0);
    let sessions = world.meet();
    let [sender, receiver] = verdicts(&sessions);
    assert_eq!(sender.pairs[0].progress, Progress::AnswersLost, "{}", told(&sessions));
    // Where on the way it is lost neither end sees.
    assert_eq!((sender.cause, sender.side), (Cause::OneWay, Some(Side::Unknown)));
    assert_eq!(receiver.pairs[0].progress, Progress::NeverAnswered);
    assert_eq!(receiver.side, Some(Side::Unknown));
}

#[test]
fn a_wrong_password_is_told_from_silence() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let mut wrong = world.token(1, true);
    wrong.credentials.password = Secret::new("another password of 22");
    let right = world.token(0, true);
    world.hosts[0].agent.learn(world.now, &wrong);
    world.hosts[1].agent.learn(world.now, &right);
    world.run(Time::from_secs(300));
    let sessions = world.sessions();
    let [here, there] = verdicts(&sessions);
    assert_eq!(here.pairs[0].progress, Progress::WrongPassword, "{}", told(&sessions));
    assert_eq!((here.cause, there.cause), (Cause::WrongToken, Cause::WrongToken), "{}", told(&sessions));
    assert!(sessions[1].strangers > 0);
}

#[test]
fn the_token_of_an_earlier_run_is_told() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let mut old = world.token(1, true);
    old.credentials.ufrag = "earlier1".into();
    world.hosts[0].agent.learn(world.now, &old);
    world.run(Time::from_secs(300));
    let session = &world.sessions()[0];
    assert_eq!(judge(session).cause, Cause::WrongToken);
}

#[test]
fn an_answer_from_elsewhere_fails_the_pair() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    world.answers_elsewhere = Some(1);
    let sessions = world.meet();
    let [here, _] = verdicts(&sessions);
    assert_eq!(here.pairs[0].progress, Progress::AnsweredFromElsewhere, "{}", told(&sessions));
    assert_eq!(sessions[0].pairs[0].answered_from.unwrap().port(), 5001);
    assert!(here.pairs[0].reason.contains("203.0.113.2:5001"));
    assert!(!here.connected);
}

#[test]
fn what_icmp_refuses_is_tried_further_and_told() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    world.refuses = Some("203.0.113.2:5000".parse().unwrap());
    world.drop = Box::new(|_, by, _| by == 1);
    let sessions = world.meet();
    let pair = &judge(&sessions[0]).pairs[0];
    assert_eq!(pair.progress, Progress::Refused, "{}", told(&sessions));
    assert!(pair.seen.sent > 3 && pair.reason.contains("refused"));
}

#[test]
fn a_host_that_cannot_send_is_this_side() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let token = world.token(1, true);
    world.hosts[0].agent.learn(world.now, &token);
    world.drop = Box::new(|_, _, _| true);
    world.run(Time::from_secs(1));
    let failure = Failure { code: FailureCode::NetworkUnreachable, text: "send: no route".into(), by: None };
    let remote = Some("203.0.113.2:5000".parse().unwrap());
    world.hosts[0].agent.handle(world.now, Input::Failed { socket: SocketId(0), remote, failure });
    world.run(Time::from_secs(200));
    let verdict = judge(&world.sessions()[0]);
    assert_eq!((verdict.cause, verdict.side), (Cause::SendFailed, Some(Side::Here)));
    assert!(verdict.pairs[0].reason.contains("no route"));
}

#[test]
fn without_sockets_there_is_no_waiting() {
    let mut world = World::new([Nat::None, Nat::None], [Some(RelayMood::default()), None]);
    let token = world.token(1, true);
    world.hosts[0].agent.learn(world.now, &token);
    let failure = Failure { code: FailureCode::LocalShortage, text: "gone".into(), by: None };
    world.hosts[0].agent.handle(world.now, Input::Failed { socket: SocketId(0), remote: None, failure });
    world.run(Time::from_secs(1));
    let session = &world.sessions()[0];
    assert_eq!((session.end, judge(session).side), (End::NoSocket, Some(Side::Here)));
}

#[test]
fn a_token_that_never_comes_ends_at_the_deadline() {
    let mut world = World::new([Nat::PortRestricted, Nat::None], [None; 2]);
    world.run(Time::from_secs(200));
    for session in world.sessions() {
        assert_eq!((session.end, judge(&session).cause), (End::NoToken, Cause::NoToken));
    }
}

#[test]
fn sides_without_a_common_family_say_so() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let mut token = world.token(1, true);
    for candidate in &mut token.candidates {
        candidate.address = crate::wire::CandidateAddress::Ip("2001:db8::2".parse().unwrap());
    }
    world.hosts[0].agent.learn(world.now, &token);
    world.run(Time::from_secs(200));
    let verdict = judge(&world.sessions()[0]);
    assert_eq!((verdict.cause, verdict.pairs.len()), (Cause::NoPair, 0));
    assert!(verdict.text.contains("IPv4 alone") && verdict.text.contains("IPv6 alone"));
}

#[test]
fn ten_thousand_candidates_cost_a_hundred_pairs() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let mut token = world.token(1, true);
    let one = token.candidates[0].clone();
    for port in 1..=10_000_u16 {
        let mut more = one.clone();
        more.port = port;
        more.priority = u32::from(port);
        token.candidates.push(more);
    }
    world.hosts[0].agent.learn(world.now, &token);
    assert!(world.sessions()[0].pairs.len() <= 100);
}

/// Whatever is no check of the other side is answered with nothing, or a refusal that is no longer.
#[test]
fn strangers_are_ignored() {
    let mut world = World::new([Nat::None, Nat::None], [None; 2]);
    let token = world.token(1, true);
    world.hosts[0].agent.learn(world.now, &token);
    world.hosts[0].agent.poll(world.now);
    let source = "203.0.113.99:1".parse().unwrap();
    let plain = crate::wire::Request::default().encode(crate::wire::TransactionId([1; 12]));
    let named = crate::wire::Writer::new(Class::Request, 1, crate::wire::TransactionId([2; 12]), None)
        .attribute(
            crate::wire::stun::attribute::USERNAME,
            format!("{}:x", world.token(0, true).credentials.ufrag).as_bytes(),
        )
        .integrity(&crate::wire::Key::short_term(&Secret::new("guessed")), false)
        .finish();
    for bytes in [plain, named.clone(), b"hello".to_vec(), Vec::new(), vec![0; 1500], vec![0x40, 0, 0, 1, 9]] {
        let length = bytes.len();
        world.hosts[0].agent.handle(world.now, Input::Received { socket: SocketId(0), source, bytes });
        for command in world.hosts[0].agent.poll(world.now) {
            if let crate::engine::Command::Send { remote, bytes, .. } = command
                && remote == source
            {
                assert!(bytes.len() <= length, "no amplifier");
                assert_eq!(Message::read(&bytes).unwrap().error().unwrap().0, 401);
            }
        }
    }
    let session = &world.sessions()[0];
    assert_eq!((session.strangers, session.heard_ms), (1, None));
    assert!(session.ignored >= 4);
    assert!(session.pairs.iter().all(|pair| pair.remote.address != source));
}
