//! The rules of RFC 7064 and RFC 7065, one after the other, each with what to write instead.
//!
//! What to write is made in one place from the parts and is read again before it is told: it is accepted and names the same host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::parts::{Parts, Scheme, number};
use crate::wire::{Host, ServerSpec, Service, Transport, host_name};

/// Ports that a server is likely to have: behind an address without brackets they are a port rather than the address's last part.
const USUAL_PORTS: [u16; 9] = [53, 80, 443, 3478, 3479, 5349, 5350, 8443, 19302];

/// A server with the transport that a URI means.
type Understood = (ServerSpec, Option<Transport>);

/// Understands the text, which is to be trimmed.
///
/// # Errors
/// In words, without anything that could be a password.
pub(super) fn understand(text: &str, service: Service) -> Result<Understood, String> {
    if text.is_empty() {
        return Err(format!("it is empty; an example is {}", example(service)));
    }
    if let Some(character) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        let code = u32::from(character);
        return Err(format!("it contains the character U+{code:04X}: one server at a time, without spaces"));
    }
    let parts = Parts::of(text);
    read(text, &parts, service).map_err(|why| match advice(&parts, service) {
        Some(advice) if !advice.is_empty() => format!("{why}; write {advice}"),
        _ => why,
    })
}

fn example(service: Service) -> &'static str {
    match service {
        Service::Stun => "stun.example.org",
        Service::Turn => "turn:turn.example.org",
    }
}

/// Everything in its place, or the first thing that is not.
fn read(text: &str, parts: &Parts, service: Service) -> Result<Understood, String> {
    let secure = parts.scheme.is_some_and(Scheme::is_secure);
    let rfc = match service {
        Service::Stun => "RFC 7064",
        Service::Turn => "RFC 7065",
    };
    if parts.repeated {
        return Err("one scheme follows another, and a URI has one".into());
    }
    match (parts.foreign, parts.scheme, service) {
        (Some(""), ..) => return Err("it is a URI of another scheme".into()),
        (Some(word), ..) => return Err(format!("it is a URI of the scheme {}", word.to_ascii_lowercase())),
        (_, Some(Scheme::Turn | Scheme::Turns), Service::Stun) => {
            return Err("that is a TURN URI; most TURN servers answer STUN too".into());
        }
        (_, Some(Scheme::Stun | Scheme::Stuns), Service::Turn) => {
            return Err("that is a STUN URI, and STUN relays nothing".into());
        }
        _ => {}
    }
    let name = service.name();
    if parts.slashes {
        return Err(format!("a {name} URI has no \"//\" ({rfc})"));
    }
    if parts.user {
        return Err(format!("a {name} server has no user or password in its name ({rfc}): they are given apart"));
    }
    if parts.path {
        return Err(format!("a {name} server has no path"));
    }
    let transport = query(parts, service)?;
    let (host, port) = server(parts, service)?;
    if secure && service == Service::Stun && matches!(host, Host::Address(_)) {
        let why = "stuns: needs a name, since there is none in an address to verify the certificate against";
        return Err(format!("{why} (RFC 8489 section 8.1)"));
    }
    let uri = parts.scheme.is_some();
    let transports = transport.map(|transport| vec![transport]);
    // Unlike with stuns:, an address may follow turns:, since a certificate can be for an address and relays often have no name.
    Ok((ServerSpec { text: text.to_owned(), host, port, uri, secure, service, transports }, transport))
}

/// The transport between client and server (RFC 5928 table 1; RFC 7350 section 4.6.2 for DTLS). An unknown one must not be guessed around
/// (RFC 5928 section 3).
fn query(parts: &Parts, service: Service) -> Result<Option<Transport>, String> {
    let Some(scheme) = parts.scheme else {
        return match (parts.query, service) {
            (None, _) => Ok(None),
            (Some(_), Service::Turn) => Err("only a URI has a query".into()),
            (Some(_), Service::Stun) => Err("a STUN server has no query: the transport is chosen by option".into()),
        };
    };
    let secure = scheme.is_secure();
    let Some(query) = parts.query else {
        let usual = if secure { Transport::Tls } else { Transport::Udp };
        return Ok((service == Service::Turn).then_some(usual));
    };
    if service == Service::Stun {
        return Err("a STUN URI has no query (RFC 7064): the transport is chosen by option".into());
    }
    let Some((name, value)) = query.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("transport")) else {
        return Err("only ?transport=udp or ?transport=tcp may follow the server (RFC 7065)".into());
    };
    match (value.to_ascii_lowercase().as_str(), secure) {
        ("udp", false) => Ok(Some(Transport::Udp)),
        ("tcp", false) => Ok(Some(Transport::Tcp)),
        ("udp", true) => Ok(Some(Transport::Dtls)),
        ("tcp", true) => Ok(Some(Transport::Tls)),
        ("", _) => Err(format!("no transport follows \"{name}=\", and udp or tcp may")),
        ("tls", _) => Err("TLS is not written as transport".into()),
        ("dtls", _) => Err("DTLS is not written as transport".into()),
        _ => Err(format!("what follows \"{name}=\" is not a transport, and udp or tcp may follow")),
    }
}

/// Host and port.
fn server(parts: &Parts, service: Service) -> Result<(Host, Option<u16>), String> {
    let host = parts.host;
    if host.is_empty() {
        return Err(format!("it has no host; an example is {}", example(service)));
    }
    let is_number = host.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && parts.scheme.is_some() && parts.port.is_none() && !parts.rubbish {
        return Err(format!("\"{host}\" is a number, and no host stands before it"));
    }
    if host.starts_with('[') && !host.ends_with(']') {
        return Err("the bracket is not closed, as in [2001:db8::1]:3478".into());
    }
    if let Some(second) = parts.second_port {
        let first = parts.port.unwrap_or_default();
        return Err(if number(first).is_some() {
            format!("it has two ports, {first} and {second}")
        } else {
            "it has two ports, and the first is none".into()
        });
    }
    let uri = parts.scheme.is_some();
    if let Some((whole, split)) = bare_v6(host, uri) {
        let what = if uri { "a URI has an IPv6 address in brackets" } else { "it is an IPv6 address without brackets" };
        return Err(match (whole, split) {
            (Some(_), Some((_, port))) => {
                format!("{what}, and whether {port} is its port or its last part cannot be told")
            }
            (Some(_), None) => what.to_owned(),
            _ => format!("{what} where a port follows"),
        });
    }
    if parts.rubbish && parts.port_number().is_some() {
        return Err("something else follows the port".into());
    }
    if parts.rubbish && parts.port.is_none() {
        return Err("after the host only a port may follow".into());
    }
    let port = match parts.port {
        None => None,
        Some("") => return Err("no port follows the colon".into()),
        Some("0") => return Err("there is no port 0".into()),
        Some(port) => Some(number(port).ok_or("what follows the colon is not a port, a number from 1 to 65535")?),
    };
    Ok((self::host(host)?, port))
}

/// What an IPv6 address without brackets may mean, where it has to have them: the whole of it, and an address with a number behind it,
/// which may be a port.
type Meanings = (Option<Ipv6Addr>, Option<(Ipv6Addr, u16)>);

fn bare_v6(host: &str, uri: bool) -> Option<Meanings> {
    if host.starts_with('[') || !host.contains(':') || host.contains('%') {
        return None;
    }
    let split = host.rsplit_once(':').and_then(|(address, port)| {
        let address = address.parse::<Ipv6Addr>().ok()?;
        Some((address, port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten()?))
    });
    let whole = host.parse::<Ipv6Addr>().ok();
    let doubtful = split.is_some_and(|(_, port)| USUAL_PORTS.contains(&port));
    (uri || whole.is_none() || doubtful).then_some((whole, split))
}

fn host(text: &str) -> Result<Host, String> {
    if let Some(inner) = text.strip_prefix('[') {
        return v6(inner.trim_end_matches(']')).map(|address| Host::Address(address.into()));
    }
    if text.contains(':') {
        return v6(text).map(|address| Host::Address(address.into()));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    host_name(text).map(Host::Name)
}

fn v6(text: &str) -> Result<Ipv6Addr, String> {
    if text.contains('%') {
        return Err("an address with a zone is this link's only; choose the interface by option".into());
    }
    text.parse().map_err(|_| "what stands in the brackets is not an IPv6 address, as in [2001:db8::1]:3478".into())
}

/// What to write instead, where it is certain which host was meant; two ways where one cannot be told from the other.
fn advice(parts: &Parts, service: Service) -> Option<String> {
    if parts.unclear || parts.host.is_empty() {
        return None;
    }
    let means = |host: Host, port: Option<u16>| rewritten(parts, service, host, port);
    if let Some((whole, split)) = bare_v6(parts.host, true) {
        let address = |address: Ipv6Addr| Host::Address(IpAddr::V6(address));
        // Two numbers in a row: how many of them are ports is anybody's guess.
        if split.is_some_and(|_| USUAL_PORTS.iter().any(|port| parts.host.contains(&format!(":{port}:")))) {
            return None;
        }
        let with_port = split.and_then(|(one, port)| means(address(one), Some(port).filter(|port| *port != 0)));
        let alone = whole.and_then(|one| means(address(one), None));
        return match (with_port, alone) {
            (Some(one), Some(other)) => Some(format!("{one} or {other}")),
            (one, other) => one.or(other),
        };
    }
    let host = host(parts.host).ok()?;
    if parts.rubbish && parts.port.is_none() && !parts.host.starts_with('[') {
        return None;
    }
    means(host, parts.port_number())
}

/// The server in the form that is right for the service; it is read again, so that nothing is told that would be refused.
fn rewritten(parts: &Parts, service: Service, host: Host, port: Option<u16>) -> Option<String> {
    let (name, value) = parts.query.and_then(|query| query.split_once('=')).unwrap_or_default();
    let value = value.split(['&', '#', '?']).next().unwrap_or_default().to_ascii_lowercase();
    let value = if name.eq_ignore_ascii_case("transport") { value.as_str() } else { "" };
    let mut secure = parts.scheme.is_some_and(Scheme::is_secure);
    let uri = parts.scheme.is_some() || parts.foreign.is_some() || service == Service::Turn && !value.is_empty();
    let transport = match value {
        _ if service == Service::Stun => None,
        "udp" if secure => Some(Transport::Dtls),
        "udp" => Some(Transport::Udp),
        "tcp" if secure => Some(Transport::Tls),
        "tcp" => Some(Transport::Tcp),
        "tls" | "dtls" => {
            secure = true;
            Some(if value == "tls" { Transport::Tls } else { Transport::Dtls })
        }
        _ => None,
    };
    // A STUN server with TLS needs a name, one without does not.
    secure &= service == Service::Turn || matches!(host, Host::Name(_));
    let transports = transport.map(|transport| vec![transport]);
    let spec = ServerSpec { text: String::new(), host, port, uri, secure, service, transports };
    let text = match spec.host {
        // In brackets it cannot be taken for an address with a port.
        Host::Address(IpAddr::V6(address)) if !uri && port.is_none() => format!("[{address}]"),
        _ if value == "udp" && !secure && transport.is_some() => format!("{spec}?transport=udp"),
        _ => spec.to_string(),
    };
    let again = Parts::of(&text);
    let (read, _) = read(&text, &again, service).ok()?;
    (read.host == spec.host && again.shown == text).then_some(text)
}
