use super::closed::{Closed, Possible};
use super::prediction::{HangsOn, PredictionCode};
use super::side::{AddressPooling, Hairpin, HostAddress, PortChoice, Ports, Reach, RelayedCandidate, Translation};
use super::{Answer, FamilySide, Prediction, Side, TurnServer, Which, predict};
use crate::evidence::Behavior::{
    self, AddressAndPortDependent as APD, AddressDependent as AD, EndpointIndependent as EI,
};
use crate::wire::{Family, Transport};
use proptest::prelude::*;

fn ipv4(side: FamilySide) -> Side {
    Side { apart: true, ipv4: Some(side), ipv6: Some(FamilySide::unavailable()), ..Side::default() }
}

fn nat(mapping: Behavior, filtering: Behavior) -> Side {
    ipv4(FamilySide::described(mapping.into(), filtering))
}

fn firewall(filtering: Behavior) -> Side {
    ipv4(FamilySide::described(Translation::None, filtering))
}

fn blocked(reach: Reach) -> Side {
    ipv4(FamilySide { reach: Possible::known(reach), ..FamilySide::default() })
}

fn met(a: &Side, b: &Side) -> Prediction {
    predict(a, b, None)
}

fn answer(a: &Side, b: &Side) -> Answer {
    met(a, b).prediction
}

/// One behind a NAT of that external address, at home there.
fn at(external: &str, host: &str, mapping: Behavior, hairpinning: Possible<Hairpin>) -> Side {
    let found = FamilySide {
        addresses: Some(vec![external.parse().unwrap()]),
        hosts: Some(vec![HostAddress { address: host.parse().unwrap(), prefix: Some(24) }]),
        hairpinning,
        ..FamilySide::described(mapping.into(), APD)
    };
    Side { apart: false, ..ipv4(found) }
}

#[test]
fn no_nat_with_each_filter_is_a_row_of_the_matrix() {
    for filtering in Behavior::ALL {
        for mapping in Behavior::ALL {
            for other in Behavior::ALL {
                let (host, cone, peer) = (firewall(filtering), nat(EI, filtering), nat(mapping, other));
                assert_eq!(answer(&host, &peer), answer(&cone, &peer), "{filtering:?} {mapping:?} {other:?}");
            }
        }
        assert_eq!(answer(&firewall(filtering), &firewall(APD)), Answer::Direct);
    }
}

#[test]
fn a_reason_says_whose_nat_does_what() {
    let found = met(&nat(EI, APD), &nat(APD, APD));
    assert_eq!((found.prediction, found.reason.code), (Answer::Relay, PredictionCode::NewPortShutOut));
    assert!(found.reason.text.starts_with("B's NAT takes another port for each destination address and port, which A"));
    let found = met(&nat(APD, EI), &nat(EI, AD));
    assert_eq!((found.prediction, found.reason.code), (Answer::Direct, PredictionCode::NewPortLetIn));
    assert!(found.reason.text.contains("B's filter lets in any port of an address"), "{}", found.reason.text);
    let found = met(&nat(APD, EI), &nat(APD, EI));
    assert_eq!((found.prediction, found.reason.code), (Answer::Possible, PredictionCode::AdmittedSession));
    assert_eq!(met(&nat(AD, AD), &nat(AD, AD)).hangs_on[0].code, HangsOn::FilterState);
}

#[test]
fn what_gets_no_udp_out_needs_a_relay_of_its_own() {
    let blocked = blocked(Reach::UdpBlocked);
    let found = met(&blocked, &nat(EI, EI));
    assert_eq!((found.prediction, found.reason.code), (Answer::Relay, PredictionCode::UdpBlocked));
    assert_eq!(found.needs[0].transports, [Transport::Tls, Transport::Tcp]);
    assert_eq!(found.needs[1].transports[0], Transport::Udp);
    let open = met(&blocked, &firewall(EI));
    assert_eq!((open.prediction, open.hangs_on[0].code), (Answer::Possible, HangsOn::Tcp));
    let server = |transport| TurnServer { uri: "turn:turn.example.org".to_owned(), transport };
    let with = |servers: &[TurnServer]| predict(&blocked, &nat(EI, EI), Some(servers));
    assert_eq!(with(&[server(Transport::Udp), server(Transport::Tls)]).prediction, Answer::Relay);
    let none = with(&[server(Transport::Udp)]);
    assert_eq!((none.prediction, none.reason.code), (Answer::Impossible, PredictionCode::NoRelay));
    assert_eq!(none.needs.iter().map(|need| need.served).collect::<Vec<_>>(), [Some(false), Some(true)]);
    assert_eq!(predict(&nat(APD, APD), &nat(APD, APD), Some(&[server(Transport::Udp)])).prediction, Answer::Relay);
    assert_eq!(predict(&nat(EI, APD), &nat(EI, APD), Some(&[])).prediction, Answer::Direct);
    assert_eq!(answer(&super::tests::blocked(Reach::StunBlocked), &nat(EI, EI)), Answer::Relay);
}

#[test]
fn one_nat_is_met_inside_or_by_turning_back() {
    let unknown = Possible::default;
    let a = at("203.0.113.7", "192.168.1.2", APD, unknown());
    assert_eq!(answer(&a, &at("203.0.113.7", "192.168.1.3", APD, unknown())), Answer::DirectOnLan);
    assert_eq!(answer(&a, &at("198.51.100.7", "192.168.1.3", APD, unknown())), Answer::Relay);
    let a = at("203.0.113.7", "192.168.1.2", EI, unknown());
    let b = |hairpinning| at("203.0.113.7", "192.168.7.2", EI, hairpinning);
    let found = met(&a, &b(unknown()));
    assert_eq!((found.prediction, found.reason.code), (Answer::Inconclusive, PredictionCode::HairpinningUnknown));
    assert!(found.measure[0].command.contains("--hairpin"));
    assert_eq!(answer(&a, &b(Possible::known(Hairpin::Works))), Answer::DirectAfterHairpin);
    let fails = |host| at("203.0.113.7", host, EI, Possible::known(Hairpin::Fails));
    let found = met(&fails("192.168.1.2"), &fails("192.168.7.2"));
    assert_eq!((found.prediction, found.reason.code), (Answer::Possible, PredictionCode::InternalRoute));
}

#[test]
fn families_are_looked_at_each_and_the_best_counts() {
    let both = |ipv4, filtering| Side {
        apart: true,
        ipv4: Some(ipv4),
        ipv6: Some(FamilySide::described(Translation::None, filtering)),
        ..Side::default()
    };
    let symmetric = FamilySide::described(APD.into(), APD);
    let found = met(&both(symmetric.clone(), APD), &both(symmetric.clone(), APD));
    assert_eq!(found.prediction, Answer::Direct, "firewalls on both sides translate no ports");
    let families: Vec<Answer> = found.families.iter().map(|(_, found)| found.prediction).collect();
    assert_eq!(families, [Answer::Relay, Answer::Direct]);
    let only4 = ipv4(symmetric);
    let mut only6 = both(FamilySide::unavailable(), EI);
    let found = met(&only4, &only6);
    assert_eq!((found.prediction, found.reason.code), (Answer::Relay, PredictionCode::NoCommonFamily));
    assert!(found.needs.iter().all(|need| need.both_families));
    // The same host with a way to IPv4.
    only6.ipv4 = Some(FamilySide { nat64: true, ..FamilySide::described(EI.into(), EI) });
    assert_eq!(answer(&nat(EI, EI), &only6), Answer::Possible);
    let mut nowhere = ipv4(FamilySide::unavailable());
    assert_eq!(met(&nowhere, &only4).reason.code, PredictionCode::NoAddress);
    nowhere.ipv6 = None;
    assert_eq!(answer(&nowhere, &only4), Answer::Inconclusive);
}

#[test]
fn ports_that_can_be_guessed_make_it_possible() {
    let with = |choice, fit, samples| {
        let mut side = nat(APD, APD);
        side.ipv4.as_mut().unwrap().ports = Some(Ports { choice, step: Some(2), fit, samples });
        side
    };
    let found = met(&with(PortChoice::Sequential, 8, 8), &nat(EI, APD));
    assert_eq!((found.prediction, found.hangs_on[0].code), (Answer::Possible, HangsOn::PortPrediction));
    assert!((found.hangs_on[0].odds_percent.unwrap() - 90.0).abs() < 1e-6, "eight samples of eight are no promise");
    let found = met(&with(PortChoice::Random, 0, 8), &nat(EI, APD));
    assert_eq!(found.prediction, Answer::Relay);
    let guess = &found.families.ipv4.unwrap().guesses[0];
    assert!((guess.odds_of_256_percent.unwrap() - 63.8).abs() < 0.1 && guess.odds_percent < 0.01);
    let mut hidden = nat(APD, APD);
    hidden.ipv4.as_mut().unwrap().ports = None;
    assert_eq!(met(&hidden, &nat(EI, APD)).reason.code, PredictionCode::PortsUnknown);
    assert_eq!(answer(&hidden, &nat(EI, AD)), Answer::Direct);
}

#[test]
fn what_would_help_is_tried() {
    let found = met(&nat(EI, APD), &nat(APD, APD));
    let changes: Vec<String> = found.changes.iter().map(|one| format!("{} {}", one.side.letter(), one.code)).collect();
    assert_eq!(
        changes,
        ["A open-filtering", "A map-port", "B endpoint-independent-mapping", "B map-port"],
        "{:?}",
        found.changes
    );
    let found = met(&blocked(Reach::UdpBlocked), &nat(EI, APD));
    assert_eq!(found.changes.iter().map(|one| one.side).collect::<Vec<_>>(), [Which::A]);
}

#[test]
fn what_is_not_known_is_asked_for() {
    let mut side = nat(EI, APD);
    side.ipv4.as_mut().unwrap().filtering = Possible::default();
    assert_eq!(answer(&side, &nat(EI, APD)), Answer::Direct, "whatever it lets in");
    let found = met(&side, &nat(APD, APD));
    assert_eq!((found.prediction, found.reason.code), (Answer::Inconclusive, PredictionCode::FilteringUnknown));
    assert_eq!(found.families.ipv4.unwrap().may_be, [Answer::Direct, Answer::Relay]);
    let mut side = nat(APD, APD);
    side.ipv6 = None;
    let found = met(&side, &nat(APD, APD));
    assert_eq!(found.prediction, Answer::Relay, "the other has no IPv6");
    let mut other = nat(APD, APD);
    other.ipv6 = None;
    assert_eq!(met(&side, &other).reason.code, PredictionCode::FamilyUnknown);
}

fn possible<T: Closed + std::fmt::Debug>() -> impl Strategy<Value = Possible<T>> {
    let count = T::ALL.len();
    proptest::sample::subsequence(T::ALL.to_vec(), 1..=count).prop_map(|values| Possible::among(&values))
}

/// Mostly known, as reports are.
fn mostly<T: Closed + std::fmt::Debug>() -> impl Strategy<Value = Possible<T>> {
    prop_oneof![4 => proptest::sample::select(T::ALL.to_vec()).prop_map(Possible::known), 1 => possible::<T>()]
}

fn ports() -> impl Strategy<Value = Option<Ports>> {
    let choice = proptest::sample::select(PortChoice::ALL.to_vec());
    proptest::option::weighted(0.8, choice.prop_map(|choice| Ports { choice, step: None, fit: 3, samples: 4 }))
}

fn family(addresses: &'static [&'static str], hosts: &'static [&'static str]) -> impl Strategy<Value = FamilySide> {
    let parse = |text: &str| text.parse().unwrap();
    let addresses = proptest::option::weighted(0.8, proptest::sample::select(addresses.to_vec()));
    let hosts = proptest::option::weighted(
        0.8,
        (proptest::sample::select(hosts.to_vec()), proptest::option::of(proptest::sample::select(vec![16_u8, 24]))),
    );
    let reach = prop_oneof![3 => Just(Possible::known(Reach::Passes)), 2 => mostly::<Reach>()];
    (reach, mostly(), mostly(), mostly(), ports(), mostly(), addresses, hosts).prop_map(
        move |(reach, mapping, filtering, pooling, ports, hairpinning, external, host)| FamilySide {
            reach,
            mapping,
            filtering,
            pooling,
            ports,
            hairpinning,
            addresses: external.map(|address| vec![parse(address)]),
            hosts: host.map(|(address, prefix)| vec![HostAddress { address: parse(address), prefix }]),
            ..FamilySide::default()
        },
    )
}

fn side() -> impl Strategy<Value = Side> {
    let ipv4 = family(&["203.0.113.7", "198.51.100.9"], &["192.168.1.2", "192.168.1.3", "192.168.7.2", "10.0.0.2"]);
    let ipv6 = family(&["2001:db8:1::1", "2001:db8:2::1"], &["2001:db8:1::1"]);
    let weighted = proptest::option::weighted;
    (proptest::bool::weighted(0.5), weighted(0.9, ipv4), weighted(0.8, ipv6)).prop_map(|(apart, mut ipv4, mut ipv6)| {
        // What is in a network of its own has no address in another's.
        for found in [&mut ipv4, &mut ipv6].into_iter().flatten().filter(|_| apart) {
            (found.addresses, found.hosts) = (None, None);
        }
        Side { apart, ipv4, ipv6, ..Side::default() }
    })
}

/// The side with one thing less known of it.
fn hidden(side: &Side, what: usize) -> Side {
    let mut side = side.clone();
    let family = if what.is_multiple_of(2) { Family::Ipv4 } else { Family::Ipv6 };
    let found = side.family_mut(family);
    match (what / 2, found) {
        (0, found) => *found = None,
        (1, _) => side.apart = false,
        (_, None) => {}
        (2, Some(found)) => found.reach = Possible::default(),
        (3, Some(found)) => found.mapping = Possible::default(),
        (4, Some(found)) => found.filtering = Possible::default(),
        (5, Some(found)) => found.pooling = Possible::default(),
        (6, Some(found)) => found.ports = None,
        (7, Some(found)) => found.hairpinning = Possible::default(),
        (8, Some(found)) => found.addresses = None,
        (9, Some(found)) => found.hosts = None,
        (_, Some(found)) => found.hosts.iter_mut().flatten().for_each(|host| host.prefix = None),
    }
    side
}

/// Evidence that contradicts itself: one network over one family and different ones over the other.
fn contradicts(a: &Side, b: &Side) -> bool {
    let alone = |family: Family| {
        let (mut one, mut other) = (a.clone(), b.clone());
        let rest = if family == Family::Ipv4 { Family::Ipv6 } else { Family::Ipv4 };
        *one.family_mut(rest) = None;
        *other.family_mut(rest) = None;
        super::place::surely_one_network(&one, &other)
    };
    alone(Family::Ipv4) != alone(Family::Ipv6)
        && [Family::Ipv4, Family::Ipv6].into_iter().any(|family| {
            let known = |side: &Side| side.family(family).is_some_and(|found| found.addresses.is_some());
            known(a) && known(b) && !alone(family)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is hidden, the answer stays or could not be told.
    #[test]
    fn hiding_moves_an_answer_only_towards_inconclusive(a in side(), b in side(), whose in 0..2, what in 0..22_usize, udp: bool) {
        prop_assume!(!contradicts(&a, &b));
        let servers = [TurnServer { uri: String::new(), transport: if udp { Transport::Udp } else { Transport::Tls } }];
        for servers in [None, Some(&servers[..])] {
            let full = predict(&a, &b, servers);
            let (hidden_a, hidden_b) = if whose == 0 { (hidden(&a, what), b.clone()) } else { (a.clone(), hidden(&b, what)) };
            let less = predict(&hidden_a, &hidden_b, servers);
            let moved = |full: Answer, less: Answer| less == full || less == Answer::Inconclusive;
            prop_assert!(moved(full.prediction, less.prediction), "{:?}\n{:?}", full, less);
            for (family, found) in full.families.iter() {
                let other = less.families.iter().find(|(other, _)| *other == family).map(|(_, found)| found);
                let other = other.map_or(Answer::Inconclusive, |found| found.prediction);
                prop_assert!(moved(found.prediction, other), "{family:?} {:?}\n{:?}", full, less);
            }
        }
    }

    /// It does not matter who is named first.
    #[test]
    fn both_ends_are_told_the_same(a in side(), b in side()) {
        let (one, other) = (met(&a, &b), met(&b, &a));
        prop_assert_eq!(one.prediction, other.prediction);
        prop_assert_eq!(one.reason.code, other.reason.code);
    }
}

#[test]
fn its_own_relayed_candidates_serve_a_side() {
    let mut side = nat(APD, APD);
    side.relays = Some(vec![RelayedCandidate { address: None, transport: Some(Transport::Tcp) }]);
    let found = met(&side, &nat(APD, APD));
    assert_eq!(found.needs.iter().map(|need| need.served).collect::<Vec<_>>(), [Some(true), None]);
}

#[test]
fn a_pool_of_addresses_makes_it_luck() {
    let mut pool = nat(APD, APD);
    pool.ipv4.as_mut().unwrap().pooling = Possible::known(AddressPooling::Arbitrary);
    let found = met(&pool, &nat(EI, AD));
    assert_eq!((found.prediction, found.reason.code), (Answer::Possible, PredictionCode::AddressPool));
}
