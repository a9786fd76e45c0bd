//! One connection, as rules look at it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::event::{Candidate, Configuration, Description, Event, GatheringError, Media, Pair, Party, StateOf, What};
use super::format::Format;
use super::traffic::{Checks, Dtls, RelayStep};
use crate::wire::candidate::{CandidateKind, CandidateTransport};

/// The events of one connection.
pub(super) struct Connection<'a> {
    /// Which.
    pub(super) number: usize,
    /// What the file is.
    pub(super) format: Format,
    /// Everything that happened.
    pub(super) events: Vec<&'a Event>,
    here: Vec<Placed<'a>>,
    there: Vec<Placed<'a>>,
}

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The file does not tell.
    Untold,
    /// Nothing was tried.
    New,
    /// It was still being tried.
    Checking,
    /// Packets go both ways and the transport is secure.
    Connected,
    /// It was connected and is not any more.
    Lost,
    /// It never came about.
    Failed,
}

/// A candidate and its place.
pub(super) type Placed<'a> = (&'a Candidate, &'a str);

impl<'a> Connection<'a> {
    fn find<T: 'a>(&self, pick: fn(&'a What) -> Option<&'a T>) -> impl Iterator<Item = (&'a Event, &'a T)> {
        self.events.clone().into_iter().filter_map(move |event| Some((event, pick(&event.what)?)))
    }

    /// Puts the events of one connection together.
    pub(super) fn new(number: usize, format: Format, events: Vec<&'a Event>) -> Self {
        let mut connection = Self { number, format, events, here: Vec::new(), there: Vec::new() };
        connection.here = connection.distinct(Party::Here);
        connection.there = connection.distinct(Party::There);
        connection
    }

    /// Candidates of one end, each once: the statistics repeat what was signaled.
    fn distinct(&self, party: Party) -> Vec<Placed<'a>> {
        let all = self.find(|what| match what {
            What::Candidate(candidate) => Some(candidate),
            _ => None,
        });
        let mut found: Vec<Placed<'a>> = Vec::new();
        let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (event, candidate) in all.filter(|(event, _)| event.party == party) {
            let known = alike.entry((candidate.kind, candidate.transport, candidate.port)).or_default();
            // Nobody has many on one port: of those who pretend to, enough are compared.
            match known.iter().take(16).find(|index| is_same(found[**index].0, candidate)) {
                // The one that tells more.
                Some(index) if found[*index].0.base.is_none() && candidate.base.is_some() => {
                    found[*index] = (candidate, &event.place);
                }
                Some(_) => {}
                None => {
                    known.push(found.len());
                    found.push((candidate, &event.place));
                }
            }
        }
        found
    }

    /// Candidates of one end.
    pub(super) fn candidates(&self, party: Party) -> &[Placed<'a>] {
        match party {
            Party::Here => &self.here,
            Party::There => &self.there,
        }
    }

    /// Candidates of one kind over UDP.
    pub(super) fn of_kind(&self, party: Party, kind: CandidateKind) -> Vec<Placed<'a>> {
        let fits = |one: &&Placed<'a>| one.0.kind == kind && one.0.transport == CandidateTransport::Udp;
        self.candidates(party).iter().filter(fits).copied().collect()
    }

    /// Whether an end has a relayed candidate.
    pub(super) fn has_relay(&self, party: Party) -> bool {
        self.candidates(party).iter().any(|(candidate, _)| candidate.kind == CandidateKind::Relay)
    }

    /// Pairs, where there are statistics.
    pub(super) fn pairs(&self) -> Vec<(&'a Event, &'a Pair)> {
        let pick = |what: &'a What| match what {
            What::Pair(pair) => Some(&**pair),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// The streams that the statistics count.
    pub(super) fn media(&self) -> Vec<(&'a Event, &'a Media)> {
        let pick = |what: &'a What| match what {
            What::Media(media) => Some(media),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// The pair that was taken.
    pub(super) fn selected(&self) -> Option<&'a Pair> {
        let pairs = self.pairs();
        let by = |fits: fn(&Pair) -> bool| pairs.iter().map(|(_, pair)| *pair).find(|pair| fits(pair));
        by(|pair| pair.selected).or_else(|| by(|pair| pair.nominated && pair.state == "succeeded"))
    }

    /// Descriptions of one end.
    pub(super) fn descriptions(&self, party: Party) -> Vec<(&'a Event, &'a Description)> {
        let pick = |what: &'a What| match what {
            What::Description(description) => Some(description),
            _ => None,
        };
        self.find(pick).filter(|(event, _)| event.party == party).collect()
    }

    /// Errors of gathering.
    pub(super) fn gathering_errors(&self) -> Vec<(&'a Event, &'a GatheringError)> {
        let pick = |what: &'a What| match what {
            What::GatheringError(error) => Some(error),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// The configurations, in order.
    pub(super) fn configurations(&self) -> Vec<(&'a Event, &'a Configuration)> {
        let pick = |what: &'a What| match what {
            What::Configuration(configuration) => Some(configuration),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// The checks that a capture saw, by direction, user names and role.
    pub(super) fn checks(&self) -> Vec<(&'a Event, &'a Checks)> {
        let pick = |what: &'a What| match what {
            What::Checks(checks) => Some(&**checks),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// The messages of DTLS that a capture saw.
    pub(super) fn dtls(&self) -> Vec<(&'a Event, &'a Dtls)> {
        let pick = |what: &'a What| match what {
            What::Dtls(dtls) => Some(&**dtls),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// What was asked of TURN servers, and answered, as captures and logs saw it.
    pub(super) fn relay_steps(&self) -> Vec<(&'a Event, &'a RelayStep)> {
        let pick = |what: &'a What| match what {
            What::Relay(step) => Some(&**step),
            _ => None,
        };
        self.find(pick).collect()
    }

    /// Whether something of that kind happened.
    pub(super) fn first(&self, fits: fn(&What) -> bool) -> Option<&'a Event> {
        self.events.iter().copied().find(|event| fits(&event.what))
    }

    /// The states of one kind, in order.
    pub(super) fn states(&self, of: StateOf) -> Vec<(&'a Event, &'a str)> {
        let mut found = Vec::new();
        for event in &self.events {
            if let What::State { of: which, value } = &event.what
                && *which == of
            {
                found.push((*event, value.as_str()));
            }
        }
        found
    }

    /// The last state of one kind.
    pub(super) fn last(&self, of: StateOf) -> Option<&'a str> {
        self.states(of).last().map(|(_, value)| *value)
    }

    /// The last state of one kind before the application closed the connection.
    fn last_open(&self, of: StateOf) -> Option<&'a str> {
        self.states(of).iter().rev().map(|(_, value)| *value).find(|value| *value != "closed")
    }

    /// How far it came. Of `disconnected`, which Chromium keeps after a failure, the connection state tells which it is.
    pub(super) fn progress(&self) -> Progress {
        let ended = if self.was_connected() { Progress::Lost } else { Progress::Failed };
        match (self.last_open(StateOf::Connection), self.last_open(StateOf::Ice)) {
            (Some("connected"), _) | (None, Some("connected" | "completed")) => return Progress::Connected,
            (Some("failed" | "disconnected"), _) | (None, Some("failed" | "disconnected")) => return ended,
            (Some("connecting"), _) | (_, Some("checking")) => return Progress::Checking,
            (Some("new"), _) | (None, Some("new")) => return Progress::New,
            _ => {}
        }
        let pairs = self.pairs();
        let any = |state: &str| pairs.iter().any(|(_, pair)| pair.state == state);
        let succeeded = any("succeeded");
        let closed = self.is_closed();
        match (self.last(StateOf::Dtls), self.last(StateOf::Transport)) {
            // The handshake of DTLS ended once, and the way is gone since.
            (Some("connected"), Some("disconnected" | "failed")) if !closed => Progress::Lost,
            (Some("connected"), _) => Progress::Connected,
            // A way that works is not secure before DTLS has ended.
            (Some("connecting"), Some("connected" | "completed")) => Progress::Checking,
            // Firefox closes the transport when ICE fails, and when the application closes the connection.
            (Some("failed"), _) | (_, Some("failed" | "closed")) if !closed || !succeeded => Progress::Failed,
            (_, Some("connected" | "completed")) => Progress::Connected,
            (_, Some("checking")) => Progress::Checking,
            // Statistics without transports: the pairs alone tell.
            _ if succeeded && self.selected().is_some() => Progress::Connected,
            _ if succeeded || any("in-progress") => Progress::Checking,
            _ if any("failed") => Progress::Failed,
            _ if self.states(StateOf::Signaling).is_empty() && pairs.is_empty() => Progress::Untold,
            _ => Progress::New,
        }
    }

    /// Whether everything that the file shows to be tried came to nothing. Of a capture that was taken between the two ends, the call may
    /// have come about on a way that does not pass there.
    pub(super) fn gave_up(&self) -> bool {
        let pairs = self.pairs();
        let is = |state: &str| pairs.iter().any(|(_, pair)| pair.state == state);
        let nowhere = is("failed") && !is("succeeded") && !is("in-progress");
        match self.progress() {
            Progress::Failed => true,
            Progress::Checking => self.format.is_capture() && nowhere,
            _ => false,
        }
    }

    /// Whether packets went both ways and the transport was secure. The ICE state alone says so in files of an age that knew no other:
    /// it waited for DTLS then.
    fn was_connected(&self) -> bool {
        let states = self.states(StateOf::Connection);
        let of_ice = || self.states(StateOf::Ice).iter().any(|(_, it)| matches!(*it, "connected" | "completed"));
        if states.is_empty() { of_ice() } else { states.iter().any(|(_, it)| *it == "connected") }
    }

    /// Since when ICE has had a way, where it has one still.
    pub(super) fn way_since(&self) -> Option<&'a Event> {
        let is_way = |state: &&str| matches!(*state, "connected" | "completed");
        let states = self.states(StateOf::Ice);
        states.last().filter(|(_, state)| is_way(state))?;
        states.iter().rev().take_while(|(_, state)| is_way(state)).last().map(|(event, _)| *event)
    }

    /// Whether it failed because no way was found, and not on the way that was found.
    pub(super) fn found_no_way(&self) -> bool {
        let had_way = self.states(StateOf::Ice).iter().any(|(_, it)| matches!(*it, "connected" | "completed"));
        let works = self.pairs().iter().any(|(_, pair)| pair.state == "succeeded");
        self.progress() == Progress::Failed && !had_way && !works
    }

    /// How many milliseconds passed after something, as far as the file goes.
    pub(super) fn after_ms(&self, event: &Event) -> u64 {
        let last = self.events.iter().filter_map(|event| event.time_ms).max();
        last.zip(event.time_ms).map_or(0, |(last, then)| last.saturating_sub(then))
    }

    /// Whether the file ends in its middle: what is missing may have been told.
    pub(super) fn is_cut(&self) -> bool {
        self.first(|what| matches!(what, What::CutOff)).is_some()
    }

    /// Whether the application closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.first(|what| matches!(what, What::Closed)).is_some()
    }

    /// Whether it ended without a failure: nothing came any more, and the application closed it.
    pub(super) fn ended_quietly(&self) -> bool {
        let failed = [StateOf::Connection, StateOf::Ice].iter().any(|of| self.last_open(*of) == Some("failed"));
        self.progress() == Progress::Lost && self.is_closed() && !failed
    }

    /// Whether the file follows the signaling: it has what was set and what was found, in order.
    pub(super) fn follows_signaling(&self) -> bool {
        self.format == Format::WebrtcInternals
    }

    /// Whether it has what a browser or an application saw, and not only what servers and captures did.
    pub(super) fn has_browser(&self) -> bool {
        !matches!(self.format, Format::CoturnLog | Format::EturnalLog | Format::Pcap | Format::Pcapng)
    }

    /// Whether every candidate of an end is there.
    pub(super) fn gathered(&self, party: Party) -> bool {
        let complete = party == Party::Here && self.last(StateOf::Gathering) == Some("complete");
        complete || self.events.iter().any(|event| event.party == party && event.what == What::EndOfCandidates)
    }

    /// Whether the file is what somebody pasted, and not what a browser saw.
    pub(super) fn is_pasted(&self) -> bool {
        matches!(self.format, Format::Sdp | Format::Candidates)
    }

    /// When the last thing happened, after the first.
    pub(super) fn lasted_ms(&self) -> u64 {
        let times = || self.events.iter().filter_map(|event| event.time_ms);
        times().max().unwrap_or_default().saturating_sub(times().min().unwrap_or_default())
    }
}

/// Whether two of one kind, transport and port tell of the same candidate. Statistics leave addresses and names out.
fn is_same(one: &Candidate, other: &Candidate) -> bool {
    let agrees = |a: Option<IpAddr>, b: Option<IpAddr>| a.is_none() || b.is_none() || a == b;
    let names = one.name.is_none() || other.name.is_none() || one.name == other.name;
    let sections = one.section == other.section
        || one.section.len() < 3
        || other.section.len() < 3
        || one.priority == other.priority;
    agrees(one.address, other.address) && names && sections && one.ufrag_agrees(other)
}

impl Candidate {
    fn ufrag_agrees(&self, other: &Self) -> bool {
        self.ufrag.is_none() || other.ufrag.is_none() || self.ufrag == other.ufrag
    }
}
