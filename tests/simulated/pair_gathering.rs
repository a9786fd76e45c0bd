//! What a live agent starts from, asked of the servers one by one.

use std::net::SocketAddr;
use std::time::Duration;

use nat_probe::engine::{Allocation, Command, Input, Network, SocketId, SocketSpec};
use nat_probe::evidence::Role;
use nat_probe::peer::{Base, Credentials, Local, Remote, Setup, Socket};
use nat_probe::wire::{
    Algorithm, Auth, Candidate, CandidateAddress, CandidateKind, CandidateTransport, Credential, Echo, Message, Method,
    PasswordForm, Request, Secret, TransactionId, Transport, TurnAttribute, ice,
};

/// The base of this side's candidates.
const BASE: SocketId = SocketId(1);
/// The connection to the TURN server where UDP does not get out.
const STREAM: SocketId = SocketId(2);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);
const LIFETIME: Duration = Duration::from_secs(600);
/// Longer than the patience of an agent that has not found a pair (RFC 8863 section 4: 39.5 s).
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A TURN server: over UDP, and by what else where UDP does not get out.
#[derive(Clone)]
pub(crate) struct Turn {
    pub(crate) udp: SocketAddr,
    pub(crate) stream: (Transport, SocketAddr),
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
}

/// One side while it gathers.
pub(crate) struct Gathering<'a> {
    pub(crate) network: &'a mut dyn Network,
    pub(crate) stun: SocketAddr,
    pub(crate) turn: Option<Turn>,
    pub(crate) role: Role,
}

impl Gathering<'_> {
    fn open(&mut self, socket: SocketId, transport: Transport, remote: SocketAddr) {
        let local_ports = if transport == Transport::Udp { vec![40_000] } else { Vec::new() };
        let spec = SocketSpec { local_ports, ..SocketSpec::new(transport, remote) };
        self.network.perform(Command::Open { socket, spec });
        loop {
            match self.next() {
                Some(Input::Opened { .. }) => return,
                Some(Input::Connected { .. } | Input::Handshake { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn next(&mut self) -> Option<Input> {
        self.network.wait(self.network.now() + PATIENCE)
    }

    /// Asks a server once; its answer, and the source that the question had.
    fn ask(&mut self, socket: SocketId, remote: SocketAddr, bytes: Vec<u8>) -> (Option<Message>, Option<SocketAddr>) {
        self.network.perform(Command::Send { socket, remote, bytes });
        let (mut answer, mut source) = (None, None);
        while answer.is_none()
            && let Some(input) = self.next()
        {
            match input {
                Input::Local { local, .. } => source = Some(local),
                Input::Received { bytes, .. } => answer = Message::read(&bytes).ok(),
                _ => {}
            }
        }
        (answer, source)
    }

    /// Allocates; `None` where no answer comes.
    fn allocate(&mut self, turn: &Turn, socket: SocketId, transport: Transport) -> Option<Allocation> {
        let server = if transport == Transport::Udp { turn.udp } else { turn.stream.1 };
        let wish = || Request::turn(Method::Allocate, vec![TurnAttribute::RequestedTransport(17)]);
        let (challenge, _) = self.ask(socket, server, wish().message(TransactionId([1; 12]), None));
        let challenge = challenge?;
        let credential = Credential { username: turn.user.into(), password: Secret::new(turn.password) };
        let auth = Auth {
            credential: 0,
            username: turn.user.into(),
            realm: String::new(),
            algorithm: Algorithm::Md5,
            form: PasswordForm::AsTyped,
            anonymous: false,
            echo: Echo {
                realm: challenge.realm()?.to_vec(),
                nonce: challenge.nonce()?.to_vec(),
                password_algorithms: None,
            },
        };
        let request = Request { auth: Some(auth.clone()), ..wish() };
        let (made, _) = self.ask(socket, server, request.message(TransactionId([2; 12]), Some(&credential)));
        let made = made.expect("whoever challenges answers");
        let relayed = *made.relayed_addresses().first().unwrap_or_else(|| panic!("no allocation: {:?}", made.error()));
        Some(Allocation {
            socket,
            server,
            transport,
            relayed,
            mapped: made.mapped(),
            auth: Some(auth),
            credential: Some(credential),
            lifetime: LIFETIME,
            granted: self.network.now(),
        })
    }

    /// What the agent of this side starts from; the seed is its own.
    pub(crate) fn setup(&mut self, seed: u64) -> Setup {
        let stun = self.stun;
        self.open(BASE, Transport::Udp, stun);
        let (answer, base) = self.ask(BASE, stun, Request::default().encode(TransactionId([3; 12])));
        let base = base.expect("it has an address");
        let mapped = answer.and_then(|message| message.mapped());
        let mut locals = vec![local(CandidateKind::Host, base, None, Base::Socket(BASE))];
        if let Some(mapped) = mapped.filter(|mapped| *mapped != base) {
            locals.push(local(CandidateKind::Srflx, mapped, Some(base), Base::Socket(BASE)));
        }
        let mut allocations = Vec::new();
        if let Some(turn) = self.turn.clone() {
            let made = self.allocate(&turn, BASE, Transport::Udp).or_else(|| {
                self.open(STREAM, turn.stream.0, turn.stream.1);
                self.allocate(&turn, STREAM, turn.stream.0)
            });
            let made = made.expect("the TURN server is reached by some way");
            locals.push(local(CandidateKind::Relay, made.relayed, Some(mapped.unwrap_or(base)), Base::Relay(0)));
            allocations.push(made);
        }
        Setup {
            credentials: Credentials::new([seed * 3, seed * 3 + 1, seed * 3 + 2]),
            seed,
            role: self.role,
            locals,
            sockets: vec![Socket { id: BASE, servers: vec![stun] }],
            allocations,
            deadline: self.network.now() + DEADLINE,
            test: Duration::from_millis(200),
            idle: Duration::ZERO,
        }
    }
}

fn local(kind: CandidateKind, address: SocketAddr, related: Option<SocketAddr>, base: Base) -> Local {
    let candidate = Candidate {
        foundation: kind.to_string(),
        component: 1,
        transport: CandidateTransport::Udp,
        priority: ice::priority(ice::type_preference(kind), u16::MAX, 1),
        address: CandidateAddress::Ip(address.ip()),
        port: address.port(),
        kind,
        related: related.map(|at| (CandidateAddress::Ip(at.ip()), at.port())),
        tcp_type: None,
        extensions: Vec::new(),
    };
    Local { candidate, base }
}

/// What the other side is told.
pub(crate) fn token(setup: &Setup, answers: bool) -> Remote {
    Remote {
        credentials: setup.credentials.clone(),
        candidates: setup.locals.iter().map(|local| local.candidate.clone()).collect(),
        answers,
        idle: setup.idle,
    }
}
