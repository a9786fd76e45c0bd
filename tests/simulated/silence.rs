//! Silence: how soon it is believed, and what must not be taken for a filter.

use nat_probe::evidence::Behavior;
use nat_probe::measure::nat::finding::{Connectivity, FilteringBehavior};
use nat_probe::sim::{Fault, LinkConfig, NatConfig, Scenario};

use nat_probe::wire::Transport;

use super::bench::{Run, classify, link, nine_nats, story};

/// The nine NATs and the two firewalls.
fn filters() -> Vec<NatConfig> {
    let firewalls = [Behavior::AddressDependent, Behavior::AddressAndPortDependent].map(NatConfig::firewall);
    nine_nats().into_iter().chain(firewalls).collect()
}

fn behind(nat: NatConfig, servers: usize) -> Scenario {
    let mut scenario = Scenario { nats: vec![nat], link: link(40.0, 0.0), ..Scenario::default() };
    scenario.servers.truncate(servers);
    scenario
}

fn full_cone() -> NatConfig {
    NatConfig { filtering: Behavior::EndpointIndependent, ..NatConfig::default() }
}

fn right(run: &Run, truth: Behavior, case: &str) {
    assert_eq!(run.v4.filtering.behavior, truth.into(), "{case}: {:?}\n{}", run.v4.filtering, story(run));
}

#[test]
fn every_filter_is_known_within_half_a_second_and_on_a_lan_within_a_third() {
    for (rtt_ms, bar_ms) in [(40.0, 500.0), (1.0, 350.0)] {
        for servers in [1, 2, 4] {
            for nat in filters() {
                let scenario = Scenario { link: link(rtt_ms, 0.0), ..behind(nat.clone(), servers) };
                let run = classify(&scenario, 5);
                let case = format!("{rtt_ms} ms, {servers} servers, {:?} + {:?}", nat.mapping, nat.filtering);
                right(&run, nat.filtering, &case);
                assert!(run.took_ms <= bar_ms, "{case} took {} ms\n{}", run.took_ms, story(&run));
            }
        }
    }
}

#[test]
fn two_servers_vouch_for_a_silence_where_there_are_two() {
    for nat in filters().into_iter().filter(|nat| nat.filtering != Behavior::EndpointIndependent) {
        for (servers, witnesses, words) in
            [(1, 1, "one server only"), (2, 2, "shows the same"), (4, 2, "shows the same")]
        {
            let run = classify(&behind(nat.clone(), servers), 5);
            assert_eq!(run.v4.filtering.witnesses, Some(witnesses), "{:?}\n{}", run.v4.filtering, story(&run));
            assert!(run.v4.filtering.summary.ends_with(words), "{}", run.v4.filtering.summary);
        }
    }
}

#[test]
fn a_path_whose_first_packets_are_slow_costs_no_second_more() {
    for nat in filters() {
        for servers in [1, 4] {
            let slow = LinkConfig { rtt_ms: 1.0, wake_ms: 2_000.0, ..LinkConfig::default() };
            let run = classify(&Scenario { link: slow, ..behind(nat.clone(), servers) }, 5);
            let case = format!("{:?} + {:?}", nat.mapping, nat.filtering);
            right(&run, nat.filtering, &case);
            let udp = run.evidence.exchanges.iter().filter(|exchange| exchange.transport == Transport::Udp);
            let heard = udp.filter(|exchange| exchange.reply().is_some());
            let first = heard.filter_map(|exchange| exchange.ended_ms).fold(f64::MAX, f64::min);
            assert!(
                first > 2_000.0 && run.took_ms < first + 1_000.0,
                "{case}: {first} {}\n{}",
                run.took_ms,
                story(&run)
            );
        }
    }
}

#[test]
fn a_servers_own_firewall_is_no_filter_of_ours_in_any_order() {
    for fault in [Fault::StatefulEgress, Fault::LateChangeRequest, Fault::ChangeRequestForKnown] {
        for faulty in [0, 1] {
            for seed in 0..5 {
                let mut scenario = behind(full_cone(), 4);
                scenario.servers[faulty].faults = vec![fault];
                let run = classify(&scenario, seed);
                right(&run, Behavior::EndpointIndependent, &format!("{fault:?} at {faulty}"));
                let mut open = Scenario { nats: Vec::new(), ..scenario };
                open.servers.truncate(2);
                let run = classify(&open, seed);
                assert_eq!(run.v4.connectivity, Connectivity::Open, "{fault:?} at {faulty}\n{}", story(&run));
            }
        }
    }
}

#[test]
fn more_servers_that_hold_back_than_honest_ones_change_nothing() {
    for honest in 0..3_u8 {
        let mut scenario = behind(full_cone(), 2);
        let mut third = scenario.servers[0].clone();
        third.name = "stun9.example.net".to_owned();
        third.ipv4 = Some("203.0.113.90:3478".parse().unwrap());
        third.ipv4_alternate = Some("203.0.113.91:3479".parse().unwrap());
        scenario.servers.push(third);
        for (number, server) in (0..3).zip(&mut scenario.servers) {
            server.faults = if number == honest { Vec::new() } else { vec![Fault::StatefulEgress] };
            // The honest one is the last to be heard.
            server.rtt_ms = if number == honest { 30.0 } else { 0.0 };
        }
        right(&classify(&scenario, 3), Behavior::EndpointIndependent, &format!("{honest} is honest"));
    }
}

#[test]
fn what_a_servers_firewall_holds_back_is_named_as_its_fault() {
    for faulty in [0, 1] {
        let nat = NatConfig { filtering: Behavior::AddressDependent, ..NatConfig::default() };
        let mut scenario = behind(nat, 2);
        scenario.servers[faulty].faults = vec![Fault::StatefulEgress];
        let run = classify(&scenario, 3);
        right(&run, Behavior::AddressDependent, "one of two withholds");
        let name = scenario.servers[faulty].written();
        assert_eq!(run.v4.filtering.withheld_by, [name], "{:?}", run.v4.filtering);
        assert_eq!(run.v4.filtering.witnesses, Some(1));
    }
}

#[test]
fn one_server_whose_firewall_holds_back_is_all_there_is_and_that_is_said() {
    let mut scenario = behind(full_cone(), 1);
    scenario.servers[0].faults = vec![Fault::StatefulEgress];
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.filtering.witnesses, Some(1));
    assert!(run.v4.filtering.summary.ends_with("one server only"), "{}", run.v4.filtering.summary);
}

#[test]
fn a_limit_on_strangers_is_no_filter_by_address() {
    for every_ms in [200.0, 1_000.0, 5_000.0] {
        for servers in [1, 2, 4] {
            for seed in 0..20 {
                let nat = NatConfig { strangers_every_ms: every_ms, ..full_cone() };
                let lossy = link(40.0, if seed < 10 { 0.0 } else { 0.1 });
                let run = classify(&Scenario { link: lossy, ..behind(nat, servers) }, seed);
                let behavior = run.v4.filtering.behavior;
                let honest =
                    [FilteringBehavior::EndpointIndependent, FilteringBehavior::Inconclusive].contains(&behavior);
                assert!(honest, "{every_ms} ms, {servers} servers: {:?}\n{}", run.v4.filtering, story(&run));
                if every_ms <= 1_000.0 && seed < 10 {
                    right(&run, Behavior::EndpointIndependent, &format!("{every_ms} ms, {servers} servers"));
                }
            }
        }
    }
}

#[test]
fn a_server_that_wants_change_request_in_every_question_can_test_everything() {
    for nat in nine_nats() {
        let mut scenario = behind(nat.clone(), 1);
        scenario.servers[0].faults = vec![Fault::RequiresChangeRequest];
        let run = classify(&scenario, 3);
        right(&run, nat.filtering, "one server like jstun");
        assert_eq!(run.v4.mapping.behavior, nat.mapping.unwrap().into(), "{}", story(&run));
    }
}
