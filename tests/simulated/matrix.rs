//! Every mapping with every filter, with one server and with several.

use nat_probe::evidence::Behavior;
use nat_probe::measure::nat::finding::{Connectivity, FilteringBehavior, MappingBehavior};
use nat_probe::sim::{FilterScope, NatConfig, Scenario};

use super::bench::{classify, link, nine_nats, story};

fn worlds() -> Vec<(&'static str, Scenario)> {
    let several = Scenario { link: link(40.0, 0.0), ..Scenario::default() };
    let one = Scenario { servers: several.servers[..1].to_vec(), ..several.clone() };
    vec![("several servers", several), ("one server", one)]
}

#[test]
fn all_nine_nats_are_named_right_within_a_second_and_a_half() {
    for (world, scenario) in worlds() {
        for nat in nine_nats() {
            for scope in [FilterScope::PerMapping, FilterScope::Host] {
                let nat = NatConfig { filter_scope: scope, ..nat.clone() };
                let run = classify(&Scenario { nats: vec![nat.clone()], ..scenario.clone() }, 11);
                let case = format!("{world}, {:?} + {:?}, {scope:?}", nat.mapping.unwrap(), nat.filtering);
                let (mapping, filtering) = (run.v4.mapping.behavior, run.v4.filtering.behavior);
                assert_eq!(run.v4.connectivity, Connectivity::Nat, "{case}\n{}", story(&run));
                assert_eq!(mapping, MappingBehavior::from(nat.mapping.unwrap()), "{case}\n{}", story(&run));
                assert_eq!(
                    filtering,
                    FilteringBehavior::from(nat.filtering),
                    "{case}\n{:?}\n{}",
                    run.v4.filtering,
                    story(&run)
                );
                let bar = if nat.filtering == Behavior::EndpointIndependent { 600.0 } else { 1500.0 };
                assert!(run.took_ms <= bar, "{case} took {} ms\n{}", run.took_ms, story(&run));
            }
        }
    }
}

#[test]
fn hosts_without_nat_get_their_filter_tested() {
    for (world, scenario) in worlds() {
        for filtering in Behavior::ALL {
            let run = classify(&Scenario { nats: vec![NatConfig::firewall(filtering)], ..scenario.clone() }, 5);
            let expected =
                if filtering == Behavior::EndpointIndependent { Connectivity::Open } else { Connectivity::Firewalled };
            assert_eq!(run.v4.connectivity, expected, "{world} {filtering:?}\n{}", story(&run));
            assert_eq!(run.v4.mapping.behavior, MappingBehavior::None);
            assert_eq!(run.v4.filtering.behavior, filtering.into(), "{world}\n{}", story(&run));
        }
    }
}
