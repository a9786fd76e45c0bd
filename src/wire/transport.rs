//! What carries a STUN message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What carries a STUN message (RFC 8489 section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams, retransmitted by the sender.
    Udp,
    /// A TCP connection.
    Tcp,
    /// TLS over a TCP connection.
    Tls,
    /// DTLS over UDP (RFC 7350): datagrams too, after a handshake.
    Dtls,
}

impl Transport {
    /// The name used in URIs, options and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Dtls => "dtls",
        }
    }

    /// Whether messages are cut out of a stream, which delivers them or breaks; else they are datagrams, to be sent again.
    #[must_use]
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }

    /// Whether a certificate is verified before the first message.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Dtls)
    }

    /// Whether a connection or an association has to stand before the first message.
    #[must_use]
    pub fn connects(self) -> bool {
        self != Self::Udp
    }
}
