//! The questions, one folder each. Everything here is pure: no sockets, no clock, no randomness; how anything is sent is the
//! engine's business.

pub mod catalog;
pub mod discover;
pub mod gateway;
pub mod loss;
pub mod nat;
pub mod nat64;
pub mod spec;
pub mod turn;
pub mod witness;
