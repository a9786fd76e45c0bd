//! The log of an eturnal server, and of what else is built on its library: `TIME [notice] Text [UDP, session S, user U, client C, relay R]`.
//! Its texts stand in the library's `stun.erl` and `turn.erl`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::logger;
use super::server_log::{Steps, time_ms};
use crate::explain::read::build::{Builder, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep, RelayedPackets, ServerTrouble};
use crate::wire::CandidateTransport;

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let mut steps = Steps::default();
    let mut whys = Whys::new();
    for (at, line) in text.lines().enumerate() {
        match logger::unwrapped(line) {
            Some((line, time_ms)) => read_line(at + 1, &line, time_ms, &mut whys, &mut steps),
            None => read_line(at + 1, line, None, &mut whys, &mut steps),
        }
    }
    if steps.is_empty() {
        builder.note("no request is in it: eturnal writes them down from the level notice on (log_level)".to_owned());
    }
    steps.finish(builder);
}

/// What stands in the brackets at the end of a line.
#[derive(Default)]
struct About<'a> {
    transport: Option<CandidateTransport>,
    session: &'a str,
    user: Option<&'a str>,
    client: Option<SocketAddr>,
    relay: Option<SocketAddr>,
}

fn about(line: &str) -> Option<(&str, About<'_>)> {
    let line = line.trim_end();
    let (text, brackets) = line.strip_suffix(']')?.rsplit_once(" [")?;
    let mut about = About::default();
    for part in brackets.split(", ") {
        match part.split_once(' ') {
            Some(("session", session)) => about.session = session,
            Some(("user", user)) => about.user = Some(user),
            Some(("client", client)) => about.client = client.parse().ok(),
            Some(("relay", relay)) => about.relay = relay.parse().ok(),
            _ if part == "UDP" => about.transport = Some(CandidateTransport::Udp),
            _ if matches!(part, "TCP" | "TLS" | "TCP|TLS") => about.transport = Some(CandidateTransport::Tcp),
            _ => {}
        }
    }
    (!about.session.is_empty()).then_some((text, about))
}

/// Requests that are refused, by the text of their line: what was asked, whether with a user name, and the code.
const REFUSED: &[(&str, RelayRequest, bool, u16)] = &[
    ("Rejecting request: Missing realm and nonce", RelayRequest::Allocate, false, 401),
    ("Rejecting request: Credentials provided for anonymous", RelayRequest::Allocate, true, 401),
    ("Rejecting request: Method not allowed", RelayRequest::Allocate, true, 405),
    ("Rejecting malformed request", RelayRequest::Allocate, false, 400),
    ("Cannot start TURN session", RelayRequest::Allocate, true, 500),
    ("Rejecting request: Nonexistent nonce", RelayRequest::Allocate, true, 438),
    ("Rejecting request: Stale nonce", RelayRequest::Refresh, true, 438),
    ("Rejecting request: credentials expired", RelayRequest::Allocate, true, 401),
    ("Failed long-term STUN/TURN authentication", RelayRequest::Allocate, true, 401),
    ("Rejecting request: Allocation quota reached", RelayRequest::Allocate, true, 486),
    ("Rejecting request: Allocation mismatch", RelayRequest::Refresh, true, 437),
    ("Rejecting allocation request: Relay already allocated", RelayRequest::Allocate, true, 437),
    ("Rejecting allocation request: unsupported transport", RelayRequest::Allocate, true, 442),
    ("Rejecting allocation request: no transport requested", RelayRequest::Allocate, true, 400),
    ("Rejecting allocation request: dont-fragment not supported", RelayRequest::Allocate, true, 420),
    ("Rejecting allocation request: unknown address family", RelayRequest::Allocate, true, 440),
    ("Rejecting allocation request: IPv6 not supported", RelayRequest::Allocate, true, 440),
    ("Rejecting allocation request: Client address is", RelayRequest::Allocate, true, 403),
    ("Rejecting TURN request: TURN is disabled", RelayRequest::Allocate, false, 405),
    ("Cannot allocate TURN relay", RelayRequest::Allocate, true, 508),
    ("Rejecting permission creation request: Forbidden", RelayRequest::Permission, true, 403),
    ("Rejecting permission creation request: Peer Address Family Mismatch", RelayRequest::Permission, true, 443),
    ("Rejecting permission creation request: Insufficient Capacity", RelayRequest::Permission, true, 508),
    ("Rejecting channel binding request: Forbidden", RelayRequest::Channel, true, 403),
    ("Rejecting channel binding request: Peer Address Family Mismatch", RelayRequest::Channel, true, 443),
    ("Rejecting channel binding request: Insufficient Capacity", RelayRequest::Channel, true, 508),
    ("Rejecting channel binding request", RelayRequest::Channel, true, 400),
    ("Rejecting refresh request", RelayRequest::Refresh, true, 443),
];

/// Why logins of sessions are refused that are told next, by their session.
type Whys = BTreeMap<String, &'static str>;

/// What eturnal says of a login before it refuses it.
const WHYS: [(&str, &str); 2] = [
    ("Have no password for: ", "Cannot find credentials of the user"),
    ("Credentials expired: ", "credentials expired"),
];

/// More than are ever open at once.
const MOST_WHYS: usize = 1000;

fn read_line(number: usize, line: &str, logged_ms: Option<u64>, whys: &mut Whys, steps: &mut Steps) {
    let time = logged_ms.or_else(|| time_ms(line));
    if line.contains("Specify a 'relay_ipv4_addr' to enable TURN") {
        return steps.trouble(number, time, ServerTrouble::NoRelayAddress);
    }
    if line.contains("Cannot accept TLS connection: option 'certfile'") {
        return steps.trouble(number, time, ServerTrouble::TlsNotStarted);
    }
    let Some((text, about)) = about(line) else { return };
    if let Some((_, why)) = WHYS.iter().find(|(words, _)| text.contains(words)) {
        if whys.len() < MOST_WHYS {
            whys.insert(about.session.to_owned(), why);
        }
        return;
    }
    let base = RelayStep {
        client: about.client,
        relayed: about.relay,
        transport: about.transport,
        user: about.user.map(shown),
        authenticated: about.user.is_some(),
        ..RelayStep::new(RelayRequest::Allocate, RelayOutcome::Granted)
    };
    let refused = REFUSED.iter().find(|(words, ..)| text.contains(words));
    let step = if let Some((words, step, authenticated, code)) = refused {
        let why = if *code == 401 { whys.remove(about.session) } else { None };
        let told = text.split_once(words).map(|(_, rest)| rest).unwrap_or_default();
        let told = format!("{}{told}", words.rsplit(": ").next().unwrap_or(words));
        // With an address in it, it would be another one for each peer.
        let reason = why.map_or_else(|| shown(told.split(" (").next().unwrap_or_default()), str::to_owned);
        let outcome = RelayOutcome::Refused { code: *code, reason };
        RelayStep { step: *step, outcome, authenticated: *authenticated, ..base }
    } else if let Some((_, rest)) = text.split_once("Creating TURN allocation") {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
        RelayStep { lifetime_s: digits.and_then(|digits| digits.parse().ok()), ..base }
    } else if let Some((_, peer)) = text.split_once("Creating TURN permission for ") {
        let peer = peer.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|peer| SocketAddr::new(peer, 0));
        RelayStep { step: RelayRequest::Permission, peer, ..base }
    } else if let Some((_, peer)) =
        text.split_once("Binding TURN channel ").and_then(|(_, rest)| rest.split_once(" for peer "))
    {
        RelayStep { step: RelayRequest::Channel, peer: peer.parse().ok(), ..base }
    } else if text.contains("Deleting TURN allocation") || text.contains("Client requested closing the TURN session") {
        let reason = if text.contains("Client") { "given back by the client" } else { "deleted" };
        RelayStep { step: RelayRequest::Refresh, outcome: RelayOutcome::Ended { reason: reason.to_owned() }, ..base }
    } else if let Some((_, counts)) = text.split_once("Relayed ") {
        let packets = |begin: &str| {
            let (_, rest) = counts.split_once(begin)?;
            rest.split_once("/ ")?.1.split_whitespace().next()?.parse().ok()
        };
        let told =
            RelayedPackets { from_peers: packets("(in "), to_peers: packets(", out "), ..RelayedPackets::default() };
        steps.client(about.session, about.client, None);
        return steps.packets(number, time, about.session, &told);
    } else {
        return;
    };
    steps.push(number, time, about.session, step);
}
