//! The download of <chrome://webrtc-internals>, of every age.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{stats, updates};
use crate::explain::event::{Party, What};
use crate::explain::objects::{Object, number, text};
use crate::explain::read::build::{Builder, shown};

/// What was read is given up piece by piece: of a large dump the events need the room.
pub(crate) fn read(mut dump: Value, builder: &mut Builder) {
    devices(&dump, builder);
    let Some(Value::Object(connections)) = dump.get_mut("PeerConnections").map(Value::take) else { return };
    for (id, mut connection) in connections {
        let url = connection.get("url").and_then(Value::as_str).unwrap_or_default();
        builder.connection(&format!("{id} {url}"));
        let place = format!("PeerConnections.{id}");
        if let Some(configuration) =
            connection.get("rtcConfiguration").map(worded).filter(|told| !told.trim().is_empty())
        {
            updates::configure(&configuration, &format!("{place}.rtcConfiguration"), None, builder);
        }
        if let Some(Value::Array(log)) = connection.get_mut("updateLog").map(Value::take) {
            for (index, entry) in log.into_iter().enumerate() {
                if let Some(entry) = entry.as_object() {
                    self::entry(entry, &format!("{place}.updateLog[{index}]"), builder);
                }
            }
        }
        if let Some(series) = connection.get("stats").and_then(Value::as_object) {
            let found = last_values(series);
            let known = stats::candidates(&found);
            for (id, (party, candidate)) in &known {
                let at = format!("{place}.stats.{id}");
                builder.push(*party, &at, None, What::Candidate(candidate.clone()));
            }
            stats::pairs(&found, &known, builder);
            if let Some(time_ms) = series.values().filter_map(ended).max() {
                builder.push(Party::Here, &format!("{place}.stats"), Some(time_ms), What::Observed);
            }
        }
    }
}

/// When the last value of a series was taken.
fn ended(series: &Value) -> Option<u64> {
    let time = humantime::parse_rfc3339(series.get("endTime")?.as_str()?).ok()?;
    let passed = time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(passed.as_millis()).ok()
}

/// Whether a camera or microphone was refused. What was asked for stands in an entry before; a screen is no camera.
fn devices(dump: &Value, builder: &mut Builder) {
    let requests = dump.get("getUserMedia").and_then(Value::as_array);
    let mut screens = Vec::new();
    for (index, request) in requests.into_iter().flatten().enumerate() {
        let Some(request) = request.as_object() else { continue };
        let of = ["rid", "pid", "request_id"].map(|name| request.get(name).cloned());
        if text(request, "request_type") == Some("getDisplayMedia") {
            screens.push(of);
            continue;
        }
        let place = format!("getUserMedia[{index}]");
        if let Some(error) = text(request, "error").filter(|_| !screens.contains(&of)) {
            let why = text(request, "error_message").unwrap_or_default();
            builder.device(&place, None, Some(shown(&format!("{error} {why}"))));
        } else if request.contains_key("stream_id") {
            builder.device(&place, None, None);
        }
    }
}

/// An entry of the log.
fn entry(entry: &Map<String, Value>, place: &str, builder: &mut Builder) {
    let value = entry.get("value").map(worded).unwrap_or_default();
    updates::update(text(entry, "type").unwrap_or_default(), &value, place, number(entry, "timestamp"), builder);
}

/// A value as a text: programs that write such dumps have objects where Chromium has JSON in a text.
fn worded(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// The objects of the statistics with the last value of each series.
fn last_values(series: &Map<String, Value>) -> Vec<(String, Object)> {
    let mut found: BTreeMap<&str, Object> = BTreeMap::new();
    for (key, one) in series {
        // What is computed from others has brackets, and hyphens of its own.
        let Some((id, property)) = (if key.ends_with(']') { None } else { key.rsplit_once('-') }) else { continue };
        let Some(one) = one.as_object() else { continue };
        let object = found.entry(id).or_default();
        if let Some(kind) = text(one, "statsType") {
            object.insert("type".to_owned(), Value::from(kind));
        }
        let last = match one.get("values") {
            Some(Value::Array(values)) => values.last().cloned(),
            Some(Value::String(values)) => {
                serde_json::from_str::<Vec<Value>>(values).ok().and_then(|values| values.into_iter().next_back())
            }
            _ => None,
        };
        if let Some(last) = last {
            let property = property.trim_end_matches('*');
            if property != "type" {
                object.insert(property.to_owned(), last);
            }
        }
    }
    found.into_iter().map(|(id, object)| (id.to_owned(), object)).collect()
}
