use super::*;
use crate::sim::{Fault, NatConfig, Policy, PortRule, ServerConfig, TcpMapping};

const SERVER: &str = "192.0.2.10:3478";

fn client(nat: NatConfig, change: impl FnOnce(&mut ServerConfig)) -> Client {
    let mut scenario = Scenario { nats: vec![nat], ..Scenario::default() };
    change(&mut scenario.servers[0]);
    Client::new(&scenario)
}

fn on_tcp(client: &mut Client, remote: &str, port: u16) -> Option<SocketAddr> {
    let socket = client.open(Transport::Tcp, remote, vec![port], true);
    assert!(matches!(client.next(1_000), Some(Input::Opened { .. })));
    client.mapped(socket, remote)
}

#[test]
fn a_connection_takes_one_round_trip_and_each_answer_another() {
    let mut client = client(NatConfig::default(), |_| ());
    let socket = client.open(Transport::Tcp, SERVER, vec![40_000], false);
    client.send(socket, SERVER, &Request::default());
    assert_eq!(client.next(39), None);
    let local = address("192.168.1.23:40000");
    assert_eq!(client.next(1), Some(Input::Opened { socket, local }));
    let Some((source, bytes)) = client.next(40).and_then(received) else { panic!("no answer") };
    assert_eq!((source, ms(client.net.now())), (address(SERVER), 80));
    assert_eq!(Message::read(&bytes).unwrap().mapped(), Some(address("203.0.113.7:40000")));
}

#[test]
fn connections_share_a_port_to_different_remotes_only() {
    let mut client = client(NatConfig { ports: PortRule::Random, ..NatConfig::default() }, |_| ());
    let first = on_tcp(&mut client, SERVER, 40_000).unwrap();
    assert_eq!(on_tcp(&mut client, "192.0.2.11:3479", 40_000), Some(first));
    client.open(Transport::Tcp, SERVER, vec![40_000], true);
    assert_eq!(failures(&client.all(0)), [FailureCode::BindFailed]);
    client.open(Transport::Tcp, "192.0.2.11:3478", vec![40_000], false);
    assert_eq!(failures(&client.all(0)), [FailureCode::BindFailed]);
}

#[test]
fn connection_dependent_mapping_shows_for_the_same_remote() {
    let mut client = client(NatConfig { tcp_mapping: TcpMapping::ConnectionDependent, ..NatConfig::default() }, |_| ());
    let first = on_tcp(&mut client, SERVER, 40_000).unwrap();
    client.net.perform(Command::Close { socket: SocketId(client.sockets) });
    assert_ne!(on_tcp(&mut client, SERVER, 40_000), Some(first));
}

#[test]
fn refusals_silence_and_other_protocols_are_told_apart() {
    let outcome = |nat, transport, remote: &str, change: fn(&mut ServerConfig)| {
        let mut client = client(nat, change);
        let socket = client.open(transport, remote, Vec::new(), false);
        client.send(socket, remote, &Request::default());
        failures(&client.all(200_000))
    };
    let nat = NatConfig::default;
    let http = |server: &mut ServerConfig| server.faults = vec![Fault::Http];
    let dead = |server: &mut ServerConfig| server.faults = vec![Fault::Dead];
    let secure = |server: &mut ServerConfig| server.transports = vec![Transport::Tcp, Transport::Tls];
    assert_eq!(outcome(nat(), Transport::Tcp, SERVER, |_| ()), []);
    assert_eq!(outcome(nat(), Transport::Tcp, "192.0.2.10:80", |_| ()), [FailureCode::ConnectionRefused]);
    assert_eq!(outcome(nat(), Transport::Tcp, SERVER, dead), [FailureCode::NoAnswer]);
    assert_eq!(outcome(nat(), Transport::Tcp, SERVER, http), [FailureCode::NotStun]);
    assert_eq!(outcome(nat(), Transport::Tls, SERVER, |_| ()), [FailureCode::NotTls]);
    assert_eq!(outcome(nat(), Transport::Tls, "192.0.2.10:5349", secure), []);
    assert_eq!(outcome(nat(), Transport::Tcp, "192.0.2.10:5349", secure), [FailureCode::ConnectionClosed]);
    let policy = |tcp| NatConfig { tcp, ..NatConfig::default() };
    assert_eq!(outcome(policy(Policy::Drop), Transport::Tcp, SERVER, |_| ()), [FailureCode::NoAnswer]);
    assert_eq!(outcome(policy(Policy::Reject), Transport::Tcp, SERVER, |_| ()), [FailureCode::Prohibited]);
}

#[test]
fn tls_takes_two_round_trips_and_shows_its_certificate() {
    let mut client = client(NatConfig::default(), |server| server.transports = vec![Transport::Tls]);
    let socket = client.open(Transport::Tls, "192.0.2.10:5349", vec![40_000], false);
    assert_eq!(client.next(39), None);
    let local = address("192.168.1.23:40000");
    assert_eq!(client.next(1), Some(Input::Connected { socket, local }));
    assert_eq!(client.next(39), None);
    let Some(Input::Handshake { facts, .. }) = client.next(1) else { panic!("no handshake") };
    assert_eq!((facts.server_name.as_str(), facts.problem), ("stun1.example.net", None));
    assert_eq!(client.next(0), Some(Input::Opened { socket, local }));
}
