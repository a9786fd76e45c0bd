use crate::server::turn::*;
use crate::wire::stun::attribute::{ERROR_CODE, MESSAGE_INTEGRITY, NONCE, REALM};
use crate::wire::stun::message::{ALLOCATE, DATA};
use crate::wire::{Auth, Credential, Echo, Method, Request, Secret, TransactionId, TurnAttribute};

mod faults;
mod flow;
mod noise;

const SERVER: &str = "198.51.100.30:3478";
const CLIENT: &str = "203.0.113.7:40000";
const OTHER: &str = "203.0.113.7:40001";
const PEER: &str = "192.0.2.10:3478";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn tuple(client: &str) -> FiveTuple {
    FiveTuple { transport: Transport::Udp, client: address(client), server: address(SERVER) }
}

/// A server, and somebody who talks to it byte by byte.
struct World {
    server: TurnServer,
    random: Random,
    now: Time,
    credential: Credential,
    echo: Echo,
    asked: u64,
}

impl World {
    fn new(config: &TurnConfig) -> Self {
        let own = [address(SERVER).ip(), "2001:db8:30::1".parse().unwrap()];
        Self {
            server: TurnServer::new(config, &own, "turn", Duration::from_millis(10)),
            random: Random::new(3),
            now: Time::ZERO,
            credential: Credential { username: "demo".into(), password: Secret::new("demo") },
            echo: Echo::default(),
            asked: 0,
        }
    }

    fn with(faults: &[TurnFault]) -> Self {
        Self::new(&TurnConfig { faults: faults.to_vec(), ..TurnConfig::default() })
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn id(&mut self) -> TransactionId {
        self.asked += 1;
        let mut id = TransactionId(*b"turn........");
        id.0[4..].copy_from_slice(&self.asked.to_be_bytes());
        id
    }

    fn receive(&mut self, client: &str, bytes: &[u8]) -> Vec<Output> {
        self.server.receive(self.now, tuple(client), bytes, &mut self.random)
    }

    /// The answer to bytes, and the bytes of it.
    fn say(&mut self, client: &str, bytes: &[u8]) -> Option<(Message, Vec<u8>)> {
        let outputs = self.receive(client, bytes);
        assert!(outputs.len() <= 1, "{outputs:?}");
        let output = outputs.into_iter().next()?;
        assert_eq!((output.source, output.destination), (address(SERVER), address(client)));
        Some((Message::read(&output.bytes).ok()?, output.bytes))
    }

    fn unsigned(&mut self, client: &str, method: Method, attributes: Vec<TurnAttribute>) -> Option<Message> {
        let id = self.id();
        let bytes = Request::turn(method, attributes).message(id, None);
        Some(self.say(client, &bytes)?.0)
    }

    fn sign(&mut self, method: Method, attributes: Vec<TurnAttribute>) -> Vec<u8> {
        let auth = Auth {
            credential: 0,
            username: self.credential.username.clone(),
            realm: String::from_utf8_lossy(&self.echo.realm).into_owned(),
            algorithm: if self.echo.password_algorithms.is_some() {
                crate::wire::Algorithm::Sha256
            } else {
                crate::wire::Algorithm::Md5
            },
            form: crate::wire::PasswordForm::AsTyped,
            anonymous: self.echo.password_algorithms.is_some(),
            echo: self.echo.clone(),
        };
        let id = self.id();
        Request { auth: Some(auth), ..Request::turn(method, attributes) }.message(id, Some(&self.credential))
    }

    fn signed(&mut self, client: &str, method: Method, attributes: Vec<TurnAttribute>) -> Option<(Message, Vec<u8>)> {
        let bytes = self.sign(method, attributes);
        self.say(client, &bytes)
    }

    /// Asks without credentials, and remembers the challenge.
    fn challenge(&mut self, client: &str) -> Message {
        let answer = self.unsigned(client, Method::Allocate, allocate()).unwrap();
        let value = |ty| answer.attribute(ty).map(|attribute| attribute.value.clone());
        self.echo = Echo {
            realm: value(REALM).unwrap_or_default(),
            nonce: value(NONCE).unwrap_or_default(),
            password_algorithms: value(crate::wire::stun::attribute::PASSWORD_ALGORITHMS),
        };
        answer
    }

    /// The code of the answer to a signed request: 0 for success.
    fn code(&mut self, client: &str, method: Method, attributes: Vec<TurnAttribute>) -> u16 {
        code(&self.signed(client, method, attributes).unwrap().0)
    }

    /// An allocation, and its relayed address as it is told.
    fn allocated(&mut self, client: &str) -> SocketAddr {
        self.challenge(client);
        let (answer, _) = self.signed(client, Method::Allocate, allocate()).unwrap();
        assert_eq!(answer.class, Class::Success, "{:?}", answer.error());
        answer.relayed_addresses()[0]
    }

    /// The same, with a permission for that peer.
    fn permitted(&mut self, client: &str, peer: &str) -> SocketAddr {
        let relayed = self.allocated(client);
        assert_eq!(self.code(client, Method::CreatePermission, vec![TurnAttribute::Peer(address(peer))]), 0);
        relayed
    }

    fn send(&mut self, client: &str, peer: SocketAddr, data: &[u8]) -> Vec<Output> {
        let id = self.id();
        let bytes = relay::wrap(&crate::wire::Relay { peer, channel: None }, id, data, false);
        self.receive(client, &bytes)
    }

    fn arrive(&mut self, from: &str, to: SocketAddr, data: &[u8]) -> Vec<Output> {
        self.server.arrive(self.now, address(from), to, data, &mut self.random)
    }
}

fn allocate() -> Vec<TurnAttribute> {
    vec![TurnAttribute::RequestedTransport(17)]
}

fn code(message: &Message) -> u16 {
    message.error().map_or(0, |(code, _)| code)
}

/// The peer and the data of a Data indication.
fn unwrapped(output: &Output) -> (SocketAddr, Vec<u8>) {
    let message = Message::read(&output.bytes).unwrap();
    assert_eq!((message.class, message.method), (Class::Indication, DATA));
    let (peer, data) = relay::data_indication(&message).unwrap();
    (peer, data.to_vec())
}
