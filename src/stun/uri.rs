//! Servers as people write them: `host`, `host:port`, `[v6]:port`, `stun:` and `stuns:` URIs (RFC 7064).

use std::net::IpAddr;

/// The host part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name to look up, without brackets or port.
    Name(String),
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
    /// Written as `stuns:`: TLS only.
    pub secure: bool,
}
