//! The log of pion's ICE and TURN (`PION_LOG_TRACE=all`), as servers and agents written in Go have it: what was pinged and answered, how each
//! pair ended, and what TURN and STUN servers said. Texts differ in their first letter from version to version.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Clock;
use super::pion_servers::Servers;
use crate::explain::event::{Candidate, Pair, Party, StateOf, What};
use crate::explain::format::is_of_pion;
use crate::explain::read::build::{Builder, made, shown};

/// The most pairs that are told apart.
const MOST: usize = 2_000;

/// What the log tells.
#[derive(Default)]
struct Story {
    /// The pairs by their ends, with the place of the last line about each, in order.
    pairs: Vec<(Pair, String)>,
    known: BTreeMap<(String, String), usize>,
    /// The first pair of each local end and remote socket.
    sockets: BTreeMap<(String, String), usize>,
    told: BTreeSet<(Party, String)>,
    /// The pair that was pinged last.
    pinged: Option<usize>,
    /// Whether something came that the agent did not take: then nobody knows how many checks came.
    discarded: bool,
}

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let lines = || text.lines().zip(1..).filter(|(line, _)| is_of_pion(line));
    builder.connection("");
    // Lines do not say whose they are.
    let several = several(lines().map(|(line, _)| line));
    if let Some(how_many) = &several {
        builder.note(format!(
            "{how_many} wrote into it, and no line tells whose it is: only what servers answered is told, and not what became of which call"
        ));
    }
    let mut story = Story::default();
    let mut servers = Servers::of(lines().map(|(line, _)| line));
    let mut clock = Clock::default();
    for (line, number) in lines() {
        let place = format!("line {number}");
        let time_ms = clock.read(line);
        let refused = servers.line(line, &place, time_ms, builder);
        if refused == Some(true) {
            story.unsent();
        }
        if refused.is_none() && several.is_none() {
            checks(&mut story, line, &place, time_ms, builder);
        }
    }
    for (mut pair, place) in story.pairs {
        if story.discarded {
            pair.requests_received = None;
        }
        builder.push(Party::Here, &place, None, What::Pair(Box::new(pair)));
    }
}

/// Whether several agents wrote the log, and how many: each says when it starts, on the level of debugging; and on every level each says a
/// state where it is another one, and begins once.
fn several<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let (mut started, mut begun, mut again, mut last) = (0, 0, false, "");
    for line in lines {
        started += usize::from(line.contains("Started agent: "));
        if let Some((_, state)) = line.split_once(STATE) {
            again |= last == state;
            begun += usize::from(state.trim() == "Checking");
            last = state;
        }
    }
    // One that starts over checks again.
    let many = again || started == 0 && begun > 1;
    if started > 1 { Some(format!("{started} agents")) } else { many.then(|| "several agents, it seems,".to_owned()) }
}

const STATE: &str = "Setting new connection state: ";

/// What follows a text, whatever the case of its first letter.
fn after<'a>(line: &'a str, text: &str) -> Option<&'a str> {
    line.find(text.get(1..)?).map(|at| &line[at + text.len() - 1..])
}

/// `udp4 srflx 192.0.2.10:52231 related 0.0.0.0:37293`, with what else stands behind it. Each server is asked from a socket of its own, so that
/// the related port tells whether two have one base.
fn end(text: &str) -> Option<(String, Candidate)> {
    let mut words = text.trim_start_matches('(').split([' ', ',', ')']).filter(|word| !word.is_empty());
    let (network, kind, socket) = (words.next()?, words.next()?, words.next()?);
    let protocol = network.strip_suffix(['4', '6'])?;
    let (address, port) = socket.rsplit_once(':')?;
    let mut found = made(protocol, "0", address.trim_matches(['[', ']']), port, kind)?;
    if let (Some("related"), Some(related)) = (words.next(), words.next()) {
        found.base = Some(shown(&related.replacen(':', " ", related.matches(':').count())));
    }
    Some((format!("{network} {kind} {socket}"), found))
}

/// What checks came to.
fn checks(story: &mut Story, line: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    if let Some((_, state)) = line.split_once(STATE) {
        let state = state.trim().to_ascii_lowercase();
        if state == "closed" {
            builder.push(Party::Here, place, time_ms, What::Closed);
        }
        return builder.state(StateOf::Ice, &state, place, time_ms);
    }
    if let Some(ends) = after(line, "ping STUN from ").or_else(|| after(line, "(nominate candidate pair) from ")) {
        let Some(at) = ends.split_once(" to ").and_then(|(local, remote)| story.pair(local, remote, place, builder))
        else {
            return;
        };
        let pair = &mut story.pairs[at].0;
        pair.requests_sent = pair.requests_sent.map(|sent| sent + 1);
        pair.nominated |= line.contains("nominate");
        story.pinged = Some(at);
    } else if let Some(ends) = after(line, "inbound STUN (SuccessResponse) from ") {
        let at = ends.split_once(" to ").and_then(|(remote, local)| story.pair(local, remote, place, builder));
        if let Some(at) = at {
            let pair = &mut story.pairs[at].0;
            pair.responses_received = pair.responses_received.map(|came| came + 1);
        }
    } else if let Some(ends) = after(line, "inbound STUN (Request) from ") {
        story.request(ends);
    } else if let Some((_, pair)) = line
        .split_once("aximum requests reached for pair ")
        .or_else(|| line.split_once("ax requests reached for pair "))
    {
        story.ended(pair, "failed", place, builder);
    } else if let Some((_, pair)) = line.split_once("Found valid candidate pair: ") {
        story.ended(pair, "succeeded", place, builder);
    } else if let Some((_, pair)) = line.split_once("Set selected candidate pair: ") {
        if let Some(at) = story.ended(pair, "succeeded", place, builder) {
            story.pairs.iter_mut().for_each(|(pair, _)| pair.selected = false);
            story.pairs[at].0.selected = true;
        }
    } else if after(line, "discard message from ").is_some() || line.contains("Failed to handle inbound ICE") {
        story.discarded = true;
    }
}

impl Story {
    /// What was pinged last was not sent: its server gave no permission.
    fn unsent(&mut self) {
        if let Some((pair, _)) = self.pinged.take().and_then(|at| self.pairs.get_mut(at)) {
            pair.requests_sent = pair.requests_sent.map(|sent| sent.saturating_sub(1));
        }
    }

    /// The pair of two ends, which is new or known.
    fn pair(&mut self, local: &str, remote: &str, place: &str, builder: &mut Builder) -> Option<usize> {
        let ((local_name, local), (remote_name, remote)) = (end(local)?, end(remote)?);
        let key = (local_name, remote_name);
        if let Some(at) = self.known.get(&key) {
            place.clone_into(&mut self.pairs[*at].1);
            return Some(*at);
        }
        if self.pairs.len() == MOST {
            return None;
        }
        for (party, name, one) in [(Party::Here, &key.0, &local), (Party::There, &key.1, &remote)] {
            if self.told.insert((party, name.clone())) {
                builder.push(party, place, None, What::Candidate(one.clone()));
            }
        }
        let pair = Pair {
            local: Some(local),
            remote: Some(remote),
            state: "in-progress".to_owned(),
            selected: false,
            nominated: false,
            requests_sent: Some(0),
            requests_received: Some(0),
            responses_received: Some(0),
            bytes_received: None,
        };
        let socket = key.1.rsplit(' ').next().unwrap_or_default().to_owned();
        self.sockets.entry((key.0.clone(), socket)).or_insert(self.pairs.len());
        self.known.insert(key, self.pairs.len());
        self.pairs.push((pair, place.to_owned()));
        Some(self.pairs.len() - 1)
    }

    /// A check of the other end: `203.0.113.130:55958 to udp4 srflx 192.0.2.10:50730 related ...`, which is of the first pair with these
    /// sockets, or else of the first.
    fn request(&mut self, ends: &str) {
        let Some((remote, local)) = ends.split_once(" to ") else { return };
        let Some((local, _)) = end(local) else { return };
        let at = self.sockets.get(&(local, remote.to_owned())).copied();
        if let Some((pair, _)) = self.pairs.get_mut(at.unwrap_or_default()) {
            pair.requests_received = pair.requests_received.map(|came| came + 1);
        } else {
            self.discarded = true;
        }
    }

    /// What became of `prio 7 (local, prio 1) udp4 host 10.0.0.2:40762 <-> udp4 host 10.1.0.2:55979 (remote, prio 1)`.
    fn ended(&mut self, text: &str, state: &str, place: &str, builder: &mut Builder) -> Option<usize> {
        let (local, remote) = text.split_once(" <-> ")?;
        let local = local.rsplit_once(") ").map_or(local, |(_, local)| local);
        let at = self.pair(local, remote, place, builder)?;
        state.clone_into(&mut self.pairs[at].0.state);
        Some(at)
    }
}
