//! The JSON Schema of a report and of the events before it, made from the very types that are written.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::beside::Explained;
use super::document::Report;
use crate::evidence::LogEvent;
use crate::explain::Lint;

/// The JSON Schema (draft 2020-12) of [`Report`]: what --json prints, and the last line of --ndjson. Each line before it is a
/// [`LogEvent`], which `$defs` has too, as it has what `explain --json` prints, and [`Lint`] of
/// `turn lint --json`.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<LogEvent>();
    generator.subschema_for::<Explained>();
    generator.subschema_for::<Lint>();
    generator.into_root_schema_for::<Report>().to_value()
}

/// Every word that a schema lists: what stands for nothing but itself.
pub(crate) fn words(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        Value::Object(members) => {
            let listed =
                members.get("enum").and_then(Value::as_array).into_iter().flatten().chain(members.get("const"));
            found.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| words(member, found));
        }
        _ => {}
    }
}

/// A word that the schema lists.
pub(crate) struct Meaning {
    /// The name of the definition that lists it.
    pub list: String,
    /// What that is about.
    pub about: String,
    /// The word.
    pub word: String,
    /// What it means there.
    pub text: String,
}

/// What the words mean that the definitions of the schema list.
#[must_use]
pub(crate) fn meanings() -> Vec<Meaning> {
    let schema = schema();
    let mut found = Vec::new();
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        variants((name, &in_one_line(definition)), definition, &mut found);
    }
    found
}

fn variants(list: (&str, &str), definition: &Value, found: &mut Vec<Meaning>) {
    for one in definition["oneOf"].as_array().into_iter().flatten() {
        // Of what has members of its own, the one that says which it is.
        let tag = || one["properties"].as_object()?.values().find_map(|member| member["const"].as_str());
        let text = in_one_line(one);
        if let (Some(word), false) = (one["const"].as_str().or_else(tag), text.is_empty()) {
            let (list, about) = (list.0.to_owned(), list.1.to_owned());
            found.push(Meaning { list, about, word: word.to_owned(), text });
        }
        variants(list, one, found);
    }
}

fn in_one_line(described: &Value) -> String {
    described["description"].as_str().unwrap_or_default().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let own = |variant: &&Value| variant["properties"]["command"]["const"] == spec.id();
            let variant = variants.iter().find(own).unwrap_or_else(|| panic!("{} is not in the schema", spec.name));
            let reference = variant["$ref"].as_str().expect("the members are in a definition of their own");
            let members = schema.pointer(reference.trim_start_matches('#')).expect("the definition is there");
            assert!(has(variant, "command") && has(members, "options"), "{variant}");
        }
    }
}
