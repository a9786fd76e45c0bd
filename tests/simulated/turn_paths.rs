//! What the relay does with data, and who is believed about it: relays in the host's own network, answers from elsewhere, servers that
//! refuse peers in their own ways, limits.

use nat_probe::measure::turn::finding::{PathOutcome, TurnVerdict};
use nat_probe::measure::turn::{DiagnosisCode as Code, TurnResult};
use nat_probe::sim::{Fault, TurnFault};
use nat_probe::wire::{Family, RemarkCode, Transport};

use super::turn_bench::Bench;

const ALL: [Transport; 4] = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls];

/// A TURN server beside the host, behind the same router, which forwards the relayed ports to it.
fn home() -> Bench {
    let home = Bench::new().turn(|config| config.home = Some([203, 0, 113, 7].into()));
    home.server(|server| server.ipv4 = Some("192.168.1.10:3478".parse().unwrap()))
}

/// A network without a way out.
fn private() -> Bench {
    let mut bench = Bench::new().server(|server| server.ipv4 = Some("10.0.0.5:3478".parse().unwrap()));
    bench.scenario.nats.clear();
    bench.scenario.host.addresses = Some(vec!["10.0.0.9".parse().unwrap()]);
    bench.scenario.servers[0].faults.push(Fault::Dead);
    bench
}

/// Nobody outside answers.
fn alone(mut bench: Bench) -> Bench {
    bench.scenario.servers[0].faults.push(Fault::Dead);
    bench
}

fn remarks(result: &TurnResult) -> Vec<RemarkCode> {
    result.remarks.iter().map(|remark| remark.code).collect()
}

#[test]
fn at_home_the_outsider_who_saw_the_relayed_address_is_believed() {
    let result = home().expect(TurnVerdict::Degraded, Code::TestedFromInside, None);
    let relay = result.relay.as_ref().unwrap();
    assert_eq!(relay.seen_address, result.relayed_address);
    assert_eq!(relay.from_peer.outcome, PathOutcome::Fails, "the router does not turn it round");
    assert!(result.diagnosis.text.contains("192.168.1.10"), "{}", result.diagnosis.text);
    assert!(!result.diagnosis.fix.contains("external-ip"), "{}", result.diagnosis.fix);

    let (result, _) = alone(home()).run();
    assert_eq!((result.verdict, result.diagnosis.code), (TurnVerdict::Inconclusive, Code::Undetermined));
    assert!(result.diagnosis.text.contains("192.168.1.10"), "{}", result.diagnosis.text);
}

#[test]
fn in_a_network_without_a_way_out_what_works_is_said_to() {
    for transport in ALL {
        let result = private().over(transport).expect(TurnVerdict::Ok, Code::Ok, None);
        assert_eq!(remarks(&result), [RemarkCode::RelayAddressPrivate], "{transport:?}: what was not seen is said");
        let relay = result.relay.unwrap();
        assert_eq!([relay.to_peer.outcome, relay.from_peer.outcome], [PathOutcome::Works; 2]);
    }
    for (fault, code) in [(TurnFault::RelayDead, Code::Undetermined), (TurnFault::RangeClosed, Code::Undetermined)] {
        let (result, _) = private().over(Transport::Tcp).fault(fault).run();
        assert_eq!((result.verdict, result.diagnosis.code), (TurnVerdict::Inconclusive, code), "{fault:?}");
    }
}

#[test]
fn a_wrong_external_address_shows_without_anybody_outside() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let wrong = alone(Bench::new().over(transport).fault(TurnFault::WrongExternal));
        let result = wrong.fails(Code::RelayAddressMismatch, "relayed-address");
        let own = result.relay.unwrap().from_peer_to_own_address.unwrap();
        assert_eq!(own.outcome, PathOutcome::Works, "{}", own.text);
        assert!(result.diagnosis.text.contains("198.51.100.30"), "{}", result.diagnosis.text);
    }
}

#[test]
fn a_range_that_is_closed_in_part_is_no_matter_of_hairpinning() {
    let result = Bench::new().fault(TurnFault::RangeHalfClosed).expect(
        TurnVerdict::Degraded,
        Code::RelayRangeClosed,
        Some("data"),
    );
    let relay = result.relay.unwrap();
    assert_eq!(relay.from_peer_to_second.unwrap().outcome, PathOutcome::Fails);
    assert_eq!(relay.from_peer.outcome, PathOutcome::Works);
}

#[test]
fn answers_from_elsewhere_are_a_cause_of_their_own() {
    let mut open = Bench::new().fault(TurnFault::AnswersFromElsewhere);
    open.scenario.nats.clear();
    let result = open.clone().fails(Code::AnswersFromElsewhere, "binding");
    assert!(result.diagnosis.text.contains("198.51.100.250"), "{}", result.diagnosis.text);
    assert!(result.diagnosis.fix.contains("each of its addresses"), "{}", result.diagnosis.fix);
    open.over(Transport::Tcp).expect(TurnVerdict::Ok, Code::Ok, None);
}

#[test]
fn an_allocation_that_its_renewal_ends_is_lost() {
    for fault in [TurnFault::RefreshKills, TurnFault::RefreshEnds] {
        for transport in [Transport::Udp, Transport::Tcp] {
            for count in [0, 10] {
                let bench = Bench::new().over(transport).fault(fault).options(|options| options.count = count);
                let result = bench.fails(Code::AllocationLost, "refresh");
                let relay = result.relay.unwrap();
                assert_eq!(relay.third_party.outcome, PathOutcome::Works, "what passed before it was seen");
            }
        }
    }
}

#[test]
fn a_peer_is_refused_in_several_ways() {
    let result = Bench::new().fault(TurnFault::PeerRefusedWithoutCode).fails(Code::PeerForbidden, "permission");
    assert!(result.diagnosis.text.contains("without a code"), "{}", result.diagnosis.text);
    let result =
        Bench::new().fault(TurnFault::OwnAllocationsOnly).expect(TurnVerdict::Degraded, Code::PeerForbidden, None);
    assert!(result.diagnosis.text.contains("own allocations only"), "{}", result.diagnosis.text);
    assert_eq!(result.relay.unwrap().between_allocations.outcome, PathOutcome::Works);
}

#[test]
fn what_a_proxy_makes_of_an_address_is_not_believed() {
    let result = Bench::new().fault(TurnFault::Proxied).expect(TurnVerdict::Degraded, Code::MappedAddressUseless, None);
    let relay = result.relay.unwrap();
    assert_eq!([relay.to_peer.outcome, relay.from_peer.outcome], [PathOutcome::Works; 2]);
    assert_eq!(relay.third_party.outcome, PathOutcome::Works);
}

#[test]
fn the_limit_of_an_allocation_is_not_the_fault_of_the_path() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let throttled = Bench::new().over(transport).fault(TurnFault::Throttled);
        let result =
            throttled.options(|options| options.count = 20).expect(TurnVerdict::Degraded, Code::RelayLossy, None);
        let direct = result.quality.unwrap().direct.unwrap();
        assert_eq!((direct.sent, direct.received), (20, 20), "the reference is not limited");
        assert!(result.diagnosis.fix.contains("limits of bandwidth"), "{}", result.diagnosis.fix);
    }
}

#[test]
fn where_binding_is_ignored_nothing_is_lost_on_the_way() {
    let silent = Bench::new().fault(TurnFault::NoBinding).options(|options| options.count = 10);
    let result = silent.expect(TurnVerdict::Ok, Code::Ok, Some("binding"));
    assert_eq!(result.quality.unwrap().direct, None, "there is nothing to compare with");
}

#[test]
fn room_for_one_allocation_is_told() {
    for (limit, code) in [("quota", Code::QuotaReached), ("capacity", Code::InsufficientCapacity)] {
        let bench = Bench::new().turn(|config| match limit {
            "quota" => config.user_quota = Some(1),
            _ => config.capacity = Some(1),
        });
        let result = bench.expect(TurnVerdict::Degraded, code, None);
        assert!(result.diagnosis.text.contains("a second allocation"), "{}", result.diagnosis.text);
    }
}

#[test]
fn a_closed_port_is_told_by_the_other_transport() {
    let closed = Bench::new().fault(TurnFault::UdpDead).server(|server| server.transports = vec![Transport::Udp]);
    let result = closed.fails(Code::NoAnswer, "binding");
    assert!(result.diagnosis.text.contains("TCP to the same port was refused"), "{}", result.diagnosis.text);
}

#[test]
fn connections_that_others_close_are_told() {
    let closes = Bench::new().over(Transport::Tcp).fault(TurnFault::ClosesSecond);
    let (result, left) = closes.run();
    assert_eq!((result.verdict, result.diagnosis.code, left), (TurnVerdict::Degraded, Code::ConnectionClosed, 0));
    // That a server closes the connection which an allocation moved away from is as it should be.
    let moves = Bench::new().over(Transport::Tcp).fault(TurnFault::ClosesMoved).turn(|config| config.mobility = true);
    let (result, left) = moves.options(|options| options.features = true).run();
    let released = result.released.unwrap();
    assert_eq!((released.made, left), (released.confirmed, 0), "{:?}", result.remarks);
    assert!(remarks(&result).is_empty(), "{:?}", result.remarks);
}

#[test]
fn what_is_deleted_only_in_case_is_not_waited_for() {
    let mute = Bench::new().fault(TurnFault::RefreshUnknownMute).turn(|config| {
        config.even_port = false;
        config.reservation = false;
        config.dont_fragment = false;
        config.tcp_relay = false;
        config.families = vec![Family::Ipv4];
    });
    let ran = mute.options(|options| options.features = true).watch();
    assert_eq!(ran.result.diagnosis.code, Code::Ok, "{}", ran.result.diagnosis.text);
    assert!(ran.elapsed_ms < 4_000.0, "{}", ran.elapsed_ms);
}

#[test]
fn over_ipv6_alone_a_relayed_ipv4_address_is_tested_all_the_same() {
    for transport in ALL {
        let ipv6 = Bench::new().ipv6().over(transport).options(|options| options.families = vec![Family::Ipv6]);
        let result = ipv6.expect(TurnVerdict::Ok, Code::Ok, None);
        assert!(result.address.unwrap().is_ipv6() && result.relayed_address.unwrap().is_ipv4());
        let third = result.relay.unwrap().third_party;
        assert_eq!(third.outcome, PathOutcome::Works, "{}", third.text);
    }
}
