//! What a message says beyond plain STUN: TURN (RFC 8656 section 18, RFC 6062, RFC 8016), long-term credentials (RFC 8489 section 9.2)
//! and redirection (section 10).

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attribute::{self, RawAttribute};
use crate::wire::{Family, Message};

/// A nonce with security features begins so (RFC 8489 section 9.2).
const NONCE_COOKIE: &[u8] = b"obMatJos2";

impl Message {
    fn value(&self, ty: u16) -> Option<&[u8]> {
        Some(&self.attribute(ty)?.value)
    }

    fn text(&self, ty: u16) -> Option<String> {
        self.attribute(ty).map(RawAttribute::text)
    }

    fn number(&self, ty: u16) -> Option<u32> {
        self.attribute(ty)?.number()
    }

    /// Every attribute of a type that may stand more than once.
    fn each(&self, ty: u16) -> impl Iterator<Item = &RawAttribute> {
        self.attributes().iter().filter(move |attribute| attribute.ty == ty && !attribute.ignored)
    }

    /// REALM, byte for byte.
    #[must_use]
    pub fn realm(&self) -> Option<&[u8]> {
        self.value(attribute::REALM)
    }

    /// NONCE, byte for byte. Never for output.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.value(attribute::NONCE)
    }

    /// What the nonce says of security features: password algorithms and user name anonymity; `None` for a nonce that says nothing.
    ///
    /// Bit 0 is the leftmost of the 24 bits (RFC 8489 section 18.1), though its appendix B.1 counts from the right.
    #[must_use]
    pub fn nonce_features(&self) -> Option<(bool, bool)> {
        let bits = self.nonce()?.strip_prefix(NONCE_COOKIE)?.get(..4)?;
        let bits = *STANDARD.decode(bits).ok()?.first()?;
        Some((bits & 0x80 != 0, bits & 0x40 != 0))
    }

    /// PASSWORD-ALGORITHMS by number, as far as they can be read.
    #[must_use]
    pub fn password_algorithms(&self) -> Option<Vec<u16>> {
        self.attribute(attribute::PASSWORD_ALGORITHMS).map(RawAttribute::algorithms)
    }

    /// XOR-RELAYED-ADDRESS: one, or two of different families (RFC 8656 section 7.3).
    #[must_use]
    pub fn relayed_addresses(&self) -> Vec<SocketAddr> {
        self.each(attribute::XOR_RELAYED_ADDRESS).filter_map(|attribute| self.xor_address(attribute)).take(2).collect()
    }

    /// XOR-PEER-ADDRESS, the first.
    #[must_use]
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.xor_address(self.attribute(attribute::XOR_PEER_ADDRESS)?)
    }

    /// XOR-PEER-ADDRESS: a `CreatePermission` may have several (RFC 8656 section 10.1).
    #[must_use]
    pub fn peer_addresses(&self) -> Vec<SocketAddr> {
        self.each(attribute::XOR_PEER_ADDRESS).filter_map(|attribute| self.xor_address(attribute)).collect()
    }

    /// LIFETIME in seconds.
    #[must_use]
    pub fn lifetime(&self) -> Option<u32> {
        self.number(attribute::LIFETIME)
    }

    /// ALTERNATE-SERVER: one, or two of different families (RFC 8656 section 18.14).
    #[must_use]
    pub fn alternate_servers(&self) -> Vec<SocketAddr> {
        self.each(attribute::ALTERNATE_SERVER).filter_map(RawAttribute::address).take(2).collect()
    }

    /// ALTERNATE-DOMAIN: the name that the certificate of the alternate server is for. Not escaped.
    #[must_use]
    pub fn alternate_domain(&self) -> Option<String> {
        self.text(attribute::ALTERNATE_DOMAIN)
    }

    /// ADDRESS-ERROR-CODE: the family that there is no relayed address of, the code and the reason phrase, not escaped.
    #[must_use]
    pub fn address_error(&self) -> Option<(Option<Family>, u16, String)> {
        let attribute = self.attribute(attribute::ADDRESS_ERROR_CODE)?;
        let (code, reason) = attribute.error()?;
        Some((attribute.family(), code, reason))
    }

    /// RESERVATION-TOKEN. Never for output.
    #[must_use]
    pub fn reservation_token(&self) -> Option<&[u8]> {
        self.value(attribute::RESERVATION_TOKEN)
    }

    /// MOBILITY-TICKET. Never for output.
    #[must_use]
    pub fn mobility_ticket(&self) -> Option<&[u8]> {
        self.value(attribute::MOBILITY_TICKET)
    }

    /// CONNECTION-ID (RFC 6062).
    #[must_use]
    pub fn connection_id(&self) -> Option<u32> {
        self.number(attribute::CONNECTION_ID)
    }

    /// THIRD-PARTY-AUTHORIZATION: who issues the tokens that the server wants (RFC 7635). Not escaped.
    #[must_use]
    pub fn third_party_authorization(&self) -> Option<String> {
        self.text(attribute::THIRD_PARTY_AUTHORIZATION)
    }

    /// CHANNEL-NUMBER.
    #[must_use]
    pub fn channel_number(&self) -> Option<u16> {
        self.attribute(attribute::CHANNEL_NUMBER)?.port()
    }

    /// USERNAME. Not escaped.
    #[must_use]
    pub fn username(&self) -> Option<String> {
        self.text(attribute::USERNAME)
    }
}
