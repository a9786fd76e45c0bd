//! From what was seen to the cause: one code, one sentence, one thing to do.

use super::climb::is_complete;
use super::finding::{Diagnosis, RelayViews, TurnVerdict, View, ViewOutcome};
use super::session::{Session, error_code, granted, is_unsigned, succeeded};
use super::{DiagnosisCode as Code, EntryKind, handshake, hold, quality, refusal, relaying, release, views};
use crate::probe::{Exchange, FailureCode, Integrity, Outcome};
use crate::stun::{Method, Transport, escape};

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
    if session.entry.kind == EntryKind::Stun {
        return match session.find("binding").and_then(Exchange::mapped) {
            Some(mapped) => cause(TurnVerdict::Ok, Code::Ok, format!("it answers: this host is {mapped}"), ""),
            None => unreached(session).unwrap_or_else(|| ended(session)),
        };
    }
    let Some((first, _)) = session.first() else {
        return unreached(session).or_else(|| refusal::judge(session)).unwrap_or_else(|| ended(session));
    };
    let broken = unsigned(session, first)
        .or_else(|| relay.and_then(|relay| relaying::data(session, first, relay)))
        .or_else(|| mute(session))
        .or_else(|| hold::lost(session))
        .or_else(|| closed(session, first));
    if let Some(broken) = broken {
        return broken;
    }
    let complete = is_complete(session);
    if let Some(relay) = relay.filter(|relay| views::reaches_out(relay) && complete && !doubtful(session, relay)) {
        return degraded(session, first, relay).unwrap_or_else(|| cause(TurnVerdict::Ok, Code::Ok, "it relays", ""));
    }
    match relay {
        Some(relay) if session.seen.stop_reason().is_none() && !views::reaches_out(relay) => {
            ipv6_only(session).unwrap_or_else(|| unseen(relay))
        }
        Some(_) if session.seen.stop_reason().is_none() => {
            let text =
                "could not tell: some data gets through, and whether peers reach the relayed address was not seen";
            cause(TurnVerdict::Inconclusive, Code::Undetermined, text, "run again on a better path")
        }
        _ => ended(session),
    }
}

/// Whether something that could speak against the relay is not known: the run was stopped before, or a test with our own plain socket
/// did not come to an end.
fn doubtful(session: &Session, relay: &RelayViews) -> bool {
    let is_unknown = |view: &View| view.outcome == ViewOutcome::Unknown;
    let answered = |step: &str| session.last(step).is_some_and(|one| one.reply().is_some());
    let relayed = session.first().map(|(_, allocation)| allocation.relayed);
    let has_socket = relayed.is_some_and(|relayed| session.peer_mapped(relayed).is_some());
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

/// The first failure of the system or the path.
fn failure<'a>(session: &Session<'a>) -> Option<(&'a Exchange, &'a crate::probe::Failure)> {
    // Whoever answered Allocate was reached, whatever became of the Binding.
    let steps: &[&str] = if session.reply("a/allocate").is_some() { &[] } else { &["a/allocate", "binding"] };
    steps.iter().filter_map(|step| session.find(step)).find_map(|exchange| match &exchange.outcome {
        Outcome::Failed(failure) => Some((exchange, failure)),
        _ => None,
    })
}

/// Nothing that speaks TURN was reached.
fn unreached(session: &Session) -> Option<Cause> {
    let answers = |step: &str| session.reply(step).is_some();
    if session.transport.is_secure()
        && let Some(found) = handshake::judge(session)
    {
        return Some(found);
    }
    let remote = session.remote;
    if session.transport == Transport::Tcp && handshake::speaks_tls(session, "tls") {
        let text = format!("{remote} speaks TLS and was asked without");
        let fix = "write turns: in place of turn:, or use the server's plain port (3478)";
        return Some(failed(Code::TlsExpected, text, fix));
    }
    if let Some((_, failure)) = failure(session) {
        let text = escape(&failure.text);
        return Some(match failure.code {
            FailureCode::ConnectionRefused => {
                let fix = "check host and port, and that the server is running with this transport switched on";
                failed(Code::ConnectionRefused, format!("nothing listens on {remote}: {text}"), fix)
            }
            FailureCode::NetworkUnreachable
                if session
                    .seen
                    .exchanges
                    .iter()
                    .all(|one| !session.family.has(one.remote.ip()) || one.reply().is_none()) =>
            {
                let text = format!("this host has no way to that address family: {text}");
                cause(TurnVerdict::Inconclusive, Code::FamilyUnavailable, text, "test from a host that has it")
            }
            FailureCode::NetworkUnreachable | FailureCode::HostUnreachable | FailureCode::Prohibited => {
                failed(Code::Unreachable, text, "look for the firewall or the route that refuses")
            }
            FailureCode::NoAnswer => no_answer(session),
            FailureCode::DtlsNotBuilt => {
                let fix = "build it with cargo's --features dtls, or test turns: over TCP (leave ?transport=udp out)";
                cause(TurnVerdict::Inconclusive, Code::DtlsNotBuilt, text, fix)
            }
            FailureCode::NotStun if answers("binding") => {
                let text = format!("the server answers Binding, and Allocate by what is no STUN: {text}");
                failed(Code::ProtocolError, text, "look into the server's log; a box on the way may change messages")
            }
            FailureCode::NotStun => {
                let text = format!("something that is no STUN or TURN server answers there: {text}");
                failed(Code::NotStun, text, "check the port; a web server or a proxy may be in its place")
            }
            FailureCode::ConnectionClosed => {
                let fix = "look into the server's log; a proxy or a firewall may close connections";
                failed(Code::ConnectionClosed, text, fix)
            }
            _ => failed(Code::ProtocolError, text, "run again with -v to see every exchange"),
        });
    }
    let garbage = ["a/allocate", "binding"].iter().find_map(|step| session.find(step)?.not_stun.as_ref());
    if let Some(garbage) = garbage.filter(|_| !answers("binding") && !answers("a/allocate")) {
        let text = format!("what answers on {remote} is {garbage}");
        return Some(failed(Code::NotStun, text, "check the port; another service is in its place"));
    }
    let silent = |step: &str| session.find(step).is_some_and(Exchange::silent);
    if silent("a/allocate") && answers("binding") && !proven(session, "a/allocate") {
        return Some(lost(session));
    }
    if silent("a/allocate") && answers("binding") {
        let text = format!("{remote} answers Binding and leaves Allocate without an answer: STUN only");
        return Some(failed(
            Code::StunOnly,
            text,
            "switch TURN on at the server (coturn: remove stun-only), or use another",
        ));
    }
    (silent("a/allocate") || silent("binding") && session.entry.kind == EntryKind::Stun).then(|| no_answer(session))
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

fn no_answer(session: &Session) -> Cause {
    let remote = session.remote;
    if session.reply("tcp").is_some() {
        let text = format!("{remote} is silent over UDP and answers over TCP: UDP is blocked on the way");
        let fix = "offer turn:...?transport=tcp and turns: beside UDP, or open UDP to the server in the firewall";
        return failed(Code::UdpBlockedUseTcp, text, fix);
    }
    let transport = session.transport.name();
    let text = match session.transport {
        Transport::Udp => format!("{remote} did not answer over {transport}, nor over TCP"),
        _ if handshake::connected(session) => format!("{remote} takes connections and says nothing over {transport}"),
        _ => format!("{remote} did not answer over {transport}"),
    };
    failed(Code::NoAnswer, text, "check address and port, that the server runs, and the firewalls between")
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

/// The server grants what it then does not do.
fn half_done(session: &Session) -> Option<Cause> {
    for (step, code, text, fix) in [
        (
            "refresh",
            Code::AllocationLost,
            "the server leaves the renewal of the allocation without an answer: calls end when it does",
            "look into the server's log; a box on the way may drop such messages",
        ),
        (
            "channel",
            Code::ProtocolError,
            "the server relays in indications and leaves ChannelBind, which clients use, without an answer",
            "update the server, or look for the box on the way that drops it",
        ),
        (
            "channel-data",
            Code::ProtocolError,
            "the server relays in indications and binds channels, and what clients send through those vanishes",
            "update the server, or look for a box on the way that drops what it does not know as STUN",
        ),
    ] {
        if session.last(step).is_some_and(Exchange::silent) {
            let proven = proven(session, step);
            return Some(if proven { cause(TurnVerdict::Degraded, code, text, fix) } else { lost(session) });
        }
    }
    None
}

fn ipv6_only(session: &Session) -> Option<Cause> {
    let text = "the server relays IPv6 only: clients that do not ask for it are refused (440)";
    let fix = "add an IPv4 relay-ip at the server";
    session.relays_ipv6_only().then(|| cause(TurnVerdict::Degraded, Code::UnsupportedFamily, text, fix))
}

/// It relays, with something wrong that some will meet.
fn degraded(session: &Session, first: &str, relay: &RelayViews) -> Option<Cause> {
    let lesser = |code, text: String, fix: &str| Some(cause(TurnVerdict::Degraded, code, text, fix));
    if session.is_open_relay() {
        let text = "the server relays for everybody: it asks for no credentials".to_owned();
        return lesser(Code::OpenRelay, text, "switch authentication on (coturn: lt-cred-mech or use-auth-secret)");
    }
    if let Some(found) = handshake::passed_over(session) {
        return Some(found);
    }
    if matches!(relay.between_allocations.outcome, ViewOutcome::Fails | ViewOutcome::Forbidden) {
        let text = "two allocations on this server cannot reach each other: two peers that both need it do not connect"
            .to_owned();
        return lesser(
            Code::RelayHairpinDenied,
            text,
            "let the server reach its own addresses (allowed-peer-ip, firewall)",
        );
    }
    if let Some(found) = half_done(session).or_else(|| quality::lossy(session)) {
        return Some(found);
    }
    if let Some(found) = ipv6_only(session) {
        return Some(found);
    }
    if let Some(number) = code(session, "refresh").filter(|code| *code != 438) {
        let text = format!(
            "the server refuses to renew the allocation that it has just made ({number}): calls end when it does"
        );
        return lesser(Code::AllocationLost, text, "look into the server's log; a proxy may change who asks");
    }
    if let Some(number) = code(session, "channel").filter(|code| *code != 438) {
        let text = format!("the server relays in indications and refuses channels ({number}), which clients use");
        return lesser(Code::ProtocolError, text, "update the server");
    }
    let lifetime = session.allocation(first)?.turn.lifetime_s?;
    (lifetime < 60).then(|| {
        let text = format!("the server grants {lifetime} s only; clients renew about a minute before the end");
        cause(TurnVerdict::Degraded, Code::ShortLifetime, text, "raise the server's maximum lifetime to 600 s or more")
    })
}

/// Whether the last attempt at a step succeeded.
pub(super) fn went_well(session: &Session, step: &str) -> bool {
    session.last(step).is_some_and(|exchange| succeeded(exchange).is_some())
}

/// The error code of the last attempt at a step.
pub(super) fn code(session: &Session, step: &str) -> Option<u16> {
    session.last(step).and_then(error_code)
}
