//! Whatever the network does: no panic, no hang, bounded memory; and the same seed makes the same run.

use std::net::SocketAddr;
use std::time::Duration;

use nat_probe::engine::{Command, Engine, Input, Network, Settings, Time};
use nat_probe::evidence::{Failure, FailureCode, LogEvent};
use nat_probe::measure::nat::plan;
use nat_probe::net::drive;
use nat_probe::sim::{LinkConfig, NatConfig, Scenario, SimNetwork};
use proptest::prelude::*;

use super::bench::{options, specs};

fn log_of(scenario: &Scenario, seed: u64) -> Vec<String> {
    let settings = Settings { seed, ..Settings::default() };
    let engine = Engine::new(settings, specs(scenario), plan::classify(&options()));
    let mut log = Vec::new();
    let mut observer = |event: &LogEvent| log.push(serde_json::to_string(event).unwrap());
    drive(engine, &mut SimNetwork::new(scenario, seed), &mut observer);
    log
}

#[test]
fn the_same_seed_makes_the_same_event_log_and_another_seed_another() {
    let lossy = LinkConfig { loss: 0.2, jitter_ms: 15.0, duplicate: 0.05, ..LinkConfig::default() };
    let scenario = Scenario { nats: vec![NatConfig::default()], link: lossy, ..Scenario::default() };
    assert_eq!(log_of(&scenario, 42), log_of(&scenario, 42));
    assert_ne!(log_of(&scenario, 42), log_of(&scenario, 43));
}

/// A network that answers every command with what the test made up.
struct Hostile {
    now: Time,
    script: Vec<(u8, Vec<u8>, u8)>,
    sent: Vec<(nat_probe::engine::SocketId, SocketAddr, Vec<u8>)>,
    pending: Vec<Input>,
}

impl Network for Hostile {
    fn now(&self) -> Time {
        self.now
    }

    fn host_addresses(&self) -> Vec<std::net::IpAddr> {
        vec!["192.0.2.99".parse().unwrap()]
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Resolve { server, transport, .. } => {
                let address = SocketAddr::from(([198, 51, 100, u8::try_from(server).unwrap_or(0)], 3478));
                self.pending.push(Input::Resolved { server, transport, result: Ok(vec![address].into()) });
            }
            Command::Open { socket, spec } => {
                let port = spec.local_ports.first().copied().unwrap_or(5000);
                self.pending.push(Input::Opened { socket, local: SocketAddr::from(([0, 0, 0, 0], port)) });
            }
            Command::Send { socket, remote, bytes } => {
                if self.sent.len() < 5000 {
                    self.sent.push((socket, remote, bytes));
                }
            }
            Command::NameServers => self.pending.push(Input::NameServers(Vec::new())),
            Command::Close { .. } => {}
        }
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        if let Some(input) = self.pending.pop() {
            return Some(input);
        }
        if let (Some((kind, bytes, from)), false) = (self.script.pop(), self.sent.is_empty()) {
            self.now += Duration::from_millis(3);
            let (socket, remote, request) = self.sent[usize::from(from) % self.sent.len()].clone();
            // A real transaction id in front of made-up attributes gets furthest.
            let mut answer = request.get(..20).unwrap_or_default().to_vec();
            answer.extend(&bytes);
            if let [first, second, ..] = answer.as_mut_slice() {
                (*first, *second) = (0x01, if kind % 2 == 0 { 0x01 } else { 0x11 });
            }
            let length = u16::try_from(bytes.len()).unwrap_or(0);
            if let Some(field) = answer.get_mut(2..4) {
                field.copy_from_slice(&length.to_be_bytes());
            }
            return Some(match kind % 5 {
                0 | 1 => Input::Received { socket, source: remote, bytes: answer },
                2 => Input::Received { socket, source: SocketAddr::from(([203, 0, 113, from], 1)), bytes: answer },
                3 => Input::Received { socket, source: remote, bytes },
                _ => {
                    let failure = Failure { code: FailureCode::ConnectionRefused, text: "no".into(), by: None };
                    Input::Failed { socket, remote: (from % 2 == 0).then_some(remote), failure }
                }
            });
        }
        self.now = until.max(self.now + Duration::from_micros(1));
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_from_the_network_neither_panic_nor_hang(
        script in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..120), any::<u8>()), 0..60),
        seed in any::<u64>(),
    ) {
        let scenario = Scenario::default();
        let settings = Settings { seed, ..Settings::default() };
        let mut on = options();
        (on.hairpin, on.tcp) = (true, true);
        let engine = Engine::new(settings, specs(&scenario), plan::classify(&on));
        let mut network = Hostile { now: Time::ZERO, script, sent: Vec::new(), pending: Vec::new() };
        let evidence = drive(engine, &mut network, &mut |_| ());
        prop_assert!(network.now <= Duration::from_secs(11));
        prop_assert!(evidence.exchanges.len() < 200);
        let findings = nat_probe::measure::nat::judge::classify(&evidence, &on);
        prop_assert_eq!(findings.len(), 1);
    }
}
