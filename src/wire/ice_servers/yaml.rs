//! YAML as the same tree, with the lines of its values. Anchors are not followed: no configuration of servers needs them, and a few
//! lines of them can stand for more than there is memory for.

use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::tree::{Item, Node};

/// How deep brackets may stand in each other: the parser calls itself for each.
const DEEPEST: usize = 200;

/// The first document of the text.
///
/// # Errors
/// In words with the line, without a piece of the text.
pub(super) fn read(text: &str) -> Result<Node, String> {
    if deepest(text) > DEEPEST {
        return Err("its brackets stand deeper in each other than in any configuration".to_owned());
    }
    let mut tree = Tree::default();
    Parser::new_from_str(text)
        .load(&mut tree, false)
        .map_err(|error| format!("it is not YAML: line {}", error.marker().line()))?;
    tree.root.ok_or_else(|| "it is empty".to_owned())
}

/// The most brackets that are open at once, or indented lines below each other.
fn deepest(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    let dashes = text.lines().map(|line| line.matches("- ").count()).max().unwrap_or_default();
    most.max(dashes)
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
}

enum Open {
    List(u32, Vec<Node>),
    /// With the name whose value comes next.
    Object(u32, Vec<(String, Node)>, Option<String>),
}

impl Tree {
    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Object(_, members, name)) => match name.take() {
                Some(name) => members.push((name, node)),
                None => *name = Some(text(&node)),
            },
            None => {
                self.root.get_or_insert(node);
            }
        }
    }
}

/// A name: what is no text is none that anybody looks for.
fn text(node: &Node) -> String {
    match &node.item {
        Item::Text(text) | Item::Number(text) => text.clone(),
        _ => String::new(),
    }
}

impl MarkedEventReceiver for Tree {
    fn on_event(&mut self, event: Event, mark: Marker) {
        let line = u32::try_from(mark.line()).unwrap_or(u32::MAX);
        match event {
            Event::Scalar(text, style, ..) => self.put(Node { line, item: scalar(text, style) }),
            Event::Alias(_) => self.put(Node { line, item: Item::Null }),
            Event::SequenceStart(..) => self.open.push(Open::List(line, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Object(line, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List(line, items)) => Node { line, item: Item::List(items) },
                    Some(Open::Object(line, members, _)) => Node { line, item: Item::Object(members) },
                    None => return,
                };
                self.put(node);
            }
            _ => {}
        }
    }
}

/// A scalar: without quotes it may be more than a text (YAML 1.2, section 10.3).
fn scalar(text: String, style: TScalarStyle) -> Item {
    if style != TScalarStyle::Plain {
        return Item::Text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Item::Null,
        "true" | "True" | "TRUE" => Item::Bool(true),
        "false" | "False" | "FALSE" => Item::Bool(false),
        _ if text.parse::<f64>().is_ok()
            && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) =>
        {
            Item::Number(text)
        }
        _ => Item::Text(text),
    }
}
