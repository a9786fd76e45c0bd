//! JSON documents that are still JSON after what was done to them.

use serde_json::{Value, json};

use crate::dice::Dice;

/// The document after a few changes somewhere in it.
pub(crate) fn mutate(dice: &mut Dice, seed: &Value) -> Value {
    let mut document = seed.clone();
    for _ in 0..=dice.below(4) {
        let mut places = Vec::new();
        list(&document, String::new(), &mut places);
        let (from, to) = (dice.pick(&places).clone(), dice.pick(&places).clone());
        let other = document.pointer(&from).cloned().unwrap_or_default();
        let strange = [
            Value::Null,
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(1e15),
            json!(-1e15),
            json!(0.1),
            json!(""),
            json!("\u{1b}[2J\u{202e}\n"),
            json!("0.0.0.0:0"),
            json!("[::ffff:127.0.0.1]:65535"),
            json!([]),
            json!({}),
            json!("x".repeat(3000)),
        ];
        let Some(place) = document.pointer_mut(&to) else { continue };
        match (place, dice.below(4)) {
            (Value::Array(items), 0) if !items.is_empty() => {
                let at = dice.below(items.len());
                if dice.one_in(2) { drop(items.remove(at)) } else { items.insert(at, items[at].clone()) }
            }
            (Value::Object(members), 0) => {
                if let Some(name) = members.keys().nth(dice.below(members.len())).cloned() {
                    members.remove(&name);
                }
            }
            // What stands elsewhere has the right type now and then.
            (place, 1 | 2) if to.rsplit('/').next() == from.rsplit('/').next() => *place = other,
            (place, 1) => *place = other,
            (place, _) => *place = dice.pick(&strange).clone(),
        }
    }
    document
}

fn list(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| list(item, format!("{at}/{index}"), found));
        }
        Value::Object(members) => members.iter().for_each(|(name, member)| list(member, format!("{at}/{name}"), found)),
        _ => {}
    }
    found.push(at);
}
