//! A server as it was written, understood.

use std::fmt;
use std::net::IpAddr;

use crate::wire::Transport;

/// The port of STUN over UDP and TCP (RFC 8489 section 18.6).
pub(super) const PORT: u16 = 3478;
/// The port of STUN over TLS.
pub(super) const SECURE_PORT: u16 = 5349;

/// The host part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name to look up, in ASCII, without brackets or port.
    Name(String),
}

/// What a server is wanted for: SRV records and default schemes differ by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Service {
    /// STUN (RFC 7064).
    #[default]
    Stun,
    /// TURN (RFC 7065, RFC 5928).
    Turn,
}

impl Service {
    /// The name of the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stun => "STUN",
            Self::Turn => "TURN",
        }
    }
}

/// A server as it was written, understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerSpec {
    /// Exactly as written, trimmed.
    pub text: String,
    /// The host.
    pub host: Host,
    /// The port, where one was written; without one a URI's host is looked up by SRV first (RFC 8489 section 8), then the
    /// default is 3478, or 5349 for TLS.
    pub port: Option<u16>,
    /// Written as a `stun:` or `stuns:` URI, so that SRV look-up applies.
    pub uri: bool,
    /// Written as `stuns:` or `turns:`: TLS or DTLS only.
    pub secure: bool,
    /// What it is wanted for.
    pub service: Service,
    /// The transports it is to be looked up for, where they are its own and not those of the run.
    pub transports: Option<Vec<Transport>>,
}

impl ServerSpec {
    /// The port where none was written.
    #[must_use]
    pub fn default_port(&self, transport: Transport) -> u16 {
        if self.secure || transport.is_secure() { SECURE_PORT } else { PORT }
    }
}

impl fmt::Display for ServerSpec {
    /// In the shortest form that means the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.uri, self.secure, self.service) {
            (_, true, Service::Stun) => "stuns:",
            (true, false, Service::Stun) => "stun:",
            (_, true, Service::Turn) => "turns:",
            (true, false, Service::Turn) => "turn:",
            (false, false, _) => "",
        })?;
        let bracketed = self.uri || self.port.is_some();
        match &self.host {
            Host::Address(IpAddr::V6(address)) if bracketed => write!(f, "[{address}]")?,
            Host::Address(address) => write!(f, "{address}")?,
            Host::Name(name) => f.write_str(name)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.query())
    }
}
