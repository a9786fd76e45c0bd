//! What browsers make of a value where they want a text: anything becomes one (Web IDL, section 3.2.11, ECMAScript `ToString`).

use super::tree::{Item, Node};

/// The value as a browser's text.
pub(super) fn text(value: &Node) -> String {
    match &value.item {
        Item::Text(text) => text.clone(),
        Item::Number(number) => self::number(number),
        Item::Bool(boolean) => boolean.to_string(),
        Item::Null => "null".to_owned(),
        Item::Object(_) => "[object Object]".to_owned(),
        Item::List(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
    }
}

/// What it is, for words.
pub(super) fn kind(value: &Node) -> &'static str {
    match &value.item {
        Item::Text(_) => "a text",
        Item::Number(_) => "a number",
        Item::Bool(_) => "true or false",
        Item::Null => "null",
        Item::Object(_) => "an object",
        Item::List(_) => "a list",
    }
}

/// A number in JavaScript's decimal notation: the shortest that means the same, so that large ones lose digits.
fn number(written: &str) -> String {
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() && (value == 0.0 || (1e-6..1e21).contains(&value.abs())) => {
            // JavaScript has no negative zero in texts.
            format!("{}", if value == 0.0 { 0.0 } else { value })
        }
        Ok(value) if value.is_finite() => {
            let text = format!("{value:e}");
            if text.contains("e-") { text } else { text.replace('e', "e+") }
        }
        _ => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_written_as_javascript_does() {
        for (written, text) in [
            ("1718000000", "1718000000"),
            ("12345678901234567890", "12345678901234567000"),
            ("1.50", "1.5"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("1e21", "1e+21"),
            ("1e-7", "1e-7"),
        ] {
            assert_eq!(number(written), text);
        }
    }
}
