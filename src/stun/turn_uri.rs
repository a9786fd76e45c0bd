//! TURN servers as people write them: `turn:` and `turns:` URIs (RFC 7065), `host` and `host:port`.

use super::uri::{check_characters, check_number, parse_host, split_port};
use super::uri_error::masked;
use super::{ServerSpec, Service, Transport, UriError};

impl ServerSpec {
    /// Understands a TURN server as people write it, and the transport that a URI means: UDP for `turn:` and TLS for `turns:` where it
    /// does not say, as in browsers. A plain host means none.
    ///
    /// By hand, because a TURN URI is not hierarchical and generic parsers must not be used for it (RFC 7065 section 3.1).
    ///
    /// # Errors
    /// When the text names no TURN server; the error says why and what to try.
    pub fn parse_turn(text: &str) -> Result<(Self, Option<Transport>), UriError> {
        let text = masked(text.trim());
        understand(&text).map_err(|problem| UriError::new(&text, Service::Turn, problem))
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

fn understand(text: &str) -> Result<(ServerSpec, Option<Transport>), String> {
    if text.is_empty() {
        return Err("it is empty; write for example turn:turn.example.org".into());
    }
    check_characters(text)?;
    let (scheme, rest) = split_scheme(text)?;
    let uri = scheme.is_some();
    let secure = scheme == Some("turns");
    // What to write begins with the scheme that was meant.
    let prefix = scheme.map(|scheme| format!("{scheme}:")).unwrap_or_default();
    if let Some((_, host)) = rest.rsplit_once('@') {
        return Err(format!("a TURN URI has no user or password (RFC 7065); write {prefix}{host} and give them apart"));
    }
    let (server, query) = match rest.split_once('?') {
        Some((server, query)) => (server, Some(query)),
        None => (rest, None),
    };
    if let Some((host, _)) = server.split_once(['/', '#']) {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        return Err(format!("a TURN server has no path; write {prefix}{host}{query}"));
    }
    let transport = match (query, uri) {
        (Some(query), false) => return Err(format!("only a URI has a query; write turn:{server}?{query}")),
        (None, false) => None,
        (query, true) => Some(parse_query(query, secure, server)?),
    };
    let (host, port) = split_port(server)?;
    if host.is_empty() {
        return Err(format!("it has no host; write for example {prefix}turn.example.org"));
    }
    if uri && port.is_none() {
        check_number(host, &prefix, "turn")?;
    }
    let host = parse_host(host)?;
    let transports = transport.map(|transport| vec![transport]);
    // Unlike with stuns:, an address may follow turns:, since a certificate can be for an address and relays often have no name.
    let spec = ServerSpec { text: text.to_owned(), host, port, uri, secure, service: Service::Turn, transports };
    Ok((spec, transport))
}

/// The scheme, if it is a URI, and what follows it.
fn split_scheme(text: &str) -> Result<(Option<&'static str>, &str), String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Ok((None, text));
    };
    let lower = scheme.to_ascii_lowercase();
    let known = match lower.as_str() {
        "turn" => "turn",
        "turns" => "turns",
        "stun" | "stuns" => {
            let scheme = lower.replace("stun", "turn");
            let rest = rest.trim_start_matches('/');
            return Err(format!(
                "that is a STUN URI, and STUN relays nothing; write {scheme}:{rest} if it does TURN too"
            ));
        }
        _ => {
            return match rest.strip_prefix("//") {
                Some(rest) => {
                    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                    let host = host.rsplit('@').next().unwrap_or_default();
                    Err(format!("it is a URI of the scheme {lower}; write turn:{host}"))
                }
                None => Ok((None, text)),
            };
        }
    };
    match rest.strip_prefix("//") {
        Some(host) => Err(format!("a TURN URI has no \"//\" (RFC 7065); write {known}:{host}")),
        None => Ok((Some(known), rest)),
    }
}

/// The transport between client and server (RFC 5928 table 1; RFC 7350 section 4.6.2 for DTLS). An unknown one must not be guessed around
/// (RFC 5928 section 3).
fn parse_query(query: Option<&str>, secure: bool, server: &str) -> Result<Transport, String> {
    let scheme = if secure { "turns" } else { "turn" };
    let Some(query) = query else {
        return Ok(if secure { Transport::Tls } else { Transport::Udp });
    };
    let Some((name, value)) = query.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("transport")) else {
        let why = "only ?transport=udp or ?transport=tcp may follow the server";
        return Err(format!("\"?{query}\" is unknown, {why} (RFC 7065); write {scheme}:{server}"));
    };
    match (value.to_ascii_lowercase().as_str(), secure) {
        ("udp", false) => Ok(Transport::Udp),
        ("tcp", false) => Ok(Transport::Tcp),
        ("udp", true) => Ok(Transport::Dtls),
        ("tcp", true) => Ok(Transport::Tls),
        ("", _) => Err(format!("no transport follows \"{name}=\"; write {scheme}:{server}?transport=udp or tcp")),
        ("tls", _) => Err(format!("TLS is not written as transport; write turns:{server}?transport=tcp")),
        ("dtls", _) => Err(format!("DTLS is not written as transport; write turns:{server}?transport=udp")),
        _ => Err(format!("\"{value}\" is not a transport; write {scheme}:{server}?transport=udp or tcp")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::Host;

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
            ("turn:", "it has no host; write for example turn:turn.example.org"),
            ("turns::5349", "it has no host; write for example turns:turn.example.org"),
            ("turn:?transport=udp", "it has no host"),
            ("stun:turn.example.org:3478", "STUN relays nothing; write turn:turn.example.org:3478"),
            ("stuns:turn.example.org", "write turns:turn.example.org"),
            ("https://turn.example.org/path", "scheme https; write turn:turn.example.org"),
            ("turn://turn.example.org:80", "has no \"//\" (RFC 7065); write turn:turn.example.org:80"),
            ("turn:alice@turn.example.org", "no user or password (RFC 7065); write turn:turn.example.org"),
            ("alice@turn.example.org", "no user or password (RFC 7065); write turn.example.org"),
            ("turn:turn.example.org/?transport=udp", "has no path; write turn:turn.example.org?transport=udp"),
            ("turn:turn.example.org#a", "has no path; write turn:turn.example.org"),
            ("turn.example.org?transport=tcp", "write turn:turn.example.org?transport=tcp"),
            ("turn:turn.example.org?transport=tls", "write turns:turn.example.org?transport=tcp"),
            ("turn:turn.example.org?transport=dtls", "write turns:turn.example.org?transport=udp"),
            (
                "turns:turn.example.org?transport=sctp",
                "not a transport; write turns:turn.example.org?transport=udp or tcp",
            ),
            ("turn:turn.example.org?transport=", "no transport follows"),
            ("turn:turn.example.org?proto=udp", "may follow the server (RFC 7065); write turn:turn.example.org"),
            ("turn:turn.example.org?transport=udp&ttl=1", "not a transport"),
            ("turn:turn.example.org:0", "there is no port 0"),
            ("turn:turn.example.org:x", "\"x\" is not a port"),
            ("turn:3478", "write turn:HOST:3478"),
            ("turn:turn.example.org turn:b", "U+0020"),
            ("turn:[::1", "the bracket is not closed"),
            ("turn:b\u{fc}cher.example", "ASCII form"),
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
