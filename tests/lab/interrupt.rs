//! Ctrl-C in the middle: what was learnt so far is printed, and the exit code is 130.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::kit::netns::within;
use crate::kit::{Internet, Net, nat, servers};
use crate::story;

/// What both servers of these stories listen on.
const SILENT: &str = "198.51.100.65:3478";
const TERSE: &str = "203.0.113.65:3478";

/// A network with one server that never answers and one that answers a single question.
fn network() -> (Net, UdpSocket, UdpSocket) {
    let net = Internet::with(&[servers::BARE, servers::BARE_TOO]).behind(nat::home_router());
    let listen = |host, at| {
        let socket = within(host, || UdpSocket::bind(at)).expect("a free port");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        socket
    };
    (net, listen("bare", SILENT), listen("baretoo", TERSE))
}

/// The next question that a server hears.
fn question(server: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut packet = [0; 2048];
    let (length, source) = server.recv_from(&mut packet).expect("nat-probe asks every server");
    (packet[..length].to_vec(), source)
}

/// Answers a Binding request: MAPPED-ADDRESS and nothing else.
fn answer(server: &UdpSocket, (request, source): (Vec<u8>, SocketAddr)) {
    let SocketAddr::V4(mapped) = source else { panic!("IPv4 only") };
    let mut response = vec![1, 1, 0, 12];
    response.extend(&request[4..20]);
    response.extend([0, 1, 0, 8, 0, 1]);
    response.extend(mapped.port().to_be_bytes());
    response.extend(mapped.ip().octets());
    server.send_to(&response, source).expect("a way back");
}

story! {
    /// While nobody has answered there is little to tell, and that is told.
    fn while_all_servers_are_silent() {
        let (net, silent, _) = network();
        let running = net.start("classify --json -4 --server 198.51.100.65 --server 203.0.113.65");
        question(&silent);
        running.interrupt();
        let run = running.finish();
        run.expect_code(130);
        assert!(run.took < Duration::from_secs(2), "the wait is over at once\n{run}");
        run.expect("/stopped", "interrupted");
        run.expect("/families/ipv4/connectivity", "inconclusive");
        let asked = run.at("/evidence").as_array().map_or(0, Vec::len);
        assert!(asked >= 1, "what was asked is kept\n{run}");
    }
}

story! {
    /// One server has answered by then: its answer is shown.
    fn after_one_server_has_answered() {
        let (net, silent, terse) = network();
        let running = net.start("classify --json -4 --server 198.51.100.65 --server 203.0.113.65");
        answer(&terse, question(&terse));
        // the silent one is asked again only long after that answer has arrived
        question(&silent);
        question(&silent);
        running.interrupt();
        let run = running.finish();
        run.expect_code(130);
        run.expect("/stopped", "interrupted");
        let mapped = run.server("203.0.113.65", "udp")["mapped"].as_str().unwrap_or_default();
        assert!(mapped.starts_with(nat::WAN), "{run}");
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
    }
}

story! {
    /// The same for a person.
    fn in_words() {
        let (net, silent, _) = network();
        let running = net.start("classify -4 --server 198.51.100.65 --server 203.0.113.65");
        question(&silent);
        running.interrupt();
        let run = running.finish();
        run.expect_code(130);
        assert!(run.stdout.contains("IPv4"), "the page as far as it got\n{run}");
    }
}

story! {
    fn discover_is_no_different() {
        let (net, silent, terse) = network();
        let running = net.start("discover --json -4 --server 198.51.100.65 --server 203.0.113.65");
        answer(&terse, question(&terse));
        question(&silent);
        question(&silent);
        running.interrupt();
        let run = running.finish();
        run.expect_code(130);
        let mapped = run.server("203.0.113.65", "udp")["mapped"].as_str().unwrap_or_default();
        assert!(mapped.starts_with(nat::WAN), "{run}");
    }
}
