//! What people hold in their hands when a connection failed, read and explained: a reader a format ([`read()`]), one model of events
//! ([`event`]), rules with certainty and side (`rules`). Knows nothing of measuring, and touches no network.
//!
//! A certain statement follows from the file alone; whatever else is said carries its word.

mod connection;
mod document;
pub mod event;
mod finding;
mod format;
mod join;
mod meaning;
mod objects;
mod read;
mod redact;
mod repair;
mod require;
mod rules;
mod sentence;
pub mod traffic;
pub mod turnserver;

pub use document::{Call, Connection, Explanation, File, Outcome, Required, RequiredIs, explain, explain_together};
pub use finding::{CauseCode, Certainty, FaultSide, Finding};
pub use format::Format;
pub use meaning::meaning;
pub use read::{Input, ReadError, Reading, read, read_from};
pub use redact::Replacements;
pub use require::Require;
pub use turnserver::{Lint, LintCode};

#[cfg(test)]
mod tests;
