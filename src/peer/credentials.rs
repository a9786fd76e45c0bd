//! User name fragment and password of one side of one session (RFC 8445 section 5.3, RFC 8839 section 5.4).

use crate::engine::Chance;
use crate::wire::Secret;

/// The characters that both may have: 64, so that each carries six bits.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// 48 bits: at least 24 are asked for.
const UFRAG: usize = 8;
/// Each of the two halves of the password, 66 bits long from 64 of randomness: at least 128 are asked for.
const HALF: usize = 11;

/// What the checks of one side are known and signed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name fragment: no secret, it stands in every check.
    pub ufrag: String,
    /// The password: whoever has it can answer for this side.
    pub password: Secret,
}

impl Credentials {
    /// New ones, from seeds that nobody can guess.
    #[must_use]
    pub fn new(seeds: [u64; 3]) -> Self {
        let [name, left, right] = seeds;
        let text = |seed, length| Chance::new(seed).characters(ICE_CHARS, length);
        Self { ufrag: text(name, UFRAG), password: Secret::new(text(left, HALF) + &text(right, HALF)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_as_long_as_the_standard_asks_and_of_its_characters() {
        let one = Credentials::new([1, 2, 3]);
        assert!(one.ufrag.len() >= 4 && one.password.expose().len() >= 22);
        assert!(one.ufrag.bytes().chain(one.password.expose().bytes()).all(|byte| ICE_CHARS.contains(&byte)));
        let other = Credentials::new([4, 2, 5]);
        assert_ne!(one.ufrag, other.ufrag);
        assert_ne!(one.password.expose()[HALF..], other.password.expose()[HALF..]);
        assert!(!format!("{one:?}").contains(one.password.expose()));
    }
}
