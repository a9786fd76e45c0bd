//! nat-probe says why two peers cannot connect.
//!
//! # The shape of the program
//!
//! 1. A **probe** ([`probe`]) is a pure function from the evidence so far to the next step: ask these exchanges, rest, or be done.
//! 2. An **engine** ([`engine`]), without input or output of its own, turns asks into messages and what comes back (or does not)
//!    into evidence: transaction ids, retransmission, pacing, matching, deadlines, isolation and the event log live there, once.
//! 3. A **network** ([`net`]) carries out the engine's commands; real sockets are one, the simulated internet ([`sim`]) with its
//!    virtual time is the other, and the same engine and probes run on both.
//! 4. A **report** ([`report`]) is findings plus the evidence each one rests on; every output format is a function of the report.
//! 5. Because a verdict is a function of evidence, a saved JSON report can be judged again (`classify --from report.json`).
//!
//! Imports go one way only (`tests/architecture.rs` enforces it):
//!
//! ```text
//! main ─ cli ─┬─ report ───────────────┐
//!             ├─ sim ─ net ─ engine ───┼─ probe ─ stun ─ (stun-rs)
//!             └─ config ───────────────┘
//! ```

pub mod cli;
pub mod config;
pub mod engine;
pub mod net;
pub mod probe;
pub mod report;
pub mod sim;
pub mod stun;
