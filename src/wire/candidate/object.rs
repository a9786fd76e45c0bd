//! Candidates as objects: `RTCIceCandidateInit` and what signaling protocols wrap around it, fields one by one as libraries and
//! statistics have them, attributes of Jingle's XML (XEP-0176).

use serde_json::{Map, Value};

use super::error::CandidateError;
use super::list::{CandidateList, CandidatePlace};
use super::{Candidate, words};
use crate::wire::xml;

/// How often JSON may stand in the text of JSON.
const DEEPEST: usize = 4;

/// Members that say which m-line a candidate belongs to: by its `mid`, and by its index.
const MIDS: [&str; 3] = ["sdpMid", "sdp_mid", "id"];
const INDEXES: [&str; 4] = ["sdpMLineIndex", "sdpMlineIndex", "sdp_mline_index", "label"];

/// Takes every candidate out of a JSON value, whatever is wrapped around it.
pub(super) fn from_json(value: &Value, line: u32, list: &mut CandidateList) {
    visit(value, line, 0, list);
}

fn visit(value: &Value, line: u32, depth: usize, list: &mut CandidateList) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(item, line, depth, list)),
        Value::String(text) if depth < DEEPEST => visit_text(text, line, depth, list),
        Value::Object(members) => visit_object(members, line, depth, list),
        _ => {}
    }
}

/// A text that is JSON itself, or a candidate line.
fn visit_text(text: &str, line: u32, depth: usize, list: &mut CandidateList) {
    if text.trim_start().starts_with(['{', '[', '"']) {
        if let Ok(inner) = serde_json::from_str(text) {
            visit(&inner, line, depth + 1, list);
        }
    } else if text.contains("candidate:") {
        list.push_line(text, CandidatePlace::default(), line);
    }
}

fn visit_object(members: &Map<String, Value>, line: u32, depth: usize, list: &mut CandidateList) {
    if members.get("completed") == Some(&Value::Bool(true)) {
        list.complete = true;
    }
    match members.get("candidate") {
        Some(Value::String(text)) if text.trim_start().starts_with('{') => visit_text(text, line, depth, list),
        Some(Value::String(text)) => list.push_line(text, belongs(members), line),
        Some(Value::Null) => list.complete = true,
        Some(nested @ Value::Object(_)) => visit(nested, line, depth, list),
        _ if is_candidate(members) => list.push(fields(members), belongs(members), line),
        _ => members.values().for_each(|value| match value {
            // The text of a description is read as one, not here.
            Value::String(text) if !text.trim_start().starts_with('{') => {}
            other => visit(other, line, depth, list),
        }),
    }
}

/// What the object says of the place of its candidate.
fn belongs(members: &Map<String, Value>) -> CandidatePlace {
    let text = |name: &&str| members.get(*name).and_then(Value::as_str).map(str::to_owned);
    let index = |name: &&str| members.get(*name).and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok());
    CandidatePlace {
        mid: MIDS.iter().find_map(text),
        m_line_index: INDEXES.iter().find_map(index),
        ufrag: text(&"usernameFragment").filter(|ufrag| !ufrag.is_empty()),
    }
}

/// Whether the object has the fields of a candidate, one by one.
fn is_candidate(members: &Map<String, Value>) -> bool {
    let kind = ["candidateType", "type", "typ"].iter().find_map(|name| members.get(*name)?.as_str());
    kind.is_some_and(|kind| words::kind(kind).is_ok()) && members.contains_key("port")
}

/// The fields, by the names that libraries and statistics give them.
fn fields(members: &Map<String, Value>) -> Result<Candidate, CandidateError> {
    read_fields(&|name| {
        members.get(name).and_then(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    })
}

/// Puts a candidate together from what a look-up by name gives.
fn read_fields(get: &dyn Fn(&str) -> Option<String>) -> Result<Candidate, CandidateError> {
    let any = |names: &[&str]| names.iter().find_map(|name| get(name).filter(|text| !text.is_empty()));
    let address = any(&["address", "ip", "ipAddress"]).unwrap_or_default();
    let shown = format!("{address} {}", get("port").unwrap_or_default());
    let fail = |problem| CandidateError::new(&shown, 1, problem);
    let or = |names: &[&str], default: &str| any(names).unwrap_or_else(|| default.to_owned());
    let related = match any(&["relatedAddress", "rel-addr"]) {
        Some(address) => {
            let port = words::port(&or(&["relatedPort", "rel-port"], "0")).map_err(fail)?;
            Some((words::address(&address).map_err(fail)?, port))
        }
        None => None,
    };
    let tcp_type = any(&["tcpType", "tcptype"]).map(|word| words::tcp_type(&word)).transpose().map_err(fail)?;
    Ok(Candidate {
        foundation: any(&["foundation"]).unwrap_or_default(),
        component: words::component(&or(&["component"], "1")).map_err(fail)?,
        transport: words::transport(&or(&["protocol", "transport"], "udp")).map_err(fail)?,
        priority: words::priority(&or(&["priority"], "0")).map_err(fail)?,
        address: words::address(&address).map_err(fail)?,
        port: words::port(&or(&["port"], "")).map_err(fail)?,
        kind: words::kind(&or(&["candidateType", "type", "typ"], "")).map_err(fail)?,
        related,
        tcp_type,
        extensions: Vec::new(),
    })
}

/// Takes the candidates of Jingle out of XML, whatever else is in it.
pub(super) fn from_xml(text: &str, list: &mut CandidateList) {
    for element in xml::elements(text, "candidate") {
        let get = |name: &str| element.get(name).map(str::to_owned);
        list.push(read_fields(&get), CandidatePlace::default(), element.line);
    }
}
