//! The sockets of a run: probes name them, the engine numbers them and chooses their local ports.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::chance::Chance;
use super::{Command, SocketId, SocketSpec};
use crate::probe::{Ask, Failure, LocalPort};
use crate::stun::{Host, ServerSpec, Transport};

/// One socket.
pub struct Socket {
    /// Its name among the probes.
    pub name: String,
    /// Whether it carries a stream.
    pub stream: bool,
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
pub struct Sockets {
    list: Vec<Socket>,
    by_name: BTreeMap<String, SocketId>,
    shared_ports: BTreeMap<String, Vec<u16>>,
}

impl Sockets {
    /// The socket that the ask names, and the command that opens it if this is its first use.
    pub fn for_ask(
        &mut self,
        ask: &Ask,
        server: Option<&ServerSpec>,
        chance: &mut Chance,
    ) -> (SocketId, Option<Command>) {
        if let Some(&id) = self.by_name.get(&ask.socket) {
            return (id, None);
        }
        let id = SocketId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let stream = ask.transport != Transport::Udp;
        let local_ports = match &ask.local_port {
            LocalPort::Fresh => chance.fresh_ports(),
            LocalPort::Fixed(port) => vec![*port],
            LocalPort::Shared(group) => {
                self.shared_ports.entry(group.clone()).or_insert_with(|| chance.fresh_ports()).clone()
            }
        };
        let server_name = server.map(|spec| match &spec.host {
            Host::Name(name) => name.clone(),
            Host::Address(ip) => ip.to_string(),
        });
        self.by_name.insert(ask.socket.clone(), id);
        self.list.push(Socket {
            name: ask.socket.clone(),
            stream,
            shared: matches!(ask.local_port, LocalPort::Shared(_)),
            open: !stream,
            dead: None,
            bound: None,
            locals: BTreeMap::new(),
        });
        let spec = SocketSpec {
            transport: ask.transport,
            remote: ask.remote,
            server_name,
            local_ports,
            share_port: matches!(ask.local_port, LocalPort::Shared(_)),
        };
        (id, Some(Command::Open { socket: id, spec }))
    }

    /// The socket of that number, if the engine ever gave it.
    pub fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.list.get_mut(id.0 as usize)
    }

    /// The socket of that number, if the engine ever gave it.
    pub fn get(&self, id: SocketId) -> Option<&Socket> {
        self.list.get(id.0 as usize)
    }

    /// Every number given.
    pub fn ids(&self) -> impl Iterator<Item = SocketId> + use<> {
        (0..u32::try_from(self.list.len()).unwrap_or(u32::MAX)).map(SocketId)
    }
}

impl Socket {
    /// The local end towards the remote, as far as known.
    pub fn local(&self, remote: SocketAddr) -> Option<SocketAddr> {
        self.locals.get(&remote).copied().or_else(|| self.bound.filter(|bound| !bound.ip().is_unspecified()))
    }
}
