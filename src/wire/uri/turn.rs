//! TURN servers as people write them: `turn:` and `turns:` URIs (RFC 7065), `host` and `host:port`.

use super::rules::understand;
use crate::wire::{ServerSpec, Service, Transport, UriError};

impl ServerSpec {
    /// Understands a TURN server as people write it, and the transport that a URI means: UDP for `turn:` and TLS for `turns:` where it
    /// does not say, as in browsers. A plain host means none.
    ///
    /// By hand, because a TURN URI is not hierarchical and generic parsers must not be used for it (RFC 7065 section 3.1).
    ///
    /// # Errors
    /// When the text names no TURN server; the error says why and what to try.
    pub fn parse_turn(text: &str) -> Result<(Self, Option<Transport>), UriError> {
        let text = text.trim();
        understand(text, Service::Turn).map_err(|problem| UriError::new(text, Service::Turn, problem))
    }

    /// Whether a URI names its transport, so that DNS is not asked which one to use (RFC 5928 section 3).
    #[must_use]
    pub fn names_transport(&self) -> bool {
        self.uri && self.text.contains('?')
    }

    /// What follows host and port: the transport where it is not the one that is meant anyway.
    pub(super) fn query(&self) -> &'static str {
        let meant = self.transports.as_deref().filter(|_| self.uri && self.service == Service::Turn);
        match meant {
            Some([Transport::Tcp]) if !self.secure => "?transport=tcp",
            Some([Transport::Dtls]) if self.secure => "?transport=udp",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Host;

    fn parsed(text: &str) -> (Host, Option<u16>, bool, bool, Option<Transport>) {
        let (spec, transport) = ServerSpec::parse_turn(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(spec.text, text.trim());
        assert_eq!(spec.service, Service::Turn);
        assert_eq!(spec.transports, transport.map(|transport| vec![transport]));
        (spec.host, spec.port, spec.uri, spec.secure, transport)
    }

    fn name(text: &str) -> Host {
        Host::Name(text.into())
    }

    fn address(text: &str) -> Host {
        Host::Address(text.parse().unwrap())
    }

    #[test]
    fn every_way_to_write_a_turn_server() {
        use Transport::{Dtls, Tcp, Tls, Udp};
        let host = || name("turn.example.org");
        for (text, expected) in [
            ("turn.example.org", (host(), None, false, false, None)),
            (" turn.example.org:3479 ", (host(), Some(3479), false, false, None)),
            ("[2001:db8::1]:3478", (address("2001:db8::1"), Some(3478), false, false, None)),
            ("2001:db8::1", (address("2001:db8::1"), None, false, false, None)),
            ("turn:turn.example.org", (host(), None, true, false, Some(Udp))),
            ("turn:turn.example.org?transport=udp", (host(), None, true, false, Some(Udp))),
            ("TURN:turn.example.org:80?Transport=TCP", (host(), Some(80), true, false, Some(Tcp))),
            ("turn:[2001:db8::1]?transport=tcp", (address("2001:db8::1"), None, true, false, Some(Tcp))),
            ("turns:turn.example.org", (host(), None, true, true, Some(Tls))),
            ("turns:turn.example.org:443?transport=tcp", (host(), Some(443), true, true, Some(Tls))),
            ("turns:turn.example.org?transport=udp", (host(), None, true, true, Some(Dtls))),
            ("turns:192.0.2.1", (address("192.0.2.1"), None, true, true, Some(Tls))),
            ("turns:[2001:db8::1]:5349", (address("2001:db8::1"), Some(5349), true, true, Some(Tls))),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_what_to_try() {
        for (text, words) in [
            ("", "it is empty"),
            ("turn:", "it has no host; an example is turn:turn.example.org"),
            ("turns::5349", "it has no host"),
            ("turn:?transport=udp", "it has no host"),
            ("stun:turn.example.org:3478", "STUN relays nothing; write turn:turn.example.org:3478"),
            ("stuns:turn.example.org", "write turns:turn.example.org"),
            ("https://turn.example.org/path", "scheme https; write turn:turn.example.org"),
            ("turn://turn.example.org:80", "has no \"//\" (RFC 7065); write turn:turn.example.org:80"),
            ("turn:alice@turn.example.org", "(RFC 7065): they are given apart; write turn:turn.example.org"),
            ("alice@turn.example.org", "they are given apart; write turn.example.org"),
            ("turn:turn.example.org/?transport=udp", "has no path; write turn:turn.example.org?transport=udp"),
            ("turn:turn.example.org#a", "has no path; write turn:turn.example.org"),
            ("turn.example.org?transport=tcp", "write turn:turn.example.org?transport=tcp"),
            ("turn:turn.example.org?transport=tls", "write turns:turn.example.org"),
            ("turn:turn.example.org?transport=dtls", "write turns:turn.example.org?transport=udp"),
            ("turns:turn.example.org?transport=sctp", "not a transport, and udp or tcp may follow; write turns:"),
            ("turn:turn.example.org?transport=", "no transport follows"),
            ("turn:turn.example.org?proto=udp", "may follow the server (RFC 7065); write turn:turn.example.org"),
            ("turn:turn.example.org?transport=udp&ttl=1", "not a transport"),
            ("turn:turn.example.org:0", "there is no port 0"),
            ("turn:turn.example.org:x", "is not a port"),
            ("turn:3478", "\"3478\" is a number, and no host stands before it"),
            ("turn:turn.example.org turn:b", "U+0020"),
            ("turn:[::1", "the bracket is not closed"),
            ("turn:b\u{fc}cher.example/", "write turn:xn--bcher-kva.example"),
            ("turn:192.0.2.1:443:443", "it has two ports, 443 and 443; write turn:192.0.2.1:443"),
            ("turns:[::1]:443:80?transport=tcp", "two ports, 443 and 80; write turns:[::1]:443"),
            ("turn:192.0.2.1:3478:udp", "something else follows the port; write turn:192.0.2.1:3478"),
            (
                "turn:2001:db8:1::1:443?transport=udp",
                "write turn:[2001:db8:1::1]:443?transport=udp or turn:[2001:db8:1::1:443]?transport=udp",
            ),
            (
                "turn:turn:turn.example.org",
                "one scheme follows another, and a URI has one; write turn:turn.example.org",
            ),
            ("turn:https://h", "write turn:h"),
        ] {
            let problem = ServerSpec::parse_turn(text).expect_err(text).to_string();
            assert!(problem.contains(words), "{text}: {problem}");
            assert!(problem.contains("is not a TURN server: "), "{problem}");
        }
    }

    #[test]
    fn no_error_repeats_a_password() {
        for text in ["turn:alice:hunter2@turn.example.org", "alice:hunter2@turn.example.org", "turn://alice:hunter2@b"]
        {
            for error in [ServerSpec::parse_turn(text).unwrap_err(), ServerSpec::parse(text).unwrap_err()] {
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            }
        }
    }

    #[test]
    fn what_is_displayed_means_the_same() {
        for text in [
            "a.example",
            "a.example:1",
            "::1",
            "turn:[::1]:1",
            "turn:a.example",
            "turn:a.example:80?transport=tcp",
            "turns:a.example",
            "turns:[::1]:443?transport=udp",
        ] {
            let (spec, transport) = ServerSpec::parse_turn(text).unwrap();
            assert_eq!(spec.to_string(), text);
            assert_eq!((spec, transport), ServerSpec::parse_turn(text).unwrap());
        }
        let (spec, _) = ServerSpec::parse_turn("turns:a.example?transport=tcp").unwrap();
        assert_eq!(spec.to_string(), "turns:a.example");
    }

    #[test]
    fn default_ports_follow_scheme_and_transport() {
        let port = |text, transport| ServerSpec::parse_turn(text).unwrap().0.default_port(transport);
        assert_eq!(port("turn:a.example", Transport::Udp), 3478);
        assert_eq!(port("turn:a.example?transport=tcp", Transport::Tcp), 3478);
        assert_eq!(port("turns:a.example", Transport::Tls), 5349);
        assert_eq!(port("turns:a.example?transport=udp", Transport::Dtls), 5349);
        assert_eq!(port("a.example", Transport::Dtls), 5349);
    }
}
