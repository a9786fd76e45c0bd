//! A small builder of evidence for tests: one target, whose exchanges are named as they are written in a report.

use std::net::SocketAddr;

use crate::evidence::key::SocketRole;
use crate::evidence::{
    Connection, ErrorReply, Evidence, Exchange, Failure, FailureCode, Integrity, Key, Lookup, Outcome, Reply, Server,
    TurnReply,
};
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::{Entry, Login, TurnOptions};
use crate::wire::{Auth, Family, Relay, Request, Transport};

/// Where the server is.
pub(crate) const SERVER: &str = "192.0.2.10:3478";

/// What was seen of one target.
pub(crate) struct Scene {
    pub seen: Evidence,
    pub options: TurnOptions,
    pub transport: Transport,
}

impl Scene {
    /// An entry with credentials over UDP, of which nothing was asked yet.
    pub(crate) fn udp() -> Self {
        Self::over(Transport::Udp)
    }

    /// The same over that transport.
    pub(crate) fn over(transport: Transport) -> Self {
        let lookup = Lookup {
            transport,
            addresses: vec![address(SERVER)],
            failure: None,
            refused: Vec::new(),
            duration_ms: 1.0,
        };
        let login = Login { username: "alice".to_owned(), ..Login::default() };
        let entry = Entry {
            uri: "turn:turn.example.org".to_owned(),
            server: Some(0),
            transports: vec![transport],
            login: Some(login),
            ..Entry::default()
        };
        Self {
            seen: Evidence {
                servers: vec![Server { name: "turn:turn.example.org".to_owned(), lookups: vec![lookup] }],
                elapsed_ms: 10_000.0,
                ..Evidence::default()
            },
            options: TurnOptions { entries: vec![entry], families: vec![Family::Ipv4], ..TurnOptions::default() },
            transport,
        }
    }

    /// The target that all this is about.
    pub(crate) fn target(&self) -> Target<'_> {
        Target::new(&self.seen, &self.options, 0, self.transport, Family::Ipv4).expect("the name has an address")
    }

    /// An exchange of that name with the server, over UDP, that is under way.
    pub(crate) fn exchange(name: &str) -> Exchange {
        serde_json::from_value(serde_json::json!({
            "id": "e1", "ask": name, "server": 0, "socket": "turn/0/udp/ipv4/a", "transport": "udp", "remote": SERVER,
            "request": {}, "sends": 1, "started_ms": 0.0, "outcome": { "kind": "pending" },
        }))
        .expect("an exchange")
    }

    /// Gives the request of an exchange those credentials, or none.
    pub(crate) fn sign(exchange: &mut Exchange, auth: Option<Auth>) {
        let request = exchange.request.stun().cloned().unwrap_or_default();
        exchange.request = Request { auth, ..request }.into();
    }

    /// Gives an exchange a response from where it was sent, or changes the one that it has.
    pub(crate) fn answer(exchange: &mut Exchange, change: impl FnOnce(&mut Reply)) {
        let mut reply = match std::mem::replace(&mut exchange.outcome, Outcome::Pending) {
            Outcome::Reply(reply) => reply,
            _ => Reply { rtt_ms: 20.0, ..Reply::from_source(exchange.remote) },
        };
        change(&mut reply);
        exchange.ended_ms = Some(exchange.started_ms + reply.rtt_ms);
        exchange.outcome = Outcome::Reply(reply);
    }

    /// The exchange of that step, begun now if it was not yet.
    fn step(&mut self, step: &str) -> &mut Exchange {
        let base = format!("turn/0/{}/ipv4/", self.transport.name());
        let name = format!("{base}{step}");
        let key = Key::from(name.as_str());
        assert!(matches!(key, Key::Turn(_)), "{step} is no step");
        let at = self.seen.exchanges.position(&key).unwrap_or_else(|| {
            let number = self.seen.exchanges.len();
            let mut exchange = Self::exchange(&name);
            exchange.id = format!("e{}", number + 1);
            exchange.transport = self.transport;
            exchange.started_ms = 100.0 * f64::from(u32::try_from(number).expect("few exchanges"));
            let socket = step.split_once('/').map_or("a", |(socket, _)| socket);
            let plain = step.starts_with("inward") || step.ends_with("/back");
            let socket = match socket {
                "control" | "hold" | "quality" if plain => "x",
                "hold" | "quality" => "a",
                _ if plain => "x",
                socket => socket,
            };
            exchange.socket = format!("{base}{socket}").as_str().into();
            self.seen.exchanges.push(exchange);
            number
        });
        &mut self.seen.exchanges[at]
    }

    /// It is under way.
    pub(crate) fn pending(&mut self, step: &str) -> &mut Exchange {
        self.step(step)
    }

    /// It was answered.
    pub(crate) fn reply(&mut self, step: &str, change: impl FnOnce(&mut Reply)) -> &mut Exchange {
        let exchange = self.step(step);
        Self::answer(exchange, change);
        exchange
    }

    /// A Binding that was answered with that address.
    pub(crate) fn bound(&mut self, step: &str, mapped: &str) -> &mut Exchange {
        self.reply(step, |reply| reply.mapped = Some(address(mapped)))
    }

    /// Allocate without credentials, and 401 with that realm.
    pub(crate) fn challenged(&mut self, socket: &str, realm: &str) -> &mut Exchange {
        let turn = TurnReply { realm: Some(realm.to_owned()), nonce: true, ..TurnReply::default() };
        self.reply(&format!("{socket}/allocate"), |reply| {
            reply.error = Some(ErrorReply { code: 401, reason: String::new() });
            reply.turn = Some(Box::new(turn));
        })
    }

    /// A request with credentials that was granted, with that relayed address where one is given.
    pub(crate) fn granted(&mut self, step: &str, relayed: &str) -> &mut Exchange {
        let turn = TurnReply {
            relayed: relayed.parse().into_iter().collect(),
            lifetime_s: Some(600),
            integrity: Integrity::Valid,
            ..TurnReply::default()
        };
        let exchange = self.reply(step, |reply| reply.turn = Some(Box::new(turn)));
        Self::sign(exchange, Some(auth()));
        exchange
    }

    /// A request with credentials that was refused.
    pub(crate) fn refused(&mut self, step: &str, code: u16) -> &mut Exchange {
        let turn = TurnReply { integrity: Integrity::Valid, nonce: code == 438, ..TurnReply::default() };
        let exchange = self.reply(step, |reply| {
            reply.error = Some(ErrorReply { code, reason: String::new() });
            reply.turn = Some(Box::new(turn));
        });
        Self::sign(exchange, Some(auth()));
        exchange
    }

    /// It was sent often enough, and nothing came.
    pub(crate) fn silent(&mut self, step: &str) -> &mut Exchange {
        let exchange = self.step(step);
        exchange.sends = 7;
        exchange.ended_ms = Some(exchange.started_ms + 2_000.0);
        exchange.outcome = Outcome::Silence { waited_ms: 2_000.0 };
        exchange
    }

    /// The end of the run cut it short.
    pub(crate) fn abandoned(&mut self, step: &str) -> &mut Exchange {
        let exchange = self.step(step);
        exchange.outcome = Outcome::Abandoned { waited_ms: 10.0 };
        exchange
    }

    /// The system or the path said no.
    pub(crate) fn failed(&mut self, step: &str, code: FailureCode) -> &mut Exchange {
        let exchange = self.step(step);
        exchange.outcome = Outcome::Failed(failure(code));
        exchange
    }

    /// It arrived on another socket of ours, from there.
    pub(crate) fn looped(&mut self, step: &str, source: &str) -> &mut Exchange {
        let exchange = self.step(step);
        exchange.ended_ms = Some(exchange.started_ms + 20.0);
        exchange.outcome = Outcome::Looped { source: address(source), socket: "x".into(), rtt_ms: 20.0, over: None };
        exchange
    }

    /// The same through the relay, to that peer, from the relayed address of the scene.
    pub(crate) fn relayed(&mut self, step: &str, peer: &str) -> &mut Exchange {
        let exchange = self.looped(step, RELAYED);
        let relay = Some(Relay { peer: address(peer), channel: None });
        exchange.request = Request { relay, ..Request::default() }.into();
        exchange
    }

    /// The first connection, with what became of it.
    pub(crate) fn connection(&mut self, opened: bool, code: Option<FailureCode>) -> &mut Connection {
        self.seen.connections.push(Connection {
            socket: self.target().socket(SocketRole::First),
            server: 0,
            transport: self.transport,
            remote: address(SERVER),
            local: None,
            started_ms: 0.0,
            connected_ms: Some(20.0),
            opened_ms: opened.then_some(40.0),
            tls: None,
            failure: code.map(failure),
            failed_ms: code.map(|_| 60.0),
        });
        self.seen.connections.last_mut().expect("a connection")
    }

    /// The second connection, which stands.
    pub(crate) fn second_connection(&mut self) -> &mut Connection {
        let socket = self.target().socket(SocketRole::Second);
        let connection = self.connection(true, None);
        connection.socket = socket;
        connection
    }

    /// A server that relays: everything was tried, and everything went well.
    pub(crate) fn relays() -> Self {
        let mut scene = Self::udp();
        scene.bound("binding", "198.51.100.1:39999");
        scene.challenged("a", "example.org");
        scene.granted("a/login", RELAYED);
        scene.bound("x/binding", PLAIN);
        scene.challenged("b", "example.org");
        scene.granted("b/login", "192.0.2.10:50002");
        for step in ["a/permit/198.51.100.1", "a/permit/192.0.2.10", "b/permit/192.0.2.10", "b/permit/198.51.100.1"] {
            scene.granted(step, "");
        }
        scene.looped("inward", PLAIN);
        scene.looped("inward-b", PLAIN);
        scene.relayed("outward", PLAIN);
        scene.relayed("to-b", "192.0.2.10:50002");
        scene.relayed("to-a", RELAYED);
        scene.granted("channel", "");
        scene.relayed("channel-data", PLAIN);
        scene.granted("refresh", "");
        scene
    }
}

/// The relayed address of a scene.
pub(crate) const RELAYED: &str = "192.0.2.10:50000";
/// The address of our plain socket in a scene.
pub(crate) const PLAIN: &str = "198.51.100.1:40000";

/// A request with it is signed.
pub(crate) fn auth() -> Auth {
    serde_json::from_value(serde_json::json!({ "username": "alice", "realm": "example.org" })).expect("credentials")
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(crate) fn failure(code: FailureCode) -> Failure {
    Failure { code, text: "as the system words it".to_owned(), by: None }
}
