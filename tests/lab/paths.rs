//! Paths that UDP does not take, and hosts without one.

use std::net::TcpStream;
use std::time::Duration;

use crate::kit::netns::{tool, within};
use crate::kit::probe::Run;
use crate::kit::{ALPHA, BETA, Internet, Net, nat, prober, servers};
use crate::story;

const CLASSIFY: &str = "classify --json -4 --server 198.51.100.1 --server 203.0.113.1";

/// UDP to both servers goes nowhere, TCP to both works.
fn only_udp_is_dead(net: &Net) {
    within("client", || {
        for server in [ALPHA, BETA] {
            assert_eq!(prober::mapped(server.endpoint()), None, "UDP to {}", server.name);
            let tcp = TcpStream::connect_timeout(&server.endpoint(), Duration::from_secs(3));
            assert!(tcp.is_ok(), "TCP to {}: {tcp:?}", server.name);
        }
    });
    net.forget();
}

/// The verdict: blocked, everything else unknown, and TCP rows to prove it.
fn is_udp_blocked(run: &Run) {
    run.expect("/families/ipv4/connectivity", "udp-blocked");
    for part in ["mapping", "filtering"] {
        run.expect(&format!("/families/ipv4/{part}/behavior"), "inconclusive");
        assert!(!run.text(&format!("/families/ipv4/{part}/reason/code")).is_empty(), "{run}");
    }
    let blocked =
        run.at("/advice").as_array().is_some_and(|advice| advice.iter().any(|item| item["severity"] == "error"));
    assert!(blocked, "something to do is advised\n{run}");
    run.expect_code(0); // that UDP is blocked was measured
    // generous: the bar itself (3 s) is held on a quiet machine by benches/lab_speed.rs
    assert!(run.took < Duration::from_secs(6), "{run}");
}

story! {
    fn udp_dropped_while_tcp_passes() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::udp_dropped());
        only_udp_is_dead(&net);
        is_udp_blocked(&net.nat_probe(CLASSIFY));
    }
}

story! {
    /// With a word from the firewall there is no silence to wait for.
    fn udp_rejected_while_tcp_passes() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::udp_rejected());
        only_udp_is_dead(&net);
        let run = net.nat_probe(CLASSIFY);
        is_udp_blocked(&run);
        assert!(run.took < Duration::from_secs(3), "a refusal ends the wait early\n{run}");
        assert_eq!(run.server("198.51.100.1", "udp")["error"]["code"], "prohibited", "{run}");
    }
}

story! {
    /// One server may be down: from its silence nothing follows for UDP.
    fn one_dead_server_is_no_blocked_udp() {
        let net = Internet::with(&[]).swallowing("198.51.100.99").behind(nat::home_router());
        let run = net.nat_probe("classify --json -4 --server 198.51.100.99");
        run.expect("/families/ipv4/connectivity", "inconclusive");
        assert!(!run.text("/families/ipv4/reason/code").is_empty(), "{run}");
        run.expect_code(3);
    }
}

story! {
    /// Hosts that refuse, UDP and TCP alike, say that nothing listens there, and no more.
    fn servers_that_are_not_there() {
        let net = Internet::with(&[servers::BARE, servers::BARE_TOO]).behind(nat::home_router());
        let run = net.nat_probe("classify --json -4 --server 198.51.100.65 --server 203.0.113.65");
        run.expect("/families/ipv4/connectivity", "inconclusive");
        assert_eq!(run.server("198.51.100.65", "udp")["error"]["code"], "connection-refused", "{run}");
        assert!(run.took < Duration::from_secs(3), "a refusal ends the wait early\n{run}");
        run.expect_code(3);
    }
}

story! {
    /// The cable is in, and there is no way out: neither for IPv4 ...
    fn no_route() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        tool("ip", "-4 -n client route del default");
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
        run.expect("/families/ipv4/connectivity", "unavailable");
        assert_eq!(run.server("198.51.100.1", "udp")["error"]["code"], "network-unreachable", "{run}");
        assert!(run.took < Duration::from_secs(3), "nothing was waited for\n{run}");
        run.expect_code(3);
    }
}

story! {
    /// ... nor for IPv6, beside an IPv4 that works.
    fn no_ipv6_beside_a_good_ipv4() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        tool("ip", "-6 -n client route del default");
        let run = net.nat_probe("classify --json --server 198.51.100.1 --server [2001:db8:5::1]");
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv6/connectivity", "unavailable");
        run.expect_code(0);
    }
}

story! {
    /// A person reads a sentence, not a stack of errors.
    fn no_route_in_words() {
        let net = Internet::with(&[]).behind(nat::home_router());
        tool("ip", "-4 -n client route del default");
        let run = net.nat_probe("classify -4 --server 198.51.100.1");
        run.expect_code(3);
        assert!(run.stdout.contains("IPv4"), "the page names the family\n{run}");
        assert!(!run.stderr.contains("panicked"), "{run}");
    }
}
