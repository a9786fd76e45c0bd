//! Which ICE candidates would an application get here?
//!
//! ```text
//!   probe    judge
//!            errors, remarks
//!    bases      finding
//!   options
//! ```

mod bases;
mod errors;
pub mod finding;
mod judge;
pub mod options;
mod probe;
mod remarks;
pub mod spec;

pub use bases::{LeftOut, LeftOutCode};
pub use finding::{GatherCode, GatherError, GatherRemark, Gathered, GatheredCandidate, IceGathered};
pub use judge::judge;
pub use options::GatherOptions;
pub use probe::GatherProbe;
