//! What libjuice sends and awaits, as its log tells it: entries for servers, relays and pairs, by their numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::explain::event::{Candidate, Pair, Party, What};
use crate::explain::read::build::{Builder, made, shown};
use crate::explain::traffic::{Checks, Flow, RelayOutcome, RelayRequest, RelayStep};
use crate::wire::{CandidateKind, CandidateTransport};

/// The most entries, and the most candidates, that are told apart.
const MOST: usize = 2_000;

/// The most places from which refused checks came that are told apart.
const MOST_REFUSED: usize = 20;

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Relay,
    Server,
    Pair,
}

struct Entry {
    of: For,
    other: Option<SocketAddr>,
    relayed: bool,
    state: &'static str,
    place: String,
    sent: u64,
    answers: u64,
    came: u64,
}

/// The entries of a connection.
#[derive(Default)]
pub(super) struct Entries {
    all: BTreeMap<usize, Entry>,
    /// That which the last lines were about.
    current: Option<usize>,
    own: Vec<Candidate>,
    others: Vec<Candidate>,
    /// The TURN servers by their addresses.
    servers: Vec<SocketAddr>,
    /// The last error that came, until something else does.
    error: Option<(u16, String)>,
    /// Where the last message came from, and with which user name.
    from: Option<SocketAddr>,
    user: Option<(String, String)>,
    /// Checks of the other end that were refused, by where they came from.
    refused: Vec<(Checks, String)>,
}

/// `198.51.100.7:3478`, `[2001:db8::1]:3478` or `2001:db8::1:3478`, at the beginning of a text.
fn socket(text: &str) -> Option<SocketAddr> {
    let word = text.split([' ', ',']).next()?.trim_end_matches('.');
    let (host, port) = word.rsplit_once(':')?;
    Some(SocketAddr::new(host.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
}

impl Entries {
    /// A candidate was found, or came.
    pub(super) fn candidate(&mut self, party: Party, candidate: &Candidate) {
        let known = if party == Party::Here { &mut self.own } else { &mut self.others };
        if known.len() < MOST {
            known.push(candidate.clone());
        }
    }

    /// What servers said.
    pub(super) fn server(&mut self, line: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
        let after = |word: &str| line.split_once(word).map(|(_, rest)| rest.trim());
        let mut push = |request, outcome, server: Option<SocketAddr>, authenticated| {
            let mut step = RelayStep::new(request, outcome);
            (step.server, step.authenticated) = (server, authenticated);
            step.transport = Some(CandidateTransport::Udp);
            let known = server.and_then(|server| self.servers.iter().position(|known| *known == server));
            step.session = known.map(|at| format!("server {}", at + 1));
            builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
        };
        if let Some(server) = after("juice: Using TURN server ").and_then(socket) {
            if self.servers.len() < MOST && !self.servers.contains(&server) {
                self.servers.push(server);
            }
        } else if let Some(from) = after("Received STUN datagram from ") {
            (self.from, self.error) = (socket(from), None);
        } else if let Some(rest) = after("Got STUN error code ") {
            let (code, reason) = rest.split_once(", reason ").unwrap_or((rest, ""));
            self.error = code.parse().ok().map(|code| (code, shown(reason.trim_matches('"'))));
        } else if line.ends_with("TURN allocate successful") {
            push(RelayRequest::Allocate, RelayOutcome::Granted, self.turn_server(), true);
        } else if line.ends_with("TURN authentication failed") {
            let refused = RelayOutcome::Refused { code: 401, reason: String::new() };
            push(RelayRequest::Allocate, refused, self.turn_server(), true);
            self.error = None;
        } else if line.ends_with("TURN allocation failed") {
            // Of one that stays silent the entry tells, on the level that has them.
            let outcome = match self.error.take() {
                Some((code, reason)) => Some(RelayOutcome::Refused { code, reason }),
                None => self.all.is_empty().then_some(RelayOutcome::Unanswered),
            };
            if let Some(outcome) = outcome {
                let refused = matches!(outcome, RelayOutcome::Refused { .. });
                push(RelayRequest::Allocate, outcome, self.turn_server(), refused);
            }
        } else if let Some(code) = after("Got TURN CreatePermission error response, code=")
            && let Ok(code) = code.parse()
        {
            let reason = self.error.take().map(|(_, reason)| reason).unwrap_or_default();
            push(RelayRequest::Permission, RelayOutcome::Refused { code, reason }, self.turn_server(), true);
        } else if let Some(rest) = after("STUN entry ")
            && let Some((number, "Failed")) = rest.split_once(": ")
            && let Some(entry) = number.parse().ok().and_then(|number: usize| self.all.get(&number))
        {
            // One that sent nothing is out of reach of nobody.
            let request = if entry.of == For::Relay { RelayRequest::Allocate } else { RelayRequest::Binding };
            if entry.of != For::Pair && entry.sent > 1 {
                push(request, RelayOutcome::Unanswered, entry.other, false);
            }
        }
    }

    /// The server that the last message came from, or the only one.
    fn turn_server(&self) -> Option<SocketAddr> {
        let only = self.servers.first().filter(|_| self.servers.len() == 1);
        self.from.filter(|from| self.servers.contains(from)).or(only.copied())
    }

    /// How checks went on.
    pub(super) fn check(&mut self, line: &str, place: &str) {
        let after = |word: &str| line.split_once(word).map(|(_, rest)| rest.trim());
        if let Some(rest) = after("Registering STUN entry ") {
            let Some((number, of)) = rest.split_once(" for ") else { return };
            let of = match of {
                "relay request" => For::Relay,
                "server request" => For::Server,
                _ => For::Pair,
            };
            let entry = Entry {
                of,
                other: None,
                relayed: false,
                state: "frozen",
                place: place.to_owned(),
                sent: 0,
                answers: 0,
                came: 0,
            };
            if let Some(number) = number.parse().ok().filter(|_| self.all.len() < MOST) {
                self.all.insert(number, entry);
            }
        } else if let Some(rest) = after("STUN entry ") {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            self.current = rest[..digits].parse().ok();
            let said = rest[digits..].trim_start_matches([':', ' ']);
            let Some(entry) = self.current.and_then(|number| self.all.get_mut(&number)) else { return };
            if let Some(to) = said.strip_prefix("Sending request to ") {
                entry.sent += 1;
                entry.other = socket(to).or(entry.other);
                place.clone_into(&mut entry.place);
                if matches!(entry.state, "frozen" | "failed") {
                    entry.state = "in-progress";
                }
            } else if said == "Failed" {
                entry.state = "failed";
                place.clone_into(&mut entry.place);
            }
        } else if line.ends_with("Sending STUN message via relay") {
            self.now(|entry| entry.relayed = true);
        } else if line.ends_with("Received STUN Binding success response from peer") {
            self.now(|entry| entry.answers += 1);
        } else if line.ends_with("Candidate pair check succeeded") {
            self.now(|entry| entry.state = "succeeded");
        } else if line.ends_with("Received STUN Binding request") {
            self.now(|entry| entry.came += 1);
        } else if let Some((to, from)) = after("Got username: ").and_then(|user| user.split_once(':')) {
            self.user = Some((shown(to), shown(from)));
        } else if line.contains("STUN integrity check failed, password") || line.contains("ufrag check failed, ") {
            self.refuse(place);
        }
    }

    /// A check of the other end is not taken: it is answered with 401.
    fn refuse(&mut self, place: &str) {
        let mut hosts = self.own.iter().filter(|own| own.kind == CandidateKind::Host);
        let own = hosts.next().and_then(|own| Some(SocketAddr::new(own.address?, own.port)));
        let (Some(from), Some(to), Some((to_ufrag, from_ufrag))) = (self.from, own, self.user.clone()) else { return };
        let known = self.refused.iter().position(|(checks, _)| checks.flow.from == from);
        if known.is_none() && self.refused.len() == MOST_REFUSED {
            return;
        }
        let at = known.unwrap_or_else(|| {
            let flow = Flow { from, to, transport: CandidateTransport::Udp, through: None };
            let checks = Checks { errors: vec![401], ..Checks::new(flow, from_ufrag, to_ufrag) };
            self.refused.push((checks, place.to_owned()));
            self.refused.len() - 1
        });
        let checks = &mut self.refused[at].0;
        checks.requests.add(None);
    }

    fn now(&mut self, act: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.current.and_then(|number| self.all.get_mut(&number)) {
            act(entry);
        }
    }

    /// What became of the pairs.
    pub(super) fn finish(self, builder: &mut Builder) {
        for (checks, place) in self.refused {
            builder.push(Party::There, &place, None, What::Checks(Box::new(checks)));
        }
        let of_kind = |kind| {
            let mut all = self.own.iter().filter(move |candidate| candidate.kind == kind);
            all.next().filter(|_| all.next().is_none()).cloned()
        };
        let (host, relay) = (of_kind(CandidateKind::Host), of_kind(CandidateKind::Relay));
        let worked = self.all.values().filter(|entry| entry.state == "succeeded").count();
        for entry in self.all.values().filter(|entry| entry.of == For::Pair && entry.sent + entry.came > 0) {
            let Some(other) = entry.other else { continue };
            let is = |candidate: &&Candidate| candidate.address == Some(other.ip()) && candidate.port == other.port();
            let known = self.others.iter().find(is).cloned();
            let remote =
                known.or_else(|| made("udp", "0", &other.ip().to_string(), &other.port().to_string(), "prflx"));
            let pair = Pair {
                local: if entry.relayed { relay.clone() } else { host.clone() },
                remote,
                state: entry.state.to_owned(),
                // Which of several was taken is not told.
                selected: entry.state == "succeeded" && worked == 1,
                nominated: false,
                requests_sent: Some(entry.sent),
                requests_received: Some(entry.came),
                responses_received: Some(entry.answers),
                bytes_received: None,
            };
            builder.push(Party::Here, &entry.place, None, What::Pair(Box::new(pair)));
        }
    }
}
