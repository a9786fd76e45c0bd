//! What the evidence shows of one target. Asking and judging both stand on this, and it knows neither.
//!
//! ```text
//! exchange                what one exchange shows by itself
//!    |
//!  target                 one entry over one transport and family: where it is, what was asked of it
//!    |
//! allocation, connection, identity (software), peers, features
//!    |
//! renewal, held, round_trip
//! ```

pub(super) mod allocation;
pub(super) mod connection;
pub(super) mod exchange;
pub(super) mod features;
pub(super) mod held;
mod identity;
pub(super) mod peers;
pub(super) mod renewal;
pub(super) mod round_trip;
pub(super) mod software;
pub(super) mod target;
#[cfg(test)]
pub(super) mod testing;
