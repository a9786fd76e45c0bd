//! Hairpinning, and what two sockets of one host cannot tell of it.

use std::time::Duration;

use nat_probe::evidence::{Behavior, Exchange};
use nat_probe::measure::nat::finding::Hairpinning;
use nat_probe::sim::{Hairpin, NatConfig, Scenario};

use super::bench::{Run, classify, classify_with, link, options, story};

fn behind(nat: NatConfig) -> Scenario {
    Scenario { nats: vec![nat], link: link(40.0, 0.0), ..Scenario::default() }
}

fn on_demand(scenario: &Scenario) -> (Run, Hairpinning) {
    let mut on = options();
    on.hairpin = true;
    let run = classify_with(scenario, 3, &on, Duration::from_secs(10));
    let found = run.v4.hairpinning.clone().expect("it was asked for");
    (run, found)
}

#[test]
fn trap_19_hairpinning_is_asked_on_demand_and_never_from_a_socket_to_its_own_mapping() {
    for (hairpin, supported, external, word) in [
        (Hairpin::No, None, None, "internal source"),
        (Hairpin::ExternalSource, Some(true), Some(true), "came back in"),
        (Hairpin::InternalSource, None, None, "drops as its own"),
        (Hairpin::Refused, Some(false), None, "refused by the NAT"),
    ] {
        for filtering in Behavior::ALL {
            let (run, found) = on_demand(&behind(NatConfig { hairpin, filtering, ..NatConfig::default() }));
            assert_eq!(found.supported, supported, "{hairpin:?} {filtering:?}\n{}", story(&run));
            assert_eq!(found.external_source, external, "{hairpin:?} {filtering:?}\n{}", story(&run));
            assert!(found.summary.contains(word), "{hairpin:?}: {}", found.summary);
            let mut compared = 0;
            for exchange in &run.evidence.exchanges {
                let own = run.evidence.exchanges.iter().filter(|other| other.socket == exchange.socket);
                for mapped in own.filter_map(Exchange::mapped) {
                    assert_ne!(mapped, exchange.remote, "{}", story(&run));
                    compared += 1;
                }
            }
            assert!(compared > 0, "{}", story(&run));
        }
    }
    let run = classify(&behind(NatConfig { hairpin: Hairpin::ExternalSource, ..NatConfig::default() }), 3);
    assert!(run.v4.hairpinning.is_none());
}

#[test]
fn without_translation_there_is_nothing_to_turn_round() {
    let (run, found) = on_demand(&Scenario::default());
    assert_eq!(found.supported, None, "{}", story(&run));
    assert!(found.summary.contains("nothing translates"), "{}", found.summary);
}
