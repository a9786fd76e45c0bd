//! The engine: turns what probes ask into messages and what comes back into evidence. Knows nothing of sockets.

pub mod contract;

pub use contract::{Command, Input, Network, SocketId, SocketSpec, Time};
