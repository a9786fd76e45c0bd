//! Configurations of servers in which an application's TURN servers stand: Matrix' `homeserver.yaml`, LiveKit's and go2rtc's YAML, the
//! JSON of Nextcloud Talk, the XML of XEP-0215.

use super::tree::{Item, Node};
use super::yaml;
use crate::wire::{text, xml};

/// The document as a tree, as the finder of servers knows it.
///
/// # Errors
/// In words, without a piece of the text.
pub(super) fn read(bytes: &[u8]) -> Result<Node, String> {
    let (whole, _) = text::decode(bytes)?;
    let text = whole.trim_start_matches('\u{feff}');
    let root = if text.trim_start().starts_with('<') { services(text) } else { yaml::read(text)? };
    Ok(matrix(&root).unwrap_or(root))
}

/// Whether it begins as JSON does.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default());
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// What Matrix calls its servers (Synapse's `turn_uris`, `turn_shared_secret`, `turn_username`, `turn_password`), under the names of a
/// TURN REST service.
fn matrix(root: &Node) -> Option<Node> {
    let uris = root.get("turn_uris")?;
    let named = [("username", "turn_username"), ("password", "turn_password"), ("secret", "turn_shared_secret")];
    let mut members = vec![("uris".to_owned(), uris.clone())];
    for (name, known) in named {
        if let Some(value) = root.get(known).filter(|value| !matches!(value.item, Item::Null)) {
            members.push((name.to_owned(), value.clone()));
        }
    }
    Some(Node {
        line: uris.line,
        item: Item::Object(vec![("turn".to_owned(), Node { line: uris.line, item: Item::Object(members) })]),
    })
}

/// The services of XEP-0215: `<service type='turn' host='...' port='...' transport='udp' username='...' password='...'/>`.
fn services(text: &str) -> Node {
    let service = |element: xml::Element| {
        let line = element.line;
        let text = |(name, value): (&str, &str)| (name.to_owned(), Node { line, item: Item::Text(value.to_owned()) });
        Node { line, item: Item::Object(element.attributes().map(text).collect()) }
    };
    let services = xml::elements(text, "service").into_iter().map(service).collect();
    Node { line: 1, item: Item::Object(vec![("services".to_owned(), Node { line: 1, item: Item::List(services) })]) }
}

#[cfg(test)]
mod tests {
    use super::super::{Configuration, Login, read_application};
    use crate::wire::{Secret, Transport};

    fn uris(read: &Configuration) -> Vec<(String, u32)> {
        read.entries.iter().map(|entry| (entry.uri.clone(), entry.line)).collect()
    }

    #[test]
    fn matrix_has_its_own_names() {
        let text = "server_name: example.org\n# TURN\nturn_uris: [ \"turn:turn.example.org?transport=udp\", \"turns:turn.example.org?transport=tcp\" ]\n\
                    turn_shared_secret: \"n4c$ecret\"\nturn_user_lifetime: 86400000\n";
        let read = read_application(text.as_bytes()).unwrap();
        assert_eq!(
            uris(&read),
            [
                ("turn:turn.example.org?transport=udp".to_owned(), 3),
                ("turns:turn.example.org?transport=tcp".to_owned(), 3)
            ]
        );
        assert!(
            read.entries.iter().all(|entry| entry.login == Some(Login::Shared(Secret::new("n4c$ecret")))),
            "{read:?}"
        );
        let fixed = "turn_uris:\n  - turn:turn.example.org\nturn_username: alice\nturn_password: wonderland\n";
        let read = read_application(fixed.as_bytes()).unwrap();
        assert_eq!(read.entries[0].login, Some(Login::Password("alice".into(), Secret::new("wonderland"))));
        assert_eq!(read.entries[0].line, 2);
    }

    #[test]
    fn livekit_go2rtc_nextcloud_and_xmpp_are_read() {
        for (text, uri, transport, user) in [
            (
                "rtc:\n  tcp_port: 7881\n  turn_servers:\n    - host: turn.example.org\n      port: 443\n      protocol: tls\n      username: alice\n      credential: wonderland\n",
                "turns:turn.example.org:443?transport=tcp",
                Transport::Tls,
                "alice",
            ),
            (
                "webrtc:\n  listen: \":8555\"\n  ice_servers:\n    - urls: [ \"turn:turn.example.org:3478\" ]\n      username: alice\n      credential: wonderland\n",
                "turn:turn.example.org:3478",
                Transport::Udp,
                "alice",
            ),
            (
                "<iq><services xmlns='urn:xmpp:extdisco:2'>\n<service type='turn' host='turn.example.org' port='3478' transport='udp' username='alice' password='a&amp;b'/></services></iq>",
                "turn:turn.example.org:3478?transport=udp",
                Transport::Udp,
                "alice",
            ),
        ] {
            let read = read_application(text.as_bytes()).unwrap_or_else(|why| panic!("{text}: {why}"));
            let entry = &read.entries[0];
            assert_eq!(
                (entry.uri.as_str(), entry.server.as_ref().map(|(_, transport)| *transport)),
                (uri, Some(transport)),
                "{read:?}"
            );
            assert!(matches!(&entry.login, Some(Login::Password(name, _)) if name == user), "{read:?}");
        }
        let talk = r#"[{"schemes": "turn,turns", "server": "turn.example.org:443", "secret": "north", "protocols": "udp,tcp"}]"#;
        let read = read_application(talk.as_bytes()).unwrap();
        assert!(
            read.entries.len() > 1
                && read.entries.iter().all(|entry| entry.login == Some(Login::Shared(Secret::new("north")))),
            "{read:?}"
        );
        let password = read_application(
            b"<services><service type='turn' host='h' username='u' password='a&amp;b&lt;'/></services>",
        )
        .unwrap();
        assert_eq!(password.entries[0].login, Some(Login::Password("u".into(), Secret::new("a&b<"))));
    }

    #[test]
    fn hostile_documents_do_no_harm() {
        for text in [
            "[".repeat(100_000),
            "- ".repeat(100_000),
            "a: &a [*a, *a]\nb: *a\n".to_owned(),
            "<service ".repeat(10_000),
            "turn_uris: 7\n".to_owned(),
            "\u{1b}[2J: x\n".to_owned(),
        ] {
            if let Err(why) = read_application(text.as_bytes()) {
                assert!(!why.contains('\u{1b}'), "{why}");
            }
        }
    }
}
