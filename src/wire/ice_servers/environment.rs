//! Environment variables, `TURN_URL=turn:turn.example.org`: a file of them (`.env`), as applications in containers take them. There is no
//! standard for their names: what belongs together is told by what their names begin with.

use super::tree::{Item, Node};

/// Whether the text is one of such lines, and names TURN.
pub(super) fn is_some(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    lines.peek().is_some() && text.contains("TURN") && lines.all(|line| variable(line).is_some())
}

fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(named)).then(|| (name, unquoted(value.trim())))
}

fn unquoted(value: &str) -> &str {
    let within =
        |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
    let bare = value.split(" #").next().unwrap_or_default().trim_end();
    within('"').or_else(|| within('\'')).unwrap_or(bare)
}

/// Applications have a handful.
const MOST_VARIABLES: usize = 200;

/// What a variable is for, by the end of its name.
const USERS: [&str; 3] = ["USERNAME", "USER", "LOGIN"];
const PASSWORDS: [&str; 4] = ["PASSWORD", "CREDENTIAL", "PASS", "PWD"];
const SECRETS: [&str; 3] = ["SECRET", "SHARED_KEY", "AUTH_KEY"];
const PLACES: [&str; 8] = ["URLS", "URL", "URIS", "URI", "SERVERS", "SERVER", "HOST", "DOMAIN"];

/// The servers in it.
///
/// # Errors
/// In words, where what belongs together cannot be told.
pub(super) fn read(text: &str) -> Result<Node, String> {
    let all: Vec<(u32, &str, &str)> = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| variable(line.trim()).map(|(name, value)| (number, name, value)))
        .filter(|(_, name, value)| name.contains("TURN") && !value.is_empty())
        .collect();
    if all.len() > MOST_VARIABLES {
        return Err("more of its variables are named after TURN than any application has".to_owned());
    }
    let mut servers: Vec<Node> = Vec::new();
    for (line, name, value) in &all {
        let Some(stem) = PLACES.iter().find_map(|place| name.strip_suffix(place)) else { continue };
        let has_scheme = ["turn:", "turns:", "stun:"].iter().any(|scheme| value.contains(scheme));
        let named_host = (name.ends_with("HOST") || name.ends_with("DOMAIN")) && !value.contains("://");
        if !has_scheme && !named_host {
            continue;
        }
        let one = |ends: &[&str]| one(&all, stem, ends);
        let node = |text: &str| Node { line: *line, item: Item::Text(text.to_owned()) };
        let mut members = Vec::new();
        if has_scheme {
            let uris = value.split([',', ' ', ';']).map(str::trim).filter(|uri| !uri.is_empty()).map(node).collect();
            members.push(("urls".to_owned(), Node { line: *line, item: Item::List(uris) }));
        } else {
            members.push(("host".to_owned(), node(value)));
            members.push(("type".to_owned(), node(if stem.ends_with("TURNS_") { "turns" } else { "turn" })));
            members.extend(one(&["PORT"])?.map(|port| ("port".to_owned(), node(port))));
            let transport = one(&["TRANSPORT", "PROTOCOL"])?;
            members.extend(transport.map(|transport| ("transport".to_owned(), node(transport))));
        }
        let (user, password) = (one(&USERS)?, one(&PASSWORDS)?);
        if let (Some(user), Some(password)) = (user, password) {
            members.extend([("username".to_owned(), node(user)), ("credential".to_owned(), node(password))]);
        } else if let Some(secret) = one(&SECRETS)? {
            members.push(("secret".to_owned(), node(secret)));
        }
        servers.push(Node { line: *line, item: Item::Object(members) });
    }
    // A host is told of again beside its URI.
    let with_uri = servers.iter().any(|server| server.get("urls").is_some());
    servers.retain(|server| !with_uri || server.get("urls").is_some());
    if servers.is_empty() {
        return Err("none of its variables is named like a TURN server's, with its URI or its host".to_owned());
    }
    let list = Node { line: 1, item: Item::List(servers) };
    Ok(Node { line: 1, item: Item::Object(vec![("turnServers".to_owned(), list)]) })
}

/// The one variable whose name ends so: one that begins as the server's does, else the only one.
fn one<'a>(all: &[(u32, &'a str, &'a str)], stem: &str, ends: &[&str]) -> Result<Option<&'a str>, String> {
    let fits = |name: &str| ends.iter().any(|end| name.ends_with(end));
    let fitting = |of: &dyn Fn(&str) -> bool| -> Vec<&'a str> {
        let mut values: Vec<&str> =
            all.iter().filter(|(_, name, _)| fits(name) && of(name)).map(|(.., value)| *value).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let own = fitting(&|name| name.starts_with(stem));
    let found = if own.is_empty() { fitting(&|_| true) } else { own };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(format!(
            "which of its variables that end with {} belongs to which server cannot be told",
            ends.join(" or ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Login, read_application};
    use crate::wire::Secret;

    #[test]
    fn variables_that_belong_together_are_put_together() {
        let alice = || Some(Login::Password("alice".into(), Secret::new("won't")));
        let shared = || Some(Login::Shared(Secret::new("n0rth")));
        for (text, uris, login) in [
            (
                "# calls\nPORT=3000\nTURN_URL=\"turn:turn.example.org:3478,turns:turn.example.org\"\nTURN_USERNAME=alice\nexport TURN_PASSWORD=\"won't\"\n",
                vec!["turn:turn.example.org:3478", "turns:turn.example.org"],
                alice(),
            ),
            (
                "TURN_HOST=turn.example.org\nTURN_PORT=443\nTURN_SECRET=n0rth # ours\n",
                vec!["turn:turn.example.org:443"],
                shared(),
            ),
            (
                "NEXT_PUBLIC_TURN_URL=turn:turn.example.org\nNEXT_PUBLIC_TURN_USERNAME=alice\nNEXT_PUBLIC_TURN_CREDENTIAL=\"won't\"\nTURN_INTERNAL_USERNAME=bob\n",
                vec!["turn:turn.example.org"],
                alice(),
            ),
        ] {
            let read = read_application(text.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
            let found: Vec<&str> = read.entries.iter().map(|entry| entry.uri.as_str()).collect();
            assert_eq!(found, uris, "{text}");
            assert!(read.entries.iter().all(|entry| entry.login == login), "{read:?}");
        }
        for text in ["TURN_URL=turn:h\nTURN_A_USER=n0rth\nTURN_B_USER=s0uth\n", "TURN_ENABLED=1\n"] {
            let why = read_application(text.as_bytes()).expect_err(text);
            assert!(!why.contains("n0rth"), "{why}");
        }
    }
}
