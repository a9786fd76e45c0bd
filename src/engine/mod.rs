//! The engine: turns what probes ask into messages and what comes back into evidence. Knows nothing of sockets.
//!
//! The rules that no probe may get wrong are kept here, once: an answer is matched by its identity and by the socket it
//! arrived on, never by source (what an identity is differs by protocol: the table in `codec`); a stray, malformed or duplicate datagram is an event, never an answer and never the end of
//! waiting; quarantined remotes are not touched; new transactions are paced and retransmissions are out of step; every wait
//! has an end.

mod chance;
mod codec;
mod contract;
mod ending;
mod flight;
mod hand_over;
mod incoming;
mod names;
mod outgoing;
mod pacing;
mod paths;
mod patience;
mod run;
mod settings;
mod sockets;
#[cfg(test)]
mod tests;
mod turn_reply;

pub(crate) use chance::Chance;
pub use contract::{Command, Found, Input, Machine, Network, SocketId, SocketSpec, Time};
pub use hand_over::{Allocation, OpenSocket};
pub use run::Engine;
pub use settings::Settings;

/// A duration as the evidence writes it: milliseconds, to the microsecond.
fn millis(time: Time) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// The other way; what is no time at all is the beginning, what is beyond all times the end of the year.
fn from_millis(ms: f64) -> Time {
    const YEAR_MS: f64 = 365.0 * 86_400_000.0;
    if ms > 0.0 { Time::from_secs_f64(ms.min(YEAR_MS) / 1e3) } else { Time::ZERO }
}
