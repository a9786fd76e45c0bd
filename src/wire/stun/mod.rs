//! STUN messages as values (RFC 8489), with what behavior discovery (RFC 5780) and TURN (RFC 8656) add.

pub mod attribute;
pub(crate) mod control;
pub(super) mod error_code;
pub(super) mod excerpt;
mod header;
mod hex;
pub mod integrity;
pub mod message;
mod message_turn;
pub(super) mod not_stun;
pub mod relay;
pub(super) mod request;
mod request_words;
pub(crate) mod stream;
mod turn;
pub(super) mod writer;

use std::fmt;

/// The 96 bits that tie a response to its request (RFC 8489 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub [u8; 12]);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
