//! How long `turn` takes, in virtual time: 40 ms of round trip, and 10 ms for the name.

use nat_probe::measure::turn::DiagnosisCode as Code;
use nat_probe::sim::{Fault, TurnFault};
use nat_probe::wire::Transport;

use super::turn_bench::Bench;

const RTT_MS: f64 = 40.0;
/// What is allowed beyond the round trips.
const SLACK_MS: f64 = 300.0;

#[test]
fn a_server_that_works_is_verified_in_eight_round_trips() {
    for bench in [Bench::new(), Bench::new().ipv6(), Bench::new().turn(|config| config.sha256 = true)] {
        let ran = bench.watch();
        assert_eq!(ran.result.diagnosis.code, Code::Ok, "{}", ran.result.diagnosis.text);
        assert!(ran.elapsed_ms <= 8.0 * RTT_MS + SLACK_MS, "{} ms", ran.elapsed_ms);
        assert!(ran.result.time_to_relay_ms.unwrap() <= 2.0 * RTT_MS + 1.0);
    }
}

#[test]
fn a_refusal_is_told_in_four_round_trips() {
    let refusing = [
        TurnFault::Quota,
        TurnFault::Capacity,
        TurnFault::Forbidden,
        TurnFault::UnsupportedFamily,
        TurnFault::UnsupportedTransport,
        TurnFault::NoRealm,
        TurnFault::Error500,
        TurnFault::RedirectLoop,
    ];
    let mut benches: Vec<Bench> = refusing.into_iter().map(|fault| Bench::new().fault(fault)).collect();
    benches.push(Bench::new().login("demo", "wrong"));
    for bench in benches {
        let ran = bench.watch();
        assert!(ran.elapsed_ms <= 4.0 * RTT_MS + SLACK_MS, "{} ms: {}", ran.elapsed_ms, ran.result.diagnosis.text);
    }
}

#[test]
fn silence_is_told_in_five_seconds() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let dead = Bench::new().over(transport).server_fault(Fault::Dead);
        let stun_only = Bench::new().over(transport).fault(TurnFault::StunOnly);
        for (bench, code) in [(dead, Code::NoAnswer), (stun_only, Code::StunOnly)] {
            let ran = bench.watch();
            assert_eq!(ran.result.diagnosis.code, code, "{transport:?}: {}", ran.result.diagnosis.text);
            assert!(ran.elapsed_ms <= 5_000.0, "{transport:?}: {} ms", ran.elapsed_ms);
        }
    }
}
