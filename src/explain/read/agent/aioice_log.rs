//! The log of aioice, which aiortc has beneath: on the level of information how each check went on, on that of debugging every message too.
//! Of the other end's candidates it has the addresses, and not how they were found.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::aioice_servers::{Servers, quoted, quoted_code, socket};
use super::clock::Clock;
use crate::explain::event::{Candidate, Pair, Party, StateOf, What};
use crate::explain::read::build::{Builder, made};
use crate::explain::traffic::{AgentRole, Checks, Flow};
use crate::wire::{CandidateTransport, Scope, escape};

/// The most connections, and the most pairs of each, that are told apart.
const MOST: usize = 2_000;

/// One connection.
#[derive(Default)]
struct Story {
    /// Its number among those of the log.
    number: usize,
    begun: bool,
    /// The pairs by their ends, with the place of the last line about each, in order.
    pairs: Vec<(Pair, String)>,
    known: BTreeMap<(SocketAddr, SocketAddr), usize>,
    /// From which address each of its sockets sends.
    sockets: BTreeMap<String, SocketAddr>,
    /// The pair of which a check was begun last.
    begins: Option<(SocketAddr, SocketAddr)>,
    /// Whether it has messages.
    counted: bool,
    /// Checks by their ends, in order.
    checks: Vec<(Checks, String)>,
    checked: BTreeMap<(SocketAddr, SocketAddr), usize>,
}

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let mut stories: BTreeMap<&str, Story> = BTreeMap::new();
    let (mut servers, mut clock) = (Servers::default(), Clock::default());
    let mut last = None;
    for (line, number) in text.lines().zip(1..) {
        let place = format!("line {number}");
        let time_ms = clock.read(line);
        if let Some((name, said)) = connection(line) {
            if !stories.contains_key(name) {
                if stories.len() == MOST {
                    continue;
                }
                stories.insert(name, Story { number: builder.connection(name), ..Story::default() });
            }
            last = Some(name);
            let Some(story) = stories.get_mut(name) else { continue };
            builder.select(story.number);
            story.line(said, &servers, &place, time_ms, builder);
            servers.binding(said, story.number, &place, time_ms, builder);
        } else if line.contains("TURN ") || line.contains("turn/") {
            // What a TURN server says is of the connection that gathers then.
            let Some(story) = last.and_then(|name| stories.get(name)) else { continue };
            builder.select(story.number);
            servers.line(line, story.number, &place, time_ms, builder);
        }
    }
    if stories.len() > 1 && servers.any() {
        builder.note(
            "the lines about TURN do not name a connection: they are taken for the one that wrote just before"
                .to_owned(),
        );
    }
    servers.finish(builder);
    for story in stories.into_values() {
        builder.select(story.number);
        story.finish(builder);
    }
}

/// `Connection(0)`, and what stands behind it.
fn connection(line: &str) -> Option<(&str, &str)> {
    let at = line.find("Connection(")?;
    let end = at + line[at..].find(')')? + 1;
    let digits = &line[at + "Connection(".len()..end - 1];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (&line[at..end], line[end..].trim_start()))
}

impl Story {
    fn line(&mut self, said: &str, servers: &Servers, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
        if let Some(rest) = said.strip_prefix("Check CandidatePair(") {
            self.check(rest, servers, place, time_ms, builder);
        } else if said.starts_with("ICE completed") {
            builder.state(StateOf::Ice, "completed", place, time_ms);
        } else if said.starts_with("ICE failed") {
            builder.state(StateOf::Ice, "failed", place, time_ms);
        } else if said.starts_with("Consent to send expired") {
            builder.state(StateOf::Ice, "disconnected", place, time_ms);
        } else if let Some((protocol, message)) = said.strip_prefix("protocol(").and_then(|rest| rest.split_once(") "))
        {
            self.message(protocol, message, place, time_ms);
        }
    }

    /// `('10.0.0.2', 45557) -> ('10.1.0.2', 52833)) State.FROZEN -> State.WAITING`.
    fn check(&mut self, rest: &str, servers: &Servers, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
        let Some((ends, state)) = rest.split_once(")) ") else { return };
        let Some((local, remote)) = ends.split_once(" -> ") else { return };
        let remote = format!("{remote})");
        let (Some(local), Some(remote)) = (socket(local), socket(&remote)) else { return };
        let Some((_, state)) = state.split_once(" -> State.") else { return };
        let state = match state.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap_or_default() {
            "IN_PROGRESS" => "in-progress",
            "SUCCEEDED" => "succeeded",
            "FAILED" => "failed",
            "WAITING" => "waiting",
            _ => "frozen",
        };
        if state == "in-progress" {
            self.begins = Some((local, remote));
            if !std::mem::replace(&mut self.begun, true) {
                builder.state(StateOf::Ice, "checking", place, time_ms);
            }
        }
        let at = match self.known.get(&(local, remote)) {
            Some(at) => *at,
            None if self.pairs.len() == MOST => return,
            None => {
                let kind = if servers.gave(local) { "relay" } else { "host" };
                let (local_end, remote_end) = (end(local, kind), end(remote, &kind_of_other(remote.ip())));
                for (party, candidate) in [(Party::Here, &local_end), (Party::There, &remote_end)] {
                    if let Some(candidate) = candidate {
                        builder.push(party, place, time_ms, What::Candidate(candidate.clone()));
                    }
                }
                let pair = Pair {
                    local: local_end,
                    remote: remote_end,
                    state: String::new(),
                    selected: false,
                    nominated: false,
                    requests_sent: Some(0),
                    requests_received: Some(0),
                    responses_received: Some(0),
                    bytes_received: None,
                };
                self.known.insert((local, remote), self.pairs.len());
                self.pairs.push((pair, place.to_owned()));
                self.pairs.len() - 1
            }
        };
        let (pair, known) = &mut self.pairs[at];
        state.clone_into(&mut pair.state);
        place.clone_into(known);
    }

    /// `> ('10.1.0.2', 52143) Message(message_method=Method.BINDING, message_class=Class.REQUEST, ...` of a socket.
    fn message(&mut self, protocol: &str, message: &str, place: &str, time_ms: Option<u64>) {
        let Some((way, rest)) = message.split_once(' ') else { return };
        let (Some(other), true) = (socket(rest), matches!(way, ">" | "<")) else { return };
        self.counted = true;
        if let Some((local, remote)) = self.begins
            && remote == other
            && way == ">"
        {
            self.sockets.entry(protocol.to_owned()).or_insert(local);
        }
        let Some(local) = self.sockets.get(protocol).copied() else { return };
        let is = |class: &str| rest.contains(&format!("message_class=Class.{class},"));
        let sent = way == ">";
        if let Some(at) = self.known.get(&(local, other)) {
            let pair = &mut self.pairs[*at].0;
            let count = match sent {
                true if is("REQUEST") => &mut pair.requests_sent,
                false if is("REQUEST") => &mut pair.requests_received,
                false if is("RESPONSE") => &mut pair.responses_received,
                _ => &mut None,
            };
            *count = count.map(|count| count + 1);
            pair.nominated |= sent && is("REQUEST") && rest.contains("'USE-CANDIDATE'");
        }
        self.checked(rest, (local, other), sent, is("REQUEST"), place, time_ms);
    }

    /// Checks of one end, with the errors that answered them.
    fn checked(
        &mut self,
        message: &str,
        (local, other): (SocketAddr, SocketAddr),
        sent: bool,
        request: bool,
        place: &str,
        time_ms: Option<u64>,
    ) {
        let (from, to) = if sent == request { (local, other) } else { (other, local) };
        if request {
            let Some(user) = quoted(message, "'USERNAME': '") else { return };
            let Some((to_ufrag, from_ufrag)) = user.split_once(':') else { return };
            let role = [("'ICE-CONTROLLING'", AgentRole::Controlling), ("'ICE-CONTROLLED'", AgentRole::Controlled)];
            let at = *self.checked.entry((from, to)).or_insert_with(|| {
                let flow = Flow { from, to, transport: CandidateTransport::Udp, through: None };
                let role = role.iter().find(|(word, _)| message.contains(word)).map(|(_, role)| *role);
                let checks = Checks { role, ..Checks::new(flow, escape(from_ufrag), escape(to_ufrag)) };
                self.checks.push((checks, place.to_owned()));
                self.checks.len() - 1
            });
            let checks = &mut self.checks[at].0;
            checks.nominating |= message.contains("'USE-CANDIDATE'");
            checks.requests.add(time_ms);
        } else if let Some(at) = self.checked.get(&(from, to)) {
            let checks = &mut self.checks[*at].0;
            match quoted_code(message) {
                Some(code) if !checks.errors.contains(&code) && checks.errors.len() < 10 => checks.errors.push(code),
                Some(_) => {}
                None if message.contains("Class.ERROR") => {}
                None => checks.answers.add(time_ms),
            }
        }
    }

    fn finish(self, builder: &mut Builder) {
        for (mut pair, place) in self.pairs {
            if !self.counted {
                (pair.requests_sent, pair.requests_received, pair.responses_received) = (None, None, None);
            }
            builder.push(Party::Here, &place, None, What::Pair(Box::new(pair)));
        }
        let own: Vec<SocketAddr> = self.sockets.into_values().collect();
        for (checks, place) in self.checks {
            let party = if own.contains(&checks.flow.from) { Party::Here } else { Party::There };
            builder.push(party, &place, None, What::Checks(Box::new(checks)));
        }
    }
}

fn end(socket: SocketAddr, kind: &str) -> Option<Candidate> {
    made("udp", "0", &socket.ip().to_string(), &socket.port().to_string(), kind)
}

/// How an address of the other end was found is not told: one of its own network is its host's.
fn kind_of_other(ip: IpAddr) -> String {
    let public = matches!(Scope::of(ip), Scope::Public) && ip.is_ipv4();
    if public { "srflx" } else { "host" }.to_owned()
}
