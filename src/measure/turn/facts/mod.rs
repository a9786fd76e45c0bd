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

pub mod allocation;
pub mod connection;
pub mod exchange;
pub mod features;
pub mod held;
pub mod identity;
pub mod peers;
pub mod renewal;
pub mod round_trip;
pub mod software;
pub mod target;
#[cfg(test)]
pub mod testing;
