//! What an application logs of its configuration and of what went wrong with it.

use serde_json::Value;

use super::build::{Builder, shown};
use crate::explain::event::{Configuration, GatheringError, Party, What};
use crate::explain::objects::{self, Object};
use crate::wire::{self, ice_servers};

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

/// One of them, as the specification and as webrtc-internals spell it.
pub(super) fn gathering_error(object: &Object) -> Option<GatheringError> {
    let any = |names: [&str; 2]| names.iter().find_map(|name| objects::number(object, name));
    let code = any(["errorCode", "error_code"]).and_then(|code| u16::try_from(code).ok())?;
    let text = ["errorText", "error_text"].iter().find_map(|name| objects::text(object, name));
    let url = objects::text(object, "url").unwrap_or_default();
    Some(GatheringError { url: shown(&wire::masked(url)), code, text: shown(text.unwrap_or_default()) })
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
                relay_only: text.contains("\"relay\"") && text.contains("iceTransportPolicy"),
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
