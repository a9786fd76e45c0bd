//! Servers that tell their own world: whatever stands before them is not taken for what stands before this host, in whatever order they
//! are named; and honest servers are never doubted, whatever the NAT.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddrV6};

use nat_probe::engine::{Engine, Settings};
use nat_probe::evidence::{Behavior, ReasonCode};
use nat_probe::measure::nat::finding::{Connectivity, FamilyFindings, MappingBehavior, PoolingBehavior};
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions};
use nat_probe::measure::witness::{DoubtCode, Witnesses};
use nat_probe::net::drive;
use nat_probe::sim::{Fault, HostConfig, NatConfig, Pooling, PortRule, Scenario, SimNetwork, Style};
use nat_probe::wire::Family;

use super::bench::{Run, classify, link, nine_nats, options, specs, story};

/// Four servers, two of them with a second address, in the order of the numbers; those with a fault are marked.
fn world(nats: Vec<NatConfig>, order: &[usize], faults: &[(usize, Fault)]) -> Scenario {
    let mut scenario = Scenario { nats, link: link(20.0, 0.0), ..Scenario::default() };
    for (server, fault) in faults {
        scenario.servers[*server].faults.push(*fault);
    }
    scenario.servers = order.iter().map(|number| scenario.servers[*number].clone()).collect();
    scenario
}

const ORDERS: [[usize; 4]; 4] = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];

/// The code that the named server is doubted with.
fn doubts(run: &Run) -> BTreeMap<String, DoubtCode> {
    let name = |server: usize| run.evidence.servers[server].name.clone();
    Witnesses::hear(&run.evidence).doubts.into_iter().map(|doubt| (name(doubt.server), doubt.what.code)).collect()
}

#[test]
fn an_open_host_stays_open_whoever_lies() {
    for (fault, code) in [
        (Fault::Proxied, DoubtCode::OwnAddress),
        (Fault::RewritesSource, DoubtCode::PrivateAddress),
        (Fault::RewritesSourcePublic, DoubtCode::Disagrees),
    ] {
        for order in ORDERS {
            for liar in 0..4 {
                let run = classify(&world(Vec::new(), &order, &[(liar, fault)]), 3);
                let case = format!("{fault:?} of {liar} in {order:?}: {:?}\n{}", run.v4.mapping, story(&run));
                assert_eq!(run.v4.connectivity, Connectivity::Open, "{case}");
                assert_eq!(run.v4.mapping.behavior, MappingBehavior::None, "{case}");
                assert_eq!(run.v4.public_addresses, ["203.0.113.10".parse::<IpAddr>().unwrap()], "{case}");
                let name = format!("stun{}.example.net:3478", liar + 1);
                assert_eq!(doubts(&run), [(name, code)].into(), "{case}");
            }
        }
    }
}

#[test]
fn as_many_good_servers_as_bad_ones_give_one_verdict_in_any_order() {
    for fault in [Fault::Proxied, Fault::RewritesSource, Fault::RewritesSourcePublic] {
        for nat in nine_nats() {
            for order in ORDERS {
                // One of the two that are left can test behavior.
                let run = classify(&world(vec![nat.clone()], &order, &[(0, fault), (3, fault)]), 5);
                let case = format!("{fault:?} in {order:?}: {:?}\n{}", run.v4, story(&run));
                assert_eq!(run.v4.connectivity, Connectivity::Nat, "{case}");
                assert_eq!(run.v4.mapping.behavior, nat.mapping.unwrap().into(), "{case}");
                assert!(run.v4.pooling.as_ref().is_none_or(|one| one.behavior == PoolingBehavior::Paired), "{case}");
                let agreed = fault != Fault::RewritesSourcePublic || nat.mapping == Some(Behavior::EndpointIndependent);
                assert!(!agreed || run.v4.public_addresses == ["203.0.113.7".parse::<IpAddr>().unwrap()], "{case}");
            }
        }
    }
}

#[test]
fn one_against_one_is_told_by_name_and_not_guessed() {
    for nats in [Vec::new(), vec![NatConfig::default()]] {
        for order in [[2, 3], [3, 2]] {
            let run = classify(&world(nats.clone(), &order, &[(3, Fault::RewritesSourcePublic)]), 5);
            let reason = run.v4.mapping.reason.as_ref().expect("withheld");
            assert_eq!(run.v4.mapping.endpoint_independent, None, "{}", story(&run));
            assert!(reason.text.contains("192.0.2.30") && reason.text.contains("198.51.100.40"), "{}", reason.text);
            let expected = if nats.is_empty() { Connectivity::Inconclusive } else { Connectivity::Nat };
            assert_eq!(run.v4.connectivity, expected, "{}", story(&run));
        }
    }
}

#[test]
fn a_server_alone_with_a_private_address_decides_nothing() {
    for fault in [Fault::Proxied, Fault::RewritesSource] {
        for nats in [Vec::new(), vec![NatConfig::default()]] {
            let run = classify(&world(nats, &[0], &[(0, fault)]), 5);
            assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{}", story(&run));
            assert_eq!(run.v4.reason.as_ref().unwrap().code, ReasonCode::ServerMisreports);
            assert!(run.v4.public_addresses.is_empty());
        }
    }
}

/// The verdict on IPv6.
fn classify_v6(scenario: &Scenario) -> (FamilyFindings, Witnesses, String) {
    let options = ClassifyOptions { families: vec![Family::Ipv6], ..options() };
    let engine = Engine::new(Settings { seed: 3, ..Settings::default() }, specs(scenario), plan::classify(&options));
    let mut network = SimNetwork::new(scenario, 3).with_families(&[Family::Ipv6]);
    let evidence = drive(engine, &mut network, &mut |_| ());
    let found = judge::classify(&evidence, &options).remove(&Family::Ipv6).expect("IPv6 was asked for");
    let witnesses = Witnesses::hear(&evidence);
    let run = Run { evidence, v4: found.clone(), took_ms: 0.0 };
    (found, witnesses, story(&run))
}

fn ipv6_host() -> HostConfig {
    HostConfig { addresses: Some(vec!["2001:db8:cafe::23".parse().unwrap()]), ..HostConfig::default() }
}

#[test]
fn an_ipv4_address_told_over_ipv6_is_nobodys_mapping() {
    let mut scenario = world(Vec::new(), &[0, 1, 2, 3], &[(0, Fault::ProxiedToIpv4), (2, Fault::ProxiedToIpv4)]);
    scenario.host = ipv6_host();
    let (found, witnesses, story) = classify_v6(&scenario);
    assert_eq!(found.connectivity, Connectivity::Open, "{found:?}\n{story}");
    let doubts: BTreeSet<DoubtCode> = witnesses.doubts.iter().map(|doubt| doubt.what.code).collect();
    assert_eq!(doubts, [DoubtCode::OtherFamily].into());
    assert_eq!(witnesses.servers(), [0, 2].into());
}

/// A network with IPv6 alone, whose NAT64 leads to servers that have IPv4 alone.
pub(crate) fn behind_nat64(prefix: &str, nat: NatConfig) -> Scenario {
    let prefix: Ipv6Addr = prefix.parse().unwrap();
    let mut scenario = world(vec![NatConfig { nat64: Some(prefix), ..nat }], &[0, 1, 2, 3], &[]);
    scenario.servers.iter_mut().for_each(|server| (server.ipv6, server.ipv6_alternate) = (None, None));
    scenario.host = ipv6_host();
    scenario.resolver.dns64 = Some(prefix);
    scenario
}

#[test]
fn nat64_is_named_and_the_way_to_ipv4_is_judged() {
    for prefix in ["64:ff9b::", "2001:db8:64::"] {
        for nat in nine_nats() {
            let (found, witnesses, story) = classify_v6(&behind_nat64(prefix, nat.clone()));
            assert_eq!(found.nat64.as_deref(), Some(format!("{prefix}/96").as_str()), "{story}");
            assert_eq!(found.connectivity, Connectivity::Nat, "{found:?}\n{story}");
            assert_eq!(found.mapping.behavior, nat.mapping.unwrap().into(), "{story}");
            assert_eq!(found.filtering.behavior, nat.filtering.into(), "{:?}\n{story}", found.filtering);
            assert!(witnesses.doubts.is_empty(), "{:?}", witnesses.doubts);
        }
    }
}

/// One server that tells nothing of its own address: only the network's resolver shows the prefix (RFC 7050).
#[test]
fn the_networks_own_prefix_is_asked_of_its_resolver() {
    let mut scenario = behind_nat64("2001:db8:64::", NatConfig::default());
    scenario.servers.truncate(1);
    scenario.servers[0].style = Style::Rfc8489Plain;
    let (found, witnesses, story) = classify_v6(&scenario);
    assert_eq!(found.nat64.as_deref(), Some("2001:db8:64::/96"), "{story}");
    assert!(witnesses.doubts.is_empty(), "{:?}", witnesses.doubts);
    // Without such a resolver a server that tells an IPv4 address is what it looks like: a proxy.
    let mut scenario = world(Vec::new(), &[0], &[(0, Fault::ProxiedToIpv4)]);
    scenario.host = ipv6_host();
    let (found, witnesses, story) = classify_v6(&scenario);
    assert_eq!((found.nat64, found.connectivity), (None, Connectivity::Inconclusive), "{story}");
    let doubts: BTreeSet<DoubtCode> = witnesses.doubts.iter().map(|doubt| doubt.what.code).collect();
    assert_eq!(doubts, [DoubtCode::OtherFamily].into());
}

#[test]
fn native_ipv6_is_judged_apart_from_nat64() {
    let mut scenario = behind_nat64("64:ff9b::", NatConfig::default());
    scenario.servers[2].ipv6 = Some(SocketAddrV6::new("2001:db8:3::1".parse().unwrap(), 3478, 0, 0));
    scenario.servers[2].style = Style::Rfc8489Plain;
    let (found, _, story) = classify_v6(&scenario);
    assert_eq!(found.connectivity, Connectivity::Direct, "{found:?}\n{story}");
    assert_eq!(found.nat64, None);
    assert!(found.other_paths.iter().any(|path| path.nat64.is_some()), "{:?}", found.other_paths);
}

#[test]
fn what_an_alg_rewrites_in_both_attributes_is_no_open_internet() {
    for nat in nine_nats() {
        let nat = NatConfig { alg: true, alg_xor: true, ..nat };
        let run = classify(&world(vec![nat], &[0, 1, 2, 3], &[]), 3);
        assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{}", story(&run));
        assert_eq!(run.v4.reason.as_ref().unwrap().code, ReasonCode::NotTheInternet);
    }
}

#[test]
fn a_private_network_is_not_the_internet() {
    let mut scenario = world(Vec::new(), &[0, 1, 2, 3], &[]);
    scenario.host.addresses = Some(vec!["10.0.0.2".parse().unwrap()]);
    let run = classify(&scenario, 3);
    assert_eq!(run.v4.connectivity, Connectivity::Inconclusive, "{}", story(&run));
    assert!(run.v4.reason.as_ref().unwrap().text.contains("10.0.0.2"));
}

#[test]
fn what_leaves_from_another_address_is_compared_with_nothing() {
    let mut scenario = world(Vec::new(), &[0, 1, 2, 3], &[]);
    scenario.host.addresses = Some(vec!["203.0.113.10".parse().unwrap(), "203.0.113.77".parse().unwrap()]);
    for ip in ["192.0.2.11", "192.0.2.30"] {
        scenario.host.routes.insert(ip.parse().unwrap(), "203.0.113.77".parse().unwrap());
    }
    for nats in [
        Vec::new(),
        vec![NatConfig {
            external: vec!["198.51.100.7".parse().unwrap(), "198.51.100.8".parse().unwrap()],
            ..NatConfig::default()
        }],
    ] {
        let translated = !nats.is_empty();
        scenario.nats = nats;
        let run = classify(&scenario, 3);
        let expected = if translated { MappingBehavior::EndpointIndependent } else { MappingBehavior::None };
        assert_eq!(run.v4.mapping.behavior, expected, "{:?}\n{}", run.v4.mapping, story(&run));
        assert_eq!(run.v4.other_paths.len(), 1, "{:?}", run.v4.other_paths);
        assert_eq!(run.v4.public_addresses.len(), 1, "{:?}", run.v4.public_addresses);
    }
}

/// Two lines out, each endpoint-independent with ports of its own.
fn exits(pooling: Pooling) -> NatConfig {
    NatConfig {
        pooling,
        ports: PortRule::Random,
        external: vec!["203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap()],
        ..NatConfig::default()
    }
}

#[test]
fn exits_by_destination_are_several_exits() {
    for seed in 0..60 {
        let run = classify(&world(vec![exits(Pooling::SeparateExits)], &[0, 1, 2, 3], &[]), seed);
        let reason = run.v4.mapping.reason.as_ref().expect("withheld");
        assert_eq!(reason.code, ReasonCode::SeveralExits, "{}\n{}", reason.text, story(&run));
        assert_eq!(run.v4.connectivity, Connectivity::Nat);
        assert!(doubts(&run).is_empty(), "{:?}", doubts(&run));
    }
}

#[test]
fn packets_balanced_one_by_one_are_no_symmetric_nat() {
    let mut named = 0;
    for seed in 0..300 {
        for order in [&[0, 1, 2, 3][..], &[0], &[2, 3]] {
            let run = classify(&world(vec![exits(Pooling::PerPacket)], order, &[]), seed);
            let mapping = &run.v4.mapping;
            // By chance every packet of the socket under test leaves through the same exit; that is endpoint-independent then.
            let right = [MappingBehavior::Inconclusive, MappingBehavior::EndpointIndependent];
            assert!(right.contains(&mapping.behavior), "{seed} {order:?}\n{}", story(&run));
            assert_ne!(mapping.endpoint_independent, Some(false), "{seed} {order:?}\n{}", story(&run));
            named +=
                usize::from(mapping.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::MappingUnstable));
        }
    }
    assert!(named > 800, "named {named} times of 900");
}

#[test]
fn honest_servers_are_never_doubted() {
    let pool = |size: u8| (0..size).map(|n| IpAddr::from([203, 0, 113, 7 + n])).collect::<Vec<_>>();
    for nat in nine_nats() {
        for size in [1, 2, 4] {
            for pooling in [
                Pooling::Paired,
                Pooling::Arbitrary,
                Pooling::PerDestination,
                Pooling::SeparateExits,
                Pooling::PerPacket,
            ] {
                for ports in [PortRule::Preserved, PortRule::Random] {
                    for seed in 0..2 {
                        let nat = NatConfig { external: pool(size), pooling, ports, ..nat.clone() };
                        let run = classify(&world(vec![nat.clone()], &[0, 1, 2, 3], &[]), seed);
                        let case = format!("{nat:?} {seed}");
                        assert!(doubts(&run).is_empty(), "{case}: {:?}\n{}", doubts(&run), story(&run));
                        let right = [
                            MappingBehavior::Inconclusive,
                            nat.mapping.unwrap_or(Behavior::EndpointIndependent).into(),
                        ];
                        assert!(
                            right.contains(&run.v4.mapping.behavior),
                            "{case}: {:?}\n{}",
                            run.v4.mapping,
                            story(&run)
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn answers_from_another_address_are_named() {
    let run = classify(&world(Vec::new(), &[0, 1, 2, 3], &[(1, Fault::OtherSource)]), 3);
    assert_eq!(run.v4.connectivity, Connectivity::Open, "{}", story(&run));
    assert_eq!(doubts(&run), [("stun2.example.net:3478".to_owned(), DoubtCode::OtherSource)].into());
}
