//! A configuration of coturn looked over, as JSON, as a page and as SARIF.

use serde_json::Value;

use super::Style;
use super::redact::Redactor;
use super::{format, view, write};
use crate::explain::Lint;

/// The JSON document; masked where that is asked for.
#[must_use]
pub fn json(lint: &Lint) -> String {
    write::document(&masked(lint, serde_json::to_value(lint).unwrap_or_default()))
}

/// The page for people.
#[must_use]
pub fn page(lint: &Lint, style: &Style) -> String {
    view::lint::render(lint, style)
}

/// For whoever shows findings beside the lines of a file: SARIF 2.1.0.
#[must_use]
pub fn sarif(lint: &Lint) -> String {
    write::document(&masked(lint, format::sarif(lint)))
}

fn masked(lint: &Lint, mut document: Value) -> Value {
    if lint.redacted {
        Redactor::for_value(&document).mask_all(&mut document);
    }
    document
}
