use super::*;
use crate::sim::ports::PortRule;

const INSIDE: &str = "192.168.1.23:40000";
const A1P1: &str = "192.0.2.1:3478";
const A1P2: &str = "192.0.2.1:3479";
const A2P1: &str = "192.0.2.2:3478";
const A2P2: &str = "192.0.2.2:3479";
const FOUR: [&str; 4] = [A1P1, A1P2, A2P1, A2P2];

/// A NAT on a bench, with packets put in from either side.
struct Bench {
    nat: Nat,
    random: Random,
    now: Time,
}

impl Bench {
    fn new(config: &NatConfig) -> Self {
        let mut random = Random::new(5);
        Self { nat: Nat::new(config, &mut random), random, now: Time::ZERO }
    }

    fn send_by(&mut self, protocol: Protocol, source: &str, destination: &str) -> (Passage, Packet) {
        let mut packet = packet(protocol, source.parse().unwrap(), destination.parse().unwrap());
        let passage = self.nat.outbound(self.now, &mut packet, &mut self.random);
        (passage, packet)
    }

    /// The source that the destination sees.
    fn send(&mut self, source: &str, destination: &str) -> SocketAddr {
        let (passage, packet) = self.send_by(Protocol::Udp, source, destination);
        assert_eq!(passage, Passage::Forward);
        packet.source
    }

    /// Where a packet from outside ends up.
    fn receive(&mut self, source: &str, destination: SocketAddr) -> Option<SocketAddr> {
        let mut packet = packet(Protocol::Udp, source.parse().unwrap(), destination);
        self.nat.inbound(self.now, &mut packet).then_some(packet.destination)
    }
}

fn packet(protocol: Protocol, source: SocketAddr, destination: SocketAddr) -> Packet {
    Packet { protocol, source, destination, payload: Payload::Data(b"hello".to_vec()) }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn nat(mapping: Behavior, filtering: Behavior) -> NatConfig {
    NatConfig { mapping: Some(mapping), filtering, ..NatConfig::default() }
}

#[test]
fn each_of_the_nine_pairs_maps_and_filters_as_rfc_4787_says() {
    for mapping in Behavior::ALL {
        for filtering in Behavior::ALL {
            for ports in [PortRule::Preserved, PortRule::Parity, PortRule::Sequential { step: 2 }, PortRule::Random] {
                let config = NatConfig { ports, ..nat(mapping, filtering) };
                let name = format!("{mapping:?} {filtering:?} {ports:?}");
                // Who gets in where only A1:P1 was sent to.
                let mut bench = Bench::new(&config);
                let external = bench.send(INSIDE, A1P1);
                let admitted = FOUR.map(|source| bench.receive(source, external).is_some());
                let expected = match filtering {
                    Behavior::EndpointIndependent => [true, true, true, true],
                    Behavior::AddressDependent => [true, true, false, false],
                    Behavior::AddressAndPortDependent => [true, false, false, false],
                };
                assert_eq!(admitted, expected, "{name}");
                assert_eq!(bench.receive(A1P1, external), Some(address(INSIDE)), "{name}");
                // Which destinations see the same endpoint, and that they still do the second time.
                let first = FOUR.map(|remote| bench.send(INSIDE, remote));
                assert_eq!(first, FOUR.map(|remote| bench.send(INSIDE, remote)), "{name}");
                let same = |a: usize, b: usize| first[a] == first[b];
                let (address_only, any) =
                    (mapping != Behavior::AddressAndPortDependent, mapping == Behavior::EndpointIndependent);
                assert_eq!([same(0, 1), same(2, 3)], [address_only; 2], "{name}");
                assert_eq!([same(0, 2), same(1, 3), same(0, 3)], [any; 3], "{name}");
                assert!(
                    FOUR.iter().zip(first).all(|(remote, external)| bench.receive(remote, external).is_some()),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn another_socket_opens_the_filter_only_where_its_scope_is_the_host() {
    for (filter_scope, admitted) in [(FilterScope::PerMapping, false), (FilterScope::Host, true)] {
        for mapping in [Some(Behavior::EndpointIndependent), None] {
            let config = NatConfig { mapping, filter_scope, ..NatConfig::default() };
            let mut bench = Bench::new(&config);
            let external = bench.send(INSIDE, A1P1);
            assert_eq!(bench.receive(A2P2, external), None);
            bench.send("192.168.1.23:40001", A2P2);
            assert_eq!(bench.receive(A2P2, external).is_some(), admitted);
            // Another host's packets never count.
            bench.send("192.168.1.24:40001", A2P1);
            assert_eq!(bench.receive(A2P1, external), None);
        }
    }
}

#[test]
fn a_firewall_translates_nothing_and_filters_both_families() {
    for filtering in Behavior::ALL {
        let mut bench = Bench::new(&NatConfig::firewall(filtering));
        for (inside, first, second) in [(INSIDE, A1P1, A2P2), ("[2001:db8::5]:9", "[2001:db8::1]:1", "[2001:db8::2]:2")]
        {
            let is_open = filtering == Behavior::EndpointIndependent;
            assert_eq!(bench.receive(first, address(inside)).is_some(), is_open);
            assert_eq!(bench.send(inside, first), address(inside));
            assert_eq!(bench.receive(first, address(inside)), Some(address(inside)));
            assert_eq!(bench.receive(second, address(inside)).is_some(), is_open);
        }
    }
}

#[test]
fn a_family_it_does_not_see_passes_by() {
    let mut bench = Bench::new(&NatConfig::default());
    assert_eq!(bench.send("[2001:db8::5]:9", "[2001:db8::1]:1"), address("[2001:db8::5]:9"));
    assert!(bench.receive("[2001:db8::9]:1", address("[2001:db8::5]:9")).is_some());
}

#[test]
fn ports_follow_their_rule_and_never_collide() {
    let ports = |ports, count: u16| {
        let mut bench = Bench::new(&NatConfig { ports, ..NatConfig::default() });
        (0..count).map(|n| bench.send(&format!("192.168.1.23:{}", 50_000 + n), A1P1).port()).collect::<Vec<_>>()
    };
    assert_eq!(ports(PortRule::Preserved, 3), [50_000, 50_001, 50_002]);
    assert!(ports(PortRule::Parity, 40).iter().zip(50_000..).all(|(external, inside)| external % 2 == inside % 2));
    let sequential = ports(PortRule::Sequential { step: 4 }, 5);
    assert!(sequential.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 4), "{sequential:?}");
    let random = ports(PortRule::Random, 500);
    let unique: std::collections::BTreeSet<_> = random.iter().collect();
    assert_eq!(unique.len(), 500);
    // Two hosts that want the same port.
    let mut bench = Bench::new(&NatConfig::default());
    assert_eq!(bench.send(INSIDE, A1P1).port(), 40_000);
    assert_eq!(bench.send("192.168.1.99:40000", A1P1).port(), 40_001);
}

#[test]
fn a_rewriting_router_keeps_the_address_and_changes_the_port() {
    let config =
        NatConfig { port_rewrite: true, ports: PortRule::Random, external: Vec::new(), ..NatConfig::default() };
    let seen = Bench::new(&config).send("203.0.113.10:40000", A1P1);
    assert_eq!(seen.ip(), address("203.0.113.10:1").ip());
    assert_ne!(seen.port(), 40_000);
}

#[test]
fn pooling_decides_the_external_address() {
    let external: Vec<IpAddr> = ["203.0.113.7", "203.0.113.8", "203.0.113.9"].map(|ip| ip.parse().unwrap()).to_vec();
    let config = |pooling, ports| NatConfig { external: external.clone(), pooling, ports, ..NatConfig::default() };
    let sockets: Vec<String> = (41_000..41_040).map(|port| format!("192.168.1.23:{port}")).collect();

    let mut paired = Bench::new(&config(Pooling::Paired, PortRule::Preserved));
    assert!(sockets.iter().all(|socket| paired.send(socket, A1P1).ip() == external[0]));
    assert_eq!(paired.send("192.168.1.24:41000", A1P1).ip(), external[1]);

    let mut arbitrary = Bench::new(&config(Pooling::Arbitrary, PortRule::Preserved));
    let seen: std::collections::BTreeSet<_> = sockets.iter().map(|socket| arbitrary.send(socket, A1P1).ip()).collect();
    assert_eq!(seen.len(), 3);
    assert_eq!(arbitrary.send(&sockets[0], A1P1), arbitrary.send(&sockets[0], A2P2), "one mapping has one address");

    for ports in [PortRule::Preserved, PortRule::Random] {
        let mut lines = Bench::new(&config(Pooling::PerDestination, ports));
        let [a, b, c, d] = FOUR.map(|remote| lines.send(INSIDE, remote));
        assert_eq!((a, c), (b, d));
        assert_ne!(a.ip(), c.ip());
        assert_eq!(a.port(), c.port(), "{ports:?}");
        assert_eq!(lines.receive(A1P1, a), Some(address(INSIDE)));
        assert_eq!(lines.receive(A2P1, a), None);
    }
}

#[test]
fn hairpinning_shows_the_source_it_is_told_to() {
    let other = "192.168.1.23:40001";
    for (hairpin, source) in [
        (Hairpin::No, None),
        (Hairpin::ExternalSource, Some("203.0.113.7:40001")),
        (Hairpin::InternalSource, Some(other)),
    ] {
        let mut bench =
            Bench::new(&NatConfig { hairpin, ..nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent) });
        let target = bench.send(INSIDE, A1P1).to_string();
        let (passage, packet) = bench.send_by(Protocol::Udp, other, &target);
        match source {
            None => assert_eq!(passage, Passage::Drop),
            Some(source) => {
                assert_eq!(passage, Passage::Turned);
                assert_eq!((packet.source, packet.destination), (address(source), address(INSIDE)));
            }
        }
    }
}

#[test]
fn a_turned_packet_meets_the_filter_too() {
    let mut bench = Bench::new(&NatConfig { hairpin: Hairpin::ExternalSource, ..NatConfig::default() });
    let (first, second) = (INSIDE, "192.168.1.23:40001");
    let to_first = bench.send(first, A1P1).to_string();
    let to_second = bench.send(second, A1P1).to_string();
    assert_eq!(bench.send_by(Protocol::Udp, second, &to_first).0, Passage::Drop);
    assert_eq!(bench.send_by(Protocol::Udp, first, &to_second).0, Passage::Turned);
    assert_eq!(bench.send_by(Protocol::Udp, second, &to_first).0, Passage::Turned);
}

#[test]
fn mappings_and_the_filters_memory_end_in_time() {
    let mut bench = Bench::new(&NatConfig { ports: PortRule::Random, ..NatConfig::default() });
    let second = Duration::from_secs(1);
    let external = bench.send(INSIDE, A1P1);
    bench.now += second * 100;
    assert_eq!(bench.send(INSIDE, A2P2), external);
    bench.now += second * 100;
    assert_eq!(bench.receive(A1P1, external), None, "the filter forgot it");
    assert!(bench.receive(A2P2, external).is_some());
    bench.now += second * 100;
    assert_eq!(bench.send(INSIDE, A2P2), external, "what came in kept it");
    bench.now += second * 121;
    assert_eq!(bench.receive(A2P2, external), None);
    assert_ne!(bench.send(INSIDE, A2P2), external);
}

#[test]
fn only_outgoing_packets_refresh_where_it_says_so() {
    let mut bench = Bench::new(&NatConfig { inbound_refresh: false, ..NatConfig::default() });
    let external = bench.send(INSIDE, A1P1);
    bench.now += Duration::from_secs(100);
    assert!(bench.receive(A1P1, external).is_some());
    bench.now += Duration::from_secs(100);
    assert_eq!(bench.receive(A1P1, external), None);
}

#[test]
fn an_unsolicited_packet_moves_a_later_flow_on_an_open_linux_router() {
    for quirk in [false, true] {
        let mut bench = Bench::new(&NatConfig { linux_conntrack_quirk: quirk, ..NatConfig::default() });
        let external = bench.send(INSIDE, A1P1);
        assert_eq!(bench.receive(A2P2, external), None);
        assert_eq!(bench.send(INSIDE, A2P1), external, "exactly that remote, not its address");
        let moved = bench.send(INSIDE, A2P2);
        assert_eq!(moved != external, quirk);
        assert_eq!(bench.send(INSIDE, A2P2), moved);
        assert_eq!(bench.receive(A2P2, moved), Some(address(INSIDE)));
        // Another local port was never touched.
        assert_eq!(bench.send("192.168.1.23:40007", A2P2).port(), 40_007);
        // The flow that moved stays where it is; a new one finds the entry gone after its 30 seconds.
        bench.now += Duration::from_secs(31);
        assert_eq!(bench.send(INSIDE, A2P2), moved);
    }
}

#[test]
fn an_entry_that_was_there_before_the_socket_moves_its_first_flow_too() {
    let mut bench = Bench::new(&NatConfig { linux_conntrack_quirk: true, ..NatConfig::default() });
    bench.receive(A1P1, address("203.0.113.7:40000"));
    assert_ne!(bench.send(INSIDE, A1P1).port(), 40_000);
    assert_eq!(bench.send(INSIDE, A1P2).port(), 40_000);
}

#[test]
fn tcp_follows_the_rule_of_udp_or_of_the_connection() {
    let mut same = Bench::new(&NatConfig { ports: PortRule::Random, ..NatConfig::default() });
    let seen = |bench: &mut Bench, remote| bench.send_by(Protocol::Tcp, INSIDE, remote).1.source;
    assert_eq!(seen(&mut same, A1P1), seen(&mut same, A2P2));
    assert_ne!(seen(&mut same, A1P1), same.send(INSIDE, A1P1), "UDP and TCP have mappings of their own");
    let config = NatConfig { tcp_mapping: TcpMapping::ConnectionDependent, ..NatConfig::default() };
    let mut each = Bench::new(&config);
    assert_ne!(seen(&mut each, A1P1), seen(&mut each, A1P1));
    assert_eq!(each.send(INSIDE, A1P1), each.send(INSIDE, A2P2));
}

#[test]
fn policies_stop_one_protocol() {
    let config = NatConfig { udp: Policy::Reject, tcp: Policy::Drop, ..NatConfig::default() };
    let mut bench = Bench::new(&config);
    assert_eq!(
        bench.send_by(Protocol::Udp, INSIDE, A1P1).0,
        Passage::Reject("203.0.113.7".parse().unwrap(), FailureCode::Prohibited)
    );
    assert_eq!(bench.send_by(Protocol::Tcp, INSIDE, A1P1).0, Passage::Drop);
}

#[test]
fn an_icmp_error_passes_the_strictest_filter_and_only_for_a_mapping_that_is_there() {
    let mut bench = Bench::new(&NatConfig::default());
    let external = bench.send(INSIDE, A1P1);
    let mut error = packet(Protocol::Udp, external, address(A1P1))
        .unreachable(crate::evidence::FailureCode::ConnectionRefused, "192.0.2.99".parse().unwrap())
        .unwrap();
    assert!(bench.nat.inbound(bench.now, &mut error));
    assert_eq!((error.source, error.destination), (address(A1P1), address(INSIDE)));
    error.destination = address("203.0.113.7:9");
    assert!(!bench.nat.inbound(bench.now, &mut error));
}

#[test]
fn a_gateway_rewrites_only_what_it_recognizes() {
    let (external, inside) = (address("203.0.113.7:40000"), address(INSIDE));
    let mut message = vec![1, 1, 0, 24, 0x21, 0x12, 0xa4, 0x42];
    message.extend([7; 12]);
    message.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
    message.extend([0, 1, 0, 8]);
    message.extend(plain(external));
    message.extend([0x80, 0x2c, 0, 8]);
    message.extend(plain(external));
    let mut rewritten = message.clone();
    rewrite(&mut rewritten, MAPPED_ADDRESS, &plain(external), &plain(inside));
    assert_eq!(rewritten[32..40], plain(inside)[..]);
    assert_eq!((&rewritten[..32], &rewritten[40..]), (&message[..32], &message[40..]));
    let mut other = message.clone();
    rewrite(&mut other, MAPPED_ADDRESS, &plain(address("203.0.113.8:40000")), &plain(inside));
    assert_eq!(other, message);
    for length in 0..message.len() {
        rewrite(&mut message.clone()[..length], MAPPED_ADDRESS, &plain(external), &plain(inside));
    }
}

#[test]
fn two_in_a_row_filter_as_the_stricter_and_map_as_the_less_predictable() {
    let mut home = Bench::new(&NatConfig { external: vec!["100.64.0.9".parse().unwrap()], ..NatConfig::default() });
    let mut carrier = Bench::new(&NatConfig {
        ports: PortRule::Random,
        ..nat(Behavior::AddressAndPortDependent, Behavior::EndpointIndependent)
    });
    let mut seen = |remote: &str| {
        let between = home.send(INSIDE, remote).to_string();
        carrier.send(&between, remote)
    };
    let (first, second) = (seen(A1P1), seen(A2P2));
    assert_ne!(first, second);
    let between = carrier.receive(A1P2, first).unwrap();
    assert_eq!(home.receive(A1P2, between), None);
    assert_eq!(home.receive(A1P1, between), Some(address(INSIDE)));
}
