//! Several hosts in one internet: who hears whom, as RFC 4787 has it.

use super::{address, ms};
use crate::engine::{Command, Input, Machine, SocketId, SocketSpec, Time};
use crate::evidence::Behavior::{
    self, AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei,
};
use crate::sim::{Hairpin, HostConfig, Internet, LinkConfig, NatConfig, Scenario};
use crate::wire::Transport;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const ALL: [Behavior; 3] = [Ei, Ad, Apd];

/// Some hosts, each with sockets of its choice.
struct Hosts {
    net: Internet,
    sockets: u32,
}

impl Hosts {
    fn new(hosts: &[&Scenario], shared: usize) -> Self {
        Self { net: Internet::new(hosts, shared, 5), sockets: 0 }
    }

    fn udp(&mut self, host: usize, port: u16) -> SocketId {
        self.udp_towards(host, port, "192.0.2.10:3478")
    }

    fn udp_towards(&mut self, host: usize, port: u16, remote: &str) -> SocketId {
        self.sockets += 1;
        let (socket, transport, remote) = (SocketId(self.sockets), Transport::Udp, address(remote));
        let spec = SocketSpec { local_ports: vec![port], ..SocketSpec::new(transport, remote) };
        self.net.perform(host, Command::Open { socket, spec });
        assert!(matches!(self.net.wait(self.net.now()), Some((_, Input::Opened { .. }))));
        socket
    }

    /// Sends a datagram and tells who hears it within a second, on which socket, and whom they take for its sender.
    fn say(&mut self, host: usize, socket: SocketId, remote: SocketAddr) -> Option<(usize, SocketId, SocketAddr)> {
        self.net.perform(host, Command::Send { socket, remote, bytes: b"hello".to_vec() });
        let until = self.net.now() + Duration::from_secs(1);
        let mut heard = None;
        while let Some((host, input)) = self.net.wait(until) {
            if let Input::Received { socket, source, bytes } = input {
                assert_eq!(bytes, b"hello");
                assert!(heard.replace((host, socket, source)).is_none(), "heard twice");
            }
        }
        heard
    }
}

fn host(ip: &str) -> Scenario {
    let addresses = Some(vec![ip.parse().unwrap()]);
    Scenario { host: HostConfig { addresses, ..HostConfig::default() }, ..Scenario::default() }
}

fn nat(mapping: Behavior, filtering: Behavior, external: &str) -> NatConfig {
    let external = vec![external.parse::<IpAddr>().unwrap()];
    NatConfig { mapping: Some(mapping), filtering, external, ..NatConfig::default() }
}

fn home(ip: &str, nat: NatConfig) -> Scenario {
    Scenario { nats: vec![nat], ..host(ip) }
}

#[test]
fn a_nat_maps_and_filters_between_hosts_as_it_is_told() {
    let (there, elsewhere) = (host("203.0.113.40"), host("203.0.113.50"));
    for (mapping, filtering) in ALL.into_iter().flat_map(|mapping| ALL.map(|filtering| (mapping, filtering))) {
        let inside = home("192.168.1.23", nat(mapping, filtering, "203.0.113.7"));
        let mut hosts = Hosts::new(&[&inside, &there, &elsewhere], 0);
        let own = hosts.udp(0, 40_000);
        let (first, second) = (hosts.udp(1, 5_000), hosts.udp(1, 5_001));
        let third = hosts.udp(2, 5_000);
        let stranger = hosts.say(1, first, address("203.0.113.7:40000"));
        assert_eq!(stranger, None, "nothing was ever mapped");

        let (_, _, mapped) = hosts.say(0, own, address("203.0.113.40:5000")).unwrap();
        assert_eq!(mapped, address("203.0.113.7:40000"));
        let mut gets_in = |host, socket| hosts.say(host, socket, mapped).is_some();
        assert!(gets_in(1, first), "whom it sent to may answer");
        assert_eq!(gets_in(1, second), filtering != Apd, "{mapping:?} {filtering:?}");
        assert_eq!(gets_in(2, third), filtering == Ei, "{mapping:?} {filtering:?}");

        let (_, _, other_port) = hosts.say(0, own, address("203.0.113.40:5001")).unwrap();
        let (_, _, other_host) = hosts.say(0, own, address("203.0.113.50:5000")).unwrap();
        assert_eq!(other_port == mapped, mapping != Apd, "{mapping:?}");
        assert_eq!(other_host == mapped, mapping == Ei, "{mapping:?}");
    }
}

#[test]
fn neighbors_hear_each_other_directly_and_their_own_firewalls_still_count() {
    let router = nat(Apd, Apd, "203.0.113.7");
    let mut second = home("192.168.1.24", router.clone());
    second.host.firewall = Some(Apd);
    let mut hosts = Hosts::new(&[&home("192.168.1.23", router), &second], 1);
    let (a, b) = (hosts.udp(0, 40_000), hosts.udp(1, 40_000));
    let (at_a, at_b) = (address("192.168.1.23:40000"), address("192.168.1.24:40000"));
    assert_eq!(hosts.say(0, a, at_b), None, "the firewall of the other");
    assert_eq!(hosts.say(1, b, at_a), Some((0, a, at_b)));
    assert_eq!(hosts.say(0, a, at_b), Some((1, b, at_a)));
    assert!(ms(hosts.net.now()) == 3_000);
}

#[test]
fn a_private_address_is_nobody_elsewhere() {
    let a = home("192.168.1.23", nat(Ei, Ei, "203.0.113.7"));
    let mut hosts = Hosts::new(&[&a, &home("192.168.1.24", nat(Ei, Ei, "203.0.113.8"))], 0);
    let (a, _) = (hosts.udp(0, 40_000), hosts.udp(1, 40_000));
    assert_eq!(hosts.say(0, a, address("192.168.1.24:40000")), None);
}

#[test]
fn hairpinning_shows_the_source_it_is_told_to_and_passes_the_filter() {
    let external = address("203.0.113.7:40000");
    for (hairpin, shown) in [
        (Hairpin::No, None),
        (Hairpin::Refused, None),
        (Hairpin::ExternalSource, Some(external)),
        (Hairpin::InternalSource, Some(address("192.168.1.23:40000"))),
    ] {
        for filtering in ALL {
            let router = NatConfig { hairpin, ..nat(Ei, filtering, "203.0.113.7") };
            let mut hosts = Hosts::new(&[&home("192.168.1.23", router.clone()), &home("192.168.1.24", router)], 1);
            let (a, b) = (hosts.udp(0, 40_000), hosts.udp(1, 41_000));
            // Each has a mapping, made by asking somebody else.
            assert_eq!(hosts.say(0, a, address("192.0.2.10:3478")), None);
            assert_eq!(hosts.say(1, b, address("192.0.2.10:3478")), None);
            let to_b = address("203.0.113.7:41000");
            let unasked = shown.filter(|_| filtering == Ei);
            assert_eq!(hosts.say(0, a, to_b).map(|(_, _, source)| source), unasked, "{hairpin:?} {filtering:?}");
            hosts.say(1, b, external);
            assert_eq!(hosts.say(0, a, to_b), shown.map(|source| (1, b, source)), "{hairpin:?} {filtering:?}");
        }
    }
}

#[test]
fn two_homes_behind_one_carrier_meet_between_their_nats_or_by_its_hairpin() {
    for (hairpin, heard) in [(Hairpin::No, false), (Hairpin::ExternalSource, true)] {
        let carrier = NatConfig { hairpin, ..nat(Ei, Ei, "203.0.113.7") };
        let behind = |own: &str, wan: &str| Scenario { nats: vec![nat(Ei, Ei, wan), carrier.clone()], ..host(own) };
        let (first, second) = (behind("192.168.1.23", "100.64.0.2"), behind("192.168.1.23", "100.64.0.3"));
        let mut hosts = Hosts::new(&[&first, &second], 1);
        let (a, b) = (hosts.udp(0, 40_000), hosts.udp(1, 41_000));
        assert_eq!(hosts.say(1, b, address("192.0.2.10:3478")), None);
        let by_hairpin = hosts.say(0, a, address("203.0.113.7:41000"));
        assert_eq!(by_hairpin, heard.then(|| (1, b, address("203.0.113.7:40000"))), "{hairpin:?}");
        let between = hosts.say(0, a, address("100.64.0.3:41000"));
        assert_eq!(between, Some((1, b, address("100.64.0.2:40000"))));
        // The other one's own address is this host's own as well: what is for it never leaves.
        assert_eq!(hosts.say(0, a, address("192.168.1.23:41000")), None);
    }
}

#[test]
fn two_firewalls_open_when_both_have_sent() {
    let firewalled = |ip: &str| {
        let mut scenario = host(ip);
        scenario.host.firewall = Some(Apd);
        scenario
    };
    let (a, b) = (firewalled("2001:db8:100::23"), firewalled("2001:db8:200::24"));
    let mut hosts = Hosts::new(&[&a, &b], 0);
    let a = hosts.udp_towards(0, 40_000, "[2001:db8:1::1]:3478");
    let b = hosts.udp_towards(1, 41_000, "[2001:db8:1::1]:3478");
    let (at_a, at_b) = (address("[2001:db8:100::23]:40000"), address("[2001:db8:200::24]:41000"));
    assert_eq!(hosts.say(0, a, at_b), None);
    assert_eq!(hosts.say(1, b, at_a), Some((0, a, at_b)));
    assert_eq!(hosts.say(0, a, at_b), Some((1, b, at_a)));
}

/// Sends to another now and then, answers what it hears, and counts.
struct Caller {
    remote: SocketAddr,
    opened: bool,
    due: Time,
    sent: usize,
    heard: Vec<(Time, SocketAddr)>,
}

impl Caller {
    fn to(remote: &str) -> Self {
        Self { remote: address(remote), opened: false, due: Time::ZERO, sent: 0, heard: Vec::new() }
    }
}

impl Machine for Caller {
    fn poll(&mut self, now: Time) -> Vec<Command> {
        let socket = SocketId(1);
        let spec = SocketSpec { local_ports: vec![40_000], ..SocketSpec::new(Transport::Udp, self.remote) };
        let mut commands = Vec::new();
        if !std::mem::replace(&mut self.opened, true) {
            commands.push(Command::Open { socket, spec });
        }
        if now >= self.due && !self.is_finished() {
            self.due = now + Duration::from_millis(100);
            self.sent += 1;
            commands.push(Command::Send { socket, remote: self.remote, bytes: b"hello".to_vec() });
        }
        commands
    }

    fn handle(&mut self, now: Time, input: Input) {
        if let Input::Received { source, .. } = input {
            self.heard.push((now, source));
        }
    }

    fn next_wake(&self) -> Time {
        self.due
    }

    fn is_finished(&self) -> bool {
        self.sent == 10
    }
}

#[test]
fn machines_run_side_by_side_over_their_own_links_and_the_same_each_time() {
    let scenario = |ip: &str, wan: &str, link: LinkConfig| Scenario { link, ..home(ip, nat(Ei, Apd, wan)) };
    let far = LinkConfig { rtt_ms: 60.0, jitter_ms: 10.0, ..LinkConfig::default() };
    let meet = |loss: f64, seed: u64| {
        let a = scenario("192.168.1.23", "203.0.113.7", LinkConfig::default());
        let b = scenario("192.168.1.23", "203.0.113.8", LinkConfig { loss, ..far.clone() });
        let (mut first, mut second) = (Caller::to("203.0.113.8:40000"), Caller::to("203.0.113.7:40000"));
        let mut internet = Internet::new(&[&a, &b], 0, seed);
        internet.drive(&mut [&mut first, &mut second], Duration::from_secs(60));
        assert!(ms(internet.now()) == 900, "{:?}", internet.now());
        (first.heard, second.heard)
    };
    let (first, second) = meet(0.0, 1);
    // Each way takes half of either link's round trip: what is sent in the first 50 ms meets a mapping that is there.
    assert!(first.len() >= 8 && second.len() >= 8, "{first:?} {second:?}");
    assert!(first.iter().all(|(_, source)| *source == address("203.0.113.8:40000")));
    assert!((50..60).contains(&(ms(first[0].0) % 100)), "{first:?}");
    assert_eq!(meet(0.3, 7), meet(0.3, 7));
    assert_ne!(meet(0.3, 7), meet(0.3, 8));
    assert_eq!(meet(1.0, 1), (Vec::new(), Vec::new()));
}
