//! Which address do servers see?

pub(super) mod probe;
pub(crate) mod spec;
