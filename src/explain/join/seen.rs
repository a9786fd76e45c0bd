//! What servers and captures saw, handed to the ends that it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Known;
use super::part::{Marks, Part, is_configuration, is_network};
use super::sessions::{Owner, Sessions, session_of};
use crate::explain::event::{Event, What};
use crate::explain::format::Format;
use crate::explain::traffic::Flow;

/// The log of a server that saw no client is of no call: that is said, and nothing more.
pub(super) fn leave_out_silent_logs(parts: &mut Vec<Part>, names: &[String], notes: &mut Vec<String>) {
    let ends = parts.iter().any(|part| !is_network(part.format) && !is_configuration(part.format));
    parts.retain(|part| {
        let silent = matches!(part.format, Format::CoturnLog | Format::EturnalLog) && part.events.is_empty();
        if silent && ends {
            notes.push(format!(
                "{}: no request of a client is in it: no packet reached that server, or its log says too little (coturn: verbose)",
                names[part.file]
            ));
        }
        !silent || !ends
    });
}

/// Hands what servers and captures saw to the connections that it is about. Tells which files were about one.
pub(super) fn hand_out(parts: &mut Vec<Part>, names: &[String], notes: &mut Vec<String>) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let browsers: Vec<usize> = (0..parts.len())
        .filter(|&part| !is_network(parts[part].format) && !is_configuration(parts[part].format))
        .collect();
    let known = Known::of(browsers.iter().map(|&part| (part, Marks::of(&parts[part]))).collect());
    if known.marks.is_empty() {
        return seen;
    }
    let (mut empty, mut unmatched): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for network in (0..parts.len()).filter(|&part| is_network(parts[part].format)).collect::<Vec<_>>() {
        let events = std::mem::take(&mut parts[network].events);
        let sessions = Sessions::of(&events, &known);
        let (mut kept, mut others) = (Vec::new(), BTreeSet::new());
        let mut handed = Vec::new();
        for mut event in events {
            if let Some(owner) = about(&event, &sessions, &known) {
                event.party = owner.party.unwrap_or(event.party);
                handed.push((owner.part, event));
            } else {
                others.extend(session_of(&event.what));
                kept.push(event);
            }
        }
        if handed.is_empty() {
            parts[network].events = kept;
            unmatched.push(network);
            continue;
        }
        let file = parts[network].file;
        seen.insert(file);
        seen.extend(handed.iter().map(|(part, _)| parts[*part].file));
        if !others.is_empty() {
            notes.push(format!(
                "{}: {} more sessions in it have nothing in common with the other files, and are left out",
                names[file],
                others.len()
            ));
        }
        if sessions.by_time > 0 {
            notes.push(format!(
                "{}: {} sessions in it are taken for this call's by their time and their client's address",
                names[file], sessions.by_time
            ));
        }
        // What is wrong with the server is so for everybody whom it served.
        if let Some(part) = handed.first().map(|(part, _)| *part) {
            let of_server = kept.into_iter().filter(|event| matches!(event.what, What::ServerTrouble { .. }));
            handed.extend(of_server.map(|event| (part, event)));
        }
        for (part, event) in handed {
            parts[part].events.push(event);
        }
        empty.push(network);
    }
    // What else such a file saw is of other calls.
    let others: Vec<usize> = unmatched.into_iter().filter(|part| seen.contains(&parts[*part].file)).collect();
    for (file, name) in names.iter().enumerate() {
        let count = others.iter().filter(|part| parts[**part].file == file).count();
        if count > 0 {
            notes.push(format!("{name}: {count} more connections in it are of other calls, and are left out"));
        }
    }
    empty.extend(others);
    empty.sort_unstable();
    for part in empty.into_iter().rev() {
        parts.remove(part);
    }
    seen
}

/// The connection that something seen on the way is of.
fn about(event: &Event, sessions: &Sessions, known: &Known) -> Option<Owner> {
    let flow = |flow: &Flow| known.between(&flow.from, &flow.to).or_else(|| known.between(&flow.to, &flow.from));
    let part = match &event.what {
        What::Relay(_) | What::Relayed(_) => return sessions.owner(&session_of(&event.what)?),
        What::Checks(checks) => {
            let (from, to) = (&checks.from_ufrag, &checks.to_ufrag);
            known.named(from, to).or_else(|| known.named(to, from))
        }
        What::Dtls(dtls) => flow(&dtls.flow),
        What::Data(data) => flow(&data.flow),
        What::Undelivered(undelivered) => flow(&undelivered.flow),
        _ => None,
    };
    part.map(|part| Owner { part, party: None })
}

/// Whether nothing tells whose the sessions of a server's log are, or those of some.
pub(super) fn unaddressed(part: &Part) -> bool {
    let mut addressed: BTreeMap<String, bool> = BTreeMap::new();
    for event in &part.events {
        let known = match &event.what {
            What::Relay(step) => step.relayed.or(step.client).is_some(),
            What::Relayed(packets) => packets.relayed.or(packets.client).is_some(),
            _ => continue,
        };
        *addressed.entry(session_of(&event.what).unwrap_or_default()).or_default() |= known;
    }
    is_network(part.format) && (addressed.is_empty() || addressed.values().any(|known| !known))
}
