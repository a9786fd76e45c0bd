//! `turn` and what passes through coturn: how well, for how long, and what else coturn offers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kit::coturn::{Coturn, NO_TLS, OTHER_TURN, PASSWORD, USER, USERS};
use crate::kit::probe::Run;
use crate::kit::turn_client::{REQUESTED_IPV6, allocate};
use crate::kit::turn_run::{ALICE, world, world_behind};
use crate::kit::{ALPHA, Internet, nat};
use crate::story;

/// Each feature of the first entry with its status.
fn features(run: &Run) -> BTreeMap<String, String> {
    let features = run.at("/results/0/features").as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    features.iter().map(|one| (text(&one["name"]), text(&one["status"]))).collect()
}

fn expect_train(run: &Run, train: &str, sent: u64) {
    let train = run.at(&format!("/results/0/quality/{train}"));
    assert_eq!([&train["sent"], &train["received"]], [sent, sent], "{run}");
    let times = ["min_ms", "median_ms", "p95_ms", "max_ms"].map(|name| train[name].as_f64().expect("a time"));
    assert!(times.is_sorted() && times[0] > 0.0, "{times:?}\n{run}");
}

story! {
    /// Packets there and back, and how big they may be.
    fn quality() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        for transport in ["udp", "tcp"] {
            let run = net.turn(&format!("{ALICE} -4 --count 10 turn:198.51.100.33?transport={transport}"));
            run.expect_diagnosis(0, "ok", "ok");
            for train in ["indications", "channel", "direct"] {
                expect_train(&run, train, 10);
            }
            run.expect("/results/0/quality/path", "peer");
            run.expect("/results/0/quality/largest_payload", 1400);
            coturn.assert_no_allocation_left();
        }
    }
}

story! {
    /// Where UDP to the relay is blocked, the second allocation is the peer.
    fn quality_with_udp_blocked() {
        let (net, coturn) = world_behind(nat::udp_dropped(), &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 --count 10 turn:198.51.100.33?transport=tcp"));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect("/results/0/quality/path", "second-allocation");
        expect_train(&run, "indications", 10);
        expect_train(&run, "channel", 10);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A nonce is good for a second: five seconds take several, and nothing of it is a fault.
    fn nonces_that_go_stale() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --stale-nonce=1"));
        let run = net.turn(&format!("{ALICE} -4 --duration 5s turn:198.51.100.33"));
        run.expect_diagnosis(0, "ok", "ok");
        assert!(run.result(0)["hold"]["held_s"].as_f64().is_some_and(|held| held >= 4.0), "{run}");
        assert!(run.result(0)["hold"]["stale_nonces"].as_u64().is_some_and(|stale| stale >= 1), "{run}");
        assert!(run.result(0)["hold"]["hiccups"].is_null(), "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A server whose allocations last six seconds: they are renewed.
    fn lifetimes_that_are_renewed() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --max-allocate-lifetime=6"));
        let run = net.turn(&format!("{ALICE} -4 --duration 15s turn:198.51.100.33"));
        run.expect("/results/0/diagnosis/code", "short-lifetime");
        assert!(run.result(0)["hold"]["renewals"].as_u64().is_some_and(|renewals| renewals >= 4), "{run}");
        assert_eq!(run.result(0)["hold"]["sent"], run.result(0)["hold"]["received"], "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Permissions that last two seconds only, against RFC 8656 section 9: the way does not last, and that is told.
    fn permissions_that_do_not_last() {
        let limits = "--permission-lifetime=2 --channel-lifetime=2";
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} {limits}"));
        let run = net.turn(&format!("{ALICE} -4 --duration 10s turn:198.51.100.33"));
        run.expect_diagnosis(0, "allocation-lost", "failed");
        assert!(run.result(0)["hold"]["hiccups"].as_array().is_some_and(|hiccups| !hiccups.is_empty()), "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Ctrl-C while an allocation is kept: it is given back before the end.
    fn interrupted() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        let running = net.start_turn(&format!("{ALICE} -4 --duration 60s turn:198.51.100.33"));
        coturn.await_allocation();
        running.interrupt();
        let run = running.finish();
        run.expect_code(130);
        assert!(run.took < Duration::from_secs(5), "{run}");
        run.expect_released(0);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// All that coturn can do, each asked for on an allocation of its own.
    fn features_of_coturn() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --mobility"));
        let run = net.turn(&format!("{ALICE} -4 --features turn:198.51.100.33"));
        run.expect_diagnosis(0, "ok", "ok");
        let found = features(&run);
        for (name, status) in [
            ("ipv6-relay", "offered"),
            // coturn 4.6.1 knows ADDITIONAL-ADDRESS-FAMILY by the number of a draft (0x8032) and passes that of RFC 8656 over.
            ("both-families", "not-offered"),
            ("even-port", "offered"),
            ("reservation", "offered"),
            ("dont-fragment", "offered"),
            ("mobility", "offered"),
            ("tcp-relay", "offered"),
            ("sha-256", "not-offered"),
        ] {
            assert_eq!(found.get(name).map(String::as_str), Some(status), "{name}\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A server that relays over IPv4 only says so when asked for an IPv6 address.
    fn features_that_are_missing() {
        let net = Internet::with(&[ALPHA, OTHER_TURN]).behind(nat::home_router());
        let coturn = Coturn::start(OTHER_TURN, &format!("{USERS} {NO_TLS} --no-tcp-relay"));
        let refused = allocate(OTHER_TURN.endpoint(), Some((USER, PASSWORD)), &REQUESTED_IPV6);
        assert_eq!(refused.err(), Some(440));
        let run = net.turn(&format!("{ALICE} -4 --features turn:203.0.113.66"));
        run.expect_diagnosis(0, "ok", "ok");
        let found = features(&run);
        for (name, status) in [
            ("ipv6-relay", "not-offered"),
            ("both-families", "not-offered"),
            ("even-port", "offered"),
            ("mobility", "not-offered"),
            ("tcp-relay", "not-offered"),
        ] {
            assert_eq!(found.get(name).map(String::as_str), Some(status), "{name}\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}
