//! The NATs and firewalls of the textbooks: every pair of behaviors, and no NAT.

use nat_probe::evidence::Behavior::{
    self, AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};

use crate::kit::prober::Truth;
use crate::kit::{ALPHA, BETA, Internet, nat};
use crate::story;

const SERVERS: &str = "--server 198.51.100.1 --server 203.0.113.1";

/// The lab shows the NAT to be what it claims; nat-probe says the same, with two capable servers and with one.
fn comes_out_right(gateway: nat::Gateway, truth: Truth) {
    let net = Internet::with(&[ALPHA, BETA]).behind(gateway);
    net.truth(ALPHA, truth).truth(BETA, truth);
    let run = net.expect_verdict(SERVERS, truth);
    let address = if truth.translated { nat::WAN } else { "192.0.2.130" };
    run.expect("/families/ipv4/public_addresses", vec![address]);
    net.forget();
    net.expect_verdict("--server 198.51.100.1", truth);
}

fn nat_comes_out_right(mapping: Behavior, filtering: Behavior) {
    comes_out_right(nat::nat(mapping, filtering), Truth::nat(mapping, filtering));
}

story! {
    fn no_nat_is_open() { comes_out_right(nat::router(), Truth::routed(Ei)); }
}
story! {
    fn stateful_firewall_is_firewalled() { comes_out_right(nat::firewall(), Truth::routed(Apd)); }
}
story! {
    /// The full cone.
    fn endpoint_independent_mapping_and_filtering() { nat_comes_out_right(Ei, Ei); }
}
story! {
    /// The address-restricted cone: the filter is kept per inside port.
    fn endpoint_independent_mapping_address_dependent_filtering() { nat_comes_out_right(Ei, Ad); }
}
story! {
    /// The home router.
    fn endpoint_independent_mapping_address_and_port_dependent_filtering() { nat_comes_out_right(Ei, Apd); }
}
story! {
    fn address_dependent_mapping_endpoint_independent_filtering() { nat_comes_out_right(Ad, Ei); }
}
story! {
    fn address_dependent_mapping_and_filtering() { nat_comes_out_right(Ad, Ad); }
}
story! {
    fn address_dependent_mapping_address_and_port_dependent_filtering() { nat_comes_out_right(Ad, Apd); }
}
story! {
    fn address_and_port_dependent_mapping_endpoint_independent_filtering() { nat_comes_out_right(Apd, Ei); }
}
story! {
    fn address_and_port_dependent_mapping_address_dependent_filtering() { nat_comes_out_right(Apd, Ad); }
}
story! {
    /// The symmetric NAT.
    fn address_and_port_dependent_mapping_and_filtering() { nat_comes_out_right(Apd, Apd); }
}
