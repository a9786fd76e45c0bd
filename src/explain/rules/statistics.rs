//! What is left in bare statistics: Chromium forgets its pairs and the other end's candidates once it has failed, and keeps what this end
//! gathered.

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Party, StateOf};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;

/// What settles what statistics leave open.
const DUMP: &str = "chrome://webrtc-internals, opened before the call and saved after it failed: its configuration and its icecandidateerror events tell which it is; or the TURN server's log";

/// A connection that failed, whether or not this end had a relay.
pub(super) fn with_or_without_relay(connection: &Connection) -> Vec<Finding> {
    // Who has no pair did not fail, and what is connected has ended the handshake of DTLS.
    let forgotten = connection.format == Format::GetStats
        && connection.progress() == Progress::Failed
        && connection.last(StateOf::Transport) == Some("failed")
        && connection.last(StateOf::Dtls) == Some("new")
        && connection.pairs().is_empty()
        && connection.candidates(Party::There).is_empty()
        && connection.configurations().is_empty();
    let own = connection.candidates(Party::Here);
    if !forgotten || own.is_empty() {
        return Vec::new();
    }
    let (code, side, text, fix) = if connection.has_relay(Party::Here) {
        let text = "this end had a relay, and what was checked through it failed too: its TURN server refuses the other end's address, as a rule (403, Forbidden IP), or nothing from outside reaches its relay ports";
        let fix = "look at denied-peer-ip and allowed-peer-ip of the TURN server, and open its relay ports for UDP";
        (CauseCode::RelayUnanswered, FaultSide::Server, text, fix)
    } else {
        let text = "this end had no relay: no TURN server is configured, or none gave one (unreachable, or the credentials were refused)";
        (
            CauseCode::NoRelay,
            FaultSide::Unknown,
            text,
            "a TURN server that both ends reach, over UDP and over TLS on port 443",
        )
    };
    let found = Finding::fault(connection, code, Certainty::Likely, side, text);
    vec![found.at(own.iter().map(|(_, place)| *place)).fix(fix).settle(DUMP)]
}
