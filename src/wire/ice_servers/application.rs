//! Configurations of servers in which an application's TURN servers stand: Matrix' `homeserver.yaml`, LiveKit's and go2rtc's YAML, the
//! JSON of Nextcloud Talk, the XML of XEP-0215 and of BigBlueButton, Prosody's Lua, files of environment variables.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tree::{Item, Node};
use super::{assignments, environment, matrix, text, yaml};
use crate::wire::text::decode;
use crate::wire::xml;

/// The document as a tree, as the finder of servers knows it, and what kind of document it is where the finder cannot tell.
///
/// # Errors
/// In words, without a piece of the text.
pub(super) fn read(bytes: &[u8]) -> Result<(Node, Option<&'static str>), String> {
    let (whole, _) = decode(bytes)?;
    let text = whole.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('<') {
        let root = markup(text);
        let beans = root.get("turnServers").is_some();
        return Ok((root, beans.then_some("TURN servers as BigBlueButton has them")));
    }
    if assignments::is_some(text) {
        return Ok((assignments::read(text), Some("services in the configuration of a server, as Prosody has them")));
    }
    if environment::is_some(text) {
        return environment::read(text).map(|root| (root, Some("environment variables")));
    }
    let root = unfolded(yaml::read(text)?);
    Ok(match matrix::read(&root) {
        Some(found) => (found, Some("the configuration of a server of Matrix")),
        None => (root, None),
    })
}

/// Whether it begins as JSON does.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default());
    let start = text.trim_start_matches('\u{feff}').trim_start();
    // A table of TOML has its name in brackets.
    let named = |line: &str| {
        let name = line.trim_end().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains([',', '"']))
    };
    let template = start.starts_with("{{") || start.starts_with("{%");
    start.starts_with(['{', '[']) && !template && !start.lines().next().is_some_and(named)
}

/// With the documents that stand as texts in the `data` of a ConfigMap or a Secret of Kubernetes.
fn unfolded(root: Node) -> Node {
    let Node { line, item } = root;
    let item = match item {
        Item::List(items) => Item::List(items.into_iter().map(unfolded).collect()),
        Item::Object(members) => {
            let kind =
                |(name, value): &(String, Node)| (name == "kind").then(|| value.text().map(str::to_owned)).flatten();
            let kind = members.iter().find_map(kind).unwrap_or_default();
            let is_held = matches!(kind.as_str(), "ConfigMap" | "Secret");
            let open = |(name, value): (String, Node)| {
                let held = is_held && matches!(name.as_str(), "data" | "stringData");
                let coded = kind == "Secret" && name == "data";
                (name, if held { documents(value, coded) } else { value })
            };
            Item::Object(members.into_iter().map(open).collect())
        }
        other => other,
    };
    Node { line, item }
}

/// The texts among the members taken as documents, where they are ones.
fn documents(data: Node, coded: bool) -> Node {
    let Node { line, item } = data;
    let Item::Object(members) = item else { return Node { line, item } };
    let document = |(name, value): (String, Node)| {
        let Some(text) = value.text() else { return (name, value) };
        let decoded =
            STANDARD.decode(text.trim()).ok().filter(|_| coded).and_then(|bytes| String::from_utf8(bytes).ok());
        let text = decoded.as_deref().unwrap_or(text);
        let inner = text::within(text, 1);
        let inner = inner.or_else(|| yaml::read(text).ok().filter(|_| text.contains(':') && text.contains('\n')));
        // A block begins on the line behind its mark, which is where its text is told to be.
        let below = |node| moved(node, if coded { 0 } else { value.line.saturating_sub(1) });
        (name, inner.map_or_else(|| Node { line: value.line, item: Item::Text(text.to_owned()) }, below))
    };
    Node { line, item: Item::Object(members.into_iter().map(document).collect()) }
}

/// A document further below in its file.
fn moved(node: Node, by: u32) -> Node {
    let item = match node.item {
        Item::Object(members) => {
            Item::Object(members.into_iter().map(|(name, value)| (name, moved(value, by))).collect())
        }
        Item::List(items) => Item::List(items.into_iter().map(|item| moved(item, by)).collect()),
        other => other,
    };
    Node { line: node.line.saturating_add(by), item }
}

/// The services of XEP-0215, `<service type='turn' host='...' port='...' transport='udp' username='...' password='...'/>`; the beans of
/// BigBlueButton, whose arguments are a secret, a URI and how long what is signed with it holds.
fn markup(text: &str) -> Node {
    let text = &without_comments(text);
    let text_at = |line: u32, text: &str| Node { line, item: Item::Text(text.to_owned()) };
    let service = |element: xml::Element| {
        let line = element.line;
        let text = |(name, value): (&str, &str)| (name.to_owned(), text_at(line, value));
        Node { line, item: Item::Object(element.attributes().map(text).collect()) }
    };
    let services = xml::elements(text, "service").into_iter().map(service).collect();
    let beans = xml::elements(text, "bean");
    let arguments = xml::elements(text, "constructor-arg");
    let mut servers = Vec::new();
    for (at, bean) in beans.iter().enumerate() {
        let end = beans.get(at + 1).map_or(u32::MAX, |next| next.line);
        let argument = |index: &str| {
            let own = arguments.iter().filter(|argument| (bean.line..end).contains(&argument.line));
            own.filter(|argument| argument.get("index") == Some(index)).find_map(|argument| argument.get("value"))
        };
        let class = bean.get("class").unwrap_or_default();
        let (uri, secret) = match class.rsplit('.').next() {
            Some("TurnServer") => (argument("1"), argument("0")),
            Some("StunServer") => (argument("0"), None),
            _ => continue,
        };
        let members = [("urls", uri), ("secret", secret)].into_iter();
        let members = members.filter_map(|(name, value)| Some((name.to_owned(), text_at(bean.line, value?))));
        servers.push(Node { line: bean.line, item: Item::Object(members.collect()) });
    }
    let list = |name: &str, items| (name.to_owned(), Node { line: 1, item: Item::List(items) });
    let mut members = vec![list("services", services)];
    if !servers.is_empty() {
        members.push(list("turnServers", servers));
    }
    Node { line: 1, item: Item::Object(members) }
}

/// With the breaks of comments, so that lines stay right, and nothing else of them.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        let (comment, behind) = after.split_once("-->").unwrap_or((after, ""));
        kept.push_str(before);
        kept.extend(comment.matches('\n'));
        rest = behind;
    }
    kept.push_str(rest);
    kept
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
    fn what_is_no_turn_server_is_not_asked() {
        for text in [
            "database:\n  name: psycopg2\n  args:\n    user: synapse\n    password: n0rth\n    host: postgres\n    port: 5432\n",
            "listeners:\n  - port: 8008\n    type: http\n    host: 0.0.0.0\nredis:\n  host: redis\n  port: 6379\n  password: n0rth\n",
            "remote_write:\n  - url: https://mimir.example.org\n    username: alice\n    password: n0rth\n",
            "webrtc:\n  candidates:\n    - 192.168.1.2:8555\n    - stun:8555\n",
            "host: 0.0.0.0\nport: 8080\n",
            "services:\n  db:\n    image: postgres\n",
        ] {
            let why = read_application(text.as_bytes()).expect_err(text);
            assert!(why.contains("no TURN server") && !why.contains("n0rth"), "{why}");
        }
        let both = "database:\n  host: postgres\n  port: 5432\n  user: synapse\nturn_uris: [\"turn:turn.example.org\"]\nturn_shared_secret: n0rth\n";
        assert_eq!(uris(&read_application(both.as_bytes()).unwrap()), [("turn:turn.example.org".to_owned(), 5)]);
    }

    #[test]
    fn documents_within_documents_are_read() {
        let shared = Some(Login::Shared(Secret::new("n0rth")));
        let homeserver = "turn_uris: [\"turn:turn.example.org\"]\nturn_shared_secret: n0rth\n";
        let indented = homeserver.replace('\n', "\n    ");
        let map = format!(
            "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  homeserver.yaml: |\n    {indented}\n"
        );
        let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, homeserver);
        let secret = format!("kind: Secret\ndata:\n  homeserver.yaml: {coded}\n");
        for text in [
            map.as_str(),
            &secret,
            "client_api:\n  turn:\n    turn_uris: [\"turn:turn.example.org\"]\n    turn_shared_secret: n0rth\n",
        ] {
            let read = read_application(text.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
            assert_eq!(
                (read.entries[0].uri.as_str(), &read.entries[0].login),
                ("turn:turn.example.org", &shared),
                "{text}"
            );
        }
        assert_eq!(uris(&read_application(map.as_bytes()).unwrap())[0].1, 8, "the line of the whole file");
        let anchors = "x: &login\n  username: alice\n  credential: wonderland\nice_servers:\n  - urls: turn:turn.example.org\n    <<: *login\n";
        let read = read_application(anchors.as_bytes()).unwrap();
        assert_eq!(read.entries[0].login, Some(Login::Password("alice".into(), Secret::new("wonderland"))));
    }

    #[test]
    fn other_servers_names_are_known() {
        let alice = Some(Login::Password("alice".into(), Secret::new("wonderland")));
        let shared = Some(Login::Shared(Secret::new("n0rth")));
        for (text, login) in [
            (
                "webrtcICEServers2:\n  - url: turn:turn.example.org\n    username: alice\n    password: wonderland\n",
                &alice,
            ),
            (
                "webrtcICEServers2:\n  - url: turn:turn.example.org\n    username: AUTH_SECRET\n    password: n0rth\n",
                &shared,
            ),
            (
                "web_rtc:\n  ice_servers:\n    - url: turn:turn.example.org\n      username: alice\n      credential: wonderland\n",
                &alice,
            ),
            (
                "mod_stun_disco:\n  secret: n0rth\n  services:\n    - type: turn\n      host: turn.example.org\n",
                &shared,
            ),
            (
                "<beans>\n<!-- <bean id='old' class='a.TurnServer'>\n<constructor-arg index='1' value='turn:old'/></bean> -->\n\
                 <bean id=\"turn0\" class=\"org.bigbluebutton.web.services.turn.TurnServer\">\n<constructor-arg index=\"0\" value=\"n0rth\"/>\n\
                 <constructor-arg index=\"1\" value=\"turn:turn.example.org\"/>\n<constructor-arg index=\"2\" value=\"86400\"/>\n</bean>\n</beans>\n",
                &shared,
            ),
        ] {
            let read = read_application(text.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
            assert_eq!((read.entries.len(), &read.entries[0].login), (1, login), "{read:?}");
            assert!(read.entries[0].mistakes.is_empty() && read.entries[0].rejected.is_none(), "{read:?}");
        }
        // What stands in another file is not in this one.
        for text in [
            "turn_uris: [\"turn:turn.example.org\"]\nturn_shared_secret_path: /run/secrets/turn\n",
            "web_rtc:\n  ice_servers:\n    - url: turn:turn.example.org\n      username: alice\n      credential: !secret turn_password\n",
        ] {
            let entry = &read_application(text.as_bytes()).unwrap().entries[0];
            assert!(!entry.mistakes.is_empty() && entry.mistakes.iter().all(|mistake| !mistake.error), "{entry:?}");
        }
    }

    #[test]
    fn a_fence_of_markdown_is_taken_off() {
        let text = "# Calls\n\n- one: [x](y)\n\n```sh\nls\n```\n\n```yaml\n    turn_uris:\n    - \"turn:turn.example.org\"\n    turn_shared_secret: n0rth\n```\n";
        assert_eq!(uris(&read_application(text.as_bytes()).unwrap()), [("turn:turn.example.org".to_owned(), 11)]);
        let livekit = "rtc:\n  stun_servers:\n    - stun.example.org:3478\n";
        assert_eq!(
            uris(&read_application(livekit.as_bytes()).unwrap()),
            [("stun:stun.example.org:3478".to_owned(), 3)]
        );
    }

    #[test]
    fn hostile_documents_do_no_harm() {
        for text in [
            "[".repeat(100_000),
            "- ".repeat(100_000),
            "a: &a [*a, *a]\nb: *a\n".to_owned(),
            format!(
                "a: &a0 [x]\n{}",
                (1..60)
                    .map(|n| format!("b{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1))
                    .collect::<Vec<_>>()
                    .concat()
            ),
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
