//! From what was gathered to what a session starts from, and to the token.

use std::net::SocketAddr;
use std::time::Duration;

use crate::engine::OpenSocket;
use crate::evidence::Role;
use crate::measure::ice_gather::{Gathered, GatheredCandidate};
use crate::net;
use crate::peer::{Base, Credentials, Local, Setup, Socket, Token};
use crate::wire::{CandidateKind, CandidateTransport, Transport};

/// How long the nominated pair is tested.
const TEST: Duration = Duration::from_secs(5);

/// What the arguments want of a session.
pub(super) struct Wanted<'w> {
    pub(super) relay_only: bool,
    /// The token that this side was started with.
    pub(super) answers: Option<&'w Token>,
    /// When to give up, from the start of the run.
    pub(super) deadline: Duration,
    pub(super) idle: Duration,
}

/// What the session starts from.
pub(super) fn setup(gathered: &Gathered, open: &[OpenSocket], wanted: &Wanted, seeds: [u64; 4]) -> Setup {
    let [seed, credentials @ ..] = seeds;
    let allocations: Vec<_> = open.iter().flat_map(|socket| socket.allocations.clone()).collect();
    let base = |one: &GatheredCandidate| {
        if one.kind == CandidateKind::Relay {
            let relayed = SocketAddr::new(one.address, one.port);
            return allocations.iter().position(|allocation| allocation.relayed == relayed).map(Base::Relay);
        }
        let name = one.socket.as_ref()?;
        open.iter().find(|socket| socket.name == *name).map(|socket| Base::Socket(socket.id))
    };
    let usable = gathered.candidates.iter().filter(|one| {
        one.is_offered()
            && one.disbelieved.is_none()
            && one.transport == CandidateTransport::Udp
            && (!wanted.relay_only || one.kind == CandidateKind::Relay)
    });
    let locals = usable.filter_map(|one| Some(Local { candidate: one.candidate(), base: base(one)? })).collect();
    let sockets = open.iter().filter(|socket| socket.transport == Transport::Udp);
    Setup {
        credentials: Credentials::new(credentials),
        seed,
        role: if wanted.answers.is_some() { Role::Controlled } else { Role::Controlling },
        locals,
        sockets: sockets.map(|socket| Socket { id: socket.id, servers: socket.remotes.clone() }).collect(),
        allocations,
        deadline: wanted.deadline,
        test: TEST,
        idle: wanted.idle,
    }
}

/// What the other side has to know, for as long as this one waits.
pub(super) fn token(setup: &Setup, wanted: &Wanted) -> Token {
    let now = u64::try_from(net::clock::now_unix_s()).unwrap_or_default();
    let mut candidates: Vec<_> = setup.locals.iter().map(|local| local.candidate.clone()).collect();
    if wanted.relay_only {
        // The address that the TURN server sees is this host's too.
        for candidate in &mut candidates {
            candidate.related = None;
        }
    }
    Token {
        expires_unix_s: now + wanted.deadline.as_secs(),
        ufrag: setup.credentials.ufrag.clone(),
        password: setup.credentials.password.clone(),
        candidates,
        answers: wanted.answers.map(|token| token.ufrag.clone()),
        idle_s: u16::try_from(wanted.idle.as_secs()).unwrap_or(u16::MAX),
        relay_only: wanted.relay_only,
    }
}
