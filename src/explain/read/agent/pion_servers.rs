//! What pion's log tells of STUN and TURN servers. Servers are asked at once, and few lines about the answer name the server: which one it is
//! follows from what else the log has, or is left open.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::explain::event::{GatheringError, Party, What};
use crate::explain::read::build::{Builder, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire::Family;

/// The most servers that are told apart.
const MOST: usize = 50;
/// The most requests that are remembered.
const MOST_ASKED: usize = 10_000;

/// The TURN servers of a log.
#[derive(Default)]
pub(super) struct Servers {
    /// Where each request for an allocation went.
    asked: BTreeMap<String, String>,
    /// The address of the only server that was asked.
    only: Option<String>,
    /// Of which servers a line says that they gave none.
    failed: BTreeSet<String>,
    /// From which an allocation is awaited.
    awaited: BTreeSet<String>,
    /// Which gave one, as far as that is told.
    granted: BTreeSet<String>,
    /// Those that were named, in order.
    named: Vec<String>,
}

impl Servers {
    /// Looks over a log.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut servers = Self::default();
        let mut failures = Vec::new();
        for line in lines {
            if let Some((key, server)) = asked(line) {
                if servers.asked.len() < MOST_ASKED {
                    servers.asked.insert(key.to_owned(), server.to_owned());
                }
            } else {
                failures.extend(failed(line));
            }
        }
        let all: BTreeSet<&String> = servers.asked.values().collect();
        servers.only = all.first().filter(|_| all.len() == 1).map(|only| (*only).clone());
        servers.failed = failures.into_iter().map(|(server, why)| servers.called(server, why)).collect();
        servers
    }

    /// The address of a server that is called by its name, where a request tells it, or there is no other.
    fn called(&self, name: &str, why: &str) -> String {
        let key = why.split_once("retransmissions failed for ").map(|(_, key)| key.trim());
        let by_key = key.and_then(|key| self.asked.get(key));
        if name.parse::<SocketAddr>().is_err()
            && let Some(address) = by_key.or(self.only.as_ref())
        {
            return address.clone();
        }
        name.to_owned()
    }

    /// What the client's dealings with a server are called.
    fn session(&mut self, server: &str) -> String {
        let known = self.named.iter().position(|known| known == server);
        let at = known.unwrap_or_else(|| {
            if self.named.len() < MOST {
                self.named.push(server.to_owned());
            }
            self.named.len() - 1
        });
        format!("server {}", at + 1)
    }

    /// Reads a line: nothing where it is about no server; else whether it says that a permission was refused.
    pub(super) fn line(
        &mut self,
        line: &str,
        place: &str,
        time_ms: Option<u64>,
        builder: &mut Builder,
    ) -> Option<bool> {
        let mut push = |servers: &mut Self, request, outcome, server: Option<&str>, authenticated| {
            let mut step = RelayStep::new(request, outcome);
            step.server = server.and_then(|server| server.parse().ok());
            step.session = server.map(|server| servers.session(server));
            step.authenticated = authenticated;
            builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
        };
        if let Some((_, server)) = asked(line) {
            if self.awaited.len() < MOST {
                self.awaited.insert(server.to_owned());
            }
        } else if line.contains("nitial lifetime: ") {
            let mut able = self.awaited.iter().filter(|server| !self.failed.contains(*server));
            let all = self.awaited.len() < MOST;
            let server = able.next().filter(|_| all && able.next().is_none()).cloned();
            if let Some(server) = &server {
                self.awaited.remove(server);
                self.granted.insert(server.clone());
            }
            push(self, RelayRequest::Allocate, RelayOutcome::Granted, server.as_deref(), true);
        } else if let Some((name, why)) = failed(line) {
            let server = self.called(name, why);
            self.awaited.remove(&server);
            let silent = why.contains("retransmissions failed") && server.parse::<SocketAddr>().is_ok();
            match refusal(why) {
                Some(refused) => push(self, RelayRequest::Allocate, refused, Some(&server), true),
                None if silent => {
                    push(self, RelayRequest::Allocate, RelayOutcome::Unanswered, Some(&server), false);
                }
                // A name has no address here: then it is called by its name.
                None => gave_nothing(&format!("turn:{server}"), why, None, place, time_ms, builder),
            }
        } else if let Some((_, rest)) = line.split_once("CreatePermission error response ") {
            if let Some(refused) = refusal(rest) {
                let server = self.granted.first().filter(|_| self.granted.len() == 1).cloned();
                push(self, RelayRequest::Permission, refused, server.as_deref(), true);
            }
            return Some(true);
        } else {
            return unreached(line, place, time_ms, builder).then_some(false);
        }
        Some(false)
    }
}

/// The key of a request for an allocation, and where it goes: `start Allocate request transaction KEY to 198.51.100.33:3478`.
fn asked(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("tart Allocate request transaction ")?;
    rest.trim().split_once(" to ")
}

/// The server that gave no allocation, and why: `Failed to allocate on turn.Client turn.example:3478 WHY`.
fn failed(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("ailed to allocate on ")?;
    let rest = rest.trim_start_matches("turn.Client ").trim_start_matches("TURN client ");
    Some(rest.split_once(' ').unwrap_or((rest, "")))
}

/// A server that was not reached; whether the line is about that.
fn unreached(line: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) -> bool {
    let after = |texts: &[&str]| texts.iter().find_map(|text| line.split_once(text)).map(|(_, rest)| rest);
    if let Some(rest) = after(&[
        "ould not get server reflexive address ",
        "ailed to get server reflexive address ",
        "ailed get server reflexive address ",
    ]) {
        let url = rest.split(' ').nth(1).unwrap_or_default().trim_end_matches(':');
        if rest.contains("timeout") {
            // TURN servers are asked like STUN servers too.
            let url = url.split('?').next().unwrap_or_default().replacen("turn", "stun", 1);
            gave_nothing(&url, "", None, place, time_ms, builder);
        }
    } else if let Some(rest) = after(&["ailed to resolve STUN host: ", "ailed to resolve stun host: "]) {
        unresolved("stun", rest, place, time_ms, builder);
    } else if let Some(rest) =
        after(&["ailed to resolve TURN host: ", "ailed to resolve UDP Addr ", "ailed to resolve UDP address "])
    {
        unresolved("turn", rest, place, time_ms, builder);
    } else if let Some(rest) =
        after(&["ailed to resolve TCP Addr ", "ailed to resolve TCP address ", "ailed to resolve relay address "])
    {
        unresolved("turn", rest, place, time_ms, builder);
    } else if let Some(rest) = after(&["ailed to Dial TCP Addr ", "ailed to dial TCP address "]) {
        let (server, why) = rest.split_once(": ").unwrap_or((rest, ""));
        gave_nothing(&format!("turn:{server}?transport=tcp"), why, None, place, time_ms, builder);
    } else if let Some((server, why)) =
        after(&["ailed to connect to relay: dial tcp"]).and_then(|rest| rest.split_once(": "))
    {
        let server = server.trim_start_matches(['4', '6']).trim_start();
        gave_nothing(
            &format!("turns:{server}?transport=tcp"),
            &format!("dial tcp: {why}"),
            None,
            place,
            time_ms,
            builder,
        );
    } else {
        return false;
    }
    true
}

/// `udp4 stun.example:3478: lookup stun.example: no such host`.
fn unresolved(scheme: &str, rest: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
    let family = (rest.starts_with("udp6 ") || rest.starts_with("tcp6 ")).then_some(Family::Ipv6);
    let host =
        ["udp4 ", "udp6 ", "tcp4 ", "tcp6 "].iter().find_map(|network| rest.strip_prefix(network)).unwrap_or(rest);
    let host = host.split(": ").next().unwrap_or_default();
    if rest.contains("no such host") {
        gave_nothing(&format!("{scheme}:{host}"), "lookup", family, place, time_ms, builder);
    }
}

/// `(error 401: Unauthorized)`.
fn refusal(text: &str) -> Option<RelayOutcome> {
    let (_, rest) = text.split_once("(error ")?;
    let (code, reason) = rest.split_once(':')?;
    Some(RelayOutcome::Refused { code: code.trim().parse().ok()?, reason: shown(reason.trim_end_matches(')').trim()) })
}

fn gave_nothing(
    url: &str,
    text: &str,
    family: Option<Family>,
    place: &str,
    time_ms: Option<u64>,
    builder: &mut Builder,
) {
    let error = GatheringError { url: shown(url), code: 701, text: shown(text), family, port: None };
    builder.push(Party::Here, place, time_ms, What::GatheringError(error));
}
