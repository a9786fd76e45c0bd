//! What an address shows by itself, or beside the other ones that were told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::DoubtCode;
use super::testimony::{Hearing, Reach, Testimony};
use crate::evidence::SocketName;
use crate::wire::{Scope, Transport};

/// A reason to doubt, in words that follow "it saw".
pub(super) type Reason = (DoubtCode, String);

/// What cannot be, whatever others say.
pub(super) fn impossible(hearing: &Hearing, one: &Testimony) -> Option<Reason> {
    let (told, remote) = (one.told.ip().to_canonical(), one.exchange.remote.ip());
    if told.is_ipv4() != remote.is_ipv4() && !(told.is_ipv4() && hearing.is_nat64(one.exchange)) {
        let [here, there] = if told.is_ipv4() { ["IPv6", "IPv4"] } else { ["IPv4", "IPv6"] };
        let text = format!(
            "it was asked over {here} and saw the {there} address {told}: a proxy stands before it that goes on over {there}"
        );
        return Some((DoubtCode::OtherFamily, text));
    }
    let (scope, theirs) = (Scope::of(told), hearing.scope(one.exchange));
    let here = |scope| matches!(scope, Scope::Loopback | Scope::Link | Scope::Invalid);
    // From this host or link one sees more than from elsewhere.
    let nearby = theirs == scope || theirs == Scope::Loopback && scope == Scope::Link;
    (here(scope) && !nearby).then(|| {
        let text =
            format!("it saw {told}, which nobody but its own host can have: a proxy on that host asks on for us");
        (DoubtCode::ImpossibleAddress, text)
    })
}

/// An address that a server has itself is nobody's mapping, unless others saw it too: then both are behind one NAT, which turned the
/// packets round.
pub(super) fn servers_own(hearing: &Hearing, one: &Testimony, others: &Others) -> Option<Reason> {
    if hearing.is_ours(one) {
        return None;
    }
    let told = one.told.ip();
    if hearing.is_own(one) && !others.bear_out(hearing, one) {
        let whose = if told == one.exchange.remote.ip() { "its own address" } else { "another address of its own," };
        let text = format!("it saw {whose} {told}: a proxy or a balancer stands before it and asks on for us");
        return Some((DoubtCode::OwnAddress, text));
    }
    (hearing.whose(one).is_some() && !others.bear_out(hearing, one)).then(|| {
        let text = format!("it saw {told}, the address of another server: a proxy there asks on for us");
        (DoubtCode::OtherServersAddress, text)
    })
}

/// A private address is seen on the internet only where the server's own network put it there.
pub(super) fn private(hearing: &Hearing, one: &Testimony, others: &Others) -> Option<Reason> {
    let (told, scope) = (one.told.ip(), Scope::of(one.told.ip()));
    if !matches!(scope, Scope::Private | Scope::Shared) || hearing.scope(one.exchange) != Scope::Public {
        return None;
    }
    let several = hearing.is_ours(one) || others.saw_the_same(one);
    if others.saw_public(one, if several { 2 } else { 1 }) {
        let text = format!(
            "it saw the private address {told} where others saw a public one: a balancer, a firewall or a container's network \
             before it rewrites where packets come from"
        );
        return Some((DoubtCode::PrivateAddress, text));
    }
    if hearing.is_ours(one) {
        let text = format!(
            "it saw this host's own private address {told}, which nobody on the internet can see: this network is not the internet \
             (a lab, a VPN), or something on the way rewrites addresses inside packets (an ALG)"
        );
        return Some((DoubtCode::PrivateLocalAddress, text));
    }
    if others.saw_the_same(one) {
        let text = format!(
            "it saw the private address {told}, as others did, which nobody on the internet can see: they are in one private network with \
             this host (a lab, a VPN, a provider's own), or something on the way rewrites addresses inside packets (an ALG)"
        );
        return Some((DoubtCode::PrivateNetwork, text));
    }
    let text = format!(
        "it saw the private address {told}, and no other server bears it out: a balancer, a firewall or a container's network before it \
         rewrites where packets come from, or it is inside a private network itself"
    );
    Some((DoubtCode::PrivateAddress, text))
}

/// One that saw a public address where others saw this host's own private one, or agree on one, which no proxy can know: who is right
/// cannot be told.
pub(super) fn against_our_own(one: &Testimony, unseen: &BTreeSet<super::Path>) -> Option<Reason> {
    let text = || {
        format!(
            "it alone saw {} where others saw a private address that is this host's, or that they agree on: its own network rewrites where packets come from, or \
             something on the way rewrites addresses inside the answers of the others (an ALG)",
            one.told
        )
    };
    (unseen.contains(&one.path) && Scope::of(one.told.ip()) == Scope::Public).then(|| (DoubtCode::Disagrees, text()))
}

/// What was told beside the testimony in question, by those that are not impossible.
pub(super) struct Others {
    /// Who told an address, and with which socket and port.
    told: BTreeMap<IpAddr, BTreeSet<(usize, SocketName, u16)>>,
    /// Machines on the internet that saw a public address, by the way the question went.
    public: BTreeMap<super::Path, BTreeSet<usize>>,
    /// Machines on the internet that told an endpoint of one socket.
    endpoints: BTreeMap<(SocketName, SocketAddr), BTreeSet<usize>>,
}

impl Others {
    pub(super) fn of<'a>(testimonies: impl Iterator<Item = &'a Testimony<'a>>) -> Self {
        let mut others = Self { told: BTreeMap::new(), public: BTreeMap::new(), endpoints: BTreeMap::new() };
        for one in testimonies {
            let socket = || one.exchange.socket.clone();
            others.told.entry(one.told.ip()).or_default().insert((one.machine, socket(), one.told.port()));
            if one.path.reach == Reach::Internet {
                others.endpoints.entry((socket(), one.told)).or_default().insert(one.machine);
                if Scope::of(one.told.ip()) == Scope::Public {
                    others.public.entry(one.path).or_default().insert(one.machine);
                }
            }
        }
        others
    }

    /// Whether another machine told the very same port of the same socket, or so many told the address that the owner and one that is
    /// behind the same proxy are not all.
    fn bear_out(&self, hearing: &Hearing, one: &Testimony) -> bool {
        let Some(witnesses) = self.told.get(&one.told.ip()) else { return false };
        let owner = hearing.whose(one);
        let others = || witnesses.iter().filter(|(machine, ..)| *machine != one.machine);
        let same = |(_, socket, port): &&(usize, SocketName, u16)| {
            *socket == one.exchange.socket && *port == one.told.port() && one.exchange.transport == Transport::Udp
        };
        let apart: BTreeSet<usize> =
            others().map(|(machine, ..)| *machine).filter(|machine| Some(*machine) != owner).collect();
        others().any(|other| same(&other)) || apart.len() > usize::from(hearing.is_own(one))
    }

    /// Whether so many other machines saw a public address.
    fn saw_public(&self, one: &Testimony, many: usize) -> bool {
        let others = |machines: &BTreeSet<usize>| machines.iter().filter(|machine| **machine != one.machine).count();
        self.public.get(&one.path).is_some_and(|machines| others(machines) >= many)
    }

    fn saw_the_same(&self, one: &Testimony) -> bool {
        let machines = self.endpoints.get(&(one.exchange.socket.clone(), one.told));
        machines.is_some_and(|machines| machines.iter().any(|machine| *machine != one.machine))
    }
}
