//! What servers say of a client that they do not see themselves: something stands before them. Whatever that is, it is no NAT of the
//! client's, and one honest server is enough for a verdict.

use std::net::IpAddr;

use nat_probe::evidence::Behavior::{AddressAndPortDependent as Apd, EndpointIndependent as Ei};

use crate::kit::front::{self, CONTAINER, HIDDEN, HIDDEN_TOO};
use crate::kit::nat64::{self, OWN_PREFIX, WELL_KNOWN_PREFIX, reached};
use crate::kit::probe::{Run, Verdict};
use crate::kit::prober::{self, Truth};
use crate::kit::servers::{BARE, endpoint};
use crate::kit::{ALPHA, BETA, Internet, Net, OLD_TIMER, nat};
use crate::story;

const OPEN: Verdict = Verdict { connectivity: "open", mapping: "none", filtering: "endpoint-independent" };
const FIREWALLED: Verdict =
    Verdict { connectivity: "firewalled", mapping: "none", filtering: "address-and-port-dependent" };
const HOME: Verdict =
    Verdict { connectivity: "nat", mapping: "endpoint-independent", filtering: "address-and-port-dependent" };
const FULL_CONE: Verdict =
    Verdict { connectivity: "nat", mapping: "endpoint-independent", filtering: "endpoint-independent" };
const SYMMETRIC: Verdict =
    Verdict { connectivity: "nat", mapping: "address-and-port-dependent", filtering: "address-and-port-dependent" };

/// The verdict on a family, whatever the order in which these servers are named.
fn in_any_order(net: &Net, family: &str, servers: &[&str], expected: Verdict) {
    let flag = if family == "ipv4" { "-4" } else { "-6" };
    for first in 0..servers.len() {
        net.forget();
        let mut order = servers.to_vec();
        order.rotate_left(first);
        let order: Vec<_> = order.iter().map(|server| format!("--server {server}")).collect();
        let run = net.nat_probe(&format!("classify --json {flag} {}", order.join(" ")));
        run.expect_family(family, expected, &|| net.state());
        run.expect_code(0);
        never_blames_the_user(&run);
    }
}

/// No router of the user's is to be changed for what a server's world is like.
fn never_blames_the_user(run: &Run) {
    for word in ["bridge mode", "carrier-grade", "several exits", "a pool"] {
        assert!(!run.stdout.contains(word), "it says {word:?}\n{run}");
    }
}

/// With nobody else to ask: nothing is claimed of this host that the server's own world made up.
fn alone(net: &Net, family: &str, server: &str) {
    net.forget();
    let flag = if family == "ipv4" { "-4" } else { "-6" };
    let run = net.nat_probe(&format!("classify --json {flag} --server {server}"));
    run.expect(&format!("/families/{family}/connectivity"), "inconclusive");
    assert!(!run.text(&format!("/families/{family}/reason/text")).is_empty(), "{run}");
    run.expect_code(3);
    never_blames_the_user(&run);
}

/// Before the hidden host stands a proxy that asks on from this address.
fn behind_a_proxy(from: &str, gateway: nat::Gateway) -> Net {
    let net = Internet::with(&[ALPHA, BETA, HIDDEN]).behind(gateway);
    front::stun_inside(HIDDEN, "172.18.0.2");
    if from != HIDDEN.at() {
        front::inner_address(HIDDEN, from);
    }
    front::proxy(HIDDEN, HIDDEN.endpoint(), from.parse().expect("an address"), endpoint("172.18.0.2"));
    seen_as(from);
    net
}

/// The truth check: who the hidden server thinks the client is.
fn seen_as(address: &str) {
    let seen = crate::kit::netns::within("client", || prober::mapped(HIDDEN.endpoint()));
    assert_eq!(seen.map(|seen| seen.ip().to_string()).as_deref(), Some(address));
}

/// Before the hidden host stands a load balancer whose clients all have this address.
fn behind_a_balancer(sources: &str, gateway: nat::Gateway) -> Net {
    let net = Internet::with(&[ALPHA, BETA, HIDDEN]).behind(gateway);
    front::stun_inside(HIDDEN, "192.168.1.2");
    front::load_balancer(HIDDEN, HIDDEN.at(), "192.168.1.2", sources);
    seen_as(sources.split([':', ' ']).next().expect("an address"));
    net
}

/// IPv6 in a container whose proxy asks on over IPv4.
fn in_a_container(gateway: nat::Gateway) -> Net {
    let net = Internet::with(&[ALPHA, BETA, CONTAINER]).behind(gateway);
    front::stun_inside(CONTAINER, "172.18.0.2");
    front::inner_address(CONTAINER, "172.18.0.1");
    let gateway: IpAddr = [172, 18, 0, 1].into();
    front::proxy(CONTAINER, endpoint("2001:db8:8::1"), gateway, endpoint("172.18.0.2"));
    net
}

story! {
    /// An IPv4 address is nobody's IPv6 mapping.
    fn ipv6_server_that_answers_with_ipv4_alone() {
        let net = in_a_container(nat::router());
        alone(&net, "ipv6", "[2001:db8:8::1]");
    }
}
story! {
    fn ipv6_server_that_answers_with_ipv4_beside_a_good_one() {
        let net = in_a_container(nat::router());
        in_any_order(&net, "ipv6", &["[2001:db8:8::1]", "[2001:db8:5::1]"], OPEN);
        net.forget();
        let run = net.nat_probe("classify --json -6 --server [2001:db8:8::1] --server [2001:db8:5::1] --require connectivity=open");
        run.expect_code(0);
    }
}
story! {
    fn ipv6_server_that_answers_with_ipv4_and_a_firewall() {
        let net = in_a_container(nat::firewall());
        in_any_order(&net, "ipv6", &["[2001:db8:8::1]", "[2001:db8:5::1]", "[2001:db8:6::1]"], FIREWALLED);
    }
}
story! {
    /// With both families at once each has its own verdict.
    fn families_mixed() {
        let net = in_a_container(nat::home_router_with_ipv6());
        let run = net.nat_probe(
            "classify --json --server [2001:db8:8::1] --server 198.51.100.1 --server [2001:db8:5::1] --server 203.0.113.1",
        );
        run.expect_family("ipv4", HOME, &|| net.state());
        run.expect_family("ipv6", FIREWALLED, &|| net.state());
        run.expect_code(0);
    }
}

story! {
    /// A load balancer before the server: everybody is 192.168.1.1.
    fn balancer_beside_good_servers() {
        let net = behind_a_balancer("192.168.1.1", nat::home_router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], HOME);
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1", "203.0.113.1"], HOME);
    }
}
story! {
    /// It gives every flow a port of its own: that is no symmetric NAT of the client's.
    fn balancer_with_ports_of_its_own() {
        let net = behind_a_balancer("192.168.1.1 fully-random", nat::nat(Ei, Ei));
        net.truth(ALPHA, Truth::nat(Ei, Ei));
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], FULL_CONE);
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1", "203.0.113.1"], FULL_CONE);
    }
}
story! {
    fn balancer_alone() {
        let net = behind_a_balancer("192.168.1.1 fully-random", nat::home_router());
        alone(&net, "ipv4", "198.51.100.81");
    }
}
story! {
    /// Also of a host without NAT.
    fn balancer_and_an_open_host() {
        let net = behind_a_balancer("100.64.7.7 fully-random", nat::router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], OPEN);
        alone(&net, "ipv4", "198.51.100.81");
    }
}
story! {
    fn balancer_and_a_symmetric_nat() {
        let net = behind_a_balancer("10.255.0.1", nat::fully_random());
        net.truth(ALPHA, Truth::nat(Apd, Apd));
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1", "203.0.113.1"], SYMMETRIC);
    }
}

story! {
    /// A proxy that asks on from the public address itself: nobody's mapping is the asked server's own address.
    fn own_address_beside_a_good_server() {
        let net = behind_a_proxy(HIDDEN.at(), nat::router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], OPEN);
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1", "203.0.113.1"], OPEN);
    }
}
story! {
    fn own_address_alone() {
        let net = behind_a_proxy(HIDDEN.at(), nat::router());
        alone(&net, "ipv4", "198.51.100.81");
    }
}
story! {
    fn own_address_behind_a_nat() {
        let net = behind_a_proxy(HIDDEN.at(), nat::home_router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1", "203.0.113.1"], HOME);
    }
}
story! {
    /// Docker's: everybody comes from the bridge.
    fn bridge_address_beside_good_servers() {
        let net = behind_a_proxy("172.18.0.1", nat::home_router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], HOME);
    }
}
story! {
    /// A public server that sees a loopback address.
    fn loopback_address() {
        let net = behind_a_proxy("127.0.0.1", nat::router());
        in_any_order(&net, "ipv4", &["198.51.100.81", "198.51.100.1"], OPEN);
        alone(&net, "ipv4", "198.51.100.81");
    }
}
story! {
    /// As many bad servers as good ones, and more: all bad ones are told apart by what they say, not by counting.
    fn more_bad_servers_than_good_ones() {
        let net = Internet::with(&[ALPHA, HIDDEN, HIDDEN_TOO]).behind(nat::home_router());
        for (host, inner, from) in [(HIDDEN, "172.18.0.2", "172.18.0.1"), (HIDDEN_TOO, "172.19.0.2", "203.0.113.81")] {
            front::stun_inside(host, inner);
            if from != host.at() {
                front::inner_address(host, from);
            }
            front::proxy(host, host.endpoint(), from.parse().expect("an address"), endpoint(inner));
        }
        in_any_order(&net, "ipv4", &["198.51.100.81", "203.0.113.81", "198.51.100.1"], HOME);
    }
}
story! {
    /// The same before a server of RFC 3489.
    fn old_server_behind_a_balancer() {
        let net = Internet::with(&[ALPHA, OLD_TIMER]).behind(nat::home_router());
        let rules = "
table ip balancer {
    chain sources {
        type nat hook input priority 100
        meta l4proto udp snat to 192.168.1.1 fully-random
    }
}";
        crate::kit::netns::rules("oldtimer", rules);
        in_any_order(&net, "ipv4", &["203.0.113.33", "198.51.100.1"], HOME);
    }
}
story! {
    /// `discover` shows what such a server says beside why it is not believed.
    fn discover_through_a_balancer() {
        let net = behind_a_balancer("192.168.1.1", nat::home_router());
        let run = net.nat_probe("discover --json -4 --server 198.51.100.81 --server 198.51.100.1");
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
        run.expect_code(0);
        let run = net.nat_probe("discover -4 --server 198.51.100.81 --server 198.51.100.1");
        never_blames_the_user(&run);
    }
}

story! {
    /// The way to an IPv4 server leads through NAT64: with the well-known prefix nobody has to be asked what it is.
    fn nat64_with_the_well_known_prefix() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::router());
        net.with_nat64();
        let server = reached(WELL_KNOWN_PREFIX, "198.51.100.1");
        let run = net.nat_probe(&format!("classify --json -6 --server [{server}]"));
        assert!(run.stdout.contains("NAT64"), "{run}");
        assert!(!run.stdout.contains("IPv6 avoids"), "{run}");
        // and beside a server that is asked over IPv6 itself, this host has no NAT for IPv6
        let run = net.nat_probe(&format!("classify --json -6 --server [{server}] --server [2001:db8:5::1]"));
        run.expect_family("ipv6", OPEN, &|| net.state());
    }
}
story! {
    /// A prefix of the network's own, learnt from the name that exists for it (RFC 7050).
    fn nat64_with_a_prefix_of_its_own() {
        let net = Internet::with(&[ALPHA, BETA, BARE]).behind(nat::router());
        net.with_nat64();
        nat64::name_prefix(BARE);
        let server = reached(OWN_PREFIX, "198.51.100.1");
        let run = net.nat_probe(&format!("classify --json -6 --server [{server}] --server [2001:db8:5::1]"));
        run.expect_family("ipv6", OPEN, &|| net.state());
        let run = net.nat_probe(&format!("classify --json -6 --server [{server}]"));
        assert!(run.stdout.contains("NAT64"), "{run}");
    }
}
