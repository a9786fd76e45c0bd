//! `turn` against coturn that works: transports, families, ways to log in, NATs.

use serde_json::Value;

use crate::kit::coturn::{CLOUD, CLOUD_PUBLIC, Coturn, NO_TLS, PASSWORD, REST, SECRET, TURN, USER, USERS, translated};
use crate::kit::probe::Run;
use crate::kit::turn_client::{allocate, rest_password};
use crate::kit::turn_run::{ALICE, world, world_behind};
use crate::kit::{ALPHA, Internet, certs, nat};
use crate::story;

/// Everything about an entry is as it should be.
fn expect_ok(run: &Run, index: usize) {
    run.expect_diagnosis(index, "ok", "ok");
    assert_eq!(run.views(index), ["works"; 4], "{run}");
    for step in
        ["binding", "challenge", "allocate", "relayed-address", "permission", "data", "channel", "refresh", "delete"]
    {
        assert_eq!(run.step(index, step), "ok", "{step}\n{run}");
    }
    assert!(run.result(index)["released"]["made"].as_u64().is_some_and(|made| made >= 1), "{run}");
}

/// The relayed address without its port.
fn relayed_ip(result: &Value) -> &str {
    result["relayed_address"].as_str().and_then(|address| address.rsplit_once(':')).map_or("", |(ip, _)| ip)
}

story! {
    fn over_udp() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        assert!(coturn.truth(Some((USER, PASSWORD))).is_ok());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        expect_ok(&run, 0);
        let result = run.result(0);
        assert_eq!(relayed_ip(result), "198.51.100.33", "{run}");
        assert_eq!([&result["transport"], &result["realm"]], ["udp", "lab.example"], "{run}");
        assert_eq!(result["lifetime_s"], 600, "{run}");
        run.expect("/command", "turn");
        run.expect_code(0);
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn over_tcp() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33?transport=tcp"));
        expect_ok(&run, 0);
        assert_eq!(run.step(0, "connect"), "ok", "{run}");
        assert_eq!(run.result(0)["transport"], "tcp", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn over_tls() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        certs::make(&["198.51.100.33"], certs::Chain::Whole);
        let coturn = Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS));
        let run = net.turn(&format!("{ALICE} -4 --ca {} turns:198.51.100.33", certs::AUTHORITY));
        expect_ok(&run, 0);
        assert_eq!([run.step(0, "connect"), run.step(0, "handshake")], ["ok", "ok"], "{run}");
        assert!(run.result(0)["tls"].is_object(), "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// All three at once, over IPv4 and IPv6, in one table.
    fn both_families_over_everything() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router_with_ipv6());
        certs::make(&["198.51.100.33", "2001:db8:7::1"], certs::Chain::Whole);
        let coturn = Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS));
        let uris = "turn:198.51.100.33 turn:198.51.100.33?transport=tcp turns:198.51.100.33 \
                    turn:[2001:db8:7::1] turn:[2001:db8:7::1]?transport=tcp turns:[2001:db8:7::1]";
        let run = net.turn(&format!("{ALICE} --ca {} {uris}", certs::AUTHORITY));
        for index in 0..6 {
            run.expect_diagnosis(index, "ok", "ok");
        }
        run.expect_code(0);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// `expiry:user` and its HMAC, made from the shared secret.
    fn with_a_shared_secret() {
        let (net, coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "2000000000:alice";
        assert!(coturn.truth(Some((name, &rest_password(SECRET, name)))).is_ok());
        let run = net.turn("--secret-file /run/secret --rest-user alice -4 turn:198.51.100.33");
        expect_ok(&run, 0);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Behind a symmetric NAT a relay is what helps: no plain socket of ours can be reached from anywhere, and the test does without.
    fn behind_a_symmetric_nat() {
        let (net, coturn) = world_behind(nat::fully_random(), &format!("{USERS} {NO_TLS}"));
        assert!(coturn.truth(Some((USER, PASSWORD))).is_ok());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33 turn:198.51.100.33?transport=tcp"));
        for index in 0..2 {
            run.expect_diagnosis(index, "ok", "ok");
            let [third, _, from, between] = run.views(index);
            assert_eq!([third, between], ["works"; 2], "{run}");
            assert_ne!(from, "fails", "what the NAT drops is no fault of the relay\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Behind a 1:1 translation coturn tells the public address if it is told to.
    fn in_a_cloud() {
        let net = Internet::with(&[ALPHA, CLOUD]).behind(nat::home_router());
        translated();
        let coturn = Coturn::start(CLOUD, &format!("{USERS} {NO_TLS} --external-ip={CLOUD_PUBLIC}/{}", CLOUD.at()));
        let run = net.turn(&format!("{ALICE} -4 turn:{CLOUD_PUBLIC}"));
        assert_eq!(relayed_ip(run.result(0)), CLOUD_PUBLIC, "{run}");
        assert_eq!(run.views(0)[0], "works", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// The server cuts what it is asked for.
    fn lifetime_limit() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --max-allocate-lifetime=30"));
        let held = allocate(TURN.endpoint(), Some((USER, PASSWORD)), &[]).unwrap_or_else(|_| panic!("an allocation"));
        assert_eq!(held.lifetime, 30);
        held.release();
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/lifetime_s", 30);
        run.expect_diagnosis(0, "short-lifetime", "degraded");
        coturn.assert_no_allocation_left();
    }
}
