//! What happened to a connection, as webrtc-internals and rtcstats log it: names of events with and without `on`, in any case; values
//! that are JSON, lines, or words.

use serde_json::Value;

use crate::explain::event::{Configuration, Party, StateOf, What};
use crate::explain::objects::{Object, text};
use crate::explain::read::build::{Builder, shown};
use crate::explain::read::lists;
use crate::wire::candidate::read_candidates;
use crate::wire::ice_servers;
use crate::wire::sdp::read_descriptions;

/// One event of a log.
pub(super) fn update(name: &str, value: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("on").unwrap_or(&name);
    let name = name.strip_prefix("navigator.mediadevices.").unwrap_or(name);
    match name {
        "iceconnectionstatechange" => builder.state(StateOf::Ice, value, place, time_ms),
        "connectionstatechange" => builder.state(StateOf::Connection, value, place, time_ms),
        "icegatheringstatechange" => builder.state(StateOf::Gathering, value, place, time_ms),
        "signalingstatechange" => builder.state(StateOf::Signaling, value, place, time_ms),
        "icecandidate" => candidate(Party::Here, value, place, time_ms, builder),
        "addicecandidate" => candidate(Party::There, value, place, time_ms, builder),
        "addicecandidatefailed" | "addicecandidateonfailure" => {
            builder.push(Party::There, place, time_ms, What::CandidateRefused { error: said(value) });
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
            builder.push(Party::Here, place, time_ms, What::DescriptionRefused { error: said(value) });
        }
        "setremotedescriptiononfailure" | "setremotedescriptionfailed" => {
            builder.push(Party::There, place, time_ms, What::DescriptionRefused { error: said(value) });
        }
        "getusermediaonfailure" => builder.device(place, time_ms, Some(said(value))),
        "getusermediaonsuccess" => builder.device(place, time_ms, None),
        "dtlsstatechange" => builder.state(StateOf::Dtls, value, place, time_ms),
        "create" | "setconfiguration" => configure(value, place, time_ms, builder),
        "close" | "stop" => builder.push(Party::Here, place, time_ms, What::Closed),
        _ => {}
    }
}

/// An error that may be a JSON text.
fn said(value: &str) -> String {
    let inner = serde_json::from_str::<String>(value);
    shown(inner.as_deref().unwrap_or(value))
}

/// A configuration, as JSON or as old versions wrote it, by the reader of configurations.
pub(super) fn configure(text: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    // Without servers it is no configuration to that reader.
    let entries = ice_servers::read(text.as_bytes()).map(|read| read.entries).unwrap_or_default();
    let mut urls: Vec<String> = entries.iter().map(|entry| shown(&entry.uri)).collect();
    if urls.is_empty() {
        urls = lists::uris(text);
    }
    let configuration = Configuration { urls, relay_only: lists::is_relay_only(text), without_credentials: Vec::new() };
    builder.push(Party::Here, place, time_ms, What::Configuration(configuration));
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
