use super::*;
use crate::evidence::Behavior;
use crate::sim::{Hairpin, HostConfig, LinkConfig, NatConfig};

fn behind(nats: Vec<NatConfig>) -> Client {
    Client::new(&Scenario { nats, ..Scenario::default() })
}

#[test]
fn a_binding_takes_one_round_trip_and_tells_the_source_first() {
    let mut client = behind(vec![NatConfig::default()]);
    let socket = client.udp(40_000);
    client.send(socket, "192.0.2.10:3478", &Request::default());
    let (remote, local) = (address("192.0.2.10:3478"), address("192.168.1.23:40000"));
    assert_eq!(client.next(0), Some(Input::Local { socket, remote, local }));
    assert_eq!(client.next(39), None);
    let Some(Input::Received { socket: same, source, bytes }) = client.next(1) else { panic!("no answer") };
    assert_eq!((same, source, ms(client.net.now())), (socket, remote, 40));
    assert_eq!(Message::read(&bytes).unwrap().mapped(), Some(address("203.0.113.7:40000")));
    client.send(socket, "192.0.2.10:3478", &Request::default());
    assert!(matches!(client.next(1_000), Some(Input::Received { .. })), "the source is told once");
}

#[test]
fn all_nine_nats_show_what_rfc_5780_tests_for() {
    for mapping in Behavior::ALL {
        for filtering in Behavior::ALL {
            let mut client = behind(vec![NatConfig { mapping: Some(mapping), filtering, ..NatConfig::default() }]);
            let filter = client.udp(40_000);
            assert_eq!(client.ask(filter, "192.0.2.10:3478", Change::Nothing).len(), 1);
            let both = !client.ask(filter, "192.0.2.10:3478", Change::AddressAndPort).is_empty();
            let port = !client.ask(filter, "192.0.2.10:3478", Change::Port).is_empty();
            let expected = match filtering {
                Behavior::EndpointIndependent => (true, true),
                Behavior::AddressDependent => (false, true),
                Behavior::AddressAndPortDependent => (false, false),
            };
            assert_eq!((both, port), expected, "{mapping:?} {filtering:?}");
            let map = client.udp(41_000);
            let [a, b, c] =
                ["192.0.2.10:3478", "192.0.2.11:3478", "192.0.2.11:3479"].map(|to| client.mapped(map, to).unwrap());
            let expected = match mapping {
                Behavior::EndpointIndependent => (true, true),
                Behavior::AddressDependent => (false, true),
                Behavior::AddressAndPortDependent => (false, false),
            };
            assert_eq!((a == b, b == c), expected, "{mapping:?} {filtering:?}");
        }
    }
}

#[test]
fn response_port_reaches_another_socket_through_its_own_pinhole() {
    let mut client =
        behind(vec![NatConfig { mapping: Some(Behavior::AddressAndPortDependent), ..NatConfig::default() }]);
    let control = client.udp(40_000);
    let pinhole = client.mapped(control, "192.0.2.11:3479").unwrap();
    let request = Request { change: Change::AddressAndPort, response_port: Some(pinhole.port()), ..Request::default() };
    client.send(control, "192.0.2.10:3478", &request);
    let answers: Vec<_> = client.all(1_000).into_iter().filter_map(received).map(|(source, _)| source).collect();
    assert_eq!(answers, [address("192.0.2.11:3479")]);
}

#[test]
fn the_hosts_own_firewall_filters_without_a_nat() {
    let host = HostConfig { firewall: Some(Behavior::AddressAndPortDependent), ..HostConfig::default() };
    let mut client = Client::new(&Scenario { host, ..Scenario::default() });
    let socket = client.udp(40_000);
    assert_eq!(client.mapped(socket, "192.0.2.10:3478"), Some(address("203.0.113.10:40000")));
    assert!(client.ask(socket, "192.0.2.10:3478", Change::Port).is_empty());
}

#[test]
fn a_hairpin_turns_at_the_outer_nat_and_comes_back_through_the_inner_one() {
    let open = |external: &str, hairpin| NatConfig {
        filtering: Behavior::EndpointIndependent,
        external: vec![external.parse().unwrap()],
        hairpin,
        ..NatConfig::default()
    };
    for (hairpin, turned) in [(Hairpin::No, false), (Hairpin::ExternalSource, true)] {
        let mut client = behind(vec![open("100.64.0.9", Hairpin::No), open("203.0.113.7", hairpin)]);
        let (first, second) = (client.udp(40_000), client.udp(41_000));
        let target = client.mapped(first, "192.0.2.10:3478").unwrap();
        client.send(second, &target.to_string(), &Request::default());
        let inputs = client.all(1_000);
        assert_eq!(!inputs.is_empty(), turned);
        for input in inputs {
            let Input::Received { socket, source, .. } = input else { panic!("{input:?}") };
            assert_eq!((socket, source), (first, address("203.0.113.7:41000")));
        }
    }
}

#[test]
fn a_host_reaches_itself_without_its_router() {
    let mut client = behind(vec![NatConfig::default()]);
    let (first, second) = (client.udp(40_000), client.udp(41_000));
    client.send(second, "192.168.1.23:40000", &Request::default());
    let inputs = client.all(100);
    assert!(matches!(&inputs[..], [Input::Received { socket, source, .. }]
        if *socket == first && *source == address("192.168.1.23:41000")));
}

#[test]
fn what_the_host_cannot_do_fails_at_once() {
    let mut client = behind(vec![NatConfig::default()]);
    let v6 = client.open(Transport::Udp, "[2001:db8:1::1]:3478", Vec::new(), false);
    let inputs = client.all(0);
    assert!(matches!(&inputs[..], [Input::Failed { socket, remote: None, failure }]
        if *socket == v6 && failure.code == FailureCode::NetworkUnreachable));
    let socket = client.udp(40_000);
    client.send(socket, "[2001:db8:1::1]:3478", &Request::default());
    client.send(socket, "192.0.2.10:0", &Request::default());
    assert_eq!(failures(&client.all(0)), [FailureCode::NetworkUnreachable, FailureCode::Other]);
    client.open(Transport::Udp, "192.0.2.10:3478", vec![40_000], true);
    assert_eq!(failures(&client.all(0)), [FailureCode::BindFailed]);
    let next = client.open(Transport::Udp, "192.0.2.10:3478", vec![40_000, 40_001], false);
    assert_eq!(client.next(0), Some(Input::Opened { socket: next, local: address("0.0.0.0:40001") }));
}

#[test]
fn icmp_errors_come_back_with_their_sender() {
    let mut client = behind(vec![NatConfig::default()]);
    let socket = client.udp(40_000);
    client.send(socket, "192.0.2.10:9", &Request::default());
    let inputs = client.all(1_000);
    let [Input::Failed { remote, failure, .. }] = &inputs[..] else { panic!("{inputs:?}") };
    assert_eq!((*remote, failure.code), (Some(address("192.0.2.10:9")), FailureCode::ConnectionRefused));
    assert_eq!(failure.by, Some("192.0.2.10".parse().unwrap()));
}

#[test]
fn a_closed_socket_is_silent() {
    let mut client = behind(vec![NatConfig::default()]);
    let socket = client.udp(40_000);
    client.send(socket, "192.0.2.10:3478", &Request::default());
    client.net.perform(Command::Close { socket });
    assert_eq!(client.all(1_000), []);
    client.net.perform(Command::Send { socket, remote: address("192.0.2.10:3478"), bytes: vec![1] });
    assert_eq!(client.all(1_000), []);
    client.udp(40_000);
}

#[test]
fn loss_duplicates_and_the_local_link_count_each_way() {
    let lan = LinkConfig { rtt_ms: 10.0, loss: 0.1, ..LinkConfig::perfect() };
    let link = LinkConfig { loss: 0.1, duplicate: 0.2, ..LinkConfig::default() };
    let mut client = Client::new(&Scenario { lan, link, ..Scenario::default() });
    let socket = client.udp(40_000);
    let (mut answered, mut copies) = (0, 0);
    for _ in 0..2_000 {
        let answers = client.ask(socket, "192.0.2.10:3478", Change::Nothing);
        answered += u32::from(!answers.is_empty());
        copies += answers.len().saturating_sub(1);
    }
    // Four links of 0.9 each; copies make an answer somewhat likelier.
    assert!((1_312..1_480).contains(&answered), "{answered}");
    assert!(copies > 300, "{copies}");
}

#[test]
fn names_and_literals_resolve() {
    let mut client = behind(Vec::new());
    let resolved =
        |client: &mut Client, name, transport| client.resolve(name, transport).map_err(|failure| failure.code);
    let both = vec![address("192.0.2.10:3478"), address("[2001:db8:1::1]:3478")];
    assert_eq!(resolved(&mut client, "stun1.example.net:3478", Transport::Udp), Ok(both.clone()));
    assert_eq!(resolved(&mut client, "STUN1.example.net", Transport::Tcp), Ok(both.clone()));
    assert_eq!(resolved(&mut client, "stun:stun1.example.net", Transport::Udp), Ok(both));
    assert_eq!(resolved(&mut client, "192.0.2.77:99", Transport::Udp), Ok(vec![address("192.0.2.77:99")]));
    assert_eq!(resolved(&mut client, "stun9.example.net", Transport::Udp), Err(FailureCode::NameNotFound));
    client.net = SimNetwork::new(&Scenario::default(), 1).with_families(&[crate::wire::Family::Ipv6]);
    let six = vec![address("[2001:db8:1::1]:5349")];
    assert_eq!(resolved(&mut client, "stun1.example.net", Transport::Tls), Ok(six));
    assert_eq!(resolved(&mut client, "192.0.2.77", Transport::Udp), Err(FailureCode::NoAddress));
}

#[test]
fn somebody_presses_ctrl_c() {
    let mut client = Client::new(&Scenario { interrupt_ms: Some(25.0), ..Scenario::default() });
    assert_eq!(client.next(24), None);
    assert_eq!(client.next(1), Some(Input::Interrupted));
}

#[test]
fn a_socket_bound_to_an_address_sends_from_it_and_hears_only_what_is_for_it() {
    let scenario = Scenario::from_toml("[host]\naddresses = [\"192.0.2.200\", \"192.0.2.201\"]").unwrap();
    let mut client = Client::new(&scenario);
    let open = |client: &mut Client, number, local| {
        let spec = SocketSpec {
            local_ports: vec![40_000 + u16::from(number == 3)],
            local_address: Some(address(local).ip()),
            ..SocketSpec::new(Transport::Udp, address("192.0.2.10:3478"))
        };
        client.net.perform(Command::Open { socket: SocketId(number), spec });
        client.next(0)
    };
    let opened = open(&mut client, 2, "192.0.2.201:0");
    assert_eq!(opened, Some(Input::Opened { socket: SocketId(2), local: address("192.0.2.201:40000") }));
    assert_eq!(client.mapped(SocketId(2), "192.0.2.10:3478"), Some(address("192.0.2.201:40000")));
    let refused = open(&mut client, 3, "192.0.2.202:0");
    assert!(matches!(refused, Some(Input::Failed { .. })), "{refused:?}");
    client.send(SocketId(2), "192.0.2.200:40000", &Request::default());
    assert!(client.all(100).is_empty(), "the other address is not the socket's");
    client.send(SocketId(2), "192.0.2.201:40000", &Request::default());
    assert_eq!(client.all(100).len(), 1);
}
