//! The real network: sockets, names and interfaces of this host, behind the engine's [`Network`](crate::engine::Network) trait. It knows nothing of
//! verdicts; what goes wrong becomes a [`Failure`](crate::evidence::Failure) with its cause in words.

mod binding;
pub(crate) mod certificate;
pub(crate) mod clock;
mod dns;
mod drive;
#[cfg(feature = "dtls")]
mod dtls;
mod entropy;
mod errno;
mod failure;
mod host;
mod icmp;
mod knock;
mod naptr;
mod platform;
mod real;
mod resolve;
mod route;
mod setup;
mod srv;
mod tcp;
mod tls;
mod udp;

pub use drive::{drive, measure, run};
pub use entropy::entropy;
pub use errno::is_shortage;
pub(crate) use failure::words;
pub(crate) use host::{addresses as host_addresses, interface_names};
pub(crate) use platform::{terminal, unseen};
pub use real::RealNetwork;
pub use setup::{Config, NetError, TlsConfig, certificates_from_pem};
