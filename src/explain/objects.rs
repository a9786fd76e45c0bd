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

/// Statistics within a document of another kind: what an application put around them. None where no candidates and no pairs are in it; of
/// several of one name the last counts.
pub(super) fn nested(value: &Value) -> Option<Vec<(String, &Object)>> {
    let mut found = Vec::new();
    visit(value, 0, &mut found);
    let tells = |object: &Object| text(object, "type").is_some_and(|kind| kind.contains("candidate"));
    found.iter().any(|(_, object)| tells(object)).then_some(found)
}

fn visit<'a>(value: &'a Value, depth: usize, found: &mut Vec<(String, &'a Object)>) {
    match value {
        _ if depth > DEEPEST => {}
        Value::Array(items) => items.iter().for_each(|item| visit(item, depth + 1, found)),
        Value::Object(object) => match (text(object, "type"), text(object, "id")) {
            (Some(kind), Some(id)) if TYPES.contains(&kind) => found.push((id.to_owned(), object)),
            _ => object.values().for_each(|member| visit(member, depth + 1, found)),
        },
        _ => {}
    }
}

/// How deep statistics are looked for.
const DEEPEST: usize = 8;

/// An object as browsers have it: libraries for applications put the members under `values`, as an object or one by one, and others write
/// `local-candidate-id`.
pub(super) fn flattened(object: &Object) -> Object {
    let mut made = Object::new();
    let mut take = |members: &Object| {
        for (name, value) in members.iter().filter(|(name, _)| *name != "values") {
            made.insert(camel(name), value.clone());
        }
    };
    take(object);
    match object.get("values") {
        Some(Value::Object(members)) => take(members),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).for_each(take),
        _ => {}
    }
    made
}

fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let mut made = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        made.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        made.push_str(letters.as_str());
    }
    made
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
