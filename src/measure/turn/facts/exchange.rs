//! What one exchange shows by itself, whatever else was asked.

use std::net::SocketAddr;

use crate::evidence::{Exchange, Integrity, Outcome, Reply, TurnReply};
use crate::wire::Algorithm;

/// Sends without an answer after which another way is tried meanwhile.
const UNANSWERED: u32 = 4;

/// Errors that no server signs: it may not know yet with which key (RFC 8489 sections 9.2.4 and 10).
pub(crate) const UNSIGNED_ERRORS: [u16; 4] = [300, 400, 401, 438];

/// The code of an error response.
pub(crate) fn error_code(exchange: &Exchange) -> Option<u16> {
    Some(exchange.reply()?.error.as_ref()?.code)
}

/// A success response of a TURN method, from whomever.
pub(crate) fn granted(exchange: &Exchange) -> Option<(&Reply, &TurnReply)> {
    let reply = exchange.reply().filter(|reply| reply.error.is_none())?;
    Some((reply, reply.turn.as_deref()?))
}

/// A success response that clients believe: one to a signed request has to be signed too (RFC 8489 section 9.2.5).
pub(crate) fn succeeded(exchange: &Exchange) -> Option<(&Reply, &TurnReply)> {
    granted(exchange).filter(|_| !is_unsigned(exchange))
}

/// A success response that is not signed as its request was: clients drop it.
pub(crate) fn is_unsigned(exchange: &Exchange) -> bool {
    let unsigned = |turn: &TurnReply| matches!(turn.integrity, Integrity::Missing | Integrity::Wrong);
    exchange.request.auth().is_some() && granted(exchange).is_some_and(|(_, turn)| unsigned(turn))
}

/// A refusal that should be signed and is not at all: a box on the way may have sent it.
pub(crate) fn is_unsigned_refusal(exchange: &Exchange) -> bool {
    let missing = |reply: &Reply| reply.turn.as_ref().is_some_and(|turn| turn.integrity == Integrity::Missing);
    exchange.request.auth().is_some()
        && error_code(exchange).is_some_and(|code| !UNSIGNED_ERRORS.contains(&code))
        && exchange.reply().is_some_and(missing)
}

/// Whether the credentials may be what was refused: 401, and from pion and its kin 400.
pub(crate) fn may_refuse_login(exchange: &Exchange) -> bool {
    matches!(error_code(exchange), Some(400 | 401))
}

/// Whether the server called the nonce stale and gave one.
pub(crate) fn is_stale(exchange: &Exchange) -> bool {
    error_code(exchange) == Some(438) && turn(exchange).is_some_and(|turn| turn.nonce)
}

/// Whether the server called the nonce stale and gave another; with the same once more nothing would change.
pub(crate) fn has_new_nonce(exchange: &Exchange) -> bool {
    is_stale(exchange) && turn(exchange).is_some_and(|turn| turn.nonce_renewed)
}

/// What the response says beyond plain STUN.
pub(crate) fn turn(exchange: &Exchange) -> Option<&TurnReply> {
    exchange.reply()?.turn.as_deref()
}

/// Whether a challenge offers SHA-256 beside MD5.
pub(crate) fn offers_sha256(challenge: &TurnReply) -> bool {
    challenge.algorithms.as_ref().is_some_and(|offered| offered.contains(&Algorithm::Sha256))
}

/// Whether it was sent often enough without an answer to try something else meanwhile.
pub(crate) fn is_quiet(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Pending => is_often_sent(exchange),
        Outcome::Silence { .. } => true,
        _ => false,
    }
}

/// Whether it was sent so often that an answer should have come.
pub(crate) fn is_often_sent(exchange: &Exchange) -> bool {
    exchange.sends >= UNANSWERED
}

/// Whether the end of the run cut it short: it proves nothing.
pub(crate) fn is_cut_short(exchange: &Exchange) -> bool {
    matches!(exchange.outcome, Outcome::Abandoned { .. })
}

/// Whether the server may have done what was asked, though nobody heard of it.
pub(crate) fn is_unknown(exchange: &Exchange) -> bool {
    exchange.sends > 0 && matches!(exchange.outcome, Outcome::Abandoned { .. } | Outcome::Silence { .. })
}

/// Where our own request came from when it arrived on another of our sockets.
pub(crate) fn looped_from(exchange: &Exchange) -> Option<SocketAddr> {
    match exchange.outcome {
        Outcome::Looped { source, .. } => Some(source),
        _ => None,
    }
}

/// How long our own request took to another of our sockets.
pub(crate) fn looped_ms(exchange: &Exchange) -> Option<f64> {
    match exchange.outcome {
        Outcome::Looped { rtt_ms, .. } => Some(rtt_ms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{Scene, auth};

    fn error(code: u16, integrity: Integrity, signed: bool) -> Exchange {
        let mut exchange = Scene::exchange("turn/0/udp/ipv4/a/login");
        Scene::sign(&mut exchange, signed.then(auth));
        Scene::answer(&mut exchange, |reply| {
            reply.error = Some(crate::evidence::ErrorReply { code, reason: String::new() });
            reply.turn = Some(Box::new(TurnReply { integrity, nonce: true, ..TurnReply::default() }));
        });
        exchange
    }

    #[test]
    fn a_refusal_must_be_signed_unless_the_server_cannot_know_the_key() {
        assert!(is_unsigned_refusal(&error(486, Integrity::Missing, true)));
        assert!(!is_unsigned_refusal(&error(486, Integrity::Valid, true)));
        assert!(!is_unsigned_refusal(&error(486, Integrity::Missing, false)), "no key was used");
        for code in UNSIGNED_ERRORS {
            assert!(!is_unsigned_refusal(&error(code, Integrity::Missing, true)), "{code}");
        }
    }

    #[test]
    fn a_success_is_believed_if_it_is_signed_as_its_request_was() {
        let success = |integrity, signed: bool| {
            let mut exchange = error(0, integrity, signed);
            Scene::answer(&mut exchange, |reply| reply.error = None);
            exchange
        };
        assert!(succeeded(&success(Integrity::Valid, true)).is_some());
        assert!(succeeded(&success(Integrity::Unchecked, false)).is_some());
        for integrity in [Integrity::Missing, Integrity::Wrong] {
            let forged = success(integrity, true);
            assert!(succeeded(&forged).is_none() && granted(&forged).is_some() && is_unsigned(&forged));
        }
    }

    #[test]
    fn a_stale_nonce_is_worth_another_try_only_if_another_came() {
        let mut stale = error(438, Integrity::Missing, true);
        assert!(is_stale(&stale) && !has_new_nonce(&stale));
        Scene::answer(&mut stale, |reply| reply.turn.as_mut().expect("a TURN reply").nonce_renewed = true);
        assert!(has_new_nonce(&stale));
    }

    #[test]
    fn what_was_never_sent_did_nothing() {
        let mut exchange = Scene::exchange("turn/0/udp/ipv4/a/login");
        exchange.outcome = Outcome::Abandoned { waited_ms: 5.0 };
        assert!(is_unknown(&exchange) && is_cut_short(&exchange));
        exchange.sends = 0;
        assert!(!is_unknown(&exchange));
    }
}
