//! A document as a tree that knows its lines.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its line, from 1.
    pub(super) line: u32,
    /// What it is.
    pub(super) item: Item,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Text(String),
    /// As written.
    Number(String),
    Bool(bool),
    Null,
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
}

impl Node {
    /// The members, if it is an object.
    pub(super) fn members(&self) -> &[(String, Self)] {
        if let Item::Object(members) = &self.item { members } else { &[] }
    }

    /// The member of that name; of several the last, as in JavaScript.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Item::Text(text) = &self.item { Some(text) } else { None }
    }
}

/// Counts lines while places go up.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    /// For that text, whose first line has this number.
    pub(super) fn new(text: &'a str, first: u32) -> Self {
        Self { text, at: 0, line: first }
    }

    fn of(&mut self, at: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        let lines = passed.split(|byte| *byte == b'\n').count() - 1;
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = self.at.max(at);
        self.line
    }

    /// The parser's tree with the lines.
    pub(super) fn tree(&mut self, value: Value) -> Node {
        let line = self.of(value.start());
        let item = match value {
            Value::StringLit(text) => Item::Text(text.value.into_owned()),
            Value::NumberLit(number) => Item::Number(number.value.to_owned()),
            Value::BooleanLit(boolean) => Item::Bool(boolean.value),
            Value::NullKeyword(_) => Item::Null,
            Value::Object(object) => {
                let member =
                    |member: jsonc_parser::ast::ObjectProp| (member.name.into_string(), self.tree(member.value));
                Item::Object(object.properties.into_iter().map(member).collect())
            }
            Value::Array(list) => Item::List(list.elements.into_iter().map(|one| self.tree(one)).collect()),
        };
        Node { line, item }
    }
}
