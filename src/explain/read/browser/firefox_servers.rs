//! What the log of Firefox' ICE tells of STUN and TURN servers: what was asked of each, and what came back.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crate::explain::event::{Candidate, Configuration, GatheringError, Party, What};
use crate::explain::read::build::{Builder, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire::{CandidateKind, CandidateTransport};

/// The most sockets and servers that are told apart.
const MOST_CLIENTS: usize = 200;
/// The most permissions of one of them that are waited for.
const MOST_WAITING: usize = 1_000;
/// The code of a server from which nothing came back (WebRTC 1.0, section 4.8.3).
const NOTHING: u16 = 701;

/// The most that is told of servers.
const MOST_TOLD: usize = 20_000;

/// What is known of the servers.
#[derive(Default)]
pub(super) struct Servers {
    told: Vec<Told>,
    /// By what stands in the brackets: `IP4:client/UDP|IP4:server/UDP`.
    clients: BTreeMap<String, Client>,
    /// The servers that were asked for reflexive addresses, as URIs.
    asked: Vec<String>,
    without: [bool; 2],
}

/// Something that is told of a server: which connection's line came before, whose socket it is, and where it stands.
struct Told {
    connection: usize,
    client: SocketAddr,
    place: String,
    what: What,
}

/// A socket that speaks with a TURN server.
#[derive(Default)]
struct Client {
    /// The last error code.
    code: Option<u16>,
    /// That nothing came back is told.
    silent: bool,
    relayed: Option<SocketAddr>,
    /// The peers whose permission was asked for and is not answered, in their order.
    waiting: VecDeque<Option<SocketAddr>>,
    /// Where an answer came that has no error until now.
    answered: Option<String>,
    connection: usize,
    /// Which in the file it is.
    number: usize,
}

impl Servers {
    /// Takes a line, which stands after one of that connection.
    pub(super) fn line(&mut self, line: &str, place: &str, connection: usize) {
        for (seen, word) in self.without.iter_mut().zip(["No STUN servers specified", "No TURN servers specified"]) {
            *seen |= line.contains(word);
        }
        let Some((kind, inner, said)) = asked(line) else { return };
        let Some((client, server)) = inner.split_once('|') else { return };
        let (Some((client, transport)), Some((server, _))) = (socket(client), socket(server)) else { return };
        let step = |request, outcome| {
            let mut step = RelayStep::new(request, outcome);
            (step.client, step.server, step.transport) = (Some(client), Some(server), Some(transport));
            step
        };
        let told = &mut self.told;
        let mut push = |place: &str, what: What| {
            if told.len() < MOST_TOLD {
                told.push(Told { connection, client, place: place.to_owned(), what });
            }
        };
        let relay = |step: RelayStep| What::Relay(Box::new(step));
        if kind == "srflx" {
            let url = format!("stun:{server}");
            if !self.asked.contains(&url) && self.asked.len() < MOST_CLIENTS {
                self.asked.push(url);
            }
            if said.contains("Timed out") {
                push(place, relay(step(RelayRequest::Binding, RelayOutcome::Unanswered)));
            } else if said.contains("Received response; processing") {
                push(place, relay(step(RelayRequest::Binding, RelayOutcome::Granted)));
            }
            return;
        }
        if !self.clients.contains_key(inner) && self.clients.len() >= MOST_CLIENTS {
            return;
        }
        let number = self.clients.len();
        let known = self.clients.entry(inner.to_owned()).or_insert_with(|| Client { number, ..Client::default() });
        known.connection = connection;
        let of_relay = |request, outcome, known: &Client| {
            let mut step = step(request, outcome);
            (step.authenticated, step.relayed) = (known.relayed.is_some(), known.relayed);
            step
        };
        if said.contains("nr_stun_process_error_response") {
            known.answered = None;
        } else if let Some(at) = known.answered.take() {
            let peer = known.next();
            let step = of_relay(RelayRequest::Permission, RelayOutcome::Granted, known);
            push(&at, relay(RelayStep { peer, ..step }));
        }
        if let Some((_, peer)) = said.split_once("Creating permission for ") {
            if known.waiting.len() < MOST_WAITING {
                known.waiting.push_back(socket(peer.trim()).map(|(peer, _)| peer));
            }
        } else if said.contains("Received response; processing") {
            known.answered = Some(place.to_owned()).filter(|_| !known.waiting.is_empty());
        } else if let Some((_, rest)) = said.split_once("allocated addr ") {
            known.relayed = rest.split(' ').next().and_then(socket).map(|(relayed, _)| relayed);
            let lifetime_s = rest.split_once("lifetime=").and_then(|(_, seconds)| seconds.trim().parse().ok());
            let step = of_relay(RelayRequest::Allocate, RelayOutcome::Granted, known);
            push(place, relay(RelayStep { lifetime_s, authenticated: true, ..step }));
            if let Some(relayed) = known.relayed {
                let mut candidate = made(CandidateKind::Relay, relayed, CandidateTransport::Udp);
                candidate.url = Some(url(server, transport));
                push(place, What::Candidate(candidate));
            }
        } else if let Some((_, code)) = said.split_once("stun error code ") {
            let code = code.trim_end_matches(['.', ' ']).parse().unwrap_or_default();
            known.code = Some(code);
            let refused = RelayOutcome::Refused { code, reason: String::new() };
            // Stale nonces are replaced, and the same is asked again.
            if known.relayed.is_some() && code != 438 {
                let request = if known.waiting.is_empty() { RelayRequest::Refresh } else { RelayRequest::Permission };
                let peer = known.next();
                push(place, relay(RelayStep { peer, ..of_relay(request, refused, known) }));
            } else if code == 401 {
                // The first request has no credentials; that it is refused is how it learns the realm.
                push(place, relay(of_relay(RelayRequest::Allocate, refused, known)));
            }
        } else if said.contains("Timed out") {
            let waits = known.relayed.is_some() && !known.waiting.is_empty();
            let request = match known.relayed {
                None => RelayRequest::Allocate,
                Some(_) if waits => RelayRequest::Permission,
                Some(_) => RelayRequest::Refresh,
            };
            let peer = known.next();
            (known.code, known.silent) = (None, true);
            push(place, relay(RelayStep { peer, ..of_relay(request, RelayOutcome::Unanswered, known) }));
        } else if said.trim_start_matches(')').trim() == "failed" && known.relayed.is_none() && !known.silent {
            let (code, text) = known.code.map_or((NOTHING, ""), |code| (code, "the server refused the allocation"));
            let error =
                GatheringError { url: url(server, transport), code, text: shown(text), family: None, port: None };
            push(place, What::GatheringError(error));
        }
    }

    /// Tells everything. Whose a socket is, is known from its pairs; else it is of the connection whose line came before.
    pub(super) fn finish(mut self, owner: impl Fn(SocketAddr) -> Option<usize>, builder: &mut Builder) {
        let [no_stun, no_turn] = self.without;
        // The log may begin after the first server was asked.
        if no_turn && (no_stun || !self.asked.is_empty()) {
            let configuration = Configuration { urls: self.asked, ..Configuration::default() };
            builder.push(Party::Here, "No TURN servers specified", None, What::Configuration(configuration));
        }
        let mut clients: Vec<(String, Client)> = self.clients.into_iter().collect();
        clients.sort_by_key(|(_, client)| client.number);
        for (inner, mut known) in clients {
            let Some(place) = known.answered.take() else { continue };
            let Some((client, server)) = inner.split_once('|') else { continue };
            let (Some((client, _)), Some((server, _))) = (socket(client), socket(server)) else { continue };
            let mut step = RelayStep::new(RelayRequest::Permission, RelayOutcome::Granted);
            (step.client, step.server, step.relayed) = (Some(client), Some(server), known.relayed);
            (step.authenticated, step.peer) = (true, known.next());
            self.told.push(Told { connection: known.connection, client, place, what: What::Relay(Box::new(step)) });
        }
        for Told { connection, client, place, what } in self.told {
            builder.select(owner(client).unwrap_or(connection));
            builder.push(Party::Here, &place, None, what);
        }
    }
}

impl Client {
    /// The peer whose permission is answered: of several nobody says which.
    fn next(&mut self) -> Option<SocketAddr> {
        let alone = self.waiting.len() == 1;
        self.waiting.pop_front().flatten().filter(|_| alone)
    }
}

fn url(server: SocketAddr, transport: CandidateTransport) -> String {
    let carried = if transport == CandidateTransport::Tcp { "?transport=tcp" } else { "" };
    format!("turn:{server}{carried}")
}

/// Which server was asked, from where, and what is said of it.
fn asked(line: &str) -> Option<(&str, &str, &str)> {
    let rest = ["STUN-CLIENT(", "TURN("].iter().find_map(|word| line.split_once(word)).map(|(_, rest)| rest)?;
    let kind = ["srflx", "relay"].into_iter().find(|kind| rest.starts_with(kind))?;
    let inner = rest.strip_prefix(kind)?.strip_prefix('(')?;
    let (inner, rest) = inner.split_once(')')?;
    Some((kind, inner, rest.split_once(": ").map_or(rest, |(_, said)| said)))
}

/// `IP4:10.1.1.2:35930/UDP`, `IP6:[2001:db8::1]:5/TCP`.
pub(super) fn socket(text: &str) -> Option<(SocketAddr, CandidateTransport)> {
    let (_, rest) = text.split_once(':')?;
    let (address, transport) = rest.split_once('/')?;
    let transport = if transport.starts_with("TCP") { CandidateTransport::Tcp } else { CandidateTransport::Udp };
    let address = address.parse().ok().or_else(|| {
        let (ip, port) = address.rsplit_once(':')?;
        Some(SocketAddr::new(ip.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
    })?;
    Some((address, transport))
}

/// A candidate of which no more is told.
pub(super) fn made(kind: CandidateKind, socket: SocketAddr, transport: CandidateTransport) -> Candidate {
    Candidate {
        kind,
        transport,
        address: Some(socket.ip()),
        name: None,
        network: None,
        port: socket.port(),
        priority: 0,
        base: None,
        section: "/1".to_owned(),
        ufrag: None,
        url: None,
        foundation: String::new(),
    }
}
