//! What tells a blocked path from a blocked port, from a filter for STUN and from servers that are shut.

use nat_probe::evidence::{Behavior, ReasonCode};
use nat_probe::measure::nat::finding::Connectivity;
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::DiscoverOptions;
use nat_probe::sim::{Blocks, Fault, NatConfig, Policy, RouterConfig, Scenario};
use nat_probe::wire::{Control, Family, Transport};

use super::bench::{Run, classify, discover, link, story};

fn world(nat: NatConfig) -> Scenario {
    let link = link(40.0, 0.0);
    Scenario { nats: vec![nat], link, ..Scenario::default() }
}

fn blocking(blocks: Blocks) -> Scenario {
    world(NatConfig { blocks, ..NatConfig::default() })
}

fn port_3478() -> Blocks {
    Blocks { ports: vec![3478], stun: false }
}

fn code(run: &Run) -> Option<ReasonCode> {
    run.v4.reason.as_ref().map(|reason| reason.code)
}

fn text(run: &Run) -> &str {
    run.v4.reason.as_ref().map_or("", |reason| reason.text.as_str())
}

fn controls(run: &Run) -> Vec<Control> {
    run.evidence.exchanges.iter().filter_map(|exchange| exchange.request.control()).collect()
}

#[test]
fn an_ordinary_run_asks_no_control() {
    for nat in [NatConfig::default(), NatConfig::firewall(Behavior::AddressAndPortDependent)] {
        let mut scenario = world(nat);
        scenario.resolver.address = Some("192.0.2.53:53".parse().unwrap());
        let run = classify(&scenario, 3);
        assert_eq!(controls(&run), [], "{}", story(&run));
        assert!(run.v4.blocked_port.is_none());
    }
}

#[test]
fn blocked_udp_is_called_that_after_every_control_failed_and_within_three_seconds() {
    let mut scenario = world(NatConfig { udp: Policy::Drop, ..NatConfig::default() });
    scenario.resolver.address = Some("192.0.2.53:53".parse().unwrap());
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::UdpBlocked, "{}", story(&run));
    assert!(run.took_ms <= 3000.0, "{} ms\n{}", run.took_ms, story(&run));
    for control in [Control::OtherPort, Control::Rfc3489, Control::Dns] {
        assert!(controls(&run).contains(&control), "{control:?}\n{}", story(&run));
    }
    assert!(text(&run).contains("name server"), "{}", text(&run));
}

/// A path that was asleep may have lost everything at one moment: UDP is asked once more when TCP has come through.
#[test]
fn udp_is_called_blocked_on_a_slow_path_only_after_it_was_asked_again() {
    let mut scenario = world(NatConfig { udp: Policy::Drop, ..NatConfig::default() });
    scenario.link.wake_ms = 1200.0;
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::UdpBlocked, "{}", story(&run));
    assert!(controls(&run).contains(&Control::Again), "{}", story(&run));
    scenario.link.wake_ms = 0.0;
    assert!(!controls(&classify(&scenario, 3)).contains(&Control::Again));
}

#[test]
fn a_filter_for_stun_is_no_blocked_udp() {
    let run = classify(&blocking(Blocks { ports: Vec::new(), stun: true }), 3);
    assert_eq!(
        (run.v4.connectivity, code(&run)),
        (Connectivity::Inconclusive, Some(ReasonCode::StunBlocked)),
        "{}",
        story(&run)
    );
    assert!(text(&run).contains("magic cookie"), "{}", text(&run));
    assert_eq!(run.v4.public_addresses.len(), 1, "the answer without cookie shows the address all the same");
}

#[test]
fn a_blocked_port_is_no_blocked_udp() {
    for more in [443, 3479, 19_302] {
        let mut scenario = blocking(port_3478());
        scenario.servers.retain(|server| server.ipv4_alternate.is_none());
        for server in &mut scenario.servers {
            server.more_ports = vec![more];
        }
        let run = classify(&scenario, 3);
        assert_eq!(
            (run.v4.connectivity, code(&run)),
            (Connectivity::Inconclusive, Some(ReasonCode::PortBlocked)),
            "{}",
            story(&run)
        );
        assert!(text(&run).contains("3478") && text(&run).contains(&more.to_string()), "{}", text(&run));
    }
}

#[test]
fn servers_whose_own_firewall_lacks_the_port_are_no_blocked_udp() {
    let mut scenario = world(NatConfig::default());
    scenario.servers.truncate(2);
    for server in &mut scenario.servers {
        server.closed_ports = vec![3478];
    }
    let run = classify(&scenario, 3);
    assert_eq!(
        (run.v4.connectivity, code(&run)),
        (Connectivity::Inconclusive, Some(ReasonCode::PortBlocked)),
        "{}",
        story(&run)
    );
    assert!(text(&run).contains("or at the servers"), "{}", text(&run));
    // Nothing else listens on them: only somebody else can tell that UDP passes.
    for server in &mut scenario.servers {
        server.ipv4_alternate = None;
        server.closed_ports = vec![443, 3478, 3479, 5349, 19_302];
    }
    scenario.resolver.address = Some("192.0.2.53:53".parse().unwrap());
    let run = classify(&scenario, 3);
    assert_eq!(
        (run.v4.connectivity, code(&run)),
        (Connectivity::Inconclusive, Some(ReasonCode::UdpPasses)),
        "{}",
        story(&run)
    );
    assert!(text(&run).contains("192.0.2.53:53"), "{}", text(&run));
}

#[test]
fn a_name_server_inside_proves_nothing_of_the_outside() {
    for inside in ["127.0.0.53:53", "192.168.1.1:53", "[fe80::1]:53"] {
        let mut scenario = world(NatConfig { udp: Policy::Drop, ..NatConfig::default() });
        scenario.resolver.address = Some(inside.parse().unwrap());
        let run = classify(&scenario, 3);
        assert!(!controls(&run).contains(&Control::Dns), "{}", story(&run));
        assert_eq!(run.v4.connectivity, Connectivity::UdpBlocked, "{}", story(&run));
    }
}

#[test]
fn a_port_that_is_silent_beside_one_that_passes_is_a_finding() {
    let mut scenario = blocking(port_3478());
    let google = scenario.servers.iter_mut().skip(2);
    for server in google {
        server.ipv4.as_mut().unwrap().set_port(19_302);
    }
    let run = classify(&scenario, 3);
    let blocked = run.v4.blocked_port.as_ref().unwrap_or_else(|| panic!("{}", story(&run)));
    assert_eq!(blocked.port, 3478);
    assert!(blocked.summary.contains("19302"), "{}", blocked.summary);
    assert_eq!(run.v4.connectivity, Connectivity::Nat);
    // Dead servers on that port are no blocked port.
    let mut dead = scenario.clone();
    dead.nats = vec![NatConfig::default()];
    for server in dead.servers.iter_mut().take(2) {
        server.faults = vec![Fault::Dead];
    }
    let run = classify(&dead, 3);
    assert_eq!(run.v4.blocked_port, None, "{}", story(&run));
}

#[test]
fn what_was_not_controlled_is_not_called_blocked() {
    let mut run = classify(&world(NatConfig { udp: Policy::Drop, ..NatConfig::default() }), 3);
    let exchanges = run.evidence.exchanges.into_iter();
    run.evidence.exchanges = exchanges.filter(|exchange| exchange.request.control().is_none()).collect();
    let found = judge::classify(&run.evidence, &super::bench::options()).remove(&Family::Ipv4).unwrap();
    assert_eq!(found.connectivity, Connectivity::Inconclusive);
    assert_eq!(found.reason.unwrap().code, ReasonCode::NoControl);
}

#[test]
fn discover_asks_the_same_controls() {
    let asked = DiscoverOptions {
        families: vec![Family::Ipv4],
        transports: vec![Transport::Udp],
        count: 1,
        ..DiscoverOptions::default()
    };
    let judged = |scenario: &Scenario| {
        let seen = discover(scenario, &asked);
        let found = judge::discover(&seen, &asked).remove(&Family::Ipv4).unwrap();
        (found.connectivity, found.reason.map(|reason| reason.code))
    };
    let blocked = world(NatConfig { udp: Policy::Drop, ..NatConfig::default() });
    assert_eq!(judged(&blocked), (Connectivity::Inconclusive, Some(ReasonCode::NoAnswer)), "TCP was not asked");
    let stun = blocking(Blocks { ports: Vec::new(), stun: true });
    assert_eq!(judged(&stun), (Connectivity::Inconclusive, Some(ReasonCode::StunBlocked)));
}

#[test]
fn a_router_far_away_that_knows_no_way_is_named_and_is_no_missing_family() {
    let by = "198.51.100.99".parse().unwrap();
    let mut scenario = world(NatConfig::default());
    scenario.servers.truncate(2);
    let all = scenario.servers.iter().filter_map(|server| server.ipv4);
    scenario.routers = all.map(|at| RouterConfig { destination: (*at.ip()).into(), by, host: false }).collect();
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{}", story(&run));
    assert!(text(&run).contains("198.51.100.99"), "{}", text(&run));
    // One of several is only that one's row.
    scenario.routers.truncate(1);
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::Nat, "{}", story(&run));
}

#[test]
fn answers_of_another_transaction_are_told() {
    let mut scenario = world(NatConfig::default());
    scenario.servers.truncate(1);
    scenario.servers[0].faults = vec![Fault::WrongTransactionId];
    let run = classify(&scenario, 3);
    assert_eq!(code(&run), Some(ReasonCode::AnswerUnusable), "{}", story(&run));
    assert!(text(&run).contains("another transaction id"), "{}", text(&run));
    let strays = run.evidence.exchanges[0].strays.as_ref().unwrap();
    assert!(strays.count >= 7, "{strays:?}");
}

#[test]
fn a_name_that_a_filter_answers_for_is_not_asked() {
    let mut scenario = world(NatConfig::default());
    let names: Vec<String> = scenario.servers.iter().map(|server| server.name.clone()).collect();
    for (name, zero) in names.iter().zip(["0.0.0.0", "::", "0.0.0.0", "0.0.0.0"]) {
        scenario.resolver.answers.insert(name.clone(), vec![zero.parse().unwrap()]);
    }
    let run = classify(&scenario, 3);
    assert_eq!(run.evidence.exchanges.len(), 0, "{}", story(&run));
    assert_eq!(code(&run), Some(ReasonCode::NameFiltered), "{:?}", run.v4.reason);
    assert!(text(&run).contains("a DNS filter answers 0.0.0.0 for this name"), "{}", text(&run));
}
