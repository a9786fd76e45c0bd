//! What packets tell that nobody else does: checks that meet an error, DTLS that stays without an answer, packets that could not be
//! delivered.

use std::collections::BTreeSet;

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Event, Party, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::traffic::{AgentRole, Checks, DtlsMessage, Flow};

/// A handshake is given up where its beginning was sent so often.
const MOST_HELLOS: u64 = 3;
/// What a path of any kind passes whole: IPv6's least, less its headers (RFC 8831 section 5, RFC 9000 section 14).
const SAFE_BYTES: usize = 1_200;
/// Consent is asked for every five seconds (RFC 7675 section 5.1); so many unanswered checks are thirty.
const MOST_UNANSWERED: u64 = 6;

pub(super) fn role_conflict(connection: &Connection) -> Vec<Finding> {
    let all = connection.checks();
    let refused: Vec<&Event> =
        all.iter().filter(|(_, checks)| checks.errors.contains(&487)).map(|(event, _)| *event).collect();
    let roles = |back: bool| -> BTreeSet<AgentRole> {
        let first = all.first().map(|(_, checks)| &checks.from_ufrag);
        all.iter().filter(|(_, one)| (Some(&one.from_ufrag) == first) != back).filter_map(|(_, one)| one.role).collect()
    };
    let (one, other) = (roles(false), roles(true));
    let same = one.len() == 1 && one == other;
    if refused.is_empty() && !same {
        return Vec::new();
    }
    let failed = connection.progress() == Progress::Failed;
    let (text, fault) = if same {
        (
            "both ends say in their checks that they have the same role: neither chooses a pair, or both do (RFC 8445 section 7.3.1.1)",
            failed,
        )
    } else {
        ("both ends began in the same role, and one of them changed it (487), as it should", false)
    };
    let events = if refused.is_empty() { all.iter().map(|(event, _)| *event).collect() } else { refused };
    let found = Finding::fault(connection, CauseCode::RoleConflict, Certainty::Certain, FaultSide::Application, text);
    vec![
        found
            .on(events)
            .only_if(fault)
            .fix("let one end offer and the other answer; an ICE agent has to repair such a conflict itself"),
    ]
}

pub(super) fn checks_refused(connection: &Connection) -> Vec<Finding> {
    let all = connection.checks();
    let refused: Vec<_> =
        all.iter().filter(|(_, checks)| checks.errors.iter().any(|code| matches!(code, 400 | 401))).collect();
    if refused.is_empty() || refused.iter().any(|(_, checks)| checks.answers.count > 0) {
        return Vec::new();
    }
    // An agent that has given up, or has not had the description yet, refuses what it will know or has known: Firefox answers both with
    // 400. 401 says that user name or password do not fit what it has (RFC 8489 section 9.1.3), which may still be the older session.
    let unauthorized = refused.iter().any(|(_, checks)| checks.errors.contains(&401));
    let names = |(_, checks): &&(&Event, &Checks)| {
        all.iter().any(|(_, other)| other.from_ufrag == checks.to_ufrag && other.to_ufrag == checks.from_ufrag)
    };
    let (certainty, text) = if unauthorized && refused.iter().any(names) {
        // It uses that name itself.
        (
            Certainty::Likely,
            "the other end refused the checks (401): their user name is right, so that their password is wrong",
        )
    } else if unauthorized {
        (Certainty::Likely, "the other end refused the checks (401): their user name or password is of another session")
    } else {
        (
            Certainty::Possible,
            "the other end refused the checks (400): they were of another session, came before it had the description, or after it had given up",
        )
    };
    let found = Finding::fault(connection, CauseCode::StaleCandidates, certainty, FaultSide::Application, text);
    let fault = connection.progress() != Progress::Connected;
    vec![
        found
            .on(refused.iter().map(|(event, _)| *event))
            .only_if(fault)
            .fix("hand on the descriptions and candidates of one session together"),
    ]
}

/// DTLS that begins on a way that works, and is not answered.
pub(super) fn dtls_unanswered(connection: &Connection) -> Vec<Finding> {
    let all = connection.dtls();
    let is = |message: &DtlsMessage, wanted: &[DtlsMessage]| wanted.contains(message);
    let done =
        all.iter().any(|(_, it)| is(&it.message, &[DtlsMessage::ApplicationData, DtlsMessage::EncryptedHandshake]));
    let hellos: Vec<_> = all.iter().filter(|(_, it)| it.message == DtlsMessage::ClientHello).collect();
    let alert = all.iter().find(|(_, it)| matches!(it.message, DtlsMessage::Alert { fatal: true, .. }));
    if done && alert.is_none() || hellos.is_empty() && alert.is_none() {
        return Vec::new();
    }
    let from: BTreeSet<_> = hellos.iter().map(|(_, it)| it.flow.from).collect();
    let to: BTreeSet<_> = hellos.iter().map(|(_, it)| it.flow.to).collect();
    let both = from.intersection(&to).next().is_some();
    // A server may want a cookie first (RFC 6347 section 4.2.1): whatever comes back is an answer.
    let answered = all.iter().any(|(_, it)| it.message != DtlsMessage::ClientHello && to.contains(&it.flow.from));
    // Where checks were answered the file has packets of both directions.
    let works = connection.checks().iter().any(|(_, check)| {
        check.answers.count > 0 && hellos.iter().any(|(_, it)| it.flow == check.flow || it.flow == check.flow.back())
    });
    let largest = all.iter().map(|(_, it)| it.largest).max().unwrap_or_default();
    // Before a NAT and beyond it they are the same.
    let asked = hellos.iter().map(|(_, it)| it.times.count).max().unwrap_or_default();
    let (code, certainty, side, text, fix) = if let Some((_, alert)) = alert {
        let number = match alert.message {
            DtlsMessage::Alert { code: Some(code), .. } => format!(" ({code})"),
            _ => String::new(),
        };
        let text = format!("DTLS was given up with an alert{number}");
        (
            CauseCode::DtlsFailed,
            Certainty::Certain,
            FaultSide::Application,
            text,
            "compare a=fingerprint and a=setup of both ends as they arrived",
        )
    } else if both && !answered {
        let text = "both ends begin DTLS and neither answers: both are active".to_owned();
        (
            CauseCode::SetupConflict,
            Certainty::Certain,
            FaultSide::Application,
            text,
            "let the offer say actpass and the answer active",
        )
    } else if !answered && asked >= MOST_HELLOS {
        let (certainty, text) = if works {
            (Certainty::Certain, format!("DTLS began {asked} times on a way that ICE had found, and nobody answered"))
        } else {
            (Certainty::Likely, format!("DTLS began {asked} times, and no answer to it is in the file"))
        };
        (
            CauseCode::DtlsFailed,
            certainty,
            FaultSide::Unknown,
            text,
            "look at a=setup of both ends: does one of them wait that should answer?",
        )
    } else if answered && !done && largest > SAFE_BYTES {
        let text = format!(
            "the handshake of DTLS never ended: its packets of up to {largest} bytes may be too large for the path, and get lost"
        );
        (
            CauseCode::DtlsFailed,
            Certainty::Likely,
            FaultSide::Path,
            text,
            "smaller certificates (ECDSA), or a path that passes 1280 bytes",
        )
    } else {
        return Vec::new();
    };
    let found = Finding::fault(connection, code, certainty, side, text);
    let events = all.iter().map(|(event, _)| *event);
    vec![
        found
            .on(events)
            .only_if(connection.progress() != Progress::Connected)
            .fix(fix)
            .settle("captures of both ends: which of the packets arrive?"),
    ]
}

pub(super) fn undelivered(connection: &Connection) -> Vec<Finding> {
    let pick = |event: &&'_ Event| match &event.what {
        What::Undelivered(undelivered) => Some(undelivered.flow),
        _ => None,
    };
    let nowhere: BTreeSet<Flow> = connection.events.iter().filter_map(|event| pick(&event)).collect();
    // One way of several that leads nowhere is as usual as harmless.
    let checks = connection.checks();
    let all = checks.iter().all(|(event, one)| event.party == Party::There || nowhere.contains(&one.flow));
    let mut found = Vec::new();
    for event in &connection.events {
        let What::Undelivered(undelivered) = &event.what else { continue };
        let text = format!(
            "{} says that packets to {} cannot be delivered: {}",
            undelivered.by, undelivered.flow.to, undelivered.reason
        );
        let finding = Finding::fault(connection, CauseCode::Undelivered, Certainty::Certain, FaultSide::Path, text);
        found.push(
            finding
                .on([*event])
                .only_if(connection.progress() == Progress::Failed && all)
                .settle("who answers there: nothing listens, or a firewall refuses"),
        );
    }
    found.truncate(3);
    found
}

/// Checks that were answered, and then not any more.
pub(super) fn consent_lost(connection: &Connection) -> Vec<Finding> {
    let all = connection.checks();
    let lost: Vec<_> = all
        .iter()
        .filter(|(_, one)| {
            let quiet = one
                .requests
                .last_ms
                .zip(one.answers.last_ms)
                .is_some_and(|(asked, answered)| asked > answered + 30_000);
            one.answers.count > 0 && quiet && one.requests.count >= one.answers.count + MOST_UNANSWERED
        })
        .collect();
    let Some((_, first)) = lost.first() else { return Vec::new() };
    // Another way may have taken its place.
    let newest = all.iter().filter_map(|(_, one)| one.answers.last_ms).max();
    let fault = lost.iter().all(|(_, one)| newest <= one.requests.last_ms)
        && newest.is_some_and(|newest| first.requests.last_ms > Some(newest + 30_000));
    let text = format!(
        "the checks from {} to {} were answered and then not any more: consent to send was lost (RFC 7675)",
        first.flow.from, first.flow.to
    );
    let found = Finding::fault(connection, CauseCode::LostAfterConnected, Certainty::Certain, FaultSide::Unknown, text);
    vec![
        found
            .on(lost.iter().map(|(event, _)| *event))
            .only_if(fault)
            .fix("restart ICE when the state becomes disconnected")
            .settle("a capture of the other end: do the checks arrive, and does it answer?"),
    ]
}

pub(super) fn answered_elsewhere(connection: &Connection) -> Vec<Finding> {
    let all = connection.checks();
    let Some((event, one, other)) = all.iter().find_map(|(event, one)| Some((*event, *one, one.answered_from?))) else {
        return Vec::new();
    };
    let text = format!(
        "what was asked at {} was answered from {other}: an ICE agent drops that (RFC 8445 section 7.2.5.2.1)",
        one.flow.to
    );
    let found = Finding::fault(connection, CauseCode::AnsweredElsewhere, Certainty::Certain, FaultSide::There, text);
    vec![
        found
            .on([event])
            .only_if(connection.progress() == Progress::Failed)
            .fix("a host with several addresses has to answer from the one that was asked"),
    ]
}
