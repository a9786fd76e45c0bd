//! The simulated internet: NATs, links and STUN servers in virtual time, deterministic from a seed. The same engine and probes
//! run on it as on real sockets.
//!
//! A [`Scenario`] says what there is: a host, a chain of NATs and firewalls, the links, the servers and their faults. It is
//! written in TOML, built in a test, or one of the [`presets`]. [`SimNetwork`] is the network.

pub mod host;
pub mod link;
pub mod nat;
pub mod network;
pub mod packet;
pub mod ports;
pub mod presets;
pub mod queue;
pub mod random;
mod resolver;
pub mod scenario;
pub mod server;
#[cfg(test)]
mod tests;

pub use link::{BurstConfig, LinkConfig};
pub use nat::{FilterScope, Hairpin, NatConfig, Policy, Pooling, TcpMapping};
pub use network::SimNetwork;
pub use ports::PortRule;
pub use presets::{Preset, load, presets};
pub use scenario::{HostConfig, ResolverConfig, Scenario, ScenarioError};
pub use server::{Fault, ServerConfig, Style};
