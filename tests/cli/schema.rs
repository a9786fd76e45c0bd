//! What `--json` prints is what `schema` describes. The few keywords that the schema uses are checked here by hand.

use serde_json::{Value, json};

/// What is wrong with the value, as paths into it.
fn faults(schema: &Value, root: &Value, value: &Value, path: &str) -> Vec<String> {
    let fits = |schema: &Value| faults(schema, root, value, path).is_empty();
    let mut found = Vec::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#'));
        found.extend(faults(target.unwrap_or_else(|| panic!("{reference} leads nowhere")), root, value, path));
    }
    if let Some(all) = schema["allOf"].as_array() {
        found.extend(all.iter().flat_map(|schema| faults(schema, root, value, path)));
    }
    if schema["anyOf"].as_array().is_some_and(|any| !any.iter().any(fits)) {
        found.push(format!("{path}: fits nothing of anyOf"));
    }
    if schema["oneOf"].as_array().is_some_and(|one| one.iter().filter(|schema| fits(schema)).count() != 1) {
        found.push(format!("{path}: fits not exactly one of oneOf"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        found.push(format!("{path}: {value} is none of {}", schema["enum"]));
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        found.push(format!("{path}: {value} is not {}", schema["const"]));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_a(value, kind)) {
        found.push(format!("{path}: {value} is no {kinds:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            found.push(format!("{path}: {name} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        if let Some(schema) = schema["properties"].get(name) {
            found.extend(faults(schema, root, member, &format!("{path}/{name}")));
        } else if schema.get("properties").is_some() && schema.get("$ref").is_none() && name != "kind" {
            // `kind` tells the members of an enum apart and stands beside what it refers to.
            found.push(format!("{path}: {name} is not described"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(&schema["items"], root, item, &format!("{path}/{index}")));
    }
    found
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => panic!("unknown type {kind}"),
    }
}

fn schema() -> Value {
    super::json("schema")
}

#[test]
fn every_report_fits_the_schema() {
    let schema = schema();
    for preset in nat_probe::sim::presets() {
        for command in ["classify --hairpin --tcp", "discover --transport udp,tcp"] {
            for more in ["", "--redact", "--require connectivity=nat"] {
                let arguments = format!("{command} --json --simulate {} {more}", preset.name);
                let found = faults(&schema, &schema, &super::json(&arguments), "");
                assert!(found.is_empty(), "{arguments}:\n{}", found.join("\n"));
            }
        }
    }
}

#[test]
fn every_turn_report_fits_the_schema() {
    let schema = schema();
    for preset in nat_probe::sim::presets().iter().filter(|preset| preset.name.starts_with("turn-")) {
        for more in ["", "--features --duration 60s --transport udp,tcp,tls,dtls", "--redact --require turn=any"] {
            let arguments = format!("turn -u demo --password demo -q --json --simulate {} {more}", preset.name);
            let report = super::json(&arguments);
            assert!(report["results"].as_array().is_some_and(|results| !results.is_empty()), "{arguments}");
            let found = faults(&schema, &schema, &report, "");
            assert!(found.is_empty(), "{arguments}:\n{}", found.join("\n"));
        }
    }
    let working = super::json("turn -u demo --password demo -q --json --simulate turn-lossy --features --duration 60s");
    for part in ["/results/0/hold/hiccups/0/at_ms", "/results/0/features/7/status", "/results/0/quality/channel/p95_ms"]
    {
        assert!(working.pointer(part).is_some(), "the check has nothing to check: {part}");
    }
}

#[test]
fn the_check_sees_faults() {
    let schema = schema();
    let good = super::json("classify --json --simulate home-router");
    for (pointer, wrong) in [
        ("/schema_version", json!("1")),
        ("/network", json!("imaginary")),
        ("/families/ipv4/mapping/behavior", json!("cone")),
        ("/evidence/0/outcome/kind", json!("surprise")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        assert!(!faults(&schema, &schema, &bad, "").is_empty(), "{pointer}");
    }
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("tool");
    assert_eq!(faults(&schema, &schema, &bad, ""), [": tool is missing"]);
}

#[test]
fn the_schema_names_its_dialect() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
