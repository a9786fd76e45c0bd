//! A command to copy: what shows more of a cause, goes round it, or sees whether it is gone.

use crate::measure::turn::{DiagnosisCode as Code, Entry};

/// The command, with what is to be filled in in capitals; `None` where none helps.
pub(crate) fn to_copy(code: Code, entry: &Entry) -> Option<String> {
    let (login, more) = match code {
        Code::Ok
        | Code::InvalidEntry
        | Code::NameNotFound
        | Code::NameFiltered
        | Code::ResolverFailed
        | Code::LocalSocket
        | Code::FamilyUnavailable
        | Code::DtlsNotBuilt
        | Code::OauthOnly
        | Code::BrowserRejects
        | Code::BrowserPort
        | Code::TlsIntercepted
        | Code::OneFamilyFails
        | Code::Unknown => return None,
        Code::NoAnswer | Code::ConnectionRefused | Code::UdpBlockedUseTcp | Code::AnswersFromElsewhere => {
            (USER, " --transport udp,tcp,tls")
        }
        Code::TlsExpected => (USER, " --transport tls"),
        Code::PlainExpected => (USER, " --transport tcp"),
        Code::TlsNameMismatch => (USER, " --server-name NAME"),
        Code::TlsUntrusted => (USER, " --ca FILE"),
        Code::TlsExpired => (USER, " --insecure"),
        Code::CredentialsExpired
        | Code::UsernameReversed
        | Code::ExpiryInMilliseconds
        | Code::PasswordEncoding
        | Code::SecretMismatch => (MADE, ""),
        Code::ClockSkew => (MADE, " --ttl 24h"),
        Code::RelayLossy | Code::PathLossy => (USER, " --count 200"),
        Code::AllocationLost | Code::ShortLifetime => (USER, " --duration 10m"),
        Code::Undetermined | Code::TestedFromInside => (USER, " --server HOST --deadline 1m"),
        _ => (USER, ""),
    };
    if !entry.place.is_empty() && login == USER {
        return Some(format!("nat-probe turn --ice-servers FILE{more}"));
    }
    let login = if login == USER && entry.login.is_none() && code != Code::CredentialsNeeded { "" } else { login };
    Some(format!("nat-probe turn {}{login}{more}", uri(&entry.uri)))
}

/// Who asks, by name: the password is asked for.
const USER: &str = " -u USER";

/// Credentials made anew from the secret shared with the server.
const MADE: &str = " --secret-file FILE --rest-user USER";

/// The URI as a shell takes it; one with anything unusual in it is not repeated.
fn uri(uri: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    if !uri.is_empty() && uri.bytes().all(plain) && !uri.starts_with('-') {
        uri.to_owned()
    } else if !uri.is_empty() && uri.bytes().all(|byte| plain(byte) || b"?=[]".contains(&byte)) {
        format!("'{uri}'")
    } else {
        "turn:HOST".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::Login;

    fn entry(uri: &str) -> Entry {
        let login = Some(Login { username: "alice".to_owned(), ..Login::default() });
        Entry { uri: uri.to_owned(), login, ..Entry::default() }
    }

    #[test]
    fn it_can_be_copied() {
        let told = |code, uri| to_copy(code, &entry(uri)).unwrap();
        assert_eq!(told(Code::RelayLossy, "turn:h"), "nat-probe turn turn:h -u USER --count 200");
        assert_eq!(told(Code::RelayDead, "turn:h?transport=tcp"), "nat-probe turn 'turn:h?transport=tcp' -u USER");
        assert_eq!(told(Code::RelayDead, "turn:$(rm)'"), "nat-probe turn turn:HOST -u USER");
        assert_eq!(told(Code::SecretMismatch, "turn:h"), "nat-probe turn turn:h --secret-file FILE --rest-user USER");
        let placed = Entry { place: "iceServers[0]".to_owned(), ..entry("turn:h") };
        assert_eq!(to_copy(Code::RelayDead, &placed).unwrap(), "nat-probe turn --ice-servers FILE");
        assert_eq!(to_copy(Code::Ok, &placed), None);
    }
}
