//! What was seen, as plain data: exchanges, replies, connections; why something could not be told; and the contract between the probes
//! that ask and the engine that sends. Knows neither the questions nor the sockets.

mod ask;
mod behavior;
mod bound;
mod connection;
mod error_reply;
mod event;
mod exchange;
mod exchanges;
mod failure;
pub mod gate;
mod gateway;
mod interface;
pub mod key;
mod limit;
mod probe;
mod progress;
mod reason;
mod run;
mod session;
pub(crate) mod silence;
mod span;
mod store;
mod turn_reply;

pub use ask::{Ask, LocalPort, Patience, Terms};
pub use behavior::Behavior;
pub use bound::{Bind, BoundSocket};
pub use connection::{CertificateFacts, Connection, TlsFacts};
pub use error_reply::ErrorReply;
pub use event::LogEvent;
pub use exchange::{Exchange, Outcome, Over, Reply, Strays};
pub use exchanges::Exchanges;
pub use failure::{Failure, FailureCode};
pub use gateway::{Gateway, GatewayReply};
pub use interface::{Interface, InterfaceAddress, InterfaceKind};
pub use key::{Key, SocketName};
pub use limit::PlatformLimit;
pub use probe::{Probe, Quarantine, Step};
pub use progress::Progress;
pub use reason::{AnswerCode, Reason, ReasonCode};
pub use run::{Evidence, Lookup, Refused, Server, Stop};
pub use session::{
    Candidacy, End, Idle, PairSeen, Refusal, RelaySeen, RelayStep, Remapped, Role, Selected, Session, Traffic,
    Unpaired, UnpairedCode,
};
pub use span::{millis, span};
pub use turn_reply::{Bearer, Integrity, TurnReply};
