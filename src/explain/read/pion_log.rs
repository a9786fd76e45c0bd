//! The log of pion's ICE and TURN (`PION_LOG_TRACE=all`), as servers and agents written in Go have it: what was pinged and answered, how each
//! pair ended, and what TURN and STUN servers said. Texts differ in their first letter from version to version.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, made, shown};
use crate::explain::event::{Candidate, GatheringError, Pair, Party, StateOf, What};
use crate::explain::format::is_of_pion;
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};

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
    /// The server of the allocation that was asked for last.
    allocating: Option<String>,
    /// The TURN servers, in order.
    servers: Vec<String>,
}

/// The most servers that are told apart.
const MOST_SERVERS: usize = 50;

impl Story {
    /// What the client's dealings with a server are called.
    fn session(&mut self, server: Option<&str>) -> Option<String> {
        let server = server?;
        let known = self.servers.iter().position(|known| known == server);
        let at = known.unwrap_or_else(|| {
            if self.servers.len() < MOST_SERVERS {
                self.servers.push(server.to_owned());
            }
            self.servers.len() - 1
        });
        Some(format!("server {}", at + 1))
    }
}

pub(super) fn read(text: &str, builder: &mut Builder) {
    let lines = || text.lines().zip(1..).filter(|(line, _)| is_of_pion(line));
    let agents = lines().filter(|(line, _)| line.contains("Started agent: ")).count();
    builder.connection("");
    // Lines do not say whose they are.
    let one = agents < 2;
    if !one {
        builder.note(format!(
            "{agents} agents wrote into it, and no line tells whose it is: only what servers answered is told, and not what became of which call"
        ));
    }
    let mut story = Story::default();
    for (line, number) in lines() {
        let place = format!("line {number}");
        let time_ms = time(line);
        if !servers(&mut story, line, &place, time_ms, builder) && one {
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

/// The time of day of a line, in milliseconds: `08:07:29.152841`, or seconds alone behind a date.
fn time(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(": ")?;
    let word = rest.split(' ').take(2).find(|word| word.as_bytes().get(2) == Some(&b':'))?;
    let mut parts = word.split(':');
    let (hours, minutes): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (seconds, fraction) = parts.next().map(|last| last.split_once('.').unwrap_or((last, "0")))?;
    let fraction: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let seconds: u64 = seconds.parse().ok()?;
    (hours < 24 && minutes < 60 && seconds < 61).then(|| ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction)
}

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
    if let Some((_, state)) = line.split_once("Setting new connection state: ") {
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

/// What STUN and TURN servers said; whether the line is about that.
fn servers(story: &mut Story, line: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) -> bool {
    let mut push = |request, outcome, session, server: Option<&str>, authenticated| {
        let mut step = RelayStep::new(request, outcome);
        step.server = server.and_then(|server| server.parse().ok());
        step.session = session;
        step.authenticated = authenticated;
        builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
    };
    if let Some((_, server)) = line.split_once("tart Allocate request transaction ") {
        story.allocating = server.split_once(" to ").map(|(_, server)| server.trim().to_owned());
    } else if line.contains("nitial lifetime: ") {
        let server = story.allocating.clone();
        let session = story.session(server.as_deref());
        push(RelayRequest::Allocate, RelayOutcome::Granted, session, server.as_deref(), true);
    } else if let Some((_, rest)) = line.split_once("Failed to allocate on ") {
        let rest = rest.trim_start_matches("turn.Client ").trim_start_matches("TURN client ");
        let (server, why) = rest.split_once(' ').unwrap_or((rest, ""));
        let asked = story.allocating.clone();
        let server = asked.as_deref().unwrap_or(server);
        let session = story.session(Some(server));
        match refusal(why) {
            Some(refused) => push(RelayRequest::Allocate, refused, session, Some(server), true),
            None if why.contains("retransmissions failed") => {
                // A name has no address here: then it is called by its name.
                if server.parse::<std::net::SocketAddr>().is_ok() {
                    push(RelayRequest::Allocate, RelayOutcome::Unanswered, session, Some(server), false);
                } else {
                    silent(&format!("turn:{server}"), why, place, time_ms, builder);
                }
            }
            None => silent(&format!("turn:{server}"), why, place, time_ms, builder),
        }
    } else if let Some((_, rest)) = line.split_once("CreatePermission error response ") {
        if let Some(pinged) = story.pinged.take().and_then(|at| story.pairs.get_mut(at)) {
            pinged.0.requests_sent = pinged.0.requests_sent.map(|sent| sent.saturating_sub(1));
        }
        if let Some(refused) = refusal(rest) {
            let server = story.allocating.clone();
            let session = story.session(server.as_deref());
            push(RelayRequest::Permission, refused, session, server.as_deref(), true);
        }
    } else if let Some(rest) = after(line, "could not get server reflexive address ") {
        let mut words = rest.split(' ').skip(1);
        let url = words.next().unwrap_or_default().trim_end_matches(':');
        if rest.contains("timeout") {
            // TURN servers are asked like STUN servers too.
            let url = url.split('?').next().unwrap_or_default();
            silent(&url.replacen("turn", "stun", 1), "", place, time_ms, builder);
        }
    } else if let Some(rest) =
        after(line, "failed to resolve STUN host: ").or_else(|| after(line, "failed to resolve stun host: "))
    {
        let host = rest.split(": ").next().unwrap_or_default();
        let family = rest.starts_with("udp6").then_some(crate::wire::Family::Ipv6);
        let host = host.trim_start_matches("udp4 ").trim_start_matches("udp6 ");
        let error = GatheringError {
            url: shown(&format!("stun:{host}")),
            code: 701,
            text: "lookup".to_owned(),
            family,
            port: None,
        };
        if rest.contains("no such host") {
            builder.push(Party::Here, place, time_ms, What::GatheringError(error));
        }
    } else {
        return false;
    }
    true
}

/// `(error 401: Unauthorized)`.
fn refusal(text: &str) -> Option<RelayOutcome> {
    let (_, rest) = text.split_once("(error ")?;
    let (code, reason) = rest.split_once(':')?;
    Some(RelayOutcome::Refused { code: code.trim().parse().ok()?, reason: shown(reason.trim_end_matches(')').trim()) })
}

fn silent(url: &str, text: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    let error = GatheringError { url: shown(url), code: 701, text: shown(text), family: None, port: None };
    builder.push(Party::Here, place, time_ms, What::GatheringError(error));
}
