//! The log of a coturn server, of any age: `8: : text`, `8: (31): INFO: text`, `2026-08-02T12:00:00.123+0000 INFO text`, with or without
//! what syslog, the journal or a container puts in front of it. Its texts stand in coturn's `ns_turn_server.c`.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::logger;
use super::server_log::{Steps, time_ms};
use crate::explain::read::build::{Builder, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep, RelayedPackets, ServerTrouble};
use crate::explain::turnserver::PeerRange;
use crate::wire::RestName;

/// The digits of a session.
const SESSION: usize = 18;

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let mut log = Log::default();
    for (at, line) in text.lines().enumerate() {
        match logger::unwrapped(line) {
            Some((line, time_ms)) => log.line(at + 1, &line, time_ms),
            None => log.line(at + 1, line, None),
        }
    }
    if log.steps.is_empty() {
        builder
            .note("no session is in it: coturn writes them down only with `verbose` in its configuration".to_owned());
    }
    log.steps.finish(builder);
}

/// What was read until now.
#[derive(Default)]
struct Log {
    steps: Steps,
    /// Relayed addresses that were told, and no session yet that they are of.
    relayed: Vec<SocketAddr>,
    /// Peers that were denied, and no session yet that asked for them.
    denied: Vec<(IpAddr, Option<PeerRange>)>,
    /// Why logins are refused that are told next, and what else is told of whose they are. Threads write between each other's lines.
    whys: VecDeque<Why>,
    /// The line before tells that an address is not the host's: then it is no port that is missing.
    not_of_host: bool,
    /// The peer that the session named last.
    peer: Option<(String, IpAddr)>,
}

/// Why a login is refused.
struct Why {
    session: Option<String>,
    user: Option<String>,
    text: &'static str,
}

/// As many of them may be open at once as a server has threads.
const MOST_WHYS: usize = 128;

/// What coturn says of a login before it says that it refuses it.
const WHYS: [(&str, &str); 4] = [
    ("credentials are incorrect", "the user's credentials are incorrect"),
    ("Cannot find credentials of user", "Cannot find credentials of the user"),
    ("wrong realm", "wrong realm"),
    ("wrong username", "wrong username"),
];

impl Why {
    fn read(line: &str) -> Option<Self> {
        let (_, text) = WHYS.iter().find(|(words, _)| line.contains(words))?;
        let user = between(line, "of user <", ">").or_else(|| between(line, ": user ", " credentials are"));
        Some(Self {
            session: session(line).map(|(session, _)| session.to_owned()),
            user: user.map(str::to_owned),
            text,
        })
    }

    fn is_of(&self, session: &str, user: Option<&str>) -> bool {
        match (&self.session, &self.user) {
            (Some(own), _) => own == session,
            (None, Some(own)) => Some(own.as_str()) == user,
            (None, None) => true,
        }
    }
}

/// The time in front of a line: seconds since the start, or a date.
fn time(line: &str) -> Option<u64> {
    let digits = line.find(|c: char| !c.is_ascii_digit()).filter(|&at| at > 0 && line[at..].starts_with(": "));
    match digits {
        Some(at) => line[..at].parse::<u64>().ok()?.checked_mul(1000),
        None => time_ms(line),
    }
}

impl Log {
    fn line(&mut self, number: usize, line: &str, logged_ms: Option<u64>) {
        let time = logged_ms.or_else(|| time(line));
        if let Some(why) = Why::read(line) {
            if self.whys.len() == MOST_WHYS {
                self.whys.pop_front();
            }
            self.whys.push_back(why);
        } else if let Some((session, text)) = session(line) {
            self.session(number, time, session, text);
        } else if let Some((_, address)) = line.split_once("Local relay addr: ") {
            self.relayed.extend(address.trim().parse::<SocketAddr>());
        } else if let Some(peer) = denied(line) {
            self.denied.push(peer);
        } else {
            self.trouble(number, time, line);
        }
    }

    /// What is said of the server and no session.
    fn trouble(&mut self, number: usize, time: Option<u64>, line: &str) {
        let has = |words: &str| line.contains(words);
        let not_of_host = has("errno=99") || has("Cannot assign requested address");
        // Where no port of it can be had because of that, coturn says that none is free.
        if std::mem::replace(&mut self.not_of_host, not_of_host) && has("no available ports") {
            return;
        }
        let trouble = if has("Bad configuration format") {
            ServerTrouble::ConfigurationNotUnderstood
        } else if has("cannot start TLS and DTLS listeners") {
            ServerTrouble::TlsNotStarted
        } else if not_of_host {
            ServerTrouble::AddressNotOfHost
        } else if has("invalid private key") || has("no valid private key found") {
            ServerTrouble::KeyNotOfCertificate
        } else if has("Address already in use") {
            ServerTrouble::PortTaken
        } else if has("no available ports") {
            ServerTrouble::NoPorts
        } else if has("401 rate-limit exceeded") {
            ServerTrouble::RateLimited
        } else if has("Wrong address format") || has("invalid denied-peer-ip") || has("invalid allowed-peer-ip") {
            ServerTrouble::AddressNotUnderstood
        } else if has("define external IP more than once") {
            ServerTrouble::ExternalIpTwice
        } else {
            return;
        };
        self.steps.trouble(number, time, trouble);
    }

    fn session(&mut self, number: usize, time: Option<u64>, session: &str, text: &str) {
        if let Some(processed) = text.split_once("incoming packet ").map(|(_, rest)| rest) {
            let step = self.processed(time, session, text, processed);
            if let Some(step) = step {
                self.steps.push(number, time, session, step);
            }
        } else if let Some(rest) = text.strip_prefix("new, ") {
            let (user, realm) = names(rest);
            // Of two that were told at once it is open which is whose.
            let relayed = if self.relayed.len() == 1 { self.relayed.pop() } else { None };
            self.relayed.clear();
            let step = RelayStep {
                authenticated: user.is_some(),
                relayed,
                user,
                realm,
                lifetime_s: value(rest, "lifetime=").and_then(|seconds| seconds.parse().ok()),
                ..RelayStep::new(RelayRequest::Allocate, RelayOutcome::Granted)
            };
            self.steps.push(number, time, session, step);
        } else if let Some(rest) = text.strip_prefix("refreshed, ") {
            if value(rest, "lifetime=") == Some("0") {
                let ended = RelayOutcome::Ended { reason: "given back by the client".to_owned() };
                self.steps.push(number, time, session, RelayStep::new(RelayRequest::Refresh, ended));
            }
        } else if let Some(rest) = text.strip_prefix("peer usage: ") {
            let packets = RelayedPackets {
                from_peers: count(rest, "rp="),
                to_peers: count(rest, "sp="),
                ..RelayedPackets::default()
            };
            self.steps.packets(number, time, session, &packets);
        } else if let Some(rest) = text.strip_prefix("usage: ") {
            let packets = RelayedPackets {
                from_client: count(rest, "rp="),
                to_client: count(rest, "sp="),
                ..RelayedPackets::default()
            };
            self.steps.packets(number, time, session, &packets);
        } else if let Some(rest) = text.strip_prefix("closed (") {
            self.closed(number, time, session, rest);
        } else if let Some((peer, _)) = text.strip_prefix("peer ").and_then(|rest| rest.split_once(" lifetime updated"))
        {
            self.peer = address(peer).map(|peer| (session.to_owned(), peer));
        } else if let Some(peer) = denied(text) {
            self.denied = vec![peer];
        }
    }

    /// A request that was answered.
    fn processed(&mut self, time: Option<u64>, session: &str, text: &str, processed: &str) -> Option<RelayStep> {
        let (method, result) = processed.split_once(" processed, ")?;
        let (user, realm) = (between(text, "user <", ">"), between(text, "realm <", ">"));
        let authenticated = user.is_some_and(|user| !user.is_empty());
        let outcome = match result.strip_prefix("error ") {
            None => RelayOutcome::Granted,
            Some(error) => {
                let (code, reason) = error.split_once(": ").unwrap_or((error, ""));
                let code = code.trim_end_matches(':').parse().ok()?;
                let why = if matches!(code, 400 | 401) { self.why(time, session, user) } else { None };
                let why = why.filter(|_| code == 400 || authenticated);
                RelayOutcome::Refused { code, reason: why.map_or_else(|| shown(reason.trim()), str::to_owned) }
            }
        };
        let step = match method {
            // Its own line has more to tell.
            "ALLOCATE" | "BINDING" | "REFRESH" if outcome == RelayOutcome::Granted => return None,
            "ALLOCATE" => RelayRequest::Allocate,
            "BINDING" => RelayRequest::Binding,
            "CREATE_PERMISSION" => RelayRequest::Permission,
            "CHANNEL_BIND" => RelayRequest::Channel,
            "REFRESH" => RelayRequest::Refresh,
            "CONNECT" => RelayRequest::Connect,
            // What is refused is told a second time, without its name: all but what was refused before it was looked at.
            "message" => match outcome {
                RelayOutcome::Refused { code: 400 | 401 | 420 | 438, .. } if !self.steps.has_allocation(session) => {
                    RelayRequest::Allocate
                }
                RelayOutcome::Refused { code: 400 | 401 | 420 | 438, .. } => RelayRequest::Refresh,
                _ => return None,
            },
            _ => return None,
        };
        let mut range = None;
        let peer = match (&outcome, step) {
            (
                RelayOutcome::Refused { code: 403, .. },
                RelayRequest::Permission | RelayRequest::Channel | RelayRequest::Connect,
            ) => {
                let denied = if self.denied.len() == 1 { self.denied.pop() } else { None };
                self.denied.clear();
                range = denied.and_then(|(_, range)| range);
                denied.map(|(peer, _)| peer)
            }
            (RelayOutcome::Granted, _) => self.peer.as_ref().filter(|(of, _)| of == session).map(|(_, peer)| *peer),
            _ => None,
        };
        Some(RelayStep {
            authenticated,
            // The log has no ports of peers.
            peer: peer.map(|peer| SocketAddr::new(peer, 0)),
            denied: range,
            user: user.filter(|user| !user.is_empty()).map(shown),
            realm: realm.filter(|realm| !realm.is_empty()).map(shown),
            ..RelayStep::new(step, outcome)
        })
    }

    /// Why the login of that session is refused, where it was told.
    fn why(&mut self, time: Option<u64>, session: &str, user: Option<&str>) -> Option<&'static str> {
        let own = self.whys.iter().rposition(|why| why.is_of(session, user));
        // The only one that is open is of whoever is refused, whatever somebody made of the names.
        let at = own.or_else(|| (self.whys.len() == 1).then_some(0))?;
        let why = self.whys.remove(at)?.text;
        // Dates are long after 1970, and what coturn counts from its start is not.
        let Some(now_s) = time.map(|ms| ms / 1000).filter(|now| *now > 1_000_000_000) else { return Some(why) };
        let expired = match RestName::parse(user.unwrap_or_default()) {
            RestName::Expiry { unix_s, .. } => u64::try_from(unix_s).is_ok_and(|expiry| expiry < now_s),
            _ => false,
        };
        Some(if expired { "credentials expired" } else { why })
    }

    fn closed(&mut self, number: usize, time: Option<u64>, session: &str, text: &str) {
        let ends = |name: &str| value(text, name).and_then(|address| address.parse().ok());
        self.steps.client(session, ends("remote "), ends("local "));
        let reason = text.split_once("reason: ").map(|(_, reason)| shown(reason.trim())).unwrap_or_default();
        let user = between(text, "user <", ">").filter(|user| !user.is_empty());
        let step = RelayStep {
            authenticated: user.is_some(),
            user: user.map(shown),
            ..RelayStep::new(RelayRequest::Refresh, RelayOutcome::Ended { reason })
        };
        if self.steps.has_allocation(session) {
            self.steps.push(number, time, session, step);
        }
    }
}

/// The session that a line is about, and what it says of it.
fn session(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("session ")?;
    let (digits, text) = rest.split_once(": ")?;
    (digits.len() == SESSION && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some((digits, text))
}

/// The peer of `A peer IP 10.1.1.2 denied in the range: 10.0.0.0-10.255.255.255`, with that range; new versions have `in server 1` behind it.
fn denied(text: &str) -> Option<(IpAddr, Option<PeerRange>)> {
    let (_, rest) = text.split_once("A peer IP ")?;
    let (peer, rest) = rest.split_once(" denied")?;
    let range = rest.split_once("range: ").and_then(|(_, range)| range.split(" in ").next());
    Some((address(peer)?, range.and_then(|range| PeerRange::parse(range.trim()))))
}

fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

fn names(text: &str) -> (Option<String>, Option<String>) {
    let name = |begin: &str| between(text, begin, ">").filter(|name| !name.is_empty()).map(shown);
    (name("username=<"), name("realm=<"))
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    text.split_once(begin)?.1.split_once(end).map(|(inner, _)| inner)
}

/// What stands behind a name, up to a comma or a blank.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_once(name)?.1.split([',', ' ']).next()
}

fn count(text: &str, name: &str) -> Option<u64> {
    value(text, name)?.parse().ok()
}
