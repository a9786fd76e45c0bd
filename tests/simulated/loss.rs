//! Loss: a verdict may be withheld, but it must not be wrong.

use std::fmt::Write;

use nat_probe::evidence::Behavior;
use nat_probe::measure::nat::finding::{FilteringBehavior, MappingBehavior};
use nat_probe::sim::{LinkConfig, NatConfig, OutageConfig, Scenario};

use super::bench::{classify, link, nine_nats, story};

struct Tally {
    right: u32,
    inconclusive: u32,
    wrong: u32,
    seconds: Vec<f64>,
}

fn truth(nat: &NatConfig) -> (MappingBehavior, FilteringBehavior) {
    (nat.mapping.map_or(MappingBehavior::None, MappingBehavior::from), nat.filtering.into())
}

/// Runs of one NAT at one loss, each with a seed of its own.
fn runs(nat: &NatConfig, loss: f64, count: u64, only_server: bool) -> Tally {
    let mut scenario = Scenario { nats: vec![nat.clone()], link: link(40.0, loss), ..Scenario::default() };
    if only_server {
        scenario.servers.truncate(1);
    }
    let (mapping, filtering) = truth(nat);
    let mut tally = Tally { right: 0, inconclusive: 0, wrong: 0, seconds: Vec::new() };
    for seed in 0..count {
        let run = classify(&scenario, seed);
        let (found, filter) = (run.v4.mapping.behavior, run.v4.filtering.behavior);
        let wrong = (found != mapping && found != MappingBehavior::Inconclusive)
            || (filter != filtering && filter != FilteringBehavior::Inconclusive);
        if wrong {
            tally.wrong += 1;
            println!("wrong, seed {seed}: {:?} {:?}\n{}", run.v4.mapping, run.v4.filtering, story(&run));
        } else if found == mapping && filter == filtering {
            tally.right += 1;
        } else {
            tally.inconclusive += 1;
            println!("seed {seed}: {:?} {:?}", run.v4.mapping.reason, run.v4.filtering.reason);
        }
        tally.seconds.push(run.took_ms / 1e3);
    }
    tally.seconds.sort_by(f64::total_cmp);
    tally
}

/// Independent loss each way, and outages by the clock (Gilbert and Elliott, 150 ms on average, one in five times out).
fn paths() -> Vec<(String, LinkConfig)> {
    let outage = OutageConfig { every_ms: 600.0, mean_ms: 150.0, loss: 1.0 };
    let mut paths: Vec<_> = [0.0, 0.05, 0.1, 0.2, 0.3].map(|loss| (format!("{loss} lost"), link(40.0, loss))).into();
    paths.push(("outages".to_owned(), LinkConfig { outage: Some(outage.clone()), ..link(40.0, 0.0) }));
    paths.push(("outages and 0.1 lost".to_owned(), LinkConfig { outage: Some(outage), ..link(40.0, 0.1) }));
    paths
}

/// Runs over each path, one after the other behind each NAT and firewall, with one server and with several: ten thousand by hand
/// (`RUNS=10000 cargo test --test simulated whatever_is_lost`).
#[test]
fn whatever_is_lost_no_verdict_is_wrong() {
    let count: u64 = std::env::var("RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(220);
    let mut filters = nine_nats();
    filters.extend([Behavior::AddressDependent, Behavior::AddressAndPortDependent].map(NatConfig::firewall));
    for (name, path) in paths() {
        let (mut wrong, mut inconclusive, mut seconds) = (0, 0, Vec::new());
        for (seed, nat) in (0..count).zip(filters.iter().cycle()) {
            let mut scenario = Scenario { nats: vec![nat.clone()], link: path.clone(), ..Scenario::default() };
            scenario.servers.truncate([1, 2, 4][usize::try_from(seed / 11 % 3).unwrap()]);
            let run = classify(&scenario, seed);
            let (mapping, filtering) = truth(nat);
            let (found, filter) = (run.v4.mapping.behavior, run.v4.filtering.behavior);
            let told = found != MappingBehavior::Inconclusive && filter != FilteringBehavior::Inconclusive;
            inconclusive += u64::from(!told);
            if !told {
                println!("{name}, seed {seed}: {:?} {:?}", run.v4.mapping.reason, run.v4.filtering.reason);
            }
            let refuted = (found != mapping && found != MappingBehavior::Inconclusive)
                || (filter != filtering && filter != FilteringBehavior::Inconclusive);
            if refuted {
                wrong += 1;
                println!("{name}, seed {seed} wrong: {:?} {:?}\n{}", run.v4.mapping, run.v4.filtering, story(&run));
            }
            seconds.push(run.took_ms / 1e3);
        }
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        println!("{name}: {count} runs, {wrong} wrong, {inconclusive} inconclusive, median {median:.2} s");
        assert_eq!(wrong, 0, "{name}: {wrong} of {count} wrong");
        let much = path.loss > 0.1 || path.loss > 0.0 && path.outage.is_some();
        assert!(much || inconclusive * 20 <= count, "{name}: {inconclusive} of {count} inconclusive");
    }
}

#[test]
fn ten_thousand_lossy_runs_are_hardly_ever_wrong() {
    let mut nats = nine_nats();
    nats.push(NatConfig::firewall(nat_probe::evidence::Behavior::AddressAndPortDependent));
    let (mut all, mut wrong, mut inconclusive) = (0, 0, 0);
    for (index, nat) in nats.iter().enumerate() {
        let tally = runs(nat, 0.1, 1000, index % 2 == 1);
        all += 1000;
        wrong += tally.wrong;
        inconclusive += tally.inconclusive;
    }
    println!("{all} runs, {wrong} wrong, {inconclusive} inconclusive");
    assert!(wrong * 1000 <= all, "{wrong} of {all} wrong");
    assert!(inconclusive * 20 <= all, "{inconclusive} of {all} inconclusive");
}

#[test]
fn the_table_of_loss_and_nat() {
    let mut table =
        String::from("loss  mapping + filtering                                right incon wrong  median s  max s\n");
    for loss in [0.0, 0.05, 0.1, 0.2, 0.3] {
        for nat in nine_nats() {
            let tally = runs(&nat, loss, 40, false);
            let name = format!(
                "{} + {}",
                nat.mapping.map_or("none", nat_probe::evidence::Behavior::name),
                nat.filtering.name()
            );
            let (median, longest) = (tally.seconds[tally.seconds.len() / 2], tally.seconds[tally.seconds.len() - 1]);
            let percent = loss * 100.0;
            let Tally { right, inconclusive, wrong, .. } = tally;
            writeln!(
                table,
                "{percent:3}%  {name:<55} {right:>3} {inconclusive:>5} {wrong:>5} {median:>9.1} {longest:>6.1}"
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}
