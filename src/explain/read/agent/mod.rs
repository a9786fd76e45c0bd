//! Logs of ICE agents that are no browsers.

pub(super) mod aioice_log;
mod aioice_servers;
mod clock;
mod juice_entries;
pub(super) mod juice_log;
pub(super) mod pion_log;
mod pion_servers;
