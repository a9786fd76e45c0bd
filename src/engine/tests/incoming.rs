//! What counts as an answer, and what only goes into the record.

use super::*;
use crate::evidence::{Failure, FailureCode, Outcome};
use crate::wire::stun::message::ALLOCATE;

fn asked() -> (Bench, Sent) {
    let bench = Bench::new(vec![wanting(vec![binding("a", "s"), binding("b", "t")])]);
    let sent = bench.sent[0].clone();
    (bench, sent)
}

fn strays(bench: &Bench) -> usize {
    bench.log.iter().filter(|event| matches!(event, LogEvent::Stray { .. })).count()
}

fn failure(by: Option<&str>) -> Failure {
    let by = by.map(|ip| ip.parse().unwrap());
    Failure { code: FailureCode::ConnectionRefused, text: "refused".to_owned(), by }
}

#[test]
fn an_answer_is_matched_by_its_transaction_and_its_source_is_evidence() {
    let (mut bench, sent) = asked();
    bench.run_to(ms(40));
    let elsewhere: SocketAddr = "198.51.100.1:1".parse().unwrap();
    bench.receive(sent.socket, elsewhere, sent.response());
    let exchange = bench.exchange("a");
    let reply = exchange.reply().expect("a reply, from wherever");
    assert_eq!(reply.source, elsewhere);
    assert_eq!(reply.mapped, Some("203.0.113.7:50000".parse().unwrap()));
    assert!((reply.rtt_ms - 40.0).abs() < 0.001, "{}", reply.rtt_ms);
    assert_eq!(exchange.answer().map(|reply| reply.source), None, "nobody was asked there");
}

#[test]
fn an_answer_on_another_socket_is_none() {
    let (mut bench, sent) = asked();
    let other = bench.sent[1].socket;
    bench.receive(other, sent.remote, sent.response());
    assert!(!bench.exchange("a").settled() && !bench.exchange("b").settled());
    assert_eq!(strays(&bench), 1);
}

#[test]
fn our_own_request_on_another_socket_was_turned_round() {
    let (mut bench, sent) = asked();
    bench.run_to(ms(30));
    let (other, source) = (bench.sent[1].socket, "203.0.113.7:50000".parse().unwrap());
    bench.receive(other, source, sent.bytes.clone());
    let Outcome::Looped { source: seen, ref socket, .. } = bench.exchange("a").outcome else { panic!() };
    assert_eq!((seen, socket), (source, &"t".into()));
    // On its own socket it is an echo, and no answer.
    let mut bench = asked().0;
    bench.receive(bench.sent[0].socket, server(0), bench.sent[0].bytes.clone());
    assert!(!bench.exchange("a").settled());
    assert_eq!(bench.exchange("a").strays.as_ref().map(|strays| strays.count), Some(1));
}

#[test]
fn what_is_no_answer_is_noted_and_waiting_goes_on() {
    let (mut bench, sent) = asked();
    let foreign = Writer::new(Class::Success, BINDING, TransactionId([9; 12]), None).finish();
    let of_another_method = Writer::new(Class::Success, ALLOCATE, sent.id(), None).finish();
    for bytes in [foreign, of_another_method, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Vec::new()] {
        bench.receive(sent.socket, sent.remote, bytes);
        assert!(!bench.exchange("a").settled());
    }
    let exchange = bench.exchange("a");
    assert_eq!(exchange.strays.as_ref().map(|strays| strays.count), Some(4), "{:?}", exchange.strays);
    assert!(exchange.not_stun.as_ref().is_some_and(|text| text.contains("HTTP")), "{:?}", exchange.not_stun);
    assert_eq!(bench.exchange("b").strays, None, "it was asked from another socket");
    bench.answer(&sent);
    assert!(bench.exchange("a").answer().is_some());
}

#[test]
fn more_of_one_answer_is_counted() {
    let (mut bench, sent) = asked();
    for _ in 0..3 {
        bench.answer(&sent);
    }
    let exchange = bench.exchange("a");
    assert_eq!((exchange.copies, exchange.reply().is_some()), (2, true));
}

#[test]
fn what_comes_after_the_wait_is_still_the_answer() {
    let (mut bench, sent) = asked();
    // Something else keeps the run alive.
    bench.engine.plan.push(Box::new(Asking(|_: &Evidence| Step { look_again_ms: Some(9_000.0), ..Step::default() })));
    bench.run_to(ms(4_000));
    assert!(bench.exchange("a").silent());
    bench.answer(&sent);
    let reply = bench.exchange("a").reply().expect("late, and an answer");
    assert!((reply.rtt_ms - 4_000.0).abs() < 0.001, "{}", reply.rtt_ms);
}

#[test]
fn an_icmp_error_ends_the_wait_and_a_true_answer_outweighs_it() {
    let (mut bench, sent) = asked();
    let refused = |by| Input::Failed { socket: sent.socket, remote: Some(sent.remote), failure: failure(by) };
    bench.handle(refused(Some("192.0.2.10")));
    assert!(matches!(bench.exchange("a").outcome, Outcome::Failed(_)));
    assert!(!bench.exchange("b").settled(), "it went the same way from another socket");
    bench.answer(&sent);
    assert!(bench.exchange("a").reply().is_some(), "RFC 8445 section 7.2.5.2.2");
    // What this host could not send cannot have been answered.
    let (mut bench, sent) = asked();
    bench.handle(Input::Failed { socket: sent.socket, remote: Some(sent.remote), failure: failure(None) });
    bench.answer(&sent);
    assert!(matches!(bench.exchange("a").outcome, Outcome::Failed(_)));
}

#[test]
fn with_a_dead_socket_all_that_went_from_it_ends_and_nothing_more_is_sent() {
    let later =
        Ask { terms: crate::evidence::Terms { not_before_ms: Some(500.0), ..Default::default() }, ..binding("c", "s") };
    let mut bench = Bench::new(vec![wanting(vec![binding("a", "s"), binding("b", "t"), later])]);
    let socket = bench.sent[0].socket;
    bench.handle(Input::Failed { socket, remote: None, failure: failure(None) });
    assert!(bench.exchange("a").settled() && !bench.exchange("b").settled());
    bench.run_to(ms(600));
    assert!(matches!(&bench.exchange("c").outcome, Outcome::Failed(failure) if failure.text == "refused"));
    assert_eq!(bench.sent.iter().filter(|sent| sent.socket == socket).count(), 1);
}

#[test]
fn a_flood_of_strays_is_told_as_a_number() {
    let (mut bench, sent) = asked();
    for _ in 0..600 {
        bench.receive(sent.socket, sent.remote, vec![0xff; 4]);
    }
    assert_eq!((strays(&bench), bench.seen().strays), (500, 600));
    bench.run_to(ms(20_000));
    assert!(matches!(bench.log[..], [.., LogEvent::StraysLeftOut { count: 100, .. }]), "{:?}", bench.log.last());
}
