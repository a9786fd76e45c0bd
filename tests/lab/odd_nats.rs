//! NATs that mislead: what makes other tools say symmetric, full cone or nothing at all.

use nat_probe::evidence::Behavior::{
    AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};

use crate::kit::probe::Verdict;
use crate::kit::prober::{self, Truth};
use crate::kit::{ALPHA, BETA, Internet, nat, netns};
use crate::story;

const SERVERS: &str = "--server 198.51.100.1 --server 203.0.113.1";

story! {
    /// A Linux box that routes and accepts what comes to itself: an unanswered reply from the alternate address becomes a
    /// connection there, and mapping measured from the same socket then looks symmetric.
    fn router_with_open_wan_input() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::open_wan_router());
        let truth = Truth::nat(Ei, Apd);
        net.truth(ALPHA, truth);
        net.expect_verdict(SERVERS, truth);
        net.forget();
        net.expect_verdict("--server 198.51.100.1", truth);
    }
}

story! {
    /// Whoever this host has contacted may talk to it, whichever port they contacted: fresh sockets isolate nothing.
    fn filter_that_opens_by_contacted_address_for_the_whole_host() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::host_wide_filter());
        let truth = Truth::nat(Ei, Ad);
        net.truth(ALPHA, truth);
        net.expect_verdict("--server 198.51.100.1", truth);
        net.forget();
        net.expect_verdict(SERVERS, truth);
    }
}

story! {
    /// Asked again and again without forgetting anything between: no port of an earlier run is used again.
    fn same_answer_every_time() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::open_wan_router());
        let truth = Truth::nat(Ei, Apd);
        net.truth(ALPHA, truth);
        for _ in 0..3 {
            net.expect_verdict(SERVERS, truth);
        }
    }
}

story! {
    fn every_port_to_one_host() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::one_to_one());
        let truth = Truth::nat(Ei, Ei);
        net.truth(ALPHA, truth);
        let run = net.expect_verdict(SERVERS, truth);
        run.expect("/families/ipv4/port_assignment/behavior", "preserved");
    }
}

story! {
    /// A socket keeps its address, another socket gets another: endpoint-independent, and pooled arbitrarily.
    fn pool_of_addresses() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::pool_by_socket());
        let truth = Truth::nat(Ei, Apd);
        net.truth(ALPHA, truth);
        let addresses: std::collections::BTreeSet<_> =
            netns::within("client", || (0..32).filter_map(|_| prober::mapped(ALPHA.endpoint())).map(|at| at.ip()).collect());
        assert!(addresses.len() > 1, "32 sockets got {addresses:?}");
        net.forget();

        // Where the control socket gets another address than the tested one, filtering may stay open: never wrong.
        let run = net.nat_probe(&format!("classify --json -4 {SERVERS}"));
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
        run.expect("/families/ipv4/pooling/behavior", "arbitrary");
        let filtering = run.text("/families/ipv4/filtering/behavior");
        assert!(["address-and-port-dependent", "inconclusive"].contains(&filtering), "{run}");
        run.expect_code(0);
    }
}

story! {
    /// Two exits, chosen by destination address: the port stays, the address does not. Two destination addresses that see the same
    /// refute a mapping that depends on the address.
    fn another_exit_for_another_destination() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::exit_by_destination());
        let truth = Truth::nat(Ad, Apd);
        net.truth(ALPHA, truth);
        let run = net.nat_probe(&format!("classify --json -4 {SERVERS}"));
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "inconclusive");
        run.expect("/families/ipv4/mapping/reason/code", "several-exits");
        run.expect("/families/ipv4/pooling/behavior", "arbitrary");
        let filtering = run.text("/families/ipv4/filtering/behavior");
        assert!(["address-and-port-dependent", "inconclusive"].contains(&filtering), "{run}");
    }
}

story! {
    /// A home router behind a carrier's: the stricter of both shows.
    fn two_nats_in_a_row() {
        let net = Internet::with(&[ALPHA, BETA]).behind_both(nat::home_router(), nat::fully_random());
        let truth = Truth::nat(Apd, Apd);
        net.truth(ALPHA, truth);
        net.expect_verdict(SERVERS, truth);
    }
}

story! {
    fn two_home_routers_in_a_row() {
        let net = Internet::with(&[ALPHA, BETA]).behind_both(nat::home_router(), nat::home_router());
        let truth = Truth::nat(Ei, Apd);
        net.truth(ALPHA, truth);
        net.expect_verdict(SERVERS, truth);
    }
}

story! {
    /// IPv4 translated, IPv6 only filtered: each family has its own verdict.
    fn ipv6_firewall_beside_an_ipv4_nat() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::home_router_with_ipv6());
        net.truth(ALPHA, Truth::nat(Ei, Apd)).truth_at(ALPHA.endpoint_v6(), Truth::routed(Apd));
        let run = net.nat_probe(
            "classify --json --server 198.51.100.1 --server 203.0.113.1 --server [2001:db8:5::1] --server [2001:db8:6::1]",
        );
        let state = || net.state();
        run.expect_family("ipv4", Truth::nat(Ei, Apd).into(), &state);
        run.expect_family("ipv6", Truth::routed(Apd).into(), &state);
        run.expect("/families/ipv6/public_addresses/0", "2001:db8:1::2");
        run.expect_code(0);

        net.forget();
        let run = net.nat_probe("classify --json -6 --server [2001:db8:5::1]");
        run.expect_family("ipv6", Truth::routed(Apd).into(), &state);
        assert!(run.at("/families/ipv4").is_null(), "IPv4 was not asked for\n{run}");
    }
}

story! {
    /// IPv6 as it was meant.
    fn ipv6_without_a_firewall_is_open() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        net.truth_at(ALPHA.endpoint_v6(), Truth::routed(Ei));
        let run = net.nat_probe("classify --json -6 --server [2001:db8:5::1]");
        let open = Verdict { connectivity: "open", mapping: "none", filtering: "endpoint-independent" };
        run.expect_family("ipv6", open, &|| net.state());
        run.expect_code(0);
    }
}
