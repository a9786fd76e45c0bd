//! The JSON Schema of a report, made from the very types that are written.

use super::document::Report;

/// The JSON Schema (draft 2020-12) of [`Report`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn it_is_draft_2020_12_and_describes_the_top_level_paths() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for path in [
            "schema_version",
            "command",
            "tool",
            "network",
            "started_at",
            "duration_ms",
            "families",
            "servers",
            "advice",
            "evidence",
        ] {
            assert!(schema["properties"][path].is_object(), "{path} is not in the schema");
            assert!(
                schema["required"].as_array().is_some_and(|required| required.iter().any(|name| name == path)),
                "{path} is not required"
            );
        }
    }
}
