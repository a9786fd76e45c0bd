//! What a session starts from: this side's candidates with the sockets and allocations behind them, and later the other side's.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Credentials, Token};
use crate::engine::{Allocation, SocketId, Time};
use crate::evidence::Role;
use crate::wire::Candidate;

/// Where the packets of a candidate leave from, and where those to it arrive (RFC 8445 section 4: its base).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// A UDP socket.
    Socket(SocketId),
    /// An allocation, by its place in [`Setup::allocations`].
    Relay(usize),
}

/// A candidate of this side.
#[derive(Clone, Debug)]
pub struct Local {
    /// What it is.
    pub candidate: Candidate,
    /// What is behind it.
    pub base: Base,
}

/// A UDP socket that is open.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Its number on the network.
    pub id: SocketId,
    /// The STUN servers that see its mapped addresses: they are asked again while there is nothing else to keep the mappings alive.
    pub servers: Vec<SocketAddr>,
}

/// What a session starts from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What this side's checks are known by.
    pub credentials: Credentials,
    /// Transaction ids, the tiebreaker and the jitter of timers follow from it.
    pub seed: u64,
    /// The role it begins with (RFC 8445 section 6.1.1): whoever began the exchange of tokens is controlling.
    pub role: Role,
    /// This side's candidates, redundant ones left out.
    pub locals: Vec<Local>,
    /// The sockets behind them.
    pub sockets: Vec<Socket>,
    /// The allocations behind them.
    pub allocations: Vec<Allocation>,
    /// When to give up, whatever is under way.
    pub deadline: Time,
    /// How long to test the nominated pair.
    pub test: Duration,
    /// How long to be silent then, to see whether the path survives it; zero for not at all.
    pub idle: Duration,
}

/// What the other side's token says.
#[derive(Clone, Debug)]
pub struct Remote {
    /// What its checks are known by.
    pub credentials: Credentials,
    /// Its candidates.
    pub candidates: Vec<Candidate>,
    /// Whether its token answers this side's: it has that already, and does not have to be waited for.
    pub answers: bool,
    /// How long it is silent after its tests.
    pub idle: Duration,
}

impl Remote {
    /// What that token says to the side that is known by `own` in its checks, where that is known.
    #[must_use]
    pub fn of(token: &Token, own: Option<&str>) -> Self {
        Self {
            credentials: Credentials { ufrag: token.ufrag.clone(), password: token.password.clone() },
            candidates: token.candidates.clone(),
            answers: token.answers.is_some() && token.answers.as_deref() == own,
            idle: Duration::from_secs(token.idle_s.into()),
        }
    }
}
