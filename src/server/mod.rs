//! Servers as pure state machines, with switches for what real ones get wrong.

mod answer;
mod certificate;
mod config;
mod fault;
pub mod gateway;
mod handshake;
mod point;
pub(crate) mod random;
mod servers;
#[cfg(test)]
mod tests;
pub(crate) mod time;
pub(crate) mod turn;

pub use certificate::Certificate;
pub use config::{ServerConfig, Style};
pub use fault::{Fault, Faults};
pub use handshake::Handshake;
pub use random::Random;
pub use servers::{Answer, Servers, Welcome};
