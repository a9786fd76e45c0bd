//! Every preset, server by server: what a Binding to it comes to.

use super::*;
use crate::sim::presets;

/// What a server's name, and then a Binding to its first address that the host can send to, comes to.
fn outcome(scenario: &Scenario, server: &str) -> String {
    // Loss is not what this is about: the first answer in ten tries.
    let mut client = Client::new(scenario);
    let addresses = match client.resolve(server, Transport::Udp) {
        Ok(addresses) => addresses,
        Err(failure) => return format!("{:?}", failure.code),
    };
    let usable = |remote: &&SocketAddr| scenario.host_addresses().iter().any(|ip| ip.is_ipv4() == remote.is_ipv4());
    let Some(remote) = addresses.iter().find(usable) else { return "no common family".into() };
    let socket = client.open(Transport::Udp, &remote.to_string(), vec![40_000], false);
    for _ in 0..10 {
        let id = client.send(socket, &remote.to_string(), &Request::default());
        for input in client.all(5_000) {
            match input {
                Input::Failed { failure, .. } => {
                    return format!("{:?} by {:?}", failure.code, failure.by.map(|ip| ip.to_string()));
                }
                Input::Received { bytes, .. } => {
                    let Ok(message) = Message::read(&bytes) else { return "not STUN".into() };
                    let mapped = message.mapped().map_or("nothing".into(), |mapped| mapped.ip().to_string());
                    return if message.id == id { mapped } else { "another id".into() };
                }
                _ => {}
            }
        }
    }
    "silence".into()
}

#[test]
fn every_server_of_every_preset_answers_or_fails_as_described() {
    for preset in presets() {
        let scenario = Scenario::preset(preset.name).unwrap();
        let outcomes: Vec<String> = scenario.server_names().iter().map(|server| outcome(&scenario, server)).collect();
        let all = |expected: &str| {
            assert!(outcomes.iter().all(|outcome| outcome == expected), "{}: {outcomes:?}", preset.name);
        };
        match preset.name {
            "public-host" | "stateful-firewall" | "host-wide-firewall" => all("203.0.113.10"),
            "hotel-udp-blocked" | "turn-udp-blocked" => all("silence"),
            "hotel-udp-rejected" => all("Prohibited by Some(\"10.20.0.1\")"),
            "carrier-grade" => all("203.0.113.90"),
            "address-pool" => {
                assert!(outcomes.iter().all(|outcome| outcome.starts_with("203.0.113.8")), "{outcomes:?}");
            }
            "ipv6-only" => all("2001:db8:100::23"),
            "offline" => all("ResolverFailed"),
            "lying-servers" => {
                assert_eq!(outcomes, ["203.0.113.7", "203.0.113.7", "198.51.100.250", "another id", "203.0.113.7"]);
            }
            "dead-servers" => assert_eq!(
                outcomes,
                [
                    "silence",
                    "ConnectionRefused by Some(\"192.0.2.20\")",
                    "ConnectionRefused by Some(\"192.0.2.30\")",
                    "NameNotFound",
                    "NoAddress",
                    "203.0.113.7",
                    "203.0.113.7",
                ]
            ),
            _ => all("203.0.113.7"),
        }
    }
}

#[test]
fn a_blocked_hotel_lets_tcp_out() {
    for name in ["hotel-udp-blocked", "hotel-udp-rejected"] {
        let mut client = Client::new(&Scenario::preset(name).unwrap());
        let socket = client.open(Transport::Tcp, "192.0.2.10:3478", Vec::new(), false);
        assert!(matches!(client.next(1_000), Some(Input::Opened { .. })), "{name}");
        assert!(client.mapped(socket, "192.0.2.10:3478").is_some(), "{name}");
    }
}

#[test]
fn the_gateway_of_sip_alg_rewrites_the_plain_address_only() {
    let mut client = Client::new(&Scenario::preset("sip-alg").unwrap());
    let socket = client.udp(40_000);
    client.send(socket, "192.0.2.10:3478", &Request::default());
    let (_, bytes) = client.all(1_000).into_iter().find_map(received).unwrap();
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.mapped_address(), Some(address("192.168.1.23:40000")));
    assert_eq!(message.xor_mapped_address(), Some(address("203.0.113.7:40000")));
}

#[test]
fn two_lines_show_two_addresses_and_one_port() {
    let mut client = Client::new(&Scenario::preset("multi-wan").unwrap());
    let socket = client.udp(40_000);
    let first = client.mapped(socket, "192.0.2.10:3478").unwrap();
    let second = client.mapped(socket, "198.51.100.20:3478").unwrap();
    assert_ne!(first.ip(), second.ip());
    assert_eq!(first.port(), second.port());
    assert_eq!(client.mapped(socket, "192.0.2.10:3478"), Some(first));
}

#[test]
fn dual_stack_has_a_nat_for_one_family_and_a_firewall_for_the_other() {
    let scenario = Scenario::preset("ipv6-firewall").unwrap();
    let mut client = Client::new(&scenario);
    assert!(client.net.host_addresses().contains(&"2001:db8:100::23".parse().unwrap()));
    let socket = client.open(Transport::Udp, "[2001:db8:1::1]:3478", vec![40_000], false);
    assert_eq!(client.next(0), Some(Input::Opened { socket, local: address("[::]:40000") }));
    assert_eq!(client.mapped(socket, "[2001:db8:1::1]:3478"), Some(address("[2001:db8:100::23]:40000")));
    assert!(client.ask(socket, "[2001:db8:1::1]:3478", Change::Port).is_empty());
}

#[test]
fn an_offline_host_has_nothing_but_itself() {
    let mut client = Client::new(&Scenario::preset("offline").unwrap());
    assert_eq!(client.net.host_addresses(), ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    client.open(Transport::Udp, "192.0.2.10:3478", Vec::new(), false);
    assert_eq!(failures(&client.all(0)), [FailureCode::NetworkUnreachable]);
}
