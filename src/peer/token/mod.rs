//! The token that one side of `peer connect` sends to the other by any chat: `np1-` and base64url of a few bytes.
//!
//! ```text
//! length   bytes that follow, without the checksum (LEB128)
//! flags    1 relay only, 2 answers a token, 4 stays idle
//! expires  Unix seconds, 4 bytes
//! ufrag    length and characters, six bits each (RFC 8839 section 5.4 has 64 of them)
//! password the same
//! answers  the same, where flagged: the fragment of the token that this one answers
//! idle     seconds, 2 bytes, where flagged
//! candidates to the end
//! checksum CRC-32 of what follows the length
//! ```
//!
//! It names addresses, and it holds the password of the one connection that it is for: who has it can be the other side.

mod bytes;
mod candidate;
mod characters;
mod error;
mod frame;
mod read;
mod write;

pub use error::{Foreign, TokenError};

use crate::wire::{Candidate, Secret};

/// What one side tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Until when it is good, in Unix seconds.
    pub expires_unix_s: u64,
    /// The user name fragment of this side.
    pub ufrag: String,
    /// Its password.
    pub password: Secret,
    /// Its candidates, of the only component there is. Extensions are not carried.
    pub candidates: Vec<Candidate>,
    /// The fragment of the token that this one answers, so that a token for somebody else is noticed.
    pub answers: Option<String>,
    /// For how many seconds the connection is to stay without a packet once it stands; 0 for not at all.
    pub idle_s: u16,
    /// Whether this side shows no addresses but those of relays.
    pub relay_only: bool,
}

const RELAY_ONLY: u8 = 1;
const ANSWERS: u8 = 2;
const IDLE: u8 = 4;

#[cfg(test)]
mod tests;
