//! `turn` where coturn allocates and then does not relay as it should: denied peers, wrong addresses, closed ports.

use std::net::Ipv4Addr;

use crate::kit::coturn::{
    CLOUD, CLOUD_PUBLIC, Coturn, NO_TLS, PASSWORD, RELAY_RANGE_CLOSED, TURN, USER, USERS, translated,
};
use crate::kit::turn_client::allocate;
use crate::kit::turn_run::{ALICE, world};
use crate::kit::{ALPHA, Internet, front, nat, netns};
use crate::story;

/// What coturn says to a permission for a peer.
fn permission(peer: &str) -> Option<u16> {
    let mut held = allocate(TURN.endpoint(), Some((USER, PASSWORD)), &[]).unwrap_or_else(|_| panic!("an allocation"));
    let peer: Ipv4Addr = peer.parse().expect("an address");
    let said = held.permission(peer);
    held.release();
    said
}

story! {
    /// No peer is allowed.
    fn all_peers_denied() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --denied-peer-ip=0.0.0.0-255.255.255.255"));
        assert_eq!(permission(ALPHA.at()), Some(403));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "peer-forbidden", "failed");
        assert_eq!(run.step(0, "allocate"), "ok", "{run}");
        assert_eq!(run.step(0, "permission"), "failed", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// The server's own address is denied as a peer: two of its clients cannot meet.
    fn own_address_denied() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS} --denied-peer-ip=198.51.100.33"));
        assert_eq!(permission("198.51.100.33"), Some(403));
        assert_eq!(permission(ALPHA.at()), None);
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "relay-hairpin-denied", "degraded");
        let [third, .., between] = run.views(0);
        assert_eq!([third, between], ["works", "forbidden"], "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A packet filter before the relay ports: what two allocations send each other stays on the host and passes.
    fn relay_ports_closed() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        netns::rules("turn", RELAY_RANGE_CLOSED);
        assert!(coturn.truth(Some((USER, PASSWORD))).is_ok());
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        run.expect_diagnosis(0, "relay-range-closed", "failed");
        let [third, _, from, between] = run.views(0);
        assert_eq!([third, from, between], ["fails", "fails", "works"], "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// A firewall with a memory, which lets answers in to every relay port and strangers to none.
    fn relay_ports_closed_to_strangers() {
        let (net, coturn) = world(&format!("{USERS} {NO_TLS}"));
        front::refuses(TURN, "udp dport 49152-65535 ct state new drop");
        for uri in ["turn:198.51.100.33", "turn:198.51.100.33?transport=tcp"] {
            let run = net.turn(&format!("{ALICE} -4 {uri}"));
            run.expect_diagnosis(0, "relay-range-closed", "degraded");
            assert!(run.stdout.contains("to whom data left"), "{run}");
            assert!(!run.stdout.contains("a part of the relay ports"), "no port differs from another\n{run}");
        }
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// The server's own rules keep relayed packets in, on which coturn may give the allocation up: no port differs from another.
    fn relayed_packets_are_kept_in() {
        let (net, _coturn) = world(&format!("{USERS} {NO_TLS}"));
        front::keeps(TURN, "udp sport 49152-65535 drop");
        for uri in ["turn:198.51.100.33", "turn:198.51.100.33?transport=tcp"] {
            let run = net.turn(&format!("{ALICE} -4 {uri}"));
            run.expect("/results/0/verdict", "failed");
            let code = run.text("/results/0/diagnosis/code");
            assert!(["relay-dead", "allocation-lost"].contains(&code), "{run}");
        }
    }
}

/// coturn behind a 1:1 translation, told this of it.
fn cloud(told: &str) -> (crate::kit::Net, Coturn) {
    let net = Internet::with(&[ALPHA, CLOUD]).behind(nat::home_router());
    translated();
    let coturn = Coturn::start(CLOUD, &format!("{USERS} {NO_TLS} {told}"));
    (net, coturn)
}

story! {
    /// Nobody has told coturn of the translation.
    fn external_address_missing() {
        let (net, coturn) = cloud("");
        let public = crate::kit::servers::endpoint(CLOUD_PUBLIC);
        let relayed = coturn.truth_at(public, Some((USER, PASSWORD))).expect("an allocation");
        assert_eq!(relayed.ip().to_string(), CLOUD.at());
        let run = net.turn(&format!("{ALICE} -4 turn:{CLOUD_PUBLIC}"));
        run.expect_diagnosis(0, "relay-address-private", "failed");
        assert_eq!(run.step(0, "relayed-address"), "failed", "{run}");
        coturn.assert_no_allocation_left();
    }
}

story! {
    /// Somebody has told it an old address.
    fn external_address_wrong() {
        let (net, coturn) = cloud("--external-ip=203.0.113.99/10.9.0.2");
        let public = crate::kit::servers::endpoint(CLOUD_PUBLIC);
        let relayed = coturn.truth_at(public, Some((USER, PASSWORD))).expect("an allocation");
        assert_eq!(relayed.ip().to_string(), "203.0.113.99");
        let run = net.turn(&format!("{ALICE} -4 turn:{CLOUD_PUBLIC}"));
        run.expect_diagnosis(0, "relay-address-mismatch", "failed");
        let seen = run.text("/results/0/relay/seen_address");
        assert!(seen.starts_with(CLOUD_PUBLIC), "{run}");
        coturn.assert_no_allocation_left();
    }
}
