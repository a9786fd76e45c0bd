//! Servers in the source code of a program: `RTCIceServer(urls=..., username=..., credential=...)` of Python, Swift's and Kotlin's, the
//! `ICEServer{URLs: ...}` of Go, the builder of Android. Only literals are read: what a variable holds is not in the file.

use super::configuration::MOST_ENTRIES;
use super::tree::{Item, Node};
use crate::wire::text::decode;

/// Words of which one has to be there: in the code of pages servers are objects, of which another reader knows.
const TYPES: [&str; 5] = ["RTCIceServer(", "IceServer.builder(", "ICEServer{", "RTCIceServer.", "IceServer::"];

/// What a value is that the file does not have.
const VARIABLE: &str = "${variable}";

/// How far behind its URIs the rest of a server stands.
const NEAR: usize = 600;

/// The servers, where there are some.
pub(super) fn read(bytes: &[u8]) -> Option<Node> {
    let (text, _) = decode(bytes).ok()?;
    if !TYPES.iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut servers: Vec<(u32, Vec<Node>, usize)> = Vec::new();
    let mut lines = (0, 1_u32);
    for (start, end, literal) in literals(&text) {
        let begins = ["turn:", "turns:", "stun:"].iter().any(|scheme| literal.starts_with(scheme));
        if !begins {
            continue;
        }
        lines.1 += u32::try_from(text[lines.0..start].matches('\n').count()).unwrap_or(u32::MAX);
        lines.0 = start;
        // An f-string and the like is filled in when the program runs.
        let computed = text[..start].ends_with(['f', '$', 'b']) && literal.contains(['{', '$']);
        let joined = text[end + 1..].trim_start().starts_with('+') || text[..start].trim_end().ends_with('+');
        let literal =
            if computed || joined || literal.contains("${") || literal.contains("\\(") { VARIABLE } else { literal };
        let uri = Node { line: lines.1, item: Item::Text(literal.to_owned()) };
        // URIs of one list have nothing but marks between them.
        let between = |last: usize| text[last..start].chars().all(|c| c.is_whitespace() || ",\"'f".contains(c));
        if let Some((_, uris, last)) = servers.last_mut().filter(|(.., last)| between(*last)) {
            uris.push(uri);
            *last = end;
        } else if servers.len() > MOST_ENTRIES {
            break;
        } else {
            servers.push((lines.1, vec![uri], end));
        }
    }
    let ends: Vec<usize> = servers.iter().map(|(.., end)| *end).collect();
    let node = |(at, (line, uris, end)): (usize, (u32, Vec<Node>, usize))| {
        let mut limit = ends.get(at + 1).copied().unwrap_or(text.len()).min(end + NEAR);
        while !text.is_char_boundary(limit) {
            limit -= 1;
        }
        let behind = within(&text[end..limit]);
        let value = |names: &[&str]| argument(behind, names).map(|text| Node { line, item: Item::Text(text) });
        let mut members = vec![("urls".to_owned(), Node { line, item: Item::List(uris) })];
        members.extend(
            value(&["setUsername", "username", "Username", "userName", "user"]).map(|it| ("username".to_owned(), it)),
        );
        let names = ["setPassword", "setCredential", "credential", "Credential", "password", "Password"];
        members.extend(value(&names).map(|it| ("credential".to_owned(), it)));
        Node { line, item: Item::Object(members) }
    };
    let servers: Vec<Node> = servers.into_iter().enumerate().map(node).collect();
    (!servers.is_empty()).then(|| Node {
        line: 1,
        item: Item::Object(vec![("iceServers".to_owned(), Node { line: 1, item: Item::List(servers) })]),
    })
}

/// Up to where another server begins.
fn within(text: &str) -> &str {
    let end = TYPES.iter().filter_map(|word| text.find(word)).min().unwrap_or(text.len());
    &text[..end]
}

/// The literal that is given under one of these names; a placeholder where something else is.
fn argument(text: &str, names: &[&str]) -> Option<String> {
    for name in names {
        for (at, _) in text.match_indices(name) {
            let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
            let Some(value) = rest.strip_prefix(['=', ':', '(']).filter(|_| alone) else { continue };
            let value = value.trim_start();
            return Some(match literals(value).next() {
                Some((start, _, literal)) if start <= 1 => unescaped(literal),
                _ => VARIABLE.to_owned(),
            });
        }
    }
    None
}

/// A literal without the marks before its quotes and its own backslashes.
fn unescaped(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut escaped = false;
    for c in literal.chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            text.push(c);
        }
    }
    text
}

/// Texts in quotes with where they begin and end, those of one line.
fn literals(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(['"', '\'', '`'])?;
            let quote = text.as_bytes()[start];
            let mut end = start + 1;
            let bytes = text.as_bytes();
            while end < bytes.len() && bytes[end] != quote && bytes[end] != b'\n' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            if bytes.get(end) == Some(&quote) {
                at = end + 1;
                return Some((start, end, &text[start + 1..end]));
            }
            // It has no end in its line.
            at = text[start..].find('\n').map_or(text.len(), |end| start + end);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Login, read_application};
    use crate::wire::Secret;

    #[test]
    fn servers_of_other_languages_are_read() {
        let alice = Some(Login::Password("alice".into(), Secret::new("wonderland")));
        for code in [
            "config = RTCConfiguration(iceServers=[\n  RTCIceServer(urls=[\"stun:turn.example.org\"]),\n  RTCIceServer(urls=\"turn:turn.example.org:3478\", username=\"alice\", credential='wonderland')])\n",
            "val a = PeerConnection.IceServer.builder(\"turn:turn.example.org:3478\")\n    .setUsername(\"alice\")\n    .setPassword(\"wonderland\")\n    .createIceServer()\n",
            "config.iceServers = [RTCIceServer(urlStrings: [\"turn:turn.example.org:3478\"], username: \"alice\", credential: \"wonderland\")]\n",
            "ICEServers: []webrtc.ICEServer{\n  {\n    URLs: []string{\"turn:turn.example.org:3478\"},\n    Username: \"alice\",\n    Credential: \"wonderland\",\n  },\n}\nvar x webrtc.ICEServer{}\n",
        ] {
            let read = read_application(code.as_bytes()).unwrap_or_else(|why| panic!("{why}: {code}"));
            let turn =
                read.entries.iter().find(|entry| entry.uri.starts_with("turn:")).unwrap_or_else(|| panic!("{read:?}"));
            assert_eq!((turn.uri.as_str(), &turn.login), ("turn:turn.example.org:3478", &alice), "{code}");
        }
    }

    #[test]
    fn a_literal_is_read_as_the_language_reads_it() {
        let code =
            r#"webrtc.ICEServer{URLs: []string{"turn:turn.example.org"}, Username: "my\\user\"a", Credential: "pwd"}"#;
        let read = read_application(code.as_bytes()).unwrap();
        assert_eq!(read.entries[0].login, Some(Login::Password("my\\user\"a".into(), Secret::new("pwd"))));
        let joined = "x = RTCIceServer(urls=\"turn:\" + host, username=\"a\", credential=\"b\")\n";
        assert!(read_application(joined.as_bytes()).unwrap().entries[0].server.is_none());
    }

    #[test]
    fn what_a_variable_holds_is_not_in_the_file() {
        let code = "RTCIceServer(urls=[f\"turn:{HOST}:3478\"], username=USER, credential=\"n0rth\")\n";
        let read = read_application(code.as_bytes()).unwrap();
        assert!(read.entries.iter().all(|entry| entry.server.is_none()), "{read:?}");
        let code = "RTCIceServer(urls=[\"turn:turn.example.org\"], username=user, credential=password)\n";
        let entry = &read_application(code.as_bytes()).unwrap().entries[0];
        assert!(entry.mistakes.iter().any(|mistake| mistake.text.contains("placeholder")), "{entry:?}");
    }

    #[test]
    fn hostile_code_does_no_harm() {
        for code in [
            "\"".repeat(50_000),
            "\"turn:\"".repeat(20_000),
            "RTCIceServer(\"turn:\\".to_owned(),
            "é'turn:é\\é".repeat(99),
        ] {
            let _ = read_application(format!("RTCIceServer({code}").as_bytes());
        }
    }
}
