//! JSON that was cut off: closed where it ends, so that what is there can be read.

/// The text with what is open closed, and without what was begun last. None where nothing whole is in it.
pub(super) fn close(text: &str) -> Option<String> {
    let (mut open, mut inside, mut escaped) = (Vec::new(), false, false);
    // Where the last whole value of each open list or object ends, and what was open there.
    let mut whole: Option<(usize, usize)> = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if inside => {}
            b'{' | b'[' => {
                open.push(if byte == b'{' { '}' } else { ']' });
                whole = Some((at + 1, open.len()));
            }
            b'}' | b']' => {
                open.pop();
                whole = Some((at + 1, open.len()));
            }
            // What stands before a comma is whole; the brackets that close after it do not change the stack below.
            b',' => whole = Some((at, open.len())),
            _ => {}
        }
    }
    let (end, depth) = whole?;
    let mut closed = text[..end].to_owned();
    closed.extend(open.get(..depth)?.iter().rev());
    Some(closed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_whole_is_kept() {
        for (cut, kept) in [
            (r#"{"a":1,"b":[1,2,{"c":"d"#, json!({"a": 1, "b": [1, 2, {}]})),
            (r#"{"a":"x,]}\"","b":tr"#, json!({"a": "x,]}\""})),
            (r"[[1],[2", json!([[1], []])),
            (r#"{"a":{"b":1}"#, json!({"a": {"b": 1}})),
        ] {
            let closed = close(cut).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&closed).unwrap(), kept, "{closed}");
        }
        assert_eq!(close("\"abc"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_cut_off_can_be_read(at in 1usize..70) {
            let text = r#"{"a":[1,{"b":"c, \" ]","d":null}],"e":{"f":[true,false,"g"]},"h":1.5}"#;
            let closed = close(&text[..at.min(text.len())]).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&closed).is_ok(), "{}", closed);
        }
    }
}
