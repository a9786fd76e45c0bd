//! What packets prove, rule by rule: each with what makes it so, and with what makes it something else.

use std::net::SocketAddr;

use super::super::*;
use super::codes;
use event::{Event, Party, StateOf, What};
use traffic::{AgentRole, Checks, Dtls, DtlsMessage, Flow, Times, Undelivered};

const ONE: &str = "192.0.2.7:40000";
const OTHER: &str = "203.0.113.9:50000";

fn flow(from: &str, to: &str) -> Flow {
    let socket = |text: &str| -> SocketAddr { text.parse().expect("a socket") };
    Flow { from: socket(from), to: socket(to), transport: crate::wire::CandidateTransport::Udp, through: None }
}

fn times(count: u64, last_ms: u64) -> Times {
    Times { count, last_ms: (count > 0).then_some(last_ms) }
}

/// Checks from one end to the other: how many were sent and answered, when the last of each.
fn checks(from: &str, to: &str, role: AgentRole, requests: Times, answers: Times, errors: &[u16]) -> What {
    let (from_ufrag, to_ufrag) = if from == ONE { ("aaaa", "bbbb") } else { ("bbbb", "aaaa") };
    What::Checks(Box::new(Checks {
        flow: flow(from, to),
        from_ufrag: from_ufrag.to_owned(),
        to_ufrag: to_ufrag.to_owned(),
        role: Some(role),
        priority: None,
        nominating: false,
        requests,
        answers,
        errors: errors.to_vec(),
        unheard: 0,
        mapped: None,
        answered_from: None,
        translated_to: None,
    }))
}

fn works() -> What {
    checks(ONE, OTHER, AgentRole::Controlling, times(3, 900), times(3, 950), &[])
}

fn dtls(from: &str, to: &str, message: DtlsMessage, count: u64, largest: usize) -> What {
    What::Dtls(Box::new(Dtls { flow: flow(from, to), message, times: times(count, 5_000), largest }))
}

/// What a capture with these is explained as.
fn told(whats: Vec<What>, states: &[(StateOf, &str)]) -> Vec<String> {
    let states = states.iter().map(|(of, value)| What::State { of: *of, value: (*value).to_owned() });
    let event = |(number, what)| Event {
        file: 0,
        connection: 0,
        time_ms: Some(number as u64),
        party: Party::Here,
        place: format!("packet {number}"),
        what,
    };
    let events = whats.into_iter().chain(states).enumerate().map(event).collect();
    let reading =
        Reading { format: Format::Pcap, events, connections: vec!["aaaa:bbbb".to_owned()], notes: Vec::new() };
    codes(&explain(reading))
}

const FAILED: [(StateOf, &str); 1] = [(StateOf::Transport, "failed")];

#[test]
fn two_ends_in_one_role_are_a_conflict_only_if_none_of_them_yields() {
    let both = |other, errors: &[u16], states: &[(StateOf, &str)]| {
        told(
            vec![
                checks(ONE, OTHER, AgentRole::Controlling, times(9, 900), times(0, 0), errors),
                checks(OTHER, ONE, other, times(9, 900), times(0, 0), &[]),
            ],
            states,
        )
    };
    let conflict = "role-conflict/certain".to_owned();
    assert!(both(AgentRole::Controlling, &[487], &FAILED).contains(&conflict));
    assert!(both(AgentRole::Controlling, &[], &FAILED).contains(&conflict));
    // One changed its role, as it should: no fault.
    let repaired = both(AgentRole::Controlled, &[487], &FAILED);
    assert!(repaired.contains(&format!("({conflict})")), "{repaired:?}");
    // Still going on: it may yet be repaired.
    let open = both(AgentRole::Controlling, &[487], &[(StateOf::Transport, "checking")]);
    assert!(open.contains(&format!("({conflict})")), "{open:?}");
    let usual = both(AgentRole::Controlled, &[], &FAILED);
    assert!(!usual.iter().any(|code| code.contains("role-conflict")), "{usual:?}");
}

#[test]
fn why_checks_are_refused_is_never_certain() {
    let refused = |errors: &[u16], answers| {
        told(vec![checks(ONE, OTHER, AgentRole::Controlling, times(9, 900), answers, errors)], &FAILED)
    };
    let stale = |codes: Vec<String>| codes.into_iter().find(|code| code.contains("stale-candidates"));
    assert_eq!(stale(refused(&[401], times(0, 0))).as_deref(), Some("stale-candidates/likely"));
    assert_eq!(stale(refused(&[400], times(0, 0))).as_deref(), Some("stale-candidates/possible"));
    // Before the other end had the description, and answered thereafter.
    assert_eq!(stale(refused(&[400], times(2, 900))), None);
    assert_eq!(stale(refused(&[487], times(0, 0))), None);
}

#[test]
fn dtls_without_an_answer_is_certain_where_answers_could_be_seen() {
    let hello = |count| dtls(ONE, OTHER, DtlsMessage::ClientHello, count, 200);
    let found = |mut whats: Vec<What>| {
        whats.push(hello(4));
        let found = told(whats, &[(StateOf::Transport, "connected"), (StateOf::Dtls, "failed")]);
        found.into_iter().find(|code| code.contains("dtls-failed"))
    };
    assert_eq!(found(vec![works()]).as_deref(), Some("dtls-failed/certain"));
    for message in [DtlsMessage::HelloVerifyRequest, DtlsMessage::ServerHello] {
        let came = dtls(OTHER, ONE, message.clone(), 1, 200);
        let texts = told(vec![works(), hello(4), came], &[(StateOf::Transport, "connected")]);
        assert!(!texts.iter().any(|code| code.contains("dtls-failed")), "{message:?}: {texts:?}");
    }
    // Nothing of the other direction is in the file: it may have been taken where that does not pass.
    let alone = told(vec![hello(4)], &[]);
    assert!(alone.contains(&"dtls-failed/likely".to_owned()), "{alone:?}");
    // Given up too early to tell.
    assert!(!told(vec![works(), hello(1)], &[]).iter().any(|code| code.contains("dtls-failed")));
}

#[test]
fn what_else_dtls_tells() {
    let hello = |from, to| dtls(from, to, DtlsMessage::ClientHello, 3, 200);
    let both = told(vec![works(), hello(ONE, OTHER), hello(OTHER, ONE)], &[]);
    assert!(both.contains(&"setup-conflict/certain".to_owned()), "{both:?}");
    let alert = dtls(OTHER, ONE, DtlsMessage::Alert { fatal: true, code: Some(42) }, 1, 50);
    let refused = told(vec![works(), hello(ONE, OTHER), alert], &[]);
    assert!(refused.contains(&"dtls-failed/certain".to_owned()), "{refused:?}");
    let answer = |bytes| dtls(OTHER, ONE, DtlsMessage::Certificate, 2, bytes);
    let large = told(vec![works(), hello(ONE, OTHER), answer(1_400)], &[]);
    assert!(large.contains(&"dtls-failed/likely".to_owned()), "{large:?}");
    let small = told(vec![works(), hello(ONE, OTHER), answer(900)], &[]);
    assert!(!small.iter().any(|code| code.contains("dtls-failed")), "{small:?}");
    let again = dtls(OTHER, ONE, DtlsMessage::Certificate, 3, 900);
    let lost = told(vec![works(), hello(ONE, OTHER), again], &[]);
    assert!(lost.contains(&"dtls-failed/likely".to_owned()), "{lost:?}");
    let done = dtls(ONE, OTHER, DtlsMessage::ApplicationData, 4, 1_400);
    let whole = told(vec![works(), hello(ONE, OTHER), answer(1_400), done], &[(StateOf::Dtls, "connected")]);
    assert!(!whole.iter().any(|code| code.contains("dtls-failed")), "{whole:?}");
}

#[test]
fn a_way_is_lost_after_long_silence_on_every_way() {
    let way = |requests, answers| checks(ONE, OTHER, AgentRole::Controlling, requests, answers, &[]);
    let connected = [(StateOf::Transport, "connected")];
    let lost = |whats| told(whats, &connected).into_iter().find(|code| code.contains("lost-after-connected"));
    let silent = || way(times(30, 90_000), times(20, 50_000));
    assert_eq!(lost(vec![silent()]).as_deref(), Some("lost-after-connected/certain"));
    assert_eq!(lost(vec![way(times(30, 90_000), times(28, 80_000))]), None);
    // A few packets of a long capture may be lost.
    assert_eq!(lost(vec![way(times(23, 90_000), times(20, 50_000))]), None);
    // Another way has taken its place.
    let other = checks(ONE, "203.0.113.9:50001", AgentRole::Controlling, times(9, 95_000), times(9, 95_100), &[]);
    assert_eq!(lost(vec![silent(), other]).as_deref(), Some("(lost-after-connected/certain)"));
}

#[test]
fn what_cannot_be_delivered_hinders_only_who_fails() {
    let unreachable = || {
        What::Undelivered(Box::new(Undelivered {
            flow: flow(ONE, OTHER),
            by: "203.0.113.1".parse().expect("an address"),
            reason: "port unreachable".to_owned(),
            times: times(3, 900),
        }))
    };
    let failed = told(vec![unreachable()], &FAILED);
    assert!(failed.contains(&"undelivered/certain".to_owned()), "{failed:?}");
    let connected = told(vec![works(), unreachable()], &[(StateOf::Transport, "connected")]);
    assert!(connected.contains(&"(undelivered/certain)".to_owned()), "{connected:?}");
}

#[test]
fn answers_from_elsewhere_are_named() {
    let What::Checks(mut asked) = checks(ONE, OTHER, AgentRole::Controlling, times(9, 900), times(0, 0), &[]) else {
        unreachable!("checks are checks")
    };
    asked.answered_from = Some("203.0.113.10:50000".parse().expect("a socket"));
    let found = told(vec![What::Checks(asked)], &FAILED);
    assert!(found.contains(&"answered-elsewhere/certain".to_owned()), "{found:?}");
}
