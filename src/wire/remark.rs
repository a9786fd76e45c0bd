//! What is to be said of something that was written or measured, beside the verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was noticed: a stable code, a sentence, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// A stable code in kebab case.
    pub code: String,
    /// Whether it alone keeps the entry from working.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
    /// A sentence. Escaped.
    pub text: String,
    /// What to do; empty where nothing has to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}
