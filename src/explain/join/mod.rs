//! Which of several files tell of one call: dumps of its two ends, and what a server or a capture between them saw of it.

mod configured;
mod known;
mod part;
mod same_end;
mod seen;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::read::Input;
pub(super) use part::{Link, Part};
use part::{Marks, is_configuration, is_network, root};
use same_end::merge;
use seen::{hand_out, leave_out_silent_logs, unaddressed};

/// Everything of all files.
pub(super) struct Joined {
    pub(super) parts: Vec<Part>,
    /// Which of them are one call, and what they have in common.
    pub(super) calls: Vec<(Vec<usize>, Vec<Link>)>,
    pub(super) notes: Vec<String>,
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
        leave_out_silent_logs(&mut parts, &names, &mut notes);
        seen = hand_out(&mut parts, &names, &mut notes);
    }
    let of = |parts: &[Part]| -> Vec<Marks> { parts.iter().map(Marks::of).collect() };
    let mut marks = of(&parts);
    let mut linked = links(&marks);
    if several {
        notes.extend(strangers(&parts, &linked, &marks, &names, &seen));
        if merge(&mut parts, &linked) {
            marks = of(&parts);
            linked = links(&marks);
        }
    }
    let mut calls = calls(parts.len(), linked);
    configured::join(&parts, &names, &mut calls, &mut notes);
    // What an end saw comes before what only a server or a capture did.
    calls.sort_by_key(|(members, _)| members.iter().all(|member| is_network(parts[*member].format)));
    let mut joined = Joined { parts, calls, notes };
    joined.number();
    joined
}

/// A user name fragment, or a socket.
type Mark<'a> = (Option<&'a str>, Option<SocketAddr>);

/// Connections that have something in common. Of what stands in many each is linked to the first that has it of its own end, and to the
/// first that has it of the other's.
fn links(marks: &[Marks]) -> Vec<Link> {
    let mut first: BTreeMap<Mark, [Option<usize>; 2]> = BTreeMap::new();
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (part, marks) in marks.iter().enumerate() {
        for side in [0, 1] {
            let ufrags = marks.ufrags[side].iter().map(|ufrag| (Some(ufrag.as_str()), None));
            let sockets = marks.sockets[side].iter().map(|socket| (None, Some(*socket)));
            for key in ufrags.chain(sockets) {
                let known = first.entry(key).or_default();
                pairs.extend(known.iter().flatten().filter(|one| **one != part).map(|one| (*one, part)));
                known[side].get_or_insert(part);
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
        let (from, to) = (root(&mut group, link.other), root(&mut group, link.one));
        group[from] = to;
    }
    let group: Vec<usize> = (0..count).map(|part| root(&mut group, part)).collect();
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
