//! Rules on evidence made by hand.

use super::{DoubtCode, Witnesses};
use crate::evidence::{Evidence, Exchange, Key, Lookup, Outcome, Reply, Server};
use crate::wire::{Question, Transport};

/// One question: the server's number, its address, the socket, this host's end of it, and what the server said.
type Told = (usize, &'static str, &'static str, &'static str, &'static str);

fn evidence(told: &[Told]) -> Evidence {
    let count = told.iter().map(|(server, ..)| server + 1).max().unwrap_or(0);
    let servers = (0..count).map(|number| {
        let addresses =
            told.iter().filter(|(server, ..)| *server == number).map(|(_, remote, ..)| remote.parse().unwrap());
        let lookup = Lookup {
            transport: Transport::Udp,
            addresses: addresses.take(1).collect(),
            failure: None,
            refused: Vec::new(),
            duration_ms: 1.0,
        };
        Server { name: format!("s{number}"), lookups: vec![lookup] }
    });
    let exchanges = told.iter().enumerate().map(|(number, (server, remote, socket, local, mapped))| Exchange {
        id: format!("e{number}"),
        ask: Key::Other(format!("test/{number}")),
        server: *server,
        socket: (*socket).into(),
        transport: Transport::Udp,
        local: Some(local.parse().unwrap()),
        remote: remote.parse().unwrap(),
        request: Question::default(),
        sends: 1,
        paced: true,
        started_ms: 0.0,
        ended_ms: Some(1.0),
        sent_ms: Vec::new(),
        arrived_ms: Vec::new(),
        strays: None,
        copies: 0,
        not_stun: None,
        outcome: Outcome::Reply(Reply {
            rtt_ms: 1.0,
            mapped: Some(mapped.parse().unwrap()),
            ..Reply::from_source(remote.parse().unwrap())
        }),
    });
    let host_addresses = ["127.0.0.1", "192.168.1.23", "203.0.113.10"].map(|ip| ip.parse().unwrap()).to_vec();
    Evidence { host_addresses, servers: servers.collect(), exchanges: exchanges.collect(), ..Evidence::default() }
}

/// Which server is doubted why, whatever the order of the exchanges.
fn doubted(told: &[Told]) -> Vec<(usize, DoubtCode)> {
    let list = |told: &[Told]| {
        let mut list: Vec<(usize, DoubtCode)> =
            Witnesses::hear(&evidence(told)).doubts.iter().map(|doubt| (doubt.server, doubt.what.code)).collect();
        list.sort_unstable();
        list
    };
    let backwards: Vec<Told> = told.iter().rev().copied().collect();
    assert_eq!(list(told), list(&backwards), "the order decides");
    list(told)
}

const HOME: &str = "192.168.1.23:40000";

#[test]
fn each_kind_of_address_has_its_reason() {
    use DoubtCode as D;
    for (server, local, mapped, code) in [
        ("192.0.2.1:3478", HOME, "192.0.2.1:5000", Some(D::OwnAddress)),
        ("192.0.2.1:3478", HOME, "[2001:db8::7]:5000", Some(D::OtherFamily)),
        ("[2001:db8:1::1]:3478", "[2001:db8:2::1]:40000", "172.18.0.1:5000", Some(D::OtherFamily)),
        ("[2001:db8:1::1]:3478", "[2001:db8:2::1]:40000", "[::ffff:172.18.0.1]:5000", Some(D::OtherFamily)),
        ("[64:ff9b::192.0.2.1]:3478", "[2001:db8:2::1]:40000", "203.0.113.7:5000", None),
        ("[64:ff9b::192.0.2.1]:3478", "[2001:db8:2::1]:40000", "192.0.2.1:5000", Some(D::OwnAddress)),
        ("[64:ff9b::192.0.2.1]:3478", "[2001:db8:2::1]:40000", "10.0.0.1:5000", Some(D::PrivateAddress)),
        ("192.0.2.1:3478", HOME, "127.0.0.1:5000", Some(D::ImpossibleAddress)),
        ("192.0.2.1:3478", HOME, "169.254.1.1:5000", Some(D::ImpossibleAddress)),
        ("192.168.1.9:3478", HOME, "127.0.0.1:5000", Some(D::ImpossibleAddress)),
        ("192.0.2.1:3478", HOME, "10.1.1.1:5000", Some(D::PrivateAddress)),
        ("192.0.2.1:3478", HOME, "100.64.1.1:5000", Some(D::PrivateAddress)),
        ("[2001:db8:1::1]:3478", "[2001:db8:2::1]:40000", "[fd00::1]:5000", Some(D::PrivateAddress)),
        ("192.0.2.1:3478", HOME, HOME, Some(D::PrivateLocalAddress)),
        ("192.0.2.1:3478", HOME, "203.0.113.7:5000", None),
        ("192.168.1.9:3478", HOME, HOME, None),
        ("192.168.1.9:3478", HOME, "192.168.1.1:5000", None),
        ("127.0.0.1:3478", "127.0.0.1:40000", "127.0.0.1:40000", None),
        ("203.0.113.10:3478", "203.0.113.10:40000", "203.0.113.10:40000", None),
    ] {
        let expected: Vec<(usize, DoubtCode)> = code.map(|code| (0, code)).into_iter().collect();
        assert_eq!(doubted(&[(0, server, "main", local, mapped)]), expected, "{server} told {local} {mapped}");
    }
}

#[test]
fn a_router_that_has_the_servers_address_turns_packets_round() {
    let public = (0, "192.0.2.1:3478", "main", HOME, "203.0.113.7:5000");
    let home = (1, "203.0.113.7:3478", "main", HOME, "203.0.113.7:5000");
    assert_eq!(doubted(&[public, home]), []);
    let elsewhere = (1, "203.0.113.7:3478", "main", HOME, "203.0.113.7:6000");
    let third = (2, "198.51.100.1:3478", "main", HOME, "203.0.113.7:5000");
    assert_eq!(doubted(&[public, elsewhere, third]), [], "two others saw the address too");
    assert_eq!(doubted(&[elsewhere]), [(1, DoubtCode::OwnAddress)]);
}

#[test]
fn servers_behind_one_proxy_do_not_bear_each_other_out() {
    let told = [
        (0, "192.0.2.1:3478", "main", HOME, "192.0.2.2:5000"),
        (1, "192.0.2.2:3478", "main", HOME, "192.0.2.2:6000"),
        (2, "198.51.100.1:3478", "main", HOME, "203.0.113.7:5000"),
    ];
    assert_eq!(doubted(&told), [(0, DoubtCode::OtherServersAddress), (1, DoubtCode::OwnAddress)]);
}

#[test]
fn two_servers_that_saw_the_same_private_port_are_in_the_same_network() {
    let told = |port: &'static str| {
        [(0, "192.0.2.1:3478", "main", HOME, "10.1.1.1:5000"), (1, "198.51.100.1:3478", "main", HOME, port)]
    };
    let network = doubted(&told("10.1.1.1:5000"));
    assert_eq!(network, [(0, DoubtCode::PrivateNetwork), (1, DoubtCode::PrivateNetwork)]);
    let docker = doubted(&told("10.1.1.1:6000"));
    assert_eq!(docker, [(0, DoubtCode::PrivateAddress), (1, DoubtCode::PrivateAddress)], "as two containers see");
}

#[test]
fn one_against_two_that_agree_is_doubted_and_a_shared_port_shows_an_exit() {
    let told = |odd: &'static str| {
        [
            (0, "192.0.2.1:3478", "main", HOME, "203.0.113.7:5000"),
            (1, "192.0.2.2:3478", "main", HOME, "203.0.113.7:5000"),
            (2, "198.51.100.1:3478", "main", HOME, odd),
        ]
    };
    assert_eq!(doubted(&told("198.51.100.9:6000")), [(2, DoubtCode::Disagrees)]);
    assert_eq!(doubted(&told("198.51.100.9:5000")), []);
    let words = Witnesses::hear(&evidence(&told("198.51.100.9:6000"))).doubts[0].what.text.clone();
    assert!(words.contains("2 others") && words.contains("203.0.113.7") && words.contains("another exit"), "{words}");
}

#[test]
fn what_left_from_another_address_is_another_path() {
    let told = [
        (0, "192.0.2.1:3478", "main", "203.0.113.10:40000", "203.0.113.10:40000"),
        (1, "192.0.2.2:3478", "main", "203.0.113.10:40000", "203.0.113.10:40000"),
        (2, "198.51.100.1:3478", "main", "10.8.0.2:40000", "198.51.100.77:6000"),
    ];
    let seen = evidence(&told);
    let witnesses = Witnesses::hear(&seen);
    assert_eq!(witnesses.doubts, []);
    let others = witnesses.other_paths(crate::wire::Family::Ipv4);
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].local_address, Some("10.8.0.2".parse().unwrap()));
    assert_eq!(witnesses.believed(&seen).exchanges.iter().filter(|one| one.mapped().is_some()).count(), 2);
}
