//! The download of <chrome://webrtc-internals>, of every age: names of events with and without `on`, in any case; values that are JSON,
//! lines, or words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::build::{Builder, shown};
use super::{lists, stats};
use crate::explain::event::{Configuration, Party, StateOf, What};
use crate::explain::objects::{Object, number, text};
use crate::wire::candidate::read_candidates;
use crate::wire::ice_servers;
use crate::wire::sdp::read_descriptions;

pub(super) fn read(dump: &Value, builder: &mut Builder) {
    devices(dump, builder);
    let connections = dump.get("PeerConnections").and_then(Value::as_object);
    for (id, connection) in connections.into_iter().flatten() {
        let url = connection.get("url").and_then(Value::as_str).unwrap_or_default();
        builder.connection(&format!("{id} {url}"));
        let place = format!("PeerConnections.{id}");
        if let Some(configuration) = connection.get("rtcConfiguration").and_then(Value::as_str) {
            configure(configuration, &format!("{place}.rtcConfiguration"), None, builder);
        }
        let log = connection.get("updateLog").and_then(Value::as_array);
        for (index, entry) in log.into_iter().flatten().enumerate() {
            if let Some(entry) = entry.as_object() {
                update(entry, &format!("{place}.updateLog[{index}]"), builder);
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
        }
    }
}

/// Whether a camera or microphone was refused.
fn devices(dump: &Value, builder: &mut Builder) {
    let requests = dump.get("getUserMedia").and_then(Value::as_array);
    for (index, request) in requests.into_iter().flatten().enumerate() {
        let Some(request) = request.as_object() else { continue };
        if let Some(error) = text(request, "error") {
            let why = text(request, "error_message").unwrap_or_default();
            let error = shown(&format!("{error} {why}"));
            builder.push(Party::Here, &format!("getUserMedia[{index}]"), None, What::DeviceRefused { error });
        }
    }
}

/// A configuration, as JSON or as old versions wrote it, by the reader of configurations.
fn configure(text: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    // Without servers it is no configuration to that reader.
    let entries = ice_servers::read(text.as_bytes()).map(|read| read.entries).unwrap_or_default();
    let configuration = Configuration {
        urls: entries.iter().map(|entry| shown(&entry.uri)).collect(),
        relay_only: ["\"iceTransportPolicy\":\"relay\"", "iceTransportPolicy: relay"]
            .iter()
            .any(|word| text.contains(word)),
        without_credentials: Vec::new(),
    };
    builder.push(Party::Here, place, time_ms, What::Configuration(configuration));
}

/// An entry of the log.
fn update(entry: &Map<String, Value>, place: &str, builder: &mut Builder) {
    let time_ms = number(entry, "timestamp");
    let value = entry.get("value").and_then(Value::as_str).unwrap_or_default();
    let name = text(entry, "type").unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_prefix("on").unwrap_or(&name);
    match name {
        "iceconnectionstatechange" => builder.state(StateOf::Ice, value, place, time_ms),
        "connectionstatechange" => builder.state(StateOf::Connection, value, place, time_ms),
        "icegatheringstatechange" => builder.state(StateOf::Gathering, value, place, time_ms),
        "signalingstatechange" => builder.state(StateOf::Signaling, value, place, time_ms),
        "icecandidate" => candidate(Party::Here, value, place, time_ms, builder),
        "addicecandidate" => candidate(Party::There, value, place, time_ms, builder),
        "addicecandidatefailed" | "addicecandidateonfailure" => {
            builder.push(Party::There, place, time_ms, What::CandidateRefused { error: shown(value) });
        }
        "icecandidateerror" => {
            if let Some(error) = lists::gathering_error(&members(value)) {
                builder.push(Party::Here, place, time_ms, What::GatheringError(error));
            }
        }
        // What is set without an argument stands only in its success, and the other way round.
        "setlocaldescription" | "setlocaldescriptiononsuccess" => {
            description(Party::Here, value, place, time_ms, builder);
        }
        "setremotedescription" => description(Party::There, value, place, time_ms, builder),
        "setlocaldescriptiononfailure" | "setlocaldescriptionfailed" => {
            builder.push(Party::Here, place, time_ms, What::DescriptionRefused { error: shown(value) });
        }
        "setremotedescriptiononfailure" | "setremotedescriptionfailed" => {
            builder.push(Party::There, place, time_ms, What::DescriptionRefused { error: shown(value) });
        }
        "setconfiguration" => configure(value, place, time_ms, builder),
        "close" | "stop" => builder.push(Party::Here, place, time_ms, What::Closed),
        _ => {}
    }
}

fn description(party: Party, value: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    for description in read_descriptions(value) {
        builder.description(party, &description, &|line| format!("{place} line {line}"), time_ms);
    }
}

fn candidate(party: Party, value: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    let list = read_candidates(value);
    let members = members(value);
    let url = text(&members, "url");
    for listed in &list.candidates {
        let mut listed = listed.clone();
        if listed.belongs.mid.is_none() {
            listed.belongs.mid = text(&members, "sdpMid").map(str::to_owned);
        }
        builder.candidate(party, &listed, url, place, time_ms);
    }
    if list.complete {
        builder.push(party, place, time_ms, What::EndOfCandidates);
    }
}

/// The members of a value that is JSON, or `name: value` by lines or commas as old versions wrote it.
fn members(value: &str) -> Object {
    if let Ok(Value::Object(members)) = serde_json::from_str(value) {
        return members;
    }
    let pairs = value.split(['\n', ',']).filter_map(|pair| pair.split_once(": "));
    pairs.map(|(name, text)| (name.trim().to_owned(), Value::from(text.trim()))).collect()
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
        let values = text(one, "values").and_then(|values| serde_json::from_str::<Vec<Value>>(values).ok());
        if let Some(last) = values.and_then(|values| values.into_iter().next_back()) {
            let property = property.trim_end_matches('*');
            if property != "type" {
                object.insert(property.to_owned(), last);
            }
        }
    }
    found.into_iter().map(|(id, object)| (id.to_owned(), object)).collect()
}
