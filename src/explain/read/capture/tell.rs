//! The events of a capture: its records, and what follows from them: candidates, pairs, and how far it came.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::ledger::Ledger;
use super::sessions::{Session, Sessions, flow};
use crate::explain::event::{Candidate, Pair, Party, StateOf, What};
use crate::explain::read::build::Builder;
use crate::explain::traffic::{DtlsMessage, RelayOutcome, RelayRequest, RelayStep};
use crate::wire::{CandidateKind, CandidateTransport, Scope};

/// Who sent no check for so long, while the capture went on, has given up: checks go out many times a second (RFC 8445 section 14). And
/// who sent checks for so long and got no answer to any gets none: those that follow come ever more seldom (RFC 8489 section 6.2.1).
const GIVEN_UP_MS: u64 = 5_000;

/// Tells everything. `end_ms` is when the last packet was captured, whatever it was.
pub(super) fn tell(ledger: &Ledger, end_ms: Option<u64>, builder: &mut Builder) {
    let sessions = Sessions::of(ledger);
    for session in &sessions.all {
        builder.connection(&session.name);
        if let Some(first) = sessions.between(session) {
            builder.note(format!(
                "the capture was taken at neither end of {}: \"this end\" is {first}, which spoke first",
                session.name
            ));
        }
        let mut teller = Teller {
            sessions: &sessions,
            session,
            pairs: BTreeMap::new(),
            told: BTreeSet::new(),
            mapped: BTreeSet::new(),
        };
        teller.records(builder);
        teller.sockets(builder);
        teller.pairs(end_ms, builder);
        teller.states(end_ms, builder);
    }
}

struct Teller<'a> {
    sessions: &'a Sessions<'a>,
    session: &'a Session,
    pairs: BTreeMap<(SocketAddr, SocketAddr), Counts>,
    told: BTreeSet<(Party, SocketAddr, Option<SocketAddr>, Option<String>)>,
    /// What servers saw.
    mapped: BTreeSet<SocketAddr>,
}

/// What checks and data between two sockets come to.
#[derive(Default)]
struct Counts {
    packet: u64,
    sent: u64,
    first_sent_ms: Option<u64>,
    last_sent_ms: Option<u64>,
    answered: u64,
    received: u64,
    /// How many of those this end answered, and how many came again all the same.
    replied: u64,
    unheard: u64,
    nominated: bool,
    data: u64,
    bytes: u64,
}

impl Counts {
    /// Whether the pair was chosen and works both ways: who is controlled takes it once its own check on it is answered (RFC 8445 section
    /// 7.3.1.5). Who only answers (ICE lite) sends none.
    fn works(&self) -> bool {
        let theirs = self.received == 0 || self.replied > 0;
        let ours = self.sent == 0 || self.answered > 0;
        self.nominated && ours && theirs && self.unheard <= 1
    }
}

fn place(packet: u64) -> String {
    format!("packet {packet}")
}

impl Teller<'_> {
    /// The records themselves.
    fn records(&mut self, builder: &mut Builder) {
        for index in &self.session.records {
            let record = self.sessions.record(*index);
            let party = match &record.what {
                What::Relay(step) => self.sessions.party_of_step(self.session, step),
                what => flow(what).map_or(Party::Here, |flow| self.sessions.party(self.session, flow.from)),
            };
            builder.push(party, &place(record.packet), record.time_ms, record.what.clone());
            if let What::Relay(step) = &record.what {
                self.gathered(party, step, record.packet, record.time_ms, builder);
            }
            self.count(party, record.packet, record.time_ms, &record.what);
        }
    }

    /// The candidates that a server gave.
    fn gathered(&mut self, party: Party, step: &RelayStep, packet: u64, time_ms: Option<u64>, builder: &mut Builder) {
        let (Some(client), Some(server), RelayOutcome::Granted) = (step.client, step.server, &step.outcome) else {
            return;
        };
        let udp = step.transport == Some(CandidateTransport::Udp);
        let scheme = if step.step == RelayRequest::Allocate { "turn" } else { "stun" };
        let carried = if udp { "" } else { "?transport=tcp" };
        let url = Some(format!("{scheme}:{server}{carried}"));
        let home = self.sessions.home(client);
        if let Some(mapped) = step.mapped.filter(|mapped| udp && *mapped != home) {
            self.mapped.insert(mapped);
            self.candidate(party, CandidateKind::Srflx, mapped, Some(home), url.clone(), packet, time_ms, builder);
        }
        if let Some(relayed) = step.relayed.filter(|_| step.step == RelayRequest::Allocate) {
            self.candidate(party, CandidateKind::Relay, relayed, None, url, packet, time_ms, builder);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a member of the event")]
    fn candidate(
        &mut self,
        party: Party,
        kind: CandidateKind,
        socket: SocketAddr,
        base: Option<SocketAddr>,
        url: Option<String>,
        packet: u64,
        time_ms: Option<u64>,
        builder: &mut Builder,
    ) {
        if self.told.insert((party, socket, base, url.clone())) {
            let candidate = self.made(party, kind, socket, base, url);
            builder.push(party, &place(packet), time_ms, What::Candidate(candidate));
        }
    }

    fn made(
        &self,
        party: Party,
        kind: CandidateKind,
        socket: SocketAddr,
        base: Option<SocketAddr>,
        url: Option<String>,
    ) -> Candidate {
        let ufrag = &self.session.ufrags[usize::from(party == Party::There)];
        Candidate {
            kind,
            transport: CandidateTransport::Udp,
            address: Some(socket.ip()),
            name: None,
            network: None,
            port: socket.port(),
            priority: 0,
            base: base.map(|base| format!("{} {}", base.ip(), base.port())),
            section: "/1".to_owned(),
            ufrag: Some(ufrag.clone()).filter(|ufrag| !ufrag.is_empty()),
            url,
            foundation: String::new(),
        }
    }

    /// What a socket is that checks came from or went to. What cannot be told is what RFC 8445 calls an address that packets show:
    /// peer-reflexive.
    fn kind(&self, socket: SocketAddr) -> CandidateKind {
        if self.sessions.is_relay(socket) {
            CandidateKind::Relay
        } else if self.mapped.contains(&socket) {
            CandidateKind::Srflx
        } else if self.sessions.is_local(socket.ip()) || Scope::of(socket.ip()) != Scope::Public {
            CandidateKind::Host
        } else {
            CandidateKind::Prflx
        }
    }

    /// The sockets of both ends that no server told of.
    fn sockets(&mut self, builder: &mut Builder) {
        let first: BTreeMap<SocketAddr, u64> = self.first_seen();
        let seen = |(socket, party)| (first.get(&socket).copied().unwrap_or_default(), socket, party);
        let mut all: Vec<(u64, SocketAddr, Party)> = Sessions::sockets(self.session).map(seen).collect();
        all.sort_by_key(|(packet, _, party)| (*packet, *party));
        for (packet, socket, party) in all {
            let kind = self.kind(socket);
            if matches!(kind, CandidateKind::Host | CandidateKind::Prflx) {
                self.candidate(party, kind, socket, None, None, packet, None, builder);
            }
        }
    }

    fn first_seen(&self) -> BTreeMap<SocketAddr, u64> {
        let mut first = BTreeMap::new();
        for ((one, other), counts) in &self.pairs {
            for socket in [*one, *other] {
                let known = first.entry(socket).or_insert(counts.packet);
                *known = counts.packet.min(*known);
            }
        }
        first
    }

    fn count(&mut self, party: Party, packet: u64, time_ms: Option<u64>, what: &What) {
        let Some(flow) = flow(what) else { return };
        let (from, to) = (self.sessions.home(flow.from), self.sessions.home(flow.to));
        let here = party == Party::Here;
        let key = if here { (from, to) } else { (to, from) };
        match what {
            What::Checks(checks) => {
                let counts = self.pairs.entry(key).or_insert_with(|| Counts { packet, ..Counts::default() });
                counts.nominated |= checks.nominating && checks.answers.count > 0;
                counts.unheard += checks.unheard;
                if here {
                    counts.sent += checks.requests.count;
                    counts.answered += checks.answers.count;
                    counts.first_sent_ms = counts.first_sent_ms.or(time_ms);
                    counts.last_sent_ms = counts.last_sent_ms.max(checks.requests.last_ms);
                } else {
                    counts.received += checks.requests.count;
                    counts.replied += checks.answers.count;
                }
            }
            What::Data(data) => {
                if let Some(counts) = self.pairs.get_mut(&key) {
                    counts.data += data.times.count;
                    counts.bytes += if here { 0 } else { data.bytes };
                }
            }
            What::Dtls(dtls) => {
                if let Some(counts) = self.pairs.get_mut(&key) {
                    counts.data += dtls.times.count;
                    let least = dtls.times.count * 13;
                    counts.bytes += if here { 0 } else { least };
                }
            }
            _ => {}
        }
    }

    fn pairs(&mut self, end_ms: Option<u64>, builder: &mut Builder) {
        let unanswered = if self.gave_up(end_ms) { "failed" } else { "in-progress" };
        let busiest = self.pairs.iter().filter(|(_, counts)| counts.nominated).max_by_key(|(_, counts)| counts.data);
        let selected = busiest.map(|(key, _)| *key);
        // In the order of the packets, whatever the addresses are.
        let mut all: Vec<_> = self.pairs.iter().collect();
        all.sort_by_key(|(_, counts)| counts.packet);
        for ((local, remote), counts) in all {
            let end = |party, socket| self.made(party, self.kind(socket), socket, None, None);
            let pair = Pair {
                local: Some(end(Party::Here, *local)),
                remote: Some(end(Party::There, *remote)),
                state: if counts.answered > 0 { "succeeded" } else { unanswered }.to_owned(),
                selected: selected == Some((*local, *remote)),
                nominated: counts.nominated,
                requests_sent: Some(counts.sent),
                // What passes by elsewhere may be lost before it arrives.
                requests_received: self.sessions.arrives(*local).then_some(counts.received),
                responses_received: Some(counts.answered),
                bytes_received: Some(counts.bytes),
            };
            builder.push(Party::Here, &place(counts.packet), None, What::Pair(Box::new(pair)));
        }
    }

    /// Whether this end sends no checks any more, or sent some for so long that those without an answer will get none.
    fn gave_up(&self, end_ms: Option<u64>) -> bool {
        let first_sent = self.pairs.values().filter_map(|counts| counts.first_sent_ms).min();
        let last_sent = self.pairs.values().filter_map(|counts| counts.last_sent_ms).max();
        let long = |since: Option<u64>, until: Option<u64>| {
            since.zip(until).is_some_and(|(since, until)| until.saturating_sub(since) >= GIVEN_UP_MS)
        };
        long(last_sent, end_ms) || long(first_sent, last_sent)
    }

    /// How far ICE and DTLS came, as far as packets show it.
    fn states(&self, end_ms: Option<u64>, builder: &mut Builder) {
        let all = || self.pairs.values();
        let Some(first) = all().map(|counts| counts.packet).min() else { return };
        // Taken elsewhere it has not every way.
        let whole = self.sessions.between(self.session).is_none();
        let state = if all().any(Counts::works) {
            "connected"
        } else if whole && self.gave_up(end_ms) && all().all(|counts| counts.answered == 0) {
            "failed"
        } else {
            "checking"
        };
        builder.state(StateOf::Transport, state, &place(first), None);
        let messages = self.session.records.iter().map(|index| self.sessions.record(*index));
        let (mut state, mut packet, mut done) = (None, 0, BTreeSet::new());
        for record in messages {
            let What::Dtls(dtls) = &record.what else { continue };
            if !matches!(state, Some("failed" | "connected")) {
                packet = record.packet;
            }
            let party = self.sessions.party(self.session, dtls.flow.from);
            match &dtls.message {
                DtlsMessage::Alert { fatal: true, .. } => state = Some("failed"),
                DtlsMessage::EncryptedHandshake | DtlsMessage::ApplicationData => {
                    done.insert(party);
                }
                _ => {}
            }
            let both = done.len() == 2;
            state = state
                .or(Some("connecting"))
                .map(|state| if both && state == "connecting" { "connected" } else { state });
        }
        if let Some(state) = state {
            builder.state(StateOf::Dtls, state, &place(packet), None);
        }
    }
}
