//! One server of a configuration: its URIs and credentials, and what a browser takes offense at (WebRTC 1.0, section 4.4.1.6).

use super::configuration::{IceEntry, Login, MOST_ENTRIES};
use super::find::{Candidate, Shape};
use super::mistake::{fatal, remark};
use super::placeholder::placeholder;
use super::tree::{Item, Node};
use super::webidl;
use crate::wire::escape::escape;
use crate::wire::{EntryKind, Remark, RemarkCode, Secret, ServerSpec, Transport, masked};

/// Bytes of a user name that browsers take (WebRTC 1.0, section 4.4.1.6).
const LONGEST_USERNAME: usize = 509;

/// The user name by which mediamtx knows that what stands for the password is a shared secret.
const SIGNED: &str = "AUTH_SECRET";

/// What stands beside the URIs of a server.
#[derive(Default)]
struct Beside {
    login: Option<Login>,
    /// Something stands there that is for a login.
    given: bool,
    /// What is wrong with it where a login is wanted.
    mistakes: Vec<Remark>,
    /// For what browsers reject the server.
    rejected: Option<Remark>,
}

/// The entries of one server.
pub(super) fn entries(candidate: &Candidate) -> Vec<IceEntry> {
    let (node, place) = (&candidate.node, candidate.place.as_str());
    let nothing = |mistake| {
        vec![IceEntry { place: place.to_owned(), line: node.line, mistakes: vec![mistake], ..IceEntry::default() }]
    };
    // Programs other than browsers take the URI alone, and of a STUN server the host.
    let alone = node.text().filter(|_| candidate.shape == Shape::Rest).map(|text| {
        let schemes = ["stun:", "stuns:", "turn:", "turns:"];
        let host =
            place.to_ascii_lowercase().contains("stun") && !schemes.iter().any(|scheme| text.starts_with(scheme));
        let uri = if host { format!("stun:{text}") } else { text.to_owned() };
        let uri = Node { line: node.line, item: Item::Text(uri) };
        Node { line: node.line, item: Item::Object(vec![("urls".to_owned(), uri)]) }
    });
    let node = alone.as_ref().unwrap_or(node);
    if !matches!(node.item, Item::Object(_)) {
        let what = format!(
            "an entry of iceServers is {} and not an object: browsers reject it (TypeError)",
            webidl::kind(node)
        );
        return nothing(fatal(RemarkCode::NotAnObject, what, "put an object with urls there"));
    }
    let mut beside = beside(node, candidate.shape);
    if candidate.without_login {
        beside = Beside { mistakes: Vec::new(), login: beside.login, ..Beside::default() };
    }
    let uris = match candidate.shape {
        Shape::Service => services(node, place),
        Shape::Browser | Shape::Rest => {
            let Some((name, value)) = urls(node) else {
                return nothing(fatal(
                    RemarkCode::UrlsMissing,
                    "it has no urls: browsers reject it (TypeError)",
                    "add urls with the server's URI",
                ));
            };
            if name != "urls" && candidate.shape == Shape::Browser {
                let what = format!(
                    "it has {} where the standard has urls: browsers that know only that reject it (TypeError)",
                    escape(name)
                );
                beside.rejected.get_or_insert(remark(
                    RemarkCode::UrlNotUrls,
                    what,
                    &format!("rename {} to urls", escape(name)),
                ));
            }
            let place = if place.is_empty() { escape(name) } else { format!("{place}.{}", escape(name)) };
            match &value.item {
                Item::List(list) if list.is_empty() => {
                    return nothing(fatal(
                        RemarkCode::UrlsEmpty,
                        "its urls is an empty list: browsers reject it (SyntaxError)",
                        "add the server's URI",
                    ));
                }
                Item::List(list) => {
                    let item =
                        |(index, item): (usize, &Node)| (format!("{place}[{index}]"), item.line, webidl::text(item));
                    list.iter().enumerate().take(MOST_ENTRIES + 1).map(item).collect()
                }
                _ => vec![(place, value.line, webidl::text(value))],
            }
        }
    };
    let shape = candidate.shape;
    let login_wanted = !candidate.without_login;
    uris.into_iter().map(|(place, line, uri)| entry(&uri, place, line, &beside, shape, login_wanted)).collect()
}

/// The member with the URIs, whatever it is called.
fn urls(node: &Node) -> Option<(&str, &Node)> {
    let named = |name: &str| node.members().iter().find(|(member, _)| member.eq_ignore_ascii_case(name));
    let exact = node.get("urls").map(|value| ("urls", value));
    exact.or_else(|| {
        ["urls", "url", "uris", "uri"].iter().find_map(|name| named(name)).map(|(name, value)| (name.as_str(), value))
    })
}

/// The URIs of a service with host and port.
fn services(node: &Node, place: &str) -> Vec<(String, u32, String)> {
    let member = |names: &[&str]| names.iter().find_map(|name| node.get(name)).map(webidl::text);
    let list = |text: Option<String>, usual: &str| -> Vec<String> {
        let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| usual.to_owned());
        text.split(',').map(|part| part.trim().to_lowercase()).collect()
    };
    let host = member(&["host", "hostname", "server", "domain"]).unwrap_or_default();
    let host = if host.matches(':').count() > 1 && !host.starts_with('[') { format!("[{host}]") } else { host };
    let port = member(&["port"])
        .filter(|port| !port.is_empty() && port != "null")
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let schemes = list(member(&["schemes", "scheme", "type"]), "turn");
    let transports = list(member(&["protocols", "protocol", "transport"]), "");
    let mut uris = Vec::new();
    for scheme in &schemes {
        for transport in &transports {
            let (scheme, query) = match (scheme.as_str(), transport.as_str()) {
                (stun @ ("stun" | "stuns"), _) => (stun, String::new()),
                // TURN over TLS comes over TCP, whatever else is named.
                ("turn", "tls") | ("turns", "udp" | "tcp" | "tls") => ("turns", "?transport=tcp".to_owned()),
                (scheme, "") => (scheme, String::new()),
                (scheme, transport) => (scheme, format!("?transport={transport}")),
            };
            let uri = format!("{scheme}:{host}{port}{query}");
            if !uris.iter().any(|(_, _, known)| *known == uri) {
                uris.push((place.to_owned(), node.line, uri));
            }
        }
    }
    uris
}

fn beside(node: &Node, shape: Shape) -> Beside {
    let mut found = Beside::default();
    let username = member(node, "username", &["username", "user", "login"], shape, &mut found);
    let credential = if shape == Shape::Browser {
        member(node, "credential", &["credential", "credentials", "password"], shape, &mut found)
    } else {
        member(node, "password", &["password", "credential"], shape, &mut found)
    };
    found.given = username.is_some() || credential.is_some();
    if let Some(name) = username.as_deref().filter(|name| name.len() > LONGEST_USERNAME) {
        let what =
            format!("its username has {} bytes, and browsers take {LONGEST_USERNAME} (InvalidAccessError)", name.len());
        found.mistakes.push(fatal(RemarkCode::UsernameTooLong, what, "make it shorter"));
    }
    oauth(node, &mut found);
    let secret = node.get("secret").and_then(Node::text).filter(|secret| !secret.is_empty());
    found.login = match (username, credential, secret) {
        (Some(name), Some(secret), _) if name == SIGNED && shape == Shape::Rest => {
            Some(Login::Shared(Secret::new(secret)))
        }
        (Some(username), Some(credential), _) => Some(Login::Password(username, Secret::new(credential))),
        (_, _, Some(secret)) if shape != Shape::Browser => Some(Login::Shared(Secret::new(secret))),
        (username, _, _) => {
            if !found.mistakes.iter().any(|mistake| mistake.error) {
                let missing = if username.is_none() { "username" } else { "credential" };
                let what = format!("it has no {missing}: browsers reject a TURN server without (InvalidAccessError)");
                found.mistakes.push(fatal(RemarkCode::CredentialMissing, what, &format!("add {missing}")));
            }
            None
        }
    };
    found
}

/// A member that is a text, as a browser makes it one; with what is odd about it.
fn member(node: &Node, name: &str, others: &[&str], shape: Shape, found: &mut Beside) -> Option<String> {
    let by_name = |names: &[&str]| {
        node.members().iter().find(|(member, _)| names.iter().any(|name| member.eq_ignore_ascii_case(name)))
    };
    let value = match (node.get(name), by_name(others)) {
        (Some(value), _) => value,
        (None, Some((other, _))) if shape == Shape::Browser => {
            let code =
                if other == "password" { RemarkCode::PasswordNotCredential } else { RemarkCode::MemberMisspelled };
            let what =
                format!("it has {} where browsers want {name}, and find none (InvalidAccessError)", escape(other));
            found.mistakes.push(fatal(code, what, &format!("rename {} to {name}", escape(other))));
            return None;
        }
        (None, other) => &other?.1,
    };
    let text = webidl::text(value);
    if !matches!(value.item, Item::Text(_)) {
        let what = format!("its {name} is {}, of which browsers make a text", webidl::kind(value));
        found.mistakes.push(remark(RemarkCode::NotAText, what, &format!("put the {name} in double quotes")));
    }
    // A placeholder in a password may be the password: it is tried.
    if placeholder(&text).is_some_and(|found| found.len() == text.trim().len()) {
        let what = format!("its {name} looks like a placeholder that nobody filled in");
        found.mistakes.push(remark(RemarkCode::Placeholder, what, &format!("put the real {name} there")));
    }
    if text.is_empty() {
        let what = format!("its {name} is empty: Chromium rejects it (InvalidAccessError)");
        found.mistakes.push(fatal(RemarkCode::CredentialMissing, what, &format!("put the {name} there")));
    }
    found.mistakes.extend(odd_end(&text, &format!("its {name}"), "remove it where the configuration is made"));
    Some(text)
}

fn oauth(node: &Node, found: &mut Beside) {
    match node.get("credentialType").and_then(Node::text) {
        Some("oauth" | "token") => {
            let what =
                "its credentialType asks for OAuth tokens (RFC 7635), which neither browsers nor nat-probe support";
            found.mistakes.push(fatal(RemarkCode::OauthNotSupported, what, "use a user name and password"));
        }
        None | Some("password") => {}
        // Its text is not repeated: in the wrong member it may be the password.
        Some(_) => {
            let what = "its credentialType is neither \"password\" nor \"oauth\"";
            found.mistakes.push(fatal(RemarkCode::CredentialTypeUnknown, what, "leave credentialType out"));
        }
    }
}

/// White space at either end is nearly always a slip of an editor, and no server forgives it.
#[must_use]
pub fn odd_end(text: &str, place: &str, fix: &str) -> Option<Remark> {
    let end = match text.chars().next_back()? {
        '\n' | '\r' => "a newline at its end",
        last if last.is_whitespace() => "a space at its end",
        _ if text.starts_with(char::is_whitespace) => "a space in front",
        _ => return None,
    };
    Some(remark(RemarkCode::TrailingWhitespace, format!("{place} has {end}, which counts as part of it"), fix))
}

fn entry(uri: &str, place: String, line: u32, beside: &Beside, shape: Shape, login_wanted: bool) -> IceEntry {
    let text = uri.trim();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let stun = matches!(scheme.as_str(), "stun" | "stuns");
    let kind = if stun { EntryKind::Stun } else { EntryKind::Turn };
    let mut mistakes = Vec::new();
    let mut rejected = beside.rejected.clone();
    let mut shown = masked(text);
    let mut server = None;
    if let Some(found) = placeholder(text) {
        let what = format!("its URI has the placeholder {} that nobody filled in", escape(found));
        mistakes.push(fatal(RemarkCode::Placeholder, what, "put the server's name there"));
        shown = escape(found);
    } else if !stun && !matches!(scheme.as_str(), "turn" | "turns") {
        let what = "its URI has no scheme that browsers know: they reject the whole configuration (SyntaxError)";
        mistakes.push(fatal(RemarkCode::SchemeUnknown, what, "begin it with stun:, turn: or turns:"));
    } else {
        match understood(text, stun) {
            Ok((spec, transport, odd)) => {
                mistakes.extend(odd);
                server = Some((spec, transport));
            }
            Err(problem) => {
                let fix = "correct the URI; browsers reject it with a SyntaxError";
                mistakes.push(fatal(RemarkCode::UriInvalid, escape(&problem), fix));
            }
        }
    }
    if scheme == "stuns" {
        let text = "stuns: is in the standard and in no browser that uses it: they ask nobody there, or reject it";
        mistakes.push(remark(RemarkCode::StunsUnknown, text, "use stun: beside turns:"));
    }
    let mut login = None;
    if stun {
        if beside.given && shape == Shape::Browser {
            let what = "a STUN server takes no credentials: browsers ignore them";
            let fix = "leave username and credential out, or begin with turn: if it is a TURN server";
            mistakes.push(remark(RemarkCode::CredentialsIgnored, what, fix));
        }
    } else if mistakes.iter().all(|mistake| !mistake.error) {
        // What is wrong with the URI is said first, and alone.
        mistakes.extend(beside.mistakes.iter().cloned());
        login.clone_from(&beside.login);
        if !login_wanted {
            let text = "its user name and password were left out by who wrote the document";
            mistakes.push(remark(
                RemarkCode::CredentialsLeftOut,
                text,
                "take the configuration from the application itself",
            ));
        }
    }
    if mistakes.iter().any(|mistake| mistake.error) {
        // What settles the entry comes first.
        mistakes.sort_by_key(|mistake| !mistake.error);
        mistakes.extend(rejected.take());
        server = None;
    }
    IceEntry { uri: shown, place, line, server, kind, login, mistakes, rejected }
}

/// The server as browsers ask it: by its addresses and the port that is written or usual, never by SRV records (RFC 5928 is in none of
/// them), and over TLS wherever `turns:` is written.
fn understood(text: &str, stun: bool) -> Result<(ServerSpec, Transport, Option<Remark>), String> {
    let told = |error: crate::wire::UriError| error.problem().to_owned();
    let (mut spec, transport) = if stun {
        let spec = ServerSpec::parse(text).map_err(told)?;
        let transport = if spec.secure { Transport::Tls } else { Transport::Udp };
        (spec, transport)
    } else {
        ServerSpec::parse_turn(text)
            .map_err(told)
            .map(|(spec, transport)| (spec, transport.unwrap_or(Transport::Udp)))?
    };
    let mut odd = None;
    let transport = if transport == Transport::Dtls {
        let what = "browsers have no TURN over DTLS: they ignore ?transport=udp behind turns: and use TLS over TCP, as is done here";
        odd = Some(remark(RemarkCode::TransportIgnored, what, "leave ?transport=udp out"));
        Transport::Tls
    } else {
        transport
    };
    spec.port = spec.port.or(Some(spec.default_port(transport)));
    Ok((spec, transport, odd))
}
