//! Does this TURN server work with these credentials, and if not, which step fails and why?
//!
//! One probe for each entry, transport and family climbs the ladder: reach the server, be challenged, allocate, let data through the
//! relay in three ways, renew, release. Another function of the same evidence judges it. Requests are signed by the engine: no
//! secret is here.

mod browser;
mod causes;
mod climb;
mod diagnosis;
mod features;
pub mod finding;
mod handshake;
mod hold;
mod judge;
mod killed;
pub mod labels;
mod lesser;
mod offline;
pub mod options;
mod peers;
mod quality;
mod refusal;
mod relaying;
mod release;
mod rounds;
mod session;
mod sides;
mod software;
mod steps;
mod table;
mod through;
mod unreached;
mod views;

pub use crate::wire::{ConfigurationFacts, EntryKind};
pub use diagnosis::DiagnosisCode;
pub use finding::TurnResult;
pub use judge::judge;
pub use options::{Entry, Login, STRANGER, TurnOptions};

use crate::evidence::Probe;
use climb::Climb;

/// The probes of `turn`: one for each entry, transport and family.
#[must_use]
pub fn plan(options: &TurnOptions) -> Vec<Box<dyn Probe>> {
    let mut plan: Vec<Box<dyn Probe>> = Vec::new();
    for (number, entry) in options.entries.iter().enumerate().filter(|(_, entry)| entry.server.is_some()) {
        for &transport in &entry.transports {
            for &family in &options.families {
                plan.push(Box::new(Climb { options: options.clone(), entry: number, transport, family }));
            }
        }
    }
    plan
}
