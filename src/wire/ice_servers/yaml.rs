//! YAML as the same tree, with the lines of its values. What an anchor marks is copied where it is named, up to a bound: a few lines of
//! them can stand for more than there is memory for.

use std::collections::BTreeMap;

use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::tree::{Item, Node};

/// How deep brackets may stand in each other: the parser calls itself for each.
const DEEPEST: usize = 200;
/// How many values are copied from anchors in all.
const MOST_COPIED: usize = 10_000;

/// The document of the text, or a list of them where it has several.
///
/// # Errors
/// In words with the line, without a piece of the text.
pub(super) fn read(text: &str) -> Result<Node, String> {
    if deepest(text) > DEEPEST {
        return Err("its brackets stand deeper in each other than in any configuration".to_owned());
    }
    let mut tree = Tree { left: MOST_COPIED, ..Tree::default() };
    Parser::new_from_str(text)
        .load(&mut tree, true)
        .map_err(|error| format!("it is not YAML: line {}", error.marker().line()))?;
    match tree.roots.len() {
        0 => Err("it is empty".to_owned()),
        1 => Ok(tree.roots.remove(0)),
        _ => Ok(Node { line: 1, item: Item::List(tree.roots) }),
    }
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
    roots: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    /// How many more values may be copied.
    left: usize,
}

/// What is open, and by which number it is named later.
struct Open {
    line: u32,
    anchor: usize,
    what: What,
}

enum What {
    List(Vec<Node>),
    /// With the name whose value comes next.
    Object(Vec<(String, Node)>, Option<String>),
}

impl Tree {
    fn put(&mut self, node: Node, anchor: usize) {
        let size = if anchor > 0 { size(&node) } else { 0 };
        if anchor > 0 && size <= self.left {
            self.left -= size;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.what) {
            Some(What::List(items)) => items.push(node),
            Some(What::Object(members, name)) => match name.take() {
                // What is merged counts less than what stands there (YAML merge key).
                Some(name) if name == "<<" => members.splice(..0, node.members().iter().cloned()).for_each(drop),
                Some(name) => members.push((name, node)),
                None => *name = Some(text(&node)),
            },
            None => self.roots.push(node),
        }
    }

    /// What an anchor marked, while there is room.
    fn copy(&mut self, anchor: usize) -> Item {
        let Some(node) = self.anchors.get(&anchor) else { return Item::Null };
        let size = size(node);
        if size > self.left {
            return Item::Null;
        }
        self.left -= size;
        node.item.clone()
    }
}

fn size(node: &Node) -> usize {
    match &node.item {
        Item::Object(members) => 1 + members.iter().map(|(_, value)| size(value)).sum::<usize>(),
        Item::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        _ => 1,
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
            Event::Scalar(text, style, anchor, tag) => self.put(Node { line, item: scalar(text, style, tag) }, anchor),
            Event::Alias(anchor) => {
                let item = self.copy(anchor);
                self.put(Node { line, item }, 0);
            }
            Event::SequenceStart(anchor, _) => self.open.push(Open { line, anchor, what: What::List(Vec::new()) }),
            Event::MappingStart(anchor, _) => {
                self.open.push(Open { line, anchor, what: What::Object(Vec::new(), None) });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, what }) = self.open.pop() else { return };
                let item = match what {
                    What::List(items) => Item::List(items),
                    What::Object(members, _) => Item::Object(members),
                };
                self.put(Node { line, item }, anchor);
            }
            _ => {}
        }
    }
}

/// A scalar: without quotes it may be more than a text (YAML 1.2, section 10.3).
fn scalar(text: String, style: TScalarStyle, tag: Option<Tag>) -> Item {
    // A tag of an application's own names what stands elsewhere: `!secret turn_password` of Home Assistant.
    if let Some(tag) =
        tag.filter(|tag| !tag.suffix.is_empty() && !tag.handle.contains("yaml.org") && tag.handle != "!!")
    {
        return Item::Text(format!("${{{} {text}}}", tag.suffix));
    }
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
