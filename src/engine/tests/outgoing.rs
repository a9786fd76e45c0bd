//! What is sent, when, and where not.

use super::*;
use crate::evidence::{Outcome, Quarantine, Terms};

fn offsets(sent: &[Sent]) -> Vec<u128> {
    sent.iter().map(|one| one.at.as_millis()).collect()
}

#[test]
fn a_question_is_sent_again_in_the_same_bytes_until_it_is_answered() {
    let mut bench = Bench::new(vec![wanting(vec![binding("a", "s")])]);
    bench.run_to(ms(300));
    assert!(bench.sent.len() >= 3, "{:?}", offsets(&bench.sent));
    assert!(bench.sent.iter().all(|one| one.bytes == bench.sent[0].bytes), "RFC 8489 section 6.2.1");
    bench.answer(&bench.last_sent());
    let sends = bench.sent.len();
    bench.run_to(ms(5_000));
    assert_eq!(bench.sent.len(), sends);
    assert_eq!(usize::try_from(bench.exchange("a").sends).unwrap(), sends);
    assert!(bench.engine.is_finished());
}

#[test]
fn nothing_for_as_long_as_the_schedule_waits_is_silence() {
    let mut bench = Bench::new(vec![wanting(vec![binding("a", "s")])]);
    bench.run_to(ms(2_000));
    assert!(!bench.exchange("a").settled());
    bench.run_to(ms(4_000));
    let exchange = bench.exchange("a");
    let Outcome::Silence { waited_ms } = exchange.outcome else { panic!("{:?}", exchange.outcome) };
    assert!((2_000.0..3_000.0).contains(&waited_ms), "{waited_ms}");
    assert_eq!(exchange.sends, 7);
}

#[test]
fn sockets_are_opened_once_for_a_name_and_never_at_a_port_used_before() {
    let asks = vec![binding("a", "s"), binding("b", "s"), binding("c", "t")];
    let bench = Bench::new(vec![wanting(asks)]);
    assert_eq!(bench.opened.len(), 2);
    let [a, b, c] = &bench.sent[..] else { panic!("three messages: {:?}", bench.sent) };
    assert_eq!(a.socket, b.socket);
    assert_ne!(a.socket, c.socket);
}

#[test]
fn what_two_probes_call_by_one_name_is_asked_once() {
    let bench = Bench::new(vec![wanting(vec![binding("a", "s")]), wanting(vec![binding("a", "s")])]);
    assert_eq!((bench.sent.len(), bench.seen().exchanges.len()), (1, 1));
}

#[test]
fn nobody_else_reaches_what_a_probe_keeps_away_from_until_it_says_so() {
    let alternate: SocketAddr = "192.0.2.99:3479".parse().unwrap();
    let mut kept = Ask::binding(key("kept"), 0, "s", alternate);
    kept.terms.unpaced = true;
    // It keeps others away while its own question is open.
    let keeper = Asking(|seen: &Evidence| {
        let over = seen.find(&key("own")).is_some_and(Exchange::settled);
        let quarantine = if over { Vec::new() } else { vec![Quarantine::Address("192.0.2.99".parse().unwrap())] };
        Step { asks: vec![binding("own", "k")], quarantine, done: over, ..Step::default() }
    });
    let mut bench = Bench::new(vec![Box::new(keeper), wanting(vec![kept])]);
    bench.run_to(ms(90));
    assert_eq!(bench.sent_to(alternate).len(), 0);
    bench.answer(&bench.last_sent());
    assert_eq!(offsets(&bench.sent_to(alternate)), [90]);
}

#[test]
fn a_probe_reaches_what_it_keeps_others_away_from() {
    let step =
        Step { asks: vec![binding("a", "s")], quarantine: vec![Quarantine::Endpoint(server(0))], ..Step::default() };
    let bench = Bench::new(vec![Box::new(Asking(move |_: &Evidence| step.clone()))]);
    assert_eq!(bench.sent_to(server(0)).len(), 1);
}

#[test]
fn the_eleventh_question_to_a_server_waits_for_the_next_second() {
    let mut asks: Vec<Ask> = (0..12).map(|number| binding(&format!("a{number}"), &format!("s{number}"))).collect();
    asks.push(Ask::binding(key("other"), 1, "s", server(1)));
    let mut bench = Bench::new(vec![wanting(asks)]);
    let firsts = |bench: &Bench| bench.seen().exchanges.iter().filter(|one| one.server == 0).count();
    assert_eq!((firsts(&bench), bench.sent_to(server(1)).len()), (10, 1));
    bench.run_to(ms(999));
    assert_eq!(firsts(&bench), 10);
    bench.run_to(ms(1_000));
    assert_eq!(firsts(&bench), 12);
}

#[test]
fn what_is_not_to_be_sent_yet_comes_in_its_time_and_no_sooner() {
    let mut ask = binding("a", "s");
    ask.terms.not_before_ms = Some(700.0);
    let mut bench = Bench::new(vec![wanting(vec![ask])]);
    bench.run_to(ms(699));
    assert_eq!(bench.sent.len(), 0);
    bench.run_to(ms(750));
    assert_eq!(offsets(&bench.sent), [700]);
}

#[test]
fn a_probe_is_asked_again_when_it_wants_to_look() {
    let probe = Asking(|seen: &Evidence| {
        let early = seen.elapsed_ms < 250.0;
        let asks = if early { Vec::new() } else { vec![binding("a", "s")] };
        Step { asks, look_again_ms: early.then_some(250.0), ..Step::default() }
    });
    let mut bench = Bench::new(vec![Box::new(probe)]);
    bench.run_to(ms(300));
    assert_eq!(bench.sent[0].at, ms(250));
}

/// A companion, and a question beside it; both end when the probe has enough.
fn series(enough_ms: f64) -> Box<dyn Probe> {
    let leader = Ask { patience: Patience::Series, ..binding("leader", "s") };
    let terms = Terms { beside: Some(key("leader")), ..Terms::default() };
    let beside = Ask { patience: Patience::Series, terms, ..Ask::binding(key("beside"), 0, "s", server(1)) };
    let asks = vec![leader, beside];
    Box::new(Asking(move |seen: &Evidence| {
        let over = seen.elapsed_ms >= enough_ms;
        let enough = if over { vec![key("leader")] } else { Vec::new() };
        Step { asks: asks.clone(), enough, look_again_ms: Some(enough_ms), done: over, ..Step::default() }
    }))
}

#[test]
fn what_goes_beside_another_goes_at_the_very_same_moments() {
    let mut bench = Bench::new(vec![series(1_000.0)]);
    bench.run_to(ms(150));
    let (leader, beside) = (bench.sent_to(server(0)), bench.sent_to(server(1)));
    assert!(leader.len() >= 5, "{:?}", offsets(&leader));
    assert_eq!(offsets(&leader), offsets(&beside));
    assert_eq!(bench.exchange("leader").sent_ms, bench.exchange("beside").sent_ms);
}

#[test]
fn a_series_goes_on_when_it_is_answered_and_ends_with_what_went_beside_it() {
    let mut bench = Bench::new(vec![series(400.0)]);
    bench.run_to(ms(45));
    bench.answer(&bench.sent_to(server(0))[0]);
    let sends = bench.sent.len();
    bench.run_to(ms(399));
    assert!(bench.sent.len() > sends, "an answer does not end it");
    bench.run_to(ms(400));
    let (leader, beside) = (bench.exchange("leader"), bench.exchange("beside"));
    assert!(leader.reply().is_some() && leader.arrived_ms.len() == 1, "{:?}", leader.outcome);
    assert!(beside.silent(), "{:?}", beside.outcome);
    assert!(bench.engine.is_finished());
}

#[test]
fn a_better_round_trip_shortens_what_is_under_way() {
    let slow = Ask { patience: Patience::Silence, ..binding("slow", "s") };
    let quick = binding("quick", "t");
    let plan = |asks: Vec<Ask>| {
        Asking(move |seen: &Evidence| {
            let known = seen.find(&key("first")).is_some_and(Exchange::settled);
            let more = if known { asks.clone() } else { Vec::new() };
            Step { asks: [vec![binding("first", "f")], more].concat(), ..Step::default() }
        })
    };
    let silence_ms = |asks: Vec<Ask>| {
        let mut bench = Bench::new(vec![Box::new(plan(asks))]);
        // Sent more than once: which of them is answered is not known, so that the longest time counts.
        bench.run_to(ms(250));
        bench.answer(&bench.last_sent());
        bench.run_on(ms(20));
        if let Some(quick) = bench.sent.iter().find(|sent| sent.socket == SocketId(2)) {
            bench.answer(&quick.clone());
        }
        bench.run_on(ms(3_000));
        match bench.exchange("slow").outcome {
            Outcome::Silence { waited_ms } => waited_ms,
            ref other => panic!("{other:?}"),
        }
    };
    let (alone, hastened) = (silence_ms(vec![slow.clone()]), silence_ms(vec![slow, quick]));
    assert!(hastened < alone - 200.0, "{hastened} against {alone}");
}

#[test]
fn the_name_servers_of_this_host_are_asked_for_once_and_only_where_a_question_needs_them() {
    let mut bench = Bench::new(vec![wanting(vec![binding("a", "s")])]);
    bench.run_to(ms(5_000));
    assert_eq!(bench.name_servers_asked, 0);

    let mut bench = Bench::new(vec![Box::new(Asking(|seen: &Evidence| {
        let known = seen.name_servers.iter().flatten();
        let asks = known.map(|&remote| Ask::binding(key("dns"), 0, "s", remote)).collect();
        Step { asks, name_servers: true, ..Step::default() }
    }))]);
    bench.run_to(ms(100));
    assert_eq!((bench.name_servers_asked, bench.sent.len()), (1, 0));
    let name_server = "198.51.100.53:53".parse().unwrap();
    bench.handle(Input::NameServers(vec![name_server]));
    bench.run_to(ms(200));
    assert_eq!(bench.sent[0].remote, name_server, "a name server of this host may be asked, whatever its port");
    assert_eq!(bench.name_servers_asked, 1);
}
