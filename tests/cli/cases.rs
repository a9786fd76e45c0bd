//! Saved evidence with the right verdict beside it (`tests/cases/`), judged again.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{command, finish};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    cases.sort();
    cases
}

/// Where the document differs from what is right.
fn differences(right: &Value, found: Option<&Value>, place: &str, wrong: &mut Vec<String>) {
    match (right, found) {
        (Value::Null, None) => {}
        (Value::Object(members), Some(Value::Object(_))) => {
            for (name, member) in members {
                differences(member, found.and_then(|found| found.get(name)), &format!("{place}/{name}"), wrong);
            }
        }
        (Value::Array(items), Some(Value::Array(_))) => {
            for (index, item) in items.iter().enumerate() {
                differences(item, found.and_then(|found| found.get(index)), &format!("{place}/{index}"), wrong);
            }
        }
        _ if found == Some(right) => {}
        _ => {
            wrong.push(format!("{place} is {}, right is {right}", found.map_or("absent".to_owned(), Value::to_string)));
        }
    }
}

/// What is wrong with a case.
fn faults(path: &Path) -> Vec<String> {
    let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let words = |member: &str| -> Vec<String> {
        let list = case[member].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert!(case["right"].is_object(), "a case says what is right");
    let report = &case["report"];
    let judge = |more: &[&str]| {
        let extra = words("arguments");
        let mut arguments = vec![report["command"].as_str().unwrap(), "--from", "-"];
        arguments.extend(extra.iter().map(String::as_str).chain(more.iter().copied()));
        let mut command = command(&arguments);
        command.write_stdin(report.to_string());
        finish(command)
    };
    let json = judge(&["--json"]);
    let Ok(document) = serde_json::from_str::<Value>(&json.stdout) else {
        return vec![format!("no document: {}{}", json.stdout, json.stderr)];
    };
    let mut wrong = Vec::new();
    differences(&case["right"], Some(&document), "", &mut wrong);
    if let Some(exit) = case["exit"].as_i64().filter(|exit| json.code.map(i64::from) != Some(*exit)) {
        wrong.push(format!("the exit code is {:?}, right is {exit}: {}", json.code, json.stderr));
    }
    let page = judge(&[]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    wrong.extend(
        words("says").into_iter().filter(|word| !page.contains(word)).map(|word| format!("does not say {word:?}")),
    );
    wrong.extend(words("never").into_iter().filter(|word| page.contains(word)).map(|word| format!("says {word:?}")));
    if !wrong.is_empty() {
        wrong.push(page);
    }
    wrong
}

#[test]
fn every_case_is_judged_rightly() {
    let cases = cases();
    assert!(!cases.is_empty(), "no cases were found");
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let failed: Vec<String> = cases
        .iter()
        .map(|path| (name(path), faults(path)))
        .filter(|(_, faults)| !faults.is_empty())
        .map(|(name, faults)| format!("{name}:\n  {}", faults.join("\n  ")))
        .collect();
    assert!(failed.is_empty(), "{} of {} cases are wrong\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn a_difference_is_found() {
    let found = serde_json::json!({ "a": [1, { "b": "c" }], "d": 1.5 });
    let differ = |right: Value| {
        let mut wrong = Vec::new();
        differences(&right, Some(&found), "", &mut wrong);
        !wrong.is_empty()
    };
    assert!(!differ(serde_json::json!({ "a": [1], "d": 1.5, "e": null })));
    for right in [
        serde_json::json!({ "a": [2] }),
        serde_json::json!({ "a": [1, { "b": "x" }] }),
        serde_json::json!({ "a": [1, { "b": "c" }, 3] }),
        serde_json::json!({ "d": null }),
        serde_json::json!({ "e": 1 }),
    ] {
        assert!(differ(right.clone()), "{right}");
    }
}
