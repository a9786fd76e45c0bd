//! How to use the real network, and what can be wrong with that wish.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::wire::Family;

/// How to use the real network.
#[derive(Clone, Debug)]
pub struct Config {
    /// The families that names are looked up for.
    pub families: Vec<Family>,
    /// The local address to send from; the system's choice if absent.
    pub source: Option<IpAddr>,
    /// The network interface to send by; the system's choice if absent.
    pub interface: Option<String>,
    /// Whom TLS trusts.
    pub tls: TlsConfig,
    /// Go on with TLS after a certificate failed its check; the evidence says what failed.
    pub insecure: bool,
    /// Name servers to ask; empty for those of the system.
    pub name_servers: Vec<SocketAddr>,
    /// Longest time for one name, all its look-ups included.
    pub lookup_timeout: Duration,
    /// Longest time to connect, and again to shake hands over TLS.
    pub connect_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            families: vec![Family::Ipv4, Family::Ipv6],
            source: None,
            interface: None,
            tls: TlsConfig::default(),
            insecure: false,
            name_servers: Vec::new(),
            lookup_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// Whom TLS trusts: the certificate authorities of this system; where it names none, Mozilla's.
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    /// And these.
    pub also: Vec<CertificateDer<'static>>,
}

/// The certificates in a PEM file.
///
/// # Errors
/// When there are none, or one cannot be read; in words.
pub fn certificates_from_pem(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err("there is no certificate in it (PEM)".into()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("a certificate in it cannot be read: {error}")),
    }
}

/// Why the network cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// This host does not let the program open what it needs.
    #[error("cannot measure: this host does not let nat-probe open sockets ({})", super::failure::message(.0))]
    Shortage(std::io::Error),
    /// The source address cannot be bound.
    #[error("cannot send from {address}: {reason}")]
    Source {
        /// The address as asked for.
        address: IpAddr,
        /// What the system said.
        reason: String,
    },
    /// There is no such interface, or it is down.
    #[error("no network interface {name:?} is up; those that are: {known}")]
    NoInterface {
        /// The name as asked for.
        name: String,
        /// The interfaces that are up.
        known: String,
    },
    /// The interface cannot be used.
    #[error("cannot use interface {name:?}: {reason}")]
    Interface {
        /// The name as asked for.
        name: String,
        /// What the system said.
        reason: String,
    },
}
