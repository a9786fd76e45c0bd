//! What `ice gather` asks of TURN servers: from each base an allocation, and no data through it.

use std::net::{IpAddr, SocketAddr};

use super::ask::{gather, release};
use super::facts::held::BEFORE_FEATURES;
pub(in crate::measure) use super::facts::target::Target;
use super::finding::{Diagnosis, TurnVerdict};
use super::judge::{diagnose, unnamed};
use super::options::{Entry, TurnOptions};
use crate::evidence::key::{ServerStep, SocketRole};
use crate::evidence::{Ask, Evidence, Exchange, SocketName, Step};
use crate::measure::nat64;
use crate::wire::{EntryKind, Family, Transport};

/// Every entry that is asked from a base, as far as its server's address is known.
pub(in crate::measure) fn targets<'a>(
    seen: &'a Evidence,
    options: &'a TurnOptions,
) -> impl Iterator<Item = Target<'a>> + use<'a> {
    let entries = options.entries.iter().enumerate();
    let asked = entries.filter(|(_, entry)| entry.mistakes.iter().all(|mistake| !mistake.error));
    let prefix = nat64::of_network(seen).filter(|_| has_ipv6_alone(options));
    asked.flat_map(move |(number, entry)| {
        let family = entry.base.map(|base| if base.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 });
        entry.transports.iter().flat_map(move |&transport| {
            let own = family.and_then(|family| Target::new(seen, options, number, transport, family));
            let translated = prefix
                .and_then(|prefix| Target::through(prefix, seen, options, number, transport))
                // The resolver may have made up the very address.
                .filter(|other| own.as_ref().is_none_or(|own| own.remote != other.remote));
            own.into_iter().chain(translated)
        })
    })
}

/// Whether the host asks from IPv6 addresses alone, and IPv4 is wanted: then candidates come through the network's NAT64, if there is
/// one (RFC 8445 section 5.1.1.2).
pub(in crate::measure) fn has_ipv6_alone(options: &TurnOptions) -> bool {
    let mut bases = options.entries.iter().filter_map(|entry| entry.base).peekable();
    options.families.contains(&Family::Ipv4) && bases.peek().is_some() && bases.all(|base| base.is_ipv6())
}

/// What is to be asked as far as is known now, and whether all of it is over.
pub(in crate::measure) fn next(target: &Target) -> (Vec<Ask>, bool) {
    gather::plan(target)
}

/// What is given back at the end; an allocation that goes on being used is kept.
pub(in crate::measure) fn release(target: &Target, keep: bool) -> Step {
    let kept = granted(target).filter(|_| keep).map(|granted| granted.role);
    release::of(target, BEFORE_FEATURES.into_iter().filter(|role| Some(*role) != kept))
}

/// What is given back where the run was stopped.
pub(in crate::measure) fn farewell(target: &Target) -> Vec<Ask> {
    release::farewell(target)
}

/// An allocation that was granted and is believed.
pub(in crate::measure) struct Granted<'a> {
    role: SocketRole,
    /// The relayed address; the first of two.
    pub(in crate::measure) relayed: SocketAddr,
    /// The Allocate that was granted.
    pub(in crate::measure) exchange: &'a Exchange,
}

/// The allocation of that target.
pub(in crate::measure) fn granted<'a>(target: &Target<'a>) -> Option<Granted<'a>> {
    let (role, allocation) = target.first().filter(|(role, _)| target.is_signed(*role))?;
    Some(Granted { role, relayed: allocation.relayed, exchange: allocation.exchange })
}

/// The exchanges that show the address that the server saw of the base's UDP socket. A connection, or another
/// socket to the same server, has a mapping of its own, which no check of the base uses (RFC 8445 section 5.1.1.2).
pub(in crate::measure) fn mapped<'a>(
    target: &Target<'a>,
    base: IpAddr,
) -> impl Iterator<Item = &'a Exchange> + use<'a> {
    let (name, granted) = (SocketName::Base(Transport::Udp, base), granted(target).map(|granted| granted.exchange));
    target.find(ServerStep::Binding).into_iter().chain(granted).filter(move |exchange| exchange.socket == name)
}

/// Why that target gives no candidate, and the exchange that shows it best; `None` where it gives one.
pub(in crate::measure) fn failure<'a>(target: &Target<'a>) -> Option<(Diagnosis, Option<&'a Exchange>)> {
    let works = match target.entry.kind {
        EntryKind::Turn => granted(target).is_some(),
        EntryKind::Stun => target.find(ServerStep::Binding).is_some_and(|one| one.mapped().is_some()),
    };
    if works {
        return None;
    }
    let (verdict, found) = diagnose(target);
    let last = target.dialog().filter(|one| one.settled()).last();
    (verdict != TurnVerdict::Ok).then_some((found, last))
}

/// Why the entry's name leads to no address over that transport; `None` where it leads to one.
pub(in crate::measure) fn name_failure(seen: &Evidence, entry: &Entry, transport: Transport) -> Option<Diagnosis> {
    let lookups = &seen.servers.get(entry.server?)?.lookups;
    let found = lookups.iter().any(|lookup| lookup.transport == transport && !lookup.addresses.is_empty());
    (!found).then(|| unnamed(seen, entry, transport).1)
}
