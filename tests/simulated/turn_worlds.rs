//! Random worlds for `turn`: any NAT, loss, transport, fault or two of the server, and any moment of being cut off. A verdict may be
//! withheld, but it must not be wrong, and nothing may be left behind that is not said to be.

use std::time::Duration;

use nat_probe::probe::Behavior;
use nat_probe::probe::turn::DiagnosisCode as Code;
use nat_probe::probe::turn::finding::TurnVerdict;
use nat_probe::sim::{FilterScope, Hairpin, LinkConfig, NatConfig, TurnFault as F};
use nat_probe::stun::Transport;

use super::turn_bench::{Bench, Ran};
use super::worlds::Dice;

/// With these nobody outside can be reached as the relayed address says, or no allocation is to be had at all.
const UNUSABLE: [F; 28] = [
    F::NoRealm,
    F::NoNonce,
    F::UnsignedSuccess,
    F::WrongIntegrity,
    F::StaleNonceLoop,
    F::StunOnly,
    F::OauthOnly,
    F::Allocate400,
    F::Quota,
    F::Capacity,
    F::Mismatch437,
    F::UnsupportedTransport,
    F::UnsupportedFamily,
    F::Redirect,
    F::RedirectLoop,
    F::Forbidden,
    F::PeerForbidden,
    F::PrivateRelay,
    F::WrongExternal,
    F::RangeClosed,
    F::RangeFiltered,
    F::RelayDead,
    F::Error500,
    F::NoRelayedAddress,
    F::GarbageAllocate,
    F::NoAuth,
    F::RefreshFails,
    F::NoChannelBind,
];

/// What says that the credentials are not taken.
const CREDENTIALS: [Code; 6] = [
    Code::UnknownUserOrPassword,
    Code::CredentialsExpired,
    Code::UsernameReversed,
    Code::SecretMismatch,
    Code::ClockSkew,
    Code::WrongRealm,
];

/// What a world is made of, as far as it decides what may be said.
#[derive(Debug)]
struct Truth {
    faults: Vec<F>,
    loss: f64,
    cut: bool,
    transport: Transport,
}

fn world(seed: u64) -> (Bench, Truth) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let dice = &mut dice;
    let mut bench = if dice.one_in(6) { Bench::new().ipv6() } else { Bench::new() };
    let transport = dice.pick(&[Transport::Udp, Transport::Udp, Transport::Udp, Transport::Tcp, Transport::Tls]);
    bench = bench.over(transport);
    bench.seed = seed;
    let loss = dice.pick(&[0.0, 0.0, 0.02, 0.05, 0.1, 0.15, 0.2]);
    bench.scenario.link = LinkConfig {
        rtt_ms: dice.pick(&[1.0, 20.0, 40.0, 90.0, 180.0, 400.0]),
        jitter_ms: dice.pick(&[0.0, 0.0, 5.0, 40.0]),
        duplicate: dice.pick(&[0.0, 0.0, 0.05]),
        loss,
        ..LinkConfig::default()
    };
    bench.scenario.nats = vec![NatConfig {
        mapping: Some(dice.pick(&Behavior::ALL)),
        filtering: dice.pick(&Behavior::ALL),
        filter_scope: dice.pick(&[FilterScope::PerMapping, FilterScope::Host]),
        hairpin: dice.pick(&[Hairpin::No, Hairpin::ExternalSource]),
        ..bench.scenario.nats[0].clone()
    }];
    let mut faults = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
        faults.push(dice.pick(F::ALL));
    }
    faults.sort_unstable();
    faults.dedup();
    for &fault in &faults {
        bench = bench.turn(|config| {
            config.alternate_server = Some("198.51.100.40:3478".parse().unwrap());
            config.faults.push(fault);
        });
    }
    let (early, interrupted) = (dice.one_in(5), dice.one_in(8));
    bench.deadline = Duration::from_millis(if early { 1 + dice.below(2_500) } else { 15_000 });
    if interrupted {
        bench.scenario.interrupt_ms = Some(dice.unit() * 2_500.0);
    }
    (bench, Truth { faults, loss, cut: early || interrupted, transport })
}

/// What is wrong with what was said of that world.
fn wrong(truth: &Truth, deadline: Duration, ran: &Ran) -> Option<String> {
    let Ran { result, left, elapsed_ms } = ran;
    let (verdict, code) = (result.verdict, result.diagnosis.code);
    let has = |fault| truth.faults.contains(&fault);
    // Farewells may take a second and a half.
    if *elapsed_ms > deadline.as_secs_f64() * 1e3 + 1_501.0 {
        return Some(format!("it took {elapsed_ms} ms"));
    }
    if verdict == TurnVerdict::Ok && truth.faults.iter().any(|fault| UNUSABLE.contains(fault)) {
        return Some("it does not work".into());
    }
    if CREDENTIALS.contains(&code) {
        return Some("the credentials are right".into());
    }
    let lossy = matches!(code, Code::RelayLossy | Code::PathLossy);
    let silent_about = matches!(verdict, TurnVerdict::Ok | TurnVerdict::Inconclusive);
    // TCP sends again after ever longer waits: where much is lost it may be silent for as long as anybody waits.
    let mute = code == Code::NoAnswer && truth.transport.is_stream() && truth.loss >= 0.1;
    if truth.faults.is_empty() && !(silent_about || lossy || mute) {
        return Some("the server is healthy".into());
    }
    if truth.faults.is_empty() && truth.loss == 0.0 && !truth.cut && verdict != TurnVerdict::Ok {
        return Some("nothing is in the way".into());
    }
    let keeps = has(F::DeleteIgnored) || has(F::RefreshFails);
    let told = result.released.is_some_and(|released| released.confirmed < released.made);
    let unheard = truth.loss > 0.0 || truth.cut;
    let excused = keeps || told || (unheard && result.released.is_none() && lost_grant(truth));
    (*left > 0 && !excused).then(|| format!("{left} left behind, {:?}", result.released))
}

/// Over UDP with loss a grant may never have been heard of, nor the answer to its deletion.
fn lost_grant(truth: &Truth) -> bool {
    truth.transport == Transport::Udp && truth.loss > 0.0
}

#[test]
fn no_world_is_misjudged() {
    let worlds = std::env::var("TURN_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let mut complaints = Vec::new();
    for seed in 0..worlds {
        let (bench, truth) = world(seed);
        let deadline = bench.deadline;
        let ran = bench.watch();
        if let Some(complaint) = wrong(&truth, deadline, &ran) {
            let said = (ran.result.verdict, ran.result.diagnosis.code.name(), &ran.result.diagnosis.text);
            complaints.push(format!("{seed}: {complaint}: {truth:?} {said:?}"));
        }
    }
    assert!(complaints.is_empty(), "{} of {worlds}:\n{}", complaints.len(), complaints.join("\n"));
}
