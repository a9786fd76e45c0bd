//! The sockets of a run: probes name them, the engine numbers them and chooses their local ports.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::chance::Chance;
use super::{Command, SocketId, SocketSpec};
use crate::evidence::{Ask, Bind, Failure, LocalPort, SocketName};
use crate::wire::{Framing, Host, Method, Question, ServerSpec, Transport, TurnAttribute};

/// The port that discards what it gets (RFC 863): a remote that nothing is sent to.
const DISCARD: u16 = 9;

/// One socket.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Socket {
    /// Its name among the probes.
    pub name: SocketName,
    /// What carries what is sent on it.
    pub transport: Transport,
    /// Whether it carries a stream.
    pub stream: bool,
    /// Whether a connection or an association has to stand first.
    pub connects: bool,
    /// Whether it stays open when its last exchange is over.
    pub keep_open: bool,
    /// Index of its connection in the evidence.
    pub connection: Option<usize>,
    /// The peers behind the channels that were bound on it.
    pub channels: BTreeMap<u16, SocketAddr>,
    /// The servers that it asked for relaying.
    pub turn_servers: BTreeSet<SocketAddr>,
    /// Whether other connections of the run use its local port, so that it must stay open.
    pub shared: bool,
    /// Whether it can be sent on.
    pub open: bool,
    /// Why it can not be used any more.
    pub dead: Option<Failure>,
    /// The local end, once known; a wildcard socket knows only its port.
    pub bound: Option<SocketAddr>,
    /// The local end towards each remote.
    pub locals: BTreeMap<SocketAddr, SocketAddr>,
}

/// Every socket of a run.
#[derive(Default)]
pub(super) struct Sockets {
    list: Vec<Socket>,
    by_name: BTreeMap<SocketName, SocketId>,
    shared_ports: BTreeMap<SocketName, Vec<u16>>,
}

impl Sockets {
    /// The socket that the ask names, and the command that opens it if this is its first use.
    pub(super) fn for_ask(
        &mut self,
        ask: &Ask,
        server: Option<&ServerSpec>,
        certificate_name: Option<String>,
        chance: &mut Chance,
    ) -> (SocketId, Option<Command>) {
        if let Some(&id) = self.by_name.get(&ask.socket) {
            return (id, None);
        }
        let id = SocketId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let connects = ask.transport.connects();
        let local_ports = match &ask.local_port {
            LocalPort::Fresh => chance.fresh_ports(),
            LocalPort::Fixed(port) => vec![*port],
            LocalPort::Shared(first) => {
                self.shared_ports.entry(first.clone()).or_insert_with(|| chance.fresh_ports()).clone()
            }
        };
        let host = server.map(|spec| match &spec.host {
            Host::Name(name) => name.clone(),
            Host::Address(ip) => ip.to_string(),
        });
        self.by_name.insert(ask.socket.clone(), id);
        self.list.push(Socket {
            name: ask.socket.clone(),
            transport: ask.transport,
            stream: ask.transport.is_stream(),
            connects,
            keep_open: false,
            connection: None,
            channels: BTreeMap::new(),
            turn_servers: BTreeSet::new(),
            shared: matches!(ask.local_port, LocalPort::Shared(_)),
            open: !connects,
            dead: None,
            bound: None,
            locals: BTreeMap::new(),
        });
        let spec = SocketSpec {
            transport: ask.transport,
            remote: ask.remote,
            server_name: certificate_name.or(host),
            local_ports,
            share_port: matches!(ask.local_port, LocalPort::Shared(_)),
            local_address: ask.terms.local_address,
            framing: ask.request.framing(),
            passive: false,
        };
        (id, Some(Command::Open { socket: id, spec }))
    }

    /// The socket that is to be there before anything is sent on it, and the command that opens it; `None` where it is there.
    pub(super) fn for_bind(&mut self, bind: &Bind, chance: &mut Chance) -> Option<(SocketId, Command)> {
        if self.by_name.contains_key(&bind.socket) {
            return None;
        }
        let id = SocketId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.by_name.insert(bind.socket.clone(), id);
        self.list.push(Socket {
            name: bind.socket.clone(),
            transport: bind.transport,
            stream: bind.transport.is_stream(),
            // Nothing is connected: it is there at once, or not at all.
            connects: false,
            keep_open: true,
            connection: None,
            channels: BTreeMap::new(),
            turn_servers: BTreeSet::new(),
            shared: false,
            open: true,
            dead: None,
            bound: None,
            locals: BTreeMap::new(),
        });
        let spec = SocketSpec {
            transport: bind.transport,
            // Only its family counts.
            remote: SocketAddr::new(bind.address, DISCARD),
            server_name: None,
            local_ports: chance.fresh_ports(),
            share_port: false,
            local_address: Some(bind.address),
            framing: Framing::Stun,
            passive: true,
        };
        Some((id, Command::Open { socket: id, spec }))
    }

    /// Whether the ask can still be sent: on its socket, if that is open, or on a new one, where that is as good.
    pub(super) fn usable(&self, ask: &Ask) -> bool {
        match self.by_name.get(&ask.socket).and_then(|&id| self.get(id)) {
            Some(entry) => entry.open && entry.dead.is_none(),
            // An allocation lives and dies with its connection (RFC 8656 section 3.1); what UPnP maps does not.
            None => !ask.transport.connects() || ask.request.upnp().is_some(),
        }
    }

    /// The socket of that number, if the engine ever gave it.
    pub(super) fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.list.get_mut(id.0 as usize)
    }

    /// The socket of that number, if the engine ever gave it.
    pub(super) fn get(&self, id: SocketId) -> Option<&Socket> {
        self.list.get(id.0 as usize)
    }

    /// Every number given.
    pub(super) fn ids(&self) -> impl Iterator<Item = SocketId> + use<> {
        (0..u32::try_from(self.list.len()).unwrap_or(u32::MAX)).map(SocketId)
    }
}

impl Socket {
    /// Takes note of what a request makes of the socket: who relays for it, which channel means which peer.
    pub(super) fn note(&mut self, question: &Question, remote: SocketAddr) {
        if question.method().is_none_or(|method| method == Method::Binding) {
            return;
        }
        self.turn_servers.insert(remote);
        let peer = question.attributes().iter().find_map(|attribute| match attribute {
            TurnAttribute::Peer(peer) => Some(*peer),
            _ => None,
        });
        for attribute in question.attributes() {
            if let (TurnAttribute::Channel(number), Some(peer)) = (attribute, peer) {
                self.channels.insert(*number, peer);
            }
        }
    }

    /// The local end towards the remote, as far as known.
    pub(super) fn local(&self, remote: SocketAddr) -> Option<SocketAddr> {
        self.locals.get(&remote).copied().or_else(|| self.bound.filter(|bound| !bound.ip().is_unspecified()))
    }
}
