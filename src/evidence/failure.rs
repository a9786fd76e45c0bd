//! Why something could not be done.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::codes::codes;

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The kind, a stable code.
    pub code: FailureCode,
    /// The cause in words: operation, object, what the system said.
    pub text: String,
    /// Who said so, where an ICMP message told its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<IpAddr>,
}

codes! {
    /// The kinds of failure.
    pub enum FailureCode {
        /// The name does not exist.
        NameNotFound,
        /// The name exists and has no address of the families asked for.
        NoAddress,
        /// The resolver did not answer or could not be asked.
        ResolverFailed,
        /// No route to the network.
        NetworkUnreachable,
        /// ICMP host unreachable.
        HostUnreachable,
        /// ICMP port unreachable, or TCP reset at connect: nothing listens there (or a firewall says so).
        ConnectionRefused,
        /// A firewall refused, this host's own or one on the way: ICMP administratively prohibited, or the system did not send it; of a server in a table also ICMP port unreachable from elsewhere.
        Prohibited,
        /// Nothing came.
        NoAnswer,
        /// Something other than STUN answered.
        NotStun,
        /// The peer closed the connection before it answered.
        ConnectionClosed,
        /// The certificate is for another name.
        TlsNameMismatch,
        /// The certificate is expired or not yet valid.
        TlsExpired,
        /// The certificate's issuer is not trusted here.
        TlsUntrusted,
        /// The other end answered the handshake with something that is no TLS.
        NotTls,
        /// The TLS handshake failed for another reason.
        TlsHandshakeFailed,
        /// This build has no DTLS (the cargo feature `dtls`).
        DtlsNotBuilt,
        /// The local address or port could not be bound.
        BindFailed,
        /// The name leads only to addresses that no host has: a DNS filter answers so.
        NameFiltered,
        /// Not sent: somebody else than the user named the address, and it is none to be asked.
        Withheld,
        /// This host has run out of what a socket takes: descriptors, buffers, memory.
        LocalShortage,
        /// Anything else; the text says what.
        #[serde(other)]
        Other,
    }
}
