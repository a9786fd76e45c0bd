//! What is wrong with a certificate.

use serde::Deserialize;

/// The certificate that a server shows, or that somebody on the path shows in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// For its name, from a known authority, in time.
    #[default]
    Valid,
    /// For another name.
    NameMismatch,
    /// No longer valid.
    Expired,
    /// Its own issuer.
    SelfSigned,
    /// From a known authority, but without the certificate in between.
    Untrusted,
    /// The handshake ends with an alert before any certificate.
    HandshakeFailed,
    /// Valid, and the server demands one of the client too.
    ClientDemanded,
    /// From a product that inspects TLS and is not trusted here.
    Intercepted,
    /// Trusted here, with another issuer for each connection.
    Inspected,
}
