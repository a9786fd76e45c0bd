//! What is wrong with a server as it was written.

use super::parts::Parts;
use crate::wire::Service;
use crate::wire::escape::escape;

/// Why what was written names no server, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a {} server: {}", escape(.text), .service.name(), escape(.problem))]
pub struct UriError {
    text: String,
    service: Service,
    problem: String,
}

impl UriError {
    pub(super) fn new(text: &str, service: Service, problem: String) -> Self {
        Self { text: masked(text), service, problem }
    }

    /// What is wrong with it and what to try, not escaped.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// The text with `***` for everything that is not scheme, host, port or transport: errors repeat what was written, and a password may
/// stand anywhere in it.
#[must_use]
pub fn masked(text: &str) -> String {
    Parts::of(text.trim()).shown
}
