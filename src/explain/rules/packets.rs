//! What packets tell that nobody else does: checks that meet an error, and packets that could not be delivered.

use std::collections::BTreeSet;

use crate::explain::connection::{Connection, Progress};
use crate::explain::event::{Event, Party, What};
use crate::explain::finding::{CauseCode, Certainty, FaultSide, Finding};
use crate::explain::traffic::{AgentRole, Checks, Flow};

/// Consent is asked for every five seconds (RFC 7675 section 5.1): a way is broken that gave no answer for so long, nor to so many. Who
/// asks stops before the last of the thirty seconds.
const BROKEN_MS: u64 = 15_000;
const MOST_UNANSWERED: u64 = 4;
/// What lasts so long is no beginning.
const LASTING_MS: u64 = 5_000;

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
    // A conflict is repaired in one round trip.
    let lasting = all.iter().any(|(event, one)| {
        let times = event.time_ms.zip(one.requests.last_ms);
        times.is_some_and(|(first, last)| last.saturating_sub(first) >= LASTING_MS)
    });
    let failed = connection.gave_up() || lasting && connection.progress() == Progress::Checking;
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
    let by = if refused.iter().all(|(event, _)| event.party == Party::There) { "this" } else { "the other" };
    let (certainty, why) = if unauthorized && refused.iter().any(names) {
        // It uses that name itself.
        (Certainty::Likely, "(401): their user name is right, so that their password is wrong")
    } else if unauthorized {
        (Certainty::Likely, "(401): their user name or password is of another session")
    } else {
        (
            Certainty::Possible,
            "(400): they were of another session, came before it had the description, or after it had given up",
        )
    };
    let text = format!("{by} end refused the checks {why}");
    let found = Finding::fault(connection, CauseCode::StaleCandidates, certainty, FaultSide::Application, text);
    let fault = connection.progress() != Progress::Connected;
    vec![
        found
            .on(refused.iter().map(|(event, _)| *event))
            .only_if(fault)
            .fix("hand on the descriptions and candidates of one session together"),
    ]
}

pub(super) fn undelivered(connection: &Connection) -> Vec<Finding> {
    let flow = |event: &&Event| match &event.what {
        What::Undelivered(undelivered) => Some(undelivered.flow),
        _ => None,
    };
    let nowhere: BTreeSet<Flow> = connection.events.iter().filter_map(flow).collect();
    // One way of several that leads nowhere is as usual as harmless.
    let checks = connection.checks();
    let all = checks.iter().all(|(event, one)| event.party == Party::Here && nowhere.contains(&one.flow));
    let fault = all && connection.gave_up();
    let mut found = Vec::new();
    for event in &connection.events {
        let What::Undelivered(undelivered) = &event.what else { continue };
        let text = format!(
            "{} says that packets to {} cannot be delivered: {}",
            undelivered.by, undelivered.flow.to, undelivered.reason
        );
        let finding = Finding::fault(connection, CauseCode::Undelivered, Certainty::Certain, FaultSide::Path, text);
        found.push(
            finding.on([*event]).only_if(fault).settle("who answers there: nothing listens, or a firewall refuses"),
        );
    }
    found.truncate(3);
    found
}

/// Checks that were answered, and then not any more.
pub(super) fn consent_lost(connection: &Connection) -> Vec<Finding> {
    let all = connection.checks();
    if !matches!(connection.progress(), Progress::Connected | Progress::Lost) {
        return Vec::new();
    }
    let quiet_ms = |one: &Checks| {
        let asked = one.requests.last_ms.zip(one.answers.last_ms);
        asked.map_or(0, |(asked, answered)| asked.saturating_sub(answered))
    };
    let is_lost = |one: &Checks| {
        let unanswered = one.requests.count.saturating_sub(one.answers.count);
        one.answers.count > 0 && quiet_ms(one) >= BROKEN_MS && unanswered >= MOST_UNANSWERED
    };
    let lost: Vec<_> = all.iter().filter(|(_, one)| is_lost(one)).collect();
    let Some((_, first)) = lost.first() else { return Vec::new() };
    // Another way may have taken its place.
    let of_same = all.iter().filter(|(_, one)| one.from_ufrag == first.from_ufrag);
    let newest = of_same.filter_map(|(_, one)| one.answers.last_ms).max();
    let fault = first.requests.last_ms.zip(newest).is_some_and(|(asked, newest)| asked >= newest + BROKEN_MS);
    let text = format!(
        "the checks from {} to {} were answered, and those of the last {} s were not: the way broke, and after 30 s consent to send is lost (RFC 7675)",
        first.flow.from,
        first.flow.to,
        quiet_ms(first) / 1_000
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
