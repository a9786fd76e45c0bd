//! Faults of gathering: servers that refused, did not answer, or were not there to be asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Event, GatheringError, Party, StateOf, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;
use crate::explain::traffic::RelayRequest;
use crate::wire::{CandidateKind, Family};

/// After this time Chromium has told of every server that did not answer (measured: 39.9 s).
const PATIENCE_MS: u64 = 40_000;
/// Within this time most servers answer.
const SOON_MS: u64 = 10_000;
/// The code of a server from which nothing came back (WebRTC 1.0, section 4.8.3).
const NOTHING: u16 = 701;

/// The errors by server, without those of a server that gave a candidate all the same: one family or interface fails harmlessly.
/// In the order of the file.
fn errors<'a>(connection: &Connection<'a>, fits: fn(&GatheringError) -> bool) -> Vec<(&'a str, Vec<&'a Event>)> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: Vec<(&str, Vec<&Event>)> = Vec::new();
    let own = connection.candidates(Party::Here).iter();
    let gave = Uris::of(own.filter_map(|(candidate, _)| candidate.url.as_deref()));
    for (event, error) in connection.gathering_errors().into_iter().filter(|(_, error)| fits(error)) {
        if !gave.have(&error.url) {
            let at = *known.entry(&error.url).or_insert_with(|| {
                found.push((&error.url, Vec::new()));
                found.len() - 1
            });
            found[at].1.push(event);
        }
    }
    found
}

/// URIs of servers.
struct Uris<'a> {
    exactly: BTreeSet<&'a str>,
    /// Without what stands behind `?`, and whether one of them has nothing there: Firefox leaves `?transport=` out.
    bare: BTreeMap<&'a str, bool>,
}

impl<'a> Uris<'a> {
    fn of(urls: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self { exactly: BTreeSet::new(), bare: BTreeMap::new() };
        for url in urls {
            all.exactly.insert(url);
            *all.bare.entry(url.split('?').next().unwrap_or(url)).or_default() |= !url.contains('?');
        }
        all
    }

    /// Whether one of them is of the same server.
    fn have(&self, url: &str) -> bool {
        let bare = url.split('?').next().and_then(|bare| self.bare.get(bare));
        self.exactly.contains(url) || bare.is_some_and(|without| *without || !url.contains('?'))
    }
}

/// What these events say.
fn told<'a>(events: &[&'a Event]) -> Vec<&'a GatheringError> {
    let error = |event: &&'a Event| match &event.what {
        What::GatheringError(error) => Some(error),
        _ => None,
    };
    events.iter().filter_map(error).collect()
}

/// Whether what is wrong hinders: of a connection that came about it is only good to know.
fn hinders(connection: &Connection) -> bool {
    !matches!(connection.progress(), Progress::Connected | Progress::Lost)
}

pub(super) fn credentials_refused(connection: &Connection) -> Vec<Finding> {
    let refused = errors(connection, |error| error.code == 401);
    if refused.is_empty() {
        return Vec::new();
    }
    let servers = refused.iter().map(|(url, _)| *url).collect::<Vec<_>>().join(", ");
    let text = format!("TURN refused the user name or the password (401): {servers}");
    let found =
        Finding::fault(connection, CauseCode::TurnCredentialsRefused, Certainty::Certain, FaultSide::Application, text);
    vec![
        found
            .on(refused.into_iter().flat_map(|(_, events)| events))
            .only_if(hinders(connection))
            .fix("give the application credentials that the server takes: time-limited ones expire")
            .settle(
                "nat-probe turn with the same credentials tells which it is: unknown user, password, secret or expiry",
            ),
    ]
}

pub(super) fn without_credentials(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    for (event, configuration) in connection.configurations() {
        if configuration.without_credentials.is_empty() {
            continue;
        }
        let servers = configuration.without_credentials.join(", ");
        let text = format!("no user name or no password is given for {servers}");
        let code = CauseCode::TurnWithoutCredentials;
        let finding = Finding::fault(connection, code, Certainty::Certain, FaultSide::Application, text);
        found.push(finding.on([event]).only_if(hinders(connection)).fix("give username and credential beside urls"));
    }
    found.truncate(1);
    found
}

pub(super) fn relay_only_without_relay(connection: &Connection) -> Vec<Finding> {
    let configurations = connection.configurations();
    let Some((event, _)) = configurations.last().filter(|(_, it)| it.relay_only) else { return Vec::new() };
    // Every server has said that it gives none, or the time for it is over.
    let urls = || configurations.iter().flat_map(|(_, it)| it.urls_of("turn"));
    let all = connection.gathering_errors();
    let failed = Uris::of(all.iter().map(|(_, error)| error.url.as_str()));
    let refused = urls().next().is_some() && urls().all(|url| failed.have(url));
    let lasted = connection.lasted_ms();
    let waited =
        connection.gathered(Party::Here) || lasted >= PATIENCE_MS || refused || !all.is_empty() && lasted >= SOON_MS;
    if connection.has_relay(Party::Here) || !hinders(connection) || !waited || connection.format == Format::IceServers {
        return Vec::new();
    }
    let text = "only relays are allowed (iceTransportPolicy: relay), and no TURN server gave one: this end has no candidate at all";
    let code = CauseCode::RelayOnlyWithoutRelay;
    let found = Finding::fault(connection, code, Certainty::Certain, FaultSide::Here, text);
    vec![
        found
            .on([*event])
            .fix("make a TURN server work, or allow other candidates (iceTransportPolicy: all)")
            .settle("nat-probe turn with the same URI and credentials"),
    ]
}

pub(super) fn too_early(connection: &Connection) -> Vec<Finding> {
    let early = match connection.progress() {
        Progress::New => !connection.gathered(Party::Here) && connection.lasted_ms() < PATIENCE_MS,
        Progress::Checking => connection.way_since().is_none(),
        _ => false,
    };
    if !early || !connection.follows_signaling() || !connection.gathering_errors().is_empty() {
        return Vec::new();
    }
    let last = connection.states(StateOf::Ice).last().map(|(event, _)| *event);
    let text = "the file was written while the browser was still trying: what it waited for is not in it";
    let found = Finding::fault(connection, CauseCode::TooEarly, Certainty::Certain, FaultSide::Unknown, text);
    vec![found.on(last).only_if(false).settle("a dump of 40 s after the beginning")]
}

pub(super) fn no_turn(connection: &Connection) -> Vec<Finding> {
    let configurations = connection.configurations();
    let Some((event, _)) = configurations.first() else { return Vec::new() };
    // There the cut may go through the list of servers.
    if connection.is_cut() && connection.format == Format::AboutWebrtc {
        return Vec::new();
    }
    let any = |scheme: &str| configurations.iter().any(|(_, it)| it.urls_of(scheme).next().is_some());
    if any("turn") || connection.has_relay(Party::Here) {
        return Vec::new();
    }
    let (code, text) = if connection.has_relay(Party::There) {
        let text =
            "no TURN server is configured here: the relay of the other end is the only way where no direct one exists";
        (CauseCode::NoTurnConfigured, text)
    } else if any("stun") {
        (CauseCode::NoTurnConfigured, "no TURN server is configured: where no direct way exists, there is no other")
    } else {
        (
            CauseCode::NoServersConfigured,
            "no STUN or TURN server is configured: only hosts of one network find each other",
        )
    };
    let found = Finding::fault(connection, code, Certainty::Certain, FaultSide::Application, text);
    let fault = connection.found_no_way() && !connection.has_relay(Party::There);
    vec![found.on([*event]).only_if(fault).fix("configure a TURN server, reachable over UDP and over TLS on port 443")]
}

/// A TURN server that gave nothing, where the file does not say why: Chromium does after 40 s, and of a refused TCP connection never.
pub(super) fn no_relay(connection: &Connection) -> Vec<Finding> {
    let configurations = connection.configurations();
    let Some((event, _)) = configurations.iter().find(|(_, it)| it.urls_of("turn").next().is_some()) else {
        return Vec::new();
    };
    let told = connection.gathering_errors().iter().any(|(_, error)| error.url.starts_with("turn"));
    // Logs tell of the answer of a server, or are of a level on which none gives anything.
    let answered = connection.relay_steps().iter().any(|(event, step)| {
        let asked = step.step != RelayRequest::Binding && (step.authenticated || step.code().is_none());
        event.party == Party::Here && asked
    });
    let untold = connection.format == Format::JuiceLog && connection.candidates(Party::Here).is_empty();
    if told || answered || untold || connection.has_relay(Party::Here) || !connection.found_no_way() {
        return Vec::new();
    }
    let text = "a TURN server is configured and gave no relay, and the file does not say why";
    // Of what was gathered before the file began it does not tell.
    let began = connection.first(|what| matches!(what, What::State { of: StateOf::Gathering, .. })).is_some();
    let certainty = if began { Certainty::Certain } else { Certainty::Likely };
    let found = Finding::fault(connection, CauseCode::NoRelay, certainty, FaultSide::Unknown, text);
    vec![found.on([*event]).settle("nat-probe turn with the same URI and credentials")]
}

pub(super) fn quota(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_the_way = hinders(connection);
    for (url, events) in errors(connection, |error| !matches!(error.code, 401 | 438 | 600 | NOTHING)) {
        let Some(error) = told(&events).first().copied() else { continue };
        let (cause, text) = if error.code == 486 {
            (CauseCode::TurnQuotaReached, format!("{url} gives no more allocations (486): its quota is reached"))
        } else {
            (CauseCode::TurnRefused, format!("{url} refused with {} {}", error.code, error.text))
        };
        let finding = Finding::fault(connection, cause, Certainty::Certain, FaultSide::Server, text);
        found.push(
            finding.on(events).only_if(in_the_way).settle(&format!("nat-probe turn {url}, and the server's log")),
        );
    }
    found
}

/// Servers of which none answered over UDP: that all are down is less likely than that nothing gets there.
pub(super) fn udp_blocked(connection: &Connection) -> Vec<Finding> {
    let over_udp = |url: &str| !url.starts_with("turns") && !url.starts_with("stuns") && !url.contains("transport=tcp");
    let found = connection.candidates(Party::Here).iter().any(|(candidate, _)| {
        let of_server = matches!(candidate.kind, CandidateKind::Srflx | CandidateKind::Relay);
        of_server && candidate.url.as_deref().is_none_or(over_udp)
    });
    let over_tcp = connection.candidates(Party::Here).iter().any(|(candidate, _)| {
        candidate.kind == CandidateKind::Relay && candidate.url.as_deref().is_some_and(|url| !over_udp(url))
    });
    let silent: Vec<(&Event, &str)> = connection
        .gathering_errors()
        .into_iter()
        .filter(|(_, error)| error.code == NOTHING && over_udp(&error.url) && !error.text.contains("lookup"))
        .filter(|(_, error)| error.family != Some(Family::Ipv6))
        .map(|(event, error)| (event, host(&error.url)))
        .collect();
    let hosts: BTreeSet<&str> = silent.iter().map(|(_, host)| *host).collect();
    // What another error says is an answer.
    let answered = connection.gathering_errors().iter().any(|(_, it)| it.code != NOTHING && over_udp(&it.url));
    if found || answered || hosts.is_empty() || hosts.len() < 2 && !over_tcp {
        return Vec::new();
    }
    let though = if over_tcp { ", and TURN over TCP works" } else { "" };
    let text = format!(
        "none of {} servers answered over UDP{though}: the network or the firewall of this end lets no UDP through, as a rule",
        hosts.len()
    );
    let finding = Finding::fault(connection, CauseCode::UdpBlocked, Certainty::Likely, FaultSide::Here, text);
    vec![
        finding
            .on(silent.iter().map(|(event, _)| *event))
            .only_if(hinders(connection))
            .fix("a TURN server over TLS on port 443 (turns:HOST:443?transport=tcp), or UDP allowed")
            .settle("nat-probe discover --transport udp,tcp on the same host"),
    ]
}

/// The host of a URI.
fn host(url: &str) -> &str {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or_default();
    rest.strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_else(|| rest.split(':').next().unwrap_or_default())
}

pub(super) fn unreachable(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_the_way = hinders(connection);
    let mut silent: Vec<_> = errors(connection, |error| error.code == NOTHING).into_iter().collect();
    let mut families: BTreeMap<&str, BTreeSet<Option<Family>>> = BTreeMap::new();
    for (_, error) in connection.gathering_errors() {
        families.entry(&error.url).or_default().insert(error.family);
    }
    // A relay is missed more than an address.
    silent.sort_by_key(|(url, _)| !url.starts_with("turn"));
    for (url, events) in silent {
        let errors = told(&events);
        let texts: Vec<&str> = errors.iter().map(|error| error.text.as_str()).collect();
        let is_turn = url.starts_with("turn");
        // Most names and servers have no IPv6, and browsers ask for it all the same.
        let only_v6 =
            families.get(url).is_some_and(|families| families.iter().all(|family| *family == Some(Family::Ipv6)));
        let over = if only_v6 { " over IPv6" } else { "" };
        let (code, text) = if texts.iter().any(|text| text.contains("lookup")) {
            let found = if only_v6 { "has no IPv6 address here" } else { "does not resolve" };
            (CauseCode::NameUnresolved, format!("the name in {url} {found}"))
        } else {
            let refused = |text: &&str| text.contains("establish") || text.contains("dial tcp");
            let established = !texts.iter().any(refused);
            let what = if established { "no answer came from" } else { "no connection came about to" };
            let code = if is_turn { CauseCode::TurnUnreachable } else { CauseCode::StunUnreachable };
            (code, format!("{what} {url}{over}"))
        };
        let command = if is_turn { "turn" } else { "discover" };
        let finding = Finding::fault(connection, code, Certainty::Certain, FaultSide::Unknown, text);
        let finding = finding.on(events).only_if(in_the_way && !only_v6);
        found.push(finding.settle(&format!(
            "nat-probe {command} {url} on the same host: is the server there, or is the way blocked?"
        )));
    }
    found
}
