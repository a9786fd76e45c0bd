//! Each command: its own options, and the plan that comes of them.

pub(super) mod classify;
pub(super) mod discover;
pub(super) mod explain_file;
pub(super) mod gateway;
pub(super) mod ice_gather;
pub(super) mod peer_connect;
pub(super) mod peer_predict;
pub(super) mod turn;
pub(super) mod turn_lint;
