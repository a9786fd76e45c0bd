//! What is asked of a target, and when: the probe of `turn`.
//!
//! ```text
//!                  probe
//!   sequence   quality  keep_alive   release  features
//!  login, data       round_trip
//!     planner          train
//!                 signing
//! ```

mod data;
mod features;
pub(super) mod gather;
mod keep_alive;
mod login;
mod other_ways;
mod planner;
mod probe;
mod quality;
pub(super) mod release;
mod round_trip;
mod sequence;
mod signing;
mod train;

pub use probe::plan;
pub(super) use sequence::is_complete;
