//! Connections and what their handshakes showed, as evidence.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, SocketName};
use crate::wire::Transport;

/// A TCP or TLS connection or a DTLS association.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// The socket's name; exchanges with the same one used it.
    pub socket: SocketName,
    /// Index into the servers.
    pub server: usize,
    /// What it is.
    pub transport: Transport,
    /// Where to.
    pub remote: SocketAddr,
    /// This end, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// Milliseconds from the start of the run to the first packet.
    pub started_ms: f64,
    /// Milliseconds from the start of the run to the TCP connection; absent for DTLS, and where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_ms: Option<f64>,
    /// Milliseconds from the start of the run until messages could be sent: for TLS and DTLS the end of the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_ms: Option<f64>,
    /// What the handshake showed, also where it failed after the certificate had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFacts>,
    /// Why it was not opened, or ended other than by our own wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Milliseconds from the start of the run to that failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_ms: Option<f64>,
}

/// What a TLS or DTLS handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsFacts {
    /// `TLS 1.3`, `DTLS 1.2`, ...; absent where it was not agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The cipher suite by its registered name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// The application protocol agreed on (ALPN).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// The name that the certificate was verified against.
    pub server_name: String,
    /// The certificates as sent, the server's own first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<CertificateFacts>,
    /// The server asked for a certificate of ours; none was shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_wanted: bool,
    /// Why the certificate is not to be trusted; with `--insecure` the connection goes on all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Failure>,
}

/// What a certificate says, unescaped: whoever prints it must escape it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateFacts {
    /// Common name and organization of whom it is for.
    pub subject: String,
    /// Common name and organization of who issued it.
    pub issuer: String,
    /// The names it is for (subjectAltName): host names and addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Not valid before (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Not valid after (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Subject and issuer are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_issued: bool,
}
