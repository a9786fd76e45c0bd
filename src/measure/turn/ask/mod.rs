//! What is asked of a target, and when.

mod data;
pub mod features;
pub mod release;
pub mod sequence;

use crate::evidence::Probe;
use crate::measure::turn::TurnOptions;
use sequence::Sequence;

/// The probes of `turn`: one for each entry, transport and family.
#[must_use]
pub fn plan(options: &TurnOptions) -> Vec<Box<dyn Probe>> {
    let mut plan: Vec<Box<dyn Probe>> = Vec::new();
    for (number, entry) in options.entries.iter().enumerate().filter(|(_, entry)| entry.server.is_some()) {
        for &transport in &entry.transports {
            for &family in &options.families {
                plan.push(Box::new(Sequence { options: options.clone(), entry: number, transport, family }));
            }
        }
    }
    plan
}
