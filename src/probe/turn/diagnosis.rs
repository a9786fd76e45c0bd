//! The causes, each with its stable code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cause. The codes are stable: scripts and support threads name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiagnosisCode {
    /// It works.
    Ok,
    /// The entry makes no sense: nothing could be asked.
    InvalidEntry,
    /// The name does not exist, or has no address of the families asked for.
    NameNotFound,
    /// The name servers did not answer.
    ResolverFailed,
    /// This host has no address or route of the family.
    FamilyUnavailable,
    /// This build has no DTLS.
    DtlsNotBuilt,
    /// Nothing listens there.
    ConnectionRefused,
    /// The network on the way refuses (ICMP).
    Unreachable,
    /// Nothing came.
    NoAnswer,
    /// UDP is silent while TCP or TLS to the same host works.
    UdpBlockedUseTcp,
    /// Something that is no STUN answered.
    NotStun,
    /// The connection was closed before an answer.
    ConnectionClosed,
    /// Binding is answered, Allocate is not.
    StunOnly,
    /// The port speaks TLS and was asked without.
    TlsExpected,
    /// The port speaks no TLS and was asked with.
    PlainExpected,
    /// The certificate is for another name.
    TlsNameMismatch,
    /// The certificate is expired or not yet valid.
    TlsExpired,
    /// The certificate is self-signed, or its issuer is not trusted here: the text tells which.
    TlsUntrusted,
    /// The handshake failed otherwise.
    TlsHandshakeFailed,
    /// The issuer is an inspection product's, or differs from connection to connection.
    TlsIntercepted,
    /// No authentication is asked for.
    OpenRelay,
    /// Credentials are wanted and none were given.
    CredentialsNeeded,
    /// The challenge has no realm or no nonce.
    NoRealm,
    /// The server wants OAuth tokens (RFC 7635).
    OauthOnly,
    /// User name or password is wrong; which one the server hides.
    UnknownUserOrPassword,
    /// The time-limited user name is over.
    CredentialsExpired,
    /// `user:expiry` in place of `expiry:user`.
    UsernameReversed,
    /// The server does not use this shared secret.
    SecretMismatch,
    /// The server's clock is off.
    ClockSkew,
    /// The realm is another one than insisted on.
    WrongRealm,
    /// A fresh nonce is stale again and again.
    StaleNonceLoop,
    /// The server's responses are not signed, or not with our key.
    IntegrityMissingOrBad,
    /// 486.
    QuotaReached,
    /// 508.
    InsufficientCapacity,
    /// 437.
    AllocationMismatch,
    /// 442.
    UnsupportedTransport,
    /// 440.
    UnsupportedFamily,
    /// 300, not followed, or followed in vain.
    Redirected,
    /// 403 on Allocate.
    Forbidden,
    /// 403 on the permission.
    PeerForbidden,
    /// The relayed address cannot be reached from outside.
    RelayAddressPrivate,
    /// A third party saw another address than the relayed one.
    RelayAddressMismatch,
    /// Nothing from outside reaches the relayed address.
    RelayRangeClosed,
    /// The relay does not let two of its own allocations meet.
    RelayHairpinDenied,
    /// Data was accepted and never arrived.
    RelayDead,
    /// Too many packets through the relay are lost.
    RelayLossy,
    /// Too many packets are lost, and as many on the way to the server itself.
    PathLossy,
    /// The allocation, or the way through it, did not last as long as it was kept (`--duration`).
    AllocationLost,
    /// The allocation lives for less than a minute or so.
    ShortLifetime,
    /// 5xx otherwise.
    ServerError,
    /// What the server said makes no sense.
    ProtocolError,
    /// It could not be told: the run ended before it was known, or what it takes to know was not there.
    Undetermined,
}

impl DiagnosisCode {
    /// The code as it stands in JSON.
    #[must_use]
    pub fn name(self) -> String {
        // A unit variant is always a string.
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
