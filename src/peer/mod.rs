//! Two hosts that look for a way to each other: the token that they hand to each other by hand, and the live session, a full ICE agent
//! (RFC 8445) for one component that is watched packet by packet.
//!
//! The agent is our own and not a crate's. The best one, `is` 0.12, was read: it nominates the first pair that works and goes on to
//! better ones (no regular nomination), has no triggered checks for pairs it knows, no consent (RFC 7675) and no patience of its own
//! (RFC 8863); it answers no check before it has the other side's credentials, though here a token may be under way for minutes;
//! it takes an answer from any source and ignores every error but 487; it draws its transaction ids from a generator that no seed
//! reaches; and it forgets a pair that failed. What would be left of it is the pairing. Here the pairs themselves are the record:
//! each keeps what was sent, what came back from where, and what was said instead ([`PairSeen`](crate::evidence::PairSeen)), and
//! `measure::connect` judges that like any other evidence.
//!
//! Without input or output: [`Agent`] is a [`Machine`](crate::engine::Machine) on sockets that others opened. What is no check, no
//! answer and no test packet is counted and ignored; after the session every socket is closed.

mod agent;
mod checklist;
mod consent;
mod credentials;
mod data;
mod keepalive;
mod message;
mod pair;
mod phase;
pub mod qr;
mod relay;
mod setup;
#[cfg(test)]
mod tests;
pub mod token;
mod transaction;

pub use agent::Agent;
pub use credentials::Credentials;
pub use setup::{Base, Local, Remote, Setup, Socket};
pub use token::{Foreign, Token, TokenError};
