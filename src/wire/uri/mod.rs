//! Servers as people write them.

pub(super) mod error;
mod parts;
mod rules;
mod spec;
mod stun;
mod turn;

pub use spec::{Host, ServerSpec, Service};
