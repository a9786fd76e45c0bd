//! The report of Firefox' about:webrtc. It names the base of each candidate and the server that it came from.

use serde_json::Value;

use super::stats;
use crate::explain::event::{Configuration, Party, What};
use crate::explain::objects::{Object, flag, text};
use crate::explain::read::build::{Builder, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire;
use crate::wire::candidate::{CandidatePlace, ListedCandidate};
use crate::wire::sdp::read_descriptions;
use crate::wire::{CandidateKind, CandidateTransport};

pub(crate) fn read(value: &Value, builder: &mut Builder) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let wrapped = ["reports", "peerConnections"].iter().find_map(|name| value.get(name)).map(list);
    for (index, report) in wrapped.unwrap_or_else(|| list(value)).iter().enumerate() {
        if let Some(report) = report.as_object() {
            builder.connection(text(report, "pcid").unwrap_or_default());
            connection(report, &format!("[{index}]"), builder);
        }
    }
}

fn connection(report: &Object, place: &str, builder: &mut Builder) {
    if let Some(configuration) = report.get("configuration").and_then(Value::as_object) {
        let what = What::Configuration(configured(configuration));
        builder.push(Party::Here, &format!("{place}.configuration"), None, what);
    }
    let items = |name: &str| report.get(name).and_then(Value::as_array).into_iter().flatten();
    for (index, entry) in items("sdpHistory").enumerate() {
        let Some(entry) = entry.as_object() else { continue };
        let party = if flag(entry, "isLocal") { Party::Here } else { Party::There };
        for description in read_descriptions(text(entry, "sdp").unwrap_or_default()) {
            let at = |line| format!("{place}.sdpHistory[{index}].sdp line {line}");
            builder.description(party, &description, &at, None);
        }
    }
    let mut found: Vec<(String, Object)> = Vec::new();
    for name in [
        "iceCandidateStats",
        "iceCandidatePairStats",
        "transportStats",
        "inboundRtpStreamStats",
        "outboundRtpStreamStats",
    ] {
        let objects = items(name).filter_map(Value::as_object);
        found.extend(objects.map(|object| (text(object, "id").unwrap_or_default().to_owned(), object.clone())));
    }
    let known = stats::candidates(&found);
    let raw: Vec<&str> = items("rawLocalCandidates").filter_map(Value::as_str).collect();
    let bases = bases(&raw);
    for (base, server) in &bases {
        if let (Ok(base), Ok(server)) = (base.parse(), server.parse()) {
            let mut step = RelayStep::new(RelayRequest::Binding, RelayOutcome::Granted);
            (step.client, step.server, step.transport) = (Some(base), Some(server), Some(CandidateTransport::Udp));
            builder.push(Party::Here, &format!("{place}.rawLocalCandidates"), None, What::Relay(Box::new(step)));
        }
    }
    let (mut nth, mut ordered) = (0, Vec::new());
    // In the order of the file, since the raw ones are told in the same.
    for (id, _) in &found {
        let Some((party, candidate)) = known.get(id) else { continue };
        let mut candidate = candidate.clone();
        if *party == Party::Here && candidate.kind == CandidateKind::Srflx {
            let (base, server) = bases.get(nth).cloned().unwrap_or_default();
            candidate.base = (!base.is_empty()).then_some(base);
            candidate.url = (!server.is_empty()).then_some(server);
            nth += 1;
        }
        ordered.push((id, *party, candidate));
    }
    // Where some are missing, which is which cannot be told.
    let told = nth == bases.len();
    for (id, party, mut candidate) in ordered {
        if !told && party == Party::Here {
            (candidate.base, candidate.url) = (None, None);
        }
        builder.push(party, &format!("{place}.iceCandidateStats {id}"), None, What::Candidate(candidate));
    }
    for (index, line) in items("rawRemoteCandidates").filter_map(Value::as_str).enumerate() {
        if let Ok(candidate) = line.parse() {
            let listed = ListedCandidate { candidate, belongs: CandidatePlace::default(), line: 1 };
            let at = format!("{place}.rawRemoteCandidates[{index}]");
            builder.candidate(Party::There, &listed, None, &at, None);
        }
    }
    stats::pairs(&found, &known, builder);
    if flag(report, "closed") {
        builder.push(Party::Here, &format!("{place}.closed"), None, What::Closed);
    }
}

fn configured(configuration: &Object) -> Configuration {
    let servers = configuration.get("iceServers").and_then(Value::as_array).into_iter().flatten();
    let mut read = Configuration {
        relay_only: text(configuration, "iceTransportPolicy") == Some("relay"),
        ..Configuration::default()
    };
    for server in servers.filter_map(Value::as_object) {
        let urls = match server.get("urls") {
            Some(Value::Array(urls)) => urls.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(url)) => vec![url.as_str()],
            _ => Vec::new(),
        };
        let says = |name: &str| server.get(name) == Some(&Value::Bool(false));
        for url in urls {
            let url = shown(&wire::masked(url));
            if url.starts_with("turn") && (says("credentialProvided") || says("userNameProvided")) {
                read.without_credentials.push(url.clone());
            }
            read.urls.push(url);
        }
    }
    read
}

/// The base and the server of each server-reflexive candidate over UDP: `srflx(IP4:10.1.1.2:35930/UDP|IP4:203.0.113.1:3478/UDP)`.
fn bases(raw: &[&str]) -> Vec<(String, String)> {
    let of = |raw: &&str| {
        let inner = raw.strip_prefix("srflx(")?.split(')').next()?;
        let (base, server) = inner.split_once('|')?;
        let socket = |text: &str| text.split_once(':').map_or(text, |(_, socket)| socket).split('/').next().map(shown);
        Some((socket(base)?, socket(server)?))
    };
    raw.iter().filter_map(of).collect()
}
