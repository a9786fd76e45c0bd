//! `turn` against coturn that refuses for reasons which its answers hide, and what a browser makes of the same entry.

use std::fs;

use crate::kit::coturn::{Coturn, NO_TLS, OTHER_TURN, PASSWORD, REST, SECRET, TURN, USERS};
use crate::kit::net::{sent, watch};
use crate::kit::probe::Run;
use crate::kit::turn_client::rest_password;
use crate::kit::turn_run::{ALICE, world};
use crate::kit::{ALPHA, Internet, Net, nat};
use crate::story;

fn diagnosis(run: &Run, index: usize) -> String {
    let result = run.result(index);
    format!("{} {} {}", result["diagnosis"]["code"], result["diagnosis"]["text"], result["diagnosis"]["fix"])
}

/// Tests a configuration as an application has it.
fn configuration(net: &Net, document: &str, arguments: &str) -> Run {
    fs::write("/run/ice.json", document).unwrap();
    net.turn(&format!("-4 --ice-servers /run/ice.json {arguments}"))
}

/// One TURN entry with this login.
fn entry(user: &str, password: &str) -> String {
    serde_json::json!([{ "urls": "turn:198.51.100.33", "username": user, "credential": password }]).to_string()
}

story! {
    /// The relay address is not on the machine: coturn says "insufficient capacity".
    fn relay_address_of_another_machine() {
        let (net, _coturn) = world(&format!("{USERS} {NO_TLS} --relay-ip=203.0.113.77 --min-port=50000 --max-port=50019"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        assert!(diagnosis(&run, 0).contains("relay-ip"), "{run}");
    }
}
story! {
    /// coturn refuses user names with these characters: 400 to a signed Allocate.
    fn user_names_that_are_refused() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        for user in ["al ice", "al\"ice", "al\\ice", "alice'"] {
            let run = configuration(&net, &entry(user, PASSWORD), "");
            run.expect("/results/0/verdict", "failed");
            let said = diagnosis(&run, 0);
            assert!(!said.contains("very old") && !said.contains("protocol-error"), "{said}\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// A ceiling of the server's on each session: our own reference over the same 5-tuple is under it too.
    fn bandwidth_ceiling() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --max-bps=1000"));
        let run = net.turn(&format!("{ALICE} -4 --count 20 turn:198.51.100.33"));
        let said = diagnosis(&run, 0);
        assert!(!said.contains("path-lossy") && !said.contains("Wi-Fi"), "{said}\n{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// An expiry in milliseconds.
    fn expiry_in_milliseconds() {
        let (net, _coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "2000000000000:alice";
        let run = configuration(&net, &entry(name, &rest_password(SECRET, name)), "");
        run.expect("/results/0/verdict", "failed");
        assert_ne!(run.text("/results/0/diagnosis/code"), "unknown-user-or-password", "{run}");
        assert!(diagnosis(&run, 0).contains("milliseconds"), "{run}");
    }
}
story! {
    /// One allocation for a user, and browsers make several.
    fn one_allocation_for_a_user() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --user-quota=1"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        assert_eq!(run.step(0, "allocate"), "ok", "{run}");
        let remarked = run.at("/results/0/remarks").as_array().is_some_and(|remarks| !remarks.is_empty());
        assert!(run.text("/results/0/verdict") == "degraded" || remarked, "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// One relay port.
    fn one_relay_port() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --min-port=50000 --max-port=50000"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        assert_eq!(run.step(0, "allocate"), "ok", "{run}");
        let remarked = run.at("/results/0/remarks").as_array().is_some_and(|remarks| !remarks.is_empty());
        assert!(run.text("/results/0/verdict") == "degraded" || remarked, "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// A redirection into the network of the one who asks: a public server may not send him there.
    fn redirected_inside() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        Coturn::start(TURN, &format!("{USERS} {NO_TLS} --alternate-server=10.0.0.1:80"));
        watch("10.0.0.1");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        assert_eq!(sent(), 0, "{run}");
    }
}
story! {
    /// A public server whose relayed addresses lead inside: nothing is sent there either.
    fn relayed_address_inside() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS} --external-ip=10.0.0.1/198.51.100.33"));
        watch("10.0.0.1");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "relay-address-private", "failed");
        assert_eq!(sent(), 0, "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// A redirection to where the server is good.
    fn redirected_to_a_good_one() {
        let net = Internet::with(&[ALPHA, TURN, OTHER_TURN]).behind(nat::home_router());
        Coturn::start(TURN, &format!("{USERS} {NO_TLS} --alternate-server=203.0.113.66:3478"));
        let coturn = Coturn::start(OTHER_TURN, &format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "ok");
        let result = run.result(0).to_string();
        assert!(result.contains("203.0.113.66") , "whither\n{run}");
        coturn.assert_no_allocation_left();
    }
}

// ---- what a browser makes of it

// ---- TCP beside UDP
