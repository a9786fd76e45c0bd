//! UPnP: a device is searched for, describes itself, and is asked; what its answers come to, and a mapping by it.
//!
//! Only what the gateway itself says counts: other devices of the network may call themselves gateways too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::finding::{Service, ServiceStatus};
use super::mapping::{self, Wish, deleted, granted, may_hold};
use crate::evidence::key::{GatewayKey, GatewayStep};
use crate::evidence::{Ask, Evidence, Exchange, Failure, FailureCode, Gateway, GatewayReply, Key, Outcome, SocketName};
use crate::evidence::{Terms, span};
use crate::wire::upnp::{self, Action, Connection, Place, Request, Response};
use crate::wire::{Transport, escape};

/// Devices wait up to a second before they answer a search; after so many sends that is over.
const LATE_SENDS: u32 = 6;

/// The searches, the one that clients make first.
const SEARCHES: [GatewayStep; 2] = [GatewayStep::UpnpSearch, GatewayStep::UpnpSearchAlone];
/// The questions for the external address: of two lines out, one is in use.
const ADDRESSES: [GatewayStep; 2] = [GatewayStep::UpnpAddress, GatewayStep::UpnpNextAddress];

/// What the device itself said to that step.
fn said(seen: &Evidence, number: usize, step: GatewayStep) -> Option<&Response> {
    match seen.find(&step.of(number))?.reply()?.gateway.as_deref()? {
        GatewayReply::Upnp(response) => Some(response),
        GatewayReply::Pcp(_) | GatewayReply::NatPmp(_) => None,
    }
}

/// Where the gateway says that it is described, as it says it.
fn location(seen: &Evidence, number: usize) -> Option<&str> {
    SEARCHES.iter().find_map(|step| match said(seen, number, *step)? {
        Response::Found { location } => Some(location.as_str()),
        _ => None,
    })
}

/// The lines out that it can be asked about.
fn connections(seen: &Evidence, number: usize) -> &[Connection] {
    match said(seen, number, GatewayStep::UpnpDescribe) {
        Some(Response::Described { connections }) => connections,
        _ => &[],
    }
}

/// The external address that it tells; unspecified where it has none.
pub(super) fn external(seen: &Evidence, number: usize) -> Option<IpAddr> {
    let told = ADDRESSES.into_iter().filter_map(|step| match said(seen, number, step)? {
        Response::ExternalAddress { address } => Some(address.unwrap_or(Ipv4Addr::UNSPECIFIED.into())),
        _ => None,
    });
    let told: Vec<IpAddr> = told.collect();
    told.iter().copied().find(|ip| !ip.is_unspecified()).or(told.first().copied())
}

/// The line out that mappings are asked of: the one with an external address, else the first.
fn connection(seen: &Evidence, number: usize) -> Option<&Connection> {
    let all = connections(seen, number);
    let has_address =
        |step: &GatewayStep| matches!(said(seen, number, *step), Some(Response::ExternalAddress { address: Some(_) }));
    let place = ADDRESSES.iter().position(has_address).unwrap_or_default();
    all.get(place)
}

fn ask(number: usize, step: GatewayStep, transport: Transport, remote: SocketAddr, request: Request) -> Ask {
    let key = GatewayKey { gateway: number, step };
    let ask = Ask::binding(Key::Gateway(key), number, SocketName::Gateway(key), remote);
    Ask { transport, request: request.into(), ..ask }
}

fn call(number: usize, step: GatewayStep, connection: &Connection, action: Action) -> Ask {
    let remote = connection.control.host;
    ask(number, step, Transport::Tcp, remote, Request::Call { connection: connection.clone(), action })
}

/// What tells whether a gateway speaks it, as far as what was seen leads; and whether it is known.
pub(super) fn discovery(number: usize, gateway: &Gateway, seen: &Evidence) -> (Vec<Ask>, bool) {
    // Over IPv6 it opens pinholes by a service of its own, which hardly any router has.
    if gateway.address.is_ipv6() {
        return (Vec::new(), true);
    }
    let search = |step, remote, group| {
        let request = Request::Search { gateway: gateway.address, group };
        // The group is reached through whatever interface the source belongs to.
        let terms = Terms { local_address: group.then_some(gateway.local), ..Terms::default() };
        Ask { terms, ..ask(number, step, Transport::Udp, remote, request) }
    };
    let mut asks = vec![
        search(GatewayStep::UpnpSearch, upnp::GROUP, true),
        // A firewall on this host lets answers in from whom it saw asked, which a group is not.
        search(GatewayStep::UpnpSearchAlone, gateway.at(upnp::PORT), false),
    ];
    let settled = |step: GatewayStep| seen.find(&step.of(number)).is_some_and(Exchange::settled);
    let Some(location) = location(seen, number) else { return (asks, SEARCHES.into_iter().all(settled)) };
    let Ok(at) = Place::read(location, gateway.address) else { return (asks, true) };
    asks.push(ask(number, GatewayStep::UpnpDescribe, Transport::Tcp, at.host, Request::Describe { at }));
    if !settled(GatewayStep::UpnpDescribe) {
        return (asks, false);
    }
    let mut done = true;
    for (step, connection) in ADDRESSES.into_iter().zip(connections(seen, number)) {
        asks.push(call(number, step, connection, Action::ExternalAddress));
        done &= settled(step);
        let has_one = matches!(said(seen, number, step), Some(Response::ExternalAddress { address: Some(_) }));
        if has_one || !done {
            break;
        }
    }
    (asks, done)
}

/// Whether a search has waited as long as an answer may take, though not as long as one that may be lost.
pub(super) fn is_late(seen: &Evidence, number: usize) -> bool {
    location(seen, number).is_none() && SEARCHES.iter().all(|step| seen.find(&step.of(number)).is_some_and(waited))
}

fn waited(search: &Exchange) -> bool {
    search.settled() && !matches!(search.outcome, Outcome::Abandoned { .. }) || search.sends >= LATE_SENDS
}

/// Whether the gateway speaks it.
pub(super) fn service(seen: &Evidence, number: usize, gateway: &Gateway) -> Service {
    let steps = SEARCHES.into_iter().chain([GatewayStep::UpnpDescribe]).chain(ADDRESSES);
    let asked: Vec<&Exchange> = steps.filter_map(|step| seen.find(&step.of(number))).collect();
    let (status, text) = match location(seen, number) {
        None => not_found(seen, number, gateway),
        Some(location) => match Place::read(location, gateway.address) {
            Err(why) => {
                let text = format!("answers a search, and what it names is not asked: {why} ({})", escape(location));
                (ServiceStatus::Incomplete, text)
            }
            Ok(_) => found(seen, number),
        },
    };
    // A search whose answer was not needed any more says nothing.
    let tells = |exchange: &&Exchange| !matches!(exchange.outcome, Outcome::Abandoned { .. });
    let because = asked.into_iter().filter(tells).map(|exchange| exchange.id.clone()).collect();
    Service { status, version: None, epoch_s: None, text, because }
}

/// Why no gateway was found by a search.
fn not_found(seen: &Evidence, number: usize, gateway: &Gateway) -> (ServiceStatus, String) {
    if gateway.address.is_ipv6() {
        return (ServiceStatus::NotAsked, "is not asked over IPv6".to_owned());
    }
    let searches: Vec<&Exchange> = SEARCHES.iter().filter_map(|step| seen.find(&step.of(number))).collect();
    if searches.len() < SEARCHES.len() || !searches.iter().all(|search| waited(search)) {
        let status = if searches.is_empty() && seen.stopped.is_none() {
            (ServiceStatus::NotAsked, "was not asked")
        } else {
            (ServiceStatus::NotMeasured, "the run ended before an answer came")
        };
        return (status.0, status.1.to_owned());
    }
    let failures: Vec<&Failure> = searches.iter().filter_map(|search| failure(search)).collect();
    if let (true, Some(failure)) = (failures.len() == searches.len(), failures.first()) {
        // This host's own rules refuse in the same words.
        let itself = |failure: &&Failure| failure.by.is_none_or(|by| by == gateway.address);
        let refused = failures.iter().all(|one| one.code == FailureCode::ConnectionRefused && itself(one));
        let status = if refused { ServiceStatus::NotListening } else { ServiceStatus::Unreachable };
        return (status, failure.text.clone());
    }
    let strays = searches.iter().find_map(|search| search.strays.as_ref());
    let strays = strays.map(|strays| format!(", but {strays}")).unwrap_or_default();
    let refuses = failures.iter().any(|failure| failure.code == FailureCode::ConnectionRefused);
    let refuses = if refuses { format!("; it refuses port {}", upnp::PORT) } else { String::new() };
    let longest = searches.iter().filter_map(|search| match search.outcome {
        Outcome::Silence { waited_ms } | Outcome::Abandoned { waited_ms } => Some(waited_ms),
        _ => None,
    });
    let within = longest.reduce(f64::max).map(|ms| format!(" in {}", span(ms))).unwrap_or_default();
    (ServiceStatus::NoAnswer, format!("no answer to a search{within}{strays}{refuses}"))
}

fn failure(exchange: &Exchange) -> Option<&Failure> {
    match &exchange.outcome {
        Outcome::Failed(failure) => Some(failure),
        _ => None,
    }
}

/// What a gateway comes to that answers a search.
fn found(seen: &Evidence, number: usize) -> (ServiceStatus, String) {
    let incomplete =
        |what: &str, why: String| (ServiceStatus::Incomplete, format!("answers a search, and {what}: {why}"));
    let ended = || (ServiceStatus::NotMeasured, "the run ended before its answers came".to_owned());
    let Some(described) = seen.find(&GatewayStep::UpnpDescribe.of(number)) else { return ended() };
    match said(seen, number, GatewayStep::UpnpDescribe) {
        Some(Response::Described { connections }) if connections.is_empty() => {
            let why = "its description names no line out that maps ports".to_owned();
            return incomplete("cannot be asked for mappings", why);
        }
        Some(Response::Described { .. }) => {}
        Some(other) => return incomplete("its description is none", other.to_string()),
        None => match why_none(described) {
            Some(why) => return incomplete("its description cannot be fetched", why),
            None => return ended(),
        },
    }
    let answers = |text: String| (ServiceStatus::Answers, text);
    match external(seen, number) {
        Some(ip) if ip.is_unspecified() => return answers("answers, and has no external address".to_owned()),
        Some(ip) => return answers(format!("answers, external address {ip}")),
        None => {}
    }
    let asked = ADDRESSES.iter().rev().find_map(|step| Some((step, seen.find(&step.of(number))?)));
    let Some((step, asked)) = asked else { return ended() };
    match said(seen, number, *step) {
        // Whoever refuses that question may map all the same.
        Some(refused @ Response::Refused { .. }) => answers(format!("answers ({refused})")),
        Some(other) => incomplete("its answers are none", other.to_string()),
        None => why_none(asked).map_or_else(ended, |why| incomplete("cannot be asked", why)),
    }
}

/// Why a question on a connection has no answer; `None` where it was not waited for.
fn why_none(exchange: &Exchange) -> Option<String> {
    match &exchange.outcome {
        Outcome::Failed(failure) => Some(failure.text.clone()),
        Outcome::Silence { waited_ms } => Some(format!("no answer in {}", span(*waited_ms))),
        _ => None,
    }
}

/// A mapping, step by step. It may overwrite what is there already, so that is looked at first.
pub(super) fn mapping(number: usize, gateway: &Gateway, wish: &Wish, seen: &Evidence) -> Vec<Ask> {
    let Some(connection) = connection(seen, number) else { return Vec::new() };
    let (protocol, external_port) = (wish.protocol, wish.port);
    let look = Action::Look { protocol, external_port };
    let mut asks = vec![call(number, GatewayStep::UpnpLook, connection, look.clone())];
    let find = |step: GatewayStep| seen.find(&step.of(number)).filter(|exchange| exchange.settled());
    if find(GatewayStep::UpnpLook).is_none() || taken(seen, number).is_some() {
        return asks;
    }
    let add = Action::Add {
        protocol,
        external_port,
        internal_port: wish.port,
        client: gateway.local,
        lease_s: wish.lifetime_s,
    };
    asks.push(call(number, GatewayStep::UpnpMap, connection, add));
    let delete = call(number, GatewayStep::UpnpDelete, connection, Action::Delete { protocol, external_port });
    match find(GatewayStep::UpnpMap) {
        Some(made) if granted(made).is_some() => {
            asks.push(call(number, GatewayStep::UpnpAgain, connection, look));
            asks.extend(find(GatewayStep::UpnpAgain).map(|_| delete));
        }
        // Nobody answered, and the mapping may have been made all the same.
        Some(made) if may_hold(made) => asks.push(delete),
        _ => {}
    }
    asks
}

/// The end of a mapping that the run would leave behind.
pub(super) fn release(number: usize, seen: &Evidence) -> Option<Ask> {
    let made = seen.find(&GatewayStep::UpnpMap.of(number)).filter(|made| mapping::may_hold(made))?;
    if seen.find(&GatewayStep::UpnpDelete.of(number)).is_some_and(deleted) {
        return None;
    }
    let Request::Call { connection, action: Action::Add { protocol, external_port, .. } } = made.request.upnp()? else {
        return None;
    };
    let delete = Action::Delete { protocol: *protocol, external_port: *external_port };
    Some(call(number, GatewayStep::UpnpRelease, connection, delete))
}

/// Who has the port outside already.
pub(super) fn taken(seen: &Evidence, number: usize) -> Option<&Response> {
    said(seen, number, GatewayStep::UpnpLook).filter(|said| matches!(said, Response::Entry { .. }))
}
