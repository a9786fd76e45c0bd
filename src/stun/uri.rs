//! Servers as people write them: `host`, `host:port`, `[v6]:port`, `stun:` and `stuns:` URIs (RFC 7064).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::Transport;
use super::uri_error::{UriError, masked};

/// The port of STUN over UDP and TCP (RFC 8489 section 18.6).
pub const PORT: u16 = 3478;
/// The port of STUN over TLS.
pub const SECURE_PORT: u16 = 5349;

/// The host part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name to look up, without brackets or port.
    Name(String),
}

/// What a server is wanted for: SRV records and default schemes differ by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Service {
    /// STUN (RFC 7064).
    #[default]
    Stun,
    /// TURN (RFC 7065, RFC 5928).
    Turn,
}

impl Service {
    /// The name of the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stun => "STUN",
            Self::Turn => "TURN",
        }
    }
}

/// A server as it was written, understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerSpec {
    /// Exactly as written, trimmed.
    pub text: String,
    /// The host.
    pub host: Host,
    /// The port, where one was written; without one a URI's host is looked up by SRV first (RFC 8489 section 8), then the
    /// default is 3478, or 5349 for TLS.
    pub port: Option<u16>,
    /// Written as a `stun:` or `stuns:` URI, so that SRV look-up applies.
    pub uri: bool,
    /// Written as `stuns:` or `turns:`: TLS or DTLS only.
    pub secure: bool,
    /// What it is wanted for.
    pub service: Service,
    /// The transports it is to be looked up for, where they are its own and not those of the run.
    pub transports: Option<Vec<Transport>>,
}

impl ServerSpec {
    /// Understands a server as people write it.
    ///
    /// By hand, because a STUN URI is not hierarchical and generic parsers must not be used for it (RFC 7064 section 3.1).
    ///
    /// # Errors
    /// When the text names no STUN server; the error says why and what to try.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let text = masked(text.trim());
        understand(&text).map_err(|problem| UriError::new(&text, Service::Stun, problem))
    }

    /// The port where none was written.
    #[must_use]
    pub fn default_port(&self, transport: Transport) -> u16 {
        if self.secure || transport.is_secure() { SECURE_PORT } else { PORT }
    }
}

impl FromStr for ServerSpec {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Display for ServerSpec {
    /// In the shortest form that means the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.uri, self.secure, self.service) {
            (_, true, Service::Stun) => "stuns:",
            (true, false, Service::Stun) => "stun:",
            (_, true, Service::Turn) => "turns:",
            (true, false, Service::Turn) => "turn:",
            (false, false, _) => "",
        })?;
        let bracketed = self.uri || self.port.is_some();
        match &self.host {
            Host::Address(IpAddr::V6(address)) if bracketed => write!(f, "[{address}]")?,
            Host::Address(address) => write!(f, "{address}")?,
            Host::Name(name) => f.write_str(name)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.query())
    }
}

fn understand(text: &str) -> Result<ServerSpec, String> {
    if text.is_empty() {
        return Err("it is empty; write a host such as stun.example.org".into());
    }
    check_characters(text)?;
    let (secure, uri, rest) = split_scheme(text)?;
    if let Some((host, _)) = rest.split_once('?') {
        return Err(format!("a STUN URI has no query (RFC 7064); write {host} and choose the transport by option"));
    }
    if let Some((_, host)) = rest.split_once('@') {
        return Err(format!("a STUN server takes no user or password in its name; write {host}"));
    }
    if let Some((host, _)) = rest.split_once(['/', '#']) {
        return Err(format!("a STUN server has no path; write {host}"));
    }
    let (host, port) = split_port(rest)?;
    if uri && port.is_none() {
        check_number(host, "stun:", "stun")?;
    }
    let host = parse_host(host)?;
    if secure && matches!(host, Host::Address(_)) {
        let why = "stuns: needs a name, since there is none in an address to verify the certificate against";
        return Err(format!("{why} (RFC 8489 section 8.1); write the server's name"));
    }
    Ok(ServerSpec { text: text.to_owned(), host, port, uri, secure, service: Service::Stun, transports: None })
}

pub(super) fn check_characters(text: &str) -> Result<(), String> {
    let Some(character) = text.chars().find(|c| c.is_whitespace() || c.is_control()) else { return Ok(()) };
    let code = u32::from(character);
    Err(format!("it contains the character U+{code:04X}; write one server at a time, without spaces"))
}

/// `stun:3478` is a port of nothing, or a host whose name is taken for a scheme.
pub(super) fn check_number(host: &str, prefix: &str, name: &str) -> Result<(), String> {
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("\"{host}\" is a number; write {prefix}HOST:{host}, or {prefix}{name}:{host} for a host named {name}"))
}

/// Whether it is `stuns:`, whether it is a URI at all, and what follows the scheme.
fn split_scheme(text: &str) -> Result<(bool, bool, &str), String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Ok((false, false, text));
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "stun" | "stuns" => match rest.strip_prefix("//") {
            Some(host) => Err(format!("a STUN URI has no \"//\" (RFC 7064); write {scheme}:{host}")),
            None => Ok((scheme == "stuns", true, rest)),
        },
        "turn" | "turns" => {
            let rest = rest.trim_start_matches('/').split('?').next().unwrap_or_default();
            Err(format!(
                "that is a TURN URI; most TURN servers answer STUN too: write {}:{rest}",
                scheme.replace("turn", "stun")
            ))
        }
        _ => match rest.strip_prefix("//") {
            Some(host) => Err(format!("it is a URI of the scheme {scheme}; write stun:{host}")),
            None => Ok((false, false, text)),
        },
    }
}

/// The host, still as written, and the port.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    if let Some(inner) = text.strip_prefix('[') {
        let (_, after) = inner.split_once(']').ok_or("the bracket is not closed; write [2001:db8::1]:3478")?;
        let host = &text[..text.len() - after.len()];
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(parse_port(port)?))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(format!("after the bracket only a port may follow; write {host}:3478")),
        };
    }
    match text.rsplit_once(':') {
        // More than one colon is an IPv6 address without port.
        Some((host, port)) if !host.contains(':') => Ok((host, Some(parse_port(port)?))),
        _ => Ok((text, None)),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    let why = if text.is_empty() {
        "no port follows the colon".into()
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        match text.parse::<u16>() {
            Ok(port) if port != 0 => return Ok(port),
            _ => format!("there is no port {text}"),
        }
    } else {
        format!("\"{text}\" is not a port")
    };
    Err(format!("{why}; write a number from 1 to 65535, or leave it out"))
}

pub(super) fn parse_host(text: &str) -> Result<Host, String> {
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.trim_end_matches(']');
        return parse_v6(address).map(|address| Host::Address(address.into()));
    }
    if text.contains(':') {
        return parse_v6(text).map(|address| Host::Address(address.into()));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    parse_name(text).map(Host::Name)
}

fn parse_v6(text: &str) -> Result<Ipv6Addr, String> {
    if text.contains('%') {
        return Err("an address with a zone is this link's only; choose the interface by option".into());
    }
    text.parse().map_err(|_| format!("\"{text}\" is not an IPv6 address; write for example [2001:db8::1]:3478"))
}

/// A name for DNS or the hosts file: dots, letters, digits, hyphens and underscores, within the lengths of RFC 1035 section 2.3.4.
fn parse_name(text: &str) -> Result<String, String> {
    let labels = text.strip_suffix('.').unwrap_or(text);
    if labels.is_empty() {
        return Err("it has no host; write for example stun.example.org:3478".into());
    }
    if let Some(character) = text.chars().find(|&c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))) {
        let hint = if character.is_ascii() {
            "a name has letters, digits, hyphens and dots"
        } else {
            "write an international name in its ASCII form (xn--...)"
        };
        return Err(format!("its name contains \"{character}\"; {hint}"));
    }
    if labels.len() > 253 {
        return Err(format!("its name has {} characters and may have 253", labels.len()));
    }
    for label in labels.split('.') {
        match label.len() {
            0 => return Err("its name has two dots in a row or one in front".into()),
            64.. => {
                return Err(format!("the part {label} of its name has {} characters and may have 63", label.len()));
            }
            _ => {}
        }
    }
    // No top-level domain is a number; a name that ends in one is an address with a slip of the finger.
    if labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!(
            "{labels} is neither a name nor an IPv4 address; an address has four numbers from 0 to 255"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn mistakes_are_named_with_what_to_try() {
        for (text, words) in [
            ("", "it is empty"),
            ("stun://stun.example.org", "write stun:stun.example.org"),
            (
                "turn:turn.example.org?transport=udp",
                "TURN URI; most TURN servers answer STUN too: write stun:turn.example.org",
            ),
            ("turns:turn.example.org", "write stuns:turn.example.org"),
            ("https://stun.example.org", "scheme https; write stun:stun.example.org"),
            ("stun:stun.example.org?transport=tcp", "has no query"),
            ("stun:user@stun.example.org", "takes no user or password"),
            ("stun.example.org/path", "has no path"),
            ("stun.example.org other", "contains the character U+0020"),
            ("stun.example.org:0", "there is no port 0"),
            ("stun.example.org:65536", "there is no port 65536"),
            ("stun.example.org:", "no port follows the colon"),
            ("stun.example.org:+80", "\"+80\" is not a port"),
            (":3478", "it has no host"),
            ("stun:", "it has no host"),
            ("stun:3478", "write stun:HOST:3478"),
            ("[]:3478", "is not an IPv6 address"),
            ("[::1", "the bracket is not closed"),
            ("[::1]3478", "write [::1]:3478"),
            ("fe80::1%eth0", "address with a zone"),
            ("1:2:3", "is not an IPv6 address"),
            ("256.1.1.1", "four numbers from 0 to 255"),
            ("a..example", "two dots in a row"),
            ("b\u{fc}cher.example", "ASCII form"),
            ("a\"b", "letters, digits, hyphens and dots"),
            ("stuns:192.0.2.1", "write the server's name"),
            ("stuns:[2001:db8::1]", "write the server's name"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(words), "{text}: {problem}");
            assert!(
                problem.starts_with(&format!("\"{text}\" is not")) || text.contains(['?', '"', '\u{fc}']),
                "{problem}"
            );
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
