//! `ice gather` on a real kernel, against stund and coturn: one socket a base, a symmetric NAT, two interfaces, nothing left behind.

use std::time::Duration;

use nat_probe::evidence::Behavior;
use serde_json::Value;

use crate::kit::coturn::{Coturn, NO_TLS, PASSWORD, TURN, USERS};
use crate::kit::nat64;
use crate::kit::probe::Run;
use crate::kit::servers::BARE;
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, BETA, Internet, Net, nat, netns};
use crate::story;

/// Runs it against the STUN servers of the story, with what else is asked.
fn gather(net: &Net, arguments: &str) -> Run {
    std::fs::write("/run/password", PASSWORD).expect("a file");
    net.nat_probe(&format!("ice gather --json -4 --server {} --server {} {arguments}", ALPHA.at(), BETA.at()))
}

/// The candidates of a type that an agent would offer.
fn offered<'a>(run: &'a Run, kind: &str) -> Vec<&'a Value> {
    let all = run.at("/candidates").as_array().expect("candidates");
    all.iter().filter(|one| one["type"] == kind && one["redundant"].is_null()).collect()
}

story! {
    /// A home router: both servers see the one base alike, the second candidate is redundant; coturn relays and is given back.
    fn a_home_router_and_a_relay() {
        let net = Internet::with(&[ALPHA, BETA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        for (uri, over) in [("turn:198.51.100.33", "udp"), ("turn:198.51.100.33?transport=tcp", "tcp")] {
            let run = gather(&net, &format!("{ALICE} --turn {uri}"));
            run.expect_code(0);
            assert_eq!((offered(&run, "host").len(), offered(&run, "srflx").len()), (1, 1), "{run}");
            let (host, srflx) = (offered(&run, "host")[0], offered(&run, "srflx")[0]);
            assert_eq!(host["address"], "10.0.0.2", "{run}");
            assert_eq!(srflx["address"], "192.0.2.10", "{run}");
            assert_eq!(srflx["base"], format!("10.0.0.2:{}", host["port"]), "{run}");
            let relay = offered(&run, "relay");
            assert_eq!(relay.len(), 1, "{run}");
            assert_eq!((&relay[0]["address"], &relay[0]["relay_protocol"]), (&"198.51.100.33".into(), &over.into()), "{run}");
            coturn.assert_no_allocation_left();
        }
        let run = gather(&net, "-u alice --password-file /run/wrong --turn turn:198.51.100.33");
        run.expect_code(2);
        std::fs::write("/run/wrong", "not-that").expect("a file");
        let run = gather(&net, "-u alice --password-file /run/wrong --turn turn:198.51.100.33");
        run.expect_code(1);
        run.expect("/errors/0/icecandidateerror/errorCode", 401);
        run.expect("/errors/0/icecandidateerror/errorText", "Unauthorized.");
    }
}

story! {
    /// A symmetric NAT: one base, a candidate for each server.
    fn a_symmetric_nat_shows_two_reflexive_candidates_of_one_base() {
        let behavior = Behavior::AddressAndPortDependent;
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::nat(behavior, behavior));
        let run = gather(&net, "");
        run.expect_code(0);
        let srflx = offered(&run, "srflx");
        assert_eq!(srflx.len(), 2, "{run}");
        assert_eq!(srflx[0]["base"], srflx[1]["base"], "{run}");
        assert_ne!(srflx[0]["port"], srflx[1]["port"], "{run}");
        run.expect("/remarks/0/code", "several-mapped");
    }
}

story! {
    /// Two interfaces, each behind a gateway of its own: two bases, and what each is seen as by whom it reaches.
    fn two_interfaces_are_two_bases() {
        let net = Internet::with(&[ALPHA, BETA]).behind_two(nat::home_router(), nat::home_router(), &[BETA.at()]);
        // each source leaves by its own gateway, as hosts with several uplinks have it
        netns::tool("ip", "-n client rule add from 10.0.1.2 table 7");
        netns::tool("ip", "-n client route add default via 10.0.1.1 table 7");
        let run = gather(&net, "");
        run.expect_code(0);
        let mut hosts: Vec<&str> = offered(&run, "host").iter().filter_map(|one| one["address"].as_str()).collect();
        hosts.sort_unstable();
        assert_eq!(hosts, ["10.0.0.2", "10.0.1.2"], "{run}");
        let mut seen: Vec<&str> = offered(&run, "srflx").iter().filter_map(|one| one["address"].as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, ["192.0.2.10", "192.0.2.20"], "{run}");
    }
}

story! {
    /// Interrupted at any time, nothing is left on the server.
    fn an_interrupted_gathering_leaves_nothing() {
        let net = Internet::with(&[ALPHA, BETA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        std::fs::write("/run/password", PASSWORD).expect("a file");
        for ms in [0, 5, 10, 20, 40] {
            let running = net.start(&format!("ice gather --json -4 --server {} {ALICE} --turn turn:{}", ALPHA.at(), TURN.at()));
            running.interrupt_after(Duration::from_millis(ms));
            running.finish();
            coturn.assert_no_allocation_left();
        }
    }
}

story! {
    /// IPv6 alone: what its NAT64 shows of it to servers that are asked at their IPv4 addresses (RFC 8445 section 5.1.1.2).
    fn a_host_with_ipv6_alone_has_a_candidate_behind_nat64() {
        let net = Internet::with(&[ALPHA, BETA, BARE]).behind(nat::router());
        net.with_nat64();
        nat64::name_prefix(BARE);
        let run = net.nat_probe("ice gather --json --server 198.51.100.1 --server 203.0.113.1");
        let srflx = offered(&run, "srflx");
        assert!(offered(&run, "host").iter().all(|one| one["address"].as_str().is_some_and(|ip| ip.contains(':'))), "{run}");
        assert_eq!((srflx.len(), &srflx[0]["address"]), (1, &"192.0.2.10".into()), "{run}");
    }
}
