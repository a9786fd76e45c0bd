//! What is predicted of two hosts and what comes of them: two live agents in the simulated internet, over every pair of what a host may
//! stand behind, agree with the prediction made from what `classify` measures of each host alone.

use std::time::Duration;

use nat_probe::evidence::{Behavior, Session};
use nat_probe::measure::nat::plan::ClassifyOptions;
use nat_probe::predict::{Answer, Possible, Side, TurnServer, predict, side};
use nat_probe::report::assemble::{Circumstances, assemble};
use nat_probe::report::document::{Classified, Findings, NetworkKind};
use nat_probe::report::json::render;
use nat_probe::report::sides;
use nat_probe::sim::{Hairpin, NatConfig, Policy, Scenario};
use nat_probe::wire::{CandidateKind, Family, Transport};

use super::bench::{classify_with, nine_nats, options};
use super::pair_agents::meet;
use super::pair_worlds::{self, TURN, World, behind, no_nat};

/// What comes of it in the words of the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Direct,
    OnLan,
    Relay,
    Failed,
}

fn outcome(world: &World, [a, b]: &[Session; 2]) -> Outcome {
    let (of_a, of_b) = (&a.selected, &b.selected);
    assert_eq!(of_a.is_some(), of_b.is_some(), "{}: one is connected and the other is not", world.name);
    let Some(selected) = of_a else { return Outcome::Failed };
    let kinds = [selected.local.kind, selected.remote.kind];
    let remote = selected.remote.address.ip();
    if kinds.contains(&CandidateKind::Relay) || of_b.as_ref().is_some_and(|b| b.local.kind == CandidateKind::Relay) {
        Outcome::Relay
    } else if world.b.host_addresses().contains(&remote) && world.b.nats.iter().any(|nat| nat.mapping.is_some()) {
        Outcome::OnLan
    } else {
        Outcome::Direct
    }
}

/// Whether that is what was predicted; `possible` leaves both open.
fn agrees(predicted: Answer, outcome: Outcome, turn: bool) -> bool {
    match predicted {
        Answer::Direct | Answer::DirectAfterHairpin => outcome == Outcome::Direct,
        Answer::DirectOnLan => outcome == Outcome::OnLan,
        Answer::Relay => outcome == Outcome::Relay,
        Answer::Impossible => outcome == Outcome::Failed,
        Answer::Possible => outcome != if turn { Outcome::Failed } else { Outcome::Relay },
        Answer::Inconclusive | Answer::Unknown => false,
    }
}

/// A host as `classify` reports it when it is alone with the servers.
fn measured_side(scenario: &Scenario) -> Side {
    let mut scenario = scenario.clone();
    scenario.servers.retain(|server| server.turn.is_none());
    let options = ClassifyOptions { families: vec![Family::Ipv4, Family::Ipv6], hairpin: true, ..options() };
    let run = classify_with(&scenario, 11, &options, Duration::from_secs(20));
    let asked = Findings::Classify(Classified { options, ..Classified::default() });
    let about = Circumstances { network: NetworkKind::Real, scenario: None, started_at: String::new() };
    sides::read(&scenario.description, render(&assemble(about, run.evidence, asked)).as_bytes()).expect("a report")
}

/// What a host may stand behind, by the number of the host.
type Kind = Box<dyn Fn(u8) -> Scenario>;

fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for nat in nine_nats() {
        kinds.push(Box::new(move |number| behind(number, vec![nat.clone()])));
    }
    for filtering in Behavior::ALL {
        kinds.push(Box::new(move |number| no_nat(number, filtering)));
    }
    let blocked = NatConfig { udp: Policy::Drop, ..NatConfig::default() };
    kinds.push(Box::new(move |number| behind(number, vec![blocked.clone()])));
    // A home behind a carrier.
    for carrier in [&nine_nats()[2], &nine_nats()[8]].map(Clone::clone) {
        kinds.push(Box::new(move |number| behind(number, vec![NatConfig::default(), carrier.clone()])));
    }
    kinds
}

/// A world with what is known of its two sides.
struct Pair {
    world: World,
    sides: [Side; 2],
}

fn apart() -> Vec<Pair> {
    let kinds = kinds();
    // Each host is measured once and meets every other one.
    let measured = |number: u8| -> Vec<(Scenario, Side)> {
        let scenarios = kinds.iter().map(|kind| kind(number));
        scenarios.map(|scenario| (scenario.clone(), measured_side(&scenario))).collect()
    };
    let (here, there) = (measured(1), measured(2));
    let pairs = here.iter().flat_map(|a| there.iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| Pair { world: World::of(a.0.clone(), b.0.clone()), sides: [a.1.clone(), b.1.clone()] }).collect()
}

fn together() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for hairpin in [Hairpin::No, Hairpin::ExternalSource] {
        for nat in nine_nats() {
            let nat = NatConfig { hairpin, ..nat };
            let world = pair_worlds::neighbors(&nat);
            pairs.push(Pair { sides: [measured_side(&world.a), measured_side(&world.b)], world });
            let world = pair_worlds::one_carrier(&NatConfig::default(), &nat);
            let sides =
                [measured_side(&world.a), measured_side(&world.b)].map(|side| told_of_hairpinning(side, hairpin));
            pairs.push(Pair { world, sides });
        }
    }
    pairs
}

/// From behind two NATs nobody can measure whether the outer one turns packets back, where these do not come: it is known from elsewhere.
fn told_of_hairpinning(mut side: Side, hairpin: Hairpin) -> Side {
    let told = if hairpin == Hairpin::No { side::Hairpin::Fails } else { side::Hairpin::Works };
    let family = side.ipv4.as_mut().expect("it was measured");
    if let Some(measured) = family.hairpinning.only() {
        assert_eq!(measured, told, "{}", side.name);
    }
    family.hairpinning = Possible::known(told);
    side
}

/// The cells in which the prediction and what comes of it are not the same.
fn disagreeing(pairs: &[Pair]) -> Vec<String> {
    let server =
        [Transport::Udp, Transport::Tcp].map(|transport| TurnServer { uri: format!("turn:{TURN}"), transport });
    let mut wrong = Vec::new();
    for Pair { world, sides } in pairs {
        for turn in [false, true] {
            let servers = if turn { &server[..] } else { &[] };
            let predicted = predict(&sides[0], &sides[1], Some(servers));
            let came = outcome(world, &meet(world, turn));
            if !agrees(predicted.prediction, came, turn) {
                let (relay, why) = (if turn { "with" } else { "without" }, &predicted.reason.text);
                wrong.push(format!(
                    "{} {relay} TURN: {came:?}, predicted {:?}: {why}",
                    world.name, predicted.prediction
                ));
            }
        }
    }
    wrong
}

#[test]
fn two_hosts_apart_connect_as_predicted() {
    let wrong = disagreeing(&apart());
    assert!(wrong.is_empty(), "{} cells disagree:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn two_hosts_behind_one_nat_connect_as_predicted() {
    let wrong = disagreeing(&together());
    assert!(wrong.is_empty(), "{} cells disagree:\n{}", wrong.len(), wrong.join("\n"));
}
