//! Assignments of literals, `name = value`: Prosody's Lua (`external_services`, `turn_external_host`), the TOML of Matrix' servers in Rust,
//! Janus' `turn_server`. Of an expression that is no literal only is known that its value is not in the file.

use super::matrix;
use super::tree::{Item, Node};

/// How deep tables may stand in each other.
const DEEPEST: usize = 50;

/// What a value is that the file does not have.
const EXPRESSION: &str = "${expression}";

/// Whether the text assigns servers.
pub(super) fn is_some(text: &str) -> bool {
    let assigns = |line: &str| {
        let named = ["external_service", "turn_external_", "turn_uris", "turn_server"]
            .iter()
            .any(|name| line.starts_with(name));
        named
            && line
                .split_once('=')
                .is_some_and(|(name, _)| name.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
    };
    text.lines().any(|line| assigns(line.trim()))
}

/// Every assignment, and the servers that they describe together.
pub(super) fn read(text: &str) -> Node {
    let mut reader = Reader { rest: text, line: 1 };
    let mut members = Vec::new();
    while reader.skip() {
        match reader.name() {
            Some(name) => {
                if reader.take('=') {
                    members.push((name.to_owned(), reader.value(0)));
                }
            }
            None => reader.step(),
        }
    }
    let root = Node { line: 1, item: Item::Object(members) };
    if let Some(found) = matrix::read(&root) {
        return found;
    }
    let services = prosody(&root);
    Node {
        line: 1,
        item: Item::Object(vec![("external_services".to_owned(), Node { line: 1, item: Item::List(services) })]),
    }
}

/// The services of `mod_external_services`, with what is set for all of them, and those of `mod_turn_external`.
fn prosody(root: &Node) -> Vec<Node> {
    let mut services = Vec::new();
    let usual = |name: &str| root.get(&format!("external_service_{name}")).cloned();
    if let Some(Item::List(items)) = root.get("external_services").map(|list| &list.item) {
        for service in items {
            let mut members = service.members().to_vec();
            let secret = service.get("secret").map(|secret| &secret.item);
            let own = service.get("password").is_some() || matches!(secret, Some(Item::Text(_)));
            if let Some(secret) = usual("secret").filter(|_| !own) {
                members.push(("secret".to_owned(), secret));
            }
            for name in ["host", "port", "type"] {
                members
                    .extend(usual(name).filter(|_| service.get(name).is_none()).map(|value| (name.to_owned(), value)));
            }
            services.push(Node { line: service.line, item: Item::Object(members) });
        }
    }
    services.extend(janus(root));
    let own = |name: &str| root.get(&format!("turn_external_{name}")).cloned();
    let Some(host) = own("host") else { return services };
    let line = host.line;
    let text = |text: &str| Node { line, item: Item::Text(text.to_owned()) };
    let mut add = |kind: &str, transport: &str, port: Option<Node>| {
        let mut members = vec![("type".to_owned(), text(kind)), ("host".to_owned(), host.clone())];
        members.push(("transport".to_owned(), text(transport)));
        members.extend(port.map(|port| ("port".to_owned(), port)));
        members.extend(own("secret").map(|secret| ("secret".to_owned(), secret)));
        services.push(Node { line, item: Item::Object(members) });
    };
    add("turn", "udp", own("port"));
    if own("tcp").is_some_and(|on| matches!(on.item, Item::Bool(true))) {
        add("turn", "tcp", own("port"));
    }
    if let Some(port) = own("tls_port") {
        add("turns", "tcp", Some(port));
    }
    services
}

/// The server of Janus.
fn janus(root: &Node) -> Option<Node> {
    let host = root.get("turn_server")?;
    let kind = root.get("turn_type").and_then(Node::text).unwrap_or("udp").to_owned();
    let text = |text: &str| Node { line: host.line, item: Item::Text(text.to_owned()) };
    let (scheme, transport) = if kind == "tls" { ("turns", "tcp") } else { ("turn", kind.as_str()) };
    let mut members = vec![("type".to_owned(), text(scheme)), ("host".to_owned(), host.clone())];
    members.push(("transport".to_owned(), text(transport)));
    for (name, own) in [("port", "turn_port"), ("username", "turn_user"), ("password", "turn_pwd")] {
        members.extend(root.get(own).map(|value| (name.to_owned(), value.clone())));
    }
    Some(Node { line: host.line, item: Item::Object(members) })
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Reader<'a> {
    /// Goes on by so many bytes.
    fn advance(&mut self, by: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(by);
        self.line = self.line.saturating_add(u32::try_from(passed.matches('\n').count()).unwrap_or(u32::MAX));
        self.rest = rest;
        passed
    }

    fn step(&mut self) {
        self.advance(self.rest.chars().next().map_or(0, char::len_utf8));
    }

    /// Goes on to what is neither blank nor a comment; false at the end.
    fn skip(&mut self) -> bool {
        loop {
            self.advance(self.rest.len() - self.rest.trim_start().len());
            let long = self.rest.starts_with("--[[").then(|| self.rest.find("]]").map(|end| end + 2));
            let end = match long {
                Some(end) => end,
                None if self.rest.starts_with("--") || self.rest.starts_with('#') => self.rest.find('\n'),
                None => return !self.rest.is_empty(),
            };
            self.advance(end.unwrap_or(self.rest.len()));
        }
    }

    fn take(&mut self, mark: char) -> bool {
        self.skip();
        // `==` compares.
        let found = self.rest.starts_with(mark) && !(mark == '=' && self.rest.starts_with("=="));
        if found {
            self.advance(mark.len_utf8());
        }
        found
    }

    fn name(&mut self) -> Option<&'a str> {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(self.rest.len());
        (end > 0 && !self.rest.starts_with(|c: char| c.is_ascii_digit())).then(|| self.advance(end))
    }

    /// A literal, or what is no literal.
    fn value(&mut self, depth: usize) -> Node {
        self.skip();
        let line = self.line;
        let item = match self.rest.chars().next() {
            Some('{') => self.table('}', depth),
            Some('[') if self.rest.starts_with("[[") && depth == 0 => {
                let end = self.rest.find("]]").unwrap_or(self.rest.len());
                let text = self.rest[2..end.max(2)].to_owned();
                self.advance((end + 2).min(self.rest.len()));
                Item::Text(text)
            }
            Some('[') => self.table(']', depth),
            Some(quote @ ('"' | '\'')) => Item::Text(self.quoted(quote)),
            _ => {
                let end = self.rest.find([',', ';', '\n', '}', ']']).unwrap_or(self.rest.len());
                let word = self.advance(end).split(" --").next().unwrap_or_default().trim();
                match word {
                    "true" => Item::Bool(true),
                    "false" => Item::Bool(false),
                    "nil" | "" => Item::Null,
                    _ if word.bytes().all(|byte| byte.is_ascii_digit()) => Item::Number(word.to_owned()),
                    _ => Item::Text(EXPRESSION.to_owned()),
                }
            }
        };
        // What is put together is not in the file.
        self.skip();
        if self.rest.starts_with("..") || self.rest.starts_with("or ") {
            self.advance(self.rest.find([',', ';', '\n', '}']).unwrap_or(self.rest.len()));
            return Node { line, item: Item::Text(EXPRESSION.to_owned()) };
        }
        Node { line, item }
    }

    fn quoted(&mut self, quote: char) -> String {
        self.advance(1);
        let mut text = String::new();
        while let Some(c) = self.rest.chars().next() {
            self.advance(c.len_utf8());
            match c {
                _ if c == quote => break,
                '\\' => {
                    let escaped = self.rest.chars().next();
                    self.advance(escaped.map_or(0, char::len_utf8));
                    text.extend(escaped.map(|c| if c == 'n' { '\n' } else { c }));
                }
                _ => text.push(c),
            }
        }
        text
    }

    /// A table, with names or without.
    fn table(&mut self, close: char, depth: usize) -> Item {
        self.advance(1);
        let (mut items, mut members) = (Vec::new(), Vec::new());
        while self.skip() && !self.take(close) {
            if depth > DEEPEST {
                self.advance(self.rest.len());
                break;
            }
            let before = self.rest.len();
            let (at, line) = (self.rest, self.line);
            let bracketed = close == '}' && self.rest.starts_with("[\"");
            if bracketed {
                self.advance(1);
            }
            let name = if bracketed { Some(self.quoted('"')) } else { self.name().map(str::to_owned) };
            let _ = bracketed && self.take(']');
            match name {
                Some(name) if self.take('=') => members.push((name, self.value(depth + 1))),
                _ => {
                    // It was a value.
                    (self.rest, self.line) = (at, line);
                    items.push(self.value(depth + 1));
                }
            }
            let _ = self.take(',') || self.take(';');
            if self.rest.len() == before {
                self.step();
            }
        }
        if members.is_empty() { Item::List(items) } else { Item::Object(members) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Login, read_application};
    use crate::wire::Secret;

    fn told(text: &str) -> Vec<(String, Option<Login>, u32)> {
        let read = read_application(text.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
        read.entries.into_iter().map(|entry| (entry.uri, entry.login, entry.line)).collect()
    }

    #[test]
    fn prosodys_services_are_read() {
        let shared = |secret: &str| Some(Login::Shared(Secret::new(secret)));
        let text = "modules_enabled = {\n  \"roster\"; -- always\n  \"external_services\",\n}\nexternal_service_secret = \"n0rth\"\n--[[ old\nexternal_services = {}\n]]\nexternal_services = {\n  { type = \"stun\", host = \"turn.example.org\", port = 3478 },\n  { type = \"turn\", host = \"turn.example.org\", port = 3478, transport = \"udp\", secret = true, ttl = 86400, algorithm = \"turn\" };\n  { type = \"turns\", host = \"turn.example.org\", port = 443, transport = \"tcp\", username = 'alice', password = 'won\\'t' },\n}\nVirtualHost \"example.org\"\n";
        let alice = Some(Login::Password("alice".into(), Secret::new("won't")));
        assert_eq!(
            told(text),
            [
                ("stun:turn.example.org:3478".to_owned(), None, 10),
                ("turn:turn.example.org:3478?transport=udp".to_owned(), shared("n0rth"), 11),
                ("turns:turn.example.org:443?transport=tcp".to_owned(), alice, 12),
            ]
        );
        let text = "turn_external_host = \"turn.example.org\"\nturn_external_secret = \"n0rth\"\nturn_external_tcp = true\nturn_external_tls_port = 5349\n";
        let uris: Vec<String> = told(text).into_iter().map(|(uri, ..)| uri).collect();
        assert_eq!(
            uris,
            [
                "turn:turn.example.org?transport=udp",
                "turn:turn.example.org?transport=tcp",
                "turns:turn.example.org:5349?transport=tcp"
            ]
        );
        assert!(told(text).iter().all(|(_, login, _)| *login == shared("n0rth")));
        let janus = "nat: {\n\t#stun_server = \"x\"\n\tturn_server = \"turn.example.org\"\n\tturn_port = 443\n\tturn_type = \"tls\"\n\tturn_user = \"alice\"\n\tturn_pwd = \"won't\"\n}\n";
        let alice = Some(Login::Password("alice".into(), Secret::new("won't")));
        assert_eq!(told(janus), [("turns:turn.example.org:443?transport=tcp".to_owned(), alice, 3)]);
        let toml = "[global]\nserver_name = \"example.org\"\nturn_uris = [\"turn:turn.example.org?transport=udp\"]\nturn_secret = \"n0rth\"\n";
        assert_eq!(told(toml), [("turn:turn.example.org?transport=udp".to_owned(), shared("n0rth"), 3)]);
    }

    #[test]
    fn what_is_computed_is_no_value() {
        let text = "external_services = { { type = \"turn\", host = os.getenv(\"H\"), secret = \"a\" .. b } }\n";
        let read = read_application(text.as_bytes()).unwrap();
        assert!(read.entries[0].server.is_none() && !format!("{:?}", read.entries).contains("\"a\""), "{read:?}");
    }

    #[test]
    fn hostile_tables_do_no_harm() {
        for text in [
            "{".repeat(100_000),
            "{a=".repeat(50_000),
            "[[".repeat(10),
            "{[\"".repeat(9000),
            "--[[".to_owned(),
            "\"\\".to_owned(),
        ] {
            let _ = read_application(format!("external_services = {text}").as_bytes());
        }
    }
}
