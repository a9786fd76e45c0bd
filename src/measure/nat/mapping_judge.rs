//! The mapping verdict: which destinations saw which external address and port of one socket, and what that leaves possible.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::finding::{Mapping as Finding, MappingBehavior};
use super::first;
use super::mapping_class::{Kind, Sight};
use crate::evidence::key::FamilySocket;
use crate::evidence::{Evidence, Exchange, Outcome, Reason, ReasonCode, SocketName};
use crate::measure::witness;
use crate::wire::{Family, Scope, Transport};

/// The exchanges of one socket that told a mapped address, in the order they were started.
fn observations(seen: &Evidence, family: Family, socket: FamilySocket) -> Vec<Observation<'_>> {
    let name = socket.over(family);
    let of_socket = seen.of(family, Transport::Udp).filter(|exchange| exchange.socket == name);
    of_socket.filter_map(|exchange| exchange.mapped().map(|mapped| (exchange, mapped))).collect()
}

fn sights(observed: &[Observation]) -> Vec<Sight> {
    let sight = |&(exchange, external): &Observation| Sight { destination: exchange.remote, external };
    observed.iter().map(sight).collect()
}

/// The verdict that the believed evidence supports; the reason is why nothing is believed, where that is so.
#[must_use]
pub(super) fn judge(seen: &Evidence, family: Family, nothing_believed: Option<&Reason>) -> Finding {
    let observed = observations(seen, family, FamilySocket::Main);
    let because: Vec<String> = observed.iter().map(|(exchange, _)| exchange.id.clone()).collect();
    let finding = |behavior, summary: String| Finding {
        behavior,
        endpoint_independent: match behavior {
            MappingBehavior::EndpointIndependent | MappingBehavior::None => Some(true),
            MappingBehavior::Inconclusive => None,
            _ => Some(false),
        },
        reason: None,
        summary,
        because: because.clone(),
    };
    let withheld = |reason: Reason, endpoint_independent| Finding {
        endpoint_independent,
        reason: Some(reason.clone()),
        ..finding(MappingBehavior::Inconclusive, format!("could not tell: {}", reason.text))
    };
    let Some((_, first)) = observed.first().copied() else {
        return withheld(why_nothing(seen, nothing_believed), None);
    };
    if let Some(reason) = unstable(seen, family) {
        return withheld(reason, None);
    }
    let destinations = distinct(observed.iter().map(|(exchange, _)| exchange.remote));
    let addresses = distinct(destinations.iter().map(SocketAddr::ip));
    let count = destinations.len();
    let shared = shared(seen, family, &observed);
    let observed = only(observed, shared.as_ref());
    let untranslated = observed.iter().filter(|(exchange, _)| exchange.untranslated() == Some(true)).count();
    if untranslated == observed.len() {
        let summary = format!("{count} of {count} destinations saw this host's own address and port");
        return finding(MappingBehavior::None, summary);
    }
    if let Some(reason) = contradiction(seen, family, &observed) {
        return withheld(reason, None);
    }
    let external = distinct(observed.iter().map(|(_, mapped)| *mapped));
    let kinds = match repeated(seen, family, &Kind::possible(&sights(&observed)), shared.as_ref()) {
        Ok(kinds) => kinds,
        Err(reason) => return withheld(reason, None),
    };
    if let Some((usual, odd)) = all_but_one(&observed).filter(|_| kinds.is_empty()) {
        let summary = format!(
            "destinations of several servers saw port {} of {}; {} alone saw {}: that server's doing, or another flow in its way",
            usual.port(),
            usual.ip(),
            odd.0.remote,
            odd.1
        );
        return finding(MappingBehavior::EndpointIndependent, summary);
    }
    let dependent = !kinds.iter().any(|kind| matches!(kind, Kind::EndpointIndependent | Kind::SeveralExits));
    if let Some(reason) = seen.stop_reason().filter(|_| dependent && !kinds.is_empty() && !asked_again(&observed)) {
        return withheld(reason, None);
    }
    if let (Some(Kind::AddressAndPortDependent), Some(pair)) = (kinds.first(), lone_pair(seen, family, &observed)) {
        let (reason, endpoint_independent) = unconfirmed(&observed, pair);
        return withheld(reason, endpoint_independent);
    }
    match kinds[..] {
        [Kind::EndpointIndependent, ..] if addresses.len() > 1 => {
            let summary = format!("{count} of {count} destinations saw port {} of {}", first.port(), first.ip());
            finding(MappingBehavior::EndpointIndependent, summary)
        }
        [Kind::EndpointIndependent, ..] => {
            let text = format!("only {} answered, and one address cannot show what another would see", addresses[0]);
            withheld(seen.stop_reason().unwrap_or_else(|| Reason::new(ReasonCode::OneDestination, text)), None)
        }
        [Kind::SeveralExits, ..] => withheld(exits(&external), None),
        [Kind::AddressDependent] => {
            let summary = format!("each destination address saw another port, whatever its port ({})", list(&external));
            finding(MappingBehavior::AddressDependent, summary)
        }
        [Kind::AddressDependent, ..] => {
            let text = "the mapping depends on the destination; whether on its address alone or on its port too needs a server with a second address";
            withheld(Reason::new(ReasonCode::DependentKindUnknown, text), Some(false))
        }
        [Kind::AddressAndPortDependent, ..] => {
            let summary = format!("{count} destinations saw {} external ports", external.len());
            finding(MappingBehavior::AddressAndPortDependent, summary)
        }
        [] => {
            let text = format!("the external ports fit none of the behaviors ({})", list(&external));
            withheld(Reason::new(ReasonCode::MappingInconsistent, text), None)
        }
    }
}

/// Whether one destination was asked a second time: until then exits that packets are spread over look like a mapping by destination.
fn asked_again(observed: &[Observation]) -> bool {
    distinct(observed.iter().map(|(exchange, _)| exchange.remote)).len() < observed.len()
}

/// What all servers saw but one, where those are at least two: no mapping by destination shows the same to two servers. A flow that
/// meets another one in the NAT's table (the same port to the same destination) gets another port, and some servers tell any.
fn all_but_one<'a>(observed: &[Observation<'a>]) -> Option<(SocketAddr, Observation<'a>)> {
    let first = observed.first()?;
    let second = observed.iter().find(|(exchange, _)| exchange.server != first.0.server)?;
    [first.1, second.1].into_iter().find_map(|usual| {
        let mut others = observed.iter().filter(|(_, mapped)| *mapped != usual);
        let server = others.next()?.0.server;
        if others.any(|(exchange, _)| exchange.server != server) {
            return None;
        }
        let rest = || observed.iter().filter(|(exchange, _)| exchange.server != server);
        let several = distinct(rest().map(|(exchange, _)| exchange.server)).len() > 1
            && distinct(rest().map(|(exchange, _)| exchange.remote.ip())).len() > 1;
        let is_odd = |(exchange, mapped): &&Observation| {
            exchange.server == server && *mapped != usual && mapped.ip() == usual.ip()
        };
        observed.iter().find(is_odd).filter(|_| several).map(|odd| (usual, *odd))
    })
}

/// The one address of which two ports saw two mappings, where nothing else shows that the port counts: a stray packet on its way in makes
/// some routers give a later flow another port (FIELD trap 2). Servers that were named, and asked at once, are met by none before.
fn lone_pair(seen: &Evidence, family: Family, observed: &[Observation]) -> Option<IpAddr> {
    let two_mappings = |observed: &[Observation]| -> Vec<IpAddr> {
        let mut mappings: BTreeMap<IpAddr, BTreeSet<SocketAddr>> = BTreeMap::new();
        for (exchange, mapped) in observed {
            mappings.entry(exchange.remote.ip()).or_default().insert(*mapped);
        }
        mappings.into_iter().filter(|(_, mappings)| mappings.len() > 1).map(|(ip, _)| ip).collect()
    };
    let named: BTreeSet<SocketAddr> = first::exchanges(seen, family).iter().map(|exchange| exchange.remote).collect();
    let at_once: Vec<Observation> =
        observed.iter().copied().filter(|(exchange, _)| named.contains(&exchange.remote)).collect();
    let again = observations(seen, family, FamilySocket::SecondMapping);
    match two_mappings(observed)[..] {
        [address] if two_mappings(&at_once).is_empty() && two_mappings(&again).is_empty() => Some(address),
        _ => None,
    }
}

/// What is left to say without the other port of that address.
fn unconfirmed(observed: &[Observation], pair: IpAddr) -> (Reason, Option<bool>) {
    let first = observed.iter().find(|(exchange, _)| exchange.remote.ip() == pair).map(|(exchange, _)| exchange.remote);
    let rest: Vec<Observation> = observed
        .iter()
        .copied()
        .filter(|(exchange, _)| exchange.remote.ip() != pair || Some(exchange.remote) == first)
        .collect();
    let kinds = Kind::possible(&sights(&rest));
    let why = format!(
        "two ports of {pair} saw two mappings, which one stray packet can do to a router, and nothing else confirms it"
    );
    let dependent = !kinds.iter().any(|kind| matches!(kind, Kind::EndpointIndependent | Kind::SeveralExits));
    if dependent {
        let text = format!("the mapping depends on the destination; whether on its port too cannot be told: {why}");
        (Reason::new(ReasonCode::DependentKindUnknown, text), Some(false))
    } else {
        (Reason::new(ReasonCode::OneDestination, why), None)
    }
}

/// Why no mapped address is there to judge.
fn why_nothing(seen: &Evidence, nothing_believed: Option<&Reason>) -> Reason {
    let told = nothing_believed.cloned().filter(|_| seen.stopped.is_none());
    told.or_else(|| seen.stop_reason())
        .unwrap_or_else(|| Reason::new(ReasonCode::NoAnswer, "no server answered over UDP"))
}

/// What a second socket leaves possible of it; or that it showed something else.
fn repeated(
    seen: &Evidence,
    family: Family,
    kinds: &[Kind],
    shared: Option<&BTreeSet<IpAddr>>,
) -> Result<Vec<Kind>, Reason> {
    let again = only(observations(seen, family, FamilySocket::SecondMapping), shared);
    let also = Kind::possible(&sights(&again));
    let both: Vec<Kind> = kinds.iter().copied().filter(|kind| also.contains(kind)).collect();
    if both.is_empty() && !kinds.is_empty() {
        let text = "one local port showed one mapping behavior, another local port another";
        return Err(Reason::new(ReasonCode::RepeatsDisagree, text));
    }
    Ok(both)
}

/// The addresses that several servers saw, where each of the others saw one of its own: if they show a mapping by destination, it is
/// one, whatever the others have before them; and what kind it is those others cannot tell, over whatever socket.
fn shared(seen: &Evidence, family: Family, observed: &[Observation]) -> Option<BTreeSet<IpAddr>> {
    let camps = witness::camps(seen, family);
    let [main, rest @ ..] = &camps[..] else { return None };
    if main.machines < 2 || rest.iter().any(|camp| camp.machines > 1) {
        return None;
    }
    let addresses: BTreeSet<IpAddr> = main.addresses.iter().copied().collect();
    let kinds = Kind::possible(&sights(&only(observed.to_vec(), Some(&addresses))));
    let dependent = !kinds.is_empty()
        && kinds.iter().all(|kind| matches!(kind, Kind::AddressDependent | Kind::AddressAndPortDependent));
    dependent.then_some(addresses)
}

/// What was seen at those addresses, where only they count.
fn only<'a>(observed: Vec<Observation<'a>>, addresses: Option<&BTreeSet<IpAddr>>) -> Vec<Observation<'a>> {
    let counts = |(_, mapped): &Observation| addresses.is_none_or(|only| only.contains(&mapped.ip()));
    observed.into_iter().filter(counts).collect()
}

/// What servers saw of this host.
pub(super) type Observation<'a> = (&'a Exchange, SocketAddr);

/// Why it cannot be told whether, or by whom, this host is translated, by what servers saw of it.
#[must_use]
pub(super) fn contradiction(seen: &Evidence, family: Family, observed: &[Observation]) -> Option<Reason> {
    let untranslated = observed.iter().filter(|(exchange, _)| exchange.untranslated() == Some(true)).count();
    match untranslated {
        0 => alone(seen, family, observed)
            .or_else(|| disagreement(seen, family, observed))
            .or_else(|| one_server(observed)),
        _ => (untranslated < observed.len()).then(|| partly(observed)),
    }
}

/// Two servers that call one and the same address their own (RESPONSE-ORIGIN): something on the way leads to it what is sent to either,
/// as networks do that have a server themselves. Behind it two flows of one port meet, of which one gets another port.
fn one_server(observed: &[Observation]) -> Option<Reason> {
    let mut known: BTreeMap<IpAddr, &Exchange> = BTreeMap::new();
    observed.iter().find_map(|(exchange, _)| {
        let origin = exchange.answer()?.origin?.ip();
        // A private one is told by whoever stands in a network like others.
        if Scope::of(origin) != Scope::Public || !Family::of(exchange.remote).has(origin) {
            return None;
        }
        let first = *known.entry(origin).or_insert(exchange);
        let (one, other) = (first.remote.ip(), exchange.remote.ip());
        (first.server != exchange.server && one != other).then(|| {
            let text = format!(
                "{one} and {other} both answer as {origin}: one server is behind both, or something on the way leads to one, which cannot show \
                 what another would see"
            );
            Reason::new(ReasonCode::OneDestination, text)
        })
    })
}

/// Some saw this host's own address, some another one.
fn partly(observed: &[Observation]) -> Reason {
    let who = |own: bool| {
        let (exchange, mapped) = observed.iter().find(|(one, _)| one.untranslated() == Some(own))?;
        Some((exchange.remote, *mapped))
    };
    let text = match (who(true), who(false)) {
        (Some((plain, own)), Some((other, told))) => format!(
            "{plain} saw this host's own address {own} and {other} saw {told}: a policy on the path tells them apart, or the network \
             of one of them rewrites where packets come from"
        ),
        _ => "some destinations see this host's own address and some a translated one".to_owned(),
    };
    Reason::new(ReasonCode::PartlyTranslated, text)
}

/// A public address that one server alone calls translated: its own network may have done it.
fn alone(seen: &Evidence, family: Family, observed: &[Observation]) -> Option<Reason> {
    let (exchange, mapped) = observed.first()?;
    let local = exchange.local?.ip();
    let internal = Scope::of(local) != Scope::Public || local.is_ipv4() != mapped.is_ipv4();
    let witnesses: usize = witness::camps(seen, family).iter().map(|camp| camp.machines).sum();
    if internal || witnesses > 1 {
        return None;
    }
    let text = format!(
        "{} saw {mapped} where this host has the public address {local}: a NAT, or that server's own network; one server cannot show \
         which, name another with --server",
        exchange.remote
    );
    Some(Reason::new(ReasonCode::OneWitness, text))
}

/// Servers that saw addresses of which no other saw any: who is right cannot be told by what they say, over whatever socket. Where the
/// port is the same, both are: a server's own network cannot know it.
fn disagreement(seen: &Evidence, family: Family, observed: &[Observation]) -> Option<Reason> {
    let camps = witness::camps(seen, family);
    let same_port = observed.iter().all(|(_, mapped)| mapped.port() == observed[0].1.port());
    let heard = |camp: &&witness::Camp| observed.iter().any(|(_, mapped)| camp.addresses.contains(&mapped.ip()));
    if camps.len() < 2 || same_port || camps.iter().filter(heard).any(|camp| camp.machines > 1) {
        return None;
    }
    let all = || seen.of(family, Transport::Udp).filter_map(|exchange| Some((exchange, exchange.mapped()?)));
    let who = |camp: &witness::Camp| {
        let of_camp = |(_, mapped): &Observation| camp.addresses.contains(&mapped.ip());
        let (exchange, mapped) = observed.iter().copied().find(of_camp).or_else(|| all().find(of_camp))?;
        Some(format!("{} saw {mapped}", exchange.remote))
    };
    let who: Vec<String> = camps.iter().filter_map(who).take(3).collect();
    let text = format!(
        "servers disagree ({}): several exits, or the network of one of them rewrites where packets come from; name more servers",
        who.join(", ")
    );
    Some(Reason::new(ReasonCode::ServersDisagree, text))
}

/// What was seen fits several exits, each of which keeps one port.
fn exits(external: &[SocketAddr]) -> Reason {
    let first = external[0].port();
    let text = if external.iter().all(|mapped| mapped.port() == first) {
        format!(
            "the port stayed {first} but destinations saw different addresses ({}): several exits or a pool, rather than a mapping by \
             destination",
            list(external)
        )
    } else {
        format!(
            "destinations saw {} addresses, one port of each ({}): several exits, or a pool",
            external.len(),
            list(external)
        )
    };
    Reason::new(ReasonCode::SeveralExits, text)
}

/// One destination saw another address or port of the same socket when it was asked again.
fn unstable(seen: &Evidence, family: Family) -> Option<Reason> {
    let mut known: BTreeMap<(&SocketName, SocketAddr), SocketAddr> = BTreeMap::new();
    for exchange in seen.of(family, Transport::Udp) {
        let Some(after) = exchange.mapped() else { continue };
        match known.get(&(&exchange.socket, exchange.remote)) {
            Some(before) if *before != after => {
                let what = if before.ip() == after.ip() {
                    "the mapping does not last"
                } else {
                    "packets of one flow leave through different exits"
                };
                let text = format!("{} saw {before} first and {after} later: {what}", exchange.remote);
                return Some(Reason::new(ReasonCode::MappingUnstable, text));
            }
            Some(_) => {}
            None => drop(known.insert((&exchange.socket, exchange.remote), after)),
        }
    }
    None
}

/// The external addresses that were seen, over every socket.
#[must_use]
pub(super) fn externals(seen: &Evidence, family: Family) -> Vec<IpAddr> {
    distinct(seen.of(family, Transport::Udp).filter_map(Exchange::mapped).map(|mapped| mapped.ip()))
}

/// Whether no exchange of the family was answered at all, in whatever way.
#[must_use]
pub(super) fn unheard(seen: &Evidence, family: Family) -> bool {
    seen.of(family, Transport::Udp).all(|exchange| !matches!(exchange.outcome, Outcome::Reply(_)))
}

/// Each once, in the order of the first. A saved report may have many.
fn distinct<T: Ord + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = BTreeSet::new();
    items.filter(|item| known.insert(item.clone())).collect()
}

fn list(addresses: &[SocketAddr]) -> String {
    let mut words: Vec<String> = addresses.iter().take(4).map(SocketAddr::to_string).collect();
    if addresses.len() > words.len() {
        words.push("...".to_owned());
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NAT, Scene, address};
    use super::*;

    /// What two servers that call themselves so saw of one socket.
    fn judged(origins: [&str; 2], ports: [u16; 2]) -> (Option<ReasonCode>, Option<bool>) {
        let servers = ["192.0.2.1:3478", "198.51.100.1:3478"];
        let mut scene = Scene::of(&servers);
        for (number, at) in servers.into_iter().enumerate() {
            let told = scene.told(&format!("ipv4/reach/udp/{number}"), at, &format!("{NAT}:{}", ports[number]));
            if let Outcome::Reply(reply) = &mut told.outcome {
                reply.origin = Some(address(origins[number]));
            }
        }
        let found = judge(&scene.seen, Family::Ipv4, None);
        (found.reason.map(|reason| reason.code), found.endpoint_independent)
    }

    #[test]
    fn servers_behind_which_there_is_one_show_no_mapping_by_destination() {
        let own = ["192.0.2.1:3478", "198.51.100.1:3478"];
        assert_eq!(judged(own, [5000, 5001]), (Some(ReasonCode::DependentKindUnknown), Some(false)));
        assert_eq!(judged(own, [5000, 5000]), (None, Some(true)));
        for origins in [["203.0.113.80:3478"; 2], ["192.0.2.1:3478"; 2]] {
            for ports in [[5000, 5001], [5000, 5000]] {
                assert_eq!(judged(origins, ports), (Some(ReasonCode::OneDestination), None), "{origins:?} {ports:?}");
            }
        }
        let private = ["172.17.0.2:3478"; 2];
        assert_eq!(judged(private, [5000, 5001]).1, Some(false), "many servers are in networks numbered alike");
    }
}
