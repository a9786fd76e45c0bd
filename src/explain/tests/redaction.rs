//! What is redacted says the same: `explain(redact(x))` is `redact(explain(x))`, and nothing of it tells who somebody is.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::*;

/// Every file in a folder and the folders in it.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Every fixture that is a text, as the text.
fn texts() -> Vec<(String, String)> {
    let found = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain"));
    let text = |path: PathBuf| {
        let mut bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            bytes = unpacked(&bytes);
        }
        Some((path.to_string_lossy().into_owned(), String::from_utf8(bytes).ok()?))
    };
    found
        .into_iter()
        .filter(|path| !path.ends_with("README.md") && !path.ends_with("outcome"))
        .filter_map(text)
        .collect()
}

pub(super) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut all).unwrap();
    all
}

/// What is said of it, but for whether it is redacted.
pub(super) fn said(explanation: &Explanation) -> serde_json::Value {
    let mut value = serde_json::to_value(explanation).unwrap();
    value["redacted"] = false.into();
    value
}

#[test]
fn what_is_redacted_says_the_same() {
    let mut seen = 0;
    for (name, text) in texts() {
        let Ok(reading) = read(text.as_bytes()) else { continue };
        let mut after = explain(reading);
        let mut replacements = Replacements::of(&after);
        let masked = replacements.apply(&text);
        assert!(
            masked != text || after.events.is_empty() || after.calls.is_empty() || !text.contains("candidate"),
            "{name}: nothing was replaced"
        );
        after.redact();
        let before = explain(read(masked.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}")));
        let (before, after) = (said(&before), said(&after));
        if before != after {
            let different = first_difference(&before, &after, "");
            panic!("{name}: {different}");
        }
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

pub(super) fn first_difference(one: &serde_json::Value, other: &serde_json::Value, at: &str) -> String {
    use serde_json::Value;
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                let found = b.get(name).map_or_else(
                    || format!("{at}/{name} is missing"),
                    |other| first_difference(value, other, &format!("{at}/{name}")),
                );
                if !found.is_empty() {
                    return found;
                }
            }
            String::new()
        }
        (Value::Array(a), Value::Array(b)) => {
            let mut pairs = a
                .iter()
                .zip(b)
                .enumerate()
                .map(|(index, (one, other))| first_difference(one, other, &format!("{at}/{index}")));
            pairs.find(|found| !found.is_empty()).unwrap_or_else(|| {
                if a.len() == b.len() { String::new() } else { format!("{at}: {} and {}", a.len(), b.len()) }
            })
        }
        _ if one == other => String::new(),
        _ => format!("{at}: {one} and {other}"),
    }
}

#[test]
fn addresses_stay_within_their_class_and_equal_ones_equal() {
    let lines = "a=candidate:1 1 udp 9 192.168.7.9 5000 typ host\na=candidate:2 1 udp 8 8.8.8.8 5000 typ srflx raddr 192.168.7.9 rport 5000\n\
                 a=candidate:3 1 udp 7 100.70.1.2 5000 typ srflx\na=candidate:4 1 udp 6 fd12:3456::9 5000 typ host\na=candidate:5 1 udp 5 2a00:1450::7 5000 typ host\n\
                 a=candidate:6 1 udp 4 172.17.3.3 5000 typ host\na=candidate:7 1 udp 3 d5a1c9b2-0000-4000-8000-00000000abcd.local 5000 typ host\n";
    let mut explanation = explain(read(lines.as_bytes()).unwrap());
    let told = |explanation: &Explanation| -> Vec<String> {
        explanation
            .events
            .iter()
            .filter_map(|event| match &event.what {
                event::What::Candidate(it) => Some(meaning(it)),
                _ => None,
            })
            .collect()
    };
    let before = told(&explanation);
    explanation.redact();
    assert_eq!(told(&explanation), before, "private stays private, shared shared, containers' containers'");
    let shown = serde_json::to_string(&explanation).unwrap();
    for secret in ["192.168.7.9", "8.8.8.8", "100.70.1.2", "3456", "1450", "172.17.3.3", "d5a1c9b2"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // The base of the second is the first.
    assert_eq!(shown.matches("192.168.0.1").count(), 2, "{shown}");
}
