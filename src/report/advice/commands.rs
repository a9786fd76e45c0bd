//! The commands that advice names, to copy; what stands in capitals is to be filled in.

/// What the NAT does.
pub(super) const CLASSIFY: &str = "nat-probe classify";

/// The same, slowly.
pub(super) const THOROUGH: &str = "nat-probe classify --thorough --deadline 2m";

/// The same by other servers.
pub(super) const OTHER_SERVER: &str = "nat-probe classify --server HOST:PORT";

/// The same by a port that is rarely blocked.
pub(super) const OTHER_PORT: &str = "nat-probe classify --server HOST:443";

/// What address others see.
pub(super) const DISCOVER: &str = "nat-probe discover";

/// The same by other servers.
pub(super) const DISCOVER_OTHER_SERVER: &str = "nat-probe discover --server HOST:PORT";

/// Enough round trips to tell loss and times.
pub(super) const ROUND_TRIPS: &str = "nat-probe discover --count 20";

/// What the router itself knows.
pub(super) const GATEWAY: &str = "nat-probe gateway";

/// Whether the TURN server that was provided works.
pub(super) const TURN: &str = "nat-probe turn turn:HOST -u USER";

/// The same over what passes where a browser may go.
pub(super) const TURN_TLS: &str = "nat-probe turn 'turns:HOST:443?transport=tcp' -u USER";

/// All of them.
#[cfg(test)]
pub(crate) const ALL: [&str; 10] = [
    CLASSIFY,
    THOROUGH,
    OTHER_SERVER,
    OTHER_PORT,
    DISCOVER,
    DISCOVER_OTHER_SERVER,
    ROUND_TRIPS,
    GATEWAY,
    TURN,
    TURN_TLS,
];
