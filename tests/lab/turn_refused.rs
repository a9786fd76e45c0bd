//! `turn` where the server refuses: credentials, quotas, capacity, transports, redirections. No way is known to make coturn 4.6.1
//! answer an Allocate with 403: a server of a few lines does it.

use std::fs;
use std::time::Duration;

use crate::kit::coturn::{Coturn, NO_TLS, OTHER_TURN, PASSWORD, REST, SECRET, TURN, USER, USERS};
use crate::kit::turn_client::{allocate, rest_password};
use crate::kit::turn_run::{ALICE, world, world_behind};
use crate::kit::{ALPHA, Internet, nat, netns, servers, turn_script};
use crate::story;

const RIGHT: Option<(&str, &str)> = Some((USER, PASSWORD));

story! {
    fn nobody_asks_for_a_password() {
        let (net, coturn) = world(&format!("--no-auth {NO_TLS}"));
        assert!(coturn.truth(None).is_ok());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "open-relay", "degraded");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A wrong password and an unknown user look the same from outside.
    fn wrong_password_or_user() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        assert_eq!(coturn.truth(Some((USER, "wrong"))), Err(401));
        assert_eq!(coturn.truth(Some(("nobody", PASSWORD))), Err(401));
        fs::write("/run/wrong", "wrong").unwrap();
        for login in ["-u alice --password-file /run/wrong", "-u nobody --password-file /run/password"] {
            let run = net.turn(&format!("{login} -4 turn:198.51.100.33"));
            run.expect_diagnosis(0, "unknown-user-or-password", "failed");
            assert_eq!(run.step(0, "challenge"), "ok", "{run}");
            run.expect_stopped_at(0, "allocate");
            run.expect_code(1);
        }
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn credentials_expired() {
        let (net, coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "1600000000:alice";
        let password = rest_password(SECRET, name);
        assert_eq!(coturn.truth(Some((name, &password))), Err(401));
        fs::write("/run/rest", password).unwrap();
        let run = net.turn(&format!("-u {name} --password-file /run/rest -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "credentials-expired", "failed");
        assert_eq!(run.step(0, "credentials"), "failed", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// coturn 4.6.1 refuses an expiry that does not fit 31 bits, where one before 2038 is accepted.
    fn expiry_beyond_31_bits() {
        let (net, coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "4000000000:alice";
        let password = rest_password(SECRET, name);
        assert_eq!(coturn.truth(Some((name, &password))), Err(401));
        fs::write("/run/rest", password).unwrap();
        let run = net.turn(&format!("-u {name} --password-file /run/rest -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        assert_ne!(run.text("/results/0/diagnosis/code"), "secret-mismatch", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// coturn takes `user:expiry` as long as it has not expired; other servers do not.
    fn username_reversed() {
        let (net, coturn) = world(&format!("{REST} {NO_TLS}"));
        let valid = "alice:2000000000";
        assert!(coturn.truth(Some((valid, &rest_password(SECRET, valid)))).is_ok());
        let name = "alice:1600000000";
        let password = rest_password(SECRET, name);
        assert_eq!(coturn.truth(Some((name, &password))), Err(401));
        fs::write("/run/rest", password).unwrap();
        let run = net.turn(&format!("-u {name} --password-file /run/rest -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "username-reversed", "failed");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn another_secret() {
        let (net, coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "2000000000:alice";
        assert!(coturn.truth(Some((name, &rest_password(SECRET, name)))).is_ok());
        assert_eq!(coturn.truth(Some((name, &rest_password("south", name)))), Err(401));
        fs::write("/run/other-secret", "south").unwrap();
        let run = net.turn("--secret-file /run/other-secret --rest-user alice -4 turn:198.51.100.33");
        run.expect_diagnosis(0, "secret-mismatch", "failed");
        run.expect_stopped_at(0, "allocate");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn another_realm() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        let run = net.turn(&format!("{ALICE} --realm other.example -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "wrong-realm", "failed");
        run.expect("/results/0/realm", "lab.example");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Two realms on one server: who names none of them is asked for the first, where users of the second are unknown.
    fn second_realm() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        netns::tool("turnadmin", &format!("-a -b /run/turn.db -u bob -r second.example -p {PASSWORD}"));
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        assert_eq!(coturn.truth(Some(("bob", PASSWORD))), Err(401));
        let bob = "-u bob --password-file /run/password -4 turn:198.51.100.33";
        let run = net.turn(bob);
        run.expect_diagnosis(0, "unknown-user-or-password", "failed");
        assert!(run.text("/results/0/diagnosis/text").contains("lab.example"), "which realm\n{run}");
        let run = net.turn(&format!("--realm second.example {bob}"));
        run.expect_diagnosis(0, "wrong-realm", "failed");
        run.expect("/results/0/realm", "lab.example");
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn forbidden() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        turn_script::refuse(servers::BARE, 403);
        assert_eq!(allocate(servers::BARE.endpoint(), RIGHT, &[]).err(), Some(403));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65"));
        run.expect_diagnosis(0, "forbidden", "failed");
        assert_eq!(run.step(0, "challenge"), "ok", "{run}");
        run.expect_stopped_at(0, "allocate");
    }
}

story! {
    /// A server that relays over IPv6 only, and whoever does not ask for a family asks for IPv4 (RFC 8656 section 7.2).
    fn no_ipv4_relay() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --relay-ip=2001:db8:7::1"));
        assert_eq!(coturn.truth(RIGHT), Err(440));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        // Asked for IPv6 it grants it.
        run.expect_diagnosis(0, "unsupported-family", "degraded");
        let relayed = run.result(0)["relayed_address"].as_str().unwrap_or_default();
        assert!(relayed.starts_with("[2001:db8:7::1]:"), "{relayed}\n{run}");
        run.expect_released(0);
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Every port that the NAT has to give has an allocation already, of a client that left without a word.
    fn ports_with_allocations() {
        let ports = 50000..50008;
        let gateway = nat::few_ports(ports.start, ports.end - 1);
        let (net, coturn) = world_behind(gateway, &format!("{USERS} {NO_TLS} --max-allocate-lifetime=5"));
        let held: Vec<_> = ports.map(|_| allocate(TURN.endpoint(), RIGHT, &[]).unwrap_or_else(|code| panic!("{code}"))).collect();
        net.forget();
        assert_eq!(coturn.truth(RIGHT), Err(437));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "allocation-mismatch", "failed");
        // coturn does not even challenge
        run.expect_stopped_at(0, "challenge");
        // all are of the lab, and nobody can give them back from another port
        assert_eq!(coturn.allocations(), held.len());
        coturn.assert_no_allocation_left_after(Duration::from_secs(5));
    }
}

story! {
    /// One allocation per user, and somebody else has it.
    fn quota_reached() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --user-quota=1"));
        let held = allocate(TURN.endpoint(), RIGHT, &[]).unwrap_or_else(|_| panic!("the only one"));
        assert_eq!(coturn.truth(RIGHT), Err(486));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "quota-reached", "failed");
        run.expect_stopped_at(0, "allocate");
        held.release();
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// One relay port, and somebody else has it.
    fn no_port_left() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --min-port=50000 --max-port=50000"));
        let held = allocate(TURN.endpoint(), RIGHT, &[]).unwrap_or_else(|_| panic!("the only one"));
        assert_eq!(coturn.truth(RIGHT), Err(508));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "insufficient-capacity", "failed");
        run.expect_stopped_at(0, "allocate");
        held.release();
        coturn.assert_no_allocation_left();
    }
}

story! {
    fn no_udp_relay() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --no-udp-relay"));
        assert_eq!(coturn.truth(RIGHT), Err(442));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "unsupported-transport", "failed");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// coturn sends everybody elsewhere; `turn` goes there once, unless told not to.
    fn redirected() {
        let net = Internet::with(&[ALPHA, TURN, OTHER_TURN]).behind(nat::home_router());
        let gate = Coturn::start(TURN, &format!("{USERS} {NO_TLS} --alternate-server=203.0.113.66:3478"));
        let coturn = Coturn::start(OTHER_TURN, &format!("{USERS} {NO_TLS}"));
        assert_eq!(gate.truth(RIGHT), Err(300));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect("/results/0/redirected_from", "198.51.100.33:3478");
        run.expect("/results/0/address", "203.0.113.66:3478");
        let run = net.turn(&format!("{ALICE} -4 --no-follow turn:198.51.100.33"));
        run.expect_diagnosis(0, "redirected", "failed");
        gate.assert_no_allocation_left();
        coturn.assert_no_allocation_left();
    }
}
