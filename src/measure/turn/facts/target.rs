//! One target: an entry over one transport and family, where it is, and what was asked of it.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

use super::exchange::error_code;
use super::software::Software;
use crate::evidence::key::{ServerStep, SocketRole, SocketStep, TurnKey, TurnStep, TurnTarget};
use crate::evidence::{Ask, Evidence, Exchange, Key, LocalPort, Patience, Reply, SocketName, Terms};
use crate::measure::nat64::Prefix;
use crate::measure::turn::options::{Entry, TurnOptions};
use crate::measure::witness::Witnesses;
use crate::wire::{EntryKind, Family, Question, Scope, Transport};

/// How often a request is tried with a new nonce: whoever calls that many stale (438) never comes to an end.
pub(crate) const ATTEMPTS: u32 = 4;

/// One entry over one transport and family, at the address that counts: after a redirection the one redirected to.
pub(crate) struct Target<'a> {
    pub seen: &'a Evidence,
    pub options: &'a TurnOptions,
    pub entry: &'a Entry,
    /// Index of the server among the run's.
    pub server: usize,
    pub transport: Transport,
    pub family: Family,
    /// Where the server is.
    pub remote: SocketAddr,
    /// The address that redirected here.
    pub redirected_from: Option<SocketAddr>,
    /// The network's NAT64, where the way to its IPv4 address leads through it.
    nat64: Option<Prefix>,
    /// What all its exchanges' keys begin with.
    pub key: TurnKey,
    /// What [`super::identity`] and [`super::peers`] find out once.
    pub(super) found: Found,
}

/// What takes a look at everything, and is asked for again and again.
#[derive(Default)]
pub(super) struct Found {
    /// The addresses that are known to be the server's.
    pub(super) own: OnceCell<Vec<IpAddr>>,
    /// Who is believed of those who told an address of this host.
    pub(super) told: OnceCell<Witnesses>,
    /// Which server answers.
    pub(super) software: OnceCell<Software>,
}

impl<'a> Target<'a> {
    /// The target; `None` while, or because, its address is not known.
    pub(crate) fn new(
        seen: &'a Evidence,
        options: &'a TurnOptions,
        number: usize,
        transport: Transport,
        family: Family,
    ) -> Option<Self> {
        Self::by(seen, options, number, transport, family, None)
    }

    /// The same at its IPv4 address through the network's NAT64 (RFC 8445 section 5.1.1.2).
    pub(crate) fn through(
        prefix: Prefix,
        seen: &'a Evidence,
        options: &'a TurnOptions,
        number: usize,
        transport: Transport,
    ) -> Option<Self> {
        Self::by(seen, options, number, transport, Family::Ipv4, Some(prefix))
    }

    fn by(
        seen: &'a Evidence,
        options: &'a TurnOptions,
        number: usize,
        transport: Transport,
        family: Family,
        nat64: Option<Prefix>,
    ) -> Option<Self> {
        let entry = options.entries.get(number)?;
        let server = entry.server?;
        let remote = address(seen, entry, transport, family, nat64)?;
        let step = TurnStep::Server(ServerStep::Binding);
        let at = TurnTarget { entry: number, transport, family, redirected: false };
        let key = TurnKey { target: at, step, attempt: 1 };
        let (redirected_from, found) = (None, Found::default());
        let named =
            Self { seen, options, entry, server, transport, family, remote, redirected_from, nat64, key, found };
        // Through NAT64 the addresses that a server tells of lead nowhere as they are.
        Some(match named.alternate().filter(|_| options.follow && nat64.is_none()) {
            Some(alternate) => Self {
                key: TurnKey { target: TurnTarget { redirected: true, ..at }, ..key },
                remote: alternate,
                redirected_from: Some(remote),
                ..named
            },
            None => named,
        })
    }

    /// Where a 300 points to, in the family of the request (RFC 8489 section 10); never back to itself.
    fn alternate(&self) -> Option<SocketAddr> {
        let alternates = &self.redirection()?.turn.as_ref()?.alternate_servers;
        // A server must not make us send to what is no host's address.
        let possible = |one: &SocketAddr| Scope::of(one.ip()) != Scope::Invalid && one.port() != 0;
        let suits = |one: &SocketAddr| self.family.has(one.ip()) && *one != self.remote && possible(one);
        alternates.iter().copied().find(suits)
    }

    /// The 300 (Try Alternate): servers send it before the credentials, or after them as RFC 8656 section 7.2 orders its checks.
    pub(crate) fn redirection(&self) -> Option<&'a Reply> {
        let on = |step| self.last((SocketRole::First, step));
        let asked = [on(SocketStep::Allocate), on(SocketStep::Login)];
        asked.into_iter().flatten().find(|one| error_code(one) == Some(300)).and_then(Exchange::reply)
    }

    /// The same over another transport: what is asked there has names of the same kind.
    pub(crate) fn over(&self, transport: Transport) -> Self {
        Self { transport, found: Found::default(), ..*self }
    }

    /// What the exchange of that step is called.
    pub(crate) fn key(&self, step: impl Into<TurnStep>) -> Key {
        self.key_of(step, 1)
    }

    /// What an attempt at a step is called.
    pub(crate) fn key_of(&self, step: impl Into<TurnStep>, attempt: u32) -> Key {
        Key::Turn(TurnKey { step: step.into(), attempt, ..self.key })
    }

    /// The base whose socket is that of the first allocation: where several servers are asked from a base, they are from one socket
    /// (RFC 8445 section 5.1.1.2). A socket can have one allocation of a server: the next entry that leads there has its own.
    fn base(&self) -> Option<IpAddr> {
        let base = self.entry.base.filter(|_| self.transport == Transport::Udp && !self.key.target.redirected)?;
        let before = self.options.entries.iter().take(self.key.target.entry);
        let alike =
            |entry: &&Entry| entry.base == Some(base) && entry.kind == EntryKind::Turn && self.entry.kind == entry.kind;
        let mut same = before.filter(alike).filter(|entry| entry.transports.contains(&Transport::Udp));
        let at = |entry| address(self.seen, entry, Transport::Udp, self.family, self.nat64);
        let taken = same.any(|entry| at(entry) == Some(self.remote));
        (!taken).then_some(base)
    }

    /// What a socket of the target is called: by its part, or as the base that it shares.
    pub(crate) fn socket(&self, role: SocketRole) -> SocketName {
        if let Some(base) = self.base().filter(|_| role == SocketRole::First) {
            return SocketName::Base(Transport::Udp, base);
        }
        SocketName::Turn(self.key.target, role)
    }

    /// The exchange of that step; of several attempts the first.
    pub(crate) fn find(&self, step: impl Into<TurnStep>) -> Option<&'a Exchange> {
        self.seen.find(&self.key(step))
    }

    /// An attempt at that step.
    pub(crate) fn attempt(&self, step: impl Into<TurnStep>, attempt: u32) -> Option<&'a Exchange> {
        self.seen.find(&self.key_of(step, attempt))
    }

    /// The last attempt at that step.
    pub(crate) fn last(&self, step: impl Into<TurnStep>) -> Option<&'a Exchange> {
        let step = step.into();
        let attempts = (1..=ATTEMPTS).map_while(|attempt| self.attempt(step, attempt));
        attempts.last()
    }

    /// The response to that step, of whatever kind; of several attempts to the first.
    pub(crate) fn reply(&self, step: impl Into<TurnStep>) -> Option<&'a Reply> {
        self.find(step)?.reply()
    }

    /// The error code that the last attempt at a step got.
    pub(crate) fn code(&self, step: impl Into<TurnStep>) -> Option<u16> {
        self.last(step).and_then(error_code)
    }

    /// Everything that was asked of the target, in the order it was begun.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = &'a Exchange> + Clone + use<'a> {
        self.seen.within(&self.key.all())
    }

    /// The same without the many packets and renewals while it was measured or kept.
    pub(crate) fn dialog(&self) -> impl Iterator<Item = &'a Exchange> + Clone + use<'a> {
        self.seen.within(&self.key.dialog())
    }

    /// Every request for a permission on that socket.
    pub(crate) fn permits(&self, role: SocketRole) -> impl Iterator<Item = &'a Exchange> + Clone + use<'a> {
        self.dialog().filter(move |one| matches!(step_of(one), Some(TurnStep::Permit(socket, _)) if socket == role))
    }

    /// A question to the server on the target's own transport.
    pub(crate) fn ask(&self, step: impl Into<TurnStep>, role: SocketRole, request: impl Into<Question>) -> Ask {
        Ask {
            key: self.key(step),
            server: self.server,
            socket: self.socket(role),
            transport: self.transport,
            remote: self.remote,
            request: request.into(),
            patience: Patience::Answer,
            local_port: LocalPort::Fresh,
            terms: Terms { keep_open: true, unpaced: true, local_address: self.entry.base, ..Terms::default() },
        }
    }

    /// A plain datagram of ours that has nothing to do with an allocation. A socket is of one family: where relayed addresses are of
    /// another than the way to the server, peers are on a second one.
    pub(crate) fn plain(&self, step: impl Into<TurnStep>, server: usize, remote: SocketAddr) -> Ask {
        let same = Family::of(remote) == Family::of(self.remote);
        let role = if same { SocketRole::Plain } else { SocketRole::PlainOtherFamily };
        let terms = Terms { unpaced: true, ..Terms::default() };
        Ask { terms, ..Ask::binding(self.key(step), server, self.socket(role), remote) }
    }

    /// The first answer that came from another address than was asked, and from where: clients ignore such answers.
    pub(crate) fn elsewhere(&self) -> Option<(&'a Exchange, SocketAddr)> {
        let asked = self.exchanges().filter(|one| {
            one.transport == self.transport && one.remote == self.remote && one.request.relay().is_none()
        });
        asked.filter_map(|one| Some((one, one.reply()?.source))).find(|(one, source)| *source != one.remote)
    }

    /// The first round trip of a Binding to the server itself, in milliseconds.
    pub(crate) fn rtt_ms(&self) -> Option<f64> {
        self.reply(ServerStep::Binding).filter(|reply| reply.error.is_none()).map(|reply| reply.rtt_ms)
    }
}

/// Where the entry's server is asked.
fn address(
    seen: &Evidence,
    entry: &Entry,
    transport: Transport,
    family: Family,
    nat64: Option<Prefix>,
) -> Option<SocketAddr> {
    let lookups = &seen.servers.get(entry.server?)?.lookups;
    let found = lookups.iter().filter(|lookup| lookup.transport == transport).flat_map(|lookup| &lookup.addresses);
    let own = found.into_iter().copied().find(|address| family.has(address.ip()))?;
    match (nat64, own.ip()) {
        (Some(prefix), IpAddr::V4(ip)) => Some(SocketAddr::new(prefix.embed(ip).into(), own.port())),
        _ => Some(own),
    }
}

/// What an exchange of a TURN test asked.
pub(crate) fn step_of(exchange: &Exchange) -> Option<TurnStep> {
    match exchange.ask {
        Key::Turn(key) => Some(key.step),
        _ => None,
    }
}
