//! The engine: turns what probes ask into messages and what comes back into evidence. Knows nothing of sockets.
//!
//! The rules that no probe may get wrong are kept here, once: an answer is matched by transaction id and by the socket it
//! arrived on, never by source; a stray, malformed or duplicate datagram is an event, never an answer and never the end of
//! waiting; quarantined remotes are not touched; new transactions are paced and retransmissions are out of step; every wait
//! has an end.

mod chance;
pub mod contract;
mod flight;
pub mod log;
mod pacing;
mod paths;
mod patience;
mod run;
mod settings;
mod sockets;

pub use contract::{Command, Input, Network, SocketId, SocketSpec, Time};
pub use log::LogEvent;
pub use run::Engine;
pub use settings::Settings;

/// A duration as the evidence writes it: milliseconds, to the microsecond.
fn millis(time: Time) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
