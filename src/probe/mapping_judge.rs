//! The mapping verdict: which destinations saw which external address and port of one socket.

use std::net::SocketAddr;

use super::finding::{Mapping as Finding, MappingBehavior, Reason};
use super::points::{self, Group};
use super::servers::{Capable, capable};
use super::{Behavior, Evidence, Exchange, Family, Outcome, first, misreport, reason};
use crate::stun::Transport;

/// The exchanges of the one socket under test that told a mapped address, in the order they were started.
fn observations(seen: &Evidence, family: Family) -> Vec<(&Exchange, SocketAddr)> {
    let socket = first::main_socket(family);
    seen.of(family, Transport::Udp)
        .filter(|exchange| exchange.socket == socket)
        .filter_map(|exchange| exchange.mapped().map(|mapped| (exchange, mapped)))
        .collect()
}

/// The verdict that the evidence supports.
#[must_use]
pub fn judge(seen: &Evidence, family: Family) -> Finding {
    let observed = observations(seen, family);
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
        return withheld(why_nothing(seen, family), None);
    };
    if let Some(reason) = unstable(seen, family) {
        return withheld(reason, None);
    }
    let destinations = distinct(observed.iter().map(|(exchange, _)| exchange.remote));
    let addresses = distinct(destinations.iter().map(SocketAddr::ip));
    let count = destinations.len();
    let untranslated = observed.iter().filter(|(exchange, _)| exchange.untranslated() == Some(true)).count();
    if untranslated == observed.len() {
        let summary = format!("{count} of {count} destinations saw this host's own address and port");
        return finding(MappingBehavior::None, summary);
    }
    if untranslated > 0 {
        let text = "some destinations see this host's own address and some a translated one: a policy on the path tells them apart";
        // One server alone may lie: it is believed once it was heard from a second socket.
        let mut translated = observed.iter().filter(|(exchange, _)| exchange.untranslated() == Some(false));
        let sure = translated.any(|(exchange, _)| misreport::borne_out(seen, exchange));
        return withheld(reason::make(reason::PARTLY_TRANSLATED, text), sure.then_some(false));
    }
    let external = distinct(observed.iter().map(|(_, mapped)| *mapped));
    let same_port = external.iter().all(|mapped| mapped.port() == first.port());
    let groups: Vec<(Capable, Group)> =
        capable(seen, family).into_iter().map(|server| (server, Group::of(seen, family, &server))).collect();
    if let Some(reason) = unrepeated(seen, family, &groups) {
        return withheld(reason, None);
    }
    let complete = groups.iter().filter(|(_, group)| group.complete());
    let behaviors: Vec<Option<Behavior>> = complete.map(|(_, group)| group.behavior()).collect();
    if external.len() == 1 {
        if addresses.len() > 1 {
            let summary = format!("{count} of {count} destinations saw port {} of {}", first.port(), first.ip());
            return finding(MappingBehavior::EndpointIndependent, summary);
        }
        let stopped = seen.stop_reason();
        let text = format!("only {} answered, and one address cannot show what another would see", addresses[0]);
        return withheld(stopped.unwrap_or_else(|| reason::make(reason::ONE_DESTINATION, text)), None);
    }
    if same_port && !by_destination(seen, family) {
        let text = format!(
            "the port stayed {} while the address varied from flow to flow ({}): a pool of addresses, or several exits",
            first.port(),
            list(&external)
        );
        return withheld(reason::make(reason::SEVERAL_EXITS, text), None);
    }
    match behaviors.as_slice() {
        [] => {
            let reason = if same_port {
                exits(first.port(), &external)
            } else {
                let text = "the mapping depends on the destination; whether on its address alone or on its port too needs a server with a second address";
                reason::make(reason::DEPENDENT_KIND_UNKNOWN, text)
            };
            withheld(reason, (!same_port && vary_surely(seen, &observed)).then_some(false))
        }
        [Some(behavior), rest @ ..] if rest.iter().all(|other| *other == Some(*behavior)) => match behavior {
            Behavior::EndpointIndependent if same_port => withheld(exits(first.port(), &external), None),
            Behavior::EndpointIndependent => {
                let text = format!(
                    "all addresses of one server saw the same port, other servers saw something else ({}): a server misreports, or some destinations take another way",
                    list(&external)
                );
                withheld(reason::make(reason::SERVERS_DISAGREE, text), None)
            }
            Behavior::AddressDependent => {
                let how = if same_port { "the same port of another address" } else { "another port" };
                finding(
                    MappingBehavior::AddressDependent,
                    format!("each destination address saw {how}, whatever its port ({})", list(&external)),
                )
            }
            Behavior::AddressAndPortDependent => finding(
                MappingBehavior::AddressAndPortDependent,
                format!("{count} destinations saw {} external ports", external.len()),
            ),
        },
        _ => {
            let text = format!("the external ports fit none of the behaviors ({})", list(&external));
            withheld(reason::make(reason::MAPPING_INCONSISTENT, text), Some(false))
        }
    }
}

/// Whether destinations saw different addresses even if a single server lies: those count that were heard from a second socket.
fn vary_surely(seen: &Evidence, observed: &[(&Exchange, SocketAddr)]) -> bool {
    let sure = observed.iter().filter(|(exchange, _)| misreport::borne_out(seen, exchange));
    distinct(sure.map(|(_, mapped)| *mapped)).len() > 1
}

/// Why no mapped address is there to judge.
fn why_nothing(seen: &Evidence, family: Family) -> Reason {
    let answered = first::exchanges(seen, family).into_iter().find(|exchange| exchange.answer().is_some());
    match answered {
        Some(exchange) if seen.stopped.is_none() => {
            let text = format!(
                "{} reports a mapped address that cannot be (the same for different sockets), or none at all",
                exchange.remote
            );
            reason::make(reason::SERVER_MISREPORTS, text)
        }
        _ => seen.stop_reason().unwrap_or_else(|| reason::make(reason::NO_ANSWER, "no server answered over UDP")),
    }
}

/// A second socket showed another behavior than the first.
fn unrepeated(seen: &Evidence, family: Family, groups: &[(Capable, Group)]) -> Option<Reason> {
    groups.iter().find_map(|(server, group)| {
        let again = Group::repeated(seen, family, server);
        let (first, second) =
            (group.complete().then(|| group.behavior())?, again.complete().then(|| again.behavior())?);
        (first != second).then(|| {
            let name = |behavior: Option<Behavior>| behavior.map_or("no known", Behavior::name);
            let text = format!("one local port showed {} mapping, another {}", name(first), name(second));
            reason::make(reason::REPEATS_DISAGREE, text)
        })
    })
}

/// Some destinations saw another address with the same port.
fn exits(port: u16, external: &[SocketAddr]) -> Reason {
    let text = format!(
        "the port stayed {port} but destinations saw different addresses ({}): several exits or a pool, rather than a mapping by destination",
        list(external)
    );
    reason::make(reason::SEVERAL_EXITS, text)
}

/// The first server was asked again at the end and saw something else: the mapping changed under way.
fn unstable(seen: &Evidence, family: Family) -> Option<Reason> {
    first::exchanges(seen, family).into_iter().find_map(|first| {
        let again = seen.find(&points::again_label(family, first.server))?;
        let (before, after) = (first.mapped()?, again.mapped()?);
        (before != after).then(|| {
            let text = format!("{} saw {before} first and {after} at the end: the mapping does not last", first.remote);
            reason::make(reason::MAPPING_UNSTABLE, text)
        })
    })
}

/// Whether the external address is a function of the destination's address, over every socket of the family.
fn by_destination(seen: &Evidence, family: Family) -> bool {
    let mut known: Vec<(std::net::IpAddr, std::net::IpAddr)> = Vec::new();
    for exchange in seen.of(family, Transport::Udp) {
        let Some(mapped) = exchange.mapped() else { continue };
        match known.iter().find(|(destination, _)| *destination == exchange.remote.ip()) {
            Some((_, external)) if *external != mapped.ip() => return false,
            Some(_) => {}
            None => known.push((exchange.remote.ip(), mapped.ip())),
        }
    }
    true
}

/// Whether destinations saw different addresses of one and the same port: several exits, which no RFC 3489 name means.
#[must_use]
pub fn several_exits(seen: &Evidence, family: Family) -> bool {
    let external = distinct(observations(seen, family).into_iter().map(|(_, mapped)| mapped));
    external.len() > 1 && external.iter().all(|mapped| mapped.port() == external[0].port())
}

/// Whether no exchange of the family was answered at all, in whatever way.
#[must_use]
pub fn unheard(seen: &Evidence, family: Family) -> bool {
    seen.of(family, Transport::Udp).all(|exchange| !matches!(exchange.outcome, Outcome::Reply(_)))
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

fn list(addresses: &[SocketAddr]) -> String {
    let mut words: Vec<String> = addresses.iter().take(4).map(SocketAddr::to_string).collect();
    if addresses.len() > words.len() {
        words.push("...".to_owned());
    }
    words.join(", ")
}
