use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::engine::Time;
use crate::server::random::Random;
use crate::server::{Answer, Fault, ServerConfig, Servers, Style, Welcome};
use crate::wire::{Change, Class, Message, Request, TransactionId, Transport};

const CLIENT: &str = "203.0.113.7:40000";
const A1P1: &str = "192.0.2.1:3478";
const A1P2: &str = "192.0.2.1:3479";
const A2P1: &str = "192.0.2.2:3478";
const A2P2: &str = "192.0.2.2:3479";
const ID: TransactionId = TransactionId(*b"transaction!");

fn config(faults: &[Fault]) -> ServerConfig {
    ServerConfig {
        name: "stun.example.net".into(),
        ipv4: Some(A1P1.parse().unwrap()),
        ipv4_alternate: Some(A2P2.parse().unwrap()),
        ipv6: Some("[2001:db8::1]:3478".parse().unwrap()),
        ipv6_alternate: Some("[2001:db8::2]:3479".parse().unwrap()),
        faults: faults.to_vec(),
        ..ServerConfig::default()
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ask_raw(server: &ServerConfig, to: &str, bytes: &[u8]) -> Vec<Answer> {
    let mut servers = Servers::new(std::slice::from_ref(server));
    servers.receive(Time::ZERO, Transport::Udp, address(CLIENT), address(to), bytes, &mut Random::new(1))
}

fn ask(server: &ServerConfig, to: &str, change: Change) -> Vec<Answer> {
    ask_raw(server, to, &Request::change(change).encode(ID))
}

/// The one answer, read, and where it came from.
fn answer(server: &ServerConfig, to: &str, change: Change) -> (SocketAddr, Message) {
    let answers = ask(server, to, change);
    assert_eq!(answers.len(), 1, "{:?}", server.faults);
    (answers[0].source, read(&answers[0]))
}

fn read(answer: &Answer) -> Message {
    Message::read(answer.bytes.as_ref().unwrap()).unwrap()
}

fn binding(faults: &[Fault]) -> (SocketAddr, Message) {
    answer(&config(faults), A1P1, Change::Nothing)
}

fn changed(faults: &[Fault]) -> (SocketAddr, Message) {
    answer(&config(faults), A1P1, Change::AddressAndPort)
}

#[test]
fn answers_come_from_where_table_1_of_rfc_5780_says() {
    for (to, other, port) in [(A1P1, A2P2, A1P2), (A1P2, A2P1, A1P1), (A2P1, A1P2, A2P2), (A2P2, A1P1, A2P1)] {
        for (change, from) in
            [(Change::Nothing, to), (Change::Empty, to), (Change::Port, port), (Change::AddressAndPort, other)]
        {
            let (source, message) = answer(&config(&[]), to, change);
            assert_eq!(source, address(from), "{to} {change:?}");
            assert_eq!((message.class, message.id), (Class::Success, ID));
            assert_eq!(message.other_address(), Some(address(other)));
            assert_eq!(message.response_origin(), Some(source));
            assert_eq!(message.mapped_address(), Some(address(CLIENT)));
            assert_eq!(message.xor_mapped_address(), Some(address(CLIENT)));
            assert_eq!(message.software().as_deref(), Some("nat-probe simulated server"));
            assert!(message.faults.is_empty(), "{:?}", message.faults);
        }
    }
}

#[test]
fn response_port_is_honored_ignored_or_refused() {
    let request =
        Request { change: Change::AddressAndPort, response_port: Some(55_555), ..Request::default() }.encode(ID);
    let plain = Request { change: Change::Nothing, response_port: Some(55_555), ..Request::default() }.encode(ID);
    let port = |server: &ServerConfig, bytes: &[u8]| ask_raw(server, A1P1, bytes)[0].destination.port();
    assert_eq!(port(&config(&[]), &request), 55_555);
    assert_eq!(port(&config(&[Fault::IgnoresResponsePort]), &request), 40_000);
    assert_eq!(port(&ServerConfig { response_port: false, ..config(&[]) }, &request), 40_000);
    let refusing = ServerConfig { style: Style::Rfc8489Plain, ..config(&[]) };
    let answers = ask_raw(&refusing, A1P1, &plain);
    assert_eq!((answers[0].destination.port(), read(&answers[0]).error().unwrap().0), (40_000, 420));
}

#[test]
fn plain_and_classic_servers_speak_their_own_language() {
    let plain = ServerConfig { style: Style::Rfc8489Plain, ..config(&[]) };
    let (_, message) = answer(&plain, A1P1, Change::Nothing);
    assert_eq!((message.mapped(), message.other_address()), (Some(address(CLIENT)), None));
    for change in [Change::Empty, Change::Port, Change::AddressAndPort] {
        let (source, message) = answer(&plain, A1P1, change);
        assert_eq!((source, message.class), (address(A1P1), Class::Error));
        assert_eq!((message.error().unwrap().0, message.unknown_attributes()), (420, vec![3]));
    }
    assert_eq!(ask(&plain, A2P2, Change::Nothing), [], "it has no second address");

    let classic = ServerConfig { style: Style::Rfc3489, ..config(&[]) };
    let (source, message) = answer(&classic, A1P1, Change::AddressAndPort);
    assert_eq!(source, address(A2P2));
    assert_eq!((message.mapped_address(), message.xor_mapped_address()), (Some(address(CLIENT)), None));
    assert_eq!(message.other_address(), Some(address(A2P2)));

    // A request of RFC 3489 has no magic cookie, and neither has its answer.
    let mut request = Request::default().encode(ID);
    request[4..8].copy_from_slice(b"1234");
    let message = read(&ask_raw(&config(&[]), A1P1, &request)[0]);
    assert_eq!((message.cookie, message.head, message.xor_mapped_address()), (false, *b"1234", None));
}

#[test]
fn without_a_second_address_change_request_is_refused() {
    let single = ServerConfig { ipv4_alternate: None, ..config(&[]) };
    let (_, message) = answer(&single, A1P1, Change::Port);
    assert_eq!(message.error().unwrap().0, 420);
    assert_eq!(answer(&single, A1P1, Change::Nothing).1.other_address(), None);
}

#[test]
fn faults_of_the_alternate_address() {
    assert_eq!(binding(&[Fault::NoOtherAddress]).1.other_address(), None);
    assert_eq!(binding(&[Fault::OtherSameIp]).1.other_address(), Some(address(A1P2)));
    assert_eq!(changed(&[Fault::OtherSameIp]).0, address(A1P2));
    assert_eq!(binding(&[Fault::PrivateAlternate]).1.other_address(), Some(address("10.0.0.2:3479")));

    let silent = |fault, to, change| ask(&config(&[fault]), to, change).is_empty();
    let expected = [
        (Fault::DeadAlternate, [true, false, true, true]),
        (Fault::DeadAlternatePath, [true, false, false, false]),
        (Fault::DeadAlternatePort, [true, true, false, true]),
    ];
    for (fault, [both, port, a2p1, a2p2]) in expected {
        assert_eq!(silent(fault, A1P1, Change::AddressAndPort), both, "{fault:?}");
        assert_eq!(silent(fault, A1P1, Change::Port), port, "{fault:?}");
        assert_eq!(silent(fault, A2P1, Change::Nothing), a2p1, "{fault:?}");
        assert_eq!(silent(fault, A2P2, Change::Nothing), a2p2, "{fault:?}");
        assert_eq!(binding(&[fault]).1.other_address(), Some(address(A2P2)), "{fault:?}");
    }
}

#[test]
fn faults_of_change_request() {
    let (source, message) = changed(&[Fault::IgnoresChangeRequest]);
    assert_eq!((source, message.class), (address(A1P1), Class::Success));
    assert_eq!(changed(&[Fault::Answers420]).1.error().unwrap().0, 420);
    assert_eq!(binding(&[Fault::Answers420]).1.class, Class::Success);
    let (source, message) = changed(&[Fault::WrongSource]);
    assert_eq!((source, message.response_origin()), (address("198.51.100.250:3479"), Some(address(A2P2))));
    assert_eq!(binding(&[Fault::WrongSource]).0, address(A1P1));
    assert_eq!(binding(&[Fault::WrongSourcePort]).0, address(A1P2));
    let jstun = config(&[Fault::RequiresChangeRequest]);
    assert!(ask(&jstun, A1P1, Change::Nothing).is_empty());
    assert_eq!(answer(&jstun, A1P1, Change::Empty).0, address(A1P1));
}

#[test]
fn faults_of_the_message() {
    assert_ne!(binding(&[Fault::WrongTransactionId]).1.id, ID);
    let (_, message) = binding(&[Fault::MappedAddressOnly]);
    assert_eq!((message.attributes().len(), message.mapped_address()), (1, Some(address(CLIENT))));
    assert!(!binding(&[Fault::NoCookie]).1.cookie);
    assert_eq!(binding(&[Fault::BadFingerprint]).1.fingerprint(), Some(false));
    assert!(binding(&[Fault::HostileSoftware]).1.software().unwrap().contains('\u{1b}'));
    let (_, message) = binding(&[Fault::TruncatedAttributes]);
    assert!(message.mapped().is_none() && !message.faults.is_empty());
    assert_eq!(binding(&[Fault::Error500]).1.error().unwrap().0, 500);
    assert_eq!(binding(&[Fault::WrongMapped]).1.mapped(), Some(address("198.51.100.250:7777")));
    let random = ask(&config(&[Fault::RandomBytes]), A1P1, Change::Nothing);
    assert!(random[0].bytes.as_ref().unwrap().len() >= 20);
}

#[test]
fn faults_of_the_whole_server() {
    assert!(ask(&config(&[Fault::Dead]), A1P1, Change::Nothing).is_empty());
    assert_eq!(ask(&config(&[Fault::Refused]), A1P1, Change::Nothing)[0].bytes, None);
    assert_eq!(ask(&config(&[]), "192.0.2.1:9", Change::Nothing)[0].bytes, None, "nothing listens there");
    assert!(ask(&config(&[]), "192.0.2.99:3478", Change::Nothing).is_empty(), "nobody is there");
    let copies = ask(&config(&[Fault::Duplicate]), A1P1, Change::Nothing);
    assert!(copies.len() == 2 && copies[0].bytes == copies[1].bytes && copies[0].delay < copies[1].delay);
    let late = ServerConfig { late_ms: 250.0, rtt_ms: 10.0, ..config(&[Fault::Late]) };
    assert_eq!(ask(&late, A1P1, Change::Nothing)[0].delay, Duration::from_millis(260));
    let servers =
        Servers::new(&[config(&[Fault::NoSuchName]), ServerConfig { name: "b.example".into(), ..config(&[]) }]);
    assert!(servers.named("stun.example.net").is_none());
    assert!(servers.named("B.example.").is_some());
}

#[test]
fn a_fault_with_a_probability_strikes_that_often() {
    let server = ServerConfig { sometimes: BTreeMap::from([(Fault::Dead, 0.25)]), ..config(&[]) };
    let (mut servers, mut random) = (Servers::new(&[server]), Random::new(4));
    let request = Request::default().encode(ID);
    let mut answers = 0;
    for _ in 0..4_000 {
        let now = Time::ZERO;
        answers += servers.receive(now, Transport::Udp, address(CLIENT), address(A1P1), &request, &mut random).len();
    }
    assert!((2_900..3_100).contains(&answers), "{answers}");
}

#[test]
fn a_welcome_depends_on_what_is_served() {
    let welcome = |server: ServerConfig, transport, to: &str| {
        Servers::new(&[server]).welcome(transport, address(to), &mut Random::new(1))
    };
    let secure = || ServerConfig { transports: vec![Transport::Tcp, Transport::Tls], ..config(&[]) };
    let datagrams = || ServerConfig { transports: vec![Transport::Udp], ..config(&[]) };
    let now = Duration::ZERO;
    assert_eq!(welcome(config(&[]), Transport::Tcp, A1P1), Welcome::Open(now));
    assert_eq!(welcome(config(&[]), Transport::Tls, A1P1), Welcome::NoTls(now));
    assert_eq!(welcome(config(&[]), Transport::Tls, "192.0.2.1:5349"), Welcome::Refused(now));
    assert_eq!(welcome(secure(), Transport::Tls, "192.0.2.1:5349"), Welcome::Open(now));
    assert_eq!(welcome(secure(), Transport::Tls, A2P2), Welcome::Open(now));
    assert_eq!(welcome(datagrams(), Transport::Tcp, A1P1), Welcome::Refused(now));
    assert_eq!(welcome(config(&[Fault::Refused]), Transport::Tcp, A1P1), Welcome::Refused(now));
    assert_eq!(welcome(config(&[Fault::Dead]), Transport::Tcp, A1P1), Welcome::Silent);
    assert_eq!(welcome(config(&[Fault::Http]), Transport::Tcp, A1P1), Welcome::Open(now));
    assert_eq!(welcome(config(&[]), Transport::Tcp, "192.0.2.77:80"), Welcome::Silent);
}

#[test]
fn configurations_that_cannot_be_are_named() {
    let problem = |server: ServerConfig| server.check().unwrap_err();
    assert_eq!(config(&[]).check(), Ok(()));
    assert!(problem(ServerConfig::default()).contains("`name` is missing"));
    assert!(problem(ServerConfig { name: "a:1".into(), ..config(&[]) }).contains("without port"));
    assert!(problem(ServerConfig { ipv4: None, ..config(&[]) }).contains("`ipv4_alternate` without `ipv4`"));
    let same = ServerConfig { ipv4_alternate: Some(A1P2.parse().unwrap()), ..config(&[]) };
    assert!(problem(same).contains("other-same-ip"));
    let often = ServerConfig { sometimes: BTreeMap::from([(Fault::Late, 1.5)]), ..config(&[]) };
    assert!(problem(often).contains("from 0 to 1"));
    assert!(problem(ServerConfig { rtt_ms: f64::NAN, ..config(&[]) }).contains("`rtt_ms`"));
}
