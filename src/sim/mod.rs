//! The simulated internet: NATs, links and STUN servers in virtual time, deterministic from a seed. The same engine and probes
//! run on it as on real sockets.
//!
//! A [`Scenario`] says what there is: a host, a chain of NATs and firewalls, the links, the servers and their faults. It is
//! written in TOML, built in a test, or one of the [presets](presets()). [`SimNetwork`] is the network.

mod host;
mod link;
mod nat;
mod network;
mod packet;
mod ports;
mod presets;
mod queue;
mod random;
mod resolver;
mod scenario;
mod server;
#[cfg(test)]
mod tests;
mod turn;

pub use link::{BurstConfig, LinkConfig, OutageConfig};
pub use nat::{Blocks, FilterScope, Hairpin, NatConfig, Policy, Pooling, TcpMapping};
pub use network::SimNetwork;
pub use ports::PortRule;
pub use presets::{Preset, presets};
pub use scenario::{HostConfig, ResolverConfig, RouterConfig, Scenario, ScenarioError};
pub use server::{Certificate, Fault, ServerConfig, Style};
pub use turn::{SIM_UNIX_START_S, TurnConfig, TurnFault, TurnUser};
