//! The bench on which the other tests run: one classification of one scenario.

use std::time::Duration;

use nat_probe::engine::{Engine, Network, Settings};
use nat_probe::evidence::{Behavior, Evidence};
use nat_probe::measure::nat::finding::FamilyFindings;
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions};
use nat_probe::net::drive;
use nat_probe::sim::{LinkConfig, NatConfig, PortRule, Scenario, SimNetwork};
use nat_probe::wire::{Family, ServerSpec};

use super::again;

/// What one run brought.
pub(crate) struct Run {
    pub evidence: Evidence,
    pub v4: FamilyFindings,
    pub took_ms: f64,
}

pub(crate) fn options() -> ClassifyOptions {
    ClassifyOptions { families: vec![Family::Ipv4], local_port: None, hairpin: false, tcp: false, thorough: false }
}

pub(crate) fn specs(scenario: &Scenario) -> Vec<ServerSpec> {
    scenario.server_names().iter().map(|name| ServerSpec::parse(name).expect("a server's name")).collect()
}

pub(crate) fn classify_with(scenario: &Scenario, seed: u64, options: &ClassifyOptions, deadline: Duration) -> Run {
    let settings = Settings { seed, deadline, ..Settings::default() };
    let engine = Engine::new(settings, specs(scenario), plan::classify(options));
    let mut network = SimNetwork::new(scenario, seed);
    let evidence = drive(engine, &mut network, &mut |_| ());
    let took_ms = network.now().as_secs_f64() * 1e3;
    again::classify(&evidence, options);
    let v4 = judge::classify(&evidence, options).remove(&Family::Ipv4).expect("IPv4 was asked for");
    Run { evidence, v4, took_ms }
}

pub(crate) fn classify(scenario: &Scenario, seed: u64) -> Run {
    classify_with(scenario, seed, &options(), Duration::from_secs(10))
}

/// The nine NATs; those whose mapping depends on the destination choose random ports.
pub(crate) fn nine_nats() -> Vec<NatConfig> {
    let pairs = Behavior::ALL.into_iter().flat_map(|mapping| Behavior::ALL.map(|filtering| (mapping, filtering)));
    pairs
        .map(|(mapping, filtering)| NatConfig {
            mapping: Some(mapping),
            filtering,
            ports: if mapping == Behavior::EndpointIndependent { PortRule::Preserved } else { PortRule::Random },
            ..NatConfig::default()
        })
        .collect()
}

pub(crate) fn link(rtt_ms: f64, loss: f64) -> LinkConfig {
    LinkConfig { rtt_ms, loss, ..LinkConfig::default() }
}

/// Everything asked, for a failing test's message.
pub(crate) fn story(run: &Run) -> String {
    let lines = run.evidence.exchanges.iter().map(|exchange| {
        format!(
            "{:8.1} {:>8} {} -> {} x{} {:?}",
            exchange.started_ms,
            exchange.ended_ms.map_or_else(String::new, |at| format!("{at:.1}")),
            exchange.ask,
            exchange.remote,
            exchange.sends,
            exchange.outcome
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What `discover` sees.
pub(crate) fn discover(scenario: &Scenario, asked: &plan::DiscoverOptions) -> Evidence {
    let engine = Engine::new(Settings::default(), specs(scenario), plan::discover(asked));
    let evidence = drive(engine, &mut SimNetwork::new(scenario, 5), &mut |_| ());
    again::discover(&evidence, asked);
    evidence
}
