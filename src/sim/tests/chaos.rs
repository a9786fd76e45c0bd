//! Nothing that an engine, a scenario or a server does makes the network panic, hang or differ between two runs of one seed.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::evidence::Behavior;
use crate::sim::{
    Certificate, Fault, FilterScope, Hairpin, LinkConfig, NatConfig, Policy, Pooling, PortRule, TurnConfig, TurnFault,
    presets,
};
use crate::wire::{Method, TurnAttribute};

fn scenario() -> impl Strategy<Value = Scenario> {
    let nat = (0..4_usize, 0..3_usize, 0..5_usize, any::<[bool; 6]>(), 1..200_u32).prop_map(
        |(mapping, filtering, ports, [alg, quirk, rewrite, host, turn, reject], timeout_s)| NatConfig {
            mapping: Behavior::ALL.get(mapping).copied(),
            filtering: Behavior::ALL[filtering],
            ports: [
                PortRule::Preserved,
                PortRule::Parity,
                PortRule::Random,
                PortRule::Sequential { step: -7 },
                PortRule::Sequential { step: 0 },
            ][ports],
            filter_scope: if host { FilterScope::Host } else { FilterScope::PerMapping },
            hairpin: if turn { Hairpin::ExternalSource } else { Hairpin::InternalSource },
            pooling: [Pooling::Paired, Pooling::Arbitrary, Pooling::PerDestination][filtering],
            external: if host {
                Vec::new()
            } else {
                vec!["203.0.113.7".parse().unwrap(), "2001:db8::7".parse().unwrap()]
            },
            udp: if reject && alg { Policy::Reject } else { Policy::Pass },
            alg,
            linux_conntrack_quirk: quirk,
            port_rewrite: rewrite,
            timeout_s,
            ..NatConfig::default()
        },
    );
    let number = prop_oneof![Just(0.0), Just(0.3), Just(1.0), any::<f64>()];
    let link =
        (number.clone(), number.clone(), number.clone(), number).prop_map(|(rtt_ms, jitter_ms, loss, duplicate)| {
            LinkConfig { rtt_ms, jitter_ms, loss, duplicate, ..LinkConfig::default() }
        });
    let faults = vec(proptest::sample::select(Fault::ALL.to_vec()), 0..3);
    let turn = vec(proptest::sample::select(TurnFault::ALL.to_vec()), 0..3);
    let parts = (vec(nat, 0..4), link.clone(), link, vec(faults, 4), any::<bool>(), turn);
    parts.prop_map(|(nats, lan, link, faults, six, turn)| {
        let mut scenario = Scenario { nats, lan, link, ..Scenario::default() };
        scenario.servers[0].turn = Some(TurnConfig { faults: turn, ..TurnConfig::default() });
        scenario.servers[0].transports = vec![Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls];
        scenario.servers[0].certificate = if six { Certificate::Expired } else { Certificate::Inspected };
        for (server, faults) in scenario.servers.iter_mut().zip(faults) {
            server.faults = faults;
        }
        if six {
            scenario.host.addresses = Some(vec!["192.168.1.23".parse().unwrap(), "2001:db8:100::23".parse().unwrap()]);
        }
        scenario
    })
}

fn command() -> impl Strategy<Value = Command> {
    let socket = || (0..6_u32).prop_map(SocketId);
    let known =
        ["192.0.2.10", "192.0.2.11", "198.51.100.20", "203.0.113.7", "192.168.1.23", "2001:db8:1::1", "2001:db8:1::2"];
    let ip = prop_oneof![
        8 => proptest::sample::select(known.map(|ip| ip.parse::<IpAddr>().unwrap()).to_vec()),
        1 => any::<IpAddr>(),
    ];
    let port = prop_oneof![4 => 3478..3480_u16, 1 => 40_000..40_004_u16, 1 => any::<u16>()];
    let remote = (ip, port).prop_map(SocketAddr::from);
    let transport =
        proptest::sample::select(vec![Transport::Udp, Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls]);
    let bytes = prop_oneof![
        3 => (0..4_usize, proptest::option::of(any::<u16>()), any::<[u8; 12]>()).prop_map(|(change, response_port, id)| {
            let change = [Change::Nothing, Change::Empty, Change::Port, Change::AddressAndPort][change];
            Request { change, response_port, ..Request::default() }.encode(TransactionId(id))
        }),
        1 => any::<[u8; 12]>().prop_map(|id| {
            Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]).message(TransactionId(id), None)
        }),
        1 => vec(any::<u8>(), 0..120),
    ];
    let open = (socket(), transport.clone(), remote.clone(), vec(40_000..40_004_u16, 0..3), any::<bool>()).prop_map(
        |(socket, transport, remote, local_ports, share_port)| {
            let spec = SocketSpec { local_ports, share_port, ..SocketSpec::new(transport, remote) };
            Command::Open { socket, spec }
        },
    );
    let names = vec!["stun1.example.net", "stun:stun2.example.net", "192.0.2.10", "nowhere.example"];
    let resolve = (proptest::sample::select(names), transport).prop_map(|(name, transport)| {
        let spec = ServerSpec::parse(name).unwrap();
        Command::Resolve { server: 0, spec, transport }
    });
    prop_oneof![
        6 => (socket(), remote, bytes).prop_map(|(socket, remote, bytes)| Command::Send { socket, remote, bytes }),
        3 => open,
        1 => resolve,
        1 => socket().prop_map(|socket| Command::Close { socket }),
    ]
}

/// Everything that comes of these commands, with its time.
fn log(scenario: &Scenario, seed: u64, commands: &[(Command, u64)]) -> Vec<(Time, Input)> {
    let mut net = SimNetwork::new(scenario, seed);
    let mut log = Vec::new();
    for (command, pause_ms) in commands {
        net.perform(command.clone());
        let until = net.now().saturating_add(Duration::from_millis(*pause_ms));
        while let Some(input) = net.wait(until) {
            log.push((net.now(), input));
        }
        assert_eq!(net.now(), until);
    }
    while let Some(input) = net.wait(Time::MAX) {
        log.push((net.now(), input));
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_commands_in_any_scenario_end_and_repeat(
        scenario in scenario(),
        seed in any::<u64>(),
        commands in vec((command(), 0..5_000_u64), 0..60),
    ) {
        prop_assert_eq!(log(&scenario, seed, &commands), log(&scenario, seed, &commands));
    }

    #[test]
    fn any_text_as_a_scenario_is_read_or_refused(text in "[\\[\\]a-z0-9_ =\"\n.]{0,80}") {
        let _ = Scenario::from_toml(&text);
    }
}

#[test]
fn another_seed_is_another_run_and_the_same_seed_is_not() {
    let scenario = Scenario::preset("lossy-wifi").unwrap();
    let spec = SocketSpec::new(Transport::Udp, address("192.0.2.10:3478"));
    let mut commands = vec![(Command::Open { socket: SocketId(0), spec: spec.clone() }, 0)];
    for n in 0..100_u8 {
        let bytes = Request::default().encode(TransactionId([n; 12]));
        commands.push((Command::Send { socket: SocketId(0), remote: spec.remote, bytes }, 10));
    }
    let first = log(&scenario, 1, &commands);
    assert_eq!(first, log(&scenario, 1, &commands));
    assert_ne!(first, log(&scenario, 2, &commands));
}

#[test]
fn every_preset_bears_a_thousand_bindings() {
    for preset in presets() {
        let mut client = Client::new(&Scenario::preset(preset.name).unwrap());
        for n in 0..1_000_u16 {
            let remote = if n % 2 == 0 { "192.0.2.10:3478" } else { "[2001:db8:1::1]:3478" };
            let socket = client.open(Transport::Udp, remote, Vec::new(), false);
            client.send(socket, remote, &Request::default());
        }
        client.all(20_000);
    }
}
