//! The dumps of rtcstats: a line for each thing that happened, `[method, connection, value, ..., milliseconds since the line before]`.
//! rtcstats-js writes numbers for methods and properties, only what changed, and descriptions without what stands in them already;
//! Chromium writes names and everything. Older servers, and those of Jitsi, keep neither the first line nor differences of time: each
//! line has the milliseconds since 1970.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{stats, updates};
use crate::explain::event::{Party, What};
use crate::explain::objects::{self, Object};
use crate::explain::read::build::Builder;

/// More milliseconds than pass between two lines, and fewer than passed since 1970.
const ABSOLUTE: f64 = 1e11;

/// The methods by their numbers.
const METHODS: [(u64, &str); 24] = [
    (1, "getStats"),
    (2, "createOffer"),
    (3, "createOfferOnSuccess"),
    (4, "createAnswer"),
    (5, "createAnswerOnSuccess"),
    (6, "setLocalDescription"),
    (7, "setLocalDescriptionOnSuccess"),
    (8, "setRemoteDescription"),
    (9, "setRemoteDescriptionOnSuccess"),
    (10, "addIceCandidate"),
    (14, "setLocalDescriptionOnFailure"),
    (15, "setRemoteDescriptionOnFailure"),
    (16, "addIceCandidateOnFailure"),
    (20, "onicecandidate"),
    (21, "onicecandidateerror"),
    (23, "onsignalingstatechange"),
    (24, "oniceconnectionstatechange"),
    (25, "onconnectionstatechange"),
    (26, "onicegatheringstatechange"),
    (36, "close"),
    (38, "setConfiguration"),
    (39, "create"),
    (61, "getUserMediaOnSuccess"),
    (65, "getUserMediaOnFailure"),
];

/// The kinds of objects by their numbers, as far as they tell of connections.
const TYPES: [(u64, &str); 8] = [
    (1, "inbound-rtp"),
    (2, "outbound-rtp"),
    (5, "transport"),
    (6, "candidate-pair"),
    (7, "local-candidate"),
    (8, "remote-candidate"),
    (9, "data-channel"),
    (10, "peer-connection"),
];

/// The properties by their numbers, as far as they are looked at.
const PROPERTIES: [(&str, &str); 31] = [
    ("5", "transportId"),
    ("11", "kind"),
    ("14", "packetsReceived"),
    ("41", "bytesReceived"),
    ("79", "packetsSent"),
    ("116", "protocol"),
    ("118", "state"),
    ("121", "iceRole"),
    ("123", "dtlsState"),
    ("124", "iceState"),
    ("125", "selectedCandidatePairId"),
    ("130", "dtlsRole"),
    ("134", "address"),
    ("135", "port"),
    ("136", "candidateType"),
    ("137", "priority"),
    ("138", "url"),
    ("139", "relayProtocol"),
    ("140", "foundation"),
    ("141", "relatedAddress"),
    ("142", "relatedPort"),
    ("143", "usernameFragment"),
    ("144", "tcpType"),
    ("145", "networkType"),
    ("148", "localCandidateId"),
    ("149", "remoteCandidateId"),
    ("150", "nominated"),
    ("155", "requestsReceived"),
    ("156", "requestsSent"),
    ("157", "responsesReceived"),
    ("158", "responsesSent"),
];

/// The first line of a dump.
const MAGIC: &str = "RTCStatsDump";

/// What is remembered of a connection.
struct Connection {
    number: usize,
    /// The last report.
    report: BTreeMap<String, Object>,
    /// The description that was made last: what another leaves out stands in it.
    made: String,
    /// The line of the last report.
    line: usize,
    /// When it was taken.
    observed_ms: Option<u64>,
}

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let (mut known, mut now): (BTreeMap<String, Connection>, f64) = (BTreeMap::new(), 0.0);
    let mut unread = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('{') || line.starts_with(MAGIC) {
            continue;
        }
        let Ok(Value::Array(parts)) = serde_json::from_str::<Value>(line) else {
            unread = unread.or(Some(index + 1));
            continue;
        };
        let time = parts.last().and_then(Value::as_f64).filter(|time| time.is_finite()).unwrap_or_default();
        now = if time > ABSOLUTE { time } else { now + time };
        event(&parts, index + 1, objects::whole(now), &mut known, builder);
    }
    for connection in known.values() {
        builder.select(connection.number);
        let found: Vec<(String, Object)> =
            connection.report.iter().map(|(id, object)| (id.clone(), object.clone())).collect();
        let candidates = stats::candidates(&found);
        let place = format!("line {}", connection.line);
        for (party, candidate) in candidates.values() {
            builder.push(*party, &place, None, What::Candidate(candidate.clone()));
        }
        stats::pairs(&found, &candidates, builder);
        if connection.observed_ms.is_some() {
            builder.push(Party::Here, &place, connection.observed_ms, What::Observed);
        }
    }
    for connection in known.values().filter(|_| unread.is_some()) {
        builder.select(connection.number);
        builder.push(Party::Here, "", None, What::CutOff);
    }
    if let Some(line) = unread {
        builder.note(format!("line {line} cannot be read: the file is damaged there, or ends in the middle of it"));
    }
}

fn event(
    parts: &[Value],
    line: usize,
    time_ms: Option<u64>,
    known: &mut BTreeMap<String, Connection>,
    builder: &mut Builder,
) {
    let Some(method) = parts.first().and_then(method) else { return };
    let id = match parts.get(1) {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let value = parts.get(2).filter(|_| parts.len() > 3).unwrap_or(&Value::Null);
    let place = format!("line {line}");
    if id.is_empty() {
        // What concerns no connection: cameras and microphones, and facts of the device.
        if method.to_ascii_lowercase().contains("usermedia") {
            updates::update(method, &worded(value), &place, time_ms, builder);
        }
        return;
    }
    let connection = known.entry(id).or_insert_with_key(|id| {
        let url = parts.get(3).filter(|_| method == "create").and_then(Value::as_str).unwrap_or_default();
        let number = builder.connection(format!("{id} {url}").trim());
        Connection { number, report: BTreeMap::new(), made: String::new(), line, observed_ms: None }
    });
    builder.select(connection.number);
    match (method, value) {
        ("getStats" | "getstats" | "g", Value::Object(report)) => {
            (connection.line, connection.observed_ms) = (line, time_ms);
            restore(report, &mut connection.report);
        }
        ("createOfferOnSuccess" | "createAnswerOnSuccess", _) => {
            sdp(value).unwrap_or_default().clone_into(&mut connection.made);
        }
        _ => {
            let whole = sdp(value).map(|sdp| filled(sdp, &connection.made));
            let mut value = value.clone();
            if let (Some(whole), Some(sdp)) = (whole, value.get_mut("sdp")) {
                *sdp = Value::from(whole);
            }
            updates::update(method, &worded(&value), &place, time_ms, builder);
        }
    }
}

/// The name of a method.
fn method(value: &Value) -> Option<&str> {
    match value {
        Value::String(name) => Some(name),
        number => METHODS.iter().find(|(known, _)| number.as_u64() == Some(*known)).map(|(_, name)| *name),
    }
}

fn sdp(value: &Value) -> Option<&str> {
    value.get("sdp").and_then(Value::as_str)
}

/// A value as webrtc-internals writes it.
fn worded(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A description with what it leaves out: a section of `v=` or `m=` alone is as it was in the one that was made.
fn filled(sdp: &str, made: &str) -> String {
    let sections = |text: &str| text.split("\nm=").map(str::to_owned).collect::<Vec<_>>();
    let (own, made) = (sections(sdp), sections(made));
    let whole = own.iter().enumerate().map(|(index, section)| {
        let bare = if index == 0 { "v=" } else { "" };
        let same = made.get(index).filter(|_| section.trim() == bare);
        same.unwrap_or(section).as_str()
    });
    whole.collect::<Vec<_>>().join("\nm=")
}

/// Puts a report on what is known: a whole one replaces it, of others what is missing has not changed and `null` is gone.
fn restore(report: &Map<String, Value>, known: &mut BTreeMap<String, Object>) {
    let whole = report.values().any(|object| object.get("id").is_some());
    if whole {
        known.clear();
    }
    for (id, change) in report {
        match change {
            Value::Null => drop(known.remove(id)),
            Value::Object(change) => {
                let object = known.entry(id.clone()).or_default();
                for (name, value) in change {
                    let (name, value) = spelled(name, value);
                    object.insert(name.to_owned(), value);
                }
            }
            _ => {}
        }
    }
}

/// A property and its value with their names.
fn spelled<'a>(name: &'a str, value: &Value) -> (&'a str, Value) {
    let name = PROPERTIES.iter().find(|(number, _)| *number == name).map_or(name, |(_, name)| *name);
    let kind = value.as_u64().filter(|_| name == "type");
    let kind = kind.and_then(|kind| TYPES.iter().find(|(number, _)| *number == kind));
    // References to others are numbers too.
    let refers = name.ends_with("Id") && value.is_number();
    let value = match kind {
        Some((_, kind)) => Value::from(*kind),
        None if refers => Value::from(value.to_string()),
        None => value.clone(),
    };
    (name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_filled_up_from_the_one_that_was_made() {
        let made = "v=0\r\ns=-\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\n";
        assert_eq!(filled("v=\nm=\nm=", made), made);
        assert_eq!(filled("v=0\r\nm=\nm=other\r\n", made), "v=0\r\nm=audio 9\r\na=mid:0\r\nm=other\r\n");
        assert_eq!(filled(made, ""), made);
    }

    #[test]
    fn reports_are_restored_from_their_changes() {
        let mut known = BTreeMap::new();
        for change in [
            r#"{"0":{"type":6,"118":"in-progress","156":17,"148":3},"3":{"type":7},"t":1}"#,
            r#"{"0":{"156":241},"3":null,"t":2}"#,
        ] {
            restore(&serde_json::from_str(change).unwrap(), &mut known);
        }
        let pair = serde_json::json!({ "type": "candidate-pair", "state": "in-progress", "requestsSent": 241, "localCandidateId": "3" });
        assert_eq!(known, BTreeMap::from([("0".to_owned(), pair.as_object().unwrap().clone())]));
        let whole = serde_json::json!({ "T": { "id": "T", "type": "transport" } });
        restore(whole.as_object().unwrap(), &mut known);
        assert_eq!(known.keys().collect::<Vec<_>>(), ["T"]);
    }
}
