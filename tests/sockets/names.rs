//! Names, against a name server made here.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use nat_probe::engine::{Command, Input, Network};
use nat_probe::evidence::{Failure, FailureCode};
use nat_probe::net::{Config, RealNetwork};
use nat_probe::wire::{Family, Host, ServerSpec, Service, Transport};

use super::{expect, network};

/// What the name server does with one question.
enum Answer {
    Records(Vec<RData>),
    Code(ResponseCode),
    Silence,
}

/// A name server that answers by this rule.
fn name_server(rule: impl Fn(&str, RecordType) -> Answer + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, source)) = socket.recv_from(&mut buffer) {
            let request = Message::from_vec(&buffer[..length]).unwrap();
            let query = request.queries[0].clone();
            let mut response = Message::response(request.metadata.id, request.metadata.op_code);
            response.metadata.recursion_available = true;
            response.add_query(query.clone());
            let name = query.name().to_utf8().to_lowercase();
            match rule(name.trim_end_matches('.'), query.query_type()) {
                Answer::Silence => continue,
                Answer::Code(code) => response.metadata.response_code = code,
                Answer::Records(records) => {
                    for data in records {
                        response.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                    }
                }
            }
            socket.send_to(&response.to_vec().unwrap(), source).unwrap();
        }
    });
    local
}

fn v4(address: [u8; 4]) -> RData {
    RData::A(A(address.into()))
}

fn v6(last: u16) -> RData {
    RData::AAAA(AAAA([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into()))
}

fn srv(priority: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, 0, port, Name::from_ascii(target).unwrap()))
}

fn server(name: &str) -> ServerSpec {
    let host = Host::Name(name.into());
    ServerSpec {
        text: name.into(),
        host,
        port: None,
        uri: false,
        secure: false,
        service: Service::Stun,
        transports: None,
    }
}

fn uri(name: &str) -> ServerSpec {
    ServerSpec { uri: true, ..server(name) }
}

fn asking(name_server: SocketAddr) -> RealNetwork {
    let config =
        Config { name_servers: vec![name_server], lookup_timeout: Duration::from_millis(600), ..Config::default() };
    RealNetwork::new(config).unwrap()
}

fn resolve(network: &mut RealNetwork, spec: ServerSpec, transport: Transport) -> Result<Vec<SocketAddr>, Failure> {
    network.perform(Command::Resolve { server: 7, spec, transport });
    expect(network, "resolved name", |input| match input {
        Input::Resolved { server: 7, transport: answered, result } if *answered == transport => {
            Some(result.clone().map(|found| found.addresses))
        }
        _ => None,
    })
}

fn addresses(list: &[&str]) -> Vec<SocketAddr> {
    list.iter().map(|address| address.parse().unwrap()).collect()
}

#[test]
fn a_literal_needs_no_name_server_and_no_time() {
    let mut network = network();
    for (transport, secure, port, expected) in [
        (Transport::Udp, false, None, "192.0.2.1:3478"),
        (Transport::Tls, false, None, "192.0.2.1:5349"),
        (Transport::Tls, true, None, "192.0.2.1:5349"),
        (Transport::Tcp, false, Some(443), "192.0.2.1:443"),
    ] {
        let host = Host::Address([192, 0, 2, 1].into());
        let spec = ServerSpec { host, secure, port, ..server("as written") };
        network.perform(Command::Resolve { server: 3, spec, transport });
        let result = Ok(addresses(&[expected]).into());
        assert_eq!(network.wait(Duration::ZERO), Some(Input::Resolved { server: 3, transport, result }));
    }
}

#[test]
fn a_literal_of_a_family_that_is_left_out_has_no_address() {
    let mut network = RealNetwork::new(Config { families: vec![Family::Ipv6], ..Config::default() }).unwrap();
    let spec = ServerSpec { host: Host::Address(IpAddr::from([192, 0, 2, 1])), ..server("192.0.2.1") };
    assert_eq!(resolve(&mut network, spec, Transport::Udp).unwrap_err().code, FailureCode::NoAddress);
}

#[test]
fn localhost_is_known_without_a_name_server() {
    let silent = name_server(|_, _| Answer::Silence);
    let found = resolve(&mut asking(silent), server("localhost"), Transport::Udp).unwrap();
    assert!(found.contains(&"127.0.0.1:3478".parse().unwrap()), "{found:?}");
}

#[test]
fn both_families_are_found_and_take_turns() {
    let server_address = name_server(|_, kind| match kind {
        RecordType::A => Answer::Records(vec![v4([192, 0, 2, 1]), v4([192, 0, 2, 2])]),
        _ => Answer::Records(vec![v6(1)]),
    });
    let found = resolve(&mut asking(server_address), server("stun.example"), Transport::Udp).unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found.iter().map(SocketAddr::is_ipv6).collect::<Vec<_>>(), [false, true, false], "{found:?}");
}

#[test]
fn a_resolver_that_ignores_aaaa_does_not_hide_ipv4() {
    let server_address = name_server(|_, kind| match kind {
        RecordType::A => Answer::Records(vec![v4([192, 0, 2, 1])]),
        _ => Answer::Silence,
    });
    let found = resolve(&mut asking(server_address), server("stun.example"), Transport::Udp);
    assert_eq!(found, Ok(addresses(&["192.0.2.1:3478"])));
}

#[test]
fn the_ways_to_have_no_address_are_told_apart() {
    let ways: [(fn() -> Answer, FailureCode); 4] = [
        (|| Answer::Code(ResponseCode::NXDomain), FailureCode::NameNotFound),
        (|| Answer::Records(Vec::new()), FailureCode::NoAddress),
        (|| Answer::Code(ResponseCode::ServFail), FailureCode::ResolverFailed),
        (|| Answer::Silence, FailureCode::ResolverFailed),
    ];
    for (answer, code) in ways {
        let server_address = name_server(move |_, _| answer());
        let failure = resolve(&mut asking(server_address), server("stun.example"), Transport::Udp).unwrap_err();
        assert_eq!(failure.code, code, "{}", failure.text);
        assert!(failure.text.starts_with("look up stun.example: "), "{}", failure.text);
    }
}

#[test]
fn a_dead_name_server_is_told() {
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = resolve(&mut asking(nobody), server("stun.example"), Transport::Udp).unwrap_err();
    assert_eq!(failure.code, FailureCode::ResolverFailed, "{}", failure.text);
}

#[test]
fn a_uri_without_a_port_is_looked_up_by_its_service() {
    let server_address = name_server(|name, kind| match (name, kind) {
        ("_stun._udp.example.org", RecordType::SRV) => {
            Answer::Records(vec![srv(20, 3480, "b.example.org."), srv(10, 3479, "a.example.org.")])
        }
        ("_stuns._tcp.example.org", RecordType::SRV) => Answer::Records(vec![srv(0, 443, "a.example.org.")]),
        ("a.example.org", RecordType::A) => Answer::Records(vec![v4([192, 0, 2, 1])]),
        ("b.example.org", RecordType::A) => Answer::Records(vec![v4([192, 0, 2, 2])]),
        ("example.org", RecordType::A) => Answer::Records(vec![v4([192, 0, 2, 9])]),
        _ => Answer::Records(Vec::new()),
    });
    let mut network = asking(server_address);
    let mut found = |spec, transport| resolve(&mut network, spec, transport);
    assert_eq!(found(uri("example.org"), Transport::Udp), Ok(addresses(&["192.0.2.1:3479", "192.0.2.2:3480"])));
    assert_eq!(found(uri("example.org"), Transport::Tls), Ok(addresses(&["192.0.2.1:443"])));
    assert_eq!(
        found(uri("example.org"), Transport::Tcp),
        Ok(addresses(&["192.0.2.9:3478"])),
        "no records: the plain name"
    );
    assert_eq!(found(server("example.org"), Transport::Udp), Ok(addresses(&["192.0.2.9:3478"])), "no URI: no service");
    let with_port = ServerSpec { port: Some(99), ..uri("example.org") };
    assert_eq!(found(with_port, Transport::Udp), Ok(addresses(&["192.0.2.9:99"])), "a port: no service");
}

fn naptr(order: u16, flags: &str, services: &str, replacement: &str) -> RData {
    let text = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
    let replacement = Name::from_ascii(replacement).unwrap();
    RData::NAPTR(NAPTR::new(order, 10, text(flags), text(services), text(""), replacement))
}

#[test]
fn a_turn_uri_that_leaves_the_transport_open_follows_naptr_records() {
    // RFC 5928 figures 1 and 2, and a circle.
    let server_address = name_server(|name, kind| match (name, kind) {
        ("example.com", RecordType::NAPTR) => {
            Answer::Records(vec![naptr(100, "", "RELAY:turn.udp:turn.tcp:turn.tls", "example.net.")])
        }
        ("example.net", RecordType::NAPTR) => Answer::Records(vec![
            naptr(100, "", "RELAY:turn.udp", "datagram.example.net."),
            naptr(200, "", "RELAY:turn.tcp:turn.tls", "stream.example.net."),
        ]),
        ("datagram.example.net", RecordType::NAPTR) => Answer::Records(vec![
            naptr(90, "", "RELAY:turn.udp", "example.net."),
            naptr(100, "S", "RELAY:turn.udp", "_turn._udp.example.net."),
        ]),
        ("stream.example.net", RecordType::NAPTR) => Answer::Records(vec![
            naptr(100, "S", "RELAY:turn.tcp", "_turn._tcp.example.net."),
            naptr(200, "A", "RELAY:turn.tls", "a.example.net."),
        ]),
        ("_turn._udp.example.net", RecordType::SRV) => Answer::Records(vec![srv(0, 3478, "a.example.net.")]),
        ("_turn._tcp.example.net", RecordType::SRV) => Answer::Records(vec![srv(0, 5000, "a.example.net.")]),
        ("_turn._udp.example.com", RecordType::SRV) => Answer::Records(vec![srv(0, 3481, "a.example.net.")]),
        ("a.example.net", RecordType::A) => Answer::Records(vec![v4([192, 0, 2, 1])]),
        _ => Answer::Records(Vec::new()),
    });
    let mut network = asking(server_address);
    let mut found = |text: &str, transport| {
        let (spec, _) = ServerSpec::parse_turn(text).unwrap();
        resolve(&mut network, spec, transport)
    };
    assert_eq!(found("turn:example.com", Transport::Udp), Ok(addresses(&["192.0.2.1:3478"])));
    assert_eq!(found("turn:example.com", Transport::Tcp), Ok(addresses(&["192.0.2.1:5000"])));
    assert_eq!(found("turns:example.com", Transport::Tls), Ok(addresses(&["192.0.2.1:5349"])));
    assert_eq!(
        found("turn:example.com?transport=udp", Transport::Udp),
        Ok(addresses(&["192.0.2.1:3481"])),
        "the transport is named: SRV only"
    );
}

#[test]
fn naptr_records_that_nobody_answers_for_leave_the_service() {
    let server_address = name_server(|name, kind| match (name, kind) {
        (_, RecordType::NAPTR) => Answer::Silence,
        ("_turn._udp.example.org", RecordType::SRV) => Answer::Records(vec![srv(0, 3479, "a.example.org.")]),
        (_, RecordType::A) => Answer::Records(vec![v4([192, 0, 2, 9])]),
        _ => Answer::Records(Vec::new()),
    });
    let (spec, _) = ServerSpec::parse_turn("turn:example.org").unwrap();
    assert_eq!(resolve(&mut asking(server_address), spec, Transport::Udp), Ok(addresses(&["192.0.2.9:3479"])));
}

#[test]
fn a_domain_may_say_that_it_has_no_such_service() {
    let server_address = name_server(|_, kind| match kind {
        RecordType::SRV => Answer::Records(vec![srv(0, 0, ".")]),
        _ => Answer::Records(vec![v4([192, 0, 2, 9])]),
    });
    let failure = resolve(&mut asking(server_address), uri("example.org"), Transport::Udp).unwrap_err();
    assert_eq!(failure.code, FailureCode::NoAddress, "{}", failure.text);
}

#[test]
fn services_that_nobody_answers_for_leave_the_plain_name() {
    let server_address = name_server(|_, kind| match kind {
        RecordType::SRV => Answer::Silence,
        _ => Answer::Records(vec![v4([192, 0, 2, 9])]),
    });
    let found = resolve(&mut asking(server_address), uri("example.org"), Transport::Udp);
    assert_eq!(found, Ok(addresses(&["192.0.2.9:3478"])));
}

#[test]
fn many_names_are_looked_up_at_once() {
    let server_address = name_server(|_, kind| match kind {
        RecordType::A => Answer::Records(vec![v4([192, 0, 2, 1])]),
        _ => Answer::Records(Vec::new()),
    });
    let config = Config { name_servers: vec![server_address], ..Config::default() };
    let mut network = RealNetwork::new(config).unwrap();
    for number in 0..200 {
        let spec = server(&format!("s{number}.example"));
        network.perform(Command::Resolve { server: number, spec, transport: Transport::Udp });
    }
    let mut found: Vec<usize> = (0..200)
        .map(|_| {
            expect(&mut network, "resolved name", |input| match input {
                Input::Resolved { server, result: Ok(_), .. } => Some(*server),
                _ => None,
            })
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, (0..200).collect::<Vec<_>>());
}
