//! How runs end: everything is settled, what is held is given back, and no wait is longer than it may be.

use super::*;
use crate::evidence::{Outcome, Stop};

/// Wants something that nobody answers, and has something to say before the run ends.
struct Holding {
    /// Whether there is anything to give back.
    holds: bool,
}

impl Probe for Holding {
    fn next(&self, _: &Evidence) -> Vec<Step> {
        vec![Step { asks: vec![binding("a", "s")], look_again_ms: Some(60_000.0), ..Step::default() }]
    }

    fn farewell(&self, _: &Evidence) -> Vec<Ask> {
        if self.holds { vec![binding("farewell", "s")] } else { Vec::new() }
    }
}

fn holding(holds: bool) -> Bench {
    Bench::new(vec![Box::new(Holding { holds })])
}

#[test]
fn a_run_ends_when_every_question_is_done_and_closes_what_it_opened() {
    let mut bench = Bench::new(vec![wanting(vec![binding("a", "s"), binding("b", "t")])]);
    for sent in bench.sent.clone() {
        assert!(!bench.engine.is_finished());
        bench.answer(&sent);
    }
    assert!(bench.engine.is_finished());
    assert_eq!(bench.closed.len(), bench.opened.len());
    assert_eq!(bench.seen().stopped, None);
}

#[test]
fn what_nobody_needs_any_more_is_abandoned() {
    let probe = Asking(|seen: &Evidence| {
        let done = seen.find(&key("a")).is_some_and(Exchange::settled);
        Step { asks: vec![binding("a", "s"), binding("b", "t")], done, ..Step::default() }
    });
    let mut bench = Bench::new(vec![Box::new(probe)]);
    bench.run_to(ms(50));
    bench.answer(&bench.sent[0].clone());
    assert!(bench.engine.is_finished());
    let Outcome::Abandoned { waited_ms } = bench.exchange("b").outcome else { panic!() };
    assert!((waited_ms - 50.0).abs() < 0.001, "{waited_ms}");
}

#[test]
fn the_deadline_ends_a_run_that_holds_nothing_and_not_before() {
    let mut bench = holding(false);
    bench.run_to(ms(9_999));
    assert!(!bench.engine.is_finished());
    bench.run_to(ms(10_000));
    assert!(bench.engine.is_finished());
    assert_eq!(bench.seen().stopped, Some(Stop::Deadline));
    assert!(bench.exchange("a").silent(), "that had its time");
}

#[test]
fn who_holds_something_gives_it_back_by_the_deadline() {
    let mut bench = holding(true);
    bench.run_to(ms(8_499));
    assert_eq!(bench.seen().find(&key("farewell")).map(|one| one.sends), None);
    bench.run_to(ms(8_510));
    assert!(bench.exchange("farewell").sends > 0);
    assert!(!bench.engine.is_finished());
    bench.answer(&bench.last_sent());
    assert!(bench.engine.is_finished());
    assert!(bench.exchange("farewell").answer().is_some());
    assert_eq!(bench.seen().stopped, Some(Stop::Deadline));
}

#[test]
fn ctrl_c_settles_what_is_open_and_waits_for_the_farewell_only_so_long() {
    let mut bench = holding(true);
    bench.run_to(ms(100));
    bench.handle(Input::Interrupted);
    assert!(matches!(bench.exchange("a").outcome, Outcome::Abandoned { .. }), "{:?}", bench.exchange("a").outcome);
    assert_eq!(bench.exchange("farewell").sends, 1);
    bench.run_to(ms(1_599));
    assert!(!bench.engine.is_finished());
    bench.run_to(ms(1_600));
    assert!(bench.engine.is_finished());
    assert_eq!(bench.seen().stopped, Some(Stop::Interrupted));
    assert!(bench.exchange("farewell").settled());
}

#[test]
fn ctrl_c_twice_ends_at_once() {
    let mut bench = holding(true);
    bench.handle(Input::Interrupted);
    assert!(!bench.engine.is_finished());
    bench.handle(Input::Interrupted);
    assert!(bench.engine.is_finished());
    assert!(bench.exchange("farewell").settled());
}

#[test]
fn after_the_end_nothing_changes_any_more() {
    let mut bench = holding(false);
    let sent = bench.last_sent();
    bench.handle(Input::Interrupted);
    let before = serde_json::to_string(bench.seen()).unwrap();
    bench.answer(&sent);
    bench.handle(Input::Interrupted);
    assert_eq!(serde_json::to_string(bench.seen()).unwrap(), before);
}

#[test]
fn a_connection_is_closed_when_it_has_served_unless_it_is_to_stay() {
    for keep_open in [false, true] {
        let mut ask = Ask { transport: Transport::Tcp, ..binding("a", "s") };
        ask.terms.keep_open = keep_open;
        let mut bench = Bench::new(vec![wanting(vec![ask, binding("b", "t")])]);
        let (socket, _) = bench.opened.iter().copied().find(|(_, transport)| *transport == Transport::Tcp).unwrap();
        assert!(bench.sent.iter().all(|sent| sent.socket != socket), "nothing is sent before it stands");
        bench.handle(Input::Opened { socket, local: "10.0.0.2:40000".parse().unwrap() });
        let sent = bench.last_sent();
        assert_eq!(sent.socket, socket);
        bench.answer(&sent);
        assert_eq!(bench.closed.contains(&socket), !keep_open);
        let connection = &bench.seen().connections[0];
        assert_eq!((&connection.socket, connection.opened_ms), (&"s".into(), Some(0.0)));
        assert_eq!(bench.exchange("a").local, Some("10.0.0.2:40000".parse().unwrap()));
    }
}

#[test]
fn a_connection_that_is_refused_fails_its_questions_and_is_remembered() {
    let asks = ["a", "b"].map(|name| Ask { transport: Transport::Tcp, ..binding(name, "s") });
    let mut bench = Bench::new(vec![wanting(asks.into())]);
    let failure = crate::evidence::Failure {
        code: crate::evidence::FailureCode::ConnectionRefused,
        text: "refused".to_owned(),
        by: None,
    };
    bench.run_to(ms(30));
    bench.handle(Input::Failed { socket: bench.opened[0].0, remote: None, failure: failure.clone() });
    let connection = &bench.seen().connections[0];
    assert_eq!((connection.failure.as_ref(), connection.failed_ms), (Some(&failure), Some(30.0)));
    for name in ["a", "b"] {
        assert!(matches!(&bench.exchange(name).outcome, Outcome::Failed(failed) if *failed == failure));
        assert_eq!(bench.exchange(name).sends, 0);
    }
}
