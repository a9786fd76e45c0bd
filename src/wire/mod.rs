//! Protocols and what people write of them, as values: STUN, TURN, PCP and NAT-PMP messages, URIs, credentials, configurations of ICE servers.
//! Knows nothing of sockets, clocks or randomness.

mod address_kind;
pub(crate) mod addresses;
pub mod candidate;
pub(crate) mod codes;
pub mod credential;
pub(crate) mod escape;
mod family;
mod hmac;
pub mod ice;
pub mod ice_servers;
pub mod nat_pmp;
pub mod pcp;
mod question;
mod remark;
mod scope;
pub mod sdp;
pub mod stun;
pub(crate) mod text;
mod transport;
mod uri;
mod xml;

pub use address_kind::AddressKind;
pub use candidate::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};
pub use credential::password::{Form, Look, Making};
pub use credential::rest::RestName;
pub use credential::{Algorithm, Auth, Credential, Echo, PasswordForm, Secret};
pub use escape::escape;
pub use family::Family;
pub use ice_servers::{ConfigurationFacts, EntryKind};
pub use question::Question;
pub use remark::{Remark, RemarkCode};
pub use scope::Scope;
pub use stun::TransactionId;
pub use stun::attribute::RawAttribute;
pub use stun::error_code::error_name;
pub use stun::excerpt::excerpt;
pub use stun::integrity::Key;
pub use stun::message::{Class, Message};
pub use stun::not_stun::NotStun;
pub use stun::request::{Change, Control, Method, Relay, Request, TurnAttribute};
pub use stun::stream::Framer;
pub use stun::writer::Writer;
pub use transport::Transport;
pub use uri::error::{UriError, masked};
pub use uri::{Host, ServerSpec, Service};
