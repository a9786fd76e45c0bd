//! `turn` and what passes through the relay: loss, order and size; how long an allocation lasts; what else the server offers.

use std::collections::BTreeMap;
use std::time::Duration;

use nat_probe::measure::turn::finding::{
    FeatureStatus, KeepAlive, PathOutcome, Quality, QualityPath, Train, TurnVerdict,
};
use nat_probe::measure::turn::{DiagnosisCode as Code, TurnResult};
use nat_probe::sim::{Scenario, Style, TurnFault};
use nat_probe::wire::Transport;

use super::turn_bench::Bench;

impl Bench {
    fn quality(self, count: u32) -> (Quality, TurnResult) {
        let (result, left) = self.options(|options| options.count = count).run();
        assert_eq!(left, 0);
        (result.quality.clone().unwrap_or_else(|| panic!("{result:?}")), result)
    }

    fn hold(self, seconds: u64) -> (KeepAlive, TurnResult) {
        let (result, left) = self.options(|options| options.hold_s = Some(seconds)).run();
        assert_eq!(left, 0);
        (result.hold.clone().expect("what holding saw"), result)
    }

    fn features(self) -> BTreeMap<String, FeatureStatus> {
        let (result, left) = self.options(|options| options.features = true).run();
        assert_eq!(left, 0);
        let released = result.released.unwrap();
        assert_eq!(released.made, released.confirmed);
        result.features.into_iter().map(|feature| (feature.name.to_string(), feature.status)).collect()
    }
}

fn code(result: &TurnResult) -> (TurnVerdict, Code) {
    (result.verdict, result.diagnosis.code)
}

fn trains(quality: &Quality) -> [&Train; 3] {
    [&quality.indications, &quality.channel, &quality.direct].map(|train| train.as_ref().expect("a train"))
}

#[test]
fn on_a_good_path_every_packet_comes_back_in_twice_the_time() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let (quality, result) = Bench { transport, ..Bench::new() }.quality(20);
        assert_eq!(code(&result), (TurnVerdict::Ok, Code::Ok), "{}", result.diagnosis.text);
        for train in trains(&quality) {
            assert_eq!((train.sent, train.received, train.duplicates, train.reordered), (20, 20, 0, 0));
            assert!(train.jitter_ms.unwrap() < 0.01);
        }
        let [indications, _, direct] = trains(&quality).map(|train| train.median_ms.unwrap());
        assert!((indications / direct - 2.0).abs() < 0.05, "{indications} {direct}");
        assert_eq!((quality.largest_payload, quality.path), (Some(1_400), QualityPath::Peer));
    }
}

#[test]
fn a_relay_that_loses_packets_is_told_from_a_path_that_does() {
    let (quality, result) = Bench::new().fault(TurnFault::Lossy).quality(40);
    assert_eq!(code(&result), (TurnVerdict::Degraded, Code::RelayLossy), "{}", result.diagnosis.text);
    let [indications, channel, direct] = trains(&quality).map(|train| train.loss_percent);
    assert!((10.0..70.0).contains(&indications) && (10.0..70.0).contains(&channel), "{indications} {channel}");
    assert!(direct.abs() < 0.01);
    assert_eq!(quality.largest_payload, Some(1_400), "loss is not taken for a limit of size");

    let mut poor = Bench::new();
    poor.scenario.link.loss = 0.08;
    let (_, result) = poor.quality(100);
    assert_eq!(code(&result), (TurnVerdict::Degraded, Code::PathLossy), "{}", result.diagnosis.text);
}

#[test]
fn copies_and_overtaking_are_counted() {
    let (quality, result) = Bench::new().fault(TurnFault::Duplicates).quality(10);
    assert_eq!(code(&result), (TurnVerdict::Ok, Code::Ok));
    assert!(trains(&quality)[..2].iter().all(|train| train.duplicates >= 10 && train.received == 10), "{quality:?}");
    let (quality, _) = Bench::new().fault(TurnFault::Reorders).quality(20);
    assert!(trains(&quality)[..2].iter().all(|train| train.reordered > 0 && train.received == 20), "{quality:?}");
}

#[test]
fn the_largest_payload_is_found() {
    let (quality, _) = Bench::new().fault(TurnFault::Mtu).quality(5);
    assert_eq!((quality.largest_payload, quality.failed_payloads.as_slice()), (Some(500), &[1_200, 1_400][..]));
}

#[test]
fn without_a_way_to_a_plain_socket_the_second_allocation_is_the_peer() {
    let mut blocked = Bench { transport: Transport::Tcp, ..Bench::new() };
    blocked.scenario = Scenario::preset("turn-udp-blocked").unwrap();
    let (quality, result) = blocked.quality(10);
    assert_eq!((result.verdict, quality.path), (TurnVerdict::Ok, QualityPath::SecondAllocation));
    assert!(trains(&quality).iter().all(|train| train.received == 10));
}

#[test]
fn the_servers_own_second_address_is_not_the_internet() {
    let mut bench = Bench::new().options(|options| options.third_parties.clear());
    let server = bench.scenario.servers.iter_mut().find(|server| server.turn.is_some()).unwrap();
    server.style = Style::Rfc5780;
    server.ipv4_alternate = Some("198.51.100.31:3479".parse().unwrap());
    let (result, _) = bench.clone().run();
    assert_eq!(code(&result), (TurnVerdict::Ok, Code::Ok), "our own socket is outside: {}", result.diagnosis.text);
    // A firewall before the server that lets nothing in: what answers on the server itself says nothing of it.
    let (result, _) = bench.fault(TurnFault::RangeClosed).run();
    assert_eq!(code(&result), (TurnVerdict::Inconclusive, Code::Undetermined), "{}", result.diagnosis.text);
    let relay = result.relay.unwrap();
    assert_eq!(relay.third_party.outcome, PathOutcome::Unknown, "{}", relay.third_party.text);
    let own = relay.own_machine.unwrap();
    assert!(own.text.contains("on the server's own machine"), "{}", own.text);
}

#[test]
fn an_allocation_is_kept_through_every_renewal() {
    let (hold, result) = Bench::new().hold(900);
    assert_eq!(code(&result), (TurnVerdict::Ok, Code::Ok), "{}", result.diagnosis.text);
    assert_eq!((hold.sent, hold.received, hold.hiccups.len()), (900, 900, 0), "{:?}", hold.hiccups);
    assert!(hold.renewals >= 6 && hold.stale_nonces >= 1, "the nonce of ten minutes is over once: {hold:?}");
    assert!((hold.held_s - 900.0).abs() < 1.0);
}

#[test]
fn an_allocation_that_vanishes_is_noticed_when_it_does() {
    let (hold, result) = Bench::new().fault(TurnFault::AllocationVanishes).hold(60);
    assert_eq!(code(&result), (TurnVerdict::Failed, Code::AllocationLost), "{}", result.diagnosis.text);
    let gap = hold.hiccups.iter().find(|hiccup| hiccup.text.contains("in a row")).expect("a gap");
    assert!((29_000.0..33_000.0).contains(&gap.at_ms), "{gap:?}");
    assert!(hold.hiccups.iter().any(|hiccup| hiccup.text.contains("437")), "{:?}", hold.hiccups);
}

#[test]
fn permissions_that_end_too_soon_are_noticed() {
    let (hold, result) = Bench::new().fault(TurnFault::PermissionShort).hold(60);
    assert_eq!(code(&result), (TurnVerdict::Failed, Code::AllocationLost), "{}", result.diagnosis.text);
    assert!(!hold.hiccups.is_empty() && hold.received > 0, "{hold:?}");
}

#[test]
fn whoever_is_cut_short_while_holding_gives_back_and_tells_what_was_seen() {
    let bench = Bench { deadline: Duration::from_secs(20), ..Bench::new() };
    let (hold, result) = bench.hold(600);
    assert!((15.0..20.0).contains(&hold.held_s), "{hold:?}");
    assert_eq!((hold.sent, hold.hiccups.len()), (hold.received, 0), "what was under way is no loss");
    assert_eq!(result.released.map(|one| (one.made, one.confirmed)), Some((2, 2)));
}

#[test]
fn features_are_offered_or_not() {
    use FeatureStatus::{NotOffered, Offered};
    let rich = Bench::new().turn(|config| {
        config.mobility = true;
        config.sha256 = true;
    });
    let mut both = rich;
    let server = both.scenario.servers.iter_mut().find(|server| server.turn.is_some()).unwrap();
    server.ipv6 = Some("[2001:db8::30]:3478".parse().unwrap());
    let found = both.features();
    assert_eq!(found.len(), 8);
    assert!(found.values().all(|status| *status == Offered), "{found:?}");

    let poor = Bench::new().turn(|config| {
        config.even_port = false;
        config.reservation = false;
        config.dont_fragment = false;
        config.tcp_relay = false;
        config.both_families = false;
        config.user_quota = Some(2);
    });
    let found = poor.features();
    assert_eq!(found.len(), 8);
    assert!(found.values().all(|status| *status == NotOffered), "{found:?}");
}
