//! The objects of `getStats()` in the shapes in which people save them.

use serde_json::{Map, Value};

/// An object of the statistics.
pub(super) type Object = Map<String, Value>;

/// Kinds of objects that only statistics have.
const TYPES: [&str; 8] = [
    "candidate-pair",
    "local-candidate",
    "remote-candidate",
    "transport",
    "peer-connection",
    "data-channel",
    "inbound-rtp",
    "outbound-rtp",
];

/// The objects by their names: a list of objects, an object of them, or a list of pairs of name and object. None where it is something
/// else.
pub(super) fn statistics(value: &Value) -> Option<Vec<(String, &Object)>> {
    let named = |object: &Object| object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let objects: Vec<(String, &Object)> = match value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| match item {
                Value::Object(object) => Some((named(object), object)),
                Value::Array(pair) => Some((pair.first()?.as_str()?.to_owned(), pair.get(1)?.as_object()?)),
                _ => None,
            })
            .collect(),
        Value::Object(members) => {
            members.iter().filter_map(|(name, item)| Some((name.clone(), item.as_object()?))).collect()
        }
        _ => return None,
    };
    let is_one = |object: &Object| object.get("type").and_then(Value::as_str).is_some_and(|kind| TYPES.contains(&kind));
    objects.iter().any(|(_, object)| is_one(object)).then_some(objects)
}

/// Whether they are statistics of the old kind, which Chrome alone had.
pub(super) fn is_goog(value: &Value) -> bool {
    let mut members: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return false,
    };
    members.any(|item| item.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("goog")))
}

/// A text member. Some versions wrote `ip*` and some writers quote everything.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A number, quoted or not.
pub(super) fn number(object: &Object, name: &str) -> Option<u64> {
    match object.get(name)? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The whole part of a number that is not negative and no larger than what milliseconds since 1970 come to in millennia.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are checked")]
pub(super) fn whole(number: f64) -> Option<u64> {
    (0.0..1e18).contains(&number).then_some(number as u64)
}

/// Whether a member is `true`, quoted or not.
pub(super) fn flag(object: &Object, name: &str) -> bool {
    object.get(name).is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"))
}
