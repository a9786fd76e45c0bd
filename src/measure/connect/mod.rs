//! Do these two connect, and if not, why? A live session ([`crate::evidence::Session`]) and what it means.

mod cause;
mod finding;
mod fix;
mod judge;
mod nat;
mod progress;
pub mod spec;

pub use cause::{Cause, Side};
pub use finding::{ConnectOptions, PeerConnected};
pub use judge::{Pair, Verdict, judge};
