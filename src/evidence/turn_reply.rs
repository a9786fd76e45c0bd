//! What a TURN server's response says, as evidence.

use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ErrorReply;
use crate::wire::{Algorithm, Echo};

/// What a response says beyond plain STUN (RFC 8656 section 18, RFC 8489 section 9.2).
#[expect(clippy::struct_excessive_bools, reason = "each says whether an attribute or a bit was there")]
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TurnReply {
    /// REALM, unescaped, as far as it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// Whether there was a NONCE.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nonce: bool,
    /// Whether that NONCE is another than the one in the request: 438 with the same one would go on for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nonce_renewed: bool,
    /// The nonce says that password algorithms are offered (RFC 8489 section 9.2, security feature bit 0).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub password_algorithms_bit: bool,
    /// The nonce says that the user name may be hidden (security feature bit 1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymity_bit: bool,
    /// PASSWORD-ALGORITHMS as far as they are known here; absent where the attribute is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<Algorithm>>,
    /// THIRD-PARTY-AUTHORIZATION: OAuth tokens are wanted (RFC 7635); the name of their issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party_authorization: Option<String>,
    /// XOR-RELAYED-ADDRESS, one or two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relayed: Vec<SocketAddr>,
    /// LIFETIME in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u32>,
    /// ADDRESS-ERROR-CODE: why there is no relayed address of the other family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_error: Option<ErrorReply>,
    /// ALTERNATE-SERVER, one or two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternate_servers: Vec<SocketAddr>,
    /// ALTERNATE-DOMAIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate_domain: Option<String>,
    /// UNKNOWN-ATTRIBUTES, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_attributes: Vec<u16>,
    /// CONNECTION-ID (RFC 6062).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<u32>,
    /// Whether there was a RESERVATION-TOKEN.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reservation: bool,
    /// Whether there was a MOBILITY-TICKET.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ticket: bool,
    /// Whether the response is signed with our key.
    #[serde(default)]
    pub integrity: Integrity,
    /// The first bytes in hexadecimal, where something is wrong with the message; what could help to guess a password is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What goes back byte for byte. Not in any output.
    #[serde(skip)]
    pub echo: Echo,
    /// RESERVATION-TOKEN. Not in any output.
    #[serde(skip)]
    pub reservation_token: Bearer,
    /// MOBILITY-TICKET. Not in any output.
    #[serde(skip)]
    pub mobility_ticket: Bearer,
}

/// Bytes that are as good as the port or the allocation that they stand for: whatever prints them prints their number.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bearer(pub Vec<u8>);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// Whether a response is signed with the key of the request (RFC 8489 sections 14.5 and 14.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Integrity {
    /// The request was not signed: there is no key to check with.
    #[default]
    Unchecked,
    /// It is not signed.
    Missing,
    /// It is signed, and not with our key, or was changed on its way.
    Wrong,
    /// It is signed with our key.
    Valid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_output_tells_what_lets_a_client_take_over() {
        let bearer = Bearer(b"TICKET".to_vec());
        let reply = TurnReply { reservation_token: bearer.clone(), mobility_ticket: bearer, ..TurnReply::default() };
        let (debug, json) = (format!("{reply:?}"), serde_json::to_string(&reply).unwrap());
        for secret in ["TICKET", "84, 73"] {
            assert!(!debug.contains(secret) && !json.contains(secret), "{debug} {json}");
        }
        assert!(debug.contains("mobility_ticket: 6 bytes"), "{debug}");
    }
}
