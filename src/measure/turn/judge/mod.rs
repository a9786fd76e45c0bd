//! From evidence to results: every stage of a target computed once ([`judged`]), then the verdict ([`verdict`]) and a row.
//!
//! ```text
//!                       row
//!    steps   browser   verdict   degraded
//!                      judged
//! unreachable  refusal  relay  quality  keep_alive  features  released  ...
//!            cause          silence          credentials
//! ```

mod browser;
mod cause;
mod command;
mod credentials;
mod degraded;
mod features;
mod handshake;
mod integrity;
mod judged;
mod keep_alive;
mod lookup;
mod quality;
mod refusal;
mod relay;
mod released;
mod renewal;
mod row;
mod silence;
mod steps;
mod unreachable;
mod verdict;

#[cfg(test)]
pub(crate) use command::to_copy;
pub(super) use lookup::judge as unnamed;
pub(super) use row::diagnose;
pub use row::judge;
