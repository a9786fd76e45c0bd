//! Real sockets on the loopback interface: what the engine is told about what servers, closed ports and strangers do.

#[cfg(feature = "dtls")]
mod dtls;
mod names;
mod streams;
mod tls;
mod udp;

use std::net::SocketAddr;
use std::time::Duration;

use nat_probe::engine::{Command, Input, Network, SocketId, SocketSpec};
use nat_probe::evidence::Failure;
use nat_probe::net::{Config, RealNetwork};
use nat_probe::wire::Transport;

/// Far more than anything on loopback takes.
const LIMIT: Duration = Duration::from_secs(10);

const FIRST: SocketId = SocketId(1);
const SECOND: SocketId = SocketId(2);

fn network() -> RealNetwork {
    RealNetwork::new(Config::default()).unwrap()
}

fn spec(transport: Transport, remote: SocketAddr) -> SocketSpec {
    SocketSpec::new(transport, remote)
}

fn open(network: &mut RealNetwork, socket: SocketId, spec: SocketSpec) {
    network.perform(Command::Open { socket, spec });
}

fn send(network: &mut RealNetwork, socket: SocketId, remote: SocketAddr, bytes: &[u8]) {
    network.perform(Command::Send { socket, remote, bytes: bytes.to_vec() });
}

/// The first input that fits; those before it are left out.
fn expect<T>(network: &mut RealNetwork, what: &str, fits: impl Fn(&Input) -> Option<T>) -> T {
    let limit = network.now() + LIMIT;
    let mut others = Vec::new();
    while let Some(input) = network.wait(limit) {
        if let Some(found) = fits(&input) {
            return found;
        }
        others.push(input);
    }
    panic!("no {what}, but {others:?}");
}

fn opened(network: &mut RealNetwork, wanted: SocketId) -> SocketAddr {
    expect(network, "opened socket", |input| match input {
        Input::Opened { socket, local } if *socket == wanted => Some(*local),
        _ => None,
    })
}

fn received(network: &mut RealNetwork) -> (SocketAddr, Vec<u8>) {
    expect(network, "received message", |input| match input {
        Input::Received { source, bytes, .. } => Some((*source, bytes.clone())),
        _ => None,
    })
}

fn failed(network: &mut RealNetwork) -> (Option<SocketAddr>, Failure) {
    expect(network, "failure", |input| match input {
        Input::Failed { remote, failure, .. } => Some((*remote, failure.clone())),
        _ => None,
    })
}

/// A Binding request as a whole message of twenty bytes, told from others by a number.
fn message(number: u8) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend([number; 12]);
    bytes
}

#[cfg(not(feature = "dtls"))]
#[test]
fn a_build_without_dtls_says_so() {
    let mut network = network();
    open(&mut network, FIRST, spec(Transport::Dtls, "127.0.0.1:5349".parse().unwrap()));
    let (_, failure) = failed(&mut network);
    assert_eq!(failure.code, nat_probe::evidence::FailureCode::DtlsNotBuilt, "{}", failure.text);
}

/// Whether this system has IPv6 at all.
fn has_ipv6() -> bool {
    let there = std::net::UdpSocket::bind("[::1]:0").is_ok();
    if !there {
        eprintln!("skipped: this system has no IPv6 loopback address");
    }
    there
}

/// Another loopback address; macOS has the one only, until somebody adds others, and Wine sends from that whatever was bound to.
fn second_address() -> Option<std::net::Ipv4Addr> {
    let address = std::net::Ipv4Addr::new(127, 0, 0, 2);
    let sent_from = || {
        let socket = std::net::UdpSocket::bind((address, 0))?;
        socket.connect("127.0.0.1:9")?;
        socket.local_addr()
    };
    let there = sent_from().is_ok_and(|source| source.ip() == address);
    if !there {
        eprintln!("skipped: this system has no second loopback address");
    }
    there.then_some(address)
}
