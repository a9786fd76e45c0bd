//! Credentials at work: keys, signing, checking (RFC 8489 sections 9.1.1, 9.2.2, 14.5 and 14.6).

use std::fmt;

use ::hmac::Hmac;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;

use super::attribute::{MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256};
use super::header::HEADER;
use super::message::Message;
use crate::wire::hmac::mac;
use crate::wire::{Algorithm, Credential, PasswordForm, Secret};

/// A key made of a password, for long-term credentials of user name and realm too. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// The long-term key (RFC 8489 section 18.5.1): the hash of `username:realm:password`.
    #[must_use]
    pub fn new(credential: &Credential, realm: &[u8], algorithm: Algorithm, form: PasswordForm) -> Self {
        let password = credential.password.expose();
        let password = match form {
            PasswordForm::AsTyped => password.to_owned(),
            PasswordForm::Nfkc => password.nfkc().collect(),
        };
        let text = [credential.username.as_bytes(), b":", realm, b":", password.as_bytes()].concat();
        Self(match algorithm {
            Algorithm::Md5 => Md5::digest(&text).to_vec(),
            Algorithm::Sha256 => Sha256::digest(&text).to_vec(),
        })
    }

    /// The short-term key (RFC 8489 section 9.1.1): the password itself, which in ICE is ASCII (RFC 8839 section 5.4).
    #[must_use]
    pub fn short_term(password: &Secret) -> Self {
        Self(password.expose().as_bytes().to_vec())
    }

    #[cfg(test)]
    pub(crate) fn is(&self, bytes: [u8; 16]) -> bool {
        self.0 == bytes
    }

    /// The value of the integrity attribute over these bytes, whose header already announces that attribute.
    #[must_use]
    pub fn sign(&self, bytes: &[u8], sha256: bool) -> Vec<u8> {
        if sha256 { mac::<Hmac<Sha256>>(&self.0, bytes) } else { mac::<Hmac<Sha1>>(&self.0, bytes) }
    }

    /// Whether the message, as it arrived, is signed with this key; `None` where it is not signed at all. Of two signatures the
    /// stronger one counts.
    #[must_use]
    pub fn check(&self, message: &Message, bytes: &[u8]) -> Option<bool> {
        let attribute = message.attribute(MESSAGE_INTEGRITY_SHA256).or_else(|| message.attribute(MESSAGE_INTEGRITY))?;
        let sha256 = attribute.ty == MESSAGE_INTEGRITY_SHA256;
        let covered = bytes.get(..attribute.offset)?;
        let mut covered = covered.to_vec();
        // The length that is signed ends with this attribute, whatever follows it (RFC 8489 section 14.5).
        let end = attribute.offset + 4 + attribute.value.len().next_multiple_of(4);
        let length = u16::try_from(end.checked_sub(HEADER)?).ok()?;
        covered.get_mut(2..4)?.copy_from_slice(&length.to_be_bytes());
        let right = self.sign(&covered, sha256);
        // A SHA-256 signature may be cut to 16 bytes or more (RFC 8489 section 14.6); an SHA-1 one may not.
        let long_enough = attribute.value.len() == right.len() || (sha256 && attribute.value.len() >= 16);
        Some(long_enough && right.starts_with(&attribute.value))
    }
}

/// SHA-256 of `username:realm`, the value of USERHASH (RFC 8489 section 14.4).
#[must_use]
pub fn userhash(username: &str, realm: &[u8]) -> Vec<u8> {
    Sha256::digest([username.as_bytes(), b":", realm].concat()).to_vec()
}
