//! What browsers and their pages save, and what libraries of theirs log.

pub(super) mod about;
pub(super) mod about_page;
pub(super) mod copied_events;
pub(super) mod firefox_log;
mod firefox_servers;
pub(super) mod internals;
mod libwebrtc_calls;
pub(super) mod libwebrtc_log;
pub(super) mod rtcstats;
pub(super) mod stats;
mod updates;
