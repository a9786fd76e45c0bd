//! TURN servers in the network: what goes through a relay meets other servers, NATs and sockets.

use super::*;
use crate::sim::{Certificate, NatConfig, ServerConfig, TurnConfig, TurnFault};
use crate::wire::stun::relay;
use crate::wire::{Auth, Credential, Echo, Method, Relay, Secret, TurnAttribute};

const TURN: &str = "198.51.100.30:3478";
const STUN: &str = "192.0.2.10:3478";

/// Somebody with an allocation.
struct Caller {
    client: Client,
    socket: SocketId,
    server: String,
    relayed: SocketAddr,
}

fn scenario(faults: &[TurnFault]) -> Scenario {
    let mut scenario = Scenario::preset("turn-server").unwrap();
    scenario.servers[1].turn = Some(TurnConfig { faults: faults.to_vec(), ..TurnConfig::default() });
    scenario
}

/// The next message on a socket that is no report of a local address.
fn answer(client: &mut Client) -> Option<Vec<u8>> {
    client.all(1_000).into_iter().find_map(received).map(|(_, bytes)| bytes)
}

fn signed(method: Method, attributes: Vec<TurnAttribute>, challenge: &Message) -> Vec<u8> {
    let credential = Credential { username: "demo".into(), password: Secret::new("demo") };
    let echo = Echo {
        realm: challenge.realm().unwrap().to_vec(),
        nonce: challenge.nonce().unwrap().to_vec(),
        password_algorithms: None,
    };
    let auth = Auth {
        credential: 0,
        username: "demo".into(),
        realm: String::new(),
        algorithm: crate::wire::Algorithm::Md5,
        form: crate::wire::PasswordForm::AsTyped,
        anonymous: false,
        echo,
    };
    let request = Request { auth: Some(auth), ..Request::turn(method, attributes) };
    request.message(TransactionId([u8::try_from(method.number()).unwrap(); 12]), Some(&credential))
}

impl Caller {
    /// Opens, allocates, and permits the third party, the host's own public address and the relay's.
    fn new(scenario: &Scenario, transport: Transport, server: &str) -> Self {
        let mut client = Client::new(scenario);
        let socket = client.open(transport, server, vec![40_000], false);
        while !matches!(client.next(1_000), Some(Input::Opened { .. })) {}
        let mut caller = Self { client, socket, server: server.into(), relayed: address("0.0.0.0:0") };
        caller.relayed = caller.allocate(socket);
        caller
    }

    fn say(&mut self, socket: SocketId, bytes: Vec<u8>) -> Option<Message> {
        self.client.net.perform(Command::Send { socket, remote: address(&self.server), bytes });
        answer(&mut self.client).map(|bytes| Message::read(&bytes).unwrap())
    }

    fn allocate(&mut self, socket: SocketId) -> SocketAddr {
        let wish = vec![TurnAttribute::RequestedTransport(17)];
        let first = Request::turn(Method::Allocate, wish.clone()).message(TransactionId([1; 12]), None);
        let challenge = self.say(socket, first).unwrap();
        let made = self.say(socket, signed(Method::Allocate, wish, &challenge)).unwrap();
        let peers = ["192.0.2.10:0", "203.0.113.7:0", "198.51.100.30:0", "10.0.0.5:0"];
        let peers = peers.map(|peer| TurnAttribute::Peer(address(peer))).to_vec();
        let permitted = self.say(socket, signed(Method::CreatePermission, peers, &challenge)).unwrap();
        let bind = vec![TurnAttribute::Channel(0x4000), TurnAttribute::Peer(address("192.0.2.10:3478"))];
        assert_eq!((made.error(), permitted.error()), (None, None));
        if self.socket == socket && self.server != TURN {
            assert_eq!(self.say(socket, signed(Method::ChannelBind, bind, &challenge)).unwrap().error(), None);
        }
        made.relayed_addresses()[0]
    }

    /// Sends bytes through the relay.
    fn through(&mut self, socket: SocketId, peer: SocketAddr, bytes: &[u8]) {
        let bytes = relay::wrap(&Relay { peer, channel: None }, TransactionId([2; 12]), bytes, false);
        self.client.net.perform(Command::Send { socket, remote: address(&self.server), bytes });
    }

    /// What comes next, from where; out of its Data indication, where it is in one.
    fn next(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let (source, bytes) = self.client.all(1_000).into_iter().find_map(received)?;
        let inner = Message::read(&bytes)
            .ok()
            .and_then(|message| relay::data_indication(&message).map(|(peer, data)| (peer, data.to_vec())));
        Some(inner.unwrap_or((source, bytes)))
    }

    /// The address that a third party sees, asked through the relay.
    fn third_party(&mut self) -> Option<SocketAddr> {
        let binding = Request::default().encode(TransactionId([3; 12]));
        self.through(self.socket, address(STUN), &binding);
        let (source, bytes) = self.next()?;
        assert_eq!(source, address(STUN));
        Message::read(&bytes).ok()?.mapped()
    }

    /// What a plain socket of the same host gets from the relay, and the relay's client from it.
    fn plain(&mut self) -> (Option<SocketAddr>, bool) {
        let plain = self.client.udp(41_000);
        let mapped = self.client.mapped(plain, STUN).unwrap();
        // It opens its NAT for the relay first.
        self.client.net.perform(Command::Send { socket: plain, remote: self.relayed, bytes: b"inward".to_vec() });
        let inward = self.next().is_some_and(|(_, bytes)| bytes == b"inward");
        self.through(self.socket, mapped, b"outward");
        let outward = self.next().filter(|(_, bytes)| bytes == b"outward").map(|(source, _)| source);
        (outward, inward)
    }

    /// Whether data of one allocation reach another.
    fn across(&mut self) -> bool {
        let second = self.client.udp(42_000);
        let relayed = self.allocate(second);
        self.through(self.socket, relayed, b"across");
        self.next().is_some_and(|(source, bytes)| bytes == b"across" && source == self.relayed)
    }
}

fn udp(faults: &[TurnFault]) -> Caller {
    Caller::new(&scenario(faults), Transport::Udp, TURN)
}

#[test]
fn three_views_of_a_relay_tell_its_faults_apart() {
    let relayed = Some(address("198.51.100.30:0").ip());
    for (faults, third, outward, inward, across) in [
        (&[][..], relayed, true, true, true),
        (&[TurnFault::RangeClosed], None, true, false, true),
        (&[TurnFault::RangeFiltered], relayed, true, false, true),
        (&[TurnFault::HairpinDenied], relayed, true, true, false),
        (&[TurnFault::WrongExternal], relayed, false, false, false),
        (&[TurnFault::PrivateRelay], relayed, false, false, true),
        (&[TurnFault::RelayDead], None, false, false, false),
    ] {
        let mut caller = udp(faults);
        let seen = caller.third_party();
        assert_eq!(seen.map(|seen| seen.ip()), third, "{faults:?}");
        let (source, in_) = caller.plain();
        assert_eq!((source.is_some(), in_), (outward, inward), "{faults:?}");
        assert_eq!(caller.across(), across, "{faults:?}");
        let is_told = !faults.contains(&TurnFault::WrongExternal) && !faults.contains(&TurnFault::PrivateRelay);
        assert!(seen.is_none() || (seen == Some(caller.relayed)) == is_told, "{faults:?}");
        assert_eq!((caller.client.net.live_allocations(), caller.client.net.allocations_made()), (2, 2));
    }
}

#[test]
fn data_through_a_relay_take_both_ways_with_their_delays() {
    let mut scenario = scenario(&[]);
    scenario.servers[1].rtt_ms = 10.0;
    let mut caller = Caller::new(&scenario, Transport::Udp, TURN);
    let begin = caller.client.net.now();
    let binding = Request::default().encode(TransactionId([3; 12]));
    caller.through(caller.socket, address(STUN), &binding);
    while received(caller.client.next(1_000).unwrap()).is_none() {}
    assert_eq!(ms(caller.client.net.now()), ms(begin) + 50);
}

#[test]
fn streams_and_associations_relay_too_and_end_with_their_allocations() {
    for (transport, server) in [
        (Transport::Tcp, TURN),
        (Transport::Tls, "198.51.100.30:5349"),
        (Transport::Tls, TURN),
        (Transport::Dtls, "198.51.100.30:5349"),
    ] {
        let mut caller = Caller::new(&scenario(&[]), transport, server);
        if server == TURN {
            assert_eq!(caller.third_party(), Some(caller.relayed), "{transport:?}");
        } else {
            let way = Relay { peer: address(STUN), channel: Some(0x4000) };
            let binding = Request { padding: Some(5), ..Request::default() }.message(TransactionId([3; 12]), None);
            let bytes = relay::wrap(&way, TransactionId([0; 12]), &binding, transport.is_stream());
            let socket = caller.socket;
            caller.client.net.perform(Command::Send { socket, remote: address(server), bytes });
            let (_, bytes) = caller.next().unwrap();
            let (number, data) = relay::channel_data(&bytes).unwrap();
            assert_eq!((number, Message::read(data).unwrap().mapped()), (0x4000, Some(caller.relayed)));
        }
        assert_eq!(caller.client.net.live_allocations(), 1);
        caller.client.net.perform(Command::Close { socket: caller.socket });
        assert_eq!(caller.client.net.live_allocations(), 0, "{transport:?}");
    }
    let mut caller = udp(&[]);
    caller.client.net.perform(Command::Close { socket: caller.socket });
    assert_eq!(caller.client.net.live_allocations(), 1, "nobody hears that a UDP socket is closed");
    assert_eq!(caller.client.all(601_000), []);
    assert_eq!(caller.client.net.live_allocations(), 0);
}

/// What comes of opening a connection: what the handshake showed of the certificate, and the failure.
fn opened(
    transport: Transport,
    remote: &str,
    insecure: bool,
    change: impl FnOnce(&mut ServerConfig),
) -> (Option<Result<(), FailureCode>>, Option<FailureCode>) {
    let mut scenario = scenario(&[]);
    change(&mut scenario.servers[1]);
    let mut client = Client::new(&scenario);
    client.net = SimNetwork::new(&scenario, 1).with_insecure(insecure);
    let socket = client.open(transport, remote, Vec::new(), false);
    client.send(socket, remote, &Request::default());
    let inputs = client.all(200_000);
    let facts = inputs.iter().find_map(|input| match input {
        Input::Handshake { facts, .. } => Some(facts.problem.as_ref().map_or(Ok(()), |problem| Err(problem.code))),
        _ => None,
    });
    (facts, failures(&inputs).first().copied())
}

#[test]
fn certificates_fail_each_in_their_own_way() {
    let tls = |certificate, insecure| {
        opened(Transport::Tls, "198.51.100.30:5349", insecure, |server| server.certificate = certificate)
    };
    assert_eq!(tls(Certificate::Valid, false), (Some(Ok(())), None));
    assert_eq!(tls(Certificate::Inspected, false), (Some(Ok(())), None));
    for (certificate, code) in [
        (Certificate::NameMismatch, FailureCode::TlsNameMismatch),
        (Certificate::Expired, FailureCode::TlsExpired),
        (Certificate::SelfSigned, FailureCode::TlsUntrusted),
        (Certificate::Untrusted, FailureCode::TlsUntrusted),
        (Certificate::Intercepted, FailureCode::TlsUntrusted),
    ] {
        assert_eq!(tls(certificate, false), (Some(Err(code)), Some(code)), "{certificate:?}");
        assert_eq!(tls(certificate, true), (Some(Err(code)), None), "{certificate:?}");
    }
    let failed = (None, Some(FailureCode::TlsHandshakeFailed));
    assert_eq!(tls(Certificate::HandshakeFailed, false), failed);
    assert_eq!(tls(Certificate::HandshakeFailed, true), failed);
}

#[test]
fn ports_that_speak_something_else() {
    let plain = |server: &mut ServerConfig| server.transports = vec![Transport::Udp, Transport::Tcp];
    let outcome = |transport, remote: &str, change: fn(&mut ServerConfig)| opened(transport, remote, false, change).1;
    assert_eq!(outcome(Transport::Tls, TURN, plain), Some(FailureCode::NotTls));
    assert_eq!(outcome(Transport::Dtls, TURN, plain), Some(FailureCode::NoAnswer));
    assert_eq!(outcome(Transport::Dtls, TURN, |_| ()), None);
    let secure = "198.51.100.30:5349";
    assert_eq!(outcome(Transport::Tcp, secure, |_| ()), Some(FailureCode::ConnectionClosed));
    assert_eq!(outcome(Transport::Tcp, secure, |server| server.tls_alert = true), Some(FailureCode::NotStun));
}

#[test]
fn a_server_may_be_silent_over_udp_only() {
    let scenario = scenario(&[TurnFault::UdpDead]);
    let mut client = Client::new(&scenario);
    let socket = client.open(Transport::Udp, TURN, vec![40_000], false);
    assert_eq!(client.mapped(socket, TURN), None);
    assert!(Caller::new(&scenario, Transport::Tcp, TURN).third_party().is_some());
}

#[test]
fn a_relay_is_reached_through_every_nat() {
    for nats in [
        vec![],
        vec![NatConfig::default(), NatConfig { external: vec![address("203.0.113.8:1").ip()], ..NatConfig::default() }],
    ] {
        let scenario = Scenario { nats, ..scenario(&[]) };
        let mut caller = Caller::new(&scenario, Transport::Udp, TURN);
        assert_eq!(caller.third_party(), Some(caller.relayed));
    }
}
