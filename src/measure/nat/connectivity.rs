//! Does UDP get out at all, and is there a translation? A function of what the first questions brought.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::controls::{self, Shown, distinct, refused_by_itself};
use super::finding::{Alg, Connectivity, Filtering, FilteringBehavior, Mapping, MappingBehavior};
use super::first;
use super::refusal::Refuser;
use crate::evidence::{Evidence, Exchange, Failure, FailureCode, Outcome, Reason, ReasonCode};
use crate::measure::names;
use crate::measure::witness;
use crate::wire::{Family, Scope, Transport, escape};

/// Servers that must be silent over UDP and answer over TCP before UDP is called blocked: one may have closed its port.
const WITNESSES: usize = 2;

/// The connectivity verdict, with the reason where the word alone does not say it.
#[must_use]
pub(super) fn judge(
    seen: &Evidence,
    family: Family,
    mapping: &Mapping,
    filtering: &Filtering,
) -> (Connectivity, Option<Reason>) {
    let answered = seen.of(family, Transport::Udp).any(|exchange| exchange.mapped().is_some());
    if !answered {
        let told = mapping.reason.as_ref().filter(|reason| witness::REASONS.contains(&reason.code));
        return told
            .map_or_else(|| unanswered(seen, family), |reason| (Connectivity::Inconclusive, Some(reason.clone())));
    }
    let translated =
        seen.of(family, Transport::Udp).filter_map(Exchange::untranslated).any(|untranslated| !untranslated);
    // Who is right cannot be told: where this host has a public address, perhaps nobody translates it.
    let public = local_address(seen, family).is_some_and(|ip| Scope::of(ip) == Scope::Public);
    let doubtful = mapping.reason.as_ref().is_some_and(|reason| match reason.code {
        ReasonCode::PartlyTranslated | ReasonCode::OneWitness => true,
        ReasonCode::ServersDisagree => public,
        _ => false,
    });
    match (mapping.behavior, filtering.behavior) {
        (MappingBehavior::None, FilteringBehavior::EndpointIndependent) => (Connectivity::Open, None),
        (MappingBehavior::None, FilteringBehavior::Inconclusive) => (Connectivity::Direct, filtering.reason.clone()),
        (MappingBehavior::None, _) => (Connectivity::Firewalled, None),
        _ if translated && !doubtful => (Connectivity::Nat, None),
        _ => (Connectivity::Inconclusive, mapping.reason.clone()),
    }
}

fn unanswered(seen: &Evidence, family: Family) -> (Connectivity, Option<Reason>) {
    let inconclusive = |code, text: String| (Connectivity::Inconclusive, Some(Reason::new(code, text)));
    let udp: Vec<&Exchange> = seen.of(family, Transport::Udp).collect();
    let usable =
        |ip: &IpAddr| family.has(*ip) && matches!(Scope::of(*ip), Scope::Private | Scope::Shared | Scope::Public);
    let has_address = seen.host_addresses.iter().any(usable);
    let unroutable = !udp.is_empty() && udp.iter().all(|exchange| first::no_route(exchange));
    if unroutable || (!has_address && udp.iter().all(|exchange| exchange.reply().is_none())) && !loopback_only(&udp) {
        let text = if has_address {
            format!("this host has no {} route to the servers", label(family))
        } else {
            format!("this host has no {} address", label(family))
        };
        return (Connectivity::Unavailable, Some(Reason::new(ReasonCode::NoAddress, text)));
    }
    if let Some(reason) =
        seen.stop_reason().filter(|_| udp.iter().any(|exchange| abandoned(exchange)) || udp.is_empty())
    {
        return (Connectivity::Inconclusive, Some(reason));
    }
    if let Some(reason) = unbelievable(&udp).or_else(|| strange(&udp)) {
        return (Connectivity::Inconclusive, Some(reason));
    }
    if udp.is_empty() {
        let reason = not_asked(seen, family);
        return (Connectivity::Inconclusive, Some(reason));
    }
    if let Some(place) = names::one_place(seen).filter(|(ip, _)| udp.iter().all(|exchange| exchange.remote.ip() == *ip))
    {
        return inconclusive(ReasonCode::NameFiltered, names::place_in_words(place));
    }
    if let Some(failure) = udp.iter().all(|exchange| first::failed_here(exchange)).then(|| failure(udp[0])).flatten() {
        return inconclusive(ReasonCode::LocalSocket, format!("this host could not send: {}", failure.text));
    }
    let controls = controls::judge(seen, family);
    if let Shown::Passes(reason) = controls {
        return (Connectivity::Inconclusive, Some(reason));
    }
    let over_tcp: Vec<SocketAddr> = seen
        .of(family, Transport::Tcp)
        .filter(|exchange| exchange.reply().is_some())
        .map(|exchange| exchange.remote)
        .collect();
    let both: Vec<SocketAddr> = {
        // Where the server itself says that nothing listens, UDP got there.
        let silent = udp.iter().filter(|exchange| !refused_by_itself(exchange));
        let mut remotes: Vec<SocketAddr> = silent.map(|exchange| exchange.remote).collect();
        remotes.retain(|remote| over_tcp.contains(remote));
        remotes.sort_unstable();
        remotes.dedup_by_key(|remote| remote.ip());
        remotes
    };
    let asked = distinct(&udp);
    let (here, how) = fate(seen, &udp);
    if both.len() >= WITNESSES || (!both.is_empty() && here) {
        let text =
            format!("UDP to {asked} of {asked} servers {how}, while TCP to {} of the same servers works", both.len());
        return match controls {
            Shown::Failed(tried) => {
                (Connectivity::UdpBlocked, Some(Reason::new(ReasonCode::UdpBlocked, format!("{text}; {tried}"))))
            }
            _ => inconclusive(ReasonCode::NoControl, format!("{text}; whether any UDP passes was not seen")),
        };
    }
    if seen.of(family, Transport::Tcp).next().is_none() {
        return inconclusive(ReasonCode::NoAnswer, format!("UDP to {asked} of {asked} servers {how}"));
    }
    if over_tcp.is_empty() {
        let text = format!("UDP to {asked} of {asked} servers {how}, and none of them answered over TCP either");
        return inconclusive(ReasonCode::NothingAnswered, text);
    }
    let text = format!(
        "UDP {how} while TCP works, but with {} server only: it may serve TCP alone; name two or more servers to tell",
        over_tcp.len()
    );
    inconclusive(ReasonCode::TooFewServers, text)
}

fn label(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
    }
}

fn abandoned(exchange: &Exchange) -> bool {
    matches!(exchange.outcome, Outcome::Abandoned { .. } | Outcome::Pending)
}

fn loopback_only(udp: &[&Exchange]) -> bool {
    !udp.is_empty() && udp.iter().all(|exchange| exchange.remote.ip().is_loopback())
}

/// What became of the questions, after "UDP to these servers"; and whether this host's own firewall was in the way, which needs no
/// second witness.
fn fate(seen: &Evidence, udp: &[&Exchange]) -> (bool, String) {
    let Some((who, refused)) = Refuser::of_most(udp, &seen.host_addresses) else {
        let failures: Option<Vec<&Failure>> = udp.iter().map(|exchange| failure(exchange)).collect();
        let first = failures.and_then(|failures| failures.first().map(|failure| failure.text.clone()));
        return (false, first.map_or_else(|| "stayed silent".to_owned(), |text| format!("failed ({text})")));
    };
    let (refused, asked) = (distinct(&refused), distinct(udp));
    let how = match who {
        _ if refused == asked => who.words(),
        Refuser::Server => format!("got no answer ({refused} of them refuse in their own names)"),
        _ => format!("got no answer: to {refused} of them it {}", who.words()),
    };
    (who == Refuser::OwnFirewall, how)
}

fn failure(exchange: &Exchange) -> Option<&Failure> {
    match &exchange.outcome {
        Outcome::Failed(failure) => Some(failure),
        _ => None,
    }
}

/// Servers answered, and none with a mapped address that can be believed.
fn unbelievable(udp: &[&Exchange]) -> Option<Reason> {
    let (exchange, reply) = udp.iter().find_map(|exchange| exchange.reply().map(|reply| (exchange, reply)))?;
    let why = match &reply.error {
        Some(error) => format!("error {}", error.code),
        None if reply.source != exchange.remote => format!("from {} instead", reply.source),
        None => reply.faults.first().cloned().unwrap_or_else(|| "a mapped address that cannot be".to_owned()),
    };
    let text = format!("{} answered, but not with an address that could be believed ({why})", exchange.remote);
    Some(Reason::new(ReasonCode::AnswerUnusable, text))
}

/// No answer came, and something did.
fn strange(udp: &[&Exchange]) -> Option<Reason> {
    let (exchange, strays) = udp.iter().find_map(|exchange| Some((exchange, exchange.strays.as_ref()?)))?;
    let text = format!("no server answered; from {} came {strays}", exchange.remote);
    Some(Reason::new(ReasonCode::AnswerUnusable, text))
}

/// This host ran out of what a socket takes while it asked over this family.
#[must_use]
pub(super) fn shortage(seen: &Evidence, family: Family) -> Option<Reason> {
    let asked = seen.exchanges.iter().filter(|exchange| family.has(exchange.remote.ip()));
    let failure = asked.filter_map(failure).find(|failure| failure.code == FailureCode::LocalShortage)?;
    let text =
        format!("this host could not ask: {} (ulimit -n raises its limit of descriptors)", escape(&failure.text));
    Some(Reason::new(ReasonCode::LocalSocket, text))
}

/// Why nothing was asked over UDP.
fn not_asked(seen: &Evidence, family: Family) -> Reason {
    if seen.exchanges.iter().any(|exchange| family.has(exchange.remote.ip())) {
        return Reason::new(ReasonCode::NotAsked, "only TCP or TLS was asked: what UDP does is not known");
    }
    let mut failures = seen.servers.iter().flat_map(|server| &server.lookups).map(|lookup| lookup.failure.as_ref());
    let unresolved = failures.all(|failure| {
        failure.is_some_and(|failure| matches!(failure.code, FailureCode::NameNotFound | FailureCode::ResolverFailed))
    });
    let mut failures =
        seen.servers.iter().flat_map(|server| &server.lookups).filter_map(|lookup| lookup.failure.as_ref());
    if let Some(filtered) = failures.find(|failure| failure.code == FailureCode::NameFiltered) {
        return Reason::new(ReasonCode::NameFiltered, format!("no server could be asked: {}", escape(&filtered.text)));
    }
    if unresolved {
        let text = "no server's name could be looked up: check DNS, or name a server by address";
        return Reason::new(ReasonCode::NamesUnresolved, text);
    }
    let text = format!("none of the servers has an {} address that can be asked", label(family));
    Reason::new(ReasonCode::NoServerOfFamily, text)
}

/// The address this host sends from: the one that most exchanges used of those whose answers count, else of all.
#[must_use]
pub(super) fn local_address(seen: &Evidence, family: Family) -> Option<IpAddr> {
    let counts = |exchange: &&Exchange| exchange.mapped().is_some();
    let of_family = || seen.exchanges.iter().filter(|exchange| family.has(exchange.remote.ip()));
    let any = of_family().any(|exchange| counts(&exchange));
    let used = of_family().filter(|exchange| !any || counts(exchange));
    most_frequent(used.filter_map(|exchange| exchange.local.map(|local| local.ip()))).into_iter().next()
}

/// The addresses that servers saw, most often seen first.
#[must_use]
pub(super) fn public_addresses(seen: &Evidence, family: Family) -> Vec<IpAddr> {
    let asked = seen.exchanges.iter().filter(|exchange| family.has(exchange.remote.ip()));
    most_frequent(asked.filter_map(|exchange| exchange.mapped().map(|mapped| mapped.ip())))
}

fn most_frequent(items: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (mut counts, mut places): (Vec<(IpAddr, usize)>, BTreeMap<IpAddr, usize>) = Default::default();
    for item in items {
        let place = *places.entry(item).or_insert(counts.len());
        match counts.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(item, _)| item).collect()
}

/// Whether something rewrites addresses inside packets (RFC 5780 section 3.6): the plain and the obfuscated address of one response
/// differ. `None` when no response had both.
#[must_use]
pub(super) fn alg(seen: &Evidence, family: Family) -> Option<Alg> {
    let mut compared = 0;
    let mut rewritten = Vec::new();
    let mut example = None;
    for exchange in seen.of(family, Transport::Udp) {
        let Some(reply) = exchange.answer() else { continue };
        let (Some(plain), Some(mapped)) = (reply.plain_mapped, reply.mapped) else { continue };
        compared += 1;
        if plain != mapped {
            rewritten.push(exchange);
            example.get_or_insert((plain, mapped));
        }
    }
    let because = rewritten.iter().map(|exchange| exchange.id.clone()).collect();
    match example {
        _ if compared == 0 => None,
        None => Some(Alg {
            detected: false,
            summary: format!("MAPPED-ADDRESS arrived unchanged in {compared} of {compared} responses"),
            because,
        }),
        Some((plain, mapped)) => Some(Alg {
            detected: true,
            summary: format!("MAPPED-ADDRESS arrived as {plain} where the server saw {mapped}"),
            because,
        }),
    }
}
