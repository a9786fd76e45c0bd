//! What goes on after a run: its sockets and what servers hold for them, in memory only.

use std::net::SocketAddr;

use super::run::Engine;
use super::{SocketId, Time, from_millis};
use crate::evidence::{Exchange, Integrity, SocketName, Stop};
use crate::wire::{Auth, Credential, Method, Transport};

/// How long an allocation lasts where the server does not say (RFC 8656 section 3.2).
const DEFAULT_LIFETIME: Time = Time::from_secs(600);

/// A socket that stays open after the run, under the same number on the same network.
#[derive(Clone, Debug)]
pub struct OpenSocket {
    /// Its number: new ones of whoever goes on with it begin above the highest.
    pub id: SocketId,
    /// Its name among the probes.
    pub name: SocketName,
    /// What it carries.
    pub transport: Transport,
    /// The local end, once known; of a UDP socket that is bound to no address in particular only the port says something.
    pub bound: Option<SocketAddr>,
    /// Whom it sent to: the servers behind its mapped addresses, and the one end of a connection.
    pub remotes: Vec<SocketAddr>,
    /// What TURN servers hold for it.
    pub allocations: Vec<Allocation>,
}

/// An allocation that was made and not given back.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The socket that it belongs to.
    pub socket: SocketId,
    /// The server.
    pub server: SocketAddr,
    /// What carries what is sent to the server.
    pub transport: Transport,
    /// The relayed address; the first of two.
    pub relayed: SocketAddr,
    /// The address that the server saw.
    pub mapped: Option<SocketAddr>,
    /// How requests about it are signed: user name, realm, nonce, algorithm; none where the server wants none.
    pub auth: Option<Auth>,
    /// What they are signed with.
    pub credential: Option<Credential>,
    /// How long it lasts from then on.
    pub lifetime: Time,
    /// When it was granted or last renewed, in the time of the run.
    pub granted: Time,
}

impl Engine {
    /// Whether what is open at the end stays open.
    pub(super) fn hands_over(&self) -> bool {
        self.settings.hand_over && self.evidence.stopped != Some(Stop::Interrupted)
    }

    /// The sockets that stay open after the run, and what servers hold for them; nothing unless [`hand_over`] was set.
    ///
    /// [`hand_over`]: super::Settings::hand_over
    #[must_use]
    pub fn handed_over(&self) -> Vec<OpenSocket> {
        if !self.hands_over() {
            return Vec::new();
        }
        let sockets = self.sockets.ids().filter_map(|id| Some((id, self.sockets.get(id)?)));
        let open = sockets.filter(|(_, socket)| {
            let closed = socket.connects && !socket.shared && !socket.keep_open;
            socket.open && socket.dead.is_none() && !closed
        });
        open.map(|(id, socket)| {
            let asked = self.evidence.exchanges.iter().filter(|exchange| exchange.socket == socket.name);
            let mut remotes: Vec<SocketAddr> = asked.clone().map(|exchange| exchange.remote).collect();
            remotes.sort_unstable();
            remotes.dedup();
            let exchanges: Vec<&Exchange> = asked.collect();
            let allocations = remotes.iter().filter_map(|&server| self.allocation(id, server, &exchanges)).collect();
            OpenSocket {
                id,
                name: socket.name.clone(),
                transport: socket.transport,
                bound: socket.bound,
                remotes,
                allocations,
            }
        })
        .collect()
    }

    /// What the exchanges of a socket with that server left behind.
    fn allocation(&self, socket: SocketId, server: SocketAddr, exchanges: &[&Exchange]) -> Option<Allocation> {
        let with = exchanges.iter().filter(|exchange| exchange.remote == server);
        let answered = with.filter_map(|exchange| {
            let reply = exchange.reply().filter(|reply| reply.error.is_none())?;
            Some((*exchange, reply, reply.turn.as_deref()?))
        });
        let believed =
            answered.filter(|(_, _, turn)| matches!(turn.integrity, Integrity::Valid | Integrity::Unchecked));
        let believed: Vec<_> = believed.collect();
        let (granted, reply, turn) =
            believed.iter().rev().find(|(exchange, ..)| exchange.request.method() == Some(Method::Allocate))?;
        let renewed = believed.iter().rev().find(|(exchange, ..)| exchange.request.method() == Some(Method::Refresh));
        let (last, said) = renewed.map_or((*granted, *turn), |(exchange, _, turn)| (*exchange, *turn));
        if said.lifetime_s == Some(0) {
            return None;
        }
        let auth = last.request.auth().or_else(|| granted.request.auth()).cloned();
        Some(Allocation {
            socket,
            server,
            transport: granted.transport,
            relayed: *turn.relayed.first()?,
            mapped: reply.mapped,
            credential: auth.as_ref().and_then(|auth| self.settings.credentials.get(auth.credential)).cloned(),
            auth,
            lifetime: said.lifetime_s.map_or(DEFAULT_LIFETIME, |seconds| Time::from_secs(seconds.into())),
            granted: from_millis(last.ended_ms.unwrap_or_default()),
        })
    }
}
