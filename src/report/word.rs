//! The words of verdicts: as they stand in JSON, so they stand in `--require` and on the page.

use serde::Serialize;
use serde_json::Value;

use crate::measure::nat::finding::{Mapping, MappingBehavior};

/// The word that stands in JSON.
pub(super) fn word(verdict: &impl Serialize) -> String {
    match serde_json::to_value(verdict) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// What is known of a mapping, if only in part.
pub(super) fn mapping(found: &Mapping) -> String {
    let independent = || word(&MappingBehavior::EndpointIndependent);
    match (found.behavior, found.endpoint_independent) {
        (MappingBehavior::Inconclusive, Some(true)) => independent(),
        (MappingBehavior::Inconclusive, Some(false)) => format!("not {}", independent()),
        (known, _) => word(&known),
    }
}
