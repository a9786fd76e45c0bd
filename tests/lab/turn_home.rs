//! A relay's views put in order: a TURN server at home, one whose third party is its own machine, one with nobody outside to ask.

use crate::kit::coturn::{CLOUD, CLOUD_PUBLIC, Coturn, NO_TLS, RELAY_RANGE_CLOSED, TURN, USERS, translated};
use crate::kit::front::{self, HIDDEN};
use crate::kit::probe::Run;
use crate::kit::servers::{Host, Service, endpoint};
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, BETA, Internet, Net, certs, nat, netns};
use crate::story;

/// A TURN server in the client's own network; the router's outside address leads to it.
const HOME: Host = Host { name: "home", v4: &["10.0.1.2"], v6: &[], service: Service::Nothing };
/// How coturn there is told.
const EXTERNAL: &str = "--external-ip=192.0.2.10/10.0.1.2";

/// A home router that forwards TURN's ports to the server, for those who come from outside.
fn forwarding() -> nat::Gateway {
    let nat::Gateway { lan, rules } = nat::home_router();
    let forward = "
table ip forwarding {
    chain inwards {
        type nat hook prerouting priority dstnat
        iifname wan meta l4proto { udp, tcp } th dport { 3478, 49152-65535 } dnat to 10.0.1.2
    }
}";
    nat::Gateway { lan, rules: rules + forward }
}

/// Without `--server`: nobody outside can be asked.
fn turn_without_third_party(net: &Net, arguments: &str) -> Run {
    std::fs::write("/run/password", crate::kit::coturn::PASSWORD).expect("a file");
    net.nat_probe(&format!("turn --json --count 0 {arguments}"))
}

fn diagnosis(run: &Run, index: usize) -> String {
    let result = run.result(index);
    format!("{} {} {}", result["diagnosis"]["code"], result["diagnosis"]["text"], result["diagnosis"]["fix"])
}

story! {
    /// From inside, the router does not bring packets to its outside address back; a third party sees exactly the relayed address,
    /// so external-ip is right and peers outside are served.
    fn at_home_without_hairpin() {
        let net = Internet::with(&[ALPHA, BETA]).behind(forwarding()).with_host_at_home(HOME);
        let coturn = Coturn::start(HOME, &format!("{USERS} {NO_TLS} {EXTERNAL}"));
        for uri in ["turn:10.0.1.2", "turn:10.0.1.2?transport=tcp"] {
            let run = net.turn(&format!("{ALICE} -4 {uri}"));
            assert_eq!(run.views(0)[0], "works", "the third party\n{run}");
            run.expect("/results/0/relay/seen_address", run.at("/results/0/relayed_address").clone());
            assert_ne!(run.text("/results/0/verdict"), "failed", "{run}");
            let said = diagnosis(&run, 0);
            assert!(!said.contains("correct external-ip") && !said.contains("mismatch"), "{said}\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// There, with a wrong external-ip: the third party sees it.
    fn at_home_with_a_wrong_address() {
        let net = Internet::with(&[ALPHA]).behind(forwarding()).with_host_at_home(HOME);
        Coturn::start(HOME, &format!("{USERS} {NO_TLS} --external-ip=203.0.113.99/10.0.1.2"));
        let run = net.turn(&format!("{ALICE} -4 turn:10.0.1.2"));
        run.expect_diagnosis(0, "relay-address-mismatch", "failed");
        assert!(run.text("/results/0/relay/seen_address").starts_with("192.0.2.10:"), "{run}");
    }
}
story! {
    /// There, with a router that forwards the listening port alone.
    fn at_home_with_relay_ports_closed() {
        let nat::Gateway { lan, rules } = forwarding();
        let rules = rules.replace("{ 3478, 49152-65535 }", "3478");
        let net = Internet::with(&[ALPHA]).behind(nat::Gateway { lan, rules }).with_host_at_home(HOME);
        Coturn::start(HOME, &format!("{USERS} {NO_TLS} {EXTERNAL}"));
        let run = net.turn(&format!("{ALICE} -4 turn:10.0.1.2"));
        // the router lets answers of those in who were sent to: a relay that speaks first works even so
        let said = diagnosis(&run, 0);
        assert!(!said.contains("correct external-ip") && !said.contains("mismatch"), "{said}\n{run}");
    }
}
story! {
    /// External-ip is wrong, and nobody outside can be asked: not the firewall's fault.
    fn wrong_address_and_nobody_to_ask() {
        let net = Internet::with(&[ALPHA, CLOUD]).behind(nat::home_router());
        translated();
        let coturn = Coturn::start(CLOUD, &format!("{USERS} {NO_TLS} --external-ip=203.0.113.99/10.9.0.2"));
        let run = net.nat_probe(&format!("turn --json --count 0 -4 --password-file /run/nothing -u alice --server 203.0.113.200 turn:{CLOUD_PUBLIC}"));
        assert_eq!(run.code, Some(2), "no such file\n{run}");
        std::fs::write("/run/password", crate::kit::coturn::PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --json --count 0 -4 {ALICE} --server 203.0.113.200 turn:{CLOUD_PUBLIC}"));
        let code = run.text("/results/0/diagnosis/code");
        assert!(["undetermined", "relay-address-mismatch"].contains(&code), "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// The third party is the TURN server's own second address: its firewall before the relay ports is not passed by that.
    fn third_party_on_the_same_machine() {
        let two = Host { v4: &["198.51.100.33", "198.51.100.34"], ..TURN };
        let net = Internet::with(&[two]).behind(nat::home_router());
        let coturn = Coturn::start(two, &format!("{USERS} {NO_TLS}"));
        netns::rules("turn", RELAY_RANGE_CLOSED);
        std::fs::write("/run/password", crate::kit::coturn::PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --json --count 0 -4 {ALICE} --server 198.51.100.34 turn:198.51.100.33"));
        assert_ne!(run.text("/results/0/verdict"), "ok", "{run}");
        assert!(!run.stdout.contains("answers from the internet reach"), "{run}");
        coturn.assert_no_allocation_left();
    }
}

/// A private network: server and client in it, nobody outside.
fn private_network(arguments: &str) -> (Net, Coturn) {
    let net = Internet::with(&[ALPHA]).behind(nat::home_router()).with_host_at_home(HOME);
    netns::tool("ip", "-n gateway link set wan down");
    let coturn = Coturn::start(HOME, &format!("{USERS} {arguments}"));
    (net, coturn)
}

story! {
    fn private_network_over_udp() {
        let (net, coturn) = private_network(NO_TLS);
        let run = turn_without_third_party(&net, &format!("-4 {ALICE} --server 198.51.100.1 turn:10.0.1.2"));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect_code(0);
        coturn.assert_no_allocation_left();
    }
}
story! {
    fn private_network_over_tcp() {
        let (net, coturn) = private_network(NO_TLS);
        let run = turn_without_third_party(&net, &format!("-4 {ALICE} --server 198.51.100.1 turn:10.0.1.2?transport=tcp"));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect_code(0);
        coturn.assert_no_allocation_left();
    }
}
story! {
    fn private_network_over_tls() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router()).with_host_at_home(HOME);
        netns::tool("ip", "-n gateway link set wan down");
        certs::make(&["10.0.1.2"], certs::Chain::Whole);
        let coturn = Coturn::start(HOME, &format!("{USERS} {}", certs::ARGUMENTS));
        let run = turn_without_third_party(&net, &format!("-4 {ALICE} --ca {} --server 198.51.100.1 turns:10.0.1.2", certs::AUTHORITY));
        run.expect_diagnosis(0, "ok", "ok");
        run.expect_code(0);
        coturn.assert_no_allocation_left();
    }
}

/// A proxy before a TURN server: coturn sees it and not its clients.
fn behind_a_proxy(arguments: &str) -> (Net, Coturn) {
    let net = Internet::with(&[ALPHA, HIDDEN]).behind(nat::home_router());
    front::inner_address(HIDDEN, "172.18.0.1");
    front::inner_address(HIDDEN, "172.18.0.2");
    let inner = Host { v4: &["172.18.0.2"], ..HIDDEN };
    let coturn = Coturn::start(inner, &format!("{USERS} {NO_TLS} --relay-ip=198.51.100.81 {arguments}"));
    front::proxy(HIDDEN, HIDDEN.endpoint(), [172, 18, 0, 1].into(), endpoint("172.18.0.2"));
    (net, coturn)
}

story! {
    /// The relay itself works; what is useless is the server-reflexive address that it tells.
    fn behind_a_udp_proxy() {
        let (net, coturn) = behind_a_proxy("");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.81"));
        assert_eq!(run.views(0)[0], "works", "{run}");
        assert_ne!(run.text("/results/0/verdict"), "inconclusive", "{run}");
        assert!(run.stdout.contains("172.18.0.1"), "the useless address is told\n{run}");
        assert_ne!(run.text("/results/0/diagnosis/code"), "ok", "a finding of its own\n{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// With private peers denied the permission for our own address must not be for the proxy's.
    fn behind_a_udp_proxy_with_private_peers_denied() {
        let (net, coturn) = behind_a_proxy("--denied-peer-ip=172.16.0.0-172.31.255.255");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.81"));
        assert_eq!(run.views(0), ["works"; 4], "{run}");
        assert!(run.stdout.contains("172.18.0.1"), "the useless address is told\n{run}");
        assert_ne!(run.text("/results/0/diagnosis/code"), "ok", "a finding of its own\n{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// The third party stands behind a load balancer and sees nobody's address: it says nothing of the relay's.
    fn third_party_behind_a_balancer() {
        let net = Internet::with(&[HIDDEN, TURN]).behind(nat::home_router());
        front::stun_inside(HIDDEN, "192.168.1.2");
        front::load_balancer(HIDDEN, HIDDEN.at(), "192.168.1.2", "192.168.1.1 fully-random");
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        std::fs::write("/run/password", crate::kit::coturn::PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --json --count 0 -4 {ALICE} --server 198.51.100.81 turn:198.51.100.33"));
        assert_ne!(run.text("/results/0/diagnosis/code"), "relay-address-mismatch", "{run}");
        assert_ne!(run.text("/results/0/verdict"), "failed", "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// The same with a third party that reports its own address.
    fn third_party_behind_a_proxy() {
        let net = Internet::with(&[HIDDEN, TURN]).behind(nat::home_router());
        front::stun_inside(HIDDEN, "172.18.0.2");
        front::proxy(HIDDEN, HIDDEN.endpoint(), [198, 51, 100, 81].into(), endpoint("172.18.0.2"));
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        std::fs::write("/run/password", crate::kit::coturn::PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --json --count 0 -4 {ALICE} --server 198.51.100.81 turn:198.51.100.33"));
        assert_ne!(run.text("/results/0/diagnosis/code"), "relay-address-mismatch", "{run}");
        assert_ne!(run.text("/results/0/verdict"), "failed", "{run}");
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// Of the relay ports only the one that is used first is open: what the second allocation is not sent from outside it does not get
    /// from the first one either, and that is no fault of its own.
    fn only_the_first_relay_port_is_open() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        let rules = "
table inet acl {
    set first {
        type inet_service
        flags dynamic
        size 1
    }
    chain output {
        type filter hook output priority filter
        udp sport 49152-65535 add @first { udp sport }
    }
    chain input {
        type filter hook input priority filter
        udp dport @first accept
        udp dport 49152-65535 drop
    }
}";
        netns::rules("turn", rules);
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "relay-range-closed", "degraded");
        coturn.assert_no_allocation_left();
    }
}
