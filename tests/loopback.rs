//! Real sockets on loopback give the simulator's answer: the binary, against a server with two addresses.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use assert_cmd::Command;
use nat_probe::wire::stun::attribute;
use nat_probe::wire::{Class, Message, Writer};
use serde_json::Value;

/// The four points of one server (RFC 5780 section 6): two addresses with two ports each.
struct Server {
    points: [[SocketAddr; 2]; 2],
}

impl Server {
    /// Serves until the test ends. Both addresses get the same two ports, whichever are free.
    fn start(addresses: [&str; 2]) -> Self {
        let bind = |address: &str, port: u16| UdpSocket::bind((address, port));
        let pair = |port| Some([bind(addresses[0], port).ok()?, bind(addresses[1], port).ok()?]);
        let mut free = std::iter::from_fn(|| {
            let [first, second] = pair(0)?;
            let port = first.local_addr().ok()?.port();
            drop(second);
            Some(bind(addresses[1], port).ok().map(|second| (first, second)))
        })
        .flatten();
        let (first, second) = (free.next().expect("free ports"), free.next().expect("free ports"));
        let sockets = Arc::new([[first.0, second.0], [first.1, second.1]]);
        let at = |address: usize, port: usize| sockets[address][port].local_addr().expect("bound");
        let points = [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]];
        for address in 0..2 {
            for port in 0..2 {
                let sockets = Arc::clone(&sockets);
                thread::spawn(move || serve(&sockets, address, port, points));
            }
        }
        Self { points }
    }

    /// One on loopback. macOS has one address there only, until somebody adds others; Wine sends from that whatever was bound to.
    fn with_two_addresses() -> Option<Self> {
        let sent_from = || {
            let second = UdpSocket::bind("127.0.0.2:0")?;
            second.connect("127.0.0.1:9")?;
            second.local_addr()
        };
        if sent_from().is_ok_and(|address| address.ip() == IpAddr::from([127, 0, 0, 2])) {
            return Some(Self::start(["127.0.0.1", "127.0.0.2"]));
        }
        println!("SKIPPED: this host has no second loopback address");
        None
    }

    fn primary(&self) -> String {
        self.points[0][0].to_string()
    }
}

/// Answers every Binding at one point, from the point that its CHANGE-REQUEST asks for (RFC 5780 table 1).
fn serve(sockets: &[[UdpSocket; 2]; 2], address: usize, port: usize, points: [[SocketAddr; 2]; 2]) {
    let mut buffer = [0; 1500];
    while let Ok((length, source)) = sockets[address][port].recv_from(&mut buffer) {
        let Ok(request) = Message::read(&buffer[..length]) else { continue };
        let (change_address, change_port) = request.change_request().unwrap_or_default();
        let (from_address, from_port) = (address ^ usize::from(change_address), port ^ usize::from(change_port));
        let mut client = source;
        if let Some(port) = request.response_port() {
            client.set_port(port);
        }
        let response = Writer::new(Class::Success, request.method, request.id, Some(request.head))
            .xor_address(attribute::XOR_MAPPED_ADDRESS, source)
            .address(attribute::MAPPED_ADDRESS, source)
            .address(attribute::RESPONSE_ORIGIN, points[from_address][from_port])
            .address(attribute::OTHER_ADDRESS, points[1 - address][1 - port])
            .finish();
        let _ = sockets[from_address][from_port].send_to(&response, client);
    }
}

fn run(arguments: &[&str]) -> Value {
    let output = Command::cargo_bin("nat-probe").expect("the binary").args(arguments).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

#[test]
fn loopback_is_as_open_as_the_simulated_public_host() {
    let Some(server) = Server::with_two_addresses() else { return };
    let real = run(&["classify", "--json", "-4", "--server", &server.primary()]);
    let simulated = run(&["classify", "--json", "-4", "--simulate", "public-host"]);
    assert_eq!(real["network"], "real");
    assert_eq!(simulated["network"], "simulated");
    for verdict in ["/connectivity", "/mapping/behavior", "/filtering/behavior", "/rfc3489_type", "/alg/detected"] {
        let at = |report: &Value| report["families"]["ipv4"].pointer(verdict).cloned();
        assert!(at(&simulated).is_some(), "{verdict}");
        assert_eq!(at(&real), at(&simulated), "{verdict}: {}", real["families"]["ipv4"]);
    }
}

#[test]
fn what_was_measured_is_judged_the_same_again() {
    let Some(server) = Server::with_two_addresses() else { return };
    let real = run(&["classify", "--json", "-4", "--hairpin", "--server", &server.primary()]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), real.to_string()).expect("it is written");
    let again = run(&["classify", "--json", "--from", file.path().to_str().expect("a plain path")]);
    assert_eq!(real["families"], again["families"]);
    assert_eq!(real["evidence"], again["evidence"]);
}

#[test]
fn ipv6_loopback_is_discovered() {
    if UdpSocket::bind("[::1]:0").is_err() {
        println!("SKIPPED: this host has no IPv6 loopback");
        return;
    }
    let socket = UdpSocket::bind("[::1]:0").expect("it was possible a moment ago");
    let at = socket.local_addr().expect("bound");
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, source)) = socket.recv_from(&mut buffer) {
            let Ok(request) = Message::read(&buffer[..length]) else { continue };
            let response = Writer::new(Class::Success, request.method, request.id, Some(request.head))
                .xor_address(attribute::XOR_MAPPED_ADDRESS, source)
                .finish();
            let _ = socket.send_to(&response, source);
        }
    });
    let report = run(&["discover", "--json", "-6", "--server", &at.to_string(), "--count", "3"]);
    assert_eq!(report["families"]["ipv6"]["public_addresses"][0], "::1");
    assert_eq!(report["families"]["ipv6"]["mapping"]["behavior"], "none");
    assert!(report["servers"][0]["rtt_ms"].is_number());
}
