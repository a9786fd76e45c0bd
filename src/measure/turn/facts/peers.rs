//! Who can be at the other end of the relay: STUN servers, and the plain socket of ours.

use std::net::{IpAddr, SocketAddr};

use super::allocation::FIRST;
use super::exchange::is_quiet;
use super::target::{Target, step_of};
use crate::evidence::Exchange;
use crate::evidence::key::{DataStep, PlainBinding, ServerStep, SocketRole, ThirdParty, TurnStep};
use crate::measure::witness::{DoubtCode, Witnesses};
use crate::wire::{Change, Family, Scope, Transport};

/// STUN's port, where the server is asked over UDP which address it sees while TURN is spoken on another (RFC 8489 section 8.1).
const STUN_PORT: u16 = 3478;
/// The questions to the TURN server itself which address it sees of our plain socket.
const OWN_BINDINGS: [PlainBinding; 2] = [PlainBinding::TurnPort, PlainBinding::StunPort];

/// A STUN server that may be asked through the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its number among the third parties.
    pub number: usize,
    /// Its index among the run's servers.
    pub server: usize,
    /// Where it is.
    pub address: SocketAddr,
}

impl Peer {
    /// What a Binding to it is called where its name needs its form.
    pub(crate) fn form(self, change: Change) -> ThirdParty {
        ThirdParty { number: self.number, empty_change_request: change == Change::Empty }
    }
}

impl<'a> Target<'a> {
    /// STUN servers outside the TURN server's machine, in the family of relayed addresses.
    pub(crate) fn third_parties(&self) -> Vec<Peer> {
        self.others(self.relay_family()).filter(|third| !self.is_own(third.address.ip())).collect()
    }

    /// The same in the family of the way to the server: what controls that way.
    pub(crate) fn controls(&self) -> Vec<Peer> {
        self.others(self.family).filter(|third| !self.is_own(third.address.ip())).collect()
    }

    fn others(&self, family: Family) -> impl Iterator<Item = Peer> {
        let numbered = self.options.third_parties.iter().enumerate();
        numbered.filter_map(move |(number, &server)| {
            let lookups = &self.seen.servers.get(server)?.lookups;
            let mut addresses =
                lookups.iter().filter(|one| one.transport == Transport::Udp).flat_map(|one| &one.addresses);
            let address = *addresses.find(|address| family.has(address.ip()))?;
            Some(Peer { number, server, address })
        })
    }

    /// Whether the address is known to be the TURN server's, so that who answers there is on its machine: its firewall and the address
    /// translation before it were not passed.
    pub(crate) fn is_own(&self, ip: IpAddr) -> bool {
        self.found.own.get_or_init(|| self.own_addresses()).contains(&ip)
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        let lookups = self.seen.servers.get(self.server).map(|server| &server.lookups[..]).unwrap_or_default();
        let named = lookups.iter().flat_map(|lookup| &lookup.addresses).copied();
        let sockets = FIRST.into_iter().chain([SocketRole::Second]);
        let relayed = sockets.filter_map(|role| Some(self.allocation(role)?.relayed));
        let known = [Some(self.remote), self.redirected_from, self.other_address()].into_iter().flatten();
        known.chain(named).chain(relayed).map(|address| address.ip()).collect()
    }

    /// The second address of the TURN server, where it has one (RFC 5780).
    fn other_address(&self) -> Option<SocketAddr> {
        let plain = OWN_BINDINGS.into_iter().map(TurnStep::PlainBinding);
        let asked = plain.chain([ServerStep::Binding.into()]).filter_map(|step| self.reply(step));
        let others = asked.filter_map(|reply| reply.other);
        others.into_iter().find(|other| other.ip() != self.remote.ip())
    }

    /// A STUN server on the TURN server's machine, to be asked through the relay where nobody else can be: at its second address, or a
    /// third party that turns out to be there.
    pub(crate) fn own_witness(&self) -> Option<SocketAddr> {
        let family = self.relay_family();
        let other = self.other_address().filter(|other| family.has(other.ip()) && is_host(*other));
        let is_there = |third: &Peer| third.address.ip() != self.remote.ip() && self.is_own(third.address.ip());
        other.or_else(|| self.others(family).find(is_there).map(|third| third.address))
    }

    fn relay_family(&self) -> Family {
        self.first().map_or(Family::Ipv4, |(_, allocation)| Family::of(allocation.relayed))
    }

    /// What a third party told our plain socket: with an empty CHANGE-REQUEST where it answers no other Binding, as some servers of RFC
    /// 3489 do.
    pub(crate) fn directly(&self, third: Peer) -> Option<&'a Exchange> {
        let asked = |change| {
            let step = TurnStep::ThirdParty(third.form(change));
            self.find(step).filter(|asked| asked.remote == third.address)
        };
        let empty = asked(Change::Empty).filter(|asked| asked.answer().is_some());
        match asked(Change::Nothing) {
            Some(plain) if plain.answer().is_none() => empty.or(Some(plain)),
            plain => plain,
        }
    }

    /// How that third party wants a Binding.
    pub(crate) fn binding_form(&self, third: SocketAddr) -> Change {
        let known = self.others(Family::of(third)).find(|one| one.address == third);
        let answered = known.and_then(|one| self.directly(one)).filter(|asked| asked.answer().is_some());
        answered.map_or(Change::Nothing, |asked| asked.request.change())
    }

    /// Whether it answers us.
    pub(crate) fn is_alive(&self, third: Peer) -> bool {
        self.directly(third).is_some_and(|asked| asked.answer().is_some())
    }

    /// The third parties to ask through the relay, two at most: those that answer us. Where none does, UDP may be blocked here and not
    /// there: then the first one is asked all the same, and its silence means nothing.
    pub(crate) fn witnesses(&self) -> Vec<Peer> {
        let thirds = self.third_parties();
        let asked = |step: DataStep| self.find(step).and_then(|one| one.request.relay()).map(|relay| relay.peer);
        let (first, second) = (asked(DataStep::Third), asked(DataStep::Third2));
        let mut found: Vec<Peer> = thirds.iter().copied().filter(|third| self.is_alive(*third)).collect();
        // Those that were asked already come first, so that the choice stays the same from look to look.
        let place = |third: &Peer| match Some(third.address) {
            at if at == first => 0,
            at if at == second => 1,
            _ => 2,
        };
        found.sort_by_key(place);
        found.truncate(2);
        let hopeless = thirds.iter().all(|third| self.is_given_up(*third));
        if found.is_empty() && hopeless && self.plain_addresses().is_empty() {
            found.extend(thirds.first());
        }
        found
    }

    /// Whether nothing more is to be expected of a third party's answer to our plain socket.
    fn is_given_up(&self, third: Peer) -> bool {
        let settled = |change| self.find(TurnStep::ThirdParty(third.form(change))).map(Exchange::settled);
        settled(Change::Nothing) == Some(true) && settled(Change::Empty) != Some(false)
    }

    /// Whether nothing, or nothing soon, is to be expected of it: what is told of the relay must not hang on who answers a moment sooner.
    pub(crate) fn is_late(&self, third: Peer) -> bool {
        let late =
            |change| self.find(TurnStep::ThirdParty(third.form(change))).map(|one| one.settled() || is_quiet(one));
        late(Change::Nothing) == Some(true) && late(Change::Empty) != Some(false)
    }

    /// The questions to the TURN server itself over UDP, from our plain socket.
    pub(crate) fn own_bindings(&self) -> Vec<(PlainBinding, SocketAddr)> {
        let default = SocketAddr::new(self.remote.ip(), STUN_PORT);
        let [same, other] = OWN_BINDINGS;
        match self.transport {
            Transport::Udp => vec![(same, self.remote)],
            _ if self.remote == default => vec![(same, default)],
            // On a port for TLS there is DTLS over UDP, which answers no plain Binding.
            Transport::Tls | Transport::Dtls => vec![(other, default)],
            Transport::Tcp => vec![(same, self.remote), (other, default)],
        }
    }

    /// Whether who was asked which address our plain socket has may still answer.
    pub(crate) fn witness_pending(&self) -> bool {
        let mut own = self.own_bindings().into_iter();
        own.any(|(step, _)| self.find(step).is_none_or(|asked| !asked.settled()))
            || self.third_parties().into_iter().any(|third| !self.is_alive(third) && !self.is_given_up(third))
    }

    /// The addresses of our plain socket as servers see it, in the family of relayed addresses, one of each IP address: the TURN server
    /// may be nearer to it than others, and see it inside a NAT that they see the outside of.
    pub(crate) fn plain_addresses(&self) -> Vec<SocketAddr> {
        let family = self.relay_family();
        let own = OWN_BINDINGS.into_iter().filter_map(|step| self.find(step));
        let thirds = self.third_parties().into_iter().filter_map(|third| self.directly(third));
        let told: Vec<(&Exchange, SocketAddr)> =
            own.chain(thirds).filter_map(|asked| Some((asked, asked.mapped()?))).collect();
        let mut found: Vec<SocketAddr> = Vec::new();
        for &(asked, mapped) in &told {
            let suits = family.has(mapped.ip()) && self.is_believable(asked);
            if suits && found.iter().all(|known| known.ip() != mapped.ip()) {
                found.push(mapped);
            }
        }
        found
    }

    /// Whether what a server told of a socket of ours is believed. Our own private address, and where nobody saw a public one another
    /// private one too, is no internet's, but in a private network the relay may reach it.
    pub(crate) fn is_believable(&self, asked: &Exchange) -> bool {
        let witnesses = self.found.told.get_or_init(|| Witnesses::hear(self.seen));
        witnesses.doubt(asked).is_none_or(|doubt| match doubt.what.code {
            DoubtCode::PrivateLocalAddress | DoubtCode::PrivateNetwork => true,
            DoubtCode::PrivateAddress => !self.saw_public(),
            _ => false,
        })
    }

    /// Whether somebody saw our plain socket at a public address.
    fn saw_public(&self) -> bool {
        let plain = |one: &&Exchange| matches!(step_of(one), Some(TurnStep::PlainBinding(_) | TurnStep::ThirdParty(_)));
        let mut told = self.dialog().filter(plain).filter_map(Exchange::mapped);
        told.any(|mapped| Scope::of(mapped.ip()) == Scope::Public)
    }
}

/// Whether a host can be there: nobody must make us send elsewhere.
pub(crate) fn is_host(address: SocketAddr) -> bool {
    Scope::of(address.ip()) != Scope::Invalid && address.port() != 0
}
