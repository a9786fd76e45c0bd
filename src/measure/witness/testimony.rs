//! What servers say of us, who said it, and which way the question went.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::evidence::{Evidence, Exchange};
use crate::measure::nat64::{self, Embedded};
use crate::wire::{Family, Scope, Transport};

/// Which way a question went: only what went the same way can be compared. In the order of what says most about the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The family of the server's address.
    pub family: Family,
    /// To an IPv4 server, through NAT64.
    pub nat64: bool,
    /// How far away the server is.
    pub reach: Reach,
    /// The address that this host sent from: another interface has other NATs before it.
    pub local: Option<IpAddr>,
}

/// How far away a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// On the internet.
    Internet,
    /// In a private network.
    Private,
    /// On this link or this host.
    Here,
}

/// One server's word on one socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Testimony<'a> {
    pub(super) exchange: &'a Exchange,
    /// What it said.
    pub(super) told: SocketAddr,
    /// Who said it: servers that share an address are one machine.
    pub(super) machine: usize,
    pub(super) path: Path,
}

impl Testimony<'_> {
    /// The unit that shares one fate: what stands before one port of a machine, stands before all of them.
    pub(super) fn unit(&self) -> (IpAddr, Transport) {
        (self.exchange.remote.ip(), self.exchange.transport)
    }
}

/// Every testimony, and what is known of the addresses in it.
pub(super) struct Hearing<'a> {
    pub(super) testimonies: Vec<Testimony<'a>>,
    /// This host's addresses.
    host: BTreeSet<IpAddr>,
    /// The addresses of each machine: those it was asked at, and those it calls its own.
    own: BTreeMap<usize, BTreeSet<IpAddr>>,
    /// Which machines were asked at an address.
    asked: BTreeMap<IpAddr, usize>,
    nat64: BTreeMap<IpAddr, Embedded>,
    machines: Vec<usize>,
}

impl<'a> Hearing<'a> {
    pub(super) fn of(seen: &'a Evidence) -> Self {
        let machines = machines(seen);
        let nat64 = nat64::servers(seen);
        let mut hearing = Self {
            testimonies: Vec::new(),
            host: seen.host_addresses.iter().copied().filter(|ip| Scope::of(*ip) != Scope::Loopback).collect(),
            own: BTreeMap::new(),
            asked: BTreeMap::new(),
            nat64,
            machines,
        };
        for (index, server) in seen.servers.iter().enumerate() {
            for address in server.lookups.iter().flat_map(|lookup| &lookup.addresses) {
                hearing.belongs(index, address.ip());
            }
        }
        for exchange in seen.exchanges.iter().filter(|exchange| exchange.request.relay().is_none()) {
            let Some(reply) = exchange.reply() else { continue };
            hearing.belongs(exchange.server, exchange.remote.ip());
            let claimed = [reply.other, reply.origin].into_iter().flatten().map(|address| address.ip());
            let machine = hearing.machine(exchange.server);
            hearing.own.entry(machine).or_default().extend(claimed.filter(|ip| !ip.is_unspecified()));
            if let Some(told) = exchange.mapped() {
                let path = hearing.path(exchange);
                hearing.testimonies.push(Testimony { exchange, told, machine, path });
            }
        }
        hearing
    }

    fn belongs(&mut self, server: usize, ip: IpAddr) {
        let machine = self.machine(server);
        self.own.entry(machine).or_default().insert(ip);
        // A server behind NAT64 has an IPv4 address of its own too.
        if let Some(embedded) = self.nat64.get(&ip) {
            self.own.entry(machine).or_default().insert(embedded.server.into());
        }
        self.asked.entry(ip).or_insert(machine);
    }

    fn machine(&self, server: usize) -> usize {
        self.machines.get(server).copied().unwrap_or(server)
    }

    fn path(&self, exchange: &Exchange) -> Path {
        let reach = match self.scope(exchange) {
            Scope::Public => Reach::Internet,
            Scope::Private | Scope::Shared => Reach::Private,
            Scope::Loopback | Scope::Link | Scope::Invalid => Reach::Here,
        };
        Path {
            family: Family::of(exchange.remote),
            nat64: self.is_nat64(exchange),
            reach,
            local: exchange.local.map(|local| local.ip()),
        }
    }

    /// How far the server's address reaches; through NAT64 that of its IPv4 address.
    pub(super) fn scope(&self, exchange: &Exchange) -> Scope {
        let ip = exchange.remote.ip();
        Scope::of(self.nat64.get(&ip).map_or(ip, |embedded| embedded.server.into()))
    }

    pub(super) fn is_nat64(&self, exchange: &Exchange) -> bool {
        self.nat64.contains_key(&exchange.remote.ip())
    }

    /// The prefix of the NAT64 that was met.
    pub(super) fn prefix(&self) -> Option<nat64::Prefix> {
        self.nat64.values().map(|embedded| embedded.prefix).next()
    }

    /// Whether this host itself has the address.
    pub(super) fn is_ours(&self, one: &Testimony) -> bool {
        self.host.contains(&one.told.ip()) || one.path.local == Some(one.told.ip())
    }

    /// Whether the server says that its own address is ours.
    pub(super) fn is_own(&self, one: &Testimony) -> bool {
        self.own.get(&one.machine).is_some_and(|own| own.contains(&one.told.ip()))
    }

    /// The machine, other than the one that said so, that has the address.
    pub(super) fn whose(&self, one: &Testimony) -> Option<usize> {
        self.asked.get(&one.told.ip()).copied().filter(|machine| *machine != one.machine)
    }
}

/// For each server the first that is the same machine, as far as the addresses tell that they were asked at.
fn machines(seen: &Evidence) -> Vec<usize> {
    let mut first: Vec<usize> = (0..seen.servers.len()).collect();
    let mut at: BTreeMap<IpAddr, usize> = BTreeMap::new();
    let named = seen.servers.iter().enumerate().flat_map(|(index, server)| {
        server.lookups.iter().flat_map(|lookup| &lookup.addresses).map(move |address| (index, address.ip()))
    });
    let replied = seen.exchanges.iter().filter(|one| one.request.relay().is_none() && one.reply().is_some());
    let replied = replied.map(|exchange| (exchange.server, exchange.remote.ip()));
    for (server, ip) in named.chain(replied).filter(|(server, _)| *server < seen.servers.len()) {
        let (mine, theirs) = (first[server], *at.entry(ip).or_insert(first[server]));
        let (low, high) = (first[theirs].min(mine), first[theirs].max(mine));
        if low != high {
            first.iter_mut().filter(|one| **one == high).for_each(|one| *one = low);
        }
    }
    first
}
