//! What `--json` prints is what `schema` describes. The few keywords that the schema uses are checked here by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What is wrong with the value, as paths into it; a member that the schema does not know is a fault.
pub(super) fn faults(schema: &Value, root: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = contradictions(schema, root, value, path);
    let known = described(schema, root, value);
    let members = value.as_object().into_iter().flatten().map(|(name, _)| name);
    let strange = members.filter(|name| !known.is_empty() && !known.contains(name));
    found.extend(strange.map(|name| format!("{path}: {name} is not described")));
    found
}

/// The parts of a schema that hold of the same value.
fn parts<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a Value> {
    let target = schema["$ref"].as_str().map(|reference| {
        root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    });
    target.into_iter().chain(schema["allOf"].as_array().into_iter().flatten()).collect()
}

/// The members that the schema, or what of it fits the value, has words for.
fn described<'a>(schema: &'a Value, root: &'a Value, value: &Value) -> Vec<&'a String> {
    let mut known: Vec<&String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten();
    // Of the variants of an enum, the one with that tag.
    let tagged = |schema: &&Value| {
        let mut tags = schema["properties"].as_object().into_iter().flatten();
        tags.all(|(name, one)| one.get("const").is_none_or(|tag| value.get(name) == Some(tag)))
    };
    let fitting = choices.filter(tagged);
    for part in parts(schema, root).into_iter().chain(fitting) {
        known.extend(described(part, root, value));
    }
    known
}

/// What of the value the schema forbids.
fn contradictions(schema: &Value, root: &Value, value: &Value, path: &str) -> Vec<String> {
    let fits = |schema: &Value| contradictions(schema, root, value, path).is_empty();
    let mut found = Vec::new();
    for part in parts(schema, root) {
        found.extend(contradictions(part, root, value, path));
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
    let presets = nat_probe::sim::presets().iter().filter(|preset| preset.name.starts_with("turn-"));
    assert!(presets.clone().count() > 5);
    for preset in presets {
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

/// What an event line may be: its definition in the same schema.
fn events(schema: &Value) -> &Value {
    &schema["$defs"]["LogEvent"]
}

#[test]
fn every_event_fits_the_schema() {
    let schema = schema();
    let mut kinds = BTreeSet::new();
    let presets = || nat_probe::sim::presets().iter().map(|preset| preset.name);
    let named = |begins: &'static str| presets().filter(move |name| name.starts_with(begins));
    let stun = || presets().filter(|name| !name.starts_with("turn-") && !name.starts_with("gateway-"));
    let classify = stun().map(|name| format!("classify --hairpin --tcp --simulate {name}"));
    let discover = stun().map(|name| format!("discover --transport udp,tcp,tls --simulate {name}"));
    let turn =
        named("turn-").map(|name| format!("turn --features --duration 60s -u demo --password demo --simulate {name}"));
    let gateway = named("gateway-").map(|name| format!("gateway --map --simulate {name}"));
    let others = [
        "classify --deadline 1s --simulate hotel-udp-blocked",
        "classify --redact --simulate home-router",
        "turn --redact -u demo --password demo --simulate turn-server",
        "gateway --redact --map --simulate gateway-pcp",
        "peer connect --idle 20s --simulate full-cone --there symmetric",
        "peer connect --redact --simulate home-router --there symmetric",
        "peer connect --relay-only --simulate turn-server",
    ];
    let others = others.map(str::to_owned).into_iter();
    for arguments in classify.chain(discover).chain(turn).chain(gateway).chain(others) {
        let run = super::run(&format!("{arguments} --ndjson -q"));
        let lines: Vec<&str> = run.stdout.lines().collect();
        let (report, before) = lines.split_last().unwrap_or_else(|| panic!("{arguments}: {}", run.stderr));
        for (line, described) in before.iter().map(|line| (*line, events(&schema))).chain([(*report, &schema)]) {
            let value: Value = serde_json::from_str(line).unwrap();
            let found = faults(described, &schema, &value, "");
            assert!(found.is_empty(), "{arguments}: {}\n{line}", found.join("\n"));
            kinds.extend(value["event"].as_str().map(str::to_owned));
        }
    }
    let described = events(&schema)["oneOf"].as_array().unwrap();
    let known = described.iter().filter_map(|one| one["properties"]["event"]["const"].as_str());
    // So many strays no simulated network sends.
    let unseen: Vec<&str> = known.filter(|kind| !kinds.contains(*kind)).collect();
    assert_eq!(unseen, ["strays-left-out"], "{kinds:?}");
    assert!(kinds.contains("report"), "the last line names itself: {kinds:?}");
}

#[test]
fn the_check_sees_faults_of_events() {
    let schema = schema();
    let good = json!({"event": "stopped", "at_ms": 1.0, "reason": "deadline"});
    assert_eq!(faults(events(&schema), &schema, &good, ""), [""; 0]);
    for (member, wrong) in [("event", json!("surprise")), ("at_ms", json!("1")), ("reason", json!("boredom"))] {
        let mut bad = good.clone();
        bad[member] = wrong;
        assert!(!faults(events(&schema), &schema, &bad, "").is_empty(), "{bad}");
    }
    let mut bad = good;
    bad["surprise"] = json!(1);
    assert_eq!(faults(events(&schema), &schema, &bad, ""), [": surprise is not described"]);
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
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().insert("surprise".to_owned(), json!(1));
    assert_eq!(faults(&schema, &schema, &bad, ""), [": surprise is not described"]);
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("tool");
    assert_eq!(faults(&schema, &schema, &bad, ""), [": tool is missing"]);
}

#[test]
fn the_schema_names_its_dialect() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
