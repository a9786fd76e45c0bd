//! Every key is written and read back as itself, and what is none of ours is kept as it was.

use std::net::SocketAddr;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn families() -> impl Strategy<Value = Family> {
    select(vec![Family::Ipv4, Family::Ipv6])
}

fn transports() -> impl Strategy<Value = Transport> {
    select(vec![Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls])
}

fn addresses() -> impl Strategy<Value = SocketAddr> {
    any::<(std::net::IpAddr, u16)>().prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn nat_tests() -> impl Strategy<Value = NatTest> {
    let points = || select(Point::ALL);
    let froms = || select(AnswerFrom::ALL);
    let steps = prop_oneof![
        Just(FilteringStep::Binding),
        (1u32..).prop_map(FilteringStep::BindingAgain),
        froms().prop_map(FilteringStep::Prime),
        (froms(), 1u32..).prop_map(|(from, round)| FilteringStep::Change(from, round)),
        froms().prop_map(FilteringStep::Plain),
    ];
    let ports = prop_oneof![any::<u8>().prop_map(FilteringPort::Fresh), Just(FilteringPort::Control)];
    let controls = prop_oneof![
        any::<usize>().prop_map(ControlKey::Rfc3489),
        any::<(usize, u16)>().prop_map(|(server, port)| ControlKey::OtherPort(server, port)),
        any::<usize>().prop_map(ControlKey::Again),
        any::<usize>().prop_map(ControlKey::Dns),
    ];
    prop_oneof![
        (select(Reach::ALL), any::<usize>()).prop_map(|(how, server)| NatTest::Reach(how, server)),
        controls.prop_map(NatTest::Control),
        (any::<usize>(), ports, steps).prop_map(|(server, port, step)| NatTest::Filtering { server, port, step }),
        (any::<usize>(), points()).prop_map(|(server, point)| NatTest::Mapping { server, point }),
        (any::<usize>(), 1usize..).prop_map(|(server, number)| NatTest::MappingAgain { server, number }),
        (any::<usize>(), points()).prop_map(|(server, point)| NatTest::MappingRepeated { server, point }),
        any::<usize>().prop_map(NatTest::Ports),
        select(HairpinStep::ALL).prop_map(NatTest::Hairpin),
        (any::<usize>(), points()).prop_map(|(server, point)| NatTest::Tcp { server, point }),
    ]
}

fn discoveries() -> impl Strategy<Value = Discovery> {
    let binding = (transports(), addresses(), any::<u32>(), any::<bool>());
    prop_oneof![
        binding.prop_map(|(transport, remote, number, empty_change_request)| Discovery::Binding {
            transport,
            remote,
            number,
            empty_change_request
        }),
        (select(Capability::ALL), addresses()).prop_map(|(step, remote)| Discovery::Capability(step, remote)),
    ]
}

fn turn_steps() -> impl Strategy<Value = TurnStep> {
    let third = || {
        let parts = any::<(usize, bool)>();
        parts.prop_map(|(number, empty_change_request)| ThirdParty { number, empty_change_request })
    };
    let roles = || select(SocketRole::ALL);
    let legs = || select(Leg::ALL);
    prop_oneof![
        select(ServerStep::ALL).prop_map(TurnStep::Server),
        select(DataStep::ALL).prop_map(TurnStep::Data),
        select(PlainBinding::ALL).prop_map(TurnStep::PlainBinding),
        third().prop_map(TurnStep::Control),
        third().prop_map(TurnStep::ThirdParty),
        (roles(), select(SocketStep::ALL)).prop_map(|(role, step)| TurnStep::On(role, step)),
        (roles(), any::<std::net::IpAddr>()).prop_map(|(role, peer)| TurnStep::Permit(role, peer)),
        (select(Renewal::ALL), any::<u32>()).prop_map(|(renewal, number)| TurnStep::Renewal(renewal, number)),
        (any::<u32>(), legs()).prop_map(|(number, leg)| TurnStep::KeepAlive(number, leg)),
        (select(Train::ALL), any::<u32>(), legs())
            .prop_map(|(train, number, leg)| TurnStep::Quality(train, number, leg)),
        any::<u32>().prop_map(TurnStep::Direct),
    ]
}

fn keys() -> impl Strategy<Value = Key> {
    let turn = (targets(), turn_steps(), 1u32..);
    prop_oneof![
        (nat_tests(), families()).prop_map(|(test, family)| test.over(family)),
        (any::<usize>(), discoveries()).prop_map(|(server, ask)| ask.of(server)),
        (any::<usize>(), select(GatewayStep::ALL)).prop_map(|(gateway, step)| step.of(gateway)),
        turn.prop_map(|(target, step, attempt)| Key::Turn(TurnKey { target, step, attempt })),
    ]
}

fn targets() -> impl Strategy<Value = TurnTarget> {
    let parts = (any::<usize>(), transports(), families(), any::<bool>());
    parts.prop_map(|(entry, transport, family, redirected)| TurnTarget { entry, transport, family, redirected })
}

fn sockets() -> impl Strategy<Value = SocketName> {
    let ports = prop_oneof![any::<u8>().prop_map(FilteringPort::Fresh), Just(FilteringPort::Control)];
    let own = keys().prop_filter_map("a socket of its own", |key| match key {
        Key::Nat(key) => Some(SocketName::Nat(key)),
        Key::Discover(key) => Some(SocketName::Discover(key)),
        Key::Gateway(key) => Some(SocketName::Gateway(key)),
        Key::Turn(_) | Key::Other(_) => None,
    });
    prop_oneof![
        (families(), select(FamilySocket::ALL)).prop_map(|(family, purpose)| SocketName::Family(family, purpose)),
        (families(), any::<usize>(), ports).prop_map(|(family, server, port)| SocketName::Filtering {
            family,
            server,
            port
        }),
        (any::<usize>(), addresses()).prop_map(|(server, remote)| SocketName::Capabilities(server, remote)),
        (targets(), select(SocketRole::ALL)).prop_map(|(target, role)| SocketName::Turn(target, role)),
        (transports(), any::<std::net::IpAddr>()).prop_map(|(transport, address)| SocketName::Base(transport, address)),
        own,
    ]
}

proptest! {
    #[test]
    fn every_socket_is_read_back_as_itself(name in sockets()) {
        prop_assert_eq!(&SocketName::from(&*name.to_string()), &name);
        let json = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(serde_json::from_str::<SocketName>(&json).unwrap(), name);
    }

    #[test]
    fn every_key_is_read_back_as_itself(key in keys()) {
        prop_assert_eq!(&Key::from(&*key.to_string()), &key);
        let json = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
    }

    #[test]
    fn whatever_is_read_is_written_as_it_was(text in r"\PC{0,40}", changed in keys(), at in any::<prop::sample::Index>()) {
        prop_assert_eq!(Key::from(&*text).to_string(), text.clone());
        prop_assert_eq!(SocketName::from(&*text).to_string(), text);
        // One letter less, as a hand that edits a report may leave it.
        let mut letters: Vec<char> = changed.to_string().chars().collect();
        letters.remove(at.index(letters.len()));
        let text: String = letters.into_iter().collect();
        prop_assert_eq!(Key::from(&*text).to_string(), text.clone());
        prop_assert_eq!(SocketName::from(&*text).to_string(), text);
    }
}

#[test]
fn the_words_of_reports_are_ours() {
    let filtering = |port, step| NatTest::Filtering { server: 0, port, step }.over(Family::Ipv4);
    let fresh = FilteringPort::Fresh(1);
    for (text, key) in [
        ("ipv4/reach/udp-empty-change-request/3", NatTest::Reach(Reach::EmptyChangeRequest, 3).over(Family::Ipv4)),
        ("ipv6/control/port/2/443", NatTest::Control(ControlKey::OtherPort(2, 443)).over(Family::Ipv6)),
        ("ipv4/filtering/0/1/address-and-port", filtering(fresh, FilteringStep::Change(AnswerFrom::AddressAndPort, 1))),
        ("ipv4/filtering/0/1/port-2", filtering(fresh, FilteringStep::Change(AnswerFrom::Port, 2))),
        ("ipv4/filtering/0/1/binding-again", filtering(fresh, FilteringStep::BindingAgain(1))),
        ("ipv4/mapping/0/primary-again-2", NatTest::MappingAgain { server: 0, number: 2 }.over(Family::Ipv4)),
    ] {
        assert_eq!((Key::from(text), key.to_string()), (key, text.to_owned()));
    }
}

#[test]
fn the_words_of_a_turn_test_are_ours() {
    let (transport, family) = (Transport::Udp, Family::Ipv4);
    let third = |number, empty_change_request| ThirdParty { number, empty_change_request };
    let on = TurnStep::On;
    let peer = "192.0.2.1".parse().unwrap();
    for (text, redirected, step, attempt) in [
        ("binding", false, ServerStep::Binding.into(), 1),
        ("redirected/a/login/2", true, on(SocketRole::First, SocketStep::Login), 2),
        ("a2/delete/3", false, on(SocketRole::FirstRetry, SocketStep::Delete), 3),
        ("b/delete/again", false, on(SocketRole::Second, SocketStep::DeleteAgain), 1),
        ("b/delete/2/again", false, on(SocketRole::Second, SocketStep::DeleteAgain), 2),
        ("sha-256/allocate", false, on(SocketRole::Sha256, SocketStep::Allocate), 1),
        ("a/permit/192.0.2.1", false, TurnStep::Permit(SocketRole::First, peer), 1),
        ("control/2", false, TurnStep::Control(third(2, false)), 1),
        ("x/third/0/empty-change-request", false, TurnStep::ThirdParty(third(0, true)), 1),
        ("x/default", false, PlainBinding::StunPort.into(), 1),
        ("to-b", false, DataStep::ToSecond.into(), 1),
        ("hold/refresh/3/2", false, TurnStep::Renewal(Renewal::Refresh, 3), 2),
        ("hold/17/back", false, TurnStep::KeepAlive(17, Leg::Back), 1),
        ("quality/payload/1200/out", false, TurnStep::Quality(Train::Payload, 1200, Leg::Out), 1),
        ("quality/direct/5", false, TurnStep::Direct(5), 1),
    ] {
        let text = format!("turn/0/udp/ipv4/{text}");
        let target = TurnTarget { entry: 0, transport, family, redirected };
        let key = Key::Turn(TurnKey { target, step, attempt });
        assert_eq!((Key::from(&*text), key.to_string()), (key, text));
    }
}

#[test]
fn the_words_of_sockets_are_ours() {
    let target = |redirected| TurnTarget { entry: 1, transport: Transport::Tls, family: Family::Ipv6, redirected };
    let family = |purpose| SocketName::Family(Family::Ipv4, purpose);
    let filtering = |port| SocketName::Filtering { family: Family::Ipv4, server: 2, port };
    let remote = "192.0.2.1:3478".parse().unwrap();
    for (text, name) in [
        ("ipv4/main", family(FamilySocket::Main)),
        ("ipv4/mapping-2", family(FamilySocket::SecondMapping)),
        ("ipv4/control", family(FamilySocket::Control)),
        ("ipv4/hairpin/x", family(FamilySocket::HairpinX)),
        ("ipv4/discover", family(FamilySocket::Discover)),
        ("ipv4/filtering/2/3", filtering(FilteringPort::Fresh(3))),
        ("ipv4/filtering/2/control", filtering(FilteringPort::Control)),
        ("ipv4/ports/5", SocketName::Nat(NatKey { family: Family::Ipv4, test: NatTest::Ports(5) })),
        ("discover/0/capabilities/192.0.2.1:3478", SocketName::Capabilities(0, remote)),
        ("turn/1/tls/ipv6/a", SocketName::Turn(target(false), SocketRole::First)),
        ("turn/1/tls/ipv6/redirected/x", SocketName::Turn(target(true), SocketRole::Plain)),
        ("base/udp/2001:db8::1", SocketName::Base(Transport::Udp, "2001:db8::1".parse().unwrap())),
        ("gateway/0/pcp-map", SocketName::Gateway(GatewayKey { gateway: 0, step: GatewayStep::PcpMap })),
    ] {
        assert_eq!((SocketName::from(text), name.to_string()), (name, text.to_owned()));
    }
    // An address or a number as others write it, and what is no socket's part.
    for text in ["", "base/udp/2001:DB8::1", "ipv4/filtering/02/1", "turn/0/udp/ipv4/binding", "test"] {
        assert_eq!(SocketName::from(text), SocketName::Other(text.to_owned()));
    }
}

#[test]
fn a_range_of_a_turn_test_leaves_the_packets_out() {
    let Key::Turn(target) = Key::from("turn/1/udp/ipv4/binding") else { panic!("a key of turn") };
    let key = |text: &str| Key::from(format!("turn/1/udp/ipv4/{text}").as_str());
    for text in ["binding", "refresh/4", "control/0", "a/delete/again", "b/permit/2001:db8::1/2", "to-a"] {
        assert!(target.dialog().contains(&key(text)) && !key(text).is_packet(), "{text}");
    }
    for text in ["hold/0/out", "quality/send/7/back", "quality/direct/0"] {
        assert!(!target.dialog().contains(&key(text)) && key(text).is_packet(), "{text}");
        assert!(target.all().contains(&key(text)), "{text}");
    }
    assert!(target.renewals(Renewal::Permit).contains(&key("hold/permit/9/2")));
    assert!(!target.renewals(Renewal::Permit).contains(&key("hold/permit-b/9")));
    for other in ["turn/1/udp/ipv6/binding", "turn/1/tcp/ipv4/to-a", "turn/1/udp/ipv4/redirected/binding"] {
        assert!(!target.all().contains(&Key::from(other)), "{other}");
    }
}

#[test]
fn what_is_not_written_as_we_write_it_is_kept() {
    for text in [
        "",
        "/",
        "ipv4",
        "ipv4/reach/udp/007",
        "ipv4/reach/udp/+7",
        "ipv4/reach/sctp/0",
        "ipv5/reach/udp/0",
        "ipv4/filtering/0/1/port-1",
        "ipv4/filtering/0/256/port",
        "ipv4/mapping/0/primary-again-1",
        "ipv4/reach/udp/0/more",
        "turn/0/udp/ipv4",
        "turn/00/udp/ipv4/binding",
        "turn/0/udp/ipv4/a/login/1",
        "turn/0/udp/ipv4/a/delete-again",
        "turn/0/udp/ipv4/c/login",
        "discover/0/udp/192.0.2.1/0",
    ] {
        assert_eq!(Key::from(text), Key::Other(text.to_owned()));
    }
}

#[test]
fn what_belongs_together_stands_together() {
    let range = NatKey::filtering(Family::Ipv4, 1);
    let of = |family, server, port, step| NatTest::Filtering { server, port, step }.over(family);
    let (port, last) = (FilteringPort::Fresh(2), FilteringStep::Plain(AnswerFrom::AddressAndPort));
    assert!(range.contains(&of(Family::Ipv4, 1, port, FilteringStep::Binding)));
    assert!(range.contains(&of(Family::Ipv4, 1, FilteringPort::Control, last)));
    assert!(!range.contains(&of(Family::Ipv4, 0, FilteringPort::Control, last)));
    assert!(!range.contains(&of(Family::Ipv4, 2, FilteringPort::Fresh(1), FilteringStep::Binding)));
    assert!(!range.contains(&of(Family::Ipv6, 1, port, FilteringStep::Binding)));
}
