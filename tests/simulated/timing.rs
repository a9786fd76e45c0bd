//! How long a verdict takes, in virtual time, and that haste does not make it wrong on slow paths.

use std::time::Duration;

use nat_probe::engine::{Engine, Settings};
use nat_probe::evidence::key::{FamilySocket, FilteringPort};
use nat_probe::evidence::{ReasonCode, SocketName};
use nat_probe::measure::nat::{judge, plan};
use nat_probe::net::drive;
use nat_probe::sim::{Fault, LinkConfig, NatConfig, Scenario, SimNetwork};
use nat_probe::wire::Family;

use super::bench::{classify, classify_with, discover, link, nine_nats, options, specs, story};

#[test]
fn slow_and_jittery_paths_are_still_named_right() {
    for (rtt_ms, jitter_ms) in [(2.0, 0.0), (150.0, 0.0), (400.0, 0.0), (600.0, 0.0), (60.0, 80.0)] {
        for nat in nine_nats() {
            for seed in 0..5 {
                let slow = LinkConfig { rtt_ms, jitter_ms, ..LinkConfig::default() };
                let run = classify(&Scenario { nats: vec![nat.clone()], link: slow, ..Scenario::default() }, seed);
                let case = format!("{rtt_ms} ms, {:?} + {:?}", nat.mapping.unwrap(), nat.filtering);
                assert_eq!(run.v4.mapping.behavior, nat.mapping.unwrap().into(), "{case}\n{}", story(&run));
                assert_eq!(
                    run.v4.filtering.behavior,
                    nat.filtering.into(),
                    "{case}\n{:?}\n{}",
                    run.v4.filtering,
                    story(&run)
                );
            }
        }
    }
}

#[test]
fn dead_servers_in_the_list_cost_no_time() {
    for nat in nine_nats() {
        let alive = Scenario { nats: vec![nat], link: link(40.0, 0.0), ..Scenario::default() };
        let mut mixed = alive.clone();
        mixed.servers[2].faults = vec![Fault::Dead];
        mixed.servers[3].faults = vec![Fault::Dead];
        let (fast, slow) = (classify(&alive, 5), classify(&mixed, 5));
        assert!(
            slow.took_ms <= fast.took_ms + 250.0,
            "{} ms against {} ms\n{}",
            slow.took_ms,
            fast.took_ms,
            story(&slow)
        );
    }
}

#[test]
fn the_deadline_is_kept_and_what_was_learnt_is_told() {
    let scenario = Scenario { nats: vec![NatConfig::default()], link: link(40.0, 0.0), ..Scenario::default() };
    let run = classify_with(&scenario, 5, &options(), Duration::from_millis(300));
    assert!((299.0..=301.0).contains(&run.took_ms), "{}", run.took_ms);
    assert_eq!(run.v4.public_addresses.len(), 1);
    assert_eq!(run.v4.filtering.reason.as_ref().unwrap().code, ReasonCode::Deadline, "{}", story(&run));
}

#[test]
fn thorough_shows_the_same_on_two_ports_with_the_schedule_of_rfc_8489() {
    let mut on = options();
    on.thorough = true;
    for nat in nine_nats() {
        let scenario = Scenario { nats: vec![nat.clone()], link: link(40.0, 0.1), ..Scenario::default() };
        let settings = Settings { seed: 7, deadline: Duration::from_secs(120), thorough: true, ..Settings::default() };
        let engine = Engine::new(settings, specs(&scenario), plan::classify(&on));
        let mut network = SimNetwork::new(&scenario, 7);
        let evidence = drive(engine, &mut network, &mut |_| ());
        let found = judge::classify(&evidence, &on).remove(&Family::Ipv4).expect("IPv4 was asked for");
        assert_eq!(found.mapping.behavior, nat.mapping.unwrap().into(), "{:?}", found.mapping);
        assert_eq!(found.filtering.behavior, nat.filtering.into(), "{:?}", found.filtering);
        assert!(evidence.stopped.is_none());
        let used = |socket: &SocketName| evidence.exchanges.iter().any(|exchange| exchange.socket == *socket);
        assert!(used(&FamilySocket::SecondMapping.over(Family::Ipv4)));
        for port in [1, 2].map(FilteringPort::Fresh) {
            let tested = |server| used(&SocketName::Filtering { family: Family::Ipv4, server, port });
            assert!((0..evidence.servers.len()).any(tested), "{port:?}");
        }
    }
}

#[test]
fn two_families_take_no_longer_than_one() {
    let scenario = Scenario::preset("ipv6-firewall").expect("a preset");
    let mut both = options();
    both.families = vec![Family::Ipv4, Family::Ipv6];
    let run = classify_with(&scenario, 5, &both, Duration::from_secs(10));
    assert!(run.took_ms <= 1500.0, "{} ms\n{}", run.took_ms, story(&run));
}

#[test]
fn two_hundred_servers_take_the_time_of_the_slowest() {
    let model = Scenario::default().servers[2].clone();
    let servers = (0..200u8).map(|number| {
        let mut server = model.clone();
        server.name = format!("stun{number}.example.net");
        server.ipv4 = Some(std::net::SocketAddrV4::new([198, 51, 100, number].into(), 3478));
        server.ipv6 = None;
        server.faults = if number % 5 == 0 { vec![Fault::Dead] } else { Vec::new() };
        server
    });
    let scenario = Scenario { servers: servers.collect(), link: link(40.0, 0.0), ..Scenario::default() };
    let asked = plan::DiscoverOptions {
        families: vec![Family::Ipv4],
        transports: vec![nat_probe::wire::Transport::Udp],
        count: 1,
        ..Default::default()
    };
    let evidence = discover(&scenario, &asked);
    let answered: Vec<_> = evidence.exchanges.iter().filter(|exchange| exchange.mapped().is_some()).collect();
    assert_eq!(answered.len(), 160);
    assert!(
        answered.iter().all(|exchange| exchange.ended_ms.is_some_and(|at| at < 150.0)),
        "a dead server delayed others"
    );
    assert!(evidence.elapsed_ms < 3000.0, "{} ms", evidence.elapsed_ms);
}
