//! From what was seen to the cause: one code, one sentence, one thing to do.

use super::climb::is_complete;
use super::finding::{Diagnosis, RelayViews, TurnVerdict, View, ViewOutcome};
use super::session::{Session, error_code, granted, is_unsigned, succeeded};
use super::table::Meaning;
use super::{DiagnosisCode as Code, hold, killed, lesser, refusal, relaying, release, unreached, views};
use crate::evidence::{Exchange, FailureCode, Integrity, Outcome};
use crate::wire::{EntryKind, Method, escape};

/// A verdict with its cause.
pub(super) type Cause = (TurnVerdict, Diagnosis);

/// A cause for which it fails.
pub(super) fn failed(code: Code, text: impl Into<String>, fix: &str) -> Cause {
    cause(TurnVerdict::Failed, code, text, fix)
}

/// A cause for the verdict.
pub(super) fn cause(verdict: TurnVerdict, code: Code, text: impl Into<String>, fix: &str) -> Cause {
    (verdict, Diagnosis { code, text: text.into(), fix: fix.to_owned() })
}

/// Why it works or does not.
pub(super) fn judge(session: &Session, relay: Option<&RelayViews>) -> Cause {
    let found = of_server(session, relay);
    if found.0 == TurnVerdict::Ok { found } else { unreached::shortage(session).unwrap_or(found) }
}

fn of_server(session: &Session, relay: Option<&RelayViews>) -> Cause {
    if let Some(found) = unreached::elsewhere(session) {
        return found;
    }
    if session.entry.kind == EntryKind::Stun {
        return match session.find("binding").and_then(Exchange::mapped) {
            Some(mapped) => cause(TurnVerdict::Ok, Code::Ok, format!("it answers: this host is {mapped}"), ""),
            None => unreached::judge(session).unwrap_or_else(|| ended(session)),
        };
    }
    let Some((first, _)) = session.first() else {
        return unreached::judge(session).or_else(|| refusal::judge(session)).unwrap_or_else(|| ended(session));
    };
    let complete = is_complete(session);
    let relaying = relay.and_then(|relay| relaying::judge(session, relay));
    let decisive = relaying.as_ref().filter(|found| found.is_decisive() && (complete || found.is_plain()));
    let broken = unsigned(session, first)
        .or_else(|| killed::judge(session).filter(|_| killed::spoils_data(session)))
        .or_else(|| decisive.and_then(|found| found.found.clone()))
        .or_else(|| killed::judge(session))
        .or_else(|| mute(session))
        .or_else(|| hold::lost(session))
        .or_else(|| closed(session, first));
    if let Some(broken) = broken {
        return broken;
    }
    let Some((relay, relaying)) = relay.zip(relaying).filter(|_| session.seen.stop_reason().is_none() || complete)
    else {
        return ended(session);
    };
    match relaying.meaning {
        Meaning::Unseen => lesser::ipv6_only(session).unwrap_or_else(|| unseen(relay)),
        Meaning::SomeOnly => some_only(),
        _ if doubtful(session, relay) => {
            if session.seen.stop_reason().is_some() {
                ended(session)
            } else {
                some_only()
            }
        }
        _ => lesser::judge(session, first, &relaying)
            .unwrap_or_else(|| cause(TurnVerdict::Ok, Code::Ok, "it relays", "")),
    }
}

fn some_only() -> Cause {
    let text = "could not tell: some data gets through, and whether peers reach the relayed address was not seen";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, "run again on a better path")
}

/// Whether something that could speak against the relay is not known: the run was stopped before, or a test with our own plain socket
/// did not come to an end.
fn doubtful(session: &Session, relay: &RelayViews) -> bool {
    let is_unknown = |view: &View| view.outcome == ViewOutcome::Unknown;
    let answered = |step: &str| session.last(step).is_some_and(|one| one.reply().is_some());
    let has_socket = !session.plain_addresses().is_empty();
    let unfinished = has_socket && (is_unknown(&relay.from_peer) || is_unknown(&relay.to_peer));
    let views = [&relay.third_party, &relay.to_peer, &relay.from_peer, &relay.between_allocations];
    let missing = views.into_iter().any(is_unknown) || !answered("refresh") || !answered("channel");
    unfinished || missing && session.seen.stop_reason().is_some()
}

/// Nobody outside could be asked: what happens on the server alone decides nothing.
fn unseen(relay: &RelayViews) -> Cause {
    let between = match relay.between_allocations.outcome {
        ViewOutcome::Works => "data gets from one allocation on the server to another",
        ViewOutcome::Fails => "no data gets from one allocation on the server to another",
        ViewOutcome::Forbidden => "the server refuses (403) its own addresses as peers",
        ViewOutcome::Unknown => "the server grants an allocation",
    };
    let text =
        format!("could not tell: {between}, and nobody outside it answered, who would tell whether data gets past it");
    let fix = "name a STUN server that can be reached, with --server";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix)
}

fn ended(session: &Session) -> Cause {
    let text = match session.seen.stop_reason() {
        Some(reason) => format!("could not tell: {}", reason.text),
        None => "could not tell: no test of the relay with data could be made".to_owned(),
    };
    let fix = "run again with a longer --deadline, or name a STUN server with --server";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix)
}

/// Whether a silence is the server's: on a stream what was asked later was answered, over UDP too little is lost to explain it.
pub(super) fn proven(session: &Session, step: &str) -> bool {
    let Some(asked) = session.last(step) else { return false };
    if session.transport.is_stream() && asked.request.relay.is_none() {
        let later = |one: &&Exchange| one.socket == asked.socket && one.started_ms > asked.started_ms;
        let mut later = session.seen.exchanges.iter().filter(later).filter(|one| one.request.relay.is_none());
        return later.any(|one| one.reply().is_some());
    }
    session.last(step).is_some_and(|asked| !views::may_be_loss(session, asked))
}

/// So much is lost that a silence proves nothing.
pub(super) fn lost(session: &Session) -> Cause {
    let text =
        format!("could not tell: so much is lost on the way to {} that its silence proves nothing", session.remote);
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, "run again on a better path")
}

/// A success that is not signed with our key: whoever sent it does not know the password.
pub(super) fn unsigned(session: &Session, first: &str) -> Option<Cause> {
    let permits = session.label(&format!("{first}/permit/"));
    let later = session.seen.exchanges.iter().filter(|one| one.ask.starts_with(&permits));
    let later = later.chain(["refresh", "channel"].iter().filter_map(|step| session.last(step)));
    let steps = std::iter::once(session.allocation(first)?.exchange).chain(later);
    let turn = steps.filter(|one| is_unsigned(one)).find_map(granted).map(|(_, turn)| turn)?;
    let what = match turn.integrity {
        Integrity::Wrong => "is signed with another key, or was changed on its way",
        _ => "is not signed",
    };
    let text = format!("a success response {what}: browsers drop it");
    Some(failed(
        Code::IntegrityMissingOrBad,
        text,
        "look for a proxy or an ALG that rewrites TURN, or update the server",
    ))
}

/// The connection ended before it was our turn to end it.
fn closed(session: &Session, first: &str) -> Option<Cause> {
    let (name, delete) = (session.label(first), session.label(&release::step(first)));
    let mut asked = session.seen.exchanges.iter().filter(|one| one.socket == name && !one.ask.starts_with(&delete));
    let failure = asked.find_map(|one| match &one.outcome {
        Outcome::Failed(failure) if failure.code == FailureCode::ConnectionClosed => Some(failure),
        _ => None,
    })?;
    let text = format!("the server grants an allocation, and then: {}", escape(&failure.text));
    Some(failed(
        Code::ConnectionClosed,
        text,
        "look into the server's log; a proxy or a firewall may close connections",
    ))
}

/// Whoever grants an allocation and answers nothing that is asked of it has lost it, or is somebody else.
fn mute(session: &Session) -> Option<Cause> {
    let refresh = session.last("refresh").filter(|asked| asked.silent() && proven(session, "refresh"))?;
    // An open relay is asked without a signature.
    let is_its =
        |one: &Exchange| one.request.auth.is_some() || session.is_open_relay() && one.request.method != Method::Binding;
    let signed = |one: &&Exchange| one.socket == refresh.socket && is_its(one);
    let answered = session.seen.exchanges.iter().filter(signed).filter(|one| one.reply().is_some()).count();
    let text = "the server grants an allocation and leaves what is asked of it then without an answer";
    let fix = "look into the server's log; a load balancer may send one client to several servers";
    (answered <= 1).then(|| failed(Code::ProtocolError, text, fix))
}

/// Whether the last attempt at a step succeeded.
pub(super) fn went_well(session: &Session, step: &str) -> bool {
    session.last(step).is_some_and(|exchange| succeeded(exchange).is_some())
}

/// The error code of the last attempt at a step.
pub(super) fn code(session: &Session, step: &str) -> Option<u16> {
    session.last(step).and_then(error_code)
}
