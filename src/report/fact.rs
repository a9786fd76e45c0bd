//! One thing that a report says, for formats that know only names, words and numbers.

use serde::Serialize;

/// A fact: what it is about, and what is so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    /// What is said, in the words of `--require` where it has one.
    pub(super) name: &'static str,
    /// About what: a family, a server.
    pub(super) labels: Vec<(&'static str, String)>,
    /// What is so.
    pub(super) value: Value,
}

/// What is so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A word of a closed list, or `inconclusive`.
    Word(String),
    /// A time in milliseconds.
    Millis(f64),
    /// How many.
    Count(usize),
    /// A part of a whole, from 0 to 1.
    Share(f64),
}

impl Fact {
    /// A word as the JSON has it; of a verdict that stands with its evidence, its `behavior`.
    pub(super) fn word(name: &'static str, said: &impl Serialize) -> Self {
        let said = serde_json::to_value(said).unwrap_or_default();
        let word = said.as_str().or_else(|| said.get("behavior")?.as_str()).unwrap_or("inconclusive");
        Self { name, labels: Vec::new(), value: Value::Word(word.to_owned()) }
    }

    /// A number.
    pub(super) fn number(name: &'static str, value: Value) -> Self {
        Self { name, labels: Vec::new(), value }
    }

    /// The same of something of that name.
    #[must_use]
    pub(super) fn of(mut self, label: &'static str, name: &(impl ToString + ?Sized)) -> Self {
        self.labels.push((label, name.to_string()));
        self
    }

    /// A word in words: `ipv4 mapping endpoint-independent`; nothing of a number.
    pub(super) fn words(&self) -> Option<String> {
        let Value::Word(word) = &self.value else { return None };
        let labels = self.labels.iter().map(|(_, name)| name.as_str());
        Some(labels.chain([self.name, word]).collect::<Vec<_>>().join(" "))
    }
}
