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

fn keys() -> impl Strategy<Value = Key> {
    let turn = (any::<usize>(), transports(), families(), "[a-z0-9./-]{0,30}");
    prop_oneof![
        (nat_tests(), families()).prop_map(|(test, family)| test.over(family)),
        (any::<usize>(), discoveries()).prop_map(|(server, ask)| ask.of(server)),
        turn.prop_map(|(entry, transport, family, step)| Key::Turn(TurnKey { entry, transport, family, step })),
    ]
}

proptest! {
    #[test]
    fn every_key_is_read_back_as_itself(key in keys()) {
        prop_assert_eq!(&Key::from(&*key.to_string()), &key);
        let json = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
    }

    #[test]
    fn whatever_is_read_is_written_as_it_was(text in r"\PC{0,40}", changed in keys(), at in any::<prop::sample::Index>()) {
        prop_assert_eq!(Key::from(&*text).to_string(), text);
        // One letter less, as a hand that edits a report may leave it.
        let mut letters: Vec<char> = changed.to_string().chars().collect();
        letters.remove(at.index(letters.len()));
        let text: String = letters.into_iter().collect();
        prop_assert_eq!(Key::from(&*text).to_string(), text);
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
