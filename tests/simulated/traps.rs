//! The traps of the craft, each one a network in which existing tools answer wrong.

use nat_probe::evidence::key::{AnswerFrom, FilteringPort, FilteringStep, Key, NatTest, Reach};
use nat_probe::evidence::{Behavior, Evidence, ReasonCode};
use nat_probe::measure::nat::finding::{
    Connectivity, FilteringBehavior, MappingBehavior, PoolingBehavior, PortBehavior, Rfc3489Type,
};
use nat_probe::sim::{Fault, FilterScope, NatConfig, Policy, Pooling, PortRule, Scenario, Style};
use nat_probe::wire::{Change, Family};

use super::bench::{Run, classify, classify_with, link, nine_nats, options, story};

fn behind(nat: NatConfig) -> Scenario {
    Scenario { nats: vec![nat], link: link(40.0, 0.0), ..Scenario::default() }
}

fn code(reason: Option<&nat_probe::evidence::Reason>) -> Option<ReasonCode> {
    reason.map(|reason| reason.code)
}

/// A question of the filter test against the first server.
fn filtering(port: FilteringPort, step: FilteringStep) -> Key {
    NatTest::Filtering { server: 0, port, step }.over(Family::Ipv4)
}

/// The last moment at which the verdict still rested on nobody having contacted the alternates: when what was asked of a fresh port
/// had come in, or was given up.
fn filter_test_over(seen: &Evidence) -> Option<f64> {
    let of_fresh_ports = filtering(FilteringPort::Fresh(1), FilteringStep::Binding)
        ..=filtering(FilteringPort::Fresh(u8::MAX), FilteringStep::Change(AnswerFrom::AddressAndPort, u32::MAX));
    let asked = seen.within(&of_fresh_ports).filter(|exchange| exchange.request.change() != Change::Nothing);
    asked.map(|exchange| exchange.ended_ms.expect("it is over")).max_by(f64::total_cmp)
}

#[test]
fn trap_1_no_packet_reaches_an_alternate_address_before_the_filter_is_known() {
    for nat in nine_nats() {
        let run = classify(&behind(NatConfig { filter_scope: FilterScope::Host, ..nat }), 2);
        let tester = run.evidence.find(&filtering(FilteringPort::Fresh(1), FilteringStep::Binding));
        let tester = tester.expect("the first server tests the filter").remote;
        let first = NatTest::Reach(Reach::Udp, 0).over(Family::Ipv4);
        let alternates = run.evidence.find(&first).unwrap().reply().unwrap().other.unwrap();
        let until = filter_test_over(&run.evidence).expect("it was asked from its other addresses");
        assert!(
            !run.evidence.contacted_before(until, |remote| {
                remote.ip() == alternates.ip() || remote == std::net::SocketAddr::new(tester.ip(), alternates.port())
            }),
            "{}",
            story(&run)
        );
    }
}

#[test]
fn trap_2_a_linux_router_that_lets_strangers_reach_itself_is_not_symmetric() {
    let nat = NatConfig { linux_conntrack_quirk: true, ..NatConfig::default() };
    for servers in [1, 4] {
        let mut scenario = behind(nat.clone());
        scenario.servers.truncate(servers);
        let run = classify(&scenario, 9);
        assert_eq!(run.v4.mapping.behavior, MappingBehavior::EndpointIndependent, "{}", story(&run));
        assert_eq!(run.v4.filtering.behavior, FilteringBehavior::AddressAndPortDependent);
    }
}

/// The stray packet is an answer that comes from another port than was asked, and the server's second address is dead: what its two ports
/// saw of one socket is all there is.
#[test]
fn trap_2_a_server_that_answers_from_its_other_port_makes_no_nat_symmetric() {
    let nat = NatConfig { linux_conntrack_quirk: true, ..NatConfig::default() };
    for seed in 0..60 {
        let mut scenario = behind(nat.clone());
        scenario.servers.truncate(1);
        scenario.servers[0].faults = vec![Fault::DeadAlternate];
        scenario.servers[0].sometimes = [(Fault::WrongSourcePort, 0.5)].into();
        let run = classify(&scenario, seed);
        let mapping = &run.v4.mapping;
        assert!(mapping.endpoint_independent != Some(false), "seed {seed}: {mapping:?}\n{}", story(&run));
    }
}

#[test]
fn trap_3_an_open_filter_is_seen_on_two_fresh_ports() {
    let nat = NatConfig { filtering: Behavior::EndpointIndependent, ..NatConfig::default() };
    let run = classify(&behind(nat), 4);
    let mut ports: Vec<u16> = run
        .evidence
        .exchanges
        .iter()
        .filter(|exchange| exchange.server == 0 && exchange.reply().is_some())
        .filter(|exchange| exchange.request.change() == Change::AddressAndPort)
        .filter_map(|exchange| exchange.local.map(|local| local.port()))
        .collect();
    ports.dedup();
    assert_eq!(ports.len(), 2, "{}", story(&run));
}

#[test]
fn traps_4_and_21_silence_needs_a_control_and_response_port_carries_it_through_any_mapping() {
    for nat in nine_nats().into_iter().filter(|nat| nat.filtering == Behavior::AddressAndPortDependent) {
        let mut scenario = behind(nat.clone());
        scenario.servers.truncate(1);
        let with = classify(&scenario, 6);
        assert_eq!(with.v4.filtering.behavior, FilteringBehavior::AddressAndPortDependent, "{}", story(&with));
        scenario.servers[0].response_port = false;
        let without = classify(&scenario, 6);
        if nat.mapping == Some(Behavior::AddressAndPortDependent) {
            assert_eq!(
                code(without.v4.filtering.reason.as_ref()),
                Some(ReasonCode::ControlFailed),
                "{}",
                story(&without)
            );
        } else {
            // Both ports of one address share the mapping: a plain pinhole carries the answer.
            assert_eq!(without.v4.filtering.behavior, FilteringBehavior::AddressAndPortDependent);
        }
    }
}

#[test]
fn trap_8_several_exits_and_pools_are_not_symmetric() {
    let exits = vec!["203.0.113.7".parse().unwrap(), "198.51.100.77".parse().unwrap()];
    for seed in 0..40 {
        for pooling in [Pooling::PerDestination, Pooling::Arbitrary] {
            let nat =
                NatConfig { pooling, external: exits.clone(), ports: PortRule::Preserved, ..NatConfig::default() };
            let run = classify(&behind(nat), seed);
            assert_ne!(
                run.v4.mapping.behavior,
                MappingBehavior::AddressAndPortDependent,
                "{pooling:?}\n{}",
                story(&run)
            );
            assert_ne!(run.v4.rfc3489_type, Some(Rfc3489Type::Symmetric), "{pooling:?}\n{}", story(&run));
            if run.v4.public_addresses.len() > 1 {
                assert_eq!(run.v4.pooling.as_ref().unwrap().behavior, PoolingBehavior::Arbitrary);
            }
        }
    }
}

#[test]
fn trap_8_two_plain_servers_tell_another_port_from_another_exit() {
    let plain = |nat: NatConfig| {
        let mut scenario = behind(nat);
        scenario.servers.retain(|server| server.style == Style::Rfc8489Plain);
        classify(&scenario, 8)
    };
    let run = plain(NatConfig::default());
    assert_eq!(run.v4.mapping.behavior, MappingBehavior::EndpointIndependent, "{}", story(&run));
    assert_eq!(code(run.v4.filtering.reason.as_ref()), Some(ReasonCode::NoSecondAddress));
    for mapping in [Behavior::AddressDependent, Behavior::AddressAndPortDependent] {
        let run = plain(NatConfig { mapping: Some(mapping), ports: PortRule::Random, ..NatConfig::default() });
        assert_eq!(code(run.v4.mapping.reason.as_ref()), Some(ReasonCode::DependentKindUnknown), "{}", story(&run));
        assert_eq!(run.v4.mapping.endpoint_independent, Some(false));
    }
    let exits = vec!["203.0.113.7".parse().unwrap(), "198.51.100.77".parse().unwrap()];
    let run = plain(NatConfig { pooling: Pooling::PerDestination, external: exits, ..NatConfig::default() });
    assert_eq!(code(run.v4.mapping.reason.as_ref()), Some(ReasonCode::SeveralExits), "{}", story(&run));
}

#[test]
fn trap_9_a_box_that_changes_only_the_port_is_a_nat() {
    let nat = NatConfig { port_rewrite: true, external: Vec::new(), ports: PortRule::Random, ..NatConfig::default() };
    let run = classify(
        &Scenario {
            host: nat_probe::sim::HostConfig {
                addresses: Some(vec!["203.0.113.10".parse().unwrap()]),
                firewall: None,
                ..nat_probe::sim::HostConfig::default()
            },
            ..behind(nat)
        },
        1,
    );
    assert_eq!(run.v4.connectivity, Connectivity::Nat, "{:?}\n{}", run.v4.mapping, story(&run));
}

#[test]
fn trap_12_pairs_without_a_name_get_none() {
    use Behavior::{AddressAndPortDependent as Port, AddressDependent as Address, EndpointIndependent as Open};

    let named = |mapping, filtering| {
        let nat = NatConfig { mapping: Some(mapping), filtering, ports: PortRule::Random, ..NatConfig::default() };
        classify(&behind(nat), 3).v4.rfc3489_type
    };
    assert_eq!(named(Open, Open), Some(Rfc3489Type::FullCone));
    assert_eq!(named(Open, Address), Some(Rfc3489Type::RestrictedCone));
    assert_eq!(named(Open, Port), Some(Rfc3489Type::PortRestrictedCone));
    assert_eq!(named(Port, Port), Some(Rfc3489Type::Symmetric));
    assert_eq!(named(Port, Open), None);
    assert_eq!(named(Address, Open), None);
}

#[test]
fn trap_15_a_binding_carries_no_change_request_unless_nothing_else_is_answered() {
    let run = classify(&behind(NatConfig::default()), 3);
    assert!(
        run.evidence.exchanges.iter().all(|exchange| exchange.request.change() != Change::Empty),
        "{}",
        story(&run)
    );
    let mut scenario = behind(NatConfig::default());
    scenario.servers.truncate(1);
    scenario.servers[0].faults = vec![Fault::RequiresChangeRequest];
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.public_addresses, ["203.0.113.7".parse::<std::net::IpAddr>().unwrap()], "{}", story(&run));
}

#[test]
fn trap_16_a_rewritten_mapped_address_is_seen_and_does_not_spoil_the_verdict() {
    let run = classify(&behind(NatConfig { alg: true, ..NatConfig::default() }), 3);
    assert!(run.v4.alg.as_ref().unwrap().detected);
    assert_eq!(run.v4.mapping.behavior, MappingBehavior::EndpointIndependent);
    let run = classify(&behind(NatConfig::default()), 3);
    assert!(!run.v4.alg.as_ref().unwrap().detected);
}

fn blocked(udp: Policy, servers: usize) -> Run {
    let mut scenario = behind(NatConfig { udp, ..NatConfig::default() });
    scenario.servers.truncate(servers);
    classify(&scenario, 3)
}

#[test]
fn trap_17_udp_is_called_blocked_only_after_two_servers_and_with_tcp_alive() {
    let run = blocked(Policy::Drop, 4);
    assert_eq!(run.v4.connectivity, Connectivity::UdpBlocked, "{}", story(&run));
    assert!(run.took_ms <= 3000.0, "{} ms", run.took_ms);
    let one = blocked(Policy::Drop, 1);
    assert_eq!(one.v4.connectivity, Connectivity::Inconclusive, "{}", story(&one));
    assert_eq!(code(one.v4.reason.as_ref()), Some(ReasonCode::TooFewServers));
    let nothing = classify(&behind(NatConfig { udp: Policy::Drop, tcp: Policy::Drop, ..NatConfig::default() }), 3);
    assert_eq!(code(nothing.v4.reason.as_ref()), Some(ReasonCode::NothingAnswered));
    assert!(nothing.took_ms <= 3000.0, "{} ms\n{}", nothing.took_ms, story(&nothing));
}

#[test]
fn trap_17_a_refusal_on_the_way_to_one_server_is_no_blocked_udp() {
    let run = blocked(Policy::Reject, 1);
    assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{}", story(&run));
}

#[test]
fn trap_17_servers_that_refuse_udp_themselves_are_no_blocked_udp() {
    let mut scenario = behind(NatConfig::default());
    for server in &mut scenario.servers {
        server.transports = vec![nat_probe::wire::Transport::Tcp];
    }
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{:?}\n{}", run.v4.reason, story(&run));
}

#[test]
fn servers_that_answer_with_an_error_are_not_called_silent() {
    let mut scenario = behind(NatConfig::default());
    for server in &mut scenario.servers {
        server.faults = vec![Fault::Error500];
    }
    let run = classify(&scenario, 3);
    let reason = run.v4.reason.as_ref().expect("a reason");
    assert_eq!(reason.code, ReasonCode::AnswerUnusable);
    assert!(reason.text.contains("error 500"), "{}", reason.text);
}

#[test]
fn discover_says_what_is_wrong_where_udp_is_blocked() {
    let scenario = behind(NatConfig { udp: Policy::Drop, ..NatConfig::default() });
    let asked = nat_probe::measure::nat::plan::DiscoverOptions {
        families: vec![nat_probe::wire::Family::Ipv4],
        transports: vec![nat_probe::wire::Transport::Udp],
        count: 1,
        ..Default::default()
    };
    let seen = super::bench::discover(&scenario, &asked);
    let found =
        nat_probe::measure::nat::judge::discover(&seen, &asked).into_values().next().expect("IPv4 was asked for");
    assert_eq!(code(found.reason.as_ref()), Some(ReasonCode::NoAnswer), "{:?}", found.reason);
}

#[test]
fn trap_17_a_refusal_is_told_from_silence_and_ends_the_wait() {
    let run = blocked(Policy::Reject, 4);
    assert_eq!(run.v4.connectivity, Connectivity::UdpBlocked, "{}", story(&run));
    assert!(run.took_ms <= 400.0, "{} ms\n{}", run.took_ms, story(&run));
    assert!(run.v4.reason.as_ref().unwrap().text.contains("refused by"), "{:?}", run.v4.reason);
}

#[test]
fn port_assignment_is_named() {
    for (rule, expected) in [
        (PortRule::Preserved, PortBehavior::Preserved),
        (PortRule::Sequential { step: 2 }, PortBehavior::Sequential),
        (PortRule::Random, PortBehavior::Random),
    ] {
        for mapping in [Behavior::EndpointIndependent, Behavior::AddressAndPortDependent] {
            if mapping != Behavior::EndpointIndependent && rule == PortRule::Preserved {
                continue;
            }
            for servers in [1, 4] {
                let mut scenario = behind(NatConfig { ports: rule, mapping: Some(mapping), ..NatConfig::default() });
                scenario.servers.truncate(servers);
                let run = classify(&scenario, 21);
                let found = run.v4.port_assignment.as_ref().expect("translated");
                assert_eq!(found.behavior, expected, "{mapping:?} {servers} servers: {found:?}\n{}", story(&run));
                if expected == PortBehavior::Sequential {
                    assert_eq!(found.step, Some(2));
                }
            }
        }
    }
}

#[test]
fn mapping_over_tcp_is_told_on_demand() {
    let mut on = options();
    on.tcp = true;
    for nat in nine_nats() {
        let run = classify_with(&behind(nat.clone()), 3, &on, std::time::Duration::from_secs(10));
        let found = run.v4.tcp_mapping.as_ref().expect("it was asked for");
        assert_eq!(found.behavior, nat.mapping.unwrap().into(), "{found:?}\n{}", story(&run));
    }
}

#[test]
fn two_nats_in_a_row_show_the_stricter_of_each() {
    let inner = NatConfig { external: vec!["100.64.3.9".parse().unwrap()], ..NatConfig::default() };
    let outer = NatConfig {
        mapping: Some(Behavior::AddressAndPortDependent),
        filtering: Behavior::EndpointIndependent,
        ports: PortRule::Random,
        ..NatConfig::default()
    };
    let run = classify(&Scenario { nats: vec![inner, outer], link: link(40.0, 0.0), ..Scenario::default() }, 3);
    assert_eq!(run.v4.mapping.behavior, MappingBehavior::AddressAndPortDependent);
    assert_eq!(run.v4.filtering.behavior, FilteringBehavior::AddressAndPortDependent, "{}", story(&run));
}

#[test]
fn both_addresses_of_one_server_named_as_two_servers_do_not_open_the_filter_unnoticed() {
    let nat =
        NatConfig { filter_scope: FilterScope::Host, filtering: Behavior::AddressDependent, ..NatConfig::default() };
    let mut scenario = behind(nat);
    scenario.servers.truncate(1);
    let mut twin = scenario.servers[0].clone();
    twin.name = "twin.example.net".to_owned();
    std::mem::swap(&mut twin.ipv4, &mut twin.ipv4_alternate);
    (twin.ipv6, twin.ipv6_alternate) = (None, None);
    scenario.servers.push(twin);
    let run = classify(&scenario, 3);
    assert_ne!(run.v4.filtering.behavior, FilteringBehavior::EndpointIndependent, "{}", story(&run));
}
