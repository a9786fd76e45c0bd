//! What servers say of us, judged before any verdict uses it.
//!
//! A server tells what its own network shows it. Where a proxy, a balancer or a container's network stands before it, that is not this
//! host's NAT: taken for one it makes a NAT out of an open host. So one place looks at everything that was told, by kind ([`DoubtCode`]
//! lists them), and says whom to believe; every verdict is a function of what is left. Nothing here depends on the order of servers.

mod address;
mod agreement;
mod doubt;
mod testimony;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

pub use doubt::{Disbelieved, Doubt, DoubtCode};
pub use testimony::{Path, Reach};

use super::nat::finding::OtherPath;
use super::nat64::Prefix;
use crate::evidence::{Evidence, Exchange, Outcome, Reason, ReasonCode};
use crate::wire::{Change, Family, Transport};
use address::Others;
use testimony::{Hearing, Testimony};

/// Codes of the reasons why nobody is believed.
pub const REASONS: [ReasonCode; 2] = [ReasonCode::NotTheInternet, ReasonCode::ServerMisreports];

/// Who is believed.
#[derive(Clone, Debug, Default)]
pub struct Witnesses {
    /// What is not believed, one entry a server's address and reason.
    pub doubts: Vec<Doubt>,
    /// Ids of the exchanges whose mapped address is not believed.
    doubted: BTreeSet<String>,
    /// Every way that was gone and seen by somebody who is believed, the one that verdicts are about first in its family.
    paths: Vec<Way>,
    /// The prefix of this network's NAT64, where one was seen.
    prefix: Option<Prefix>,
}

/// A way that was gone, what was seen of this host there, and the exchanges that show it.
type Way = (Path, Vec<SocketAddr>, Vec<String>);

impl Witnesses {
    /// Judges everything that was told.
    #[must_use]
    pub fn hear(seen: &Evidence) -> Self {
        let hearing = Hearing::of(seen);
        let all = &hearing.testimonies;
        let mut doubts = Doubts::default();
        doubts.spread(all, |one| address::impossible(&hearing, one));
        let others = Others::of(all.iter().filter(|one| !doubts.contains(one)));
        doubts.spread(all, |one| address::servers_own(&hearing, one, &others));
        let others = Others::of(all.iter().filter(|one| !doubts.contains(one)));
        doubts.add(all, |one| address::private(&hearing, one, &others));
        let unseen: BTreeSet<Path> =
            all.iter().filter(|one| doubts.code(one).is_some_and(DoubtCode::is_near)).map(|one| one.path).collect();
        doubts.add(all, |one| address::against_our_own(one, &unseen));
        let liars = agreement::same_for_all(&doubts.rest(all));
        doubts.add(all, |one| {
            let text = || format!("it told several sockets of this host the same {}", one.told);
            let udp = one.exchange.transport == Transport::Udp;
            (udp && liars.contains(&one.machine)).then(|| (DoubtCode::SameForAll, text()))
        });
        // By way: a saved report may have as many ways as answers.
        let mut ways: BTreeMap<Path, Vec<&Testimony>> = BTreeMap::new();
        for one in doubts.rest(all) {
            ways.entry(one.path).or_default().push(one);
        }
        let alone: BTreeMap<Path, BTreeMap<usize, address::Reason>> =
            ways.iter().map(|(way, all)| (*way, agreement::alone(&agreement::camps(all, *way)))).collect();
        doubts.add(all, |one| alone.get(&one.path)?.get(&one.machine).cloned());
        let mut paths = paths(&doubts.rest(all));
        // What servers say of a second interface is not believed where it is private, but that it was used is so.
        let local =
            all.iter().filter(|one| doubts.code(one) == Some(DoubtCode::PrivateLocalAddress)).collect::<Vec<_>>();
        let known: BTreeSet<Family> = paths.iter().map(|(path, ..)| path.family).collect();
        let used: BTreeSet<Option<IpAddr>> = paths.iter().map(|(path, ..)| path.local).collect();
        let unused = |path: &Path| known.contains(&path.family) && !used.contains(&path.local);
        let more: Vec<Way> = self::paths(&local).into_iter().filter(|(path, ..)| unused(path)).collect();
        paths.extend(more);
        let mut list = doubts.list(all);
        list.extend(elsewhere(seen));
        Self { doubts: list, doubted: doubts.0.into_keys().collect(), paths, prefix: hearing.prefix() }
    }

    /// The evidence as verdicts may use it: without the mapped addresses that are not believed, and without those of other ways than
    /// the one that the verdicts of a family are about.
    #[must_use]
    pub fn believed<'a>(&self, seen: &'a Evidence) -> Cow<'a, Evidence> {
        let mut aside: BTreeSet<&str> = self.doubted.iter().map(String::as_str).collect();
        for family in [Family::Ipv4, Family::Ipv6] {
            let ways = self.ways(family).skip(1);
            aside.extend(ways.flat_map(|(_, _, because)| because.iter().map(String::as_str)));
        }
        if aside.is_empty() {
            return Cow::Borrowed(seen);
        }
        let mut believed = seen.clone();
        for exchange in (&mut believed.exchanges).into_iter().filter(|one| aside.contains(one.id.as_str())) {
            if let Outcome::Reply(reply) = &mut exchange.outcome {
                reply.mapped = None;
                reply.plain_mapped = None;
            }
        }
        Cow::Owned(believed)
    }

    /// Why what an exchange brought is not believed.
    #[must_use]
    pub fn doubt(&self, exchange: &Exchange) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.what.because.contains(&exchange.id))
    }

    /// The servers that are not believed over UDP.
    #[must_use]
    pub fn servers(&self) -> BTreeSet<usize> {
        let over_udp = self.doubts.iter().filter(|doubt| doubt.transport == Transport::Udp);
        over_udp.map(|doubt| doubt.server).collect()
    }

    /// Why nothing is believed in a family.
    #[must_use]
    pub fn reason(&self, family: Family) -> Option<crate::evidence::Reason> {
        let of_family: Vec<&Doubt> = self
            .doubts
            .iter()
            .filter(|doubt| family.has(doubt.remote.ip()) && doubt.transport == Transport::Udp)
            .collect();
        let first = of_family.first()?;
        if of_family.iter().all(|doubt| doubt.what.code.is_near()) {
            let own = first.what.code == DoubtCode::PrivateLocalAddress;
            let what = if own {
                "no NAT shows between here and the servers, but they saw this host's own"
            } else {
                "the servers saw the"
            };
            let text = format!(
                "{what} private address {}, which nobody on the internet can see: this network is not the internet (a lab, a VPN), or something \
                 on the way rewrites addresses inside packets (an ALG)",
                first.what.told.ip()
            );
            return Some(Reason::new(ReasonCode::NotTheInternet, text));
        }
        let more = match of_family.len() - 1 {
            0 => String::new(),
            1 => "; nor is another".to_owned(),
            more => format!("; nor are {more} others"),
        };
        Some(Reason::new(ReasonCode::ServerMisreports, format!("{}{more}", first.sentence())))
    }

    /// The prefix of the NAT64 that the verdicts of a family are about, where all who are believed were reached through one.
    #[must_use]
    pub fn nat64(&self, family: Family) -> Option<String> {
        let (path, ..) = self.ways(family).next()?;
        self.prefix.filter(|_| path.nat64).map(|prefix| prefix.to_string())
    }

    /// The ways of a family that the verdicts are not about.
    #[must_use]
    pub fn other_paths(&self, family: Family) -> Vec<OtherPath> {
        let other = |(path, mapped, because): &Way| {
            let mut addresses: Vec<IpAddr> = mapped.iter().map(SocketAddr::ip).collect();
            addresses.sort_unstable();
            addresses.dedup();
            OtherPath {
                local_address: path.local,
                nat64: self.prefix.filter(|_| path.nat64).map(|prefix| prefix.to_string()),
                private: path.reach != Reach::Internet,
                public_addresses: addresses,
                because: because.clone(),
            }
        };
        self.ways(family).skip(1).map(other).collect()
    }

    fn ways(&self, family: Family) -> impl Iterator<Item = &Way> {
        self.paths.iter().filter(move |(path, ..)| path.family == family)
    }
}

/// Servers that saw the same addresses of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Camp {
    /// How many they are.
    pub machines: usize,
    /// What they saw.
    pub addresses: BTreeSet<IpAddr>,
}

/// Everybody who is believed, in groups of which none saw an address that another one saw: the way that the verdicts are about, over
/// UDP.
#[must_use]
pub fn camps(believed: &Evidence, family: Family) -> Vec<Camp> {
    let hearing = Hearing::of(believed);
    let all: Vec<&Testimony> = hearing.testimonies.iter().collect();
    let Some((path, ..)) = paths(&all).into_iter().find(|(path, ..)| path.family == family) else { return Vec::new() };
    let camps = agreement::camps(&all, path);
    camps.into_iter().map(|camp| Camp { machines: camp.machines.len(), addresses: camp.addresses }).collect()
}

/// Doubts by exchange.
#[derive(Default)]
struct Doubts(BTreeMap<String, address::Reason>);

impl Doubts {
    fn contains(&self, one: &Testimony) -> bool {
        self.0.contains_key(&one.exchange.id)
    }

    fn code(&self, one: &Testimony) -> Option<DoubtCode> {
        self.0.get(&one.exchange.id).map(|(code, _)| *code)
    }

    fn rest<'a, 'b>(&self, all: &'b [Testimony<'a>]) -> Vec<&'b Testimony<'a>> {
        all.iter().filter(|one| !self.contains(one)).collect()
    }

    /// Doubts what the rule doubts. The first reason stands.
    fn add(&mut self, all: &[Testimony], rule: impl Fn(&Testimony) -> Option<address::Reason>) {
        for one in all {
            if !self.contains(one)
                && let Some(reason) = rule(one)
            {
                self.0.insert(one.exchange.id.clone(), reason);
            }
        }
    }

    /// The same, and doubts everything else that was told over the same transport from the same address.
    fn spread(&mut self, all: &[Testimony], rule: impl Fn(&Testimony) -> Option<address::Reason>) {
        let mut units: BTreeMap<(IpAddr, Transport), address::Reason> = BTreeMap::new();
        for one in all.iter().filter(|one| !self.contains(one)) {
            if let Some(reason) = rule(one) {
                units.entry(one.unit()).or_insert(reason);
            }
        }
        self.add(all, |one| units.get(&one.unit()).cloned());
    }

    /// One entry a server's address and reason.
    fn list(&self, all: &[Testimony]) -> Vec<Doubt> {
        let mut list: Vec<Doubt> = Vec::new();
        let mut known: BTreeMap<(IpAddr, Transport, DoubtCode), usize> = BTreeMap::new();
        for one in all {
            let Some((code, text)) = self.0.get(&one.exchange.id) else { continue };
            let (remote, transport) = (one.exchange.remote, one.exchange.transport);
            let place = *known.entry((remote.ip(), transport, *code)).or_insert(list.len());
            if let Some(doubt) = list.get_mut(place) {
                doubt.what.because.push(one.exchange.id.clone());
                continue;
            }
            let what =
                Disbelieved { code: *code, told: one.told, text: text.clone(), because: vec![one.exchange.id.clone()] };
            list.push(Doubt { server: one.exchange.server, remote, transport, what });
        }
        list
    }
}

/// Every way that somebody believed saw, the best first: native before NAT64, the internet before private networks, then the one with
/// the most servers and destinations.
fn paths(believed: &[&Testimony]) -> Vec<Way> {
    let mut ways: BTreeMap<Path, Vec<&Testimony>> = BTreeMap::new();
    for one in believed {
        ways.entry(one.path).or_default().push(one);
    }
    let mut ways: Vec<(Path, Vec<&Testimony>)> = ways.into_iter().collect();
    ways.sort_by_key(|(path, all)| {
        let machines: BTreeSet<usize> = all.iter().map(|one| one.machine).collect();
        let destinations: BTreeSet<IpAddr> = all.iter().map(|one| one.exchange.remote.ip()).collect();
        let most = (std::cmp::Reverse(machines.len()), std::cmp::Reverse(destinations.len()));
        (path.family, path.nat64, path.reach, most, path.local)
    });
    let facts = |(path, all): (Path, Vec<&Testimony>)| {
        let because = all.iter().map(|one| one.exchange.id.clone()).collect();
        (path, all.iter().map(|one| one.told).collect(), because)
    };
    ways.into_iter().map(facts).collect()
}

/// Answers to plain questions that came from elsewhere: nobody else takes them for answers.
fn elsewhere(seen: &Evidence) -> Vec<Doubt> {
    let mut list: Vec<Doubt> = Vec::new();
    let mut known: BTreeMap<(SocketAddr, Transport), usize> = BTreeMap::new();
    let plain = |exchange: &&Exchange| {
        matches!(exchange.request.change(), Change::Nothing | Change::Empty)
            && exchange.request.response_port().is_none()
            && exchange.request.relay().is_none()
    };
    for exchange in seen.exchanges.iter().filter(plain) {
        let Some(reply) = exchange.reply().filter(|reply| reply.source != exchange.remote && reply.error.is_none())
        else {
            continue;
        };
        let Some(told) = reply.mapped else { continue };
        let (remote, transport) = (exchange.remote, exchange.transport);
        let place = *known.entry((remote, transport)).or_insert(list.len());
        if let Some(doubt) = list.get_mut(place) {
            doubt.what.because.push(exchange.id.clone());
            continue;
        }
        let text = format!("its answer came from {}, which was not asked: clients ignore it", reply.source);
        let what = Disbelieved { code: DoubtCode::OtherSource, told, text, because: vec![exchange.id.clone()] };
        list.push(Doubt { server: exchange.server, remote, transport, what });
    }
    list
}
