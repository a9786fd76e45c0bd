//! The credentials are not taken: servers do not say why, and much of it can be told all the same.

use super::table::Refused;
use crate::evidence::ErrorReply;
use crate::evidence::key::{SocketRole, SocketStep, TurnStep};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::exchange::{error_code, granted, turn};
use crate::measure::turn::facts::software::{Setting, Software};
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::TurnVerdict;
use crate::measure::turn::judge::cause::{Cause, failed};
use crate::measure::turn::judge::credentials;
use crate::wire::{RestName, escape};

/// Allocate with other credentials than the entry's as they were typed.
const LATE: TurnStep = TurnStep::On(SocketRole::LaterExpiry, SocketStep::Login);
const SHA256: TurnStep = TurnStep::On(SocketRole::Sha256, SocketStep::Login);
const NORMALIZED: TurnStep = TurnStep::On(SocketRole::NormalizedPassword, SocketStep::Login);

/// Why, as far as the credentials themselves, the clock and other credentials tell.
pub(super) fn denied(target: &Target, refused: &Refused, error: &ErrorReply) -> Cause {
    let software = refused.software;
    // An expiry that has passed by this clock too needs no other explanation.
    let over = credentials::age_s(target.entry, target.options).is_some_and(|age| age > 0);
    // Whoever refuses for another reason than the first time has taken them.
    let late = target.code(LATE);
    let taken = late.is_some_and(|code| code != refused.number && !matches!(code, 400 | 401 | 438 | 500));
    if (taken || went_well(target, LATE)) && !over {
        let text = "credentials with a later expiry are taken: the server's clock is ahead of this host's";
        return failed(Code::ClockSkew, text, "set the clocks of server and issuer (NTP)");
    }
    let sha256 = target.code(SHA256);
    if went_well(target, SHA256)
        || sha256.is_some_and(|code| code != refused.number && !matches!(code, 400 | 401 | 438 | 500))
    {
        let text = "the server takes these credentials signed with SHA-256 (RFC 8489), and not with MD5 and SHA-1, as browsers sign";
        let fix = "let the server take MD5 too, or use clients that know SHA-256";
        return failed(Code::Sha256Only, text, fix);
    }
    let nfkc = target.last(NORMALIZED).filter(|last| !last.silent());
    if nfkc.is_some_and(|last| error_code(last).is_none_or(|code| code == 486)) {
        let text = "the server takes the password only in another form of its letters (NFKC), in which browsers do not send it";
        return failed(Code::UnknownUserOrPassword, text, "use a password of plain ASCII characters");
    }
    if let Some(found) = credentials::explain_refusal(target.entry, target.options, software) {
        return (TurnVerdict::Failed, found);
    }
    let made = target.entry.login.as_ref().is_some_and(|login| login.matches_secret == Some(true));
    if made && software == Software::Ejabberd && !is_ejabberds(target) {
        let text = "ejabberd takes with its secret only user names that it makes itself: EXPIRY: and 16 hexadecimal digits, of the \
                    user's JID and of the realm";
        let fix = "have ejabberd give the credentials (XEP-0215, mod_stun_disco), and test with those";
        return failed(Code::UsernameRefused, text, fix);
    }
    if made && late == Some(refused.number) {
        let text = "the server does not take credentials made with this secret, whenever they expire";
        let todo = "compare the secret with the server's, look for a newline at its end, and that the server uses one";
        return failed(Code::SecretMismatch, text, &software.cure(todo, &[Setting::Secret]));
    }
    let turn = target.find((SocketRole::First, SocketStep::Allocate)).and_then(turn);
    let realm = escape(turn.and_then(|turn| turn.realm.as_deref()).unwrap_or_default());
    // Most servers say 401, which whoever knows TURN expects.
    let said = if refused.number == 401 { String::new() } else { format!(" ({error})") };
    let issuer = turn.and_then(|turn| turn.third_party_authorization.as_deref());
    let tokens = issuer.map(|issuer| {
        let issuer = escape(issuer);
        format!("; it also takes tokens of {issuer} (OAuth, RFC 7635), which are not supported, and perhaps only those")
    });
    let text = format!(
        "the server does not take these credentials in its realm \"{realm}\"{said}: it does not say whether the user or the password \
         is wrong{}",
        tokens.unwrap_or_default()
    );
    let todo = "check both, and at the server that the user is there for this realm";
    failed(Code::UnknownUserOrPassword, text, &software.cure(todo, &[setting(target)]))
}

/// Whether the user name is one that ejabberd's own module makes.
fn is_ejabberds(target: &Target) -> bool {
    let username = target.entry.login.as_ref().map_or("", |login| login.username.as_str());
    let RestName::Expiry { user, .. } = RestName::parse(username) else { return false };
    user.len() == 16 && user.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Where the server looks for such a user.
fn setting(target: &Target) -> Setting {
    let username = target.entry.login.as_ref().map_or("", |login| login.username.as_str());
    match RestName::parse(username) {
        RestName::NotRest => Setting::Users,
        _ => Setting::Secret,
    }
}

/// Whether the last attempt at a step was granted, signed or not: a server that refuses what it does not take has taken this.
fn went_well(target: &Target, step: TurnStep) -> bool {
    target.last(step).is_some_and(|exchange| granted(exchange).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::{RELAYED, Scene};
    use crate::measure::turn::judge::refusal::judge;

    /// A login that was refused, and what else was tried.
    fn code(more: impl FnOnce(&mut Scene)) -> Code {
        let mut scene = Scene::udp();
        scene.challenged("a", "example.org");
        scene.refused("a/login", 401);
        more(&mut scene);
        judge(&scene.target()).expect("it was refused").1.code
    }

    #[test]
    fn a_refused_login_alone_tells_neither_user_nor_password() {
        assert_eq!(code(|_| ()), Code::UnknownUserOrPassword);
    }

    #[test]
    fn what_is_taken_otherwise_tells_why_it_was_refused() {
        let granted = |step: &'static str| {
            code(|scene| {
                scene.granted(step, RELAYED);
            })
        };
        assert_eq!(granted("late/login"), Code::ClockSkew);
        assert_eq!(granted("sha-256/login"), Code::Sha256Only);
        assert_eq!(granted("nfkc/login"), Code::UnknownUserOrPassword);
    }

    #[test]
    fn who_refuses_for_another_reason_has_taken_the_credentials() {
        let refused = |step: &'static str, number| {
            code(|scene| {
                scene.refused(step, number);
            })
        };
        assert_eq!(refused("late/login", 486), Code::ClockSkew);
        assert_eq!(refused("late/login", 401), Code::UnknownUserOrPassword);
        assert_eq!(refused("sha-256/login", 486), Code::Sha256Only);
        assert_eq!(refused("sha-256/login", 500), Code::UnknownUserOrPassword, "an error of its own says nothing");
    }

    #[test]
    fn an_expiry_that_has_passed_needs_no_other_explanation() {
        let found = code(|scene| {
            scene.granted("late/login", RELAYED);
            scene.options.now_unix_s = 1_700_000_000;
            let login = scene.options.entries[0].login.as_mut().expect("a login");
            login.username = "1699990000:alice".to_owned();
        });
        assert_eq!(found, Code::CredentialsExpired);
    }
}
