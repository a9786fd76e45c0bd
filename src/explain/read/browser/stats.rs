//! Statistics: what `getStats()` says of candidates, pairs and transports, by whatever browser and in whatever file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::explain::event::{Candidate, Media, Pair, Party, StateOf, What};
use crate::explain::objects::{self, Object, flag, number, text};
use crate::explain::read::build::{Builder, candidate, shown};
use crate::wire;
use crate::wire::candidate::read_candidates;

/// A file that has nothing else.
pub(crate) fn read_file(value: &Value, builder: &mut Builder) {
    let Some(found) = objects::statistics(value).or_else(|| objects::nested(value)) else { return };
    builder.connection("");
    // Of statistics that were taken again and again the last count, each in its place.
    let (mut owned, mut places): (Vec<(String, Object)>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
    for (id, object) in found {
        let object = objects::flattened(object);
        if let Some(at) = places.get(&id).filter(|_| !id.is_empty()) {
            owned[*at].1 = object;
        } else {
            places.insert(id.clone(), owned.len());
            owned.push((id, object));
        }
    }
    let known = candidates(&owned);
    for (id, (party, candidate)) in &known {
        builder.push(*party, id, None, What::Candidate(candidate.clone()));
    }
    pairs(&owned, &known, builder);
}

/// The candidates among the objects, by their names.
pub(super) fn candidates(found: &[(String, Object)]) -> BTreeMap<String, (Party, Candidate)> {
    let read = |(id, object): &(String, Object)| {
        let party = match text(object, "type")? {
            "local-candidate" => Party::Here,
            "remote-candidate" => Party::There,
            _ => return None,
        };
        Some((id.clone(), (party, from_object(object)?)))
    };
    found.iter().filter_map(read).collect()
}

/// A candidate of the statistics. Browsers leave its address empty, or write `(redacted)`, where it is not to be seen.
fn from_object(object: &Object) -> Option<Candidate> {
    let address = ["address", "ip", "ipAddress"].iter().find_map(|name| text(object, name));
    let address = address.filter(|address| *address != "(redacted)");
    let mut spelled = object.clone();
    // The reader of candidates wants an address; this one is taken out again.
    spelled.insert("address".to_owned(), Value::from(address.unwrap_or("hidden")));
    spelled.remove("ip");
    // Old statistics say `serverreflexive`; a missing type makes it no candidate.
    let listed = read_candidates(&Value::Object(spelled).to_string()).candidates.into_iter().next()?;
    let transport = text(object, "transportId").unwrap_or_default();
    let mut read = candidate(&listed.candidate, transport);
    if address.is_none() {
        read.name = None;
    }
    read.ufrag = text(object, "usernameFragment").map(shown);
    read.url = text(object, "url").map(|url| shown(&wire::masked(url)));
    Some(read)
}

/// The pairs, and the states of the transports.
pub(super) fn pairs(found: &[(String, Object)], known: &BTreeMap<String, (Party, Candidate)>, builder: &mut Builder) {
    let is = |object: &Object, kind: &str| text(object, "type") == Some(kind);
    let transports = || found.iter().filter(|(_, object)| is(object, "transport"));
    let selected: Vec<&str> = transports().filter_map(|(_, object)| text(object, "selectedCandidatePairId")).collect();
    for (id, object) in found.iter().filter(|(_, object)| is(object, "candidate-pair")) {
        let end = |name: &str| known.get(text(object, name)?).map(|(_, candidate)| candidate.clone());
        let pair = Pair {
            local: end("localCandidateId"),
            remote: end("remoteCandidateId"),
            // Safari has a word of its own.
            state: shown(text(object, "state").unwrap_or_default()).replace("inprogress", "in-progress"),
            selected: selected.contains(&id.as_str()) || flag(object, "selected"),
            nominated: flag(object, "nominated"),
            requests_sent: number(object, "requestsSent"),
            requests_received: number(object, "requestsReceived"),
            responses_received: number(object, "responsesReceived"),
            bytes_received: number(object, "bytesReceived"),
        };
        builder.push(Party::Here, id, None, What::Pair(Box::new(pair)));
    }
    for (id, object) in found {
        let (received, sent) = match text(object, "type") {
            Some("inbound-rtp") => (number(object, "packetsReceived"), None),
            Some("outbound-rtp") => (None, number(object, "packetsSent")),
            _ => continue,
        };
        if received.or(sent).is_some() {
            let kind = text(object, "kind").or_else(|| text(object, "mediaType")).unwrap_or_default();
            let media = Media { kind: shown(kind), packets_received: received, packets_sent: sent };
            builder.push(Party::Here, id, None, What::Media(media));
        }
    }
    for (id, object) in transports() {
        for (of, name) in [(StateOf::Transport, "iceState"), (StateOf::Dtls, "dtlsState")] {
            if let Some(state) = text(object, name) {
                builder.state(of, state, id, None);
            }
        }
    }
}
