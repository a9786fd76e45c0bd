//! Faults of an application and its signaling: descriptions and candidates that did not come, came too early, or do not fit.

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Description, Event, Party, StateOf, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::format::Format;
use crate::wire::sdp::DescriptionKind;

pub(super) fn device_refused(connection: &Connection) -> Vec<Finding> {
    let described = !connection.descriptions(Party::Here).is_empty();
    let Some(event) = connection.first(|what| matches!(what, What::DeviceRefused { .. })).filter(|_| !described) else {
        return Vec::new();
    };
    let What::DeviceRefused { error } = &event.what else { return Vec::new() };
    let text = format!("no camera or microphone was granted ({error}), and no connection was begun");
    let found = Finding::fault(connection, CauseCode::DeviceRefused, Certainty::Certain, FaultSide::Here, text);
    vec![found.on([event]).fix("allow the page to use the camera and the microphone, or plug one in")]
}

pub(super) fn never_answered(connection: &Connection) -> Vec<Finding> {
    if connection.last(StateOf::Signaling) != Some("have-local-offer")
        || !connection.descriptions(Party::There).is_empty()
    {
        return Vec::new();
    }
    let last = connection.states(StateOf::Signaling).last().map(|(event, _)| *event);
    let text = if connection.is_closed() {
        "the application closed the connection before an answer to its offer came: it was lost in the signaling, nobody took the call, or it was not wanted any more"
    } else {
        "no answer to the offer is in the file: it was lost in the signaling, nobody took the call, or it had not come yet"
    };
    let found = Finding::fault(connection, CauseCode::NeverAnswered, Certainty::Certain, FaultSide::Application, text);
    vec![
        found
            .on(last)
            .only_if(!soon_over(connection))
            .fix("look in the application's log whether the offer arrived and what became of the answer")
            .settle("the other end's dump: does it have a setRemoteDescription?"),
    ]
}

/// Within this time what is missing may be on its way.
const SOON_MS: u64 = 10_000;

/// Whether the file, where it has times, ends soon after it begins.
fn soon_over(connection: &Connection) -> bool {
    connection.events.iter().any(|event| event.time_ms.is_some()) && connection.lasted_ms() < SOON_MS
}

pub(super) fn description_refused(connection: &Connection) -> Vec<Finding> {
    let Some(event) = connection.first(|what| matches!(what, What::DescriptionRefused { .. })) else {
        return Vec::new();
    };
    let What::DescriptionRefused { error } = &event.what else { return Vec::new() };
    let text = format!("the browser refused a description: {error}");
    let found =
        Finding::fault(connection, CauseCode::DescriptionRefused, Certainty::Certain, FaultSide::Application, text);
    vec![
        found
            .on([event])
            // Where both descriptions were set in the end, one of them came twice, or late.
            .only_if(began_not(connection) && connection.last(StateOf::Signaling) != Some("stable"))
            .fix("correct what the application sets, and when"),
    ]
}

/// Whether it never got as far as packets.
fn began_not(connection: &Connection) -> bool {
    !matches!(connection.progress(), Progress::Connected | Progress::Lost)
}

/// Candidates that were refused.
struct Refused<'a> {
    events: Vec<&'a Event>,
    /// The description that they belong to had not come by then.
    early: bool,
    /// One of them was not added again.
    lost: bool,
}

fn refused<'a>(connection: &Connection<'a>) -> Refused<'a> {
    let mut refused = Refused { events: Vec::new(), early: false, lost: false };
    let (mut described, mut added, mut missing) = (false, None, Vec::new());
    for event in &connection.events {
        match &event.what {
            What::Description(_) if event.party == Party::There => described = true,
            What::Candidate(candidate) if event.party == Party::There => {
                missing.retain(|known| *known != Some(candidate));
                added = Some(candidate);
            }
            What::CandidateRefused { .. } => {
                refused.early |= !described;
                refused.events.push(*event);
                if missing.len() < MOST_REFUSED {
                    missing.push(added);
                }
            }
            _ => {}
        }
    }
    refused.lost = !missing.is_empty();
    refused
}

/// So many refused candidates are looked for among those that were added later.
const MOST_REFUSED: usize = 100;

pub(super) fn candidates_too_early(connection: &Connection) -> Vec<Finding> {
    let Refused { events, early, lost } = refused(connection);
    if events.is_empty() || !early {
        return Vec::new();
    }
    let after = if lost { "they are lost" } else { "it added them again later" };
    let text = format!(
        "the application added candidates of the other end before its description, and the browser refused them: {after}"
    );
    let found =
        Finding::fault(connection, CauseCode::CandidatesTooEarly, Certainty::Certain, FaultSide::Application, text);
    let fault = lost && began_not(connection);
    vec![found.on(events).only_if(fault).fix("keep candidates until setRemoteDescription has succeeded, then add them")]
}

pub(super) fn candidate_refused(connection: &Connection) -> Vec<Finding> {
    let Refused { events, early, lost } = refused(connection);
    if events.is_empty() || early {
        return Vec::new();
    }
    let text = format!("the browser refused {} of the other end's candidates", events.len());
    let found =
        Finding::fault(connection, CauseCode::CandidateRefused, Certainty::Certain, FaultSide::Application, text);
    // One of several that is refused takes no way from the others.
    let fault = lost && began_not(connection) && connection.candidates(Party::There).len() <= events.len();
    vec![found.on(events).only_if(fault).fix("hand candidates on as they are")]
}

pub(super) fn stale_candidates(connection: &Connection) -> Vec<Finding> {
    let mut known: Vec<&String> = Vec::new();
    let (mut all, mut stale) = (0, Vec::new());
    let there = connection.events.iter().copied().filter(|event| event.party == Party::There);
    for event in there.clone() {
        if let What::Description(description) = &event.what {
            known.extend(&description.ufrags);
        }
    }
    let mut described = false;
    for event in there {
        match &event.what {
            What::Description(description) => described |= !description.ufrags.is_empty(),
            // What was found before the file began may belong to a description that it does not have.
            What::Candidate(candidate) if described && candidate.priority > 0 => {
                all += 1;
                let belongs = candidate.ufrag.as_ref().is_none_or(|ufrag| known.contains(&ufrag));
                stale.extend((!belongs).then_some(event));
            }
            _ => {}
        }
    }
    if stale.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "{} of {all} candidates of the other end belong to another attempt: their user name fragment is in none of its descriptions",
        stale.len()
    );
    let found =
        Finding::fault(connection, CauseCode::StaleCandidates, Certainty::Certain, FaultSide::Application, text);
    let fault = connection.progress() != Progress::Connected && stale.len() == all;
    vec![found.on(stale).only_if(fault).fix("keep candidates and descriptions of different calls apart")]
}

pub(super) fn no_remote_candidates(connection: &Connection) -> Vec<Finding> {
    let described = connection.descriptions(Party::There);
    let over = matches!(connection.progress(), Progress::Connected | Progress::Lost);
    // Logs have candidates of both ends, or are of a level without any.
    let untold = matches!(connection.format, Format::PionLog | Format::AioiceLog | Format::JuiceLog)
        && connection.candidates(Party::Here).is_empty();
    if !connection.candidates(Party::There).is_empty() || over || untold {
        return Vec::new();
    }
    let (certainty, text) = if connection.follows_signaling() && !described.is_empty() {
        let text =
            "the other end's description came, and not one candidate of it: the signaling lost them, or it found none";
        (Certainty::Certain, text)
    } else if connection.progress() == Progress::Failed && connection.format == Format::GetStats {
        // Chromium only fails where it had pairs, and forgets them.
        let text = "the browser gave up every pair, and left them out of its statistics together with the other end's candidates: as a rule no check was answered";
        let code = CauseCode::NothingAnswered;
        let found = Finding::fault(connection, code, Certainty::Likely, FaultSide::Path, text);
        let states = connection.states(StateOf::Transport);
        return vec![
            found
                .on(states.last().map(|(event, _)| *event))
                .settle("statistics that were taken before it failed, or the dump of chrome://webrtc-internals"),
        ];
    } else if connection.progress() == Progress::Failed {
        // Statistics leave out what cannot be used.
        let text = "no candidate of the other end is in it: none came, or only names that do not resolve here";
        (Certainty::Likely, text)
    } else {
        return Vec::new();
    };
    let found = Finding::fault(connection, CauseCode::NoRemoteCandidates, certainty, FaultSide::Unknown, text);
    vec![
        found
            .on(described.iter().map(|(event, _)| *event))
            .only_if(connection.progress() == Progress::Failed || !soon_over(connection))
            .fix("look in the application's log whether candidates were sent")
            .settle("the other end's dump: which candidates did it find?"),
    ]
}

pub(super) fn both_lite(connection: &Connection) -> Vec<Finding> {
    let lite = |party| connection.descriptions(party).into_iter().find(|(_, description)| description.lite);
    let (Some(here), Some(there)) = (lite(Party::Here), lite(Party::There)) else { return Vec::new() };
    let text = "both ends say ice-lite: each waits for the checks of the other, and nobody begins";
    let found = Finding::fault(connection, CauseCode::BothLite, Certainty::Certain, FaultSide::Application, text);
    vec![found.on([here.0, there.0]).fix("let one of the two be a full ICE agent")]
}

/// The answer, with the description that it answers.
fn answered<'a>(connection: &Connection<'a>) -> Option<[(&'a Event, &'a Description); 2]> {
    let last = |party, answer: bool| {
        let fits = |kind| if answer { kind == DescriptionKind::Answer } else { kind == DescriptionKind::Offer };
        connection.descriptions(party).into_iter().rfind(|(_, description)| description.kind.is_some_and(fits))
    };
    [(Party::Here, Party::There), (Party::There, Party::Here)]
        .into_iter()
        .find_map(|(offer, answer)| Some([last(offer, false)?, last(answer, true)?]))
}

pub(super) fn setup_conflict(connection: &Connection) -> Vec<Finding> {
    let Some([offer, answer]) = answered(connection) else { return Vec::new() };
    let both = |word: &str| {
        let only = |all: &[String]| !all.is_empty() && all.iter().all(|one| one == word);
        only(&offer.1.setup) && only(&answer.1.setup)
    };
    let text = if both("active") {
        "both ends say a=setup:active: each begins DTLS and neither answers"
    } else if both("passive") {
        "both ends say a=setup:passive: each waits for the other to begin DTLS"
    } else if answer.1.setup.iter().any(|setup| setup == "actpass") {
        "the answer says a=setup:actpass, where it has to choose active or passive (RFC 8842 section 5.3)"
    } else {
        return Vec::new();
    };
    let found = Finding::fault(connection, CauseCode::SetupConflict, Certainty::Certain, FaultSide::Application, text);
    let fault = connection.progress() != Progress::Connected;
    vec![found.on([offer.0, answer.0]).only_if(fault).fix("let the offer say actpass and the answer active")]
}

pub(super) fn fingerprint_missing(connection: &Connection) -> Vec<Finding> {
    let mut found = Vec::new();
    for party in [Party::Here, Party::There] {
        let Some((event, _)) = connection.descriptions(party).into_iter().find(|(_, it)| !it.fingerprints) else {
            continue;
        };
        let text = "a section with DTLS has no a=fingerprint: browsers refuse it, and nothing could be verified";
        let finding =
            Finding::fault(connection, CauseCode::FingerprintMissing, Certainty::Certain, FaultSide::Application, text);
        found.push(
            finding
                .on([event])
                .only_if(connection.progress() != Progress::Connected)
                .fix("hand descriptions on unchanged"),
        );
    }
    found
}

pub(super) fn sections_refused(connection: &Connection) -> Vec<Finding> {
    let Some([_, answer]) = answered(connection) else { return Vec::new() };
    if answer.1.sections == 0 || answer.1.refused < answer.1.sections {
        return Vec::new();
    }
    let text = "the answer refuses every section (m-lines with port 0): the two ends have nothing in common to send";
    let found =
        Finding::fault(connection, CauseCode::SectionsRefused, Certainty::Certain, FaultSide::Application, text);
    let fault = began_not(connection);
    vec![found.on([answer.0]).only_if(fault).fix("compare the codecs and the kinds of media that both ends allow")]
}

pub(super) fn mismatch(connection: &Connection) -> Vec<Finding> {
    let all = [Party::Here, Party::There].into_iter().flat_map(|party| connection.descriptions(party));
    let Some((event, _)) = all.into_iter().find(|(_, description)| description.mismatch) else { return Vec::new() };
    let text = "a=ice-mismatch: something on the way of the signaling changed the addresses, and ICE is not used (RFC 8839 section 4.2.4)";
    let found = Finding::fault(connection, CauseCode::IceMismatch, Certainty::Certain, FaultSide::Path, text);
    vec![found.on([event]).fix("switch off the SIP helper (ALG) of the routers and proxies on the way")]
}
