//! What several commands take: options, and what they say about servers, logins and time.

pub(super) mod common;
pub(super) mod duration;
pub(super) mod entries;
mod environment;
pub(super) mod ice;
pub(super) mod secrets;
pub(super) mod servers;
pub(super) mod trust;
pub(super) mod turn;
