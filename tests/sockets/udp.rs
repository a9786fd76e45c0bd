//! UDP sockets.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nat_probe::engine::{Command, Input, Network, SocketId, SocketSpec};
use nat_probe::evidence::FailureCode;
use nat_probe::net::{Config, RealNetwork};
use nat_probe::wire::Transport;

use super::{FIRST, SECOND, failed, has_ipv6, message, network, open, opened, received, second_address, send, spec};

/// A server that sends back what it gets, from the other socket if there is one; tells what it sent.
fn echo(address: &str, from: Option<UdpSocket>) -> (SocketAddr, Receiver<usize>) {
    let socket = UdpSocket::bind(address).unwrap();
    let local = socket.local_addr().unwrap();
    let (told, tell) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok((length, source)) = socket.recv_from(&mut buffer) {
            let answering = from.as_ref().unwrap_or(&socket);
            answering.send_to(&buffer[..length], source).unwrap();
            let _ = told.send(length);
        }
    });
    (local, tell)
}

/// An address where nothing listens.
fn closed(address: &str) -> SocketAddr {
    UdpSocket::bind(address).unwrap().local_addr().unwrap()
}

#[test]
fn an_answer_from_an_alternate_address_arrives_with_its_source() {
    let Some(alternate) = second_address().and_then(|address| UdpSocket::bind((address, 0)).ok()) else { return };
    let expected = alternate.local_addr().unwrap();
    let (server, _) = echo("127.0.0.1:0", Some(alternate));
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    let port = opened(&mut network, FIRST).port();
    send(&mut network, FIRST, server, &message(1));
    let source = SocketAddr::new([127, 0, 0, 1].into(), port);
    let local = Input::Local { socket: FIRST, remote: server, local: source };
    assert_eq!(
        network.wait(Duration::ZERO),
        Some(local),
        "the source address comes before everything that was sent led to"
    );
    assert_eq!(received(&mut network), (expected, message(1)));
}

#[test]
fn the_source_address_is_told_once_for_each_remote() {
    let (server, _) = echo("127.0.0.1:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    opened(&mut network, FIRST);
    for number in 1..=3 {
        send(&mut network, FIRST, server, &message(number));
    }
    assert!(matches!(network.wait(Duration::ZERO), Some(Input::Local { .. })));
    for number in 1..=3 {
        let limit = network.now() + super::LIMIT;
        assert_eq!(
            network.wait(limit),
            Some(Input::Received { socket: FIRST, source: server, bytes: message(number) })
        );
    }
}

#[test]
fn ipv6_works_alike() {
    if !has_ipv6() {
        return;
    }
    let (server, _) = echo("[::1]:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    send(&mut network, FIRST, server, &message(6));
    assert_eq!(received(&mut network), (server, message(6)));
}

#[test]
fn a_closed_port_refuses_and_does_not_harm_the_others() {
    let addresses: &[&str] = if has_ipv6() { &["127.0.0.1:0", "[::1]:0"] } else { &["127.0.0.1:0"] };
    for address in addresses {
        let nobody = closed(address);
        let (server, _) = echo(address, None);
        let mut network = network();
        open(&mut network, FIRST, spec(Transport::Udp, server));
        send(&mut network, FIRST, nobody, &message(1));
        // The refusal is pending on the socket by now; this must get out all the same.
        send(&mut network, FIRST, server, &message(2));
        let (remote, failure) = failed(&mut network);
        assert_eq!((remote, failure.code), (Some(nobody), FailureCode::ConnectionRefused), "{failure:?}");
        // Where no queue keeps who refused, the refusal is asked for, and comes after the answer.
        if cfg!(target_os = "linux") {
            assert_eq!(failure.by, Some(nobody.ip()));
            assert!(failure.text.contains("port unreachable"), "{}", failure.text);
            assert_eq!(received(&mut network), (server, message(2)));
        }
    }
}

#[test]
fn what_the_system_refuses_to_send_is_told() {
    // Broadcasts need a permission that these sockets never ask for.
    let remote = "127.255.255.255:3478".parse().unwrap();
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, remote));
    send(&mut network, FIRST, remote, &message(1));
    let (concerned, failure) = failed(&mut network);
    assert_eq!((concerned, failure.code), (Some(remote), FailureCode::Prohibited), "{failure:?}");
    assert!(failure.text.starts_with("send to 127.255.255.255:3478: "), "{}", failure.text);
}

#[test]
#[cfg(target_os = "linux")]
fn a_network_without_a_route_is_told() {
    // By the loopback interface nothing leads to a documentation prefix.
    let mut network = RealNetwork::new(Config { interface: Some("lo".into()), ..Config::default() }).unwrap();
    if !has_ipv6() || !network.notes().is_empty() {
        eprintln!("skipped: needs IPv6 and leave to bind to an interface: {:?}", network.notes());
        return;
    }
    let remote = "[2001:db8::1]:3478".parse().unwrap();
    open(&mut network, FIRST, spec(Transport::Udp, remote));
    send(&mut network, FIRST, remote, &message(1));
    let (concerned, failure) = failed(&mut network);
    assert_eq!((concerned, failure.code), (Some(remote), FailureCode::NetworkUnreachable), "{failure:?}");
}

#[test]
fn an_occupied_port_is_told_and_the_next_one_taken() {
    let occupied = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = occupied.local_addr().unwrap().port();
    let free = closed("0.0.0.0:0").port();
    let remote = "127.0.0.1:9".parse().unwrap();
    let mut network = network();
    let mut wish = spec(Transport::Udp, remote);
    wish.local_ports = vec![port];
    open(&mut network, FIRST, wish.clone());
    let (concerned, failure) = failed(&mut network);
    assert_eq!((concerned, failure.code), (None, FailureCode::BindFailed), "{failure:?}");
    wish.local_ports = vec![port, free];
    open(&mut network, SECOND, wish);
    assert_eq!(opened(&mut network, SECOND).port(), free);
}

#[test]
fn sending_on_a_dead_or_unknown_socket_is_harmless() {
    let occupied = UdpSocket::bind("0.0.0.0:0").unwrap();
    let remote = "127.0.0.1:9".parse().unwrap();
    let mut network = network();
    let mut wish = spec(Transport::Udp, remote);
    wish.local_ports = vec![occupied.local_addr().unwrap().port()];
    open(&mut network, FIRST, wish);
    failed(&mut network);
    send(&mut network, FIRST, remote, &message(1));
    send(&mut network, SECOND, remote, &message(1));
    network.perform(Command::Close { socket: SECOND });
    assert_eq!(network.wait(Duration::ZERO), None);
}

#[test]
fn nothing_is_heard_of_a_closed_socket() {
    let (server, echoed) = echo("127.0.0.1:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    send(&mut network, FIRST, server, &message(1));
    echoed.recv().unwrap();
    network.perform(Command::Close { socket: FIRST });
    assert_eq!(network.wait(Duration::ZERO), None);
}

#[test]
fn what_has_arrived_is_heard_even_when_the_time_is_over() {
    let (server, echoed) = echo("127.0.0.1:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    send(&mut network, FIRST, server, &message(1));
    echoed.recv().unwrap();
    let mut seen = Vec::new();
    while let Some(input) = network.wait(Duration::ZERO) {
        seen.push(input);
    }
    assert!(seen.iter().any(|input| matches!(input, Input::Received { .. })), "{seen:?}");
}

#[test]
fn waiting_ends_in_time() {
    let mut network = network();
    let until = network.now() + Duration::from_millis(20);
    assert_eq!(network.wait(until), None);
    assert!(network.now() >= until);
}

#[test]
fn the_largest_datagram_arrives_whole() {
    let (server, _) = echo("127.0.0.1:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    let large = vec![7; 65_507];
    send(&mut network, FIRST, server, &large);
    assert_eq!(received(&mut network).1.len(), large.len());
}

#[test]
fn two_hundred_servers_share_one_socket() {
    let (wildcard, _) = echo("0.0.0.0:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, wildcard));
    for number in 1..=200 {
        send(&mut network, FIRST, SocketAddr::from(([127, 0, 1, number], wildcard.port())), &message(number));
    }
    let mut answers: Vec<u8> = (0..200).map(|_| received(&mut network).1[8]).collect();
    answers.sort_unstable();
    assert_eq!(answers, (1..=200).collect::<Vec<u8>>());
}

#[test]
fn a_flood_on_one_socket_does_not_drown_another() {
    let (server, echoed) = echo("127.0.0.1:0", None);
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    let flooded = SocketAddr::new([127, 0, 0, 1].into(), opened(&mut network, FIRST).port());
    let attacker = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..20_000 {
        attacker.send_to(&[0xff; 1400], flooded).unwrap();
    }
    open(&mut network, SECOND, spec(Transport::Udp, server));
    send(&mut network, SECOND, server, &message(2));
    echoed.recv().unwrap();
    let answer = super::expect(&mut network, "answer on the other socket", |input| match input {
        Input::Received { socket: SECOND, bytes, .. } => Some(bytes.clone()),
        _ => None,
    });
    assert_eq!(answer, message(2));
}

#[test]
fn a_source_address_is_kept_to() {
    let (server, _) = echo("127.0.0.1:0", None);
    let source = IpAddr::from([127, 0, 0, 9]);
    let mut network = RealNetwork::new(Config { source: Some(source), ..Config::default() }).unwrap();
    open(&mut network, FIRST, spec(Transport::Udp, server));
    assert_eq!(opened(&mut network, FIRST).ip(), source);
    send(&mut network, FIRST, server, &message(1));
    let told = super::expect(&mut network, "local address", |input| match input {
        Input::Local { local, .. } => Some(local.ip()),
        _ => None,
    });
    assert_eq!(told, source);
}

#[test]
fn each_base_of_a_host_has_its_own_address() {
    let (server, _) = echo("127.0.0.1:0", None);
    let mut network = network();
    for (socket, address) in [(FIRST, [127, 0, 0, 5]), (SECOND, [127, 0, 0, 6])] {
        let wish = SocketSpec { local_address: Some(address.into()), ..spec(Transport::Udp, server) };
        open(&mut network, socket, wish);
        let bound = opened(&mut network, socket);
        assert_eq!(bound.ip(), IpAddr::from(address));
        send(&mut network, socket, server, &message(1));
        let told = super::expect(&mut network, "local address", |input| match input {
            Input::Local { socket: from, local, .. } if *from == socket => Some(*local),
            _ => None,
        });
        assert_eq!(told, bound);
        assert_eq!(received(&mut network).0, server);
    }
    let foreign = IpAddr::from([192, 0, 2, 77]);
    if UdpSocket::bind((foreign, 0)).is_ok() {
        eprintln!("skipped: this system sends from addresses that it does not have");
        return;
    }
    let wish = SocketSpec { local_address: Some(foreign), ..spec(Transport::Udp, server) };
    open(&mut network, SocketId(3), wish);
    assert_eq!(failed(&mut network).1.code, FailureCode::BindFailed);
}
