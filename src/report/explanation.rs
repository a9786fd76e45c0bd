//! An explanation as JSON and as a page.

use super::Style;
pub use super::beside::{Beside, beside, json};
use super::view;
use crate::explain::Explanation;

/// The page for people.
#[must_use]
pub fn page(explanation: &Explanation, predictions: &[Beside], style: &Style) -> String {
    view::explanation::render(explanation, predictions, style)
}
