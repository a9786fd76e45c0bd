//! The servers in the configuration of a server of Matrix, wherever in it they stand.

use super::find::LEFT_OUT;
use super::tree::{Item, Node};

/// How deep its names are looked for.
const DEEPEST: usize = 12;

/// What Matrix calls its servers (Synapse's `turn_uris`, `turn_shared_secret`, `turn_username`, `turn_password`), under the names of a
/// TURN REST service.
pub(super) fn read(root: &Node) -> Option<Node> {
    within(root, 0)
}

fn within(root: &Node, depth: usize) -> Option<Node> {
    let Some(uris) = root.get("turn_uris") else {
        let below: Vec<&Node> = match &root.item {
            Item::Object(members) => members.iter().map(|(_, value)| value).collect(),
            Item::List(items) => items.iter().collect(),
            _ => return None,
        };
        return below.into_iter().filter(|_| depth < DEEPEST).find_map(|node| within(node, depth + 1));
    };
    let named = [
        ("username", "turn_username"),
        ("password", "turn_password"),
        ("secret", "turn_secret"),
        ("secret", "turn_shared_secret"),
    ];
    let mut members = vec![("uris".to_owned(), uris.clone())];
    for (name, known) in named {
        if let Some(value) = root.get(known).filter(|value| !matches!(value.item, Item::Null)) {
            members.push((name.to_owned(), value.clone()));
        }
    }
    let object = |name: &str, members| (name.to_owned(), Node { line: uris.line, item: Item::Object(members) });
    let elsewhere = ["turn_shared_secret_path", "turn_secret_file"].iter().any(|name| root.get(name).is_some());
    let mut all = vec![object("turn", members)];
    if elsewhere && all[0].1.members().len() == 1 {
        all.push(object(LEFT_OUT, Vec::new()));
    }
    Some(Node { line: uris.line, item: Item::Object(all) })
}
