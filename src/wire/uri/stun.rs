//! STUN servers as people write them: `host`, `host:port`, `[v6]:port`, `stun:` and `stuns:` URIs (RFC 7064).

use std::str::FromStr;

use super::rules::understand;
use crate::wire::{ServerSpec, Service, UriError};

impl ServerSpec {
    /// Understands a server as people write it.
    ///
    /// By hand, because a STUN URI is not hierarchical and generic parsers must not be used for it (RFC 7064 section 3.1).
    ///
    /// # Errors
    /// When the text names no STUN server; the error says why and what to try.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        let understood = understand(text, Service::Stun).map(|(spec, _)| spec);
        understood.map_err(|problem| UriError::new(text, Service::Stun, problem))
    }
}

impl FromStr for ServerSpec {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Host, Transport};

    fn parsed(text: &str) -> (Host, Option<u16>, bool, bool) {
        let spec = ServerSpec::parse(text).unwrap_or_else(|error| panic!("{error}"));
        (spec.host, spec.port, spec.uri, spec.secure)
    }

    fn name(text: &str) -> Host {
        Host::Name(text.into())
    }

    fn address(text: &str) -> Host {
        Host::Address(text.parse().unwrap())
    }

    fn problem(text: &str) -> String {
        ServerSpec::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn every_way_to_write_a_server() {
        assert_eq!(parsed("stun.example.org"), (name("stun.example.org"), None, false, false));
        assert_eq!(parsed(" stun.example.org:19302 "), (name("stun.example.org"), Some(19302), false, false));
        assert_eq!(parsed("192.0.2.1:3478"), (address("192.0.2.1"), Some(3478), false, false));
        assert_eq!(parsed("2001:db8::1"), (address("2001:db8::1"), None, false, false));
        assert_eq!(parsed("[2001:db8::1]"), (address("2001:db8::1"), None, false, false));
        assert_eq!(parsed("[2001:db8::1]:443"), (address("2001:db8::1"), Some(443), false, false));
        assert_eq!(parsed("stun:stun.example.org"), (name("stun.example.org"), None, true, false));
        assert_eq!(parsed("STUN:[::1]:3479"), (address("::1"), Some(3479), true, false));
        assert_eq!(parsed("stuns:stun.example.org:443"), (name("stun.example.org"), Some(443), true, true));
        assert_eq!(parsed("my_router.lan."), (name("my_router.lan."), None, false, false));
        assert_eq!(parsed("xn--bcher-kva.example"), (name("xn--bcher-kva.example"), None, false, false));
        assert_eq!(parsed("b\u{fc}cher.example:80"), (name("xn--bcher-kva.example"), Some(80), false, false));
    }

    #[test]
    fn mistakes_are_named_with_what_to_try() {
        for (text, words) in [
            ("", "it is empty"),
            ("stun://stun.example.org", "write stun:stun.example.org"),
            (
                "turn:turn.example.org?transport=udp",
                "TURN URI; most TURN servers answer STUN too; write stun:turn.example.org",
            ),
            ("turns:turn.example.org", "write stuns:turn.example.org"),
            ("https://stun.example.org", "scheme https; write stun:stun.example.org"),
            ("stun:stun.example.org?transport=tcp", "has no query"),
            ("stun:user@stun.example.org", "no user or password in its name (RFC 7064)"),
            ("stun.example.org/path", "has no path; write stun.example.org"),
            ("stun.example.org other", "contains the character U+0020"),
            ("stun.example.org:0", "there is no port 0; write stun.example.org"),
            ("stun.example.org:65536", "is not a port"),
            ("stun.example.org:", "no port follows the colon"),
            ("stun.example.org:+80", "is not a port"),
            (":3478", "it has no host"),
            ("stun:", "it has no host"),
            ("stun:3478", "\"3478\" is a number"),
            ("[]:3478", "is not an IPv6 address"),
            ("[::1", "the bracket is not closed"),
            ("[::1]3478", "write [::1]"),
            ("fe80::1%eth0", "address with a zone"),
            ("1:2:3", "it has two ports, 2 and 3"),
            ("256.1.1.1", "four numbers from 0 to 255"),
            ("a..example", "two dots in a row"),
            ("b\u{fc}cher\u{5d0}.example", "can be no part of an international name"),
            ("stun://b\u{fc}cher.example", "write stun:xn--bcher-kva.example"),
            ("a\"b", "after the host only a port may follow"),
            ("stuns:192.0.2.1", "needs a name, since there is none in an address to verify the certificate against"),
            ("stuns:[2001:db8::1]", "needs a name"),
            ("stun:2001:db8::1", "has an IPv6 address in brackets; write stun:[2001:db8::1]"),
            ("2001:db8::1:3478", "write [2001:db8::1]:3478 or [2001:db8::1:3478]"),
            ("2001:db8:1:2:3:4:5:6:3478", "where a port follows; write [2001:db8:1:2:3:4:5:6]:3478"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(words), "{text}: {problem}");
            assert!(problem.contains("is not a STUN server: "), "{problem}");
        }
    }

    #[test]
    fn names_have_the_lengths_of_dns() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert!(ServerSpec::parse(&longest).is_ok());
        assert!(problem(&format!("{longest}a")).contains("254 characters"));
        assert!(problem(&format!("{label}a.example")).contains("64 characters"));
    }

    #[test]
    fn what_is_displayed_means_the_same() {
        for text in [
            "a.example",
            "a.example:1",
            "::1",
            "[::1]:1",
            "stun:[::1]",
            "stun:[::1]:1",
            "stuns:a.example",
            "192.0.2.1:5",
        ] {
            let spec = ServerSpec::parse(text).unwrap();
            assert_eq!(spec.to_string(), text);
            assert_eq!(spec, text.parse().unwrap());
        }
    }

    #[test]
    fn default_ports_follow_the_transport() {
        let plain = ServerSpec::parse("a.example").unwrap();
        assert_eq!(plain.default_port(Transport::Udp), 3478);
        assert_eq!(plain.default_port(Transport::Tls), 5349);
        assert_eq!(ServerSpec::parse("stuns:a.example").unwrap().default_port(Transport::Tcp), 5349);
    }
}
