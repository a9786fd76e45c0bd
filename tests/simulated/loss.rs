//! Loss: a verdict may be withheld, but it must not be wrong.

use std::fmt::Write;

use nat_probe::probe::finding::{FilteringBehavior, MappingBehavior};
use nat_probe::sim::{NatConfig, Scenario};

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

#[test]
fn ten_thousand_lossy_runs_are_hardly_ever_wrong() {
    let mut nats = nine_nats();
    nats.push(NatConfig::firewall(nat_probe::probe::Behavior::AddressAndPortDependent));
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
            let name =
                format!("{} + {}", nat.mapping.map_or("none", nat_probe::probe::Behavior::name), nat.filtering.name());
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
