//! A file explained: what it tells, what follows, and what it cannot tell.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::connection::{self, Progress};
use super::event::{Event, Party, What};
use super::finding::Finding;
use super::format::Format;
use super::read::Reading;
use super::{CauseCode, rules};
use crate::wire::CandidateKind;

/// A file explained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// `explain`.
    pub command: String,
    /// The version of nat-probe that explained it.
    pub version: String,
    /// What kind of file it is.
    pub format: Format,
    /// Whether a fault was found.
    pub outcome: Outcome,
    /// Its connections.
    pub connections: Vec<Connection>,
    /// Everything that follows, by connection; what hinders most comes first.
    pub findings: Vec<Finding>,
    /// Everything that it tells, in its order.
    pub events: Vec<Event>,
    /// What is to be said of the file itself. Escaped.
    pub notes: Vec<String>,
    /// What such a file cannot tell.
    pub cannot_tell: Vec<String>,
    /// Whether addresses are masked.
    pub redacted: bool,
}

/// One connection of a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Connection {
    /// What the file calls it. Escaped.
    pub name: String,
    /// How far it came: `untold`, `new`, `checking`, `connected`, `lost`, `failed`.
    pub progress: String,
    /// What became of it, in a sentence. Escaped.
    pub sentence: String,
}

/// What a script learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something in it hinders a connection.
    FaultFound,
    /// Nothing in it does.
    NothingWrong,
    /// What it has does not suffice to tell.
    CouldNotTell,
}

/// Explains what was read.
#[must_use]
pub fn explain(reading: Reading) -> Explanation {
    let (mut connections, mut findings, mut any_connected) = (Vec::new(), Vec::new(), false);
    // Each event belongs to one of them: they are dealt out once.
    let mut dealt: Vec<Vec<&Event>> = reading.connections.iter().map(|_| Vec::new()).collect();
    for event in &reading.events {
        if let Some(events) = dealt.get_mut(event.connection) {
            events.push(event);
        }
    }
    for (number, (name, events)) in reading.connections.iter().zip(dealt).enumerate() {
        let seen = connection::Connection::new(number, reading.format, events);
        let found = rules::apply(&seen);
        any_connected |= seen.progress() == Progress::Connected;
        connections.push(Connection {
            name: name.clone(),
            progress: word(seen.progress()).to_owned(),
            sentence: sentence(&seen, &found),
        });
        findings.extend(found);
    }
    let alone =
        matches!(reading.format, Format::Sdp | Format::Candidates | Format::IceServers | Format::CandidateErrors);
    let outcome = if findings.iter().any(|finding| finding.fault) {
        Outcome::FaultFound
    } else if any_connected || alone {
        Outcome::NothingWrong
    } else {
        Outcome::CouldNotTell
    };
    Explanation {
        command: "explain".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        format: reading.format,
        outcome,
        connections,
        findings,
        events: reading.events,
        notes: reading.notes,
        cannot_tell: cannot_tell(reading.format).iter().map(|&text| text.to_owned()).collect(),
        redacted: false,
    }
}

fn word(progress: Progress) -> &'static str {
    match progress {
        Progress::Untold => "untold",
        Progress::New => "new",
        Progress::Checking => "checking",
        Progress::Connected => "connected",
        Progress::Lost => "lost",
        Progress::Failed => "failed",
    }
}

/// What became of a connection.
fn sentence(connection: &connection::Connection, findings: &[Finding]) -> String {
    let cause = findings.iter().find(|finding| finding.fault);
    let has = |code| findings.iter().any(|finding| finding.code == code && finding.fault && cause != Some(finding));
    let why = cause.map(|finding| {
        let sure = match finding.certainty {
            super::Certainty::Certain => "",
            super::Certainty::Likely => "likely, ",
            super::Certainty::Possible => "possibly, ",
        };
        let mut text = format!("{sure}{}", finding.text);
        for (code, whose) in [(CauseCode::MappingDependsHere, "this"), (CauseCode::MappingDependsThere, "the other")] {
            if let Some(mapping) = findings.iter().find(|finding| finding.code == code && has(code)) {
                let sure = if mapping.certainty == super::Certainty::Certain { "" } else { "likely, " };
                text = format!("{text}; {sure}the NAT of {whose} end gives each destination another port");
            }
        }
        if has(CauseCode::NoTurnConfigured) {
            text.push_str("; and no TURN server was configured");
        }
        text
    });
    match (connection.progress(), why) {
        (Progress::Connected, _) => format!("It connected{}.", way(connection)),
        (Progress::Lost, _) => "It connected, and the connection was lost.".to_owned(),
        (Progress::Failed, Some(why)) => format!("It never connected: {why}."),
        (Progress::Failed, None) => "It never connected, and the file does not tell why.".to_owned(),
        (Progress::Checking, Some(why)) => format!("It was still being tried: {why}."),
        (Progress::Checking, None) => "It was still being tried when the file was written.".to_owned(),
        (Progress::New, Some(why)) => format!("It never began: {why}."),
        (Progress::New, None) => "It had not begun when the file was written.".to_owned(),
        (Progress::Untold, Some(why)) => format!("{}.", capital(&why)),
        (Progress::Untold, None) => described(connection),
    }
}

/// By what pair.
fn way(connection: &connection::Connection) -> String {
    let Some(pair) = connection.selected() else { return String::new() };
    let kind = |candidate: &Option<super::event::Candidate>| candidate.as_ref().map(|candidate| candidate.kind);
    match (kind(&pair.local), kind(&pair.remote)) {
        (Some(CandidateKind::Relay), Some(CandidateKind::Relay)) => ", through a relay on each side".to_owned(),
        (Some(CandidateKind::Relay), Some(_)) => ", through the relay of this end".to_owned(),
        (Some(_), Some(CandidateKind::Relay)) => ", through the relay of the other end".to_owned(),
        (Some(local), Some(remote)) => format!(", directly ({local} to {remote})"),
        _ => String::new(),
    }
}

/// What a list of candidates or a description has, where no call is told of.
fn described(connection: &connection::Connection) -> String {
    let count =
        |kind| connection.candidates(Party::Here).iter().filter(|(candidate, _)| candidate.kind == kind).count();
    let all = connection.candidates(Party::Here).len();
    if all == 0 {
        return "Nothing in it tells of a fault; it has no candidates, which come later (trickle ICE) or never."
            .to_owned();
    }
    let [host, srflx, relay] = [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Relay].map(count);
    format!(
        "Nothing in it tells of a fault: {all} candidates, {host} of the host, {srflx} server-reflexive, {relay} relayed."
    )
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().collect::<String>() + characters.as_str()).unwrap_or_default()
}

/// What files of a format cannot tell.
fn cannot_tell(format: Format) -> &'static [&'static str] {
    match format {
        Format::WebrtcInternals => &[
            "what happened before chrome://webrtc-internals was opened, and connections that were closed before the download",
            "whether TURN works, where the connection stood before gathering was done: gathering stops then",
            "what a TURN server refuses later (403, 438, 486): no event tells of it",
            "the other end: its own dump would",
        ],
        Format::AboutWebrtc => &[
            "how many checks were sent and how many came: Firefox does not count them",
            "what a TURN server refuses later (403, 438, 486): only the connection log tells of it",
            "the other end: its own report would",
        ],
        Format::Rtcstats => &[
            "what a TURN server refuses later (403, 438, 486): no event tells of it",
            "what happened before it was begun, and while nobody took statistics",
            "the other end: its own dump would",
        ],
        Format::FirefoxLog => &[
            "what servers saw of this end's addresses, and what was configured: \"Copy Report\" of about:webrtc does",
            "how many checks were sent and how many came",
            "what became of DTLS",
        ],
        Format::Pcap | Format::Pcapng => &[
            "what happened before it began, after it ended, and on networks that it was not taken on",
            "what is encrypted: TURN over TLS, and everything after the handshake of DTLS",
            "whether a packet that passed by arrived, unless it was taken there",
            "why the application did what it did: a dump of the browser would",
        ],
        Format::NatProbe => &["more than the run measured: nat-probe COMMAND --from FILE judges it again"],
        Format::GetStats => &[
            "what was configured, and which servers did not answer",
            "what happened before: statistics tell of the moment in which they were taken",
            "the other end: its own statistics would",
        ],
        Format::Sdp | Format::Candidates => &[
            "what became of it: whether checks were sent and answered",
            "candidates that came later (trickle ICE), and servers that did not answer",
        ],
        Format::IceServers => &["whether the servers work: nat-probe turn --ice-servers asks them"],
        _ => &["anything but that"],
    }
}

impl Explanation {
    /// Takes the names of pages and hosts out, each replaced by the same word everywhere. Addresses are masked when it is printed.
    pub fn redact(&mut self) {
        self.redacted = true;
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for (number, connection) in self.connections.iter_mut().enumerate() {
            connection.name = format!("{}", number + 1);
        }
        for event in &mut self.events {
            let mut all: Vec<&mut super::event::Candidate> = Vec::new();
            match &mut event.what {
                What::Candidate(candidate) => all.push(candidate),
                What::Pair(pair) => all.extend([&mut pair.local, &mut pair.remote].into_iter().flatten()),
                _ => {}
            }
            for name in all.into_iter().filter_map(|candidate| candidate.name.as_mut()) {
                let next = names.len() + 1;
                let place = *names.entry(name.clone()).or_insert(next);
                *name = format!("host-{place}.local");
            }
        }
    }
}
