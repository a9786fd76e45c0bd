//! What was seen, as plain data: exchanges, replies, connections; why something could not be told; and the contract between the probes
//! that ask and the engine that sends. Knows neither the questions nor the sockets.

mod behavior;
mod connection;
mod contract;
mod event;
mod exchange;
mod exchanges;
pub mod gate;
mod gateway;
pub mod key;
mod reason;
pub(crate) mod silence;
mod store;
mod turn_reply;

pub use behavior::Behavior;
pub use connection::{CertificateFacts, Connection, TlsFacts};
pub use contract::{Ask, LocalPort, Patience, Probe, Quarantine, Step, Terms};
pub use event::LogEvent;
pub use exchange::{
    ErrorReply, Evidence, Exchange, Failure, FailureCode, Lookup, Outcome, Over, Refused, Reply, Server, Stop, Strays,
};
pub use exchanges::Exchanges;
pub use gateway::{Gateway, GatewayReply};
pub use key::Key;
pub use reason::{AnswerCode, Reason, ReasonCode};
pub use turn_reply::{Bearer, Integrity, TurnReply};
