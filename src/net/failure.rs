//! Failures in words: operation, object, what the system said.

use std::io::{Error, ErrorKind};

use super::errno::{is_host_down, is_shortage, lacks_family, lacks_way};
use crate::evidence::{Failure, FailureCode};
use crate::wire::escape::escape;

/// A failure that nobody on the path claims.
pub(super) fn failure(code: FailureCode, text: impl Into<String>) -> Failure {
    Failure { code, text: text.into(), by: None }
}

/// The failure of an operation of the system.
pub(super) fn io_failure(operation: &str, error: &Error) -> Failure {
    failure(code(error), format!("{operation}: {}", message(error)))
}

/// The failure of sending by a socket that nothing on the path can have spoken to: some systems say of a host what others say of a network,
/// that nothing leads there.
pub(super) fn unsent(operation: &str, error: &Error) -> Failure {
    let failed = io_failure(operation, error);
    if lacks_way(error) { Failure { code: FailureCode::NetworkUnreachable, ..failed } } else { failed }
}

/// What the system said, without the number it has for it; where it has no words, the kind of the error.
#[must_use]
pub(crate) fn words(error: &Error) -> String {
    let text = error.to_string();
    match text.split_once(" (FormatMessageW()") {
        Some((number, _)) if error.kind().to_string().starts_with("uncategorized") => number.to_owned(),
        Some(_) => error.kind().to_string(),
        None => text.split(" (os error").next().unwrap_or(&text).to_owned(),
    }
}

/// The same, as far as it may stand in a report.
pub(super) fn message(error: &Error) -> String {
    printable(&words(error), 200)
}

/// The kind of a system error that sending or connecting met.
pub(super) fn code(error: &Error) -> FailureCode {
    match error.kind() {
        _ if is_shortage(error) => FailureCode::LocalShortage,
        ErrorKind::ConnectionRefused => FailureCode::ConnectionRefused,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => FailureCode::ConnectionClosed,
        ErrorKind::HostUnreachable => FailureCode::HostUnreachable,
        _ if is_host_down(error) => FailureCode::HostUnreachable,
        // An address that is not available is the answer where a family has a route and no address to send from.
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => {
            FailureCode::NetworkUnreachable
        }
        ErrorKind::PermissionDenied => FailureCode::Prohibited,
        ErrorKind::TimedOut => FailureCode::NoAnswer,
        _ if lacks_family(error) => FailureCode::NetworkUnreachable,
        _ => FailureCode::Other,
    }
}

/// Text that somebody else wrote, fit for a terminal and not endless.
pub(super) fn printable(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => escape(&text[..end]) + "...",
        None => escape(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn the_systems_number_is_left_out() {
        let refused = io_failure("send to 192.0.2.1:1", &Error::from_raw_os_error(nix::libc::ENETUNREACH));
        assert_eq!(refused, failure(FailureCode::NetworkUnreachable, "send to 192.0.2.1:1: Network is unreachable"));
    }

    #[test]
    #[cfg(unix)]
    fn a_way_that_this_host_lacks_is_no_host_that_is_off() {
        let code = |number| unsent("send", &Error::from_raw_os_error(number)).code;
        assert_eq!(code(nix::libc::ENETUNREACH), FailureCode::NetworkUnreachable);
        assert_eq!(code(nix::libc::EHOSTDOWN), FailureCode::HostUnreachable);
        // Linux says it of what an ICMP error told before, too.
        let told =
            if cfg!(target_os = "linux") { FailureCode::HostUnreachable } else { FailureCode::NetworkUnreachable };
        assert_eq!(code(nix::libc::EHOSTUNREACH), told);
    }

    #[test]
    #[cfg(unix)]
    fn a_local_firewall_prohibits() {
        for errno in [nix::libc::EPERM, nix::libc::EACCES] {
            assert_eq!(code(&Error::from_raw_os_error(errno)), FailureCode::Prohibited);
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_this_host_lacks_is_no_servers_fault() {
        for errno in [nix::libc::EMFILE, nix::libc::ENFILE, nix::libc::ENOBUFS, nix::libc::ENOMEM] {
            assert_eq!(code(&Error::from_raw_os_error(errno)), FailureCode::LocalShortage);
        }
    }

    #[test]
    fn escape_sequences_and_overlong_text_do_not_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c", 100), "a\\x1b[31mb\\u{202e}c");
        assert_eq!(printable(&"ü".repeat(50), 10), "üüüüüüüüüü...");
    }
}
