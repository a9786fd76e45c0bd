//! What an application logs of its configuration and of what went wrong with it.

use serde_json::Value;

use super::build::{Builder, shown};
use super::text;
use crate::explain::event::{Configuration, GatheringError, Party, What};
use crate::explain::objects::{self, Object};
use crate::wire::{self, Family, ice_servers};

/// `icecandidateerror` objects.
pub(super) fn errors(value: &Value, builder: &mut Builder) {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    for (index, object) in items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_object()?))) {
        if let Some(error) = gathering_error(object) {
            builder.push(Party::Here, &format!("[{index}]"), None, What::GatheringError(error));
        }
    }
}

/// Those that a console printed, `RTCPeerConnectionIceErrorEvent {url: "turn:...", errorCode: 701}`; that webrtc-internals shows, a member
/// a line; and in the words of the page that tries ICE servers.
pub(super) fn printed_errors(text: &str, builder: &mut Builder) {
    let mut lines = text.lines().zip(1..).peekable();
    let mut members = Object::new();
    while let Some((line, number)) = lines.next() {
        let place = format!("line {number}");
        let object = line.find('{').filter(|_| line.contains("errorCode") || line.contains("error_code"));
        let read = if let Some((before, code)) = line.split_once(" returned an error with code=") {
            let words = lines.peek().map(|(next, _)| next.trim()).unwrap_or_default();
            let url = before.split_whitespace().next_back().unwrap_or_default();
            let code = code.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            members = Object::from_iter([("url", url), ("errorCode", code), ("errorText", words)].map(owned));
            true
        } else if let Some(at) = object {
            let end = line.rfind('}').map_or(line.len(), |end| end + 1);
            let quoted = text::as_json(line.get(at..end).unwrap_or_default());
            let Ok(Value::Object(found)) = serde_json::from_str(&quoted) else { continue };
            members = found;
            true
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().trim_matches(['"', '\'']);
            if MEMBERS.contains(&name) {
                members.insert(name.to_owned(), Value::from(value.trim().trim_matches([',', '"', '\''])));
            }
            // The page of Chromium has it last, and objects have it in any place.
            members.contains_key("url")
                && (name == "error_code" || name == "errorCode" && members.contains_key("errorText"))
        } else {
            false
        };
        if read && let Some(error) = gathering_error(&std::mem::take(&mut members)) {
            builder.push(Party::Here, &place, None, What::GatheringError(error));
        }
    }
}

/// What such an object has.
const MEMBERS: [&str; 9] =
    ["url", "address", "port", "host_candidate", "hostCandidate", "error_text", "errorText", "error_code", "errorCode"];

fn owned((name, value): (&str, &str)) -> (String, Value) {
    (name.to_owned(), Value::from(value))
}

/// One of them, as the specification and as webrtc-internals spell it.
pub(super) fn gathering_error(object: &Object) -> Option<GatheringError> {
    let any = |names: [&str; 2]| names.iter().find_map(|name| objects::number(object, name));
    let code = any(["errorCode", "error_code"]).and_then(|code| u16::try_from(code).ok())?;
    let text = ["errorText", "error_text"].iter().find_map(|name| objects::text(object, name));
    let url = objects::text(object, "url").unwrap_or_default();
    let from = ["hostCandidate", "host_candidate", "address"].iter().find_map(|name| objects::text(object, name));
    let url = shown(&wire::masked(url));
    // The address's end is masked, and the port behind it is not.
    let port = from.and_then(|from| from.rsplit_once([':'])?.1.parse().ok()).filter(|port| *port > 9);
    Some(GatheringError { url, code, text: shown(text.unwrap_or_default()), family: from.and_then(family), port })
}

/// The family of an address of which browsers mask the end: `192.0.2.x:50000`, `[0:0:0:x:x:x:x:x]:50000`.
fn family(from: &str) -> Option<Family> {
    match from {
        _ if from.starts_with('[') || from.matches(':').count() > 1 => Some(Family::Ipv6),
        _ if from.matches('.').count() == 3 => Some(Family::Ipv4),
        _ => None,
    }
}

/// An application's configuration, by the reader that `turn --ice-servers` has.
pub(super) fn servers(text: &str, builder: &mut Builder) {
    match ice_servers::read(text.as_bytes()) {
        Ok(read) => {
            let without = |entry: &&ice_servers::IceEntry| {
                entry.kind == ice_servers::EntryKind::Turn && entry.login.is_none() && entry.server.is_some()
            };
            let configuration = Configuration {
                urls: read.entries.iter().map(|entry| shown(&entry.uri)).collect(),
                relay_only: is_relay_only(text),
                without_credentials: read.entries.iter().filter(without).map(|entry| shown(&entry.uri)).collect(),
            };
            for entry in &read.entries {
                for mistake in &entry.mistakes {
                    builder.note(format!("line {}: {}", entry.line, mistake.text));
                }
            }
            for remark in &read.facts.remarks {
                builder.note(remark.text.clone());
            }
            builder.push(Party::Here, "iceServers", None, What::Configuration(configuration));
        }
        Err(why) => builder.note(format!("the ICE servers cannot be read: {why}")),
    }
}

/// Whether a configuration allows relays alone, however it is written.
pub(super) fn is_relay_only(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("iceTransportPolicy") else { return false };
    rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':' | '=')).starts_with("relay")
}

/// The URIs of a configuration that no reader knows: where there are some, servers were configured.
pub(super) fn uris(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | ']' | '}' | ')');
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices([':']) {
        let word = text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if matches!(word, "stun" | "stuns" | "turn" | "turns") && found.len() < 100 {
            let rest = text[at..].split(ends).next().unwrap_or_default();
            found.push(shown(&wire::masked(&format!("{word}{rest}"))));
        }
    }
    found
}
