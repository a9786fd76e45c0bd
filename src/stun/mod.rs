//! STUN messages and URIs as values: knows nothing of sockets, clocks or randomness.

pub mod message;
pub mod request;
pub mod transport;
pub mod uri;
pub mod writer;

pub use message::{Message, NotStun};
pub use request::{Change, Request};
pub use transport::Transport;
pub use uri::{Host, ServerSpec};

/// The 96 bits that tie a response to its request (RFC 8489 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub [u8; 12]);
