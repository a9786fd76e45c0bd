//! Why the server grants no allocation: its error codes, and what they hide.

mod login;
mod table;
#[cfg(test)]
mod tests;

use crate::evidence::key::{ServerStep, SocketStep, TurnStep};
use crate::evidence::{Exchange, FailureCode, Integrity, Outcome};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::{UNSIGNED_ERRORS, is_stale, is_unsigned_refusal};
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::{ATTEMPTS, Target};
use crate::measure::turn::judge::cause::{Cause, failed, inconclusive};
use crate::measure::turn::judge::silence::{is_proven, lost};
use crate::wire::escape;
use table::{Meaning, Refused};

/// The cause in the server's refusal; `None` where it refused nothing.
pub(super) fn judge(target: &Target) -> Option<Cause> {
    let role = target.last_tried()?;
    let on = |step| TurnStep::On(role, step);
    let (challenge, login) = (on(SocketStep::Allocate), on(SocketStep::Login));
    if target.attempt(login, ATTEMPTS).is_some_and(is_stale) {
        let text =
            "every nonce of the server is stale at once: requests reach it from changing ports, or not the same server";
        let fix =
            "look for a proxy or load balancer that rewrites source ports, or spreads one client over several servers";
        return Some(failed(Code::StaleNonceLoop, text, fix));
    }
    if target.code(login).is_some() {
        return refused(target, login);
    }
    if let Some(found) = unheard(target, login) {
        return Some(found);
    }
    if target.last(login).or(target.find(challenge)).is_some_and(granted_nothing) {
        let text = format!("the server grants an allocation without a relayed address{}", bytes(target, login));
        return Some(failed(Code::ProtocolError, text, "update the server"));
    }
    refused(target, challenge)
}

/// The challenge was answered, and what came then is no answer.
fn unheard(target: &Target, login: TurnStep) -> Option<Cause> {
    let last = target.last(login)?;
    if last.silent() {
        if last.not_stun.is_none() && !is_proven(target, login) {
            return Some(lost(target));
        }
        let what = match &last.not_stun {
            Some(garbage) => format!("answers a request with credentials by what is {garbage}"),
            None => "does not answer a request with credentials".to_owned(),
        };
        let text = format!("the server challenges and {what}");
        let fix = "look into the server's log: a relay address that its machine has not, and a limit of bandwidth below one message, make \
                   servers silent here; else a box on the way may drop or change messages with credentials";
        return Some(failed(
            Code::ProtocolError,
            text,
            &target.cure(fix, &[Setting::RelayAddress, Setting::Bandwidth]),
        ));
    }
    let Outcome::Failed(failure) = &last.outcome else { return None };
    let text = format!("the server challenges, and upon a request with credentials: {}", escape(&failure.text));
    let code = if failure.code == FailureCode::NotStun { Code::ProtocolError } else { Code::ConnectionClosed };
    Some(failed(code, text, "look into the server's log; a box on the way may change or cut what is said"))
}

fn granted_nothing(exchange: &Exchange) -> bool {
    exchange.reply().is_some_and(|reply| reply.error.is_none())
}

/// The bytes that make no sense, for whoever can read them.
fn bytes(target: &Target, step: TurnStep) -> String {
    let reply = target.last(step).and_then(Exchange::reply);
    let excerpt = reply.and_then(|reply| reply.turn.as_ref()).and_then(|turn| turn.excerpt.as_ref());
    excerpt.map(|excerpt| format!(" ({})", escape(excerpt))).unwrap_or_default()
}

/// The error response to that step, and what it means.
fn refused(target: &Target, step: TurnStep) -> Option<Cause> {
    let asked = target.last(step)?;
    let error = asked.reply()?.error.as_ref()?;
    let number = error.code;
    let integrity = asked.reply().and_then(|reply| reply.turn.as_ref()).map(|turn| turn.integrity);
    if integrity == Some(Integrity::Wrong) && !UNSIGNED_ERRORS.contains(&number) {
        let text =
            format!("the refusal ({error}) is signed with another key, or was changed on its way: clients drop it");
        return Some(failed(
            Code::IntegrityMissingOrBad,
            text,
            "look for a proxy or an ALG that rewrites TURN, or update the server",
        ));
    }
    let refused = Refused {
        signed: asked.request.auth().is_some(),
        number,
        reason: &error.reason,
        software: target.software(),
        binds: target.reply(ServerStep::Binding).is_some_and(|reply| reply.error.is_none()),
        odd: asked.request.auth().and_then(|auth| table::odd(&auth.username)),
        odd_realm: asked.request.auth().and_then(|auth| table::odd(&auth.realm)),
        stranger: target.stranger_code(),
    };
    let doubt = if is_unsigned_refusal(asked) {
        "; the refusal is not signed, so a box on the way may have sent it"
    } else {
        ""
    };
    let said = |text: &str| format!("{text} ({error}){doubt}");
    Some(match table::meaning(&refused) {
        Meaning::Challenge => challenged(target, step),
        Meaning::Login => login::denied(target, &refused, error),
        Meaning::Elsewhere => elsewhere(target, said),
        Meaning::Cause { code, says, todo, settings } => {
            let bytes = if code == Code::ProtocolError { bytes(target, step) } else { String::new() };
            failed(code, said(&says(&refused)) + &bytes, &refused.software.cure(todo, settings))
        }
    })
}

/// 300: it points to others.
fn elsewhere(target: &Target, said: impl Fn(&str) -> String) -> Cause {
    let to = target.redirection().and_then(|reply| reply.turn.as_ref()).map(|turn| &turn.alternate_servers[..]);
    let to = to.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let to = if to.is_empty() { "nowhere that it names" } else { &to };
    let again = if target.redirected_from.is_some() { " again" } else { "" };
    failed(
        Code::Redirected,
        said(&format!("the server sends its clients{again} to {to}")),
        "use that server, or let it be followed",
    )
}

/// There is a challenge, and it was not answered.
fn challenged(target: &Target, step: TurnStep) -> Cause {
    let turn = target.reply(step).and_then(|reply| reply.turn.as_deref());
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
        let fix = target.cure("set a realm in the server's configuration", &[Setting::Realm]);
        return failed(Code::NoRealm, text, &fix);
    };
    if let Some(wanted) = target.options.realm.as_deref().filter(|wanted| *wanted != realm) {
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
    if target.entry.login.is_none() {
        let text = format!("the server wants credentials (realm \"{}\") and none were given", escape(realm));
        return failed(Code::CredentialsNeeded, text, "give --user and a password");
    }
    inconclusive(
        Code::Undetermined,
        "could not tell: the run ended before the credentials were tried",
        "run again with a longer --deadline",
    )
}
