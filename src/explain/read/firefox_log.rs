//! The log of Firefox' ICE, as about:webrtc shows it and as `MOZ_LOG` and `R_LOG` print it: the story of each pair, and what servers
//! answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::build::{Builder, candidate, shown};
use crate::explain::event::{Candidate, GatheringError, Pair, Party, StateOf, What};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire::{self, CandidateKind, CandidateTransport};

/// The most connections that are told apart: each line is looked up among them.
const MOST_CONNECTIONS: usize = 200;
/// The most pairs of a connection that are told.
const MOST_PAIRS: usize = 2_000;

/// What the log tells of a connection.
#[derive(Default)]
struct Story {
    number: usize,
    /// Pairs by their names, with the place of their last change.
    pairs: BTreeMap<String, (Pair, String)>,
    /// Their order.
    order: Vec<String>,
    /// Candidates that were told.
    told: Vec<(Party, Candidate)>,
}

/// Reads the lines with their places.
pub(super) fn read<'a>(lines: impl Iterator<Item = (&'a str, String)>, builder: &mut Builder) {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let mut current = String::new();
    let mut refused: BTreeMap<String, (u16, String)> = BTreeMap::new();
    for (line, place) in lines {
        if let Some(name) = connection(line) {
            name.clone_into(&mut current);
            if !stories.contains_key(name) && stories.len() < MOST_CONNECTIONS {
                let number = builder.connection(name);
                stories.insert(name.to_owned(), Story { number, ..Story::default() });
            }
        } else if let Some(pair) = pair_name(line)
            && let Some((name, _)) = stories.iter().find(|(_, story)| story.pairs.contains_key(pair))
        {
            name.clone_into(&mut current);
        }
        if let Some(story) = stories.get_mut(&current) {
            builder.select(story.number);
            told(story, line, &place, builder);
        }
        server(line, &place, &mut refused, builder);
    }
    for story in stories.values() {
        builder.select(story.number);
        for name in &story.order {
            if let Some((pair, place)) = story.pairs.get(name) {
                builder.push(Party::Here, place, None, What::Pair(Box::new(pair.clone())));
            }
        }
    }
}

/// The connection that a line is about: `ICE(PC:{uuid} ...)`.
fn connection(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("(PC:")?;
    let name = rest.split([' ', ')']).next()?;
    Some(name.strip_suffix(":default").unwrap_or(name))
}

/// The pair whose check a line is about: `STUN-CLIENT(3/6q|IP4:...|IP4:...(...)): Timed out`.
fn pair_name(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("STUN-CLIENT(")?;
    rest.split_once('|').map(|(name, _)| name).filter(|name| !name.contains('('))
}

/// `IP4:10.1.1.2:35930/UDP`, `IP6:[2001:db8::1]:5/TCP`.
fn socket(text: &str) -> Option<(SocketAddr, CandidateTransport)> {
    let (_, rest) = text.split_once(':')?;
    let (address, transport) = rest.split_once('/')?;
    let transport = if transport.starts_with("TCP") { CandidateTransport::Tcp } else { CandidateTransport::Udp };
    let address = address.parse().ok().or_else(|| {
        let (ip, port) = address.rsplit_once(':')?;
        Some(SocketAddr::new(ip.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
    })?;
    Some((address, transport))
}

/// What a line says of the connection.
fn told(story: &mut Story, line: &str, place: &str, builder: &mut Builder) {
    if let Some((_, rest)) = line.split_once("setting pair to state ") {
        let Some((state, pair)) = rest.split_once(": ") else { return };
        paired(story, pair, state, place, builder);
    } else if let Some((_, name)) = line.split_once("nominated pair is ") {
        let name = name.split('|').next().unwrap_or_default();
        if let Some((pair, _)) = story.pairs.get_mut(name) {
            (pair.nominated, pair.selected) = (true, true);
        }
    } else if let Some((_, rest)) = line.split_once("/CAND(")
        && let Some((_, described)) = rest.split_once("): ")
        && described.starts_with("candidate:")
    {
        if let Ok(read) = described.parse::<wire::Candidate>() {
            candidate_once(story, Party::There, candidate(&read, ""), place, builder);
        }
    } else if line.contains(" is now checking") {
        builder.state(StateOf::Ice, "checking", place, None);
    } else if line.contains("All candidates initialized") {
        builder.state(StateOf::Gathering, "complete", place, None);
    } else if let Some((_, rest)) = line.split_once("all checks completed success=") {
        let connected = !rest.starts_with('0');
        builder.state(StateOf::Ice, if connected { "connected" } else { "failed" }, place, None);
    }
}

/// `id|local|remote(local candidate|remote candidate)`.
fn paired(story: &mut Story, text: &str, state: &str, place: &str, builder: &mut Builder) {
    let mut parts = text.splitn(3, '|');
    let (Some(name), Some(local), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return };
    let Some((remote, described)) = rest.split_once('(') else { return };
    let (Some((local, carried)), Some((remote, _))) = (socket(local), socket(remote)) else { return };
    let state = shown(&state.to_ascii_lowercase().replace('_', "-"));
    if let Some((pair, at)) = story.pairs.get_mut(name) {
        (pair.state, *at) = (state, place.to_owned());
        return;
    }
    if story.order.len() >= MOST_PAIRS {
        return;
    }
    // The first candidate's brackets hold its base and server, and bars of their own.
    let first = described.split('(').next().unwrap_or_default();
    let kind = match first.split('|').next().unwrap_or_default() {
        "srflx" => CandidateKind::Srflx,
        "prflx" => CandidateKind::Prflx,
        "turn-relay" | "relay" => CandidateKind::Relay,
        _ => CandidateKind::Host,
    };
    // Checks leave from the base: of a reflexive one the log does not tell the address.
    let mine = made(if kind == CandidateKind::Relay { kind } else { CandidateKind::Host }, local, carried);
    let line = described.find("candidate:").map(|at| described[at..].trim_end_matches(')'));
    let read = line.and_then(|line| line.parse::<wire::Candidate>().ok());
    let other = read.map_or_else(|| made(CandidateKind::Prflx, remote, carried), |read| candidate(&read, ""));
    candidate_once(story, Party::Here, mine.clone(), place, builder);
    candidate_once(story, Party::There, other.clone(), place, builder);
    let pair = Pair {
        local: Some(mine),
        remote: Some(other),
        state,
        selected: false,
        nominated: false,
        requests_sent: None,
        requests_received: None,
        responses_received: None,
        bytes_received: None,
    };
    story.order.push(name.to_owned());
    story.pairs.insert(name.to_owned(), (pair, place.to_owned()));
}

fn made(kind: CandidateKind, socket: SocketAddr, transport: CandidateTransport) -> Candidate {
    Candidate {
        kind,
        transport,
        address: Some(socket.ip()),
        name: None,
        port: socket.port(),
        priority: 0,
        base: None,
        section: "/1".to_owned(),
        ufrag: None,
        url: None,
        foundation: String::new(),
    }
}

fn candidate_once(story: &mut Story, party: Party, candidate: Candidate, place: &str, builder: &mut Builder) {
    let known = |(whose, known): &(Party, Candidate)| *whose == party && *known == candidate;
    if story.told.len() < MOST_PAIRS && !story.told.iter().take(100).any(known) {
        builder.push(party, place, None, What::Candidate(candidate.clone()));
        story.told.push((party, candidate));
    }
}

/// What a line says of a STUN or TURN server: `STUN-CLIENT(relay(IP4:client/UDP|IP4:server/UDP)::TURN): ...`.
fn server(line: &str, place: &str, refused: &mut BTreeMap<String, (u16, String)>, builder: &mut Builder) {
    let Some((kind, inner, said)) = asked(line) else { return };
    let Some((client, server)) = inner.split_once('|') else { return };
    let (Some((client, transport)), Some((server, _))) = (socket(client), socket(server)) else { return };
    let is_turn = kind == "relay";
    let step = |request, outcome| {
        let mut step = RelayStep::new(request, outcome);
        (step.client, step.server, step.transport) = (Some(client), Some(server), Some(transport));
        step
    };
    let asked = if is_turn { RelayRequest::Allocate } else { RelayRequest::Binding };
    let mut tell = |step: RelayStep| builder.push(Party::Here, place, None, What::Relay(Box::new(step)));
    if let Some((_, peer)) = said.split_once("Creating permission for ") {
        let mut step = step(RelayRequest::Permission, RelayOutcome::Unanswered);
        step.peer = socket(peer.trim()).map(|(peer, _)| peer);
        tell(step);
    } else if let Some((_, code)) = said.split_once("stun error code ") {
        let code = code.trim_end_matches(['.', ' ']).parse().unwrap_or_default();
        // The first request has no credentials; that it is refused is how it learns the realm.
        refused.insert(inner.to_owned(), (code, said.to_owned()));
        tell(step(asked, RelayOutcome::Refused { code, reason: String::new() }));
    } else if said.contains("Exceeded the number of retries") {
        let (code, _) = refused.get(inner).cloned().unwrap_or((401, String::new()));
        let mut step = step(asked, RelayOutcome::Refused { code, reason: String::new() });
        step.authenticated = true;
        tell(step);
        let carried = if transport == CandidateTransport::Tcp { "?transport=tcp" } else { "" };
        let error = GatheringError { url: format!("turn:{server}{carried}"), code, text: shown(said.trim()) };
        builder.push(Party::Here, place, None, What::GatheringError(error));
    } else if said.contains("Timed out") {
        tell(step(asked, RelayOutcome::Unanswered));
    } else if said.contains("Received response; processing") && !is_turn {
        tell(step(asked, RelayOutcome::Granted));
    }
}

/// Which server was asked, from where, and what is said of it.
fn asked(line: &str) -> Option<(&str, &str, &str)> {
    let rest = ["STUN-CLIENT(", "TURN("].iter().find_map(|word| line.split_once(word)).map(|(_, rest)| rest)?;
    let kind = ["srflx", "relay"].into_iter().find(|kind| rest.starts_with(kind))?;
    let inner = rest.strip_prefix(kind)?.strip_prefix('(')?;
    let (inner, rest) = inner.split_once(')')?;
    Some((kind, inner, rest.split_once(": ").map_or(rest, |(_, said)| said)))
}
