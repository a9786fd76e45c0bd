//! What aioice's log tells of STUN and TURN servers. Versions before 0.10 do not say with which code a server refused.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::explain::event::{Candidate, Party, What};
use crate::explain::read::build::{Builder, made, shown};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};

/// The most requests that are awaited at once, and the most addresses that are remembered.
const MOST: usize = 10_000;

/// What a TURN or STUN server was asked, by the number of the transaction.
struct Asked {
    request: RelayRequest,
    server: Option<SocketAddr>,
    authenticated: bool,
    peer: Option<SocketAddr>,
    /// How often, where for the last time, and of which connection.
    sent: u64,
    place: String,
    connection: usize,
    answered: bool,
}

/// So often a request is sent again before the server is said to be silent.
const SILENT: u64 = 3;

/// The servers of a log.
#[derive(Default)]
pub(super) struct Servers {
    asked: BTreeMap<String, Asked>,
    relayed: BTreeSet<SocketAddr>,
    any: bool,
}

impl Servers {
    /// Whether a TURN server gave this address.
    pub(super) fn gave(&self, socket: SocketAddr) -> bool {
        self.relayed.contains(&socket)
    }

    /// Whether a TURN server was asked.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// A request was sent, or sent again.
    fn ask(&mut self, id: &str, place: &str, asked: Asked) {
        if self.asked.len() < MOST || self.asked.contains_key(id) {
            let asked = self.asked.entry(id.to_owned()).or_insert(asked);
            asked.sent += 1;
            place.clone_into(&mut asked.place);
        }
    }

    /// The servers that did not answer.
    pub(super) fn finish(self, builder: &mut Builder) {
        for asked in self.asked.into_values().filter(|asked| !asked.answered && asked.sent >= SILENT) {
            let mut step = RelayStep::new(asked.request, RelayOutcome::Unanswered);
            (step.server, step.times.count) = (asked.server, asked.sent);
            builder.select(asked.connection);
            builder.push(Party::Here, &asked.place, None, What::Relay(Box::new(step)));
        }
    }

    /// A line about TURN.
    pub(super) fn line(
        &mut self,
        line: &str,
        connection: usize,
        place: &str,
        time_ms: Option<u64>,
        builder: &mut Builder,
    ) {
        if let Some((_, rest)) = line.split_once("TURN allocation created ") {
            let Some(relayed) = socket(rest) else { return };
            self.any = true;
            if self.relayed.len() < MOST {
                self.relayed.insert(relayed);
            }
            let mut step = RelayStep::new(RelayRequest::Allocate, RelayOutcome::Granted);
            (step.relayed, step.authenticated) = (Some(relayed), true);
            builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
            if let Some(candidate) = candidate(relayed, "relay", None) {
                builder.push(Party::Here, place, time_ms, What::Candidate(candidate));
            }
        } else if let Some((_, message)) = ["turn/udp ", "turn/tcp "].iter().find_map(|word| line.split_once(word)) {
            self.any = true;
            self.message(message, connection, place, time_ms, builder);
        }
    }

    /// `> ('198.51.100.7', 3478) Message(message_method=Method.ALLOCATE, message_class=Class.REQUEST, transaction_id=...`.
    fn message(&mut self, message: &str, connection: usize, place: &str, time_ms: Option<u64>, builder: &mut Builder) {
        let Some((way, rest)) = message.split_once(' ') else { return };
        let request = [
            ("ALLOCATE", RelayRequest::Allocate),
            ("CHANNEL_BIND", RelayRequest::Channel),
            ("CREATE_PERMISSION", RelayRequest::Permission),
            ("REFRESH", RelayRequest::Refresh),
        ];
        let Some((_, request)) = request.into_iter().find(|(name, _)| rest.contains(&format!("Method.{name},"))) else {
            return;
        };
        let Some((_, id)) = rest.split_once("transaction_id=") else { return };
        let id = id.split(", attributes=").next().unwrap_or_default().trim_end_matches(')');
        if way == ">" {
            let peer = rest.split_once("'XOR-PEER-ADDRESS': ").and_then(|(_, rest)| socket(rest));
            let authenticated = rest.contains("'USERNAME': ");
            let asked = Asked {
                request,
                server: socket(rest),
                authenticated,
                peer,
                sent: 0,
                place: String::new(),
                connection,
                answered: false,
            };
            return self.ask(id, place, asked);
        }
        let Some(asked) = self.asked.get_mut(id) else { return };
        asked.answered = true;
        let Some(code) = quoted_code(rest).filter(|_| rest.contains("Class.ERROR")) else {
            // An allocation is told of by a line of its own.
            if rest.contains("Class.RESPONSE") && request == RelayRequest::Channel {
                let mut step = RelayStep::new(request, RelayOutcome::Granted);
                (step.server, step.authenticated, step.peer) = (asked.server, true, asked.peer);
                builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
            }
            return;
        };
        let reason = rest.split_once("'ERROR-CODE': (").and_then(|(_, rest)| quoted(rest, ", '")).unwrap_or_default();
        let mut step = RelayStep::new(asked.request, RelayOutcome::Refused { code, reason: shown(reason) });
        (step.server, step.authenticated, step.peer) = (asked.server, asked.authenticated, asked.peer);
        builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
    }

    /// What a STUN server said of this end's address: an answer to a request without a user name.
    pub(super) fn binding(
        &mut self,
        said: &str,
        connection: usize,
        place: &str,
        time_ms: Option<u64>,
        builder: &mut Builder,
    ) {
        let Some((_, message)) = said.strip_prefix("protocol(").and_then(|rest| rest.split_once(") ")) else { return };
        let Some((way, rest)) = message.split_once(' ') else { return };
        let Some((_, id)) = rest.split_once("transaction_id=").filter(|_| rest.contains("Method.BINDING,")) else {
            return;
        };
        let Some((id, attributes)) = id.split_once(", attributes=") else { return };
        if way == ">" && attributes.starts_with("{}") {
            let asked = Asked {
                request: RelayRequest::Binding,
                server: socket(rest),
                authenticated: false,
                peer: None,
                sent: 0,
                place: String::new(),
                connection,
                answered: false,
            };
            self.ask(id, place, asked);
        } else if way == "<"
            && let Some(asked) = self.asked.get_mut(id).filter(|asked| asked.server == socket(rest))
        {
            asked.answered = true;
            let mapped = attributes.split_once("'XOR-MAPPED-ADDRESS': ").and_then(|(_, rest)| socket(rest));
            let mut step = RelayStep::new(RelayRequest::Binding, RelayOutcome::Granted);
            (step.server, step.mapped) = (socket(rest), mapped);
            builder.push(Party::Here, place, time_ms, What::Relay(Box::new(step)));
            let own = said.split(')').next().map(|protocol| format!("{protocol}) 0"));
            if let Some(candidate) = mapped.and_then(|mapped| candidate(mapped, "srflx", own)) {
                builder.push(Party::Here, place, time_ms, What::Candidate(candidate));
            }
        }
    }
}

fn candidate(socket: SocketAddr, kind: &str, base: Option<String>) -> Option<Candidate> {
    let mut made = made("udp", "0", &socket.ip().to_string(), &socket.port().to_string(), kind)?;
    made.base = base;
    Some(made)
}

/// `('10.0.0.2', 45557)`, or of IPv6 with two numbers more, at the beginning of a text.
pub(super) fn socket(text: &str) -> Option<SocketAddr> {
    let (host, rest) = text.strip_prefix("('")?.split_once("', ")?;
    let port = rest.split([',', ')']).next()?.parse().ok()?;
    Some(SocketAddr::new(host.split('%').next()?.parse().ok()?, port))
}

/// A text in quotation marks behind a word.
pub(super) fn quoted<'a>(message: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(word)?;
    rest.split('\'').next()
}

/// `'ERROR-CODE': (401, 'Unauthorized')`.
pub(super) fn quoted_code(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("'ERROR-CODE': (")?;
    rest.split(',').next()?.trim().parse().ok()
}
