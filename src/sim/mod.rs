//! The simulated internet: NATs, links and STUN servers in virtual time, deterministic from a seed. The same engine and probes
//! run on it as on real sockets.
//!
//! A [`Scenario`] says what there is: a host, a chain of NATs and firewalls, the links, the servers and their faults. It is
//! written in TOML, built in a test, or one of the [presets](presets()). [`SimNetwork`] is the network of one host; an [`Internet`] holds
//! several, each with a scenario of its own.

mod elsewhere;
mod host;
mod link;
mod nat;
mod network;
mod packet;
mod ports;
mod presets;
mod queue;
mod resolver;
mod scenario;
#[cfg(test)]
mod tests;

pub use crate::server::turn::{SIM_UNIX_START_S, TurnConfig, TurnFault, TurnUser};
pub use crate::server::{Certificate, Fault, ServerConfig, Style};
pub use link::{BurstConfig, LinkConfig, OutageConfig};
pub use nat::{Blocks, FilterScope, Hairpin, NatConfig, Policy, Pooling, TcpMapping};
pub use network::{Internet, SimNetwork};
pub use ports::PortRule;
pub use presets::{Preset, presets};
pub use scenario::{HostConfig, ResolverConfig, RouterConfig, Scenario, ScenarioError};
