//! The same NATs seen with other servers: old ones, plain ones, dead ones, half-dead ones.

use std::time::Duration;

use nat_probe::evidence::Behavior::{AddressAndPortDependent as Apd, EndpointIndependent as Ei};

use crate::kit::probe::Run;
use crate::kit::prober::Truth;
use crate::kit::{ALPHA, BETA, Internet, OLD_TIMER, PLAIN, PLAIN_TOO, nat, servers};
use crate::story;

const HOME: Truth = Truth::nat(Ei, Apd);
const SYMMETRIC: Truth = Truth::nat(Apd, Apd);

/// What a server that lacks something allows to say: the truth, or nothing.
fn right_or_inconclusive(run: &Run, Truth { mapping, filtering, .. }: Truth) {
    for (part, truth) in [("mapping", mapping), ("filtering", filtering)] {
        let verdict = run.text(&format!("/families/ipv4/{part}/behavior"));
        assert!([truth.name(), "inconclusive"].contains(&verdict), "{part}\n{run}");
    }
}

story! {
    /// Two servers with one address each: they show the mapping to be endpoint-independent. Whom the NAT lets in nobody can
    /// test, and nat-probe says so.
    fn plain_servers_show_the_mapping_of_a_home_router() {
        let net = Internet::with(&[ALPHA, PLAIN, PLAIN_TOO]).behind(nat::home_router());
        net.truth(ALPHA, HOME);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.17 --server 203.0.113.17");
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
        run.expect("/families/ipv4/filtering/behavior", "inconclusive");
        assert!(!run.text("/families/ipv4/filtering/reason/code").is_empty(), "{run}");
        assert!(!run.text("/families/ipv4/filtering/reason/text").is_empty(), "{run}");
        run.expect_code(0);
    }
}

story! {
    /// Behind a symmetric NAT the same two servers show that the mapping depends on the destination; on its address alone or
    /// on its port too, they cannot show.
    fn plain_servers_do_not_name_the_dependence() {
        let net = Internet::with(&[ALPHA, PLAIN, PLAIN_TOO]).behind(nat::fully_random());
        net.truth(ALPHA, SYMMETRIC);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.17 --server 203.0.113.17");
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "inconclusive");
        run.expect("/families/ipv4/mapping/endpoint_independent", false);
        run.expect("/families/ipv4/filtering/behavior", "inconclusive");
    }
}

story! {
    /// Without translation the filter stays unknown: neither open nor firewalled.
    fn plain_servers_leave_an_unnatted_host_direct() {
        let net = Internet::with(&[ALPHA, PLAIN, PLAIN_TOO]).behind(nat::firewall());
        net.truth(ALPHA, Truth::routed(Apd));
        let run = net.nat_probe("classify --json -4 --server 198.51.100.17 --server 203.0.113.17");
        run.expect("/families/ipv4/connectivity", "direct");
        run.expect("/families/ipv4/mapping/behavior", "none");
        run.expect("/families/ipv4/filtering/behavior", "inconclusive");
    }
}

story! {
    /// A dead server is reported and costs nobody any time.
    fn dead_server_in_the_list() {
        let net = Internet::with(&[ALPHA, BETA]).swallowing("198.51.100.99").behind(nat::home_router());
        net.truth(ALPHA, HOME);
        let alive = net.expect_verdict("--server 198.51.100.1 --server 203.0.113.1", HOME);
        net.forget();
        let run = net.expect_verdict("--server 198.51.100.99 --server 198.51.100.1 --server 203.0.113.1", HOME);
        assert!(run.took < alive.took + Duration::from_millis(700), "{:?} without the dead server\n{run}", alive.took);
        assert!(run.server("198.51.100.99", "udp")["error"]["code"].is_string(), "{run}");
        assert!(run.server("198.51.100.1", "udp")["mapped"].is_string(), "{run}");
    }
}

story! {
    /// The server names an alternate address that nobody can reach. Silence from there is no filter; at most, silence from
    /// the other port of the address that works shows one.
    fn dead_alternate_address_proves_nothing() {
        let net = Internet::with(&[ALPHA, BETA]).swallowing("198.51.100.2").behind(nat::home_router());
        net.truth(BETA, HOME);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1");
        run.expect("/families/ipv4/connectivity", "nat");
        right_or_inconclusive(&run, HOME);

        // with a better server beside it, that one decides
        net.forget();
        net.expect_verdict("--server 198.51.100.1 --server 203.0.113.1", HOME);
    }
}

story! {
    /// Behind a symmetric NAT, other tools call this endpoint-independent.
    fn dead_alternate_address_behind_a_symmetric_nat() {
        let net = Internet::with(&[ALPHA, BETA]).swallowing("198.51.100.2").behind(nat::fully_random());
        net.truth(BETA, SYMMETRIC);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1");
        run.expect("/families/ipv4/connectivity", "nat");
        right_or_inconclusive(&run, SYMMETRIC);
    }
}

story! {
    /// A server of RFC 3489 with two addresses can do all that it takes behind a home router ...
    fn stund_behind_a_home_router() {
        let net = Internet::with(&[OLD_TIMER]).behind(nat::home_router());
        net.truth(OLD_TIMER, HOME);
        net.expect_verdict("--server 203.0.113.33", HOME);
    }
}

story! {
    /// ... a full cone ...
    fn stund_behind_a_full_cone() {
        let net = Internet::with(&[OLD_TIMER]).behind(nat::nat(Ei, Ei));
        net.truth(OLD_TIMER, Truth::nat(Ei, Ei));
        net.expect_verdict("--server 203.0.113.33", Truth::nat(Ei, Ei));
    }
}

story! {
    /// ... and a firewall.
    fn stund_behind_a_firewall() {
        let net = Internet::with(&[OLD_TIMER]).behind(nat::firewall());
        net.truth(OLD_TIMER, Truth::routed(Apd));
        net.expect_verdict("--server 203.0.113.33", Truth::routed(Apd));
    }
}

story! {
    /// It knows no RESPONSE-PORT, so behind a symmetric NAT nothing proves that its silence is the filter's.
    fn stund_behind_a_symmetric_nat() {
        let net = Internet::with(&[OLD_TIMER]).behind(nat::fully_random());
        net.truth(OLD_TIMER, SYMMETRIC);
        let run = net.nat_probe("classify --json -4 --server 203.0.113.33");
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "address-and-port-dependent");
        run.expect("/families/ipv4/filtering/behavior", "inconclusive");
    }
}

story! {
    /// Nothing listens where one of the servers should be: ICMP says so, and the other one decides.
    fn refused_port_beside_a_good_server() {
        let net = Internet::with(&[ALPHA, servers::BARE]).behind(nat::home_router());
        net.truth(ALPHA, HOME);
        let run = net.expect_verdict("--server 198.51.100.65 --server 198.51.100.1", HOME);
        assert_eq!(run.server("198.51.100.65", "udp")["error"]["code"], "connection-refused", "{run}");
    }
}
