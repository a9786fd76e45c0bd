//! The log of libjuice, alone or as libdatachannel passes it on, with what that says of itself. On the level of information it tells states
//! and servers; on the most verbose one candidates and checks too. Passwords stand in it, and are not read.

use std::collections::BTreeMap;

use super::clock::Clock;
use super::juice_entries::Entries;
use crate::explain::event::{Configuration, Party, StateOf, What};
use crate::explain::format::is_of_juice;
use crate::explain::read::build::{Builder, candidate, shown};
use crate::wire;

pub(crate) fn read(text: &str, builder: &mut Builder) {
    let lines = || text.lines().zip(1..).filter(|(line, _)| is_of_juice(line));
    builder.connection("");
    // Lines do not say whose they are.
    let several = several(lines().map(|(line, _)| line));
    if several {
        builder.note(
            "several connections wrote into it, and no line tells whose it is: only what servers answered is told, and not what became of which call"
                .to_owned(),
        );
    }
    // libdatachannel tells the states of both.
    let (mut story, mut clock) =
        (Story { several, of_library: text.contains(ICE), ..Story::default() }, Clock::default());
    for (line, number) in lines() {
        let time_ms = clock.read(line);
        story.line(line, &format!("line {number}"), time_ms, builder);
    }
    story.finish(builder);
}

const ICE: &str = "Changed ICE state to ";

/// Whether several connections wrote the log: each begins once, and tells a state where it is another one.
fn several<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    const TOLD: [&str; 4] = [ICE, "Changed state to ", "Changed gathering state to ", "juice: Changing state to "];
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut created, mut again) = (0, false);
    for line in lines {
        created += usize::from(line.ends_with("Creating agent"));
        if let Some((told, (_, state))) = TOLD.iter().find_map(|told| Some((*told, line.split_once(told)?))) {
            // What is closed does not come back.
            again |= last.insert(told, state).is_some_and(|before| before == state || before == "closed");
        }
    }
    created > 1 || again
}

#[derive(Default)]
struct Story {
    several: bool,
    of_library: bool,
    /// The servers, where a line says that gathering was to begin: they are named before that.
    configuration: Configuration,
    configured: Option<(String, Option<u64>)>,
    /// Whether what carries data was closed by one of the ends.
    hung_up: bool,
    entries: Entries,
}

impl Story {
    fn line(&mut self, line: &str, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
        let after = |word: &str| line.split_once(word).map(|(_, rest)| rest.trim());
        for (word, scheme) in [("Using STUN server \"", "stun"), ("Using TURN server \"", "turn")] {
            if let Some(server) = after(word) {
                let url = shown(&format!("{scheme}:{}", server.trim_end_matches('"')));
                if self.configuration.urls.len() < MOST_SERVERS && !self.configuration.urls.contains(&url) {
                    self.configuration.urls.push(url);
                }
                self.configured.get_or_insert_with(|| (place.to_owned(), time_ms));
                return;
            }
        }
        if line.contains("Initializing ICE transport") {
            self.configured.get_or_insert_with(|| (place.to_owned(), time_ms));
            return;
        }
        if line.contains("SCTP disconnected") || line.contains("DTLS closed") {
            self.hung_up = true;
        }
        if self.several {
            self.entries.server(line, place, time_ms, builder);
            return;
        }
        if let Some(state) = after(ICE) {
            builder.state(StateOf::Ice, state, place, time_ms);
        } else if let Some(state) = after("Changed state to ") {
            // What was hung up is not lost.
            let state = if state == "disconnected" && self.hung_up { "closed" } else { state };
            if state == "closed" {
                builder.push(Party::Here, place, time_ms, What::Closed);
            }
            builder.state(StateOf::Connection, state, place, time_ms);
        } else if let Some(state) = after("Changed gathering state to ") {
            self.begin(builder);
            builder.state(StateOf::Gathering, state, place, time_ms);
        } else if let Some(state) = after("Changed signaling state to ") {
            builder.state(StateOf::Signaling, state, place, time_ms);
        } else if let Some(state) = after("Changing state to ").filter(|_| !self.of_library) {
            let state = if state == "connecting" { "checking" } else { state };
            if matches!(state, "checking" | "connected" | "completed" | "failed" | "disconnected") {
                builder.state(StateOf::Ice, state, place, time_ms);
            }
        } else if let Some((party, found)) = [("Gathered ", Party::Here), ("juice: Adding remote ", Party::There)]
            .iter()
            .chain([("Adding remote ", Party::There)].iter().filter(|_| !self.of_library))
            .find_map(|(word, party)| Some((*party, after(word)?)))
            && let Some((_, found)) = found.split_once("candidate: ")
            && let Ok(found) = found.parse::<wire::Candidate>()
        {
            let found = candidate(&found, "");
            self.entries.candidate(party, &found);
            builder.push(party, place, time_ms, What::Candidate(found));
        } else {
            self.entries.server(line, place, time_ms, builder);
            self.entries.check(line, place);
        }
    }

    /// The servers are named before gathering begins.
    fn begin(&mut self, builder: &mut Builder) {
        let Some((place, time_ms)) = self.configured.take() else { return };
        builder.push(Party::Here, &place, time_ms, What::Configuration(self.configuration.clone()));
    }

    fn finish(mut self, builder: &mut Builder) {
        if !self.several {
            self.begin(builder);
            self.entries.finish(builder);
        }
    }
}

/// The most servers that are named.
const MOST_SERVERS: usize = 50;
