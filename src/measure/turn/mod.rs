//! Does this TURN server work with these credentials, and if not, which step fails and why?
//!
//! One target is an entry over one transport and family. What knows what:
//!
//! ```text
//! options, finding, tested,     what is tested, what is told: plain data
//! diagnosis
//!     |
//!   facts                       what the evidence shows of one target: exchanges, allocations, peers, whose server it is
//!     |
//!    ask                        the probe: reach the server, be challenged, allocate, let data through the relay in three ways,
//!     |                         measure it, keep it alive, renew, release, try features
//!   judge                       every stage computed once, then the verdict: the first row of an ordered table that fits
//! ```
//!
//! Requests are signed by the engine: no secret is here. The modules are private, so that what is `pub` in them reaches no further
//! than this folder.

mod ask;
mod diagnosis;
mod facts;
pub mod finding;
pub(super) mod gather;
mod judge;
mod options;
pub(crate) mod spec;
mod tested;

pub use crate::wire::{ConfigurationFacts, EntryKind};
pub use ask::plan;
pub use diagnosis::{DiagnosisCode, DiagnosisSide};
pub use finding::TurnResult;
pub use judge::judge;
#[cfg(test)]
pub(crate) use judge::to_copy;
pub use options::{Entry, Login, STRANGER, TurnOptions};
pub use tested::{TurnAsked, TurnTested};
