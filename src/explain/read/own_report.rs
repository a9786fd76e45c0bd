//! Reports of nat-probe itself: what they found, under the names that `--require` has for it, and what they gathered.

use serde_json::Value;

use super::build::{Builder, shown};
use crate::explain::event::{Party, What};
use crate::explain::objects::{number, text};
use crate::explain::traffic::{RelayOutcome, RelayRequest, RelayStep};
use crate::wire::candidate::read_candidates;

/// What a report has besides findings.
const OTHER: [&str; 13] = [
    "bound",
    "candidates",
    "evidence",
    "events",
    "host_addresses",
    "left_out",
    "lookups",
    "options",
    "reason",
    "redacted",
    "samples",
    "servers",
    "tool",
];
/// The members whose word is a finding of its own.
const WORDS: [&str; 3] = ["connectivity", "rfc3489_type", "progress"];
/// The members that say what the object that has them came to.
const VERDICTS: [&str; 5] = ["behavior", "outcome", "verdict", "status", "code"];

/// Whether the document is one.
pub(super) fn is_one(value: &Value) -> bool {
    let has = |name: &str| value.get(name).is_some();
    has("schema_version") && has("tool")
        || value.get("command").and_then(Value::as_str) == Some("explain") && has("findings")
}

/// The report among the lines of `--ndjson`, of which it is the last. None where that is missing or they are something else.
pub(super) fn of_lines(lines: &[Value]) -> Option<&Value> {
    let events = lines.iter().all(|line| line.get("event").is_some());
    lines.last().filter(|last| events && is_one(last))
}

/// Whether these are the first lines of `--ndjson` whose last is missing.
pub(super) fn is_begun(lines: &[Value]) -> bool {
    !lines.is_empty() && lines.iter().all(|line| line.get("event").is_some() && line.get("at_ms").is_some())
}

pub(super) fn read(report: &Value, builder: &mut Builder) {
    let command = report.get("command").and_then(Value::as_str).unwrap_or_default();
    builder.connection(command);
    verdicts(report, "", "", builder);
    for (index, candidate) in items(report, "candidates") {
        let line = candidate.get("init").map(Value::to_string).unwrap_or_default();
        for listed in &read_candidates(&line).candidates {
            builder.candidate(Party::Here, listed, None, &format!("candidates[{index}]"), None);
        }
    }
    for (index, result) in items(report, "results") {
        relay(result, &format!("results[{index}]"), builder);
    }
}

fn items<'a>(report: &'a Value, name: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    report.get(name).and_then(Value::as_array).into_iter().flatten().enumerate()
}

/// Everything that is found, however deep.
fn verdicts(value: &Value, key: &str, place: &str, builder: &mut Builder) {
    match value {
        Value::Object(members) => {
            let word = VERDICTS.iter().find_map(|name| text(members, name)).filter(|_| !key.is_empty());
            if let Some(word) = word {
                said(key, word, place, builder);
            }
            for (name, member) in members.iter().filter(|(name, _)| !OTHER.contains(&name.as_str())) {
                let joined = |to: &str, one: &str| if to.is_empty() { one.to_owned() } else { format!("{to}.{one}") };
                // The families are the keys' beginning.
                let of = if name == "families" && key.is_empty() { String::new() } else { joined(key, name) };
                let at = joined(place, name);
                match member {
                    Value::String(word) if WORDS.contains(&name.as_str()) => said(&of, word, &at, builder),
                    Value::Object(_) | Value::Array(_) => verdicts(member, &of, &at, builder),
                    _ => {}
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_object()) {
                verdicts(item, key, &format!("{place}[{index}]"), builder);
            }
        }
        _ => {}
    }
}

fn said(key: &str, word: &str, place: &str, builder: &mut Builder) {
    builder.push(Party::Here, place, None, What::Verdict { key: shown(key), value: shown(word) });
}

/// What a TURN server gave.
fn relay(result: &Value, place: &str, builder: &mut Builder) {
    let Some(result) = result.as_object() else { return };
    let socket = |name: &str| text(result, name).and_then(|text| text.parse().ok());
    let Some(relayed) = socket("relayed_address") else { return };
    let mut step = RelayStep::new(RelayRequest::Allocate, RelayOutcome::Granted);
    (step.relayed, step.mapped, step.server) = (Some(relayed), socket("mapped_address"), socket("address"));
    step.authenticated = text(result, "username").is_some();
    (step.user, step.realm) = (text(result, "username").map(shown), text(result, "realm").map(shown));
    step.software = text(result, "software").map(shown);
    step.lifetime_s = number(result, "lifetime_s").and_then(|seconds| seconds.try_into().ok());
    builder.push(Party::Here, place, None, What::Relay(Box::new(step)));
}
