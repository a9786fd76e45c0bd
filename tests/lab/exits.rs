//! Several ways out of one network, and networks whose addresses only look public or private: no NAT is made of them.

use nat_probe::evidence::Behavior::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};

use crate::kit::netns::{self, tool};
use crate::kit::probe::Run;
use crate::kit::prober::Truth;
use crate::kit::{ALPHA, BETA, Internet, nat};
use crate::story;

const SERVERS: [&str; 2] = ["--server 198.51.100.1 --server 203.0.113.1", "--server 203.0.113.1 --server 198.51.100.1"];

/// Neither symmetric nor address-dependent: that is what it looks like only where the ways are taken for one.
fn no_symmetric_nat(run: &Run) {
    let mapping = run.text("/families/ipv4/mapping/behavior");
    assert!(!["address-dependent", "address-and-port-dependent"].contains(&mapping), "{run}");
}

/// The same, and it is said what there is.
fn several_exits(run: &Run) {
    no_symmetric_nat(run);
    assert!(run.stdout.contains("exit") || run.stdout.contains("interface") || run.stdout.contains("uplink"), "{run}");
}

story! {
    /// A host with two uplinks of its own: the way to the server's second address leaves by the other one.
    fn second_address_by_another_uplink() {
        let net = Internet::with(&[ALPHA, BETA]).behind_two(nat::home_router(), nat::home_router(), &["198.51.100.2"]);
        for servers in ["--server 198.51.100.1", SERVERS[0], SERVERS[1]] {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            no_symmetric_nat(&run);
            if servers == "--server 198.51.100.1" {
                several_exits(&run);
            } else {
                // the other server is reached by one way alone
                run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
                run.expect("/families/ipv4/filtering/behavior", "address-and-port-dependent");
            }
        }
    }
}
story! {
    /// A whole server by the other one: both are right about what they see.
    fn second_server_by_another_uplink() {
        let net = Internet::with(&[ALPHA, BETA]).behind_two(nat::home_router(), nat::home_router(), &["203.0.113.1", "203.0.113.2"]);
        for servers in SERVERS {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            several_exits(&run);
        }
    }
}
story! {
    /// A VPN for some destinations: no NAT there, one at home.
    fn one_uplink_without_a_nat() {
        let router = nat::Gateway { lan: nat::Lan::Private, rules: String::new() };
        let net = Internet::with(&[ALPHA, BETA]).behind_two(nat::home_router(), router, &["198.51.100.2"]);
        tool("ip", "-n internet route add 10.0.1.0/24 via 192.0.2.20");
        let run = net.nat_probe(&format!("classify --json -4 {}", SERVERS[0]));
        no_symmetric_nat(&run);
    }
}
story! {
    /// A pinned source keeps to one way.
    fn one_uplink_is_chosen() {
        let net = Internet::with(&[ALPHA, BETA]).behind_two(nat::home_router(), nat::fully_random(), &["198.51.100.2"]);
        let run = net.nat_probe(&format!("classify --json -4 --interface eth0 {}", SERVERS[0]));
        run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
        run.expect("/families/ipv4/filtering/behavior", "address-and-port-dependent");
    }
}

story! {
    /// A router with two exits, chosen by destination: two destination addresses share an endpoint, which no address-dependent
    /// mapping would let them.
    fn two_exits_by_destination() {
        let net = Internet::with(&[ALPHA, BETA]).behind(exits_by_map(["198.51.100.1", "203.0.113.1"]));
        net.truth(ALPHA, Truth::nat(Ad, Apd));
        for servers in SERVERS {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            run.expect("/families/ipv4/connectivity", "nat");
            several_exits(&run);
        }
    }
}
story! {
    /// The same where each server is seen whole by one exit.
    fn two_exits_by_server() {
        let net = Internet::with(&[ALPHA, BETA]).behind(exits_by_map(["203.0.113.1", "203.0.113.2"]));
        net.truth(ALPHA, Truth::nat(Ei, Apd));
        for servers in SERVERS {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            run.expect("/families/ipv4/connectivity", "nat");
            several_exits(&run);
        }
    }
}
story! {
    /// Each exit with ports of its own, the same for every destination behind it.
    fn two_exits_with_ports_of_their_own() {
        let [one, two, ..] = nat::WAN_POOL;
        let rules = format!(
            "
table ip translation {{
    chain out {{
        type nat hook postrouting priority srcnat
        oifname wan udp dport 53 masquerade
        oifname wan meta l4proto udp ip daddr {{ 198.51.100.1, 203.0.113.1 }} snat to {one}:20000-29999
        oifname wan meta l4proto udp snat to {two}:30000-39999
        oifname wan masquerade
    }}
}}"
        );
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan: nat::Lan::Private, rules });
        let run = net.nat_probe(&format!("classify --json -4 {}", SERVERS[0]));
        several_exits(&run);
    }
}
story! {
    /// Every flow takes the exits in turn: whatever may be said of it, endpoint-independent it is not, and no run says that it is.
    fn exits_in_turn() {
        let [one, two, ..] = nat::WAN_POOL;
        let rules = format!(
            "
table ip translation {{
    chain out {{
        type nat hook postrouting priority srcnat
        oifname wan meta l4proto udp snat to numgen inc mod 2 map {{ 0 : {one}, 1 : {two} }}
        oifname wan masquerade
    }}
}}"
        );
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan: nat::Lan::Private, rules });
        for servers in SERVERS {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            let mapping = run.text("/families/ipv4/mapping/behavior");
            assert!(!["endpoint-independent", "address-dependent"].contains(&mapping), "{run}");
        }
    }
}

/// The port stays; these destinations leave by the second address.
fn exits_by_map(second: [&str; 2]) -> nat::Gateway {
    let [one, two, ..] = nat::WAN_POOL;
    let second = second.join(", ");
    let rules = format!(
        "
table ip translation {{
    chain out {{
        type nat hook postrouting priority srcnat
        oifname wan meta l4proto udp ip daddr {{ {second} }} snat to {two}
        oifname wan snat to {one}
    }}
}}
table inet router {{
    chain input {{
        type filter hook input priority filter
        ct state established,related accept
        iifname wan drop
    }}
}}"
    );
    nat::Gateway { lan: nat::Lan::Private, rules }
}

story! {
    /// A lab, a company, a VPN: servers see a private address unchanged. That is not the internet, and nobody there can reach it.
    fn private_address_seen_unchanged() {
        let router = nat::Gateway { lan: nat::Lan::Private, rules: String::new() };
        let net = Internet::with(&[ALPHA, BETA]).behind(router);
        tool("ip", "-n internet route add 10.0.0.0/24 via 192.0.2.10");
        let run = net.nat_probe(&format!("classify --json -4 {}", SERVERS[0]));
        let page = net.nat_probe(&format!("classify -4 {}", SERVERS[0]));
        for run in [&run, &page] {
            for word in ["anybody can reach", "Open", "open internet", "public address 10."] {
                assert!(!run.stdout.contains(word), "it says {word:?}\n{run}");
            }
        }
        assert_ne!(run.text("/families/ipv4/connectivity"), "open", "{run}");
    }
}
story! {
    /// The same inside shared address space (RFC 6598).
    fn shared_address_seen_unchanged() {
        let router = nat::Gateway { lan: nat::Lan::Private, rules: String::new() };
        let net = Internet::with(&[ALPHA, BETA]).behind(router);
        netns::tool("ip", "-n client addr add 100.64.9.2/32 dev eth0");
        netns::tool("ip", "-n gateway route add 100.64.9.2 dev lan");
        netns::tool("ip", "-n internet route add 100.64.9.2 via 192.0.2.10");
        let run = net.nat_probe(&format!("classify --json -4 --source 100.64.9.2 {}", SERVERS[0]));
        assert_ne!(run.text("/families/ipv4/connectivity"), "open", "{run}");
    }
}
