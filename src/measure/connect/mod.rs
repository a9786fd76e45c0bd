//! Do these two connect, and if not, why? A live session ([`crate::evidence::Session`]) and what it means.

mod cause;
mod fix;
mod judge;
mod nat;
mod progress;

pub use cause::{Cause, Side};
pub use judge::{Pair, Verdict, judge};
pub use progress::{Progress, progress};
