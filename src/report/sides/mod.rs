//! The two sides of a prediction, read from what people have at hand. What a text is, its content says.

mod discovered;
pub(super) mod dump;
mod error;
mod report;

pub use error::SideError;

use serde_json::Value;

use crate::predict::Side;
use crate::predict::read::{candidates, description, netcheck};

/// Whether an argument is a description and no file.
#[must_use]
pub fn is_description(text: &str) -> bool {
    let start = text.trim_start();
    start.get(..description::PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(description::PREFIX))
}

/// Reads a side that is described in words, or written in a file of that name.
///
/// # Errors
/// When it is nothing that says something of a side.
pub fn read(name: &str, contents: &[u8]) -> Result<Side, SideError> {
    let Ok(text) = std::str::from_utf8(contents) else { return dump::packed(name, contents) };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(SideError::Empty);
    }
    if is_description(text) {
        return description::read(text).map_err(SideError::Description);
    }
    let document = json(text);
    if let Some(Ok(value)) = &document
        && report::is_one(value)
    {
        return report::read(name, value);
    }
    if let Some(side) = dump::read(name, contents) {
        return side;
    }
    if let Some(Err(damage)) = document {
        // Candidates may stand one below the other, an object a line.
        return candidates::read(name, text).or_else(|| netcheck::read(name, text)).ok_or(SideError::Damaged(damage));
    }
    if let Some(side) = netcheck::read(name, text).or_else(|| candidates::read(name, text)) {
        return Ok(side);
    }
    let described = text.contains("\nm=") || text.starts_with("v=0") || text.contains("\"sdp\"");
    Err(if described { SideError::NoCandidates } else { SideError::Unknown })
}

/// The document, or the last line of a stream of events; nothing where it does not begin like JSON.
fn json(text: &str) -> Option<Result<Value, String>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let whole = serde_json::from_str(text).map_err(|error| error.to_string());
    let last = || text.lines().rev().find(|line| !line.trim().is_empty());
    Some(whole.or_else(|damage| last().and_then(|line| serde_json::from_str(line).ok()).ok_or(damage)))
}

#[cfg(test)]
mod tests {
    use super::{SideError, read};
    use crate::evidence::Behavior;
    use crate::predict::{Answer, predict};
    use crate::report::{json, sample};

    #[test]
    fn what_a_text_is_its_content_says() {
        let read = |name: &str, text: &str| read(name, text.as_bytes());
        let report = json::render(&sample::home_router());
        let candidate = "candidate:1 1 udp 2113937151 192.168.1.2 50000 typ host";
        for text in [&report[..], "nat:full-cone", candidate, "{\"UDP\": true, \"PreferredDERP\": 1}"] {
            assert!(read("x", text).is_ok(), "{text}");
        }
        let refused = |text: &str| read("x", text).unwrap_err();
        assert_eq!(refused(" \n"), SideError::Empty);
        assert_eq!(refused("hello"), SideError::Unknown);
        assert_eq!(refused("[1, 2]"), SideError::Unknown);
        let dump = serde_json::json!({ "PeerConnections": { "1-1": { "updateLog": [{ "value": candidate }] } } });
        assert!(matches!(refused(&dump.to_string()), SideError::NoCandidatesIn(_)));
        assert!(matches!(refused(&report[..report.len() / 2]), SideError::Damaged(_)));
        assert!(matches!(refused("nat:hello"), SideError::Description(_)));
        assert_eq!(refused("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=audio 9 RTP/AVP 0\r\n"), SideError::NoCandidates);
    }

    #[test]
    fn two_reports_of_one_network_meet_there() {
        let home = sample::home_router();
        let a = read("a", json::render(&home).as_bytes()).unwrap();
        let mut found = sample::nat(Behavior::EndpointIndependent, Behavior::EndpointIndependent);
        found.local_address = Some("192.168.1.99".parse().unwrap());
        let b = read("b", json::render(&sample::ipv4(found)).as_bytes()).unwrap();
        assert_eq!(predict(&a, &b, None).prediction, Answer::DirectOnLan);
    }
}
