//! The JSON Schema of a report, made from the very types that are written.

use super::document::Report;

/// The JSON Schema (draft 2020-12) of [`Report`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::schema;
    use crate::measure::catalog;

    /// Whether the object has that member, and has to have it.
    fn has(schema: &Value, member: &str) -> bool {
        let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|name| name == member));
        schema["properties"][member].is_object() && required
    }

    #[test]
    fn it_is_draft_2020_12_and_describes_the_top_level_paths() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for path in ["schema_version", "tool", "network", "started_at", "duration_ms", "advice", "evidence"] {
            assert!(has(&schema, path), "{path}");
        }
    }

    #[test]
    fn each_command_has_its_own_members() {
        let schema = schema();
        let variants = schema["oneOf"].as_array().unwrap();
        assert_eq!(variants.len(), catalog::COMMANDS.len());
        for spec in catalog::COMMANDS {
            let own = |variant: &&Value| variant["properties"]["command"]["const"] == spec.name;
            let variant = variants.iter().find(own).unwrap_or_else(|| panic!("{} is not in the schema", spec.name));
            let reference = variant["$ref"].as_str().expect("the members are in a definition of their own");
            let members = schema.pointer(reference.trim_start_matches('#')).expect("the definition is there");
            assert!(has(variant, "command") && has(members, "options"), "{variant}");
        }
    }
}
