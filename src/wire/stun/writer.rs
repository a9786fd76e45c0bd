//! Writing messages that stun-rs cannot: any attribute, RFC 3489 headers, and deliberate mistakes. What the simulator's servers say.

use std::net::{IpAddr, SocketAddr};

use super::attribute::{ERROR_CODE, FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256};
use super::header::{HEADER, MAGIC_COOKIE};
use super::message::{Class, fingerprint_of, join_type, key};
use crate::wire::{Key, TransactionId};

/// A message being written, attribute by attribute, in the order of the calls.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    key: [u8; 16],
}

impl Writer {
    /// Begins a message. `cookie` is what stands in the magic cookie's place: `None` means the magic cookie itself; the answer to a
    /// classic request echoes that request's [`head`](crate::wire::Message::head).
    #[must_use]
    pub fn new(class: Class, method: u16, id: TransactionId, cookie: Option<[u8; 4]>) -> Self {
        let key = key(cookie.unwrap_or(MAGIC_COOKIE), id);
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(join_type(class, method).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(key);
        Self { bytes, key }
    }

    /// Adds an attribute, padded with zeros. A value over 65,535 bytes is cut there.
    #[must_use]
    pub fn attribute(mut self, ty: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        let value = &value[..length.into()];
        self.bytes.extend(ty.to_be_bytes());
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds a plain address.
    #[must_use]
    pub fn address(self, ty: u16, address: SocketAddr) -> Self {
        self.keyed_address(ty, address, [0; 16])
    }

    /// Adds an address xored with the header's last 16 bytes (RFC 8489 section 14.2).
    #[must_use]
    pub fn xor_address(self, ty: u16, address: SocketAddr) -> Self {
        let key = self.key;
        self.keyed_address(ty, address, key)
    }

    fn keyed_address(self, ty: u16, address: SocketAddr, key: [u8; 16]) -> Self {
        let mut value = Vec::with_capacity(20);
        value.extend([0, if address.is_ipv4() { 1 } else { 2 }]);
        value.extend(address.port().to_be_bytes().iter().zip(key).map(|(byte, key)| byte ^ key));
        let octets = match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        value.extend(octets.iter().zip(key).map(|(byte, key)| byte ^ key));
        self.attribute(ty, &value)
    }

    /// Adds an ERROR-CODE.
    #[must_use]
    pub fn error(self, code: u16, reason: &str) -> Self {
        let class = u8::try_from(code / 100).unwrap_or(u8::MAX);
        // A number below 100 fits.
        let number = u8::try_from(code % 100).unwrap_or_default();
        let value = [&[0, 0, class, number], reason.as_bytes()].concat();
        self.attribute(ERROR_CODE, &value)
    }

    /// Adds a FINGERPRINT over everything so far, or a wrong one.
    #[must_use]
    pub fn fingerprint(mut self, correct: bool) -> Self {
        // The length that the checksum covers includes the fingerprint itself (RFC 8489 section 14.7).
        self.write_length(8);
        let right = fingerprint_of(&self.bytes);
        let value = if correct { right } else { !right };
        self.attribute(FINGERPRINT, &value.to_be_bytes())
    }

    /// Adds MESSAGE-INTEGRITY, or MESSAGE-INTEGRITY-SHA256, over everything so far (RFC 8489 sections 14.5 and 14.6).
    #[must_use]
    pub fn integrity(mut self, key: &Key, sha256: bool) -> Self {
        let (ty, length) = if sha256 { (MESSAGE_INTEGRITY_SHA256, 32) } else { (MESSAGE_INTEGRITY, 20) };
        // The length that is signed includes the attribute itself.
        self.write_length(4 + length);
        let value = key.sign(&self.bytes, sha256);
        self.attribute(ty, &value)
    }

    /// The message.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.write_length(0);
        self.bytes
    }

    fn write_length(&mut self, more: usize) {
        let length = u16::try_from(self.bytes.len() - HEADER + more).unwrap_or(u16::MAX);
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
