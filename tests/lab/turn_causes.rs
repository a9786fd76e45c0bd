//! `turn` against coturn that refuses for reasons which its answers hide, and what a browser makes of the same entry.

use std::fs;

use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::kit::coturn::{Coturn, NO_TLS, OTHER_TURN, PASSWORD, REST, SECRET, TURN, USERS};
use crate::kit::names::{self, Record};
use crate::kit::net::{sent, watch};
use crate::kit::probe::Run;
use crate::kit::servers::BARE;
use crate::kit::turn_client::rest_password;
use crate::kit::turn_run::{ALICE, world};
use crate::kit::{ALPHA, Internet, Net, nat, netns};
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
        let ask = || net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        // it thinks for two seconds before it says so, and on a busy machine longer than anybody waits
        let run = (0..3).map(|_| ask()).find(|run| run.text("/results/0/diagnosis/code") != "protocol-error").expect("an answer");
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
    /// A password that is no HMAC in base64: hex, base64 of hex, without padding, the secret itself.
    fn passwords_in_other_forms() {
        let (net, _coturn) = world(&format!("{REST} {NO_TLS}"));
        let name = "2000000000:alice";
        let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).expect("any key");
        mac.update(name.as_bytes());
        let digest = mac.finalize().into_bytes();
        let hex = format!("{digest:x}");
        let base64 = base64::engine::general_purpose::STANDARD;
        for password in [hex.clone(), base64.encode(&hex), base64.encode(digest).trim_end_matches('=').to_owned(), SECRET.to_owned()] {
            let run = configuration(&net, &entry(name, &password), "");
            run.expect("/results/0/verdict", "failed");
            let said = format!("{} {}", diagnosis(&run, 0), run.at("/results/0/remarks"));
            assert!(said.contains("base64"), "what a password of that kind looks like: {said}\n{run}");
            assert!(!run.stdout.contains(&password), "the password is told\n{run}");
        }
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
    /// A redirection to a server that is not there.
    fn redirected_to_nobody() {
        let net = Internet::with(&[ALPHA, TURN, BARE]).behind(nat::home_router());
        Coturn::start(TURN, &format!("{USERS} {NO_TLS} --alternate-server=198.51.100.65:3478"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        let said = diagnosis(&run, 0);
        assert!(said.contains("198.51.100.65") && said.contains("198.51.100.33"), "by whom and whither: {said}\n{run}");
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
story! {
    /// `localhost` is two addresses, and the server listens at one.
    fn localhost_over_one_family() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router_with_ipv6());
        Coturn::start_on_localhost(&format!("{USERS} {NO_TLS}"));
        fs::write("/run/hosts", "127.0.0.1 localhost\n::1 localhost\n").unwrap();
        netns::tool("mount", "--bind /run/hosts /etc/hosts");
        fs::write("/run/password", PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --count 0 --json {ALICE} --server 203.0.113.200 turn:localhost"));
        run.expect_diagnosis(0, "one-family-fails", "degraded");
        assert!(run.text("/results/0/diagnosis/text").contains("IPv6"), "{run}");
        let page = net.nat_probe(&format!("turn --count 0 {ALICE} --server 203.0.113.200 turn:localhost"));
        assert!(!page.stdout.contains("0 of 1"), "it works over IPv4\n{page}");
    }
}

// ---- what a browser makes of it

story! {
    /// The name's SRV record leads to the real server, its address record to another: browsers ask for addresses only.
    fn only_srv_leads_to_the_server() {
        let net = Internet::with(&[ALPHA, TURN, BARE]).behind(nat::home_router());
        names::serve(BARE, &[
            ("example.net", Record::Address("198.51.100.65")),
            ("_turn._udp.example.net", Record::Service(3478, "turn.example.net")),
            ("turn.example.net", Record::Address("198.51.100.33")),
        ]);
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let document = serde_json::json!([{ "urls": "turn:example.net", "username": "alice", "credential": PASSWORD }]).to_string();
        let run = configuration(&net, &document, "");
        assert_ne!(run.text("/results/0/verdict"), "ok", "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// A port that browsers refuse for TURN.
    fn port_that_browsers_refuse() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let rules = "table ip port {\n chain in {\n type nat hook prerouting priority dstnat\n udp dport { 80, 443, 53, 123, 999 } dnat to 198.51.100.33:3478\n }\n}";
        netns::rules("turn", rules);
        for (port, verdict) in [(80, "ok"), (443, "ok"), (53, "ok"), (999, "degraded"), (123, "degraded")] {
            let document = serde_json::json!([{ "urls": format!("turn:198.51.100.33:{port}"), "username": "alice", "credential": PASSWORD }]).to_string();
            let run = configuration(&net, &document, "");
            run.expect("/results/0/verdict", verdict);
        }
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// STUN works and TURN does not: STUN never counts for `turn`.
    fn stun_does_not_count_for_turn() {
        let (net, _coturn) = world(&format!("{USERS} {NO_TLS}"));
        let stun = r#"[{ "urls": "stun:198.51.100.1" }]"#;
        let run = configuration(&net, stun, "--require turn=any");
        assert_eq!(run.code.map(|code| code == 0), Some(false), "{run}");
        run.expect("/results/0/kind", "stun");
        let both = r#"[{ "urls": "stun:198.51.100.1" }, { "urls": "turn:198.51.100.33", "username": "alice", "credential": "wrong" }]"#;
        let run = configuration(&net, both, "--require turn=any");
        run.expect_code(1);
        run.expect("/results/1/kind", "turn");
    }
}

// ---- TCP beside UDP

story! {
    /// A full cone for UDP whose TCP mappings are symmetric: not every peer connects directly over TCP.
    fn tcp_symmetric_beside_a_udp_full_cone() {
        use crate::kit::BETA;
        use nat_probe::evidence::Behavior::EndpointIndependent as Ei;
        let nat::Gateway { lan, rules } = nat::nat(Ei, Ei);
        let rules = rules.replace("oifname \"wan\" masquerade\n    }", "oifname \"wan\" masquerade fully-random\n    }");
        assert!(rules.contains("fully-random"));
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan, rules });
        let page = net.nat_probe("classify -4 --tcp --server 198.51.100.1 --server 203.0.113.1");
        assert!(!page.stdout.contains("- Every peer connects directly"), "{page}");
        assert!(page.stdout.contains("TCP"), "{page}");
    }
}
