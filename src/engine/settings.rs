//! How a run is to be made.

use std::time::Duration;

use crate::wire::{Credential, Transport};

/// How a run is to be made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Transaction ids, local ports and the jitter of retransmissions follow from it; from the system's entropy for real runs.
    pub seed: u64,
    /// When to stop and report what was learnt.
    pub deadline: Duration,
    /// RFC 8489's own retransmission schedule instead of one fitted to the round trip.
    pub thorough: bool,
    /// Look the servers' addresses up for these transports.
    pub transports: Vec<Transport>,
    /// What requests are signed with; [`Auth::credential`](crate::wire::Auth) is an index.
    pub credentials: Vec<Credential>,
    /// What the run opened goes on after its end ([`Engine::handed_over`](super::Engine::handed_over)): nothing is closed that still
    /// serves, and the deadline asks for no farewell. Whoever interrupts it takes everything back.
    pub hand_over: bool,
    /// Verify every certificate against this name and not the server's.
    pub server_name: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            deadline: Duration::from_secs(10),
            thorough: false,
            transports: vec![Transport::Udp],
            credentials: Vec::new(),
            hand_over: false,
            server_name: None,
        }
    }
}
