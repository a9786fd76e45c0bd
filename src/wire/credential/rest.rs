//! Time-limited credentials (draft-uberti-rtcweb-turn-rest-00, coturn's `use-auth-secret`): the user name tells when they expire, and
//! the password is a signature of the user name with a secret that only the servers know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::hmac::hmac_sha1;
use crate::wire::{Credential, Secret};

/// What a user name says of its expiry.
///
/// Any name may consist of digits: 9 to 11 of them, beginning with the year 1973, are taken for seconds and 12 to 14 for milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestName {
    /// `EXPIRY:USER` or `EXPIRY`, as it should be.
    Expiry {
        /// When it expires, in seconds since 1970.
        unix_s: i64,
        /// What follows the first colon; empty if nothing does.
        user: String,
    },
    /// `USER:EXPIRY`: the wrong way round, which coturn understands and others do not.
    Reversed {
        /// When it expires, in seconds since 1970.
        unix_s: i64,
        /// What is in front of the last colon.
        user: String,
    },
    /// The expiry is in milliseconds, on either side: JavaScript's `Date.now()` taken as it is.
    Milliseconds {
        /// When it was to expire, in milliseconds since 1970.
        unix_ms: i64,
        /// The other side.
        user: String,
    },
    /// A name like any other.
    NotRest,
}

impl RestName {
    /// Understands a user name.
    #[must_use]
    pub fn parse(username: &str) -> Self {
        let (first, rest) = username.split_once(':').unwrap_or((username, ""));
        match time(first) {
            Some(Time::S(unix_s)) => return Self::Expiry { unix_s, user: rest.into() },
            Some(Time::Ms(unix_ms)) => return Self::Milliseconds { unix_ms, user: rest.into() },
            None => {}
        }
        match username.rsplit_once(':').map(|(user, last)| (user.to_owned(), time(last))) {
            Some((user, Some(Time::S(unix_s)))) => Self::Reversed { unix_s, user },
            Some((user, Some(Time::Ms(unix_ms)))) => Self::Milliseconds { unix_ms, user },
            _ => Self::NotRest,
        }
    }

    /// When it expires, in seconds since 1970, as whoever made it meant it.
    #[must_use]
    pub fn expiry_unix_s(&self) -> Option<i64> {
        match *self {
            Self::Expiry { unix_s, .. } | Self::Reversed { unix_s, .. } => Some(unix_s),
            Self::Milliseconds { unix_ms, .. } => Some(unix_ms / 1000),
            Self::NotRest => None,
        }
    }
}

enum Time {
    S(i64),
    Ms(i64),
}

fn time(text: &str) -> Option<Time> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    match text.len() {
        9..=11 => Some(Time::S(number)),
        12..=14 => Some(Time::Ms(number)),
        _ => None,
    }
}

/// A user name that expires then, and its password.
#[must_use]
pub fn make(secret: &Secret, user: Option<&str>, expiry_unix_s: i64) -> Credential {
    let username = match user {
        Some(user) => format!("{expiry_unix_s}:{user}"),
        None => expiry_unix_s.to_string(),
    };
    let password = password(secret, &username);
    Credential { username, password }
}

/// Whether the password is the one that this secret makes of the user name.
#[must_use]
pub fn matches(secret: &Secret, username: &str, password: &Secret) -> bool {
    self::password(secret, username) == *password
}

/// The base64 text itself is the password, and the secret is taken as typed: neither is decoded.
fn password(secret: &Secret, username: &str) -> Secret {
    Secret::new(STANDARD.encode(hmac_sha1(secret.expose().as_bytes(), username.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Algorithm, Key, PasswordForm};

    #[test]
    fn the_password_signs_the_name() {
        let secret = Secret::new("north");
        let credential = make(&secret, Some("alice"), 1_700_000_000);
        assert_eq!(credential.username, "1700000000:alice");
        assert_eq!(credential.password.expose(), "Cd/49soE35ICqcJF/bCTn8Z4OyE=");
        assert_eq!(make(&secret, None, 1_700_000_000).username, "1700000000");
        let key = Key::new(&credential, b"example.org", Algorithm::Md5, PasswordForm::AsTyped);
        assert!(key.is(0xd9a6_a3d9_6446_7bae_ffd2_fce4_1704_a913_u128.to_be_bytes()));
        assert!(matches(&secret, &credential.username, &credential.password));
        for (secret, username, password) in [
            ("north\n", "1700000000:alice", "Cd/49soE35ICqcJF/bCTn8Z4OyE="),
            ("north", "1700000001:alice", "Cd/49soE35ICqcJF/bCTn8Z4OyE="),
            ("north", "1700000000:alice", "Cd/49soE35ICqcJF/bCTn8Z4OyE"),
        ] {
            assert!(!matches(&Secret::new(secret), username, &Secret::new(password)), "{secret:?} {username}");
        }
    }

    #[test]
    fn names_tell_their_expiry_and_what_is_wrong_with_them() {
        let unix_s = 1_700_000_000;
        let user = || "alice".to_owned();
        for (name, expected) in [
            ("1700000000:alice", RestName::Expiry { unix_s, user: user() }),
            ("1700000000", RestName::Expiry { unix_s, user: String::new() }),
            ("1700000000:", RestName::Expiry { unix_s, user: String::new() }),
            ("1700000000:a:b", RestName::Expiry { unix_s, user: "a:b".into() }),
            ("1700000000:1800000000", RestName::Expiry { unix_s, user: "1800000000".into() }),
            ("alice:1700000000", RestName::Reversed { unix_s, user: user() }),
            ("7:1700000000", RestName::Reversed { unix_s, user: "7".into() }),
            ("a:b:1700000000", RestName::Reversed { unix_s, user: "a:b".into() }),
            ("1700000000000:alice", RestName::Milliseconds { unix_ms: 1_700_000_000_000, user: user() }),
            ("alice:1700000000000", RestName::Milliseconds { unix_ms: 1_700_000_000_000, user: user() }),
            ("1700000000000", RestName::Milliseconds { unix_ms: 1_700_000_000_000, user: String::new() }),
            ("", RestName::NotRest),
            (":", RestName::NotRest),
            ("alice", RestName::NotRest),
            ("12345678", RestName::NotRest),
            ("123456789012345:alice", RestName::NotRest),
            ("99999999999999999999999999:alice", RestName::NotRest),
            ("+1700000000:alice", RestName::NotRest),
            ("-170000000:alice", RestName::NotRest),
            ("1700000000.5:alice", RestName::NotRest),
            ("2026-11-24:alice", RestName::NotRest),
        ] {
            assert_eq!(RestName::parse(name), expected, "{name}");
        }
        assert_eq!(RestName::parse("alice:1700000000000").expiry_unix_s(), Some(unix_s));
        assert_eq!(RestName::parse("alice").expiry_unix_s(), None);
    }
}
