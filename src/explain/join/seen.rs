//! What servers and captures saw, handed to the ends that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::part::{Marks, Part, is_configuration, is_network};
use crate::explain::event::{Event, What};
use crate::explain::format::Format;
use crate::explain::traffic::Flow;
use crate::wire::Scope;

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
        let sessions = sessions(&events, &known);
        let (mut kept, mut others) = (Vec::new(), BTreeSet::new());
        let mut handed = Vec::new();
        for event in events {
            if let Some(part) = about(&event, &sessions, &known) {
                handed.push((part, event));
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
                "{}: {} more sessions in it are of other calls, and are left out",
                names[file],
                others.len()
            ));
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

/// The session of a server that an event is about.
fn session_of(what: &What) -> Option<String> {
    let known = |session: &Option<String>, client: Option<SocketAddr>| {
        session.clone().or_else(|| client.map(|client| client.to_string()))
    };
    match what {
        What::Relay(step) => known(&step.session, step.client),
        What::Relayed(packets) => known(&packets.session, packets.client),
        _ => None,
    }
}

/// By what each connection's own end is known.
struct Known {
    marks: BTreeMap<usize, Marks>,
    ufrags: BTreeMap<String, Vec<usize>>,
    sockets: BTreeMap<SocketAddr, Vec<usize>>,
    hidden: BTreeMap<u16, Vec<usize>>,
}

impl Known {
    fn of(marks: BTreeMap<usize, Marks>) -> Self {
        let mut known = Self { marks, ufrags: BTreeMap::new(), sockets: BTreeMap::new(), hidden: BTreeMap::new() };
        for (part, marks) in &known.marks {
            for ufrag in &marks.ufrags[0] {
                known.ufrags.entry(ufrag.clone()).or_default().push(*part);
            }
            for socket in &marks.sockets[0] {
                known.sockets.entry(*socket).or_default().push(*part);
            }
            for port in &marks.hidden {
                known.hidden.entry(*port).or_default().push(*part);
            }
        }
        known
    }

    /// The connection of the end that has this socket.
    fn at(&self, socket: &SocketAddr) -> Option<usize> {
        self.sockets.get(socket)?.first().copied()
    }

    /// The connection of the end that has this port on its host, whose address its file hides.
    fn hidden(&self, socket: &SocketAddr) -> Option<usize> {
        let of_host = !matches!(Scope::of(socket.ip()), Scope::Public | Scope::Shared);
        let parts = self.hidden.get(&socket.port()).filter(|parts| of_host && parts.len() == 1)?;
        parts.first().copied()
    }

    /// That of which it is one end and the other socket the other.
    fn between(&self, own: &SocketAddr, other: &SocketAddr) -> Option<usize> {
        let has = |part: &&usize| self.marks.get(part).is_some_and(|marks| marks.sockets[1].contains(other));
        self.sockets.get(own)?.iter().find(has).copied()
    }

    /// That with this user name fragment, whose other end has the other one, or is not told.
    fn named(&self, own: &str, other: &str) -> Option<usize> {
        let has = |part: &&usize| {
            self.marks.get(part).is_some_and(|marks| marks.ufrags[1].is_empty() || marks.ufrags[1].contains(other))
        };
        self.ufrags.get(own)?.iter().find(has).copied()
    }
}

/// The connection that each session of a server is of: it has its relayed address, or the client's as the server saw it, or its port.
/// What else comes from the same host of a private network is of that connection too, as far as no other is there.
fn sessions(events: &[Event], known: &Known) -> BTreeMap<String, usize> {
    let client = |what: &What| match what {
        What::Relay(step) => step.client,
        What::Relayed(packets) => packets.client,
        _ => None,
    };
    let mut found = BTreeMap::new();
    // What gives it away least doubtfully comes first.
    for relayed in [true, false] {
        for event in events {
            let Some(session) = session_of(&event.what) else { continue };
            let sockets = match &event.what {
                What::Relay(step) if relayed => [step.relayed, None],
                What::Relay(step) => [step.mapped, step.client],
                What::Relayed(packets) if relayed => [packets.relayed, None],
                What::Relayed(packets) => [packets.client, None],
                _ => continue,
            };
            if let Some(part) = sockets.iter().flatten().find_map(|socket| known.at(socket)) {
                found.entry(session).or_insert(part);
            }
        }
    }
    let mut hosts: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
    for event in events {
        let (Some(session), Some(client)) = (session_of(&event.what), client(&event.what)) else { continue };
        if !found.contains_key(&session)
            && let Some(part) = known.hidden(&client)
        {
            found.insert(session.clone(), part);
        }
        if let Some(part) = found.get(&session)
            && !matches!(Scope::of(client.ip()), Scope::Public | Scope::Shared)
        {
            hosts.entry(client.ip()).or_default().insert(*part);
        }
    }
    for event in events {
        let (Some(session), Some(client)) = (session_of(&event.what), client(&event.what)) else { continue };
        if let Some(parts) = hosts.get(&client.ip()).filter(|parts| parts.len() == 1) {
            found.entry(session).or_insert_with(|| parts.first().copied().unwrap_or_default());
        }
    }
    found
}

/// The connection that something seen on the way is of.
fn about(event: &Event, sessions: &BTreeMap<String, usize>, known: &Known) -> Option<usize> {
    let flow = |flow: &Flow| known.between(&flow.from, &flow.to).or_else(|| known.between(&flow.to, &flow.from));
    match &event.what {
        What::Relay(_) | What::Relayed(_) => sessions.get(&session_of(&event.what)?).copied(),
        What::Checks(checks) => {
            let (from, to) = (&checks.from_ufrag, &checks.to_ufrag);
            known.named(from, to).or_else(|| known.named(to, from))
        }
        What::Dtls(dtls) => flow(&dtls.flow),
        What::Data(data) => flow(&data.flow),
        What::Undelivered(undelivered) => flow(&undelivered.flow),
        _ => None,
    }
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
