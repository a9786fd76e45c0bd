//! nat-probe says why two peers cannot connect.
//!
//! # The shape of the program
//!
//! 1. A **measurement** ([`measure`]) asks a question. Its probe is a pure function from the evidence so far to the next step: ask
//!    these exchanges, rest, or be done; its judge is a pure function from evidence and options to a finding.
//! 2. An **engine** ([`engine`]), without input or output of its own, turns asks into messages and what comes back (or does not)
//!    into evidence ([`evidence`]): identities, retransmission, pacing, matching, deadlines, isolation and the event log live
//!    there, once.
//! 3. A **network** ([`net`]) carries out the engine's commands; real sockets are one, the simulated internet ([`sim`]) with its
//!    virtual time and its pure servers ([`server`]) is the other, and the same engine and probes run on both.
//! 4. A **session** ([`peer`]) is a live ICE agent on the same network, watched packet by packet; what it shows is judged like evidence.
//! 5. A **report** ([`report`]) is findings plus the evidence each one rests on; every output format is a function of the report.
//! 6. **Evidence is complete**: a verdict follows from what the JSON holds and from nothing else, so a saved report can be judged
//!    again (`--from report.json`).
//! 7. A **prediction** ([`predict`]) says of two such reports, or of whatever else is known of two sides, whether these two connect.
//!
//! Imports go one way only (`tests/architecture.rs` enforces it):
//!
//! ```text
//! main ─ cli ─┬─ report ─┬─ measure ────────┐
//!             │          ├─ predict ────────┤
//!             │          └─ explain (files) ┤
//!             ├─ peer ──────────── engine ──┤
//!             │                             ├─ evidence ─ wire ─ (stun-rs)
//!             ├─ sim ─┬─ server ─┬─ engine ─┘
//!             └───────┴─ net ────┘
//! ```

pub mod cli;
pub mod engine;
pub mod evidence;
pub mod explain;
pub mod measure;
pub mod net;
pub mod peer;
pub mod predict;
pub mod report;
pub mod server;
pub mod sim;
pub mod wire;
