//! What the credentials tell without the network: time-limited user names (STANDARDS 4.9) and the secret they are made with.

use crate::measure::turn::facts::software::{Setting, Software};
use crate::measure::turn::finding::{Diagnosis, StepName, StepResult, StepStatus};
use crate::measure::turn::{DiagnosisCode, Entry, TurnOptions};
use crate::wire::{Form, Look, Making, Remark, RemarkCode, RestName};

/// Everything wrong with the credentials of an entry, the likeliest cause of a refusal first.
pub(super) fn check(entry: &Entry, options: &TurnOptions) -> Vec<Remark> {
    let mismatch = mismatch(entry, Software::Unknown);
    let encoding = mismatch.as_ref().is_some_and(|found| found.code == DiagnosisCode::PasswordEncoding);
    let found = [
        (RemarkCode::CredentialsExpired, expired(entry, options)),
        (RemarkCode::UsernameReversed, reversed(entry)),
        (RemarkCode::ExpiryInMilliseconds, milliseconds(entry)),
        (if encoding { RemarkCode::PasswordEncoding } else { RemarkCode::SecretMismatch }, mismatch),
    ];
    let remark = |(code, found): (RemarkCode, Option<Diagnosis>)| {
        found.map(|found| Remark { code, error: false, text: found.text, fix: found.fix })
    };
    let mut remarks: Vec<Remark> = found.into_iter().filter_map(remark).collect();
    remarks.extend(entry.mistakes.iter().cloned());
    remarks
}

/// Why a server that refused these credentials did so, where they show it themselves; what is proven first, then what is likely.
pub(super) fn explain_refusal(entry: &Entry, options: &TurnOptions, software: Software) -> Option<Diagnosis> {
    likely(entry, options, software).or_else(|| unlike(entry))
}

/// The same as far as it can be told before a server was asked.
fn likely(entry: &Entry, options: &TurnOptions, software: Software) -> Option<Diagnosis> {
    let proven = mismatch(entry, software).or_else(|| reversed(entry));
    proven.or_else(|| expired(entry, options)).or_else(|| milliseconds(entry))
}

/// The same as the first step of the ladder; `None` without credentials.
pub(super) fn step(entry: &Entry, options: &TurnOptions) -> Option<StepResult> {
    entry.login.as_ref()?;
    let (status, detail) = match (likely(entry, options, Software::Unknown), age_s(entry, options)) {
        (Some(found), _) => (StepStatus::Failed, found.text),
        (None, Some(age)) => (StepStatus::Ok, format!("valid for {} by this host's clock", span(-age))),
        (None, None) => (StepStatus::Ok, "given, not time-limited".to_owned()),
    };
    Some(StepResult { name: StepName::Credentials, status, duration_ms: None, detail, because: Vec::new() })
}

/// Seconds since the user name's time was over; negative while it is not.
pub(super) fn age_s(entry: &Entry, options: &TurnOptions) -> Option<i64> {
    let expiry = RestName::parse(&entry.login.as_ref()?.username).expiry_unix_s()?;
    Some(options.now_unix_s.saturating_sub(expiry))
}

fn found(code: DiagnosisCode, text: impl Into<String>, fix: &str) -> Diagnosis {
    Diagnosis::new(code, text, fix)
}

fn expired(entry: &Entry, options: &TurnOptions) -> Option<Diagnosis> {
    let age = age_s(entry, options).filter(|age| *age > 0)?;
    let text = format!("the user name was valid until {} ago, by this host's clock", span(age));
    Some(found(DiagnosisCode::CredentialsExpired, text, "get new credentials from the application that issues them"))
}

fn reversed(entry: &Entry) -> Option<Diagnosis> {
    let RestName::Reversed { .. } = RestName::parse(&entry.login.as_ref()?.username) else { return None };
    let text = "the user name has its time at the end (user:expiry); most servers want expiry:user".to_owned();
    Some(found(
        DiagnosisCode::UsernameReversed,
        text,
        "issue user names as expiry:user, the expiry in seconds since 1970",
    ))
}

fn milliseconds(entry: &Entry) -> Option<Diagnosis> {
    let RestName::Milliseconds { .. } = RestName::parse(&entry.login.as_ref()?.username) else { return None };
    let text = "the time in the user name is in milliseconds; servers want seconds".to_owned();
    Some(found(DiagnosisCode::ExpiryInMilliseconds, text, "issue user names with the expiry in seconds since 1970"))
}

fn mismatch(entry: &Entry, software: Software) -> Option<Diagnosis> {
    let login = entry.login.as_ref()?;
    (login.matches_secret == Some(false)).then_some(())?;
    let otherwise = |text: String| Some(found(DiagnosisCode::PasswordEncoding, format!("{text}; {MADE_SO}"), MAKE_SO));
    let text = match login.made {
        Some(Making::Form(form)) => return otherwise(format!("the password is {form}, of this user name and secret")),
        Some(Making::SecretItself) => return otherwise("the password is the secret itself".to_owned()),
        Some(Making::SecretWithNewline) => "the password was made with a newline at the end of the secret",
        Some(Making::SecretDecoded) => {
            "the password was made with the bytes that the secret is the text of; servers take the text as it stands"
        }
        Some(Making::PartOfTheName) => {
            "the password was made of a part of the user name; servers sign the whole of it, expiry and colon included"
        }
        None => "the password is not the HMAC-SHA1 of the user name under the secret given",
    };
    let todo = "compare the secret of the issuer with the server's; look for a newline at its end";
    Some(found(DiagnosisCode::SecretMismatch, text, &software.cure(todo, &[Setting::Secret])))
}

/// The password of a time-limited user name that does not look as such passwords do. It proves nothing: anybody may be called like that.
fn unlike(entry: &Entry) -> Option<Diagnosis> {
    let login = entry.login.as_ref()?;
    let RestName::Expiry { .. } = RestName::parse(&login.username) else { return None };
    let text = match login.look? {
        Look::Hmac(Form::RIGHT) => return None,
        Look::Hmac(form) => format!("the user name is time-limited, and the password looks like {form}"),
        Look::Other => {
            "the user name is time-limited, and the password is the text of no HMAC: it may be the secret itself".into()
        }
    };
    Some(found(DiagnosisCode::PasswordEncoding, format!("{text}; {MADE_SO}"), MAKE_SO))
}

const MADE_SO: &str = "servers take the base64 of an HMAC-SHA1, 28 characters with = at the end";
const MAKE_SO: &str =
    "make the password as base64(HMAC-SHA1(secret, user name)), neither in hexadecimal nor with another hash";

/// A time span in its two largest units.
fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (1.., ..) => format!("{days} d {hours} h"),
        (0, 1.., _) => format!("{hours} h {minutes} min"),
        (0, 0, 1..) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::Login;

    fn codes(username: &str, matches_secret: Option<bool>) -> Vec<String> {
        let login = Login { username: username.to_owned(), matches_secret, ..Login::default() };
        let entry = Entry { login: Some(login), ..Entry::default() };
        let options = TurnOptions { now_unix_s: 1_700_000_000, ..TurnOptions::default() };
        check(&entry, &options).into_iter().map(|remark| remark.code.to_string()).collect()
    }

    #[test]
    fn time_limited_names_tell_what_is_wrong_with_them() {
        assert_eq!(codes("alice", None), [""; 0]);
        assert_eq!(codes("1700003600:alice", Some(true)), [""; 0]);
        assert_eq!(codes("1699990000:alice", None), ["credentials-expired"]);
        assert_eq!(codes("alice:1700003600", None), ["username-reversed"]);
        assert_eq!(codes("1700003600000:alice", None), ["expiry-in-milliseconds"]);
        assert_eq!(codes("1700003600:alice", Some(false)), ["secret-mismatch"]);
    }

    #[test]
    fn spans_have_two_units() {
        assert_eq!([5, 65, 3_700, 90_000].map(span), ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }
}
