//! The probe of a target: its stages one after the other, so that none disturbs the other's measurement.

use super::train::UnderWay;
use super::{features, keep_alive, quality, release, sequence};
use crate::evidence::{Ask, Evidence, Probe, Step};
use crate::measure::turn::TurnOptions;
use crate::measure::turn::facts::target::Target;
use crate::wire::{Family, Transport};

/// The probes of `turn`: one for each entry, transport and family.
#[must_use]
pub fn plan(options: &TurnOptions) -> Vec<Box<dyn Probe>> {
    let mut plan: Vec<Box<dyn Probe>> = Vec::new();
    for (number, entry) in options.entries.iter().enumerate().filter(|(_, entry)| entry.server.is_some()) {
        for &transport in &entry.transports {
            for &family in &options.families {
                plan.push(Box::new(TurnProbe::new(options.clone(), number, transport, family)));
            }
        }
    }
    plan
}

/// One entry over one transport and family.
struct TurnProbe {
    options: TurnOptions,
    entry: usize,
    transport: Transport,
    family: Family,
    quality: UnderWay,
    keep_alive: keep_alive::Progress,
}

impl TurnProbe {
    fn new(options: TurnOptions, entry: usize, transport: Transport, family: Family) -> Self {
        let (quality, keep_alive) = (UnderWay::default(), keep_alive::Progress::default());
        Self { options, entry, transport, family, quality, keep_alive }
    }

    fn target<'a>(&'a self, seen: &'a Evidence) -> Option<Target<'a>> {
        Target::new(seen, &self.options, self.entry, self.transport, self.family)
    }

    fn looking_up(&self, seen: &Evidence) -> bool {
        let server = self.options.entries.get(self.entry).and_then(|entry| entry.server);
        let lookups = server.and_then(|server| seen.servers.get(server)).map(|server| &server.lookups);
        lookups.is_some_and(|lookups| lookups.iter().all(|lookup| lookup.transport != self.transport))
    }
}

impl Probe for TurnProbe {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
        vec![self.step(seen)]
    }

    fn farewell(&self, seen: &Evidence) -> Vec<Ask> {
        self.target(seen).map(|target| release::farewell(&target)).unwrap_or_default()
    }
}

impl TurnProbe {
    fn step(&self, seen: &Evidence) -> Step {
        let Some(target) = self.target(seen) else {
            return Step { done: !self.looking_up(seen), ..Step::default() };
        };
        // Once quality, keep-alive or release have begun, the steps before them are not planned anew: an answer that comes late must not
        // change what was asked.
        let over = quality::has_begun(&target) || keep_alive::has_begun(&target) || target.gives_back();
        let mut asks = Vec::new();
        if !over {
            let planner = sequence::plan(&target);
            let waiting = planner.waiting;
            asks = planner.asks;
            if waiting || asks.iter().any(|ask| seen.find(&ask.key).is_none()) {
                return Step { asks, ..Step::default() };
            }
        }
        // The features last, each on an allocation of its own, when the others do not count towards a quota any more.
        let stages: [&dyn Fn() -> Step; 4] = [
            &|| quality::next(&target, &self.quality),
            &|| keep_alive::next(&target, &self.keep_alive),
            &|| release::next(&target),
            &|| features::next(&target),
        ];
        for stage in stages {
            let step = stage();
            asks.extend(step.asks);
            if !step.done {
                return Step { asks, look_again_ms: step.look_again_ms, ..Step::default() };
            }
        }
        Step { asks, done: true, ..Step::default() }
    }
}
