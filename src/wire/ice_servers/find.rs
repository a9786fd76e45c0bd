//! Where in a document the servers stand, and what kind of document that makes it.

use super::configuration::MOST_ENTRIES;
use super::text;
use super::tree::{Item, Node};

/// A member that readers of other documents add where user names and passwords stand in another file.
pub(super) const LEFT_OUT: &str = "nat-probe: left out";

/// How deep servers are looked for.
const DEEPEST: usize = 12;

/// Members whose list is of servers, in lower case and without hyphens and underscores; some programs put their own name in front.
const LISTS: [&str; 5] = ["iceservers", "iceservers2", "turnservers", "stunservers", "externalservices"];

/// Members whose list may be of other things: URIs of candidates are no servers.
const OTHERS: [&str; 1] = ["candidates"];

/// Who wrote a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Somebody who says that servers are in it: what looks like one is one.
    Servers,
    /// A program that has other things in it too, databases among them: what is no list of servers counts only where it says so itself.
    Anything,
}

/// What is found in a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// What kind of document it is, in words.
    pub(super) form: String,
    /// What may be servers, in order.
    pub(super) candidates: Vec<Candidate>,
    /// Every object that has `iceServers`.
    pub(super) configurations: Vec<Node>,
    /// `iceServers` is an object and no list.
    pub(super) single: Option<String>,
    /// User names and passwords were left out by who wrote it.
    pub(super) without_login: bool,
    /// What stands at its root may be a server by its looks.
    trusting: bool,
}

/// Something that stands where a server is to stand.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The value.
    pub(super) node: Node,
    /// Where it stands.
    pub(super) place: String,
    /// How its members are called.
    pub(super) shape: Shape,
    /// User name and password were left out by who wrote the document.
    pub(super) without_login: bool,
}

/// How the members of a server are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `urls`, `username`, `credential`: an `RTCIceServer`.
    Browser,
    /// `uris`, `username`, `password`, `ttl`: the TURN REST draft.
    Rest,
    /// `type`, `host`, `port`, `transport`, `username`, `password`: XEP-0215 and its like.
    Service,
}

/// Finds the servers.
///
/// # Errors
/// In words, when there are none.
pub(super) fn servers(root: &Node, says: Says) -> Result<Found, String> {
    let mut found = Found { trusting: says == Says::Servers, ..Found::default() };
    let mut empty = None;
    match &root.item {
        Item::Object(_) | Item::List(_) | Item::Text(_) => visit(root, "", 0, &mut found, &mut empty),
        _ => return Err("it is neither a list nor an object".to_owned()),
    }
    if let Some(place) = empty.filter(|_| found.candidates.is_empty()) {
        let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
        return Err(format!("its list of servers{place} is empty"));
    }
    if found.candidates.is_empty() {
        return Err(match says {
            Says::Servers => "it has neither iceServers nor urls",
            Says::Anything => "no TURN server stands in it: neither turn_uris, nor a list of turn_servers or ice_servers, nor services of type turn",
        }
        .to_owned());
    }
    found.form = form(root, &found);
    Ok(found)
}

fn visit(node: &Node, place: &str, depth: usize, found: &mut Found, empty: &mut Option<String>) {
    // Whoever has more than can be tested has no configuration: enough was seen to say so.
    if depth > DEEPEST || found.candidates.len() > MOST_ENTRIES {
        return;
    }
    match &node.item {
        Item::Object(members) => {
            let trusted = found.trusting && depth < 2;
            if let Some(shape) = shape(node, trusted) {
                found.push(node, place, shape);
                return;
            }
            found.without_login |= members.iter().any(|(name, _)| name == "PeerConnections" || name == LEFT_OUT);
            if node.get("iceServers").is_some() {
                found.configurations.push(node.clone());
                found.without_login |= node.get(text::INTERNALS).is_some();
            }
            // A secret beside a list of services is for all of them (mod_stun_disco of ejabberd).
            let shared = node.get("secret").filter(|secret| secret.text().is_some());
            for (name, value) in members {
                let signed = shared.filter(|_| name == "services").map(|secret| with_secret(value, secret));
                let value = signed.as_ref().unwrap_or(value);
                let inner = if place.is_empty() { shown(name) } else { format!("{place}.{}", shown(name)) };
                member(name, value, &inner, depth, found, empty);
            }
        }
        Item::List(items) => {
            let trusted = found.trusting && place.is_empty();
            let is_server = |item: &Node| shape(item, trusted).is_some() || is_uri(item);
            if items.iter().any(is_server) {
                list(items, place, found);
            } else if items.is_empty() && place.is_empty() {
                *empty = Some(String::new());
            } else if place.is_empty()
                && items.iter().all(|item| !matches!(item.item, Item::Object(_) | Item::List(_) | Item::Text(_)))
            {
                list(items, place, found);
            } else {
                for (index, item) in items.iter().enumerate() {
                    visit(item, &format!("{place}[{index}]"), depth + 1, found, empty);
                }
            }
        }
        // A document within a text, as webrtc-internals has it.
        Item::Text(text) => {
            if let Some(inner) = text::within(text, node.line) {
                visit(&inner, place, depth + 1, found, empty);
            }
        }
        _ => {}
    }
}

fn with_secret(services: &Node, secret: &Node) -> Node {
    let Item::List(items) = &services.item else { return services.clone() };
    let signed = |item: &Node| {
        let mut item = item.clone();
        if let Item::Object(members) = &mut item.item
            && members.iter().all(|(name, _)| name != "password" && name != "secret")
        {
            members.push(("secret".to_owned(), secret.clone()));
        }
        item
    };
    Node { line: services.line, item: Item::List(items.iter().map(signed).collect()) }
}

/// One member of an object that is no server.
fn member(name: &str, value: &Node, place: &str, depth: usize, found: &mut Found, empty: &mut Option<String>) {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase();
    if OTHERS.contains(&plain.as_str()) {
        return;
    }
    // Other programs have lists of `services` and `servers` too: theirs count where something in it is one.
    let certain = LISTS.iter().any(|list| plain.ends_with(list));
    match &value.item {
        Item::List(items) if certain && items.is_empty() => *empty = Some(place.to_owned()),
        Item::List(items) if certain => list(items, place, found),
        Item::Object(members) if certain => {
            found.single.get_or_insert_with(|| place.to_owned());
            if shape(value, true).is_some() || members.is_empty() {
                found.push(value, place, shape(value, true).unwrap_or(Shape::Browser));
            } else {
                visit(value, place, depth + 1, found, empty);
            }
        }
        Item::Text(text) if certain && text::within(text, value.line).is_none() => {
            found.push(value, place, Shape::Browser);
        }
        _ => visit(value, place, depth + 1, found, empty),
    }
}

fn list(items: &[Node], place: &str, found: &mut Found) {
    for (index, item) in items.iter().enumerate().take(MOST_ENTRIES + 1) {
        found.push(item, &format!("{place}[{index}]"), shape(item, true).unwrap_or(Shape::Browser));
    }
}

impl Found {
    fn push(&mut self, node: &Node, place: &str, shape: Shape) {
        let candidate =
            Candidate { node: node.clone(), place: place.to_owned(), shape, without_login: self.without_login };
        self.candidates.push(candidate);
    }
}

/// Whether an object is a server, and how its members are called. Where nothing else says that servers stand there, a database with host,
/// port and user looks like one too, and whoever asked it would tell it the user.
fn shape(node: &Node, trusted: bool) -> Option<Shape> {
    let named = |names: &[&str]| {
        let is = |(name, value): &(String, Node)| {
            names.iter().any(|one| name.eq_ignore_ascii_case(one))
                && matches!(value.item, Item::Text(_) | Item::List(_) | Item::Number(_) | Item::Null)
        };
        node.members().iter().any(is)
    };
    let says_so = node.members().iter().any(|(_, value)| match &value.item {
        Item::List(items) => items.iter().any(is_uri),
        _ => is_uri(value),
    });
    // Other things have a `url` too.
    let meant = named(&["username", "credential"]) || says_so;
    // NetBird's, in the words of Go.
    if node.get("URI").is_some() && node.get("Proto").is_some() && says_so {
        return Some(Shape::Rest);
    }
    if named(&["urls"]) && (trusted || says_so || named(&["credential"])) {
        return Some(Shape::Browser);
    }
    if named(&["url", "uri"]) && (trusted && meant || says_so) {
        return Some(Shape::Browser);
    }
    if named(&["uris"]) && (trusted || says_so) {
        return Some(Shape::Rest);
    }
    let service = named(&["host", "hostname", "server", "domain"])
        && named(&["type", "schemes", "scheme", "protocol", "protocols", "transport", "secret", "port"]);
    let of_turn = |text: &str| {
        text.split(',')
            .any(|one| ["turn", "turns", "stun", "stuns"].iter().any(|kind| one.trim().eq_ignore_ascii_case(kind)))
    };
    let is_turn = ["type", "schemes", "scheme"].iter().filter_map(|name| node.get(name)?.text()).any(of_turn);
    (service && (trusted || is_turn)).then_some(Shape::Service)
}

fn is_uri(node: &Node) -> bool {
    let schemes = ["turn:", "turns:", "stun:", "stuns:"];
    node.text()
        .is_some_and(|text| schemes.iter().any(|scheme| text.trim_start().to_ascii_lowercase().starts_with(scheme)))
}

/// The name of a member for a place: names are the application's, and a long one may be anything.
fn shown(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !name.is_empty() && name.len() <= 40 && name.chars().all(is_plain) { name.to_owned() } else { "*".to_owned() }
}

/// What kind of document it is.
fn form(root: &Node, found: &Found) -> String {
    let first = &found.candidates[0];
    let has = |name: &str| root.get(name).is_some();
    let path = first.place.as_str();
    let (parent, _) = path.rsplit_once("iceServers").unwrap_or((path, ""));
    let parent = parent.trim_end_matches('.');
    let known = if found.without_login {
        Some("what chrome://webrtc-internals shows of a configuration, which leaves user names and passwords out")
    } else if first.node.get("Proto").is_some() {
        Some("servers as NetBird has them")
    } else if first.shape == Shape::Rest {
        Some("an answer of a TURN REST service (username, password, ttl, uris), as Matrix has it")
    } else if first.shape == Shape::Service && first.node.get("schemes").is_some() {
        Some("TURN servers as Nextcloud Talk has them")
    } else if first.shape == Shape::Service {
        Some("services with host and port, as XEP-0215, Jitsi and LiveKit have them")
    } else if has("ice_servers") {
        Some("an answer of Twilio")
    } else if ["v", "d"].iter().any(|name| root.get(name).is_some_and(|inner| inner.get("iceServers").is_some())) {
        Some("an answer of Xirsys")
    } else if has("lifetimeDuration") {
        Some("an answer of Google's TURN service")
    } else if path.to_lowercase().contains("turnservers") || path.to_lowercase().contains("stunservers") {
        Some("signaling settings as Nextcloud Talk has them")
    } else {
        None
    };
    if let Some(known) = known {
        return known.to_owned();
    }
    match (found.single.is_some(), parent) {
        (true, "") => "an RTCConfiguration with one server and no list, as Cloudflare answers".to_owned(),
        (true, parent) => format!("an RTCConfiguration with one server and no list, under {parent}"),
        _ if !path.contains("iceServers") && path.starts_with('[') => "a list of RTCIceServer".to_owned(),
        _ if path.is_empty() => "one RTCIceServer".to_owned(),
        (_, "") => "an RTCConfiguration".to_owned(),
        (_, parent) if path.contains("iceServers") => format!("an RTCConfiguration under {parent}"),
        _ => format!("servers under {}", path.trim_end_matches(|c: char| matches!(c, '[' | ']') || c.is_ascii_digit())),
    }
}
