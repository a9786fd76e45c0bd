//! A server as people write it, taken apart from the left, and what of it may be shown.
//!
//! What names no server may hold a password anywhere: before an `@`, in place of a port, in a query, a path or a fragment. So it is not
//! looked for: only what is scheme, host, port and transport by the grammar (RFC 7064, RFC 7065) is shown, the rest is `***`.

use std::net::Ipv6Addr;

use crate::wire::host_name::is_of_name;

/// Schemes that people put in front of servers, which may be named.
const FOREIGN: [&str; 14] =
    ["http", "https", "ws", "wss", "sip", "sips", "tcp", "udp", "tls", "dtls", "ice", "webrtc", "rtsp", "ssl"];

/// Schemes in front of each other that are looked at.
const MOST_SCHEMES: usize = 4;

/// In place of what is not shown.
const HIDDEN: &str = "***";

/// The schemes of RFC 7064 and RFC 7065.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Stun,
    Stuns,
    Turn,
    Turns,
}

impl Scheme {
    fn of(word: &str) -> Option<Self> {
        let all = [("stun", Self::Stun), ("stuns", Self::Stuns), ("turn", Self::Turn), ("turns", Self::Turns)];
        all.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, scheme)| scheme)
    }

    pub(super) fn is_secure(self) -> bool {
        matches!(self, Self::Stuns | Self::Turns)
    }
}

/// What was written, in its parts.
#[expect(clippy::struct_excessive_bools, reason = "each is a mistake of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// The scheme; of several the last.
    pub(super) scheme: Option<Scheme>,
    /// A scheme of something else; empty where its name is none that is known.
    pub(super) foreign: Option<&'a str>,
    /// One scheme follows another.
    pub(super) repeated: bool,
    /// `//` follows the scheme.
    pub(super) slashes: bool,
    /// Something stands before an `@`.
    pub(super) user: bool,
    /// The host, in brackets if it was written so.
    pub(super) host: &'a str,
    /// What follows the host's colon, up to the next.
    pub(super) port: Option<&'a str>,
    /// A second port.
    pub(super) second_port: Option<&'a str>,
    /// Something else follows host and port.
    pub(super) rubbish: bool,
    /// A path or a fragment follows.
    pub(super) path: bool,
    /// What follows the question mark.
    pub(super) query: Option<&'a str>,
    /// It cannot be told what is the host: an `@` stands behind what would end it.
    pub(super) unclear: bool,
    /// The text as it may be shown.
    pub(super) shown: String,
}

impl<'a> Parts<'a> {
    /// Takes the text apart. It is to be trimmed.
    pub(super) fn of(text: &'a str) -> Self {
        let mut parts = Self::default();
        let rest = parts.schemes(text);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // A password may have any character: then what looks like the end of the host is within it.
        parts.unclear = tail.contains('@') || authority.contains('%') || tail.contains("%40");
        let server = match authority.rsplit_once('@') {
            Some(_) if parts.unclear => {
                parts.user = true;
                parts.shown.push_str(HIDDEN);
                return parts;
            }
            Some((_, server)) => {
                parts.user = true;
                parts.shown.push_str(HIDDEN);
                parts.shown.push('@');
                server
            }
            None => authority,
        };
        parts.server(server);
        parts.tail(tail);
        parts
    }

    /// The port, where it is one.
    pub(super) fn port_number(&self) -> Option<u16> {
        self.port.and_then(number)
    }

    /// Reads the schemes and returns what follows them.
    fn schemes(&mut self, text: &'a str) -> &'a str {
        let mut rest = text;
        for _ in 0..MOST_SCHEMES {
            let Some((word, after)) = rest.split_once(':') else { break };
            let own = Scheme::of(word);
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            // `turn:turn:3478` names a host that is called so.
            let is_host = digits > 0 && matches!(after.as_bytes().get(digits), None | Some(b'?' | b'/' | b'#'));
            let first = self.scheme.is_none() && self.foreign.is_none();
            let known = FOREIGN.iter().any(|known| word.eq_ignore_ascii_case(known));
            let has_slashes = after.starts_with("//");
            let is_scheme = match own {
                Some(_) => first || !is_host,
                None => has_slashes && is_word(word) || known && !is_host,
            };
            if !is_scheme {
                break;
            }
            self.repeated |= !first;
            match own {
                Some(scheme) => self.scheme = Some(scheme),
                None => self.foreign = Some(if known { word } else { "" }),
            }
            self.shown.push_str(if own.is_some() || known { word } else { HIDDEN });
            rest = after.trim_start_matches('/');
            self.slashes |= rest.len() < after.len();
            self.shown.push(':');
            self.shown.push_str(&after[..after.len() - rest.len()]);
        }
        rest
    }

    /// Host and ports.
    fn server(&mut self, text: &'a str) {
        let end = host_end(text);
        let (host, mut after) = text.split_at(end);
        self.host = host;
        self.shown.push_str(&shown_host(host));
        // An address without brackets may have a port behind it: who reads it decides.
        for place in [0, 1] {
            let Some(rest) = after.strip_prefix(':') else { break };
            let end = rest.find(':').unwrap_or(rest.len());
            let port = &rest[..end];
            match place {
                0 => self.port = Some(port),
                _ if number(port).is_some() => self.second_port = Some(port),
                _ => break,
            }
            self.shown.push(':');
            self.shown.push_str(if matches!(port, "" | "0") || number(port).is_some() { port } else { HIDDEN });
            after = &rest[end..];
        }
        if !after.is_empty() {
            self.rubbish = true;
            if !self.shown.ends_with(HIDDEN) {
                self.shown.push_str(HIDDEN);
            }
        }
    }

    /// Path, query and fragment.
    fn tail(&mut self, text: &'a str) {
        let (before, query) = match text.split_once('?') {
            Some((before, query)) if !before.contains('#') => (before, Some(query)),
            _ => (text, None),
        };
        if let Some(first) = before.chars().next() {
            self.path = true;
            self.shown.push(first);
            self.shown.push_str(if before.len() > 1 { HIDDEN } else { "" });
        }
        let Some(query) = query else { return };
        self.query = Some(query);
        self.shown.push('?');
        let (name, value) = query.split_once('=').unwrap_or((query, ""));
        if !name.eq_ignore_ascii_case("transport") {
            self.shown.push_str(if query.is_empty() { "" } else { HIDDEN });
            return;
        }
        let end = value.find(['&', '#', '?']).unwrap_or(value.len());
        let (value, more) = value.split_at(end);
        let known = value.is_empty() || ["udp", "tcp", "tls", "dtls"].iter().any(|one| value.eq_ignore_ascii_case(one));
        self.shown.push_str(&query[..query.len().min(name.len() + 1)]);
        self.shown.push_str(if known { value } else { HIDDEN });
        if let Some(first) = more.chars().next() {
            self.path |= first == '#';
            self.shown.push(first);
            self.shown.push_str(HIDDEN);
        }
    }
}

/// A port as a number.
pub(super) fn number(text: &str) -> Option<u16> {
    let port = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    port.filter(|port| *port != 0)
}

/// Where the host ends: a bracket, an IPv6 address without one as a whole, else the characters of names.
fn host_end(text: &str) -> usize {
    if text.starts_with('[') {
        return text.find(']').map_or(text.len(), |end| end + 1);
    }
    if is_v6(text) {
        return text.len();
    }
    text.find(|c: char| !is_of_name(c)).unwrap_or(text.len())
}

/// Whether the whole is an IPv6 address, or one with a port or a zone behind it.
fn is_v6(text: &str) -> bool {
    let is = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    is(text)
        || text.rsplit_once(':').is_some_and(|(address, port)| number(port).is_some() && is(address))
        || text.split_once('%').is_some_and(|(address, _)| is(address))
}

/// The host without what is no part of an address between brackets.
fn shown_host(host: &str) -> String {
    let is_address = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    let (bracket, inner) = host.strip_prefix('[').map_or(("", host), |inner| ("[", inner));
    let (inner, end) = inner.strip_suffix(']').map_or((inner, ""), |inner| (inner, "]"));
    if bracket.is_empty() && !inner.contains('%') || is_address(inner) {
        return host.to_owned();
    }
    match inner.split_once('%') {
        Some((address, _)) if is_address(address) => format!("{bracket}{address}%{HIDDEN}{end}"),
        _ => format!("{bracket}{HIDDEN}{end}"),
    }
}

/// Whether it could be the name of a scheme (RFC 3986 section 3.1).
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_grammar_knows_is_shown() {
        for (text, shown) in [
            ("turn:turn.example.org:3478", "turn:turn.example.org:3478"),
            ("TURN:[2001:db8::1]:80?Transport=TCP", "TURN:[2001:db8::1]:80?Transport=TCP"),
            ("turn:alice:p@ss/w?rd@turn.example.org", "turn:***"),
            ("alice:password@turn.example.org:3478", "***@turn.example.org:3478"),
            ("TURNS://alice:password@turn.example.org", "TURNS://***@turn.example.org"),
            ("https://alice:password@turn.example.org", "https://***@turn.example.org"),
            ("turn:alice@h?password=hunter2", "turn:***@h?***"),
            ("turn:h?password=se@hunter2", "turn:h?***"),
            ("turn:alice:hunter2", "turn:alice:***"),
            ("turn:alice:hunter2:h", "turn:alice:***"),
            ("turn:h:443:80", "turn:h:443:80"),
            ("turn:h:443:hunter2", "turn:h:443***"),
            ("turn:h?transport=udp&password=x", "turn:h?transport=udp&***"),
            ("turn:h?transport=x", "turn:h?transport=***"),
            ("turn:h#hunter2", "turn:h#***"),
            ("turn:h/hunter2?transport=udp", "turn:h/***?transport=udp"),
            ("turn:alice%3Ahunter2@h", "turn:***"),
            ("turn:h%3Fpassword=hunter2", "turn:h***"),
            ("turn:[hunter2]:3478", "turn:[***]:3478"),
            ("[fe80::1%hunter2]", "[fe80::1%***]"),
            ("sip:alice:hunter2@h", "sip:***@h"),
            ("hunter2://h", "***://h"),
            ("turn:https://h", "turn:https://h"),
            ("h hunter2", "h***"),
        ] {
            assert_eq!(Parts::of(text).shown, shown, "{text}");
        }
    }

    #[test]
    fn a_host_may_be_called_like_a_scheme() {
        let parts = Parts::of("turn:turn:3478");
        assert_eq!((parts.host, parts.port, parts.repeated), ("turn", Some("3478"), false));
        let parts = Parts::of("turn:stun:stun.example.org");
        assert_eq!((parts.host, parts.port, parts.repeated), ("stun.example.org", None, true));
    }
}
