//! A relay is judged by who is outside it: over whichever family the server is reached, where UDP is blocked, where nobody answers.

use nat_probe::measure::turn::DiagnosisCode as Code;
use nat_probe::measure::turn::finding::{PathOutcome, TurnVerdict};
use nat_probe::sim::{Fault, TurnFault};
use nat_probe::wire::{Family, Transport};

use super::turn_bench::Bench;

/// Faults of a relay that shows its inside alone, and what an outsider makes of them.
const FAULTS: [(TurnFault, TurnVerdict, Code); 6] = [
    (TurnFault::RangeClosed, TurnVerdict::Failed, Code::RelayRangeClosed),
    (TurnFault::WrongExternal, TurnVerdict::Failed, Code::RelayAddressMismatch),
    (TurnFault::PrivateRelay, TurnVerdict::Failed, Code::RelayAddressPrivate),
    (TurnFault::PeerForbidden, TurnVerdict::Failed, Code::PeerForbidden),
    (TurnFault::RelayDead, TurnVerdict::Failed, Code::RelayDead),
    (TurnFault::HairpinDenied, TurnVerdict::Degraded, Code::RelayHairpinDenied),
];

fn udp_blocked() -> Bench {
    Bench::preset("turn-udp-blocked").over(Transport::Tcp)
}

/// The same, and no STUN server is alive.
fn alone() -> Bench {
    let mut bench = udp_blocked();
    bench.scenario.servers[0].faults.push(Fault::Dead);
    bench
}

#[test]
fn over_ipv6_the_relayed_ipv4_address_is_tested_from_outside() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let result = Bench::new().ipv6().over(transport).expect(TurnVerdict::Ok, Code::Ok, None);
        assert!(result.address.unwrap().is_ipv6() && result.relayed_address.unwrap().is_ipv4());
        let relay = result.relay.unwrap();
        let views = [relay.third_party, relay.to_peer, relay.from_peer, relay.between_allocations];
        assert!(views.iter().all(|view| view.outcome == PathOutcome::Works), "{views:#?}");
        assert_eq!(relay.seen_address, result.relayed_address);
    }
    for (fault, verdict, code) in FAULTS {
        let (result, left) = Bench::new().ipv6().fault(fault).run();
        assert_eq!((result.verdict, result.diagnosis.code, left), (verdict, code, 0), "{}", result.diagnosis.text);
    }
}

#[test]
fn where_udp_is_blocked_a_stun_server_is_asked_through_the_relay_all_the_same() {
    let result = udp_blocked().expect(TurnVerdict::Ok, Code::Ok, None);
    let relay = result.relay.unwrap();
    assert_eq!(relay.third_party.outcome, PathOutcome::Works, "{}", relay.third_party.text);
    assert_eq!(relay.seen_address, result.relayed_address);
    for (fault, verdict, code) in FAULTS {
        let (result, left) = udp_blocked().fault(fault).run();
        // Its silence could be the third party's own.
        let silent = matches!(fault, TurnFault::RangeClosed | TurnFault::RelayDead);
        let told = if silent { (TurnVerdict::Inconclusive, Code::Undetermined) } else { (verdict, code) };
        assert_eq!((result.verdict, result.diagnosis.code), told, "{fault:?}: {}", result.diagnosis.text);
        assert_eq!(left, 0);
    }
}

#[test]
fn what_nobody_outside_saw_is_not_called_working() {
    let (result, left) = alone().run();
    assert_eq!((result.verdict, result.diagnosis.code, left), (TurnVerdict::Inconclusive, Code::Undetermined, 0));
    assert!(
        result.diagnosis.text.starts_with("could not tell: data gets from one allocation"),
        "{:?}",
        result.diagnosis
    );
    assert_eq!(result.relay.unwrap().between_allocations.outcome, PathOutcome::Works);
    for (fault, verdict, _) in FAULTS {
        let (result, left) = alone().fault(fault).run();
        assert_ne!(result.verdict, TurnVerdict::Ok, "{fault:?}, which is {verdict:?}");
        assert_ne!(result.diagnosis.code, Code::RelayDead, "{fault:?}: no packet was seen to be lost outside");
        assert_eq!(left, 0);
    }
}

#[test]
fn a_server_that_relays_ipv6_only_is_asked_for_that() {
    for bench in [Bench::new().ipv6(), Bench::new().ipv6().over(Transport::Tcp)] {
        let bench = bench.turn(|config| config.families = vec![Family::Ipv6]);
        let result = bench.expect(TurnVerdict::Degraded, Code::UnsupportedFamily, None);
        assert!(result.diagnosis.text.contains("IPv6 only"), "{}", result.diagnosis.text);
        assert!(result.relayed_address.unwrap().is_ipv6());
        let relay = result.relay.unwrap();
        assert_eq!(relay.third_party.outcome, PathOutcome::Works, "{}", relay.third_party.text);
        assert_eq!(result.released.map(|one| (one.made, one.confirmed)), Some((2, 2)));
    }
    Bench::new().ipv6().fault(TurnFault::UnsupportedFamily).fails(Code::UnsupportedFamily, "allocate");
}

#[test]
fn a_server_of_rfc_3489_that_wants_an_empty_change_request_is_a_third_party_all_the_same() {
    let mut bench = Bench::new();
    bench.scenario.servers[0].faults.push(Fault::RequiresChangeRequest);
    let result = bench.expect(TurnVerdict::Ok, Code::Ok, None);
    let relay = result.relay.unwrap();
    assert_eq!(relay.third_party.outcome, PathOutcome::Works, "{}", relay.third_party.text);
    assert_eq!(relay.seen_address, result.relayed_address);
    // It is the control where the TURN server is silent over UDP.
    let mut bench = Bench::new().fault(TurnFault::UdpDead);
    bench.scenario.servers[0].faults.push(Fault::RequiresChangeRequest);
    let (result, left) = bench.run();
    assert_eq!((result.diagnosis.code, left), (Code::NoAnswer, 0), "UDP to it passes: {}", result.diagnosis.text);
}
