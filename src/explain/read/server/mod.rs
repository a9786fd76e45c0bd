//! What TURN servers log, and how they are configured.

pub(super) mod conf;
pub(super) mod coturn_log;
pub(super) mod eturnal_log;
pub(super) mod logger;
mod server_log;
