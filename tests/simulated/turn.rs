//! `turn` against the simulator's TURN servers: each fault has its diagnosis, and nothing is left behind.

use std::time::Duration;

use nat_probe::engine::{Engine, Settings};
use nat_probe::net::drive;
use nat_probe::probe::Family;
use nat_probe::probe::turn::{self, DiagnosisCode as Code, Entry, Login, TurnOptions, TurnResult};
use nat_probe::sim::{SimNetwork, load};
use nat_probe::stun::{Credential, Secret, ServerSpec, Transport};

/// One run against a preset; how it ended, and how many allocations it left.
fn run(preset: &str, deadline: Duration) -> (TurnResult, usize) {
    let (_, scenario) = load(preset).unwrap();
    let (turn_server, _) = ServerSpec::parse_turn("turn:turn.example.org").unwrap();
    let mut third = ServerSpec::parse("stun1.example.net:3478").unwrap();
    third.transports = Some(vec![Transport::Udp]);
    let login = Login { credential: 0, username: "demo".into(), ..Login::default() };
    let entry = Entry {
        uri: turn_server.text.clone(),
        server: Some(0),
        transports: vec![Transport::Udp],
        login: Some(login),
        ..Entry::default()
    };
    let options = TurnOptions {
        entries: vec![entry],
        families: vec![Family::Ipv4],
        third_parties: vec![1],
        follow: true,
        ..TurnOptions::default()
    };
    let credentials = vec![Credential { username: "demo".into(), password: Secret::new("demo") }];
    let settings = Settings { seed: 7, deadline, credentials, ..Settings::default() };
    let mut network = SimNetwork::new(&scenario, 7).with_families(&options.families);
    let engine = Engine::new(settings, vec![turn_server, third], turn::plan(&options));
    let seen = drive(engine, &mut network, &mut |_| {});
    let mut results = turn::judge(&seen, &options);
    assert_eq!(results.len(), 1);
    (results.remove(0), network.live_allocations())
}

#[test]
fn every_preset_has_its_diagnosis_and_leaves_no_allocation() {
    for (preset, code) in [
        ("turn-server", Code::Ok),
        ("turn-wrong-password", Code::UnknownUserOrPassword),
        ("turn-udp-blocked", Code::UdpBlockedUseTcp),
        ("turn-private-relay", Code::RelayAddressPrivate),
        ("turn-wrong-external", Code::RelayAddressMismatch),
        ("turn-range-closed", Code::RelayRangeClosed),
        ("turn-hairpin-denied", Code::RelayHairpinDenied),
        ("turn-quota", Code::QuotaReached),
    ] {
        let (result, left) = run(preset, Duration::from_secs(15));
        assert_eq!(result.diagnosis.code, code, "{preset}: {}", result.diagnosis.text);
        assert_eq!(left, 0, "{preset}");
    }
}

#[test]
fn wherever_the_run_is_cut_short_its_allocations_are_released() {
    for ms in (20..400).step_by(10) {
        let (result, left) = run("turn-server", Duration::from_millis(ms));
        assert_eq!(left, 0, "stopped after {ms} ms: {}", result.diagnosis.text);
    }
}
