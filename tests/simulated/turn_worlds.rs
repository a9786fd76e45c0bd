//! Random worlds for `turn`: any fault, NAT, loss and transport, any moment of being cut off. The truth is known from what the world is
//! made of; a verdict may be withheld, but it must not be wrong, and nothing is left behind.

use std::time::Duration;

use nat_probe::measure::turn::DiagnosisCode as Code;
use nat_probe::measure::turn::finding::TurnVerdict;
use nat_probe::sim::{LinkConfig, Pooling, TurnFault};
use nat_probe::wire::Transport;

use super::turn_bench::{Bench, Ran};
use super::worlds::{Dice, nat, published, seeds};

/// Worlds that were once named wrong.
const FOUND: [u64; 6] = [5_147, 6_152, 14_188, 21_663, 24_708, 25_009];

/// More loss than this, each way, and a question sent seven times may stay without an answer.
const LITTLE_LOSS: f64 = 0.05;

/// A world, and what is known of it.
struct World {
    bench: Bench,
    faults: Vec<TurnFault>,
    right: bool,
    loss: f64,
    cut: bool,
    transport: Transport,
    plain: bool,
}

fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed.wrapping_mul(0x9e6c_63d0_876a_46bd));
    let dice = &mut dice;
    let transport = dice.pick(&[Transport::Udp, Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls]);
    let right = !dice.one_in(8);
    let ipv6 = dice.one_in(6);
    let bench = if ipv6 { Bench::new().ipv6() } else { Bench::new() };
    let mut bench = bench.over(transport).login("demo", if right { "demo" } else { "wrong" });
    bench.seed = seed;
    let faults: Vec<TurnFault> = match dice.below(8) {
        0..3 => Vec::new(),
        3..7 => vec![dice.pick(TurnFault::ALL)],
        _ => vec![dice.pick(TurnFault::ALL), dice.pick(TurnFault::ALL)],
    };
    // Where a redirection leads is a matter of its own.
    let faults: Vec<TurnFault> =
        faults.into_iter().filter(|fault| !matches!(fault, TurnFault::Redirect | TurnFault::RedirectSigned)).collect();
    for &fault in &faults {
        bench = bench.fault(fault);
    }
    if !ipv6 {
        bench.scenario.nats =
            published((0..dice.below(3)).map(|place| nat(dice, u8::try_from(place).unwrap(), false)).collect());
        bench.scenario.nats.iter_mut().for_each(|nat| nat.alg = false);
        let addresses = bench.scenario.nats.iter().all(|nat| nat.mapping.is_none());
        bench.scenario.host.addresses = addresses.then(|| vec!["203.0.113.10".parse().unwrap()]);
    }
    let loss = dice.pick(&[0.0, 0.0, 0.0, 0.02, LITTLE_LOSS, 0.1, 0.2]);
    let (rtt_ms, jitter_ms) = (dice.pick(&[5.0, 40.0, 40.0, 250.0]), dice.pick(&[0.0, 5.0, 40.0]));
    let duplicate = dice.pick(&[0.0, 0.0, 0.05]);
    bench.scenario.link = LinkConfig { rtt_ms, jitter_ms, loss, duplicate, ..LinkConfig::default() };
    let cut = dice.one_in(3);
    bench.deadline = Duration::from_millis(if cut { 10 + dice.below(4_000) } else { 60_000 });
    bench.scenario.interrupt_ms = (cut && dice.one_in(2)).then(|| dice.unit() * 3_000.0);
    let count = if dice.one_in(3) { 10 } else { 0 };
    bench = bench.options(|options| options.count = count);
    let plain = bench.scenario.nats.iter().all(|nat| !nat.port_rewrite && nat.pooling == Pooling::Paired);
    World { bench, faults, right, loss, cut, transport, plain }
}

/// The codes that a fault may lead to, where it is the only one, and whether it keeps the server from relaying.
fn truth(fault: TurnFault, transport: Transport) -> (bool, Vec<Code>) {
    use TurnFault as F;
    let udp = matches!(transport, Transport::Udp | Transport::Dtls);
    let unusable = |code| (true, vec![code]);
    let harmless = (false, vec![Code::Ok]);
    match fault {
        F::NoRealm | F::NoNonce => unusable(Code::NoRealm),
        F::UnsignedSuccess | F::WrongIntegrity | F::UnsignedLater => unusable(Code::IntegrityMissingOrBad),
        F::StaleNonceLoop => unusable(Code::StaleNonceLoop),
        F::StunOnly | F::Bare400 | F::Bare405 | F::Bare420 => unusable(Code::StunOnly),
        F::Nonce400 => unusable(Code::UnknownUserOrPassword),
        F::Md5Refused => unusable(Code::Sha256Only),
        F::NoAuth => (false, vec![Code::OpenRelay]),
        F::OauthOnly => unusable(Code::OauthOnly),
        F::Allocate400 | F::NoRelayedAddress | F::GarbageAllocate => unusable(Code::ProtocolError),
        F::Quota => unusable(Code::QuotaReached),
        F::Capacity | F::PermissionCapacity => unusable(Code::InsufficientCapacity),
        F::Mismatch437 => unusable(Code::AllocationMismatch),
        F::UnsupportedTransport => unusable(Code::UnsupportedTransport),
        F::UnsupportedFamily => unusable(Code::UnsupportedFamily),
        F::Redirect | F::RedirectLoop => unusable(Code::Redirected),
        F::Forbidden => unusable(Code::Forbidden),
        F::PeerForbidden | F::PeerRefusedWithoutCode => unusable(Code::PeerForbidden),
        F::OwnPeerForbidden | F::HairpinDenied => (false, vec![Code::RelayHairpinDenied]),
        F::PrivateRelay => unusable(Code::RelayAddressPrivate),
        F::WrongExternal => unusable(Code::RelayAddressMismatch),
        F::RangeClosed => unusable(Code::RelayRangeClosed),
        F::RangeFiltered => (false, vec![Code::RelayRangeClosed, Code::Undetermined]),
        F::ClosesEarly if !udp => unusable(Code::ConnectionClosed),
        F::RelayDead => unusable(Code::RelayDead),
        F::Lossy => (false, vec![Code::Ok, Code::RelayLossy, Code::PathLossy]),
        // What ends with its renewal says so to the next, where the answer was lost.
        F::RefreshFails | F::RefreshMute | F::RefreshKills => (false, vec![Code::AllocationLost]),
        F::NoChannelBind | F::ChannelBindMute | F::ChannelDataLost => (false, vec![Code::ProtocolError]),
        F::OftenStale => (false, vec![Code::Ok, Code::Undetermined]),
        F::ShortLifetime => (false, vec![Code::ShortLifetime]),
        F::Error500 => unusable(Code::ServerError),
        F::UdpDead if udp => (true, vec![Code::UdpBlockedUseTcp, Code::NoAnswer]),
        F::RefreshEnds => (false, vec![Code::AllocationLost, Code::Ok]),
        F::OwnAllocationsOnly => (false, vec![Code::PeerForbidden]),
        // A NAT drops such answers.
        F::AnswersFromElsewhere if transport == Transport::Udp => {
            (true, vec![Code::AnswersFromElsewhere, Code::NoAnswer])
        }
        F::Proxied if transport == Transport::Udp => (false, vec![Code::MappedAddressUseless]),
        F::Throttled => (false, vec![Code::Ok, Code::RelayLossy, Code::Undetermined]),
        F::RangeHalfClosed => (false, vec![Code::RelayRangeClosed]),
        F::ClosesSecond if !udp => (false, vec![Code::ConnectionClosed]),
        _ => harmless,
    }
}

fn check(seed: u64) -> Result<(), String> {
    let World { bench, faults, right, loss, cut, transport, plain } = world(seed);
    let link = bench.scenario.link.clone();
    let late = link.jitter_ms >= link.rtt_ms;
    let deadline_ms = bench.deadline.as_secs_f64() * 1_000.0;
    let Ran { result, left, elapsed_ms } = bench.watch();
    // Farewells may take a second and a half.
    if elapsed_ms > deadline_ms + 1_501.0 {
        return Err(format!("world {seed} takes {elapsed_ms} ms"));
    }
    let (verdict, code) = (result.verdict, result.diagnosis.code);
    let told = format!(
        "world {seed}: {faults:?}, {}, right password: {right}, loss {loss}, cut: {cut}, plain: {plain}, {} +- {} ms, copies {}: {verdict:?} {code:?}: {}",
        transport.name(),
        link.rtt_ms,
        link.jitter_ms,
        link.duplicate,
        result.diagnosis.text
    );
    let works = matches!(verdict, TurnVerdict::Ok | TurnVerdict::Degraded);
    let truths: Vec<(bool, Vec<Code>)> = faults.iter().map(|&fault| truth(fault, transport)).collect();
    let open = faults.contains(&TurnFault::NoAuth);
    let has = |fault| faults.contains(&fault);
    // What it relays it relays without the world outside, whose packets it would not take either.
    let inside = has(TurnFault::OwnAllocationsOnly) && has(TurnFault::RangeClosed);
    if works && truths.iter().any(|(unusable, _)| *unusable) && !((open || inside) && verdict == TurnVerdict::Degraded)
    {
        return Err(format!("{told}\nis said to work"));
    }
    if works && !right && !open {
        return Err(format!("{told}\nis said to work with a wrong password"));
    }
    let kept =
        [TurnFault::DeleteIgnored, TurnFault::RefreshFails, TurnFault::WrongIntegrity, TurnFault::UnsignedSuccess];
    let confirmed = result.released.is_none_or(|released| released.made == released.confirmed);
    if left > 0 && confirmed && loss == 0.0 && !faults.iter().any(|fault| kept.contains(fault)) {
        return Err(format!("{told}\nleaves {left} allocations: {:?}", result.released));
    }
    if cut || loss > LITTLE_LOSS || !plain {
        return Ok(());
    }
    // Nothing in the way: the code is that of a fault, or nothing is told.
    let mut allowed: Vec<Code> = truths.into_iter().flat_map(|(_, codes)| codes).collect();
    if faults.is_empty() {
        allowed.push(Code::Ok);
    }
    if !right && !open {
        allowed.retain(|code| *code != Code::Ok);
        allowed.push(Code::UnknownUserOrPassword);
    }
    if has(TurnFault::StunOnly) && has(TurnFault::NoBinding) {
        // Whether the port speaks TLS is then all that can be seen of it.
        allowed.extend([Code::NoAnswer, Code::TlsExpected]);
    }
    if has(TurnFault::NoBinding) && [TurnFault::Bare400, TurnFault::Bare405, TurnFault::Bare420].into_iter().any(has) {
        allowed.push(Code::ProtocolError);
    }
    // An allocation whose success is not believed is in the way of the next attempt.
    if has(TurnFault::OftenStale) && (has(TurnFault::WrongIntegrity) || has(TurnFault::UnsignedSuccess)) {
        allowed.extend([Code::AllocationMismatch, Code::StaleNonceLoop]);
    }
    // Nobody's credentials are taken then, or nobody believes that they are.
    if has(TurnFault::Md5Refused) && (has(TurnFault::Sha256Refused) || has(TurnFault::Sha256AnsweredWithSha1)) {
        allowed.push(Code::UnknownUserOrPassword);
    }
    if has(TurnFault::Md5Refused) && has(TurnFault::GarbageAllocate) {
        allowed.push(Code::UnknownUserOrPassword);
    }
    // Without a realm it names who issues tokens all the same; and a refusal without a code is what a plain Allocate gets then.
    if has(TurnFault::NoRealm) && has(TurnFault::OauthToo) {
        allowed.push(Code::OauthOnly);
    }
    if has(TurnFault::Forbidden) && has(TurnFault::PeerRefusedWithoutCode) {
        allowed.push(Code::ProtocolError);
    }
    // Answers that are late often look like losses at first.
    if late {
        allowed.push(Code::Undetermined);
    }
    if has(TurnFault::WrongExternal) && has(TurnFault::RangeClosed) {
        allowed.push(Code::RelayDead);
    }
    if loss > 0.0 && has(TurnFault::RangeHalfClosed) {
        allowed.extend([Code::Ok, Code::RelayHairpinDenied]);
    }
    // Silence between two allocations may be loss; what is not known of them does not speak against the rest.
    if loss > 0.0 && (has(TurnFault::HairpinDenied) || has(TurnFault::OwnPeerForbidden)) {
        allowed.push(Code::Ok);
    }
    if loss > 0.0 {
        allowed.extend([Code::RelayLossy, Code::PathLossy, Code::Undetermined]);
    }
    if allowed.contains(&code) { Ok(()) } else { Err(format!("{told}\nis none of {allowed:?}")) }
}

#[test]
fn no_verdict_is_wrong_and_nothing_is_left_behind() {
    let wrong: Vec<String> = seeds(600).chain(FOUND).filter_map(|seed| check(seed).err()).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n\n"));
}
