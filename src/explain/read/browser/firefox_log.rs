//! The log of Firefox' ICE, as about:webrtc shows it and as `MOZ_LOG` and `R_LOG` print it: the story of each pair. What servers answered
//! is read beside.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::firefox_servers::{Servers, made, socket};
use crate::explain::event::{Candidate, Pair, Party, StateOf, What};
use crate::explain::read::build::{Builder, candidate, shown};
use crate::wire::{self, CandidateKind};

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

/// What entries of the log begin with, those that tell something; a pair's name stands within entries too.
const BEGINNINGS: [&str; 9] =
    ["(ice/", "(stun/", "(turn/", "ICE(", "ICE-PEER(", "ICE-STREAM(", "ICE-CANDIDATE(", "STUN-CLIENT(", "TURN("];

/// What a line of a text has of the log: where line breaks were lost, or a list was printed, many entries stand in one.
pub(crate) fn entries(line: &str) -> impl Iterator<Item = &str> {
    let first = |at: &usize| line[..*at].ends_with(|before: char| before.is_whitespace() || before == '"');
    let mut starts: Vec<usize> =
        BEGINNINGS.iter().flat_map(|word| line.match_indices(word)).map(|(at, _)| at).collect();
    starts.retain(first);
    starts.sort_unstable();
    starts.insert(0, 0);
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([line.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| line[start..end].trim_end_matches([' ', ',', '"', ']']))
}

/// Reads the lines with their places.
pub(crate) fn read<'a>(lines: impl Iterator<Item = (&'a str, String)>, builder: &mut Builder) {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let mut current = String::new();
    let mut servers = Servers::default();
    for (line, place) in lines {
        if let Some(name) = connection(line) {
            name.clone_into(&mut current);
            if !stories.contains_key(name) && stories.len() < MOST_CONNECTIONS {
                let number = builder.known(name).unwrap_or_else(|| builder.connection(name));
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
        servers.line(line, &place, stories.get(&current).map_or(0, |story| story.number));
    }
    let of_pairs = |story: &Story| -> Vec<(SocketAddr, usize)> {
        let local = |(pair, _): &(Pair, String)| pair.local.as_ref().and_then(|it| Some((it.address?, it.port)));
        story.pairs.values().filter_map(local).map(|(ip, port)| (SocketAddr::new(ip, port), story.number)).collect()
    };
    let owners: BTreeMap<SocketAddr, usize> = stories.values().flat_map(of_pairs).collect();
    servers.finish(|client| owners.get(&client).copied(), builder);
    for story in stories.values() {
        // Where a report is drawn beside, it tells of the same pairs.
        if builder.has(story.number, |what| matches!(what, What::Pair(_))) {
            continue;
        }
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

fn candidate_once(story: &mut Story, party: Party, candidate: Candidate, place: &str, builder: &mut Builder) {
    let known = |(whose, known): &(Party, Candidate)| *whose == party && *known == candidate;
    if story.told.len() < MOST_PAIRS && !story.told.iter().take(100).any(known) {
        builder.push(party, place, None, What::Candidate(candidate.clone()));
        story.told.push((party, candidate));
    }
}
