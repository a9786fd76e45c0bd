//! Filtering told by silence: whose silence is it?

use nat_probe::evidence::Behavior::{AddressAndPortDependent as Apd, EndpointIndependent as Ei};

use crate::kit::probe::Verdict;
use crate::kit::prober::Truth;
use crate::kit::servers::{Host, Service};
use crate::kit::{ALPHA, BETA, Internet, Net, OLD_TIMER, front, nat};
use crate::story;

const FULL_CONE: Verdict =
    Verdict { connectivity: "nat", mapping: "endpoint-independent", filtering: "endpoint-independent" };
const OPEN: Verdict = Verdict { connectivity: "open", mapping: "none", filtering: "endpoint-independent" };
const HOME: Verdict =
    Verdict { connectivity: "nat", mapping: "endpoint-independent", filtering: "address-and-port-dependent" };
/// A third server with two addresses.
const GAMMA: Host = Host { name: "gamma", v4: &["203.0.113.97", "203.0.113.98"], v6: &[], service: Service::Coturn };

fn classify(net: &Net, servers: &[&str], expected: Verdict) {
    for first in 0..servers.len() {
        net.forget();
        let mut order = servers.to_vec();
        order.rotate_left(first);
        let order: Vec<_> = order.iter().map(|server| format!("--server {server}")).collect();
        let run = net.nat_probe(&format!("classify --json -4 {}", order.join(" ")));
        run.expect_family("ipv4", expected, &|| net.state());
    }
}

/// Nothing is said of the filter by the server's silence alone, unless it is said that one server alone says it.
fn alone(net: &Net, server: &str, wrong: &[&str]) {
    net.forget();
    let run = net.nat_probe(&format!("classify --json -4 --server {server}"));
    let seen = run.text("/families/ipv4/filtering/behavior");
    if wrong.contains(&seen) {
        run.expect("/families/ipv4/filtering/witnesses", 1);
    }
}

story! {
    /// The server stands in a security group that lets only answers out: its alternate address is never heard of, save by who asked
    /// it. An honest server shows the full cone.
    fn silent_alternate_behind_a_full_cone() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::nat(Ei, Ei));
        net.truth(BETA, Truth::nat(Ei, Ei));
        front::only_answers_leave(ALPHA);
        net.truth(ALPHA, Truth::nat(Ei, Apd)); // as it looks
        classify(&net, &["198.51.100.1", "203.0.113.1"], FULL_CONE);
        alone(&net, "198.51.100.1", &["address-and-port-dependent", "address-dependent"]);
    }
}
story! {
    fn silent_alternate_and_an_open_host() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::router());
        front::only_answers_leave(ALPHA);
        classify(&net, &["198.51.100.1", "203.0.113.1"], OPEN);
        alone(&net, "198.51.100.1", &["address-and-port-dependent", "address-dependent"]);
    }
}
story! {
    /// Two of that kind beside two honest servers, one of them old.
    fn two_silent_alternates() {
        let net = Internet::with(&[ALPHA, BETA, GAMMA, OLD_TIMER]).behind(nat::router());
        front::only_answers_leave(ALPHA);
        front::only_answers_leave(BETA);
        classify(&net, &["198.51.100.1", "203.0.113.1", "203.0.113.97", "203.0.113.33"], OPEN);
    }
}
story! {
    /// Where the NAT does filter, such a server changes nothing.
    fn silent_alternate_behind_a_home_router() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::home_router());
        front::only_answers_leave(ALPHA);
        classify(&net, &["198.51.100.1", "203.0.113.1"], HOME);
    }
}
story! {
    /// An old server of that kind.
    fn silent_alternate_of_an_old_server() {
        let net = Internet::with(&[ALPHA, OLD_TIMER]).behind(nat::router());
        front::only_answers_leave(OLD_TIMER);
        classify(&net, &["203.0.113.33", "198.51.100.1"], OPEN);
    }
}
story! {
    /// Over IPv6.
    fn silent_alternate_over_ipv6() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::router());
        front::only_answers_leave(ALPHA);
        for servers in ["--server [2001:db8:5::1] --server [2001:db8:6::1]", "--server [2001:db8:6::1] --server [2001:db8:5::1]"] {
            let run = net.nat_probe(&format!("classify --json -6 {servers}"));
            run.expect_family("ipv6", OPEN, &|| net.state());
        }
    }
}
story! {
    /// A verdict from silence says how many servers it rests on.
    fn witnesses_are_counted() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::home_router());
        let run = net.expect_verdict("--server 198.51.100.1", HOME);
        run.expect("/families/ipv4/filtering/witnesses", 1);
        net.forget();
        let run = net.expect_verdict("--server 198.51.100.1 --server 203.0.113.1", HOME);
        run.expect("/families/ipv4/filtering/witnesses", 2);
    }
}

story! {
    /// A NAT that lets everybody in, but only so many strangers a second.
    fn strangers_are_rationed() {
        let nat::Gateway { lan, rules } = nat::nat(Ei, Ei);
        let rationed = rules.replace(
            "iifname \"wan\" dnat ip to udp dport map @opened",
            "iifname \"wan\" meta l4proto udp limit rate 1/second burst 1 packets dnat ip to udp dport map @opened",
        );
        assert_ne!(rationed, rules);
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan, rules: rationed });
        for servers in ["--server 198.51.100.1", "--server 198.51.100.1 --server 203.0.113.1"] {
            for _ in 0..4 {
                net.forget();
                let run = net.nat_probe(&format!("classify --json -4 {servers}"));
                run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
                let filtering = run.text("/families/ipv4/filtering/behavior");
                assert!(["endpoint-independent", "inconclusive"].contains(&filtering), "{run}");
            }
        }
    }
}

// ---- hairpinning

story! {
    /// The NAT answers packets to its own outside address with "port unreachable".
    fn hairpin_refused() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::open_wan_router());
        let run = net.nat_probe("classify --json -4 --hairpin --server 198.51.100.1 --server 203.0.113.1");
        let hairpin = run.at("/families/ipv4/hairpinning").to_string();
        assert!(!hairpin.contains("cut short") && !hairpin.contains("not learnt"), "{hairpin}\n{run}");
        assert!(hairpin.contains("refused"), "{hairpin}\n{run}");
    }
}
/// A router that brings packets to its own outside address back in.
pub(crate) const HAIRPIN: &str = "
table ip hairpin {
    map opened {
        type inet_service : ipv4_addr . inet_service
        flags dynamic,timeout
        timeout 5m
        size 4096
    }
    chain learn {
        type filter hook postrouting priority srcnat + 10
        oifname wan meta l4proto udp update @opened { udp sport : ct original ip saddr . ct original proto-src }
    }
    chain back {
        type nat hook prerouting priority dstnat
        iifname lan ip daddr 192.0.2.10 meta l4proto udp dnat ip to udp dport map @opened
    }
}";
/// It gives them its outside address as their source, as RFC 4787 wants (REQ-9).
pub(crate) const EXTERNAL_SOURCE: &str = "
table ip outside {
    chain outside {
        type nat hook postrouting priority srcnat - 1
        iifname lan oifname lan meta l4proto udp snat to 192.0.2.10
    }
}";

story! {
    fn hairpin_works() {
        let nat::Gateway { lan, rules } = nat::home_router();
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan, rules: rules + HAIRPIN + EXTERNAL_SOURCE });
        let run = net.nat_probe("classify --json -4 --hairpin --server 198.51.100.1 --server 203.0.113.1");
        run.expect("/families/ipv4/hairpinning/supported", true);
    }
}
story! {
    /// With the inside address as their source Linux itself drops them on their way in: nobody can tell from here.
    fn hairpin_with_the_internal_source() {
        let nat::Gateway { lan, rules } = nat::home_router();
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { lan, rules: rules + HAIRPIN });
        let run = net.nat_probe("classify --json -4 --hairpin --server 198.51.100.1 --server 203.0.113.1");
        assert_ne!(*run.at("/families/ipv4/hairpinning/supported"), false, "{run}");
    }
}
