//! `turn` where the server is not reached, or is no TURN server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::kit::coturn::{Coturn, NO_TLS, PASSWORD, TURN, USER, USERS};
use crate::kit::names::{self, Record};
use crate::kit::netns::within;
use crate::kit::turn_client::SILENCE;
use crate::kit::turn_run::{ALICE, world, world_behind};
use crate::kit::{ALPHA, Internet, certs, nat, servers, turn_script};
use crate::story;

story! {
    /// UDP is dropped on the way: TCP and TLS to the same server work, and the diagnosis says to use them.
    fn udp_dropped() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::udp_dropped());
        certs::make(&["198.51.100.33"], certs::Chain::Whole);
        let coturn = Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS));
        assert_eq!(coturn.truth(Some((USER, PASSWORD))), Err(SILENCE));
        let uris = "turn:198.51.100.33 turn:198.51.100.33?transport=tcp turns:198.51.100.33";
        let run = net.turn(&format!("{ALICE} -4 --ca {} {uris}", certs::AUTHORITY));
        run.expect_diagnosis(0, "udp-blocked-use-tcp", "failed");
        run.expect_diagnosis(1, "ok", "ok");
        run.expect_diagnosis(2, "ok", "ok");
        run.expect_code(1);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A name that does not exist, and one that leads to the server by way of SRV and NAPTR (RFC 5928).
    fn names_good_and_bad() {
        let net = Internet::with(&[ALPHA, TURN, servers::BARE]).behind(nat::home_router());
        names::serve(servers::BARE, &[
            ("turn.example.net", Record::Address("198.51.100.33")),
            ("example.net", Record::Address("198.51.100.65")),
            ("_turn._udp.example.net", Record::Service(3478, "turn.example.net")),
            ("example.org", Record::Pointer("RELAY:turn.udp", "_turn._udp.example.net")),
        ]);
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 turn:nowhere.example.net turn:turn.example.net turn:example.net turn:example.org"));
        run.expect_diagnosis(0, "name-not-found", "failed");
        run.expect_stopped_at(0, "resolve");
        run.expect_diagnosis(1, "ok", "ok");
        run.expect_diagnosis(2, "ok", "ok");
        run.expect_diagnosis(3, "ok", "ok");
        for index in [2, 3] {
            run.expect(&format!("/results/{index}/address"), "198.51.100.33:3478");
        }
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Where nothing listens the kernel says so.
    fn refused() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65 turn:198.51.100.65?transport=tcp turns:198.51.100.65"));
        for index in 0..3 {
            run.expect_diagnosis(index, "connection-refused", "failed");
        }
        run.expect_code(1);
    }
}

story! {
    /// Nobody is there; that takes five seconds at most, and costs the server beside it nothing.
    fn nobody_there() {
        let net = Internet::with(&[ALPHA, TURN]).swallowing("198.51.100.99").behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.99 turn:198.51.100.99?transport=tcp turn:198.51.100.33"));
        run.expect_diagnosis(0, "no-answer", "failed");
        run.expect_diagnosis(1, "no-answer", "failed");
        run.expect_diagnosis(2, "ok", "ok");
        assert!(run.took < Duration::from_millis(5500), "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn stun_only() {
        let (net, coturn) = world(&format!("--stun-only {NO_TLS}"));
        assert_eq!(coturn.truth(Some((USER, PASSWORD))), Err(SILENCE), "{}", coturn.said());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "stun-only", "failed");
        assert_eq!(run.step(0, "binding"), "ok", "{run}");
        run.expect_stopped_at(0, "challenge");
        assert_eq!(coturn.allocations(), 0);
    }
}

story! {
    /// STUN servers that know no TURN and say so with 400 (stuntman) or 420 (libnice), and without a challenge.
    fn stun_only_and_said() {
        let net = Internet::with(&[ALPHA, servers::BARE, servers::BARE_TOO]).behind(nat::home_router());
        turn_script::refuse_at_once(servers::BARE, 400);
        turn_script::refuse_at_once(servers::BARE_TOO, 420);
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65 turn:203.0.113.65"));
        run.expect_diagnosis(0, "stun-only", "failed");
        run.expect_diagnosis(1, "stun-only", "failed");
    }
}

story! {
    /// A host without a scheme, over each transport asked for.
    fn plain_host_over_two_transports() {
        let (net, coturn) = world_behind(nat::home_router(), &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 --transport udp,tcp 198.51.100.33"));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect_diagnosis(1, "ok", "ok");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Something that takes connections and says nothing, whatever is said to it; that takes five seconds at most too.
    fn mute() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        let listener = within("bare", || TcpListener::bind("198.51.100.65:5349")).expect("a port in the cage");
        thread::spawn(move || listener.incoming().flatten().collect::<Vec<_>>());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65:5349?transport=tcp turns:198.51.100.65"));
        for index in 0..2 {
            run.expect_diagnosis(index, "no-answer", "failed");
            assert_eq!(run.step(index, "connect"), "ok", "{run}");
            assert!(run.text(&format!("/results/{index}/diagnosis/text")).contains("says nothing"), "{run}");
        }
        assert!(run.took < Duration::from_millis(5500), "{run}");
    }
}

story! {
    /// A web server on the port.
    fn web_server() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        let web = within("bare", || TcpListener::bind("198.51.100.65:80")).expect("port 80 in the cage");
        thread::spawn(move || {
            for mut visitor in web.incoming().flatten() {
                let _ = visitor.set_read_timeout(Some(Duration::from_millis(200)));
                let _ = visitor.read(&mut [0; 512]);
                let _ = visitor.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65:80?transport=tcp"));
        run.expect_diagnosis(0, "not-stun", "failed");
    }
}
