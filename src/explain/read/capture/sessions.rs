//! Which packets of a capture belong together, and to which end: a session is of two user name fragments, and what else is in the
//! capture belongs to the session whose sockets it has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::ledger::{Ledger, Record};
use crate::explain::event::{Party, What};
use crate::explain::traffic::{Flow, RelayStep};
use crate::wire::Scope;

/// How many NATs in a row are followed.
const MOST_NATS: usize = 4;

/// Packets that belong together.
#[derive(Default)]
pub(super) struct Session {
    /// What it is called.
    pub(super) name: String,
    /// The fragments: this end's, the other's. Empty where there are no checks.
    pub(super) ufrags: [String; 2],
    /// Whose socket is whose.
    sockets: BTreeMap<SocketAddr, Party>,
    /// Whose address is whose.
    hosts: BTreeMap<IpAddr, Party>,
    /// Its records, by their places in the ledger.
    pub(super) records: Vec<usize>,
}

/// All sessions, and what is known of sockets whatever the session.
pub(super) struct Sessions<'a> {
    ledger: &'a Ledger,
    /// The client of each relayed address.
    relays: BTreeMap<SocketAddr, SocketAddr>,
    /// A relayed address of each client.
    relayed: BTreeMap<SocketAddr, SocketAddr>,
    pub(super) all: Vec<Session>,
}

impl<'a> Sessions<'a> {
    /// Puts the records of a capture together.
    pub(super) fn of(ledger: &'a Ledger) -> Self {
        let clients = ledger.allocations.iter();
        let pairs = clients.filter_map(|((client, _), allocation)| Some((allocation.relayed?, *client)));
        let relays: BTreeMap<_, _> = pairs.collect();
        let relayed = relays.iter().map(|(relayed, client)| (*client, *relayed)).collect();
        let mut sessions = Self { ledger, relays, relayed, all: Vec::new() };
        sessions.by_checks();
        sessions.by_sockets();
        sessions
    }

    /// The socket before every NAT that the capture shows.
    pub(super) fn home(&self, socket: SocketAddr) -> SocketAddr {
        let mut home = socket;
        for _ in 0..MOST_NATS {
            home = self.ledger.translated.get(&home).copied().unwrap_or(home);
        }
        home
    }

    /// Whether it is an address of a relay, as far as the capture shows.
    pub(super) fn is_relay(&self, socket: SocketAddr) -> bool {
        self.relays.contains_key(&socket)
    }

    /// Whether the host that took the capture has the address: it sent from there, and nobody else did.
    pub(super) fn is_local(&self, ip: IpAddr) -> bool {
        self.ledger.senders.get(&ip) == Some(&(true, false))
    }

    /// Whether the capture was taken where packets for that socket arrive: at its host, or within its own network, where packets come
    /// from it too; of a relay, where its client is.
    pub(super) fn arrives(&self, socket: SocketAddr) -> bool {
        let home = self.relays.get(&socket).copied().unwrap_or(socket).ip();
        let within = !matches!(Scope::of(home), Scope::Public | Scope::Shared) && self.ledger.sources.contains(&home);
        self.is_local(home) || within
    }

    /// A socket of this end, where the capture was taken between the two ends and their checks are in it.
    pub(super) fn between(&self, session: &Session) -> Option<SocketAddr> {
        let arrives = session.sockets.keys().any(|socket| self.arrives(*socket));
        let spoke = |socket: &SocketAddr| self.is_relay(*socket) || self.ledger.sources.contains(&socket.ip());
        let mut here = session.sockets.iter().filter(|(_, party)| **party == Party::Here).map(|(socket, _)| *socket);
        let here = here.find(spoke);
        here.filter(|_| !arrives)
    }

    /// Sessions by the fragments in the user names.
    fn by_checks(&mut self) {
        let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut sockets: Vec<BTreeMap<SocketAddr, bool>> = Vec::new();
        for (place, record) in self.ledger.records.iter().enumerate() {
            let What::Checks(checks) = &record.what else { continue };
            let (from, to) = (&checks.from_ufrag, &checks.to_ufrag);
            let key = if from <= to { (from.clone(), to.clone()) } else { (to.clone(), from.clone()) };
            let index = *known.entry(key).or_insert_with(|| {
                self.all.push(Session { ufrags: [from.clone(), to.clone()], ..Session::default() });
                sockets.push(BTreeMap::new());
                self.all.len() - 1
            });
            let session = &mut self.all[index];
            session.records.push(place);
            let first = session.ufrags[0] == *from;
            let (from, to) = (self.home(checks.flow.from), self.home(checks.flow.to));
            sockets[index].insert(from, first);
            sockets[index].entry(to).or_insert(!first);
        }
        let clients = self.clients();
        for (index, sockets) in sockets.into_iter().enumerate() {
            // This end is the one whose host took the capture; else the one that asked servers; else the one that spoke first.
            let any = |fits: &dyn Fn(IpAddr) -> bool, first: bool| {
                sockets.iter().any(|(socket, of_first)| *of_first == first && fits(socket.ip()))
            };
            let decided = |fits: &dyn Fn(IpAddr) -> bool| match (any(fits, true), any(fits, false)) {
                (true, false) => Some(true),
                (false, true) => Some(false),
                _ => None,
            };
            let here =
                decided(&|ip| self.is_local(ip)).or_else(|| decided(&|ip| clients.contains(&ip))).unwrap_or(true);
            let session = &mut self.all[index];
            if !here {
                session.ufrags.swap(0, 1);
            }
            session.name = session.ufrags.join(":");
            let party = |first: bool| if first == here { Party::Here } else { Party::There };
            session.hosts = sockets.iter().map(|(socket, first)| (socket.ip(), party(*first))).collect();
            session.sockets = sockets.into_iter().map(|(socket, first)| (socket, party(first))).collect();
        }
    }

    /// The addresses of those who asked servers.
    fn clients(&self) -> BTreeSet<IpAddr> {
        let steps = self.ledger.records.iter().filter_map(|record| match &record.what {
            What::Relay(step) => step.client,
            _ => None,
        });
        steps.map(|client| self.home(client).ip()).collect()
    }

    /// What else there is goes to the session that has its sockets, or to one of its client's.
    fn by_sockets(&mut self) {
        let (mut of_pair, mut of_socket, mut of_ip) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (index, session) in self.all.iter().enumerate() {
            for place in &session.records {
                if let What::Checks(checks) = &self.ledger.records[*place].what {
                    of_pair.insert(self.pair(checks.flow), index);
                }
            }
            for (socket, party) in &session.sockets {
                of_socket.entry(*socket).or_insert(index);
                if *party == Party::Here {
                    of_ip.entry(socket.ip()).or_insert(index);
                }
                if let Some(client) = self.relays.get(socket) {
                    of_socket.entry(*client).or_insert(index);
                    of_ip.entry(client.ip()).or_insert(index);
                }
            }
        }
        let mut alone: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (place, record) in self.ledger.records.iter().enumerate() {
            let (known, whose) = match &record.what {
                What::Checks(_) => continue,
                What::Relay(step) => {
                    let client = step.client.map(|client| self.home(client));
                    let known = client.and_then(|client| of_socket.get(&client).or_else(|| of_ip.get(&client.ip())));
                    (known, client.map(|client| client.ip()))
                }
                what => {
                    let Some(flow) = flow(what) else { continue };
                    let ends = [self.home(flow.from), self.home(flow.to)];
                    let by_socket = || ends.iter().find_map(|end| of_socket.get(end));
                    // What nobody asked about is called by who spoke first.
                    let known = ends.iter().map(SocketAddr::ip).find(|ip| alone.contains_key(ip));
                    (of_pair.get(&self.pair(flow)).or_else(by_socket), Some(known.unwrap_or(ends[0].ip())))
                }
            };
            let known = known.copied();
            let index = known.or_else(|| {
                let ip = whose?;
                Some(*alone.entry(ip).or_insert_with(|| {
                    self.all.push(Session { name: ip.to_string(), ..Session::default() });
                    self.all.len() - 1
                }))
            });
            if let Some(index) = index {
                self.all[index].records.push(place);
            }
        }
        for session in &mut self.all {
            session.records.sort_unstable();
        }
    }

    /// The two sockets of a flow, whichever way.
    pub(super) fn pair(&self, flow: Flow) -> (SocketAddr, SocketAddr) {
        let (from, to) = (self.home(flow.from), self.home(flow.to));
        (from.min(to), from.max(to))
    }

    /// Whose socket it is.
    pub(super) fn party(&self, session: &Session, socket: SocketAddr) -> Party {
        let home = self.home(socket);
        if let Some(party) = session.sockets.get(&home) {
            return *party;
        }
        let client = self.relays.get(&home).copied().unwrap_or(home);
        let by_host = || session.hosts.get(&client.ip());
        session.sockets.get(&client).or_else(by_host).copied().unwrap_or(Party::Here)
    }

    /// Whose request it is: the client may stand behind a relay that the session shows.
    pub(super) fn party_of_step(&self, session: &Session, step: &RelayStep) -> Party {
        let Some(client) = step.client.map(|client| self.home(client)) else { return Party::Here };
        if let Some(party) = session.sockets.get(&client) {
            return *party;
        }
        let relayed = self.relayed.get(&client);
        relayed.and_then(|relayed| session.sockets.get(relayed)).copied().unwrap_or_else(|| self.party(session, client))
    }

    /// The sockets of a session.
    pub(super) fn sockets(session: &Session) -> impl Iterator<Item = (SocketAddr, Party)> {
        session.sockets.iter().map(|(socket, party)| (*socket, *party))
    }

    /// A record of a session.
    pub(super) fn record(&self, place: usize) -> &'a Record {
        &self.ledger.records[place]
    }
}

/// Which way what is told went.
pub(super) fn flow(what: &What) -> Option<Flow> {
    match what {
        What::Checks(checks) => Some(checks.flow),
        What::Dtls(dtls) => Some(dtls.flow),
        What::Data(data) => Some(data.flow),
        What::Undelivered(undelivered) => Some(undelivered.flow),
        _ => None,
    }
}
