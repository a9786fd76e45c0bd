//! Events put together, with everything from outside escaped on its way in.

use super::reading::{ReadError, Reading};
use crate::explain::event::{self, Event, Party, StateOf, What};
use crate::explain::format::Format;
use crate::wire::candidate::{CandidateAddress, ListedCandidate};
use crate::wire::sdp::{self, Setup};
use crate::wire::{self, escape};

/// The longest text of others that is repeated.
const LONGEST: usize = 200;

/// The most events that are kept: nobody reads more, and a file of nothing but candidates would take many times its size.
const MOST_EVENTS: usize = 200_000;

/// What was read until now.
#[derive(Debug, Default)]
pub(super) struct Builder {
    events: Vec<Event>,
    connections: Vec<String>,
    /// To which of them events are added.
    current: usize,
    notes: Vec<String>,
    left_out: u64,
    /// The camera or microphone that was refused last, unless one was granted after it: where, when and in which words.
    refused: Option<(String, Option<u64>, String)>,
    /// Whether the file ends in the middle.
    cut: bool,
}

impl Builder {
    /// Begins a connection, and gives its number.
    pub(super) fn connection(&mut self, name: &str) -> usize {
        self.connections.push(shown(name));
        self.current = self.connections.len() - 1;
        self.current
    }

    /// A connection whose name begins with that word.
    pub(super) fn known(&self, word: &str) -> Option<usize> {
        self.connections.iter().position(|name| name.split(' ').next() == Some(word))
    }

    /// Whether something of that kind was told of a connection.
    pub(super) fn has(&self, connection: usize, fits: fn(&What) -> bool) -> bool {
        self.events.iter().any(|event| event.connection == connection && fits(&event.what))
    }

    /// Goes on with a connection that was begun before.
    pub(super) fn select(&mut self, connection: usize) {
        self.current = connection;
    }

    /// Adds an event to the connection that was begun or selected last.
    pub(super) fn push(&mut self, party: Party, place: &str, time_ms: Option<u64>, what: What) {
        if self.events.len() == MOST_EVENTS {
            self.left_out += 1;
            return;
        }
        let connection = self.current;
        self.events.push(Event { file: 0, connection, time_ms, party, place: shown(place), what });
    }

    /// The file ends in the middle: of the connection that is begun last something is missing.
    pub(super) fn cut_off(&mut self) {
        self.cut = true;
    }

    /// A camera or a microphone was refused, or granted.
    pub(super) fn device(&mut self, place: &str, time_ms: Option<u64>, refused: Option<String>) {
        self.refused = refused.map(|error| (place.to_owned(), time_ms, error));
    }

    /// Adds something to be said of the file.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// Adds a state; browsers of several ages write it as `"checking"`, `checking` and `ICEConnectionStateChecking`.
    pub(super) fn state(&mut self, of: StateOf, value: &str, place: &str, time_ms: Option<u64>) {
        let bare = value.trim().trim_matches('"');
        let bare = ["ICEConnectionState", "ICEGatheringState", "SignalingState"]
            .iter()
            .find_map(|prefix| bare.strip_prefix(prefix))
            .unwrap_or(bare);
        let value = match bare.to_ascii_lowercase().as_str() {
            "havelocaloffer" => "have-local-offer".to_owned(),
            "haveremoteoffer" => "have-remote-offer".to_owned(),
            other => shown(other),
        };
        self.push(Party::Here, place, time_ms, What::State { of, value });
    }

    /// Adds a candidate of a list.
    pub(super) fn candidate(
        &mut self,
        party: Party,
        listed: &ListedCandidate,
        url: Option<&str>,
        place: &str,
        time_ms: Option<u64>,
    ) {
        let belongs = &listed.belongs;
        let index = belongs.m_line_index.map(|index| index.to_string());
        let mut candidate = candidate(&listed.candidate, &belongs.mid.clone().or(index).unwrap_or_default());
        if candidate.ufrag.is_none() {
            candidate.ufrag = belongs.ufrag.as_deref().map(shown);
        }
        candidate.url = url.map(|url| shown(&wire::masked(url)));
        self.push(party, place, time_ms, What::Candidate(candidate));
    }

    /// Adds a description and the candidates in it.
    pub(super) fn description(
        &mut self,
        party: Party,
        description: &sdp::Description,
        place: &dyn Fn(u32) -> String,
        time_ms: Option<u64>,
    ) {
        let first = description.media.first().map_or(1, |media| media.line);
        self.push(party, &place(first), time_ms, What::Description(summary(description)));
        for (index, part) in description.parts().enumerate() {
            let media = index.checked_sub(1).and_then(|index| description.media.get(index));
            let mid = media.and_then(|media| media.mid.as_ref()).map(|mid| mid.value.clone());
            let section = mid.unwrap_or_else(|| index.saturating_sub(1).to_string());
            for placed in &part.candidates {
                let mut candidate = candidate(&placed.value, &section);
                if candidate.ufrag.is_none() {
                    candidate.ufrag = part.ufrag.as_ref().map(|ufrag| shown(&ufrag.value));
                }
                self.push(party, &place(placed.line), time_ms, What::Candidate(candidate));
            }
            if let Some(line) = part.end_of_candidates {
                self.push(party, &place(line), time_ms, What::EndOfCandidates);
            }
        }
        for error in &description.errors {
            self.note(format!("line {}: {}", error.line, error.value));
        }
    }

    /// What was read, where it is something.
    pub(super) fn finish(mut self, format: Format) -> Result<Reading, ReadError> {
        if self.cut && !self.events.is_empty() {
            self.current = self.connections.len().saturating_sub(1);
            self.push(Party::Here, "", None, What::CutOff);
        }
        // Whoever went on without a camera made a description, which some files leave out.
        let is_step = |what: &What| {
            matches!(what, What::Description(_) | What::Candidate(_) | What::Pair(_) | What::State { .. })
        };
        let began = self.events.iter().any(|event| is_step(&event.what));
        if let Some((place, time_ms, error)) = self.refused.take().filter(|_| !began) {
            self.current = 0;
            self.push(Party::Here, &place, time_ms, What::DeviceRefused { error });
        }
        // Of these an empty one says something too.
        let any = [
            Format::WebrtcInternals,
            Format::AboutWebrtc,
            Format::CoturnLog,
            Format::EturnalLog,
            Format::TurnserverConf,
        ];
        if self.events.is_empty() && !any.contains(&format) {
            return Err(ReadError::Nothing(format, self.notes));
        }
        if self.left_out > 0 {
            self.notes.push(format!("{} more events are left out: the file has too many", self.left_out));
        }
        if self.connections.is_empty() && !self.events.is_empty() {
            self.connections.push(String::new());
        }
        Ok(Reading { format, events: self.events, connections: self.connections, notes: self.notes })
    }
}

/// A text from outside as it may be repeated.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", escape(&text[..end])),
        None => escape(text),
    }
}

/// A candidate line as an event.
pub(super) fn candidate(line: &wire::Candidate, section: &str) -> event::Candidate {
    let name = match &line.address {
        CandidateAddress::Ip(_) => None,
        // What somebody wrote in its place says nothing of it.
        masked if masked.is_masked() => None,
        CandidateAddress::Name(name) => Some(shown(name)),
    };
    let reflexive = matches!(line.kind, wire::CandidateKind::Srflx | wire::CandidateKind::Prflx);
    let base = line.related.as_ref().filter(|_| reflexive && line.related_ip().is_some());
    event::Candidate {
        kind: line.kind,
        transport: line.transport,
        address: line.address.ip(),
        name,
        network: line.address.network(),
        port: line.port,
        priority: line.priority,
        foundation: shown(&line.foundation),
        base: base.map(|(address, port)| shown(&format!("{address} {port}"))),
        section: format!("{}/{}", shown(section), line.component),
        ufrag: line.extension("ufrag").map(shown),
        url: None,
    }
}

/// A candidate of a log that has only these of it.
pub(super) fn made(protocol: &str, priority: &str, address: &str, port: &str, kind: &str) -> Option<event::Candidate> {
    let line = format!("candidate:0 1 {protocol} {priority} {address} {port} typ {kind}");
    let mut made = candidate(&line.parse::<wire::Candidate>().ok()?, "");
    made.foundation.clear();
    Some(made)
}

/// What rules want to know of a description.
fn summary(description: &sdp::Description) -> event::Description {
    let setup = |setup| match setup {
        Setup::Actpass => "actpass",
        Setup::Active => "active",
        Setup::Passive => "passive",
        Setup::Holdconn => "holdconn",
    };
    let mut ufrags: Vec<String> =
        description.parts().filter_map(|part| part.ufrag.as_ref()).map(|ufrag| shown(&ufrag.value)).collect();
    ufrags.dedup();
    let with_dtls = description.media.iter().filter(|media| media.port != 0 && media.protocol.contains("TLS"));
    // Of sections with one transport the first alone has to say it (RFC 9143 section 7.1.3); one that says nothing at all was cut off.
    let speaks_for_itself = |media: &sdp::Media| {
        let mid = media.mid.as_ref().map(|mid| mid.value.as_str());
        let follows = mid.is_some_and(|mid| description.bundle.iter().skip(1).any(|other| other == mid));
        let cut_off = media.mid.is_none() && media.ice.ufrag.is_none() && media.ice.setup.is_none();
        !follows && !cut_off
    };
    let has_fingerprint =
        |media: &sdp::Media| !media.ice.fingerprints.is_empty() || !description.session.fingerprints.is_empty();
    let of_sections = |media: &sdp::Media| {
        let own = description.of(media, |ice| ice.setup.as_ref());
        own.map(|placed| setup(placed.value).to_owned())
    };
    event::Description {
        kind: description.kind,
        ufrags,
        lite: description.parts().any(|part| part.lite.is_some()),
        mismatch: description.parts().any(|part| part.mismatch.is_some()),
        setup: description.media.iter().filter(|media| media.port != 0).filter_map(of_sections).collect(),
        fingerprints: !description.whole || with_dtls.filter(|media| speaks_for_itself(media)).all(has_fingerprint),
        sections: description.media.len(),
        refused: description.media.iter().filter(|media| media.port == 0).count(),
        candidates: description.candidates().count(),
        trickle: description.parts().any(|part| part.options.iter().any(|option| option == "trickle")),
    }
}
