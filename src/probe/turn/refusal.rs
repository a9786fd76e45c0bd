//! Why the server grants no allocation: its error codes, and what they hide.

use super::causes::{self, Cause, cause, code, failed, went_well};
use super::finding::TurnVerdict;
use super::session::{FIRST, Session, error_code};
use super::{DiagnosisCode as Code, offline};
use crate::probe::{Exchange, FailureCode, Integrity, Outcome, Reply};
use crate::stun::escape;

/// Errors that no server signs: it may not know yet with which key (RFC 8489 sections 9.2.4 and 10).
const UNSIGNED: [u16; 4] = [300, 400, 401, 438];

/// The cause in the server's refusal; `None` where it refused nothing.
pub(super) fn judge(session: &Session) -> Option<Cause> {
    let socket = FIRST.into_iter().rev().find(|socket| session.find(&format!("{socket}/allocate")).is_some())?;
    let (challenge, login) = (format!("{socket}/allocate"), format!("{socket}/login"));
    if session.stale_without_end(&login) {
        let text =
            "every nonce of the server is stale at once: requests reach it from changing ports, or not the same server";
        let fix =
            "look for a proxy or load balancer that rewrites source ports, or spreads one client over several servers";
        return Some(failed(Code::StaleNonceLoop, text, fix));
    }
    if let Some(number) = code(session, &login) {
        return Some(if number == 401 { denied(session) } else { refused(session, number, &login) });
    }
    if let Some(silent) = session.last(&login).filter(|last| last.silent()) {
        if silent.not_stun.is_none() && !causes::proven(session, &login) {
            return Some(causes::lost(session));
        }
        let what = match &silent.not_stun {
            Some(garbage) => format!("answers a request with credentials by what is {garbage}"),
            None => "does not answer a request with credentials".to_owned(),
        };
        let text = format!("the server challenges and {what}");
        let fix = "look into the server's log; a box on the way may drop or change messages with credentials";
        return Some(failed(Code::ProtocolError, text, fix));
    }
    if let Some(Outcome::Failed(failure)) = session.last(&login).map(|last| &last.outcome) {
        let text = format!("the server challenges, and upon a request with credentials: {}", escape(&failure.text));
        let code = if failure.code == FailureCode::NotStun { Code::ProtocolError } else { Code::ConnectionClosed };
        return Some(failed(code, text, "look into the server's log; a box on the way may change or cut what is said"));
    }
    if session.last(&login).or(session.find(&challenge)).is_some_and(granted_nothing) {
        let text = format!("the server grants an allocation without a relayed address{}", bytes(session, &login));
        return Some(failed(Code::ProtocolError, text, "update the server"));
    }
    let number = code(session, &challenge)?;
    Some(if number == 401 { challenged(session, &challenge) } else { refused(session, number, &challenge) })
}

/// Whether it is a refusal that should be signed and is not at all.
pub(super) fn is_unsigned(exchange: &Exchange) -> bool {
    let missing = |reply: &Reply| reply.turn.as_ref().is_some_and(|turn| turn.integrity == Integrity::Missing);
    exchange.request.auth.is_some()
        && error_code(exchange).is_some_and(|code| !UNSIGNED.contains(&code))
        && exchange.reply().is_some_and(missing)
}

fn granted_nothing(exchange: &Exchange) -> bool {
    exchange.reply().is_some_and(|reply| reply.error.is_none())
}

/// The bytes that make no sense, for whoever can read them.
fn bytes(session: &Session, step: &str) -> String {
    let reply = session.last(step).and_then(Exchange::reply);
    let excerpt = reply.and_then(|reply| reply.turn.as_ref()).and_then(|turn| turn.excerpt.as_ref());
    excerpt.map(|excerpt| format!(" ({})", escape(excerpt))).unwrap_or_default()
}

/// There is a challenge, and it was not answered.
fn challenged(session: &Session, step: &str) -> Cause {
    let turn = session.reply(step).and_then(|reply| reply.turn.as_deref());
    let realm = turn.and_then(|turn| turn.realm.as_deref()).filter(|realm| !realm.is_empty());
    let nonce = turn.is_some_and(|turn| turn.nonce);
    if let (None, Some(issuer)) = (realm, turn.and_then(|turn| turn.third_party_authorization.as_deref())) {
        let text = format!("the server wants a token of {} (OAuth, RFC 7635), which is not supported", escape(issuer));
        return failed(
            Code::OauthOnly,
            text,
            "use credentials with user name and password, or a client that has such tokens",
        );
    }
    if let Some(bytes) = turn.and_then(|turn| turn.excerpt.as_ref()).filter(|_| realm.is_none() || !nonce) {
        let text = format!("the server's challenge is damaged ({})", escape(bytes));
        let fix = "look for a box on the way that cuts or changes messages, or update the server";
        return failed(Code::ProtocolError, text, fix);
    }
    let (Some(realm), true) = (realm, nonce) else {
        let what = if realm.is_none() { "realm" } else { "nonce" };
        let text = format!("the server asks for credentials without a {what}: nobody can answer that");
        return failed(Code::NoRealm, text, "set realm in the server's configuration");
    };
    if let Some(wanted) = session.options.realm.as_deref().filter(|wanted| *wanted != realm) {
        let text = format!("the server's realm is \"{}\", not \"{}\"", escape(realm), escape(wanted));
        return failed(Code::WrongRealm, text, "correct realm at the server, or --realm");
    }
    if turn.is_some_and(|turn| turn.password_algorithms_bit && turn.algorithms.is_none()) {
        let text =
            "the nonce promises password algorithms and the attribute is missing: somebody weakened the challenge";
        return failed(
            Code::ProtocolError,
            text,
            "look for a box that rewrites TURN on the way (RFC 8489 section 9.2)",
        );
    }
    if session.entry.login.is_none() {
        let text = format!("the server wants credentials (realm \"{}\") and none were given", escape(realm));
        return failed(Code::CredentialsNeeded, text, "give --user and a password");
    }
    cause(
        TurnVerdict::Inconclusive,
        Code::Undetermined,
        "could not tell: the run ended before the credentials were tried",
        "run again with a longer --deadline",
    )
}

/// The second 401: the credentials are not taken.
fn denied(session: &Session) -> Cause {
    // An expiry that has passed by this clock too needs no other explanation.
    let over = offline::age_s(session.entry, session.options).is_some_and(|age| age > 0);
    // Whoever refuses for another reason has taken them first.
    let late = code(session, "late/login");
    let taken = went_well(session, "late/login") || late.is_some_and(|code| !matches!(code, 400 | 401 | 438 | 500));
    if taken && !over {
        let text = "credentials with a later expiry are taken: the server's clock is ahead of this host's";
        return failed(Code::ClockSkew, text, "set the clocks of server and issuer (NTP)");
    }
    if let Some(found) = offline::explain_401(session.entry, session.options) {
        return (TurnVerdict::Failed, found);
    }
    let login = session.entry.login.as_ref();
    let turn = session.reply("a/allocate").and_then(|reply| reply.turn.as_ref());
    if let Some(issuer) = turn.and_then(|turn| turn.third_party_authorization.as_deref()) {
        let issuer = escape(issuer);
        let text = format!(
            "the server does not take these credentials, and names {issuer} as issuer of tokens (OAuth, RFC 7635), which are not supported"
        );
        return failed(Code::OauthOnly, text, "ask whether the server takes user name and password at all");
    }
    let realm = turn.and_then(|turn| turn.realm.clone());
    let realm = escape(&realm.unwrap_or_default());
    if login.is_some_and(|login| login.matches_secret.is_some()) && late == Some(401) {
        let text = "the server does not take credentials made with this secret, whenever they expire";
        let fix = "compare the secret with the server's static-auth-secret, look for a newline at its end, and that use-auth-secret is on";
        return failed(Code::SecretMismatch, text, fix);
    }
    if session.last("nfkc/login").is_some_and(|last| error_code(last).is_none_or(|code| code == 486) && !last.silent())
    {
        let text = "the server takes the password only in another form of its letters (NFKC), in which browsers do not send it";
        return failed(Code::UnknownUserOrPassword, text, "use a password of plain ASCII characters");
    }
    let text = format!(
        "the server does not take these credentials in its realm \"{realm}\"; whether the user or the password is wrong it hides"
    );
    let fix = "check both; a password stored as a key for another realm, or static users beside use-auth-secret, fail the same way";
    failed(Code::UnknownUserOrPassword, text, fix)
}

/// Every other error (RFC 8656 section 19, STANDARDS 4.6).
fn refused(session: &Session, number: u16, step: &str) -> Cause {
    let reason = session.last(step).and_then(Exchange::reply).and_then(|reply| reply.error.as_ref());
    let reason = escape(reason.map_or("", |error| error.reason.as_str()));
    let integrity = session.last(step).filter(|last| last.request.auth.is_some()).and_then(Exchange::reply);
    let integrity = integrity.and_then(|reply| reply.turn.as_ref()).map(|turn| turn.integrity);
    if integrity == Some(Integrity::Wrong) && !UNSIGNED.contains(&number) {
        let text = format!(
            "the refusal ({number} {reason}) is signed with another key, or was changed on its way: clients drop it"
        );
        return failed(
            Code::IntegrityMissingOrBad,
            text,
            "look for a proxy or an ALG that rewrites TURN, or update the server",
        );
    }
    let doubt = if session.last(step).is_some_and(is_unsigned) {
        "; the refusal is not signed, so a box on the way may have sent it"
    } else {
        ""
    };
    let said = |text: &str| format!("{text} ({number} {reason}){doubt}");
    match number {
        300 => {
            let to =
                session.redirection().and_then(|reply| reply.turn.as_ref()).map(|turn| &turn.alternate_servers[..]);
            let to = to.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let to = if to.is_empty() { "nowhere that it names" } else { &to };
            let again = if session.redirected_from.is_some() { " again" } else { "" };
            failed(
                Code::Redirected,
                said(&format!("the server sends its clients{again} to {to}")),
                "use that server, or let it be followed",
            )
        }
        403 => failed(
            Code::Forbidden,
            said("the server forbids allocations"),
            "it may be shutting down, or not relay UDP by policy: use another",
        ),
        437 => failed(
            Code::AllocationMismatch,
            said("the server says on three ports that they have an allocation already"),
            "wait for the old ones to expire (10 min); look for a NAT that reuses ports, or a proxy",
        ),
        438 => failed(
            Code::StaleNonceLoop,
            said("the nonce is stale at once"),
            "look for a proxy or load balancer that rewrites source ports",
        ),
        440 => failed(
            Code::UnsupportedFamily,
            said("the server has no relay address of that family"),
            "add a relay-ip of the family at the server",
        ),
        442 => failed(
            Code::UnsupportedTransport,
            said("the server does not relay UDP"),
            "switch UDP relaying on (coturn: remove no-udp-relay)",
        ),
        486 => failed(
            Code::QuotaReached,
            said("the quota of allocations is used up"),
            "wait until old ones expire (10 min), or raise user-quota and total-quota",
        ),
        508 => failed(
            Code::InsufficientCapacity,
            said("the server has no relay port left"),
            "widen min-port to max-port at the server, or wait",
        ),
        500..=599 => {
            failed(Code::ServerError, said("the server has an error of its own"), "look into the server's log")
        }
        _ => failed(
            Code::ProtocolError,
            said("the server refuses a plain Allocate") + &bytes(session, step),
            "run again with -v; the server may be very old, or no TURN server",
        ),
    }
}
