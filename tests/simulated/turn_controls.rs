//! Why nothing was reached: by whom it was refused, what a name really led to, and what came in place of an answer.

use nat_probe::measure::turn::DiagnosisCode as Code;
use nat_probe::measure::turn::finding::TurnVerdict;
use nat_probe::sim::{Fault, RouterConfig};
use nat_probe::wire::Transport;

use super::turn_bench::Bench;

#[test]
fn a_router_far_away_that_knows_no_way_is_named() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        for host in [false, true] {
            let mut bench = Bench::new().over(transport);
            let destination = bench.scenario.servers.iter().find(|server| server.turn.is_some()).unwrap().ipv4;
            let destination = (*destination.unwrap().ip()).into();
            let by = "198.51.100.99".parse().unwrap();
            bench.scenario.routers = vec![RouterConfig { destination, by, host }];
            let ran = bench.watch();
            let found = &ran.result.diagnosis;
            assert_eq!((ran.result.verdict, found.code), (TurnVerdict::Failed, Code::Unreachable), "{found:?}");
            assert!(found.text.contains("198.51.100.99"), "{found:?}");
        }
    }
}

#[test]
fn a_host_without_the_family_is_told_from_that() {
    let mut bench = Bench::new();
    bench.scenario.host.addresses = Some(vec!["2001:db8::23".parse().unwrap()]);
    let ran = bench.watch();
    assert_eq!(ran.result.diagnosis.code, Code::FamilyUnavailable, "{:?}", ran.result.diagnosis);
}

#[test]
fn a_name_that_a_filter_answers_for_is_not_asked() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut bench = Bench::new().over(transport);
        let zero = vec!["0.0.0.0".parse().unwrap(), "::".parse().unwrap()];
        bench.scenario.resolver.answers.insert("turn.example.org".to_owned(), zero);
        let ran = bench.watch();
        let found = &ran.result.diagnosis;
        assert_eq!(found.code, Code::NameFiltered, "{found:?}");
        assert!(found.text.contains("a DNS filter answers 0.0.0.0"), "{found:?}");
    }
}

#[test]
fn answers_of_another_transaction_are_told() {
    let bench = Bench::new().server_fault(Fault::WrongTransactionId).server(|server| server.turn = None);
    let ran = bench.watch();
    let found = &ran.result.diagnosis;
    assert_eq!(found.code, Code::ProtocolError, "{found:?}");
    assert!(found.text.contains("another transaction id"), "{found:?}");
    assert!(ran.result.steps.iter().any(|step| step.detail.contains("but 7 datagrams")), "{:?}", ran.result.steps);
}
