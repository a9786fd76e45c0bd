//! What servers show beside each other: who says the same for everybody, and who stands alone.
//!
//! Servers that saw the same address of ours, from whichever socket, are a camp. Honest servers fall into one camp behind a NAT with one
//! address; behind a pool each of them sees several of its addresses, which joins them; behind several exits the exits divide them.
//! So a server is doubted only where all of this holds:
//!
//! 1. no other server told any address that it told, and it told none that others did;
//! 2. at least two servers agree: on the very port of one socket, or, where the ports depend on the destination, on one address in so
//!    many mappings that no pool can have given it by chance;
//! 3. it saw a port of a socket that none of those saw: exits of one router share the port, and a proxy cannot know it;
//! 4. it did not see this host's own address and port: a proxy cannot know them either.
//!
//! What remains possible is a host with exits to different networks of which one leads to a single server: whoever prints the doubt
//! says so.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::DoubtCode;
use super::address::Reason;
use super::testimony::{Path, Testimony};
use crate::evidence::SocketName;
use crate::wire::Transport;

/// So many mappings from a pool do not all get the same address by chance (one run in 4,000 with two addresses).
const MANY_MAPPINGS: usize = 12;

/// The machines that told two different sockets, from the same address of theirs, the same mapped address. No NAT does that: answers
/// to one of the two could not find their way back.
pub(super) fn same_for_all(testimonies: &[&Testimony]) -> BTreeSet<usize> {
    let mut told: BTreeMap<(SocketAddr, SocketAddr), &SocketName> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for one in testimonies.iter().filter(|one| one.exchange.transport == Transport::Udp) {
        let socket = &one.exchange.socket;
        if *told.entry((one.exchange.remote, one.told)).or_insert(socket) != socket {
            found.insert(one.machine);
        }
    }
    found
}

/// What a camp told.
#[derive(Clone, Debug, Default)]
pub(super) struct Camp<'a> {
    pub(super) machines: BTreeSet<usize>,
    pub(super) addresses: BTreeSet<IpAddr>,
    /// Socket and port, for each destination address.
    mappings: BTreeSet<(&'a SocketName, IpAddr, u16)>,
    /// Which machines told an endpoint of a socket.
    endpoints: BTreeMap<(&'a SocketName, SocketAddr), BTreeSet<usize>>,
    /// It saw what this host itself used.
    untranslated: bool,
}

impl<'a> Camp<'a> {
    fn add(&mut self, one: &Testimony<'a>) {
        let socket = &one.exchange.socket;
        self.machines.insert(one.machine);
        self.addresses.insert(one.told.ip());
        self.mappings.insert((socket, one.exchange.remote.ip(), one.told.port()));
        self.endpoints.entry((socket, one.told)).or_default().insert(one.machine);
        self.untranslated |= one.exchange.untranslated() == Some(true);
    }

    fn join(&mut self, other: Self) {
        self.machines.extend(other.machines);
        self.addresses.extend(other.addresses);
        self.mappings.extend(other.mappings);
        for (endpoint, machines) in other.endpoints {
            self.endpoints.entry(endpoint).or_default().extend(machines);
        }
        self.untranslated |= other.untranslated;
    }

    fn agrees(&self) -> bool {
        self.endpoints.values().any(|machines| machines.len() > 1)
    }

    fn shares_a_port_with(&self, other: &Self) -> bool {
        let ports = |camp: &Self| -> BTreeSet<(&'a SocketName, u16)> {
            camp.endpoints.keys().map(|(socket, endpoint)| (*socket, endpoint.port())).collect()
        };
        !ports(self).is_disjoint(&ports(other))
    }
}

/// The camps of one path over UDP, the largest first. Who shares an address or a machine with a camp belongs to it, and joins the two
/// that it shares something with: the smaller goes into the larger, so that many answers take no longer for having many before them.
pub(super) fn camps<'a>(testimonies: &[&Testimony<'a>], path: Path) -> Vec<Camp<'a>> {
    let mut camps: Vec<Camp> = Vec::new();
    // Where what was a camp went to.
    let mut moved: Vec<usize> = Vec::new();
    let (mut by_address, mut by_machine) = (BTreeMap::new(), BTreeMap::new());
    for one in testimonies.iter().filter(|one| one.exchange.transport == Transport::Udp && one.path == path) {
        let home = |place: Option<&usize>| {
            place.map(|&place| std::iter::successors(Some(place), |&at| Some(moved[at]).filter(|&to| to != at)).last())
        };
        let known = (home(by_address.get(&one.told.ip())).flatten(), home(by_machine.get(&one.machine)).flatten());
        let place = match known {
            (None, None) => {
                moved.push(camps.len());
                camps.push(Camp::default());
                camps.len() - 1
            }
            (Some(place), None) | (None, Some(place)) => place,
            (Some(first), Some(second)) if first == second => first,
            (Some(first), Some(second)) => {
                let larger = |place: usize| camps[place].endpoints.len();
                let (large, small) = if larger(first) < larger(second) { (second, first) } else { (first, second) };
                let camp = std::mem::take(&mut camps[small]);
                camps[large].join(camp);
                moved[small] = large;
                large
            }
        };
        camps[place].add(one);
        by_address.insert(one.told.ip(), place);
        by_machine.insert(one.machine, place);
    }
    camps.retain(|camp| !camp.machines.is_empty());
    camps.sort_by_key(|camp| (std::cmp::Reverse(camp.machines.len()), camp.addresses.iter().next().copied()));
    camps
}

/// The machines that stand alone against several that agree, with the reason.
pub(super) fn alone(camps: &[Camp]) -> BTreeMap<usize, Reason> {
    let [main, rest @ ..] = camps else { return BTreeMap::new() };
    if main.machines.len() < 2 || rest.iter().any(|camp| camp.machines.len() >= main.machines.len()) {
        return BTreeMap::new();
    }
    let many = main.addresses.len() == 1 && main.mappings.len() >= MANY_MAPPINGS && !main.untranslated;
    let doubtful = rest
        .iter()
        .filter(|camp| camp.machines.len() == 1 && !camp.untranslated)
        .filter(|camp| (main.agrees() || many) && !camp.shares_a_port_with(main));
    let others = main.machines.len();
    let usual: Vec<String> = main.addresses.iter().take(3).map(IpAddr::to_string).collect();
    let reason = |camp: &Camp| {
        let odd: Vec<String> = camp.addresses.iter().take(3).map(IpAddr::to_string).collect();
        let text = format!(
            "it saw {} where {others} others saw {}: its own network rewrites where packets come from, or only the way to it leaves \
             through another exit",
            odd.join(", "),
            usual.join(", ")
        );
        (DoubtCode::Disagrees, text)
    };
    doubtful.flat_map(|camp| camp.machines.iter().map(|machine| (*machine, reason(camp))).collect::<Vec<_>>()).collect()
}
