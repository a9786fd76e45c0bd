//! ICMP errors as answers: who said no, about which destination, and in which words.

use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::evidence::{Failure, FailureCode};

/// Somebody says that a packet goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Where the refused packet was sent.
    pub(super) destination: SocketAddr,
    pub(super) code: FailureCode,
    /// What was said, and by whom.
    pub(super) text: String,
    pub(super) by: Option<IpAddr>,
}

impl Refusal {
    /// As the failure of that operation towards the destination.
    pub(super) fn failure(self, operation: &str) -> Failure {
        let Self { destination, code, text, by } = self;
        Failure { code, text: format!("{operation} {destination}: {text}"), by }
    }
}

/// What an ICMP error means (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; for `IPv6` RFC 4443 section 3).
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has an error queue; the tests ask everywhere")
)]
pub(super) fn verdict(ipv6: bool, kind: u8, code: u8) -> (FailureCode, &'static str) {
    use FailureCode::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Other, Prohibited};
    if ipv6 {
        return match (kind, code) {
            (1, 0) => (NetworkUnreachable, "no route to destination"),
            (1, 1) => (Prohibited, "communication administratively prohibited"),
            (1, 2) => (HostUnreachable, "beyond scope of source address"),
            (1, 4) => (ConnectionRefused, "port unreachable"),
            // RFC 4443 section 3.1: codes 5 and 6 are more informative subsets of code 1.
            (1, 5) => (Prohibited, "source address failed ingress/egress policy"),
            (1, 6) => (Prohibited, "reject route to destination"),
            (1, _) => (HostUnreachable, "address unreachable"),
            (2, _) => (Other, "packet too big"),
            (3, _) => (HostUnreachable, "hop limit exceeded"),
            _ => (Other, "parameter problem"),
        };
    }
    match (kind, code) {
        (3, 0 | 6 | 11) => (NetworkUnreachable, "network unreachable"),
        (3, 2) => (ConnectionRefused, "protocol unreachable"),
        (3, 3) => (ConnectionRefused, "port unreachable"),
        (3, 4) => (Other, "fragmentation needed"),
        (3, 9 | 10 | 13) => (Prohibited, "communication administratively prohibited"),
        (3, _) => (HostUnreachable, "host unreachable"),
        (11, _) => (HostUnreachable, "time to live exceeded"),
        _ => (Other, "parameter problem"),
    }
}

/// Every entry there is, without waiting.
pub(super) fn drain<S>(socket: &S, mut take: impl FnMut(&S) -> io::Result<Refusal>, mut found: impl FnMut(Refusal)) {
    while let Ok(refusal) = take(socket) {
        found(refusal);
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::evidence::FailureCode::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Prohibited};

    #[test]
    fn a_closed_port_is_told_from_a_firewall_and_a_missing_route() {
        assert_eq!(verdict(false, 3, 3).0, ConnectionRefused);
        assert_eq!(verdict(true, 1, 4).0, ConnectionRefused);
        for code in [9, 10, 13] {
            assert_eq!(verdict(false, 3, code).0, Prohibited);
        }
        assert_eq!(verdict(true, 1, 1).0, Prohibited);
        assert_eq!(verdict(false, 3, 0).0, NetworkUnreachable);
        assert_eq!(verdict(true, 1, 0).0, NetworkUnreachable);
        assert_eq!(verdict(false, 3, 1).0, HostUnreachable);
        assert_eq!(verdict(true, 1, 3).0, HostUnreachable);
    }

    #[test]
    fn every_type_and_code_has_words() {
        for (ipv6, kind, code) in
            (0..=u8::MAX).flat_map(|kind| (0..=u8::MAX).map(move |code| (kind % 2 == 0, kind, code)))
        {
            assert!(!verdict(ipv6, kind, code).1.is_empty());
        }
    }
}
