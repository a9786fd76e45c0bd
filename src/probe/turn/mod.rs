//! Does this TURN server work with these credentials, and if not, which step fails and why?
//!
//! One probe for each entry, transport and family climbs the ladder: reach the server, be challenged, allocate, let data through the
//! relay in three ways, renew, release. Another function of the same evidence judges it. Requests are signed by the engine: no
//! secret is here.

mod diagnosis;
pub mod finding;
pub mod labels;
pub mod options;

pub use diagnosis::DiagnosisCode;
pub use finding::TurnResult;
pub use options::{Entry, EntryKind, Login, TurnOptions};

use super::{Evidence, Probe};

/// The probes of `turn`.
#[must_use]
pub fn plan(_options: &TurnOptions) -> Vec<Box<dyn Probe>> {
    Vec::new()
}

/// The verdict on every entry, transport and family, in the order of the entries.
#[must_use]
pub fn judge(_seen: &Evidence, _options: &TurnOptions) -> Vec<TurnResult> {
    Vec::new()
}
