//! An explanation as JSON and as a page.

use super::Style;
use super::redact::Redactor;
use super::view;
use crate::explain::Explanation;

/// The JSON document; masked where the explanation says so.
#[must_use]
pub fn json(explanation: &Explanation) -> String {
    let mut document = serde_json::to_value(explanation).unwrap_or_default();
    if explanation.redacted {
        Redactor::for_value(&document).mask_all(&mut document);
    }
    format!("{document:#}")
}

/// The page for people.
#[must_use]
pub fn page(explanation: &Explanation, style: &Style) -> String {
    view::explanation::render(explanation, style)
}
