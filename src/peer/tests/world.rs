//! A toy network: two hosts, each with one socket and perhaps a NAT, relays, and whatever else a test wants to happen to a packet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::engine::{Allocation, Command, Input, Machine, SocketId, Time};
use crate::evidence::{Failure, FailureCode, Role, Session};
use crate::measure::connect::judge;
use crate::peer::{Agent, Base, Credentials, Local, Remote, Setup, Socket};
use crate::wire::stun::attribute::{DATA, LIFETIME, NONCE, REALM, XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS};
use crate::wire::stun::message::{BINDING, CREATE_PERMISSION, DATA as DATA_INDICATION, REFRESH, SEND};
use crate::wire::{
    Algorithm, Auth, Candidate, CandidateAddress, CandidateKind, CandidateTransport, Class, Credential, Echo, Key,
    Message, PasswordForm, Secret, TransactionId, Transport, Writer,
};

/// How a toy NAT behaves (RFC 4787): its mapping and its filter.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Nat {
    None,
    Full,
    PortRestricted,
    Symmetric,
    /// Symmetric mapping with an address-dependent filter.
    Dependent,
}

/// What a relay does.
#[derive(Clone, Copy, Default)]
pub(super) struct RelayMood {
    pub(super) forbids: bool,
    pub(super) stale: bool,
    pub(super) deaf: bool,
}

const LATENCY: Duration = Duration::from_millis(20);
pub(super) const STUN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 3478);

pub(super) struct Host {
    pub(super) agent: Agent,
    local: SocketAddr,
    public: IpAddr,
    nat: Nat,
    /// Mapped port to the remotes that were sent to, by the destination it is for where the mapping depends on it.
    mappings: BTreeMap<Option<SocketAddr>, u16>,
    sent_to: BTreeMap<u16, BTreeSet<SocketAddr>>,
    /// How long its NAT remembers whom it sent to, and when it last did; its ports stay.
    pub(super) remembers: Duration,
    used: BTreeMap<u16, Time>,
    relay: Option<(SocketAddr, RelayMood)>,
    permitted: BTreeSet<IpAddr>,
    pub(super) released: bool,
    pub(super) closed: bool,
}

impl Host {
    fn server(&self) -> SocketAddr {
        SocketAddr::new([198, 51, 100, self.public_octet()].into(), 3478)
    }

    fn public_octet(&self) -> u8 {
        match self.public {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(_) => 0,
        }
    }

    /// The source that a packet to there has outside.
    fn outbound(&mut self, now: Time, to: SocketAddr) -> SocketAddr {
        if self.nat == Nat::None {
            return self.local;
        }
        let dependent = matches!(self.nat, Nat::Symmetric | Nat::Dependent);
        let next = 40_000 + u16::try_from(self.mappings.len()).unwrap() * 7;
        let port = *self.mappings.entry(dependent.then_some(to)).or_insert(next);
        if self.has_forgotten(now, port) {
            self.sent_to.remove(&port);
        }
        self.used.insert(port, now);
        self.sent_to.entry(port).or_default().insert(to);
        SocketAddr::new(self.public, port)
    }

    fn has_forgotten(&self, now: Time, port: u16) -> bool {
        self.used.get(&port).is_some_and(|used| now.saturating_sub(*used) > self.remembers)
    }

    /// Whether a packet from there gets in at that mapped address.
    fn admits(&mut self, now: Time, from: SocketAddr, to: SocketAddr) -> bool {
        if self.has_forgotten(now, to.port()) {
            return false;
        }
        let admits = self.knows(from, to);
        if admits {
            self.used.insert(to.port(), now);
        }
        admits
    }

    fn knows(&self, from: SocketAddr, to: SocketAddr) -> bool {
        let known = self.sent_to.get(&to.port());
        match self.nat {
            Nat::None => to == self.local,
            _ if to.ip() != self.public => false,
            Nat::Full => known.is_some(),
            Nat::Dependent => known.is_some_and(|sent| sent.iter().any(|one| one.ip() == from.ip())),
            Nat::PortRestricted | Nat::Symmetric => known.is_some_and(|sent| sent.contains(&from)),
        }
    }
}

pub(super) struct World {
    pub(super) now: Time,
    pub(super) hosts: [Host; 2],
    queue: BTreeMap<(Time, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    /// Whether a packet is dropped: when, by which host it was sent (0, 1, or 2 for servers), and which packet of all it is.
    pub(super) drop: Box<dyn Fn(Time, usize, u64) -> bool>,
    /// Answers of this host come from another port than was asked.
    pub(super) answers_elsewhere: Option<usize>,
    /// Packets to these are refused by ICMP.
    pub(super) refuses: Option<SocketAddr>,
}

fn candidate(kind: CandidateKind, address: SocketAddr, related: Option<SocketAddr>, priority: u32) -> Candidate {
    Candidate {
        foundation: format!("{kind}"),
        component: 1,
        transport: CandidateTransport::Udp,
        priority,
        address: CandidateAddress::Ip(address.ip()),
        port: address.port(),
        kind,
        related: related.map(|at| (CandidateAddress::Ip(at.ip()), at.port())),
        tcp_type: None,
        extensions: Vec::new(),
    }
}

impl World {
    /// Two hosts, the first one controlling, with these NATs.
    pub(super) fn new(nats: [Nat; 2], relays: [Option<RelayMood>; 2]) -> Self {
        let mut number = 0;
        let hosts = nats.map(|nat| {
            let relay = relays[usize::from(number)];
            number += 1;
            host(number, nat, relay)
        });
        Self {
            now: Time::ZERO,
            hosts,
            queue: BTreeMap::new(),
            count: 0,
            drop: Box::new(|_, _, _| false),
            answers_elsewhere: None,
            refuses: None,
        }
    }

    /// Changes how a host begins.
    pub(super) fn set_up(&mut self, which: usize, change: impl Fn(&mut Setup)) {
        let mut setup = self.hosts[which].agent.setup_for_tests();
        change(&mut setup);
        self.hosts[which].agent = Agent::new(setup);
    }

    /// The token of a host.
    pub(super) fn token(&self, which: usize, answers: bool) -> Remote {
        let setup = self.hosts[which].agent.setup_for_tests();
        let candidates = setup.locals.into_iter().map(|local| local.candidate).collect();
        Remote { credentials: setup.credentials, candidates, answers, idle: setup.idle }
    }

    /// Hands each host the other's token at once, and runs to the end.
    pub(super) fn meet(&mut self) -> [Session; 2] {
        for which in 0..2 {
            let token = self.token(1 - which, true);
            self.hosts[which].agent.learn(self.now, &token);
        }
        self.run(self.now + Duration::from_secs(600));
        self.sessions()
    }

    pub(super) fn sessions(&self) -> [Session; 2] {
        [0, 1].map(|which| self.hosts[which].agent.session())
    }

    pub(super) fn run(&mut self, until: Time) {
        for _ in 0..100_000 {
            for which in 0..2 {
                for command in self.hosts[which].agent.poll(self.now) {
                    self.perform(which, command);
                }
            }
            if self.hosts.iter().all(|host| host.agent.is_finished()) {
                return;
            }
            let wakes = self.hosts.iter().filter(|host| !host.agent.is_finished()).map(|host| host.agent.next_wake());
            let next = wakes.chain(self.queue.keys().next().map(|(at, _)| *at)).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(next);
            while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (from, to, bytes) = entry.remove();
                self.arrive(from, to, bytes);
            }
        }
        panic!("the agents spin");
    }

    fn perform(&mut self, which: usize, command: Command) {
        match command {
            Command::Send { remote, mut bytes, .. } => {
                assert!(!self.hosts[which].closed, "nothing is sent after the end");
                if self.refuses == Some(remote) {
                    let failure = Failure { code: FailureCode::ConnectionRefused, text: "refused".into(), by: None };
                    let input = Input::Failed { socket: SocketId(0), remote: Some(remote), failure };
                    self.hosts[which].agent.handle(self.now, input);
                    return;
                }
                let mut source = self.hosts[which].outbound(self.now, remote);
                let answer = Message::read(&bytes).is_ok_and(|message| message.class == Class::Success);
                if answer && self.answers_elsewhere == Some(which) {
                    source.set_port(source.port() + 1);
                }
                if remote == self.hosts[which].server() {
                    bytes.insert(0, u8::try_from(which).unwrap());
                }
                self.carry(which, source, remote, bytes);
            }
            Command::Close { .. } => self.hosts[which].closed = true,
            other => panic!("{other:?}"),
        }
    }

    fn carry(&mut self, by: usize, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.count += 1;
        if !(self.drop)(self.now, by, self.count) {
            self.queue.insert((self.now + LATENCY, self.count), (from, to, bytes));
        }
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if to == STUN {
            let message = Message::read(&bytes).unwrap();
            let answer = Writer::new(Class::Success, BINDING, message.id, None).xor_address(XOR_MAPPED_ADDRESS, from);
            return self.carry(2, STUN, from, answer.finish());
        }
        if let Some(which) = (0..2).find(|&which| to == self.hosts[which].server()) {
            return self.serve(which, from, &bytes[1..]);
        }
        if let Some(which) = (0..2).find(|&which| self.hosts[which].relay.is_some_and(|(relayed, _)| relayed == to)) {
            if self.hosts[which].permitted.contains(&from.ip()) {
                let id = TransactionId([9; 12]);
                let data = Writer::new(Class::Indication, DATA_INDICATION, id, None)
                    .xor_address(XOR_PEER_ADDRESS, from)
                    .attribute(DATA, &bytes);
                let (server, client) = (self.hosts[which].server(), self.hosts[which].outbound_known(self.now));
                self.carry(2, server, client, data.finish());
            }
            return;
        }
        let now = self.now;
        if let Some(which) = (0..2).find(|&which| self.hosts[which].admits(now, from, to)) {
            let input = Input::Received { socket: SocketId(0), source: from, bytes };
            self.hosts[which].agent.handle(self.now, input);
        }
    }

    /// The TURN server of a host.
    fn serve(&mut self, which: usize, client: SocketAddr, bytes: &[u8]) {
        let message = Message::read(bytes).unwrap();
        let host = &mut self.hosts[which];
        let (relayed, mood) = host.relay.unwrap();
        let server = host.server();
        if mood.deaf {
            return;
        }
        let answer = |class| Writer::new(class, message.method, message.id, None);
        let reply = match message.method {
            BINDING => answer(Class::Success).xor_address(XOR_MAPPED_ADDRESS, client),
            SEND => {
                let peer = message.peer_address().unwrap();
                let data = message.attribute(DATA).unwrap().value.clone();
                if host.permitted.contains(&peer.ip()) {
                    self.carry(2, relayed, peer, data);
                }
                return;
            }
            _ if mood.stale && message.nonce() != Some(b"fresh") => {
                answer(Class::Error).error(438, "Stale Nonce").attribute(REALM, b"r").attribute(NONCE, b"fresh")
            }
            CREATE_PERMISSION if mood.forbids => answer(Class::Error).error(403, "Forbidden"),
            CREATE_PERMISSION => {
                host.permitted.insert(message.peer_address().unwrap().ip());
                answer(Class::Success)
            }
            REFRESH => {
                host.released |= message.lifetime() == Some(0);
                answer(Class::Success).attribute(LIFETIME, &600_u32.to_be_bytes())
            }
            other => panic!("method {other}"),
        };
        let reply = match message.nonce() {
            Some(b"fresh") => reply.integrity(&Key::new(&login(), b"r", Algorithm::Md5, PasswordForm::AsTyped), false),
            _ => reply,
        };
        self.carry(2, server, client, reply.finish());
    }
}

impl Host {
    /// The source that the TURN server knows.
    fn outbound_known(&mut self, now: Time) -> SocketAddr {
        let server = self.server();
        self.outbound(now, server)
    }
}

fn login() -> Credential {
    Credential { username: "u".into(), password: Secret::new("p") }
}

fn host(number: u8, nat: Nat, mood: Option<RelayMood>) -> Host {
    let inside = Ipv4Addr::new(10, number, 0, 2);
    let local = SocketAddr::new(if nat == Nat::None { [203, 0, 113, number].into() } else { inside.into() }, 5000);
    let relayed = SocketAddr::new([198, 51, 100, 100 + number].into(), 49_152);
    let setup = Setup {
        credentials: Credentials::new([u64::from(number), 2, 3]),
        seed: u64::from(number),
        role: if number == 1 { Role::Controlling } else { Role::Controlled },
        locals: Vec::new(),
        sockets: vec![Socket { id: SocketId(0), servers: vec![STUN] }],
        allocations: Vec::new(),
        deadline: Time::from_secs(120),
        test: Duration::from_secs(5),
        idle: Duration::ZERO,
    };
    let mut host = Host {
        agent: Agent::new(setup.clone()),
        local,
        public: [203, 0, 113, number].into(),
        nat,
        mappings: BTreeMap::new(),
        sent_to: BTreeMap::new(),
        remembers: Duration::MAX,
        used: BTreeMap::new(),
        relay: mood.map(|mood| (relayed, mood)),
        permitted: BTreeSet::new(),
        released: false,
        closed: false,
    };
    let mapped = host.outbound(Time::ZERO, STUN);
    let own = Base::Socket(SocketId(0));
    let mut locals = vec![Local { candidate: candidate(CandidateKind::Host, local, None, 2_130_706_431), base: own }];
    if mapped != local {
        let srflx = candidate(CandidateKind::Srflx, mapped, Some(local), 1_694_498_815);
        locals.push(Local { candidate: srflx, base: own });
    }
    let mut allocations = Vec::new();
    if let Some(mood) = mood {
        let server = host.server();
        let client = host.outbound(Time::ZERO, server);
        let relay = candidate(CandidateKind::Relay, relayed, Some(client), 16_777_215);
        locals.push(Local { candidate: relay, base: Base::Relay(0) });
        let nonce = if mood.stale { b"old".to_vec() } else { b"fresh".to_vec() };
        let echo = Echo { realm: b"r".to_vec(), nonce, password_algorithms: None };
        let auth = Auth {
            credential: 0,
            username: "u".into(),
            realm: "r".into(),
            algorithm: Algorithm::Md5,
            form: PasswordForm::AsTyped,
            anonymous: false,
            echo,
        };
        allocations.push(Allocation {
            socket: SocketId(0),
            server,
            transport: Transport::Udp,
            relayed,
            mapped: None,
            auth: Some(auth),
            credential: Some(login()),
            lifetime: Duration::from_secs(600),
            granted: Time::ZERO,
        });
    }
    host.agent = Agent::new(Setup { locals, allocations, ..setup });
    host
}

/// What both sides say, for messages of failed tests.
pub(super) fn told(sessions: &[Session; 2]) -> String {
    format!("{:#?}\n{:#?}", sessions.each_ref().map(judge), sessions)
}
