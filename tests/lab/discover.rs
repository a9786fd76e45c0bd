//! `discover`: what address do others see?

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::kit::netns::within;
use crate::kit::{ALPHA, BETA, Internet, OLD_TIMER, PLAIN, nat, servers};
use crate::story;

/// The host part of a row's mapped address.
fn mapped_ip(row: &Value) -> &str {
    row["mapped"].as_str().and_then(|mapped| mapped.rsplit_once(':')).map_or("", |(ip, _)| ip)
}

fn code(row: &Value) -> &str {
    row["error"]["code"].as_str().unwrap_or_default()
}

story! {
    /// New servers, an old one and a plain one all see the gateway's address.
    fn every_server_sees_the_gateway() {
        let net = Internet::with(&[ALPHA, BETA, PLAIN, OLD_TIMER]).behind(nat::home_router());
        let run = net.nat_probe(
            "discover --json -4 --server 198.51.100.1 --server 203.0.113.1:3478 --server stun:198.51.100.17 --server 203.0.113.33",
        );
        for address in ["198.51.100.1:", "203.0.113.1:", "198.51.100.17:", "203.0.113.33:"] {
            let row = run.server(address, "udp");
            assert_eq!(mapped_ip(row), nat::WAN, "{run}");
            assert!(row["rtt_ms"].as_f64().is_some_and(|rtt| rtt > 0.0 && rtt < 1000.0), "{run}");
            assert!(row["software"].is_string(), "{run}");
        }
        run.expect("/command", "discover");
        run.expect("/network", "real");
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
        assert!(run.at("/families/ipv6").is_null(), "IPv6 was not asked for\n{run}");
        run.expect_code(0);
        assert_eq!(run.stderr, "", "{run}");
    }
}

story! {
    fn both_families() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router_with_ipv6());
        let run = net.nat_probe("discover --json --server 198.51.100.1 --server [2001:db8:5::1]:3478");
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
        run.expect("/families/ipv6/public_addresses", vec!["2001:db8:1::2"]);
        assert_eq!(mapped_ip(run.server("[2001:db8:5::1]", "udp")), "[2001:db8:1::2]", "{run}");
        run.expect_code(0);
    }
}

story! {
    /// Where nothing listens the kernel there says so, over UDP and TCP alike; where nobody is, nobody says anything. Neither
    /// delays those who answer.
    fn refused_and_dead_servers() {
        let net = Internet::with(&[ALPHA, servers::BARE]).swallowing("198.51.100.99").behind(nat::home_router());
        let run = net.nat_probe(
            "discover --json -4 --transport udp,tcp --server 198.51.100.65 --server 198.51.100.99 --server 198.51.100.1",
        );
        assert_eq!(code(run.server("198.51.100.65:", "udp")), "connection-refused", "{run}");
        assert_eq!(code(run.server("198.51.100.65:", "tcp")), "connection-refused", "{run}");
        assert_eq!(code(run.server("198.51.100.99:", "udp")), "no-answer", "{run}");
        assert_eq!(mapped_ip(run.server("198.51.100.1:", "udp")), nat::WAN, "{run}");
        run.expect_code(0);
    }
}

story! {
    /// coturn over TCP sees the same gateway.
    fn over_tcp() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        let run = net.nat_probe("discover --json -4 --transport udp,tcp --server 198.51.100.1");
        assert_eq!(mapped_ip(run.server("198.51.100.1:", "udp")), nat::WAN, "{run}");
        assert_eq!(mapped_ip(run.server("198.51.100.1:", "tcp")), nat::WAN, "{run}");
        run.expect_code(0);
    }
}

story! {
    /// TCP gets through where UDP is dropped, and shows the address.
    fn over_tcp_where_udp_is_dropped() {
        let net = Internet::with(&[ALPHA]).behind(nat::udp_dropped());
        let run = net.nat_probe("discover --json -4 --transport udp,tcp --server 198.51.100.1");
        assert_eq!(code(run.server("198.51.100.1:", "udp")), "no-answer", "{run}");
        assert_eq!(mapped_ip(run.server("198.51.100.1:", "tcp")), nat::WAN, "{run}");
        run.expect_code(0);
    }
}

story! {
    /// A web server is told from a STUN server that is broken or silent.
    fn web_server_instead_of_a_stun_server() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        let web = within("bare", || TcpListener::bind("198.51.100.65:80")).expect("port 80 in the cage");
        thread::spawn(move || {
            for mut visitor in web.incoming().flatten() {
                let _ = visitor.set_read_timeout(Some(Duration::from_millis(200)));
                let _ = visitor.read(&mut [0; 512]);
                let _ = visitor.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let run = net.nat_probe("discover --json -4 --transport tcp --server 198.51.100.65:80 --server 198.51.100.1");
        assert_eq!(code(run.server("198.51.100.65:80", "tcp")), "not-stun", "{run}");
        assert_eq!(mapped_ip(run.server("198.51.100.1:", "tcp")), nat::WAN, "{run}");
        run.expect_code(0);
    }
}

story! {
    /// Nobody answers: that is no measurement.
    fn nobody_answers() {
        let net = Internet::with(&[]).swallowing("198.51.100.99").behind(nat::home_router());
        let run = net.nat_probe("discover --json -4 --server 198.51.100.99");
        assert_eq!(code(run.server("198.51.100.99:", "udp")), "no-answer", "{run}");
        run.expect_code(3);
    }
}

story! {
    /// Two exits by destination: the servers disagree, and both addresses are shown.
    fn servers_disagree_about_the_address() {
        let net = Internet::with(&[ALPHA, BETA, PLAIN, OLD_TIMER]).behind(nat::exit_by_destination());
        let run = net.nat_probe(
            "discover --json -4 --server 198.51.100.1 --server 198.51.100.2 --server 203.0.113.1 --server 203.0.113.2",
        );
        let [one, two, ..] = nat::WAN_POOL;
        let seen = run.at("/families/ipv4/public_addresses").as_array().cloned().unwrap_or_default();
        assert!(seen.len() == 2 && seen.iter().all(|address| address == one || address == two), "{run}");
        run.expect_code(0);
    }
}
