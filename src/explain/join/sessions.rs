//! Whose the sessions of a server are that its log tells of: by their sockets, and what those leave open by time and address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::known::Known;
use crate::explain::event::{Event, Party, What};
use crate::explain::traffic::RelayStep;
use crate::wire::Scope;

/// So far apart what one end does at once may be: UDP and TCP are tried together, and a server that is silent for a while is asked again.
const AT_ONCE_MS: u64 = 5_000;
/// So far apart the clocks of two hosts are taken to be at most.
const CLOCKS_MS: u64 = 3_000;
/// Times after this are dates; before, they are counted from some beginning.
const DATES_MS: u64 = 1_000_000_000_000;

/// The session of a server that an event is about.
pub(super) fn session_of(what: &What) -> Option<String> {
    let known = |session: &Option<String>, client: Option<SocketAddr>| {
        session.clone().or_else(|| client.map(|client| client.to_string()))
    };
    match what {
        What::Relay(step) => known(&step.session, step.client),
        What::Relayed(packets) => known(&packets.session, packets.client),
        _ => None,
    }
}

/// The connection that something is of, and which of its ends did it, where that is told.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) part: usize,
    pub(super) party: Option<Party>,
}

/// The sessions of a log with whose they are.
#[derive(Default)]
pub(super) struct Sessions {
    known: BTreeMap<String, Owner>,
    /// How many of them are known by nothing but time and address.
    pub(super) by_time: usize,
}

/// What a log tells of a session.
#[derive(Default)]
struct Told {
    client: Option<SocketAddr>,
    user: Option<String>,
    first_ms: Option<u64>,
    /// Whether its login was refused.
    refused: bool,
}

/// A step of a session or what it relayed.
fn client_of(what: &What) -> Option<SocketAddr> {
    match what {
        What::Relay(step) => step.client,
        What::Relayed(packets) => packets.client,
        _ => None,
    }
}

impl Sessions {
    /// What gives a session away least doubtfully comes first: its relayed address, then the client's as the server saw it, of either end;
    /// then the port, where its host's address is hidden or a refusal was told with it.
    pub(super) fn of(events: &[Event], known: &Known) -> Self {
        let mut found = Self::default();
        for (side, party) in [(0, Party::Here), (1, Party::There)] {
            for relayed in [true, false] {
                for event in events {
                    let Some(session) = session_of(&event.what) else { continue };
                    let sockets = match &event.what {
                        What::Relay(step) if relayed => [step.relayed, None],
                        What::Relay(step) => [step.mapped, step.client],
                        What::Relayed(packets) if relayed => [packets.relayed, None],
                        What::Relayed(packets) => [packets.client, None],
                        _ => continue,
                    };
                    if let Some(part) = sockets.iter().flatten().find_map(|socket| known.at(side, socket)) {
                        let party = (side == 1).then_some(party);
                        found.known.entry(session).or_insert(Owner { part, party });
                    }
                }
            }
        }
        found.by_port(events, known);
        let told = told(events);
        found.by_host(&told, known);
        found.by_address_and_time(&told, known);
        found.by_refusal(&told, known);
        found
    }

    /// Whose that session is.
    pub(super) fn owner(&self, session: &str) -> Option<Owner> {
        self.known.get(session).copied()
    }

    fn by_port(&mut self, events: &[Event], known: &Known) {
        for event in events {
            let (Some(session), Some(client)) = (session_of(&event.what), client_of(&event.what)) else { continue };
            let refused = matches!(&event.what, What::Relay(step) if step.code().is_some());
            let part = known.hidden(&client).or_else(|| known.refused(client.port()).filter(|_| refused));
            if let Some(part) = part {
                self.known.entry(session).or_insert(Owner { part, party: None });
            }
        }
    }

    /// What else comes from the same host of a private network, as far as no other connection is there, and about then where times tell: the
    /// host may have called before.
    fn by_host(&mut self, told: &BTreeMap<String, Told>, known: &Known) {
        let is_private = |ip: IpAddr| !matches!(Scope::of(ip), Scope::Public | Scope::Shared);
        let mut hosts: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
        for (session, of) in told {
            if let (Some(owner), Some(client)) = (self.known.get(session), of.client.filter(|it| is_private(it.ip()))) {
                hosts.entry(client.ip()).or_default().insert(owner.part);
            }
        }
        let when = self.when(told);
        for (session, of) in told {
            let parts = of.client.and_then(|client| hosts.get(&client.ip())).filter(|parts| parts.len() == 1);
            let Some(part) = parts.and_then(|parts| parts.first()) else { continue };
            if of.first_ms.is_none_or(|first_ms| when.is_then(*part, first_ms, known)) {
                self.known.entry(session.clone()).or_insert(Owner { part: *part, party: None });
            }
        }
    }

    /// When what is known of each connection was done.
    fn when(&self, told: &BTreeMap<String, Told>) -> When {
        let mut when = When::default();
        for (session, of) in told {
            if let Some(owner) = self.known.get(session) {
                when.times.entry(owner.part).or_default().extend(of.first_ms);
            }
        }
        when
    }

    /// What else comes from the public address of one end, as the same user, when that end did what is known of it. Others may be behind that
    /// address, and do as much at another time.
    fn by_address_and_time(&mut self, told: &BTreeMap<String, Told>, known: &Known) {
        let when = self.when(told);
        let mut users: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for (session, of) in told {
            let Some(owner) = self.known.get(session) else { continue };
            users.entry(owner.part).or_default().extend(of.user.as_deref());
        }
        let mut more = Vec::new();
        for (session, of) in told.iter().filter(|(session, _)| !self.known.contains_key(*session)) {
            let Some((part, side)) = of.client.and_then(|client| known.host(client.ip())) else { continue };
            let Some(first_ms) = of.first_ms else { continue };
            let other = |users: &BTreeSet<&str>| !users.is_empty() && !users.contains(of.user.as_deref().unwrap_or(""));
            if when.is_then(part, first_ms, known) && !(of.user.is_some() && users.get(&part).is_some_and(other)) {
                let party = (side == 1).then_some(Party::There);
                more.push((session.clone(), Owner { part, party }));
            }
        }
        self.by_time += more.len();
        self.known.extend(more);
    }

    /// Logins of one client that were refused just when the only connection of which nothing else is known was told so.
    fn by_refusal(&mut self, told: &BTreeMap<String, Told>, known: &Known) {
        let served: BTreeSet<usize> = self.known.values().map(|owner| owner.part).collect();
        let mut refused =
            known.marks.iter().filter(|(part, marks)| !marks.refused_ms.is_empty() && !served.contains(part));
        let (Some((part, marks)), None) = (refused.next(), refused.next()) else { return };
        let near = |at: u64| {
            let mut times = marks.refused_ms.range(at.saturating_sub(CLOCKS_MS)..=at.saturating_add(CLOCKS_MS));
            at > DATES_MS && times.next().is_some()
        };
        let then: Vec<(&String, &Told)> = told
            .iter()
            .filter(|(session, of)| of.refused && !self.known.contains_key(*session) && of.first_ms.is_some_and(near))
            .collect();
        let clients: BTreeSet<Option<IpAddr>> =
            then.iter().map(|(_, of)| of.client.map(|client| client.ip())).collect();
        if clients.len() == 1 {
            self.by_time += then.len();
            self.known
                .extend(then.into_iter().map(|(session, _)| (session.clone(), Owner { part: *part, party: None })));
        }
    }
}

/// When what is known of each connection was done, by the clock of the log.
#[derive(Default)]
struct When {
    times: BTreeMap<usize, BTreeSet<u64>>,
}

impl When {
    /// Whether that was at once with it, or while the end's own file lasted.
    fn is_then(&self, part: usize, at_ms: u64, known: &Known) -> bool {
        let near = at_ms.saturating_sub(AT_ONCE_MS)..=at_ms.saturating_add(AT_ONCE_MS);
        let during = known.marks.get(&part).and_then(|marks| marks.lasted_ms).is_some_and(|(begin, end)| {
            begin > DATES_MS && (begin.saturating_sub(CLOCKS_MS)..=end.saturating_add(CLOCKS_MS)).contains(&at_ms)
        });
        during || self.times.get(&part).is_some_and(|times| times.range(near).next().is_some())
    }
}

fn told(events: &[Event]) -> BTreeMap<String, Told> {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    for event in events {
        let Some(session) = session_of(&event.what) else { continue };
        let of = all.entry(session).or_default();
        of.client = of.client.or_else(|| client_of(&event.what));
        of.first_ms = of.first_ms.or(event.time_ms);
        if let What::Relay(step) = &event.what {
            let step: &RelayStep = step;
            of.refused |= step.authenticated && step.code() == Some(401);
            if of.user.is_none() {
                of.user.clone_from(&step.user);
            }
        }
    }
    all
}
