//! What a browser makes of a configuration as a whole.

use super::configuration::IceEntry;
use super::find::{Found, Shape};
use super::mistake::{fatal, remark};
use super::tree::{Item, Node};
use crate::wire::{EntryKind, Remark, RemarkCode};

/// More than so many make Firefox warn that discovery becomes slow.
const SLOW: usize = 4;

/// TURN servers that browsers take (WebRTC 1.0, section 4.2.1).
const MOST_TURN: usize = 32;

/// Everything that is to be said of the whole.
pub(super) fn whole(found: &Found, entries: &[IceEntry]) -> Vec<Remark> {
    let turns = entries.iter().filter(|entry| entry.kind == EntryKind::Turn).count();
    let mut remarks = Vec::new();
    let for_browsers = found.candidates.iter().all(|one| one.shape == Shape::Browser);
    if let Some(place) = found.single.as_ref().filter(|_| for_browsers) {
        let text = format!("{place} is one object where RTCPeerConnection wants a list of them (TypeError)");
        remarks.push(remark(RemarkCode::NotAList, text, "put it in square brackets where it is handed to the browser"));
    }
    for configuration in &found.configurations {
        remarks.extend(policy(configuration, turns));
    }
    if turns == 0 {
        let text = "it has no TURN server: who cannot connect directly does not connect";
        remarks.push(fatal(RemarkCode::NoTurn, text, "add a turn: or turns: URI with credentials"));
    }
    if turns > MOST_TURN {
        let text = format!("it has {turns} TURN URIs, and browsers take at most {MOST_TURN}");
        remarks.push(remark(RemarkCode::TooManyServers, text, "a handful is plenty"));
    } else if for_browsers && entries.len() > SLOW {
        let text = format!(
            "it has {} URIs: each is asked from every network of the host, and Firefox warns at five",
            entries.len()
        );
        remarks.push(remark(RemarkCode::ManyServers, text, "one server over UDP, TCP and TLS is enough"));
    }
    remarks
}

/// `iceTransportPolicy`, which decides whether anything but relays is used.
fn policy(configuration: &Node, turns: usize) -> Option<Remark> {
    let value = configuration.get("iceTransportPolicy")?;
    match &value.item {
        Item::Text(text) if text == "relay" && turns == 0 => {
            let text = "iceTransportPolicy is relay, and there is no TURN server: no candidate is ever found";
            Some(fatal(RemarkCode::RelayWithoutTurn, text, "add a TURN server, or leave iceTransportPolicy out"))
        }
        Item::Text(text) if text == "relay" || text == "all" => None,
        _ => {
            let text =
                "iceTransportPolicy is neither \"all\" nor \"relay\": browsers reject the configuration (TypeError)";
            Some(remark(RemarkCode::PolicyUnknown, text, "leave iceTransportPolicy out"))
        }
    }
}
