//! The event log: what happened, in order, for progress, `--ndjson` and reproducing a run.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Exchange, Failure, Key, PairSeen, Progress, Stop};
use crate::wire::Transport;

/// One thing that happened: a line of `--ndjson` before the last, which is the report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum LogEvent {
    /// A server's name was looked up.
    Resolved {
        /// Milliseconds from the start.
        at_ms: f64,
        /// The server as it was named.
        server: String,
        /// The transport it was looked up for.
        transport: Transport,
        /// What the name led to.
        addresses: Vec<SocketAddr>,
        /// Why it led nowhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A question was sent, for the first time or again.
    Sent {
        /// Milliseconds from the start.
        at_ms: f64,
        /// The exchange.
        exchange: String,
        /// What the probe calls it.
        ask: Key,
        /// Where to.
        remote: SocketAddr,
        /// How many times so far.
        sends: u32,
    },
    /// An exchange has its outcome.
    Settled {
        /// Milliseconds from the start.
        at_ms: f64,
        /// The server as it was named.
        server: String,
        /// The exchange as it will stand in the report's evidence.
        exchange: Box<Exchange>,
    },
    /// A datagram that belongs to no exchange, or one more answer to an answered one.
    Stray {
        /// Milliseconds from the start.
        at_ms: f64,
        /// Where it came from.
        source: SocketAddr,
        /// What it was.
        text: String,
    },
    /// At the end of the run: so many strays more than were told one by one.
    StraysLeftOut {
        /// Milliseconds from the start.
        at_ms: f64,
        /// How many.
        count: u32,
    },
    /// A pair of candidates of a live session came further.
    Pair {
        /// Milliseconds from the start.
        at_ms: f64,
        /// How far it came.
        progress: Progress,
        /// What was seen on it until then.
        pair: Box<PairSeen>,
    },
    /// The run ended before every probe was done.
    Stopped {
        /// Milliseconds from the start.
        at_ms: f64,
        /// Why.
        reason: Stop,
    },
}
