//! What the checks came to, and what came after them.

use super::heard::is_unheard;
use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Candidate, Event, Media, Pair, Party, StateOf};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::traffic::Checks;
use crate::wire::{CandidateKind, CandidateTransport, Scope};

/// A pair is given up after many checks; where it is given up sooner, something refused it.
const AT_ONCE_MS: u64 = 3_000;
/// More than the handshake of DTLS takes where it works: it is sent again after one, two and four seconds.
const DTLS_MS: u64 = 10_000;
/// After this time a stream that sends has sent.
const MEDIA_MS: u64 = 5_000;
/// As many packets as sound sends in that time.
const SOME_PACKETS: u64 = 250;
/// More bytes than a handshake has.
const SOME_DATA: u64 = 20_000;

pub(super) fn dtls_failed(connection: &Connection) -> Vec<Finding> {
    // Packets tell more.
    if connection.format.is_capture() {
        return Vec::new();
    }
    let ice = connection.pairs().into_iter().find(|(_, pair)| pair.state == "succeeded").map(|(event, _)| event);
    let ice = ice.or_else(|| {
        let states = connection.states(StateOf::Ice);
        states.into_iter().find(|(_, state)| matches!(*state, "connected" | "completed")).map(|(event, _)| event)
    });
    let Some(ice) = ice else { return Vec::new() };
    // Where this end refuses the other's checks, the other has found no way.
    let refuses = |(event, checks): &(&Event, &Checks)| {
        event.party == Party::There && checks.answers.count == 0 && checks.errors.contains(&401)
    };
    if connection.checks().iter().any(refuses) {
        return Vec::new();
    }
    // Firefox calls DTLS failed where a connection was lost too, and the pair had brought data by then.
    let carried = connection.selected().is_some_and(|pair| pair.bytes_received >= Some(SOME_DATA));
    let failed = connection.last(StateOf::Dtls) == Some("failed");
    let waits = connection.way_since().map_or(0, |event| connection.after_ms(event));
    let lost = matches!(connection.last(StateOf::Ice), Some("disconnected" | "failed"));
    let why = "a certificate that does not fit its fingerprint, roles, or large packets that get lost";
    let text = match connection.progress() {
        Progress::Connected | Progress::Lost => return Vec::new(),
        Progress::Failed if carried => return Vec::new(),
        _ if failed => format!("the network works: ICE found a way, and DTLS on it failed ({why})"),
        Progress::Failed if connection.states(StateOf::Connection).is_empty() => return Vec::new(),
        Progress::Failed if lost => {
            format!(
                "ICE found a way and lost it again before DTLS on it came to an end ({why}, or a path that passes little)"
            )
        }
        Progress::Failed => format!("ICE found a way, and DTLS on it never came to an end ({why})"),
        Progress::Checking if waits >= DTLS_MS => {
            format!("ICE found a way, and {} s later DTLS on it had not come to an end ({why})", waits / 1000)
        }
        _ => return Vec::new(),
    };
    let dtls = connection.states(StateOf::Dtls).last().map(|(event, _)| *event);
    let found = Finding::fault(connection, CauseCode::DtlsFailed, Certainty::Certain, FaultSide::Unknown, text);
    vec![
        found
            .on([ice])
            .on(dtls)
            .fix("compare a=fingerprint and a=setup of both ends as they arrived")
            .settle("a packet capture of both ends: which of the DTLS packets arrive?"),
    ]
}

pub(super) fn lost(connection: &Connection) -> Vec<Finding> {
    if connection.progress() != Progress::Lost {
        return Vec::new();
    }
    let last = connection.states(StateOf::Connection).last().map(|(event, _)| *event);
    let others = [StateOf::Ice, StateOf::Transport];
    let last = last.or_else(|| others.iter().find_map(|of| connection.states(*of).last().map(|(event, _)| *event)));
    let quietly = connection.ended_quietly();
    let text = if quietly {
        "it was connected, then nothing came any more, and the application closed it: the other end had hung up, or the way to it was lost"
    } else {
        "it was connected, and then nothing came any more: a NAT forgot the connection, a network changed, or the other end is gone"
    };
    let found = Finding::fault(connection, CauseCode::LostAfterConnected, Certainty::Certain, FaultSide::Unknown, text);
    vec![
        found
            .on(last)
            .only_if(!quietly)
            .fix("restart ICE when the state becomes disconnected")
            .settle("the other end's dump: did it lose the connection too, or end it?"),
    ]
}

/// Streams that are there and carry nothing, though the connection stands.
pub(super) fn no_media(connection: &Connection) -> Vec<Finding> {
    let all: Vec<(&Event, &Media)> = connection.media();
    let since = connection.way_since().map_or(0, |event| connection.after_ms(event));
    let sum = |of: fn(&Media) -> Option<u64>| {
        let counts: Vec<u64> = all.iter().filter_map(|(_, media)| of(media)).collect();
        (!counts.is_empty()).then(|| counts.iter().sum::<u64>())
    };
    let (came, went) = (sum(|media| media.packets_received), sum(|media| media.packets_sent));
    // Where no time is told, what went the other way shows that some has passed.
    let passed = |other: Option<u64>| since >= MEDIA_MS || other >= Some(SOME_PACKETS);
    let (code, side, text) = if connection.progress() != Progress::Connected {
        return Vec::new();
    } else if came == Some(0) && passed(went) {
        let text = "the connection stands, and not one packet of sound or pictures has come from the other end: as a rule it sends none (muted, or without a camera and microphone)";
        (CauseCode::NoMediaReceived, FaultSide::There, text)
    } else if went == Some(0) && passed(came) {
        let text = "the connection stands, and this end has not sent one packet of sound or pictures: it has no track to send, or all are muted";
        (CauseCode::NoMediaSent, FaultSide::Here, text)
    } else {
        return Vec::new();
    };
    let found = Finding::fault(connection, code, Certainty::Certain, side, text);
    vec![
        found
            .on(all.iter().map(|(event, _)| *event))
            .only_if(false)
            .settle("the other end's dump: does it count packets that went, and do they arrive?"),
    ]
}

pub(super) fn no_common_family(connection: &Connection) -> Vec<Finding> {
    let families = |party| {
        let all = connection.candidates(party);
        // A hidden address may be of either.
        let known: Option<Vec<bool>> = all.iter().map(|(candidate, _)| Some(candidate.address?.is_ipv4())).collect();
        known.filter(|known| !known.is_empty())
    };
    let (Some(here), Some(there)) = (families(Party::Here), families(Party::There)) else { return Vec::new() };
    if matches!(connection.progress(), Progress::Connected | Progress::Lost) {
        return Vec::new();
    }
    let all = |families: &[bool], four| families.iter().all(|one| *one == four);
    let (only, other) = if all(&here, true) && all(&there, false) {
        ("IPv4", "IPv6")
    } else if all(&here, false) && all(&there, true) {
        ("IPv6", "IPv4")
    } else {
        return Vec::new();
    };
    let text = format!("this end has only {only} and the other only {other}: no pair of them can exist");
    // Of what somebody pasted more may have come later.
    let certainty = if connection.is_pasted() { Certainty::Likely } else { Certainty::Certain };
    let found = Finding::fault(connection, CauseCode::NoCommonFamily, certainty, FaultSide::Path, text);
    let places = [Party::Here, Party::There].into_iter().filter_map(|party| connection.candidates(party).first());
    vec![found.at(places.map(|(_, place)| *place)).fix("use a TURN server that gives relays of both families")]
}

pub(super) fn relay_permission_refused(connection: &Connection) -> Vec<Finding> {
    let is_relay = |pair: &Pair| pair.local.as_ref().is_some_and(|local| local.kind == CandidateKind::Relay);
    let relays = connection.of_kind(Party::Here, CandidateKind::Relay);
    let states = connection.states(StateOf::Ice);
    let time =
        |words: &[&str]| states.iter().find(|(_, state)| words.contains(state)).and_then(|(event, _)| event.time_ms);
    let began = time(&["checking"]);
    let ended = time(&["disconnected", "failed"]);
    let (Some(began), Some(ended), false) = (began, ended, relays.is_empty()) else { return Vec::new() };
    // Where other pairs go on, those of the relay are missing among them, or failed before one check was sent.
    let at_once = ended.saturating_sub(began) <= AT_ONCE_MS || !connection.pairs().is_empty();
    let reachable = connection
        .candidates(Party::There)
        .iter()
        .any(|(it, _)| it.transport == CandidateTransport::Udp && it.address.is_some_and(|ip| ip.is_ipv4()));
    let unused = |pair: &Pair| pair.state == "failed" && pair.requests_sent == Some(0);
    let gone = connection.pairs().iter().all(|(_, pair)| !is_relay(pair) || unused(pair));
    if !at_once || !gone || !reachable || connection.progress() != Progress::Failed {
        return Vec::new();
    }
    let text = "the pairs with this end's relay were given up before one check was sent: the TURN server refused the other end's address, as a rule (403, Forbidden IP), which browsers do not show";
    let code = CauseCode::RelayPermissionRefused;
    let found = Finding::fault(connection, code, Certainty::Likely, FaultSide::Server, text);
    vec![
        found
            .at(relays.iter().map(|(_, place)| *place))
            .fix("look at denied-peer-ip and allowed-peer-ip of the TURN server")
            .settle("the TURN server's log, or a packet capture of this end"),
    ]
}

pub(super) fn one_way(connection: &Connection) -> Vec<Finding> {
    if connection.progress() == Progress::Connected || connection.progress() == Progress::Lost {
        return Vec::new();
    }
    let pairs = connection.pairs();
    let sum = |of: fn(&Pair) -> Option<u64>| pairs.iter().filter_map(|(_, pair)| of(pair)).sum::<u64>();
    let (sent, came, answered) =
        (sum(|pair| pair.requests_sent), sum(|pair| pair.requests_received), sum(|pair| pair.responses_received));
    if sent == 0 || came == 0 || answered > 0 || is_refused(connection) || is_unheard(connection) {
        return Vec::new();
    }
    // Who answers nothing does not wait for answers that get lost: it does not know the session.
    let mut theirs = connection.checks().into_iter().filter(|(event, _)| event.party == Party::There).peekable();
    if theirs.peek().is_some() && theirs.all(|(_, checks)| checks.answers.count == 0) {
        return Vec::new();
    }
    let text = format!(
        "one way only: {came} checks of the other end arrived, and none of this end's {sent} was answered: its packets get lost on the way there"
    );
    let found = Finding::fault(connection, CauseCode::OneWay, Certainty::Likely, FaultSide::Path, text);
    let events = pairs.iter().filter(|(_, pair)| pair.requests_received > Some(0)).map(|(event, _)| *event);
    vec![found.on(events).settle("the other end's dump, or packet captures of both ends")]
}

/// Whether checks of this end were answered with an error.
fn is_refused(connection: &Connection) -> bool {
    connection.checks().iter().any(|(event, checks)| event.party == Party::Here && !checks.errors.is_empty())
}

/// Pairs with this end's relay on which no check was answered, where the file has them: Firefox keeps them.
pub(super) fn nothing_relayed(connection: &Connection) -> Vec<Finding> {
    let is_relay = |candidate: &Option<Candidate>| candidate.as_ref().is_some_and(|it| it.kind == CandidateKind::Relay);
    let reachable = |candidate: &Option<Candidate>| {
        candidate.as_ref().is_some_and(|it| it.address.is_some_and(|ip| Scope::of(ip) == Scope::Public))
    };
    let pairs = connection.pairs();
    let relayed: Vec<_> = pairs.iter().filter(|(_, pair)| is_relay(&pair.local) && reachable(&pair.remote)).collect();
    let silent = |pair: &Pair| {
        pair.state == "failed" && pair.requests_sent.is_none() && pair.responses_received.unwrap_or_default() == 0
    };
    if connection.progress() != Progress::Failed || relayed.is_empty() || !relayed.iter().all(|(_, pair)| silent(pair))
    {
        return Vec::new();
    }
    let text = "nothing came through this end's relay either: the TURN server refuses the other end's address (403, Forbidden IP), nothing from outside reaches its relay ports, or the other end is gone";
    let found = Finding::fault(connection, CauseCode::RelayUnanswered, Certainty::Likely, FaultSide::Server, text);
    vec![
        found
            .on(relayed.iter().map(|(event, _)| *event))
            .fix("look at denied-peer-ip and allowed-peer-ip of the TURN server, and open its relay ports for UDP")
            .settle("the connection log of about:webrtc, the TURN server's log, or a packet capture of this end"),
    ]
}

pub(super) fn nothing_came(connection: &Connection) -> Vec<Finding> {
    let pairs = connection.pairs();
    let tried = |pair: &Pair| pair.requests_sent.map_or(pair.state == "failed", |sent| sent > 0);
    let tried: Vec<_> = pairs.iter().filter(|(_, pair)| tried(pair)).collect();
    let came = |pair: &Pair| {
        pair.responses_received > Some(0) || pair.requests_received > Some(0) || pair.bytes_received > Some(0)
    };
    if tried.is_empty()
        || !connection.gave_up()
        || is_refused(connection)
        || pairs.iter().any(|(_, pair)| came(pair) || pair.state == "succeeded")
    {
        return Vec::new();
    }
    let counted = pairs.iter().all(|(_, pair)| pair.requests_received.is_some());
    // Between the two ends a capture shows what this one answers, and where that gets lost.
    if !counted && connection.checks().iter().any(|(_, checks)| checks.answers.count > 0) {
        return Vec::new();
    }
    let sent: u64 = pairs.iter().filter_map(|(_, pair)| pair.requests_sent).sum();
    let to_relay = tried.iter().all(|(_, pair)| pair.remote.as_ref().is_some_and(|it| it.kind == CandidateKind::Relay));
    let (code, mut text) = if counted {
        let text =
            format!("not one check of the other end arrived, and none of {sent} checks of this end was answered");
        (CauseCode::NothingArrived, text)
    } else {
        let seen =
            if connection.format.is_capture() { "not one check that the capture shows" } else { "not one check" };
        (CauseCode::NothingAnswered, format!("{seen} succeeded, on any pair"))
    };
    let side = if to_relay { FaultSide::Unknown } else { FaultSide::Path };
    if to_relay {
        text.push_str(": every way led to a relay of the other end, which passed nothing on or is out of reach");
    }
    let found = Finding::fault(connection, code, Certainty::Certain, side, text);
    let settle = if to_relay {
        "the other end's dump, and the log of its TURN server: does it forbid this end's address?"
    } else {
        "the other end's dump, and nat-probe classify on both hosts: what do the NATs and firewalls let through?"
    };
    vec![found.on(tried.iter().map(|(event, _)| *event)).settle(settle)]
}
