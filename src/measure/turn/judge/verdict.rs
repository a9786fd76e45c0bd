//! From what was seen to the cause: one code, one sentence, one thing to do.

use crate::evidence::{Exchange, FailureCode, Integrity, Outcome};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::ask::release;
use crate::measure::turn::ask::sequence::is_complete;
use crate::measure::turn::facts::target::{Target, error_code, granted, is_unsigned, succeeded};
use crate::measure::turn::finding::{Diagnosis, PathOutcome, RelayPath, RelayPaths, TurnVerdict};
use crate::measure::turn::judge::relay::paths;
use crate::measure::turn::judge::relay::table::Meaning;
use crate::measure::turn::judge::{degraded, keep_alive, refusal, relay, renewal, unreachable};
use crate::measure::turn::labels;
use crate::wire::{EntryKind, Method, escape};

/// A verdict with its cause.
pub type Cause = (TurnVerdict, Diagnosis);

/// A cause for which it fails.
pub fn failed(code: Code, text: impl Into<String>, fix: &str) -> Cause {
    cause(TurnVerdict::Failed, code, text, fix)
}

/// A cause for the verdict.
pub fn cause(verdict: TurnVerdict, code: Code, text: impl Into<String>, fix: &str) -> Cause {
    (verdict, Diagnosis { code, text: text.into(), fix: fix.to_owned() })
}

/// Why it works or does not.
pub fn judge(target: &Target, relay: Option<&RelayPaths>) -> Cause {
    let found = of_server(target, relay);
    if found.0 == TurnVerdict::Ok { found } else { unreachable::shortage(target).unwrap_or(found) }
}

fn of_server(target: &Target, relay: Option<&RelayPaths>) -> Cause {
    if let Some(found) = unreachable::elsewhere(target) {
        return found;
    }
    if target.entry.kind == EntryKind::Stun {
        return match target.find("binding").and_then(Exchange::mapped) {
            Some(mapped) => cause(TurnVerdict::Ok, Code::Ok, format!("it answers: this host is {mapped}"), ""),
            None => unreachable::judge(target).unwrap_or_else(|| ended(target)),
        };
    }
    let Some((first, _)) = target.first() else {
        return unreachable::judge(target).or_else(|| refusal::judge(target)).unwrap_or_else(|| ended(target));
    };
    let complete = is_complete(target);
    let relaying = relay.and_then(|relay| relay::judge(target, relay));
    let decisive = relaying.as_ref().filter(|found| found.is_decisive() && (complete || found.is_plain()));
    let broken = unsigned(target, first)
        .or_else(|| renewal::judge(target).filter(|_| renewal::spoils_data(target)))
        .or_else(|| decisive.and_then(|found| found.found.clone()))
        .or_else(|| renewal::judge(target))
        .or_else(|| mute(target))
        .or_else(|| keep_alive::lost(target))
        .or_else(|| closed(target, first));
    if let Some(broken) = broken {
        return broken;
    }
    let Some((relay, relaying)) = relay.zip(relaying).filter(|_| target.seen.stop_reason().is_none() || complete)
    else {
        return ended(target);
    };
    match relaying.meaning {
        Meaning::Unseen => degraded::ipv6_only(target).unwrap_or_else(|| unseen(relay)),
        Meaning::SomeOnly => some_only(),
        _ if doubtful(target, relay) => {
            if target.seen.stop_reason().is_some() {
                ended(target)
            } else {
                some_only()
            }
        }
        _ => degraded::judge(target, first, &relaying)
            .unwrap_or_else(|| cause(TurnVerdict::Ok, Code::Ok, "it relays", "")),
    }
}

fn some_only() -> Cause {
    let text = "could not tell: some data gets through, and whether peers reach the relayed address was not seen";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, "run again on a better path")
}

/// Whether something that could speak against the relay is not known: the run was stopped before, or a test with our own plain socket
/// did not come to an end.
fn doubtful(target: &Target, relay: &RelayPaths) -> bool {
    let is_unknown = |view: &RelayPath| view.outcome == PathOutcome::Unknown;
    let answered = |step: &str| target.last(step).is_some_and(|one| one.reply().is_some());
    let has_socket = !target.plain_addresses().is_empty();
    let unfinished = has_socket && (is_unknown(&relay.from_peer) || is_unknown(&relay.to_peer));
    let views = [&relay.third_party, &relay.to_peer, &relay.from_peer, &relay.between_allocations];
    let missing = views.into_iter().any(is_unknown) || !answered("refresh") || !answered("channel");
    unfinished || missing && target.seen.stop_reason().is_some()
}

/// Nobody outside could be asked: what happens on the server alone decides nothing.
fn unseen(relay: &RelayPaths) -> Cause {
    let between = match relay.between_allocations.outcome {
        PathOutcome::Works => "data gets from one allocation on the server to another",
        PathOutcome::Fails => "no data gets from one allocation on the server to another",
        PathOutcome::Forbidden => "the server refuses (403) its own addresses as peers",
        PathOutcome::Unknown => "the server grants an allocation",
    };
    let text =
        format!("could not tell: {between}, and nobody outside it answered, who would tell whether data gets past it");
    let fix = "name a STUN server that can be reached, with --server";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix)
}

fn ended(target: &Target) -> Cause {
    let text = match target.seen.stop_reason() {
        Some(reason) => format!("could not tell: {}", reason.text),
        None => "could not tell: no test of the relay with data could be made".to_owned(),
    };
    let fix = "run again with a longer --deadline, or name a STUN server with --server";
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, fix)
}

/// Whether a silence is the server's: on a stream what was asked later was answered, over UDP too little is lost to explain it.
pub fn proven(target: &Target, step: &str) -> bool {
    let Some(asked) = target.last(step) else { return false };
    if target.transport.is_stream() && asked.request.relay().is_none() {
        let later = |one: &&Exchange| one.socket == asked.socket && one.started_ms > asked.started_ms;
        let mut later = target.seen.exchanges.iter().filter(later).filter(|one| one.request.relay().is_none());
        return later.any(|one| one.reply().is_some());
    }
    target.last(step).is_some_and(|asked| !paths::may_be_loss(target, asked))
}

/// So much is lost that a silence proves nothing.
pub fn lost(target: &Target) -> Cause {
    let text =
        format!("could not tell: so much is lost on the way to {} that its silence proves nothing", target.remote);
    cause(TurnVerdict::Inconclusive, Code::Undetermined, text, "run again on a better path")
}

/// A success that is not signed with our key: whoever sent it does not know the password.
pub fn unsigned(target: &Target, first: &str) -> Option<Cause> {
    let later = target.under(&format!("{first}/permit/"));
    let later = later.chain(["refresh", "channel"].iter().filter_map(|step| target.last(step)));
    let steps = std::iter::once(target.allocation(first)?.exchange).chain(later);
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
fn closed(target: &Target, first: &str) -> Option<Cause> {
    let (name, delete) = (target.label(first), release::step(first));
    let mut asked =
        target.seen.exchanges.iter().filter(|one| one.socket == name && !labels::step(&one.ask).starts_with(&delete));
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
fn mute(target: &Target) -> Option<Cause> {
    let refresh = target.last("refresh").filter(|asked| asked.silent() && proven(target, "refresh"))?;
    // An open relay is asked without a signature.
    let is_its = |one: &Exchange| {
        one.request.auth().is_some() || target.is_open_relay() && one.request.method() != Some(Method::Binding)
    };
    let signed = |one: &&Exchange| one.socket == refresh.socket && is_its(one);
    let answered = target.seen.exchanges.iter().filter(signed).filter(|one| one.reply().is_some()).count();
    let text = "the server grants an allocation and leaves what is asked of it then without an answer";
    let fix = "look into the server's log; a load balancer may send one client to several servers";
    (answered <= 1).then(|| failed(Code::ProtocolError, text, fix))
}

/// Whether the last attempt at a step succeeded.
pub fn went_well(target: &Target, step: &str) -> bool {
    target.last(step).is_some_and(|exchange| succeeded(exchange).is_some())
}

/// The error code of the last attempt at a step.
pub fn code(target: &Target, step: &str) -> Option<u16> {
    target.last(step).and_then(error_code)
}
