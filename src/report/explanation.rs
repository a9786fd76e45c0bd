//! An explanation as JSON and as a page.

use serde_json::Value;

use super::Style;
use super::redact::Redactor;
use super::view;
use crate::explain::Explanation;

/// The JSON document; masked where the explanation says so.
#[must_use]
pub fn json(explanation: &Explanation) -> String {
    let mut document = serde_json::to_value(explanation).unwrap_or_default();
    if explanation.redacted {
        let redactor = Redactor::for_value(&document);
        mask(&mut document, &redactor);
    }
    format!("{document:#}")
}

/// The page for people.
#[must_use]
pub fn page(explanation: &Explanation, style: &Style) -> String {
    view::explanation::render(explanation, style)
}

fn mask(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.mask(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, redactor)),
        Value::Object(members) => members.values_mut().for_each(|member| mask(member, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
