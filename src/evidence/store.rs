//! Reading the evidence: what probes ask of it again and again.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::{BoundSocket, Evidence, Exchange, Key, Outcome, Reason, ReasonCode, Reply, SocketName, Stop};
use crate::wire::{Family, Transport};

impl Evidence {
    /// The socket of that name, if it was opened before anything was sent on it.
    #[must_use]
    pub fn bound(&self, socket: &SocketName) -> Option<&BoundSocket> {
        self.bound.iter().find(|bound| bound.socket == *socket)
    }

    /// The exchange of that key.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<&Exchange> {
        Some(&self.exchanges[self.exchanges.position(key)?])
    }

    /// The exchanges with keys from the first to the last, in the order they were started.
    #[must_use]
    pub fn within<'a>(
        &'a self,
        keys: &RangeInclusive<Key>,
    ) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone + use<'a> {
        self.exchanges.within(keys)
    }

    /// The same in the order of their keys, one by one: what looks at a few of many only costs those.
    #[must_use]
    pub fn range<'a>(
        &'a self,
        keys: &RangeInclusive<Key>,
    ) -> impl DoubleEndedIterator<Item = &'a Exchange> + ExactSizeIterator + Clone + use<'a> {
        self.exchanges.range(keys)
    }

    /// The exchanges of a family over a transport, in the order they were started. Controls are none of them: what they show is a
    /// question of its own.
    pub fn of(&self, family: Family, transport: Transport) -> impl Iterator<Item = &Exchange> {
        self.exchanges
            .iter()
            .filter(move |exchange| family.has(exchange.remote.ip()) && exchange.transport == transport)
            .filter(|exchange| exchange.request.control().is_none())
    }

    /// Each server with its first address of the family for the transport, in the order they were named; a server whose
    /// address an earlier one has already is left out.
    #[must_use]
    pub fn addresses(&self, family: Family, transport: Transport) -> Vec<(usize, SocketAddr)> {
        let mut found: Vec<(usize, SocketAddr)> = Vec::new();
        for (index, server) in self.servers.iter().enumerate() {
            let lookups = server.lookups.iter().filter(|lookup| lookup.transport == transport);
            let first = lookups.flat_map(|lookup| &lookup.addresses).find(|address| family.has(address.ip()));
            if let Some(&address) = first
                && found.iter().all(|(_, known)| *known != address)
            {
                found.push((index, address));
            }
        }
        found
    }

    /// Whether the look-up of some server for the transport has not ended.
    #[must_use]
    pub fn looking_up(&self, transport: Transport) -> bool {
        self.servers.iter().any(|server| server.lookups.iter().all(|lookup| lookup.transport != transport))
    }

    /// Whether a packet of an exchange that satisfies the condition went to the address before that time. A connection that was refused
    /// carried no message, and knocked all the same.
    #[must_use]
    pub fn contacted_before(&self, time_ms: f64, remote: impl Fn(SocketAddr) -> bool) -> bool {
        let knocked = |exchange: &Exchange| exchange.sends > 0 || exchange.transport.connects();
        self.exchanges
            .iter()
            .any(|exchange| knocked(exchange) && exchange.started_ms < time_ms && remote(exchange.remote))
    }

    /// Why something that was asked for is not there: the run was ended, in words and as a code.
    #[must_use]
    pub fn stop_reason(&self) -> Option<Reason> {
        self.stopped.map(|stop| match stop {
            Stop::Deadline => Reason::new(ReasonCode::Deadline, "the deadline came before this was measured"),
            Stop::Interrupted => Reason::new(ReasonCode::Interrupted, "interrupted before this was measured"),
        })
    }
}

impl Exchange {
    /// Notes one more arrival of an answer where arrivals are counted; `false` where they are not, or no send is left for it to belong
    /// to, duplicates on the way apart.
    pub fn arrive(&mut self, at_ms: f64) -> bool {
        let counted = self.arrived_ms.len() < 2 * self.sent_ms.len();
        if counted {
            self.arrived_ms.push(at_ms);
        }
        counted
    }

    /// Whether it has its outcome.
    #[must_use]
    pub fn settled(&self) -> bool {
        !matches!(self.outcome, Outcome::Pending)
    }

    /// The response, of whatever kind and from wherever.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match &self.outcome {
            Outcome::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// A success response from the very address that was asked.
    #[must_use]
    pub fn answer(&self) -> Option<&Reply> {
        self.reply().filter(|reply| reply.error.is_none() && reply.source == self.remote)
    }

    /// The mapped address that the server asked saw. One with an IPv6 socket for both families may tell an IPv4 address as an
    /// IPv4-mapped one (RFC 4291 section 2.5.5.2): it is the IPv4 address that it stands for.
    #[must_use]
    pub fn mapped(&self) -> Option<SocketAddr> {
        let mapped = self.answer().and_then(|reply| reply.mapped)?;
        Some(SocketAddr::new(mapped.ip().to_canonical(), mapped.port()))
    }

    /// Whether the server saw the very address and port that this host used.
    #[must_use]
    pub fn untranslated(&self) -> Option<bool> {
        Some(self.mapped()? == self.local?)
    }

    /// Whether it was waited for to the end and nothing came.
    #[must_use]
    pub fn silent(&self) -> bool {
        matches!(self.outcome, Outcome::Silence { .. })
    }
}
