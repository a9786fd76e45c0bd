//! Keyed hashes.

use ::hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// HMAC-SHA1 with any key.
pub(super) fn hmac_sha1(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha1>>(key, bytes)
}

/// HMAC-SHA256 with any key.
pub(super) fn hmac_sha256(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha256>>(key, bytes)
}

/// HMAC-SHA512 with any key.
pub(super) fn hmac_sha512(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha512>>(key, bytes)
}

/// HMAC-MD5 with any key.
pub(super) fn hmac_md5(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    mac::<Hmac<Md5>>(key, bytes)
}

/// The keyed hash of that kind.
pub(super) fn mac<M: Mac + ::hmac::digest::KeyInit>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return Vec::new() };
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}
