//! The questions, one folder each. Everything here is pure: no sockets, no clock, no randomness; how anything is sent is the
//! engine's business.

pub mod catalog;
pub mod connect;
pub(crate) mod discover;
pub mod gateway;
pub mod ice_gather;
pub(crate) mod loss;
mod names;
pub mod nat;
mod nat64;
pub mod peer_predict;
pub(crate) mod spec;
pub mod turn;
pub mod witness;
