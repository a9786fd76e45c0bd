//! The log of libwebrtc, as applications for phones and desktops write it: `Conn[...]` names a pair with how far it came, `Port[...]` what a
//! TURN server answered, `Cand[...]` what was found. Addresses are masked in most of them (`10.0.2.x`).

use std::collections::{BTreeMap, BTreeSet};

use super::libwebrtc_calls::Calls;
use crate::explain::event::{Candidate, GatheringError, Pair, Party, StateOf, What};
use crate::explain::read::build::{Builder, made, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire::CandidateTransport;

/// The most pairs, and the most ports, that are told apart.
const MOST: usize = 2_000;

/// What stands between the type of a candidate and its address.
const PROTOCOLS: [&str; 4] = [":udp:", ":tcp:", ":ssltcp:", ":tls:"];

/// What the log tells.
#[derive(Default)]
struct Story {
    /// The pairs by their names, with the place of the last line about each, in order.
    pairs: Vec<(Pair, String)>,
    known: BTreeMap<String, usize>,
    /// Whether a pair ever worked.
    worked: bool,
    /// What each port with a relay was told.
    ports: BTreeMap<String, Port>,
    told: BTreeSet<String>,
}

/// A port that asks a TURN server.
#[derive(Default)]
struct Port {
    server: String,
    transport: Option<CandidateTransport>,
    /// The requests that were refused with 401: the first has no credentials, and is sent again until it is answered.
    unauthorized: BTreeSet<String>,
}

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let mut calls = Calls::of(text);
    let mut stories: Vec<(usize, Story)> =
        calls.names().iter().map(|name| (builder.connection(name), Story::default())).collect();
    if stories.len() > 1 {
        builder.note(format!(
            "{} connections are in it, told apart by their user name fragments; a TURN server that gave nothing is taken for asked by the one that began just then",
            stories.len()
        ));
        if calls.is_unsure() {
            builder.note("not all of them have the same transports: which connection those of a transport are that not all have is taken from their order".to_owned());
        }
    } else if calls.may_be_several() {
        builder.note("it may be of several connections: one network has several sockets for one transport, and what was gathered is not in it. It is told as one".to_owned());
    }
    let mut current = 0;
    for (line, number) in text.lines().zip(1..) {
        let place = format!("line {number}");
        let time_ms = time(line);
        let port = line.split_once("Port[").map(|(_, rest)| rest);
        let object = port.map(|rest| rest.split(':').next().unwrap_or_default());
        if let Some((_, rest)) = line.split_once("Conn[") {
            let local = rest.split_once("->").map_or(rest, |(local, _)| local);
            let Some(of) = calls.of_pair(rest.split(':').next().unwrap_or_default(), local) else { continue };
            current = of;
        } else if let Some(object) = object {
            current = calls.of_port(object);
        }
        let Some((number, story)) = stories.get_mut(current) else { continue };
        builder.select(*number);
        if let Some((_, rest)) = line.split_once("Conn[") {
            paired(story, rest, &place, time_ms, builder);
        } else if let Some((_, rest)) = line.split_once("Gathered candidate: Cand[") {
            if let Some(found) = gathered(rest) {
                once(story, Party::Here, found, &place, time_ms, builder);
            }
        } else if let (Some(rest), Some(object)) = (port, object)
            && let Some((_, said)) = rest.split_once("]]: ")
        {
            asked(story, object, said, &place, time_ms, builder);
        }
    }
    for (number, story) in stories {
        builder.select(number);
        story.finish(builder);
    }
}

impl Story {
    /// What became of the pairs.
    fn finish(self, builder: &mut Builder) {
        let over = |state: &str| self.pairs.iter().all(|(pair, _)| pair.state == state);
        if !self.pairs.is_empty() && over("failed") {
            let place = self.pairs.last().map(|(_, place)| place.clone()).unwrap_or_default();
            builder.state(StateOf::Ice, "failed", &place, None);
        }
        for (pair, place) in self.pairs {
            builder.push(Party::Here, &place, None, What::Pair(Box::new(pair)));
        }
    }
}

/// `[000:399]` at the beginning of a line: seconds and milliseconds.
fn time(line: &str) -> Option<u64> {
    let (time, _) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (seconds, milliseconds) = time.split_once(':')?;
    let seconds: u64 = seconds.parse().ok().filter(|_| milliseconds.len() == 3)?;
    seconds.checked_mul(1000)?.checked_add(milliseconds.parse().ok()?)
}

/// `ID:NAME:Net[...]:ID:1:0:local:udp:10.0.2.x:53538->ID:1:1686052607:stun:udp:192.0.2.x:36306|C--I|-|0|...`.
fn paired(story: &mut Story, text: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    let mut parts = text.split('|');
    let (Some(ends), Some(flags)) = (parts.next(), parts.next()) else { return };
    let Some((local, remote)) = ends.split_once("->") else { return };
    let mut flags = flags.chars();
    let (Some(_), Some(_), Some(write), Some(ice)) = (flags.next(), flags.next(), flags.next(), flags.next()) else {
        return;
    };
    let selected = parts.next() == Some("S");
    let state = match (write, ice) {
        // No answer for fifteen seconds, which the state of ICE does not show.
        ('x', _) | (_, 'F') => "failed",
        (_, 'S') => "succeeded",
        (_, 'I') => "in-progress",
        _ => "waiting",
    };
    let name =
        format!("{}->{}", local.split(':').next().unwrap_or_default(), remote.split(':').next().unwrap_or_default());
    if story.pairs.is_empty() {
        builder.state(StateOf::Ice, "checking", place, time_ms);
    }
    if let Some(at) = story.known.get(&name) {
        let (pair, known) = &mut story.pairs[*at];
        state.clone_into(&mut pair.state);
        place.clone_into(known);
        pair.selected = selected;
    } else if story.pairs.len() < MOST {
        let (Some(local), Some(remote)) = (end(local), end(remote)) else { return };
        once(story, Party::There, remote.clone(), place, time_ms, builder);
        once(story, Party::Here, local.clone(), place, time_ms, builder);
        story.known.insert(name, story.pairs.len());
        let pair = Pair {
            local: Some(local),
            remote: Some(remote),
            state: state.to_owned(),
            selected,
            nominated: false,
            requests_sent: None,
            requests_received: None,
            responses_received: None,
            bytes_received: None,
        };
        story.pairs.push((pair, place.to_owned()));
    }
    if state == "succeeded" && !std::mem::replace(&mut story.worked, true) {
        builder.state(StateOf::Ice, "connected", place, time_ms);
    }
}

/// One end of a pair: `...:PRIORITY:stun:udp:192.0.2.x:36306`; of this end there is no priority.
fn end(text: &str) -> Option<Candidate> {
    let (before, protocol, socket) = around(text, |text, word| text.rfind(word))?;
    let mut words = before.rsplit(':');
    let kind = words.next()?;
    let priority = words.next().filter(|word| word.len() > 3).unwrap_or("0");
    let (address, port) = socket.rsplit_once(':')?;
    made(protocol, priority, address, port, kind)
}

/// `NAME:FOUNDATION:1:udp:2122260223:192.0.2.x:65400:local:...`; what follows has the password.
fn gathered(text: &str) -> Option<Candidate> {
    let (_, protocol, rest) = around(text, |text, word| text.find(word))?;
    let (priority, rest) = rest.split_once(':')?;
    let (address, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]:")?,
        None => rest.split_once(':')?,
    };
    let mut words = rest.split(':');
    made(protocol, priority, address, words.next()?, words.next()?)
}

/// What stands before and after the protocol, and whether that is TCP.
fn around(text: &str, find: fn(&str, &str) -> Option<usize>) -> Option<(&str, &'static str, &str)> {
    let (at, word) = PROTOCOLS.iter().filter_map(|word| Some((find(text, word)?, word))).max()?;
    Some((&text[..at], if *word == ":udp:" { "udp" } else { "tcp" }, &text[at + word.len()..]))
}

fn once(
    story: &mut Story,
    party: Party,
    candidate: Candidate,
    place: &str,
    time_ms: Option<u64>,
    builder: &mut Builder,
) {
    let address = candidate.address.or(candidate.network);
    let key = format!("{party:?} {} {} {address:?} {}", candidate.kind, candidate.transport, candidate.port);
    if story.told.len() < MOST && story.told.insert(key) {
        builder.push(party, place, time_ms, What::Candidate(candidate));
    }
}

/// What a port asked a TURN server, or was told by it.
fn asked(story: &mut Story, name: &str, said: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    if story.ports.len() >= MOST && !story.ports.contains_key(name) {
        return;
    }
    let port = story.ports.entry(name.to_owned()).or_default();
    if let Some((_, rest)) = said.split_once("Trying to connect to TURN server via ") {
        let (carried, server) = rest.split_once(" @ ").unwrap_or((rest, ""));
        port.server = shown(server.trim());
        port.transport = Some(if carried == "udp" { CandidateTransport::Udp } else { CandidateTransport::Tcp });
        return;
    }
    let request = match said {
        _ if said.contains("TURN allocate") => RelayRequest::Allocate,
        _ if said.contains("permission") || said.contains("CreatePermission") => RelayRequest::Permission,
        _ if said.contains("channel bind") => RelayRequest::Channel,
        _ if said.contains("TURN refresh") => RelayRequest::Refresh,
        _ if said.contains("Failed to authenticate with the server") => RelayRequest::Allocate,
        _ => return,
    };
    let value = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        Some(rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
    };
    let code: Option<u16> = value("code=").and_then(|code| code.parse().ok());
    let refused = |code| RelayOutcome::Refused { code, reason: String::new() };
    let outcome = match code {
        _ if said.contains("requested successfully") => RelayOutcome::Granted,
        _ if said.contains("after challenge") => refused(401),
        Some(code) if said.contains("error response") => refused(code),
        _ if said.ends_with("timeout") || said.contains(" timeout ") => RelayOutcome::Unanswered,
        _ => return,
    };
    let mut step = RelayStep::new(request, outcome);
    step.session = Some(shown(name));
    step.transport = port.transport;
    step.server = port.server.parse().ok();
    if step.code() == Some(401) {
        let id = value("id=").unwrap_or("after the challenge").to_owned();
        port.unauthorized.insert(id);
        step.authenticated = port.unauthorized.len() > 1;
    }
    // Of a server that is named, and not by its address, the step cannot say which it is.
    let silent = request == RelayRequest::Allocate && step.outcome == RelayOutcome::Unanswered && step.server.is_none();
    if silent && !port.server.is_empty() {
        let carried = if port.transport == Some(CandidateTransport::Tcp) { "?transport=tcp" } else { "" };
        let url = format!("turn:{}{carried}", port.server);
        let error = GatheringError { url, code: 701, text: String::new(), family: None, port: None };
        builder.push(Party::Here, place, time_ms, What::GatheringError(error));
    }
    builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
}
