//! Which of several files tell of one call: dumps of its two ends, and what a server or a capture between them saw of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::event::{Candidate, Event, Party, What};
use super::format::Format;
use super::read::Input;
use super::traffic::Flow;
use crate::wire::{CandidateKind, Scope};

/// A connection of one of the files.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file: usize,
    pub(super) format: Format,
    pub(super) events: Vec<Event>,
}

/// Everything of all files.
pub(super) struct Joined {
    pub(super) parts: Vec<Part>,
    /// Which of them are one call, and what they have in common.
    pub(super) calls: Vec<(Vec<usize>, Vec<Link>)>,
    pub(super) notes: Vec<String>,
}

/// Two connections of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) one: usize,
    pub(super) other: usize,
    /// Whether they are its two ends, and not the same end told twice.
    pub(super) ends: bool,
    /// What stands in both.
    pub(super) by: String,
}

/// What a connection is known by.
#[derive(Default)]
struct Marks {
    ufrags: [BTreeSet<String>; 2],
    sockets: [BTreeSet<SocketAddr>; 2],
    /// Ports of this end's host candidates whose address the file hides.
    hidden: BTreeSet<u16>,
}

impl Marks {
    fn of(events: &[Event]) -> Self {
        let mut marks = Self::default();
        for event in events {
            let side = usize::from(event.party == Party::There);
            match &event.what {
                What::Description(description) => marks.ufrags[side].extend(description.ufrags.iter().cloned()),
                What::Candidate(candidate) => marks.candidate(side, candidate),
                What::Pair(pair) => {
                    let ends = [&pair.local, &pair.remote];
                    ends.iter().enumerate().for_each(|(side, end)| end.iter().for_each(|it| marks.candidate(side, it)));
                }
                What::Checks(checks) => {
                    marks.ufrags[side].insert(checks.from_ufrag.clone());
                    marks.ufrags[1 - side].insert(checks.to_ufrag.clone());
                }
                _ => {}
            }
        }
        for ufrags in &mut marks.ufrags {
            ufrags.retain(|ufrag| !ufrag.is_empty());
        }
        marks
    }

    /// Addresses of a host's own network are the same in many homes, and only their ports tell them apart: those do not count.
    fn candidate(&mut self, side: usize, candidate: &Candidate) {
        self.ufrags[side].extend(candidate.ufrag.iter().cloned());
        if side == 0 && candidate.kind == CandidateKind::Host && candidate.address.is_none() && candidate.port > 9 {
            self.hidden.insert(candidate.port);
        }
        let own = candidate.kind != CandidateKind::Host;
        if let Some(address) = candidate.address.filter(|_| own && candidate.port > 9) {
            self.sockets[side].insert(SocketAddr::new(address, candidate.port));
        }
    }

    fn is_empty(&self) -> bool {
        self.ufrags.iter().all(BTreeSet::is_empty) && self.sockets.iter().all(BTreeSet::is_empty)
    }

    /// What stands in both, and whether it makes them the two ends.
    fn common(&self, other: &Self) -> Option<(bool, String)> {
        let shared = |one: usize, two: usize| {
            let ufrag = self.ufrags[one].intersection(&other.ufrags[two]).next();
            let socket = self.sockets[one].intersection(&other.sockets[two]).next();
            ufrag
                .map(|ufrag| format!("the user name fragment {ufrag}"))
                .or_else(|| socket.map(|socket| format!("the candidate {socket}")))
        };
        // Two files of one end have the other end in common too.
        if let Some(by) = shared(0, 0) {
            return Some((false, by));
        }
        shared(0, 1).or_else(|| shared(1, 0)).map(|by| (true, by)).or_else(|| shared(1, 1).map(|by| (false, by)))
    }
}

/// Whether a file tells what was seen between the ends, and not at one of them.
fn is_network(format: Format) -> bool {
    matches!(format, Format::CoturnLog | Format::EturnalLog | Format::Pcap | Format::Pcapng)
}

/// Whether a file tells of no call.
fn is_configuration(format: Format) -> bool {
    matches!(format, Format::TurnserverConf | Format::IceServers | Format::NatProbe | Format::CandidateErrors)
}

/// Puts them together.
pub(super) fn join(inputs: Vec<Input>) -> Joined {
    let several = inputs.len() > 1;
    let names: Vec<String> = inputs.iter().map(|input| input.name.clone()).collect();
    let (mut parts, mut notes) = (Vec::new(), Vec::new());
    for (file, Input { name, reading }) in inputs.into_iter().enumerate() {
        let first = parts.len();
        for connection in reading.connections {
            parts.push(Part { name: connection, file, format: reading.format, events: Vec::new() });
        }
        for mut event in reading.events {
            event.file = file;
            if several {
                event.place = if event.place.is_empty() { name.clone() } else { format!("{name}: {}", event.place) };
            }
            if let Some(part) = parts.get_mut(first + event.connection) {
                part.events.push(event);
            }
        }
        notes.extend(reading.notes.into_iter().map(|note| if several { format!("{name}: {note}") } else { note }));
    }
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    if several {
        seen = hand_out(&mut parts, &names, &mut notes);
    }
    let marks: Vec<Marks> = parts.iter().map(|part| Marks::of(&part.events)).collect();
    let links = links(&marks);
    if several {
        notes.extend(strangers(&parts, &links, &marks, &names, &seen));
    }
    let calls = calls(parts.len(), links);
    let mut joined = Joined { parts, calls, notes };
    joined.number();
    joined
}

/// Connections that have something in common. Of what stands in many each is linked to the first.
fn links(marks: &[Marks]) -> Vec<Link> {
    let mut first: BTreeMap<(Option<&str>, Option<SocketAddr>), usize> = BTreeMap::new();
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (part, marks) in marks.iter().enumerate() {
        let ufrags = marks.ufrags.iter().flatten().map(|ufrag| (Some(ufrag.as_str()), None));
        let sockets = marks.sockets.iter().flatten().map(|socket| (None, Some(*socket)));
        for key in ufrags.chain(sockets) {
            let one = *first.entry(key).or_insert(part);
            if one != part {
                pairs.insert((one, part));
            }
        }
    }
    let link = |(one, other): (usize, usize)| {
        let (ends, by) = marks[one].common(&marks[other])?;
        Some(Link { one, other, ends, by })
    };
    pairs.into_iter().filter_map(link).collect()
}

impl Joined {
    /// Each event says to which of all connections it belongs.
    fn number(&mut self) {
        for (number, part) in self.parts.iter_mut().enumerate() {
            part.events.iter_mut().for_each(|event| event.connection = number);
        }
    }
}

/// Connections that are linked, directly or over others.
fn calls(count: usize, links: Vec<Link>) -> Vec<(Vec<usize>, Vec<Link>)> {
    let mut group: Vec<usize> = (0..count).collect();
    for link in &links {
        let (from, to) = (group[link.other], group[link.one]);
        group.iter_mut().filter(|one| **one == from).for_each(|one| *one = to);
    }
    let mut calls: Vec<(Vec<usize>, Vec<Link>)> = Vec::new();
    let mut place: BTreeMap<usize, usize> = BTreeMap::new();
    for (part, of) in group.iter().enumerate() {
        let at = *place.entry(*of).or_insert_with(|| {
            calls.push((Vec::new(), Vec::new()));
            calls.len() - 1
        });
        calls[at].0.push(part);
    }
    for link in links {
        if let Some(at) = place.get(&group[link.one]) {
            calls[*at].1.push(link);
        }
    }
    calls
}

/// Hands what servers and captures saw to the connections that it is about. Tells which files were about one.
fn hand_out(parts: &mut Vec<Part>, names: &[String], notes: &mut Vec<String>) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let browsers: Vec<usize> = (0..parts.len())
        .filter(|&part| !is_network(parts[part].format) && !is_configuration(parts[part].format))
        .collect();
    let known = Known::of(browsers.iter().map(|&part| (part, Marks::of(&parts[part].events))).collect());
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
fn unaddressed(part: &Part) -> bool {
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

/// Files that have nothing in common with the others.
fn strangers(parts: &[Part], links: &[Link], marks: &[Marks], names: &[String], seen: &BTreeSet<usize>) -> Vec<String> {
    let mut group: Vec<usize> = (0..names.len()).collect();
    let mut merge = |one: usize, other: usize| {
        let (from, to) = (group[one].max(group[other]), group[one].min(group[other]));
        group.iter_mut().filter(|at| **at == from).for_each(|at| *at = to);
    };
    for link in links {
        merge(parts[link.one].file, parts[link.other].file);
    }
    let together: Vec<usize> = seen.iter().copied().collect();
    together.windows(2).for_each(|pair| merge(pair[0], pair[1]));
    let of_calls: Vec<usize> = (0..names.len())
        .filter(|file| {
            seen.contains(file) || parts.iter().any(|part| part.file == *file && !is_configuration(part.format))
        })
        .collect();
    let dumb = |file: usize| {
        !seen.contains(&file)
            && parts
                .iter()
                .zip(marks)
                .filter(|(part, _)| part.file == file)
                .all(|(part, marks)| unaddressed(part) || marks.is_empty() && !is_network(part.format))
    };
    let mut notes: Vec<String> = of_calls
        .iter()
        .filter(|file| dumb(**file))
        .map(|file| format!("{}: nothing in it tells whether it is of the same call: what would is not in it (user name fragments, addresses that others see)", names[*file]))
        .collect();
    let mut groups: Vec<(usize, Vec<&str>)> = Vec::new();
    for file in of_calls.into_iter().filter(|file| !dumb(*file)) {
        match groups.iter_mut().find(|(of, _)| *of == group[file]) {
            Some((_, files)) => files.push(&names[file]),
            None => groups.push((group[file], vec![&names[file]])),
        }
    }
    if groups.len() > 1 {
        let told: Vec<String> = groups.iter().map(|(_, files)| files.join(" and ")).collect();
        notes.push(format!(
            "the files are of different calls, or of different attempts: nothing that tells one from another (user name fragments, candidates, relayed addresses) stands both in {}",
            told.join(" and in ")
        ));
    }
    notes
}
