//! Which address do servers see?

pub(crate) mod probe;
pub mod spec;
