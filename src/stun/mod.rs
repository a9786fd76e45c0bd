//! STUN messages and URIs as values: knows nothing of sockets, clocks or randomness.

pub mod attribute;
pub mod control;
pub mod credential;
pub mod dump;
pub mod error_code;
pub mod escape;
pub mod excerpt;
mod family;
mod header;
pub mod integrity;
pub mod message;
mod message_turn;
mod not_stun;
pub mod password;
pub mod relay;
pub mod request;
mod request_words;
pub mod rest;
pub mod stream;
pub mod transport;
pub mod turn;
mod turn_uri;
pub mod uri;
mod uri_error;
mod uri_parts;
mod uri_rules;
pub mod writer;

use std::fmt;

pub use attribute::RawAttribute;
pub use credential::{Algorithm, Auth, Credential, Echo, PasswordForm, Secret};
pub use dump::dump;
pub use error_code::error_name;
pub use escape::escape;
pub use excerpt::excerpt;
pub use family::Family;
pub use integrity::Key;
pub use message::{Class, Message};
pub use not_stun::NotStun;
pub use password::{Form, Look, Making};
pub use request::{Change, Control, Method, Relay, Request, TurnAttribute};
pub use rest::RestName;
pub use stream::Framer;
pub use transport::Transport;
pub use uri::{Host, ServerSpec, Service};
pub use uri_error::{UriError, masked};
pub use writer::Writer;

/// The 96 bits that tie a response to its request (RFC 8489 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub [u8; 12]);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
