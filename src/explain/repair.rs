//! JSON that was cut off: closed where it ends, so that what is there can be read.

/// What was taken from a text that was closed.
pub(super) struct Taken {
    end: usize,
    rest: String,
}

/// Closes what is open at that place of the text, without what was begun last and without what follows. None where nothing whole
/// stands before it.
pub(super) fn close(text: &mut String, at: usize) -> Option<Taken> {
    let (mut open, mut inside, mut escaped) = (Vec::new(), false, false);
    // Where the last whole value of each open list or object ends, and what was open there.
    let mut whole: Option<(usize, usize)> = None;
    for (at, byte) in text.bytes().take(at).enumerate() {
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
    let closing: String = open.get(..depth)?.iter().rev().collect();
    let rest = text.split_off(end);
    text.push_str(&closing);
    Some(Taken { end, rest })
}

impl Taken {
    /// Puts it back.
    pub(super) fn put_back(self, text: &mut String) {
        text.truncate(self.end);
        text.push_str(&self.rest);
    }
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
            let mut closed = cut.to_owned();
            close(&mut closed, usize::MAX).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&closed).unwrap(), kept, "{closed}");
        }
        assert!(close(&mut "\"abc".to_owned(), usize::MAX).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_cut_off_can_be_read(at in 1usize..70) {
            let text = r#"{"a":[1,{"b":"c, \" ]","d":null}],"e":{"f":[true,false,"g"]},"h":1.5}"#;
            let mut closed = text[..at.min(text.len())].to_owned();
            let taken = close(&mut closed, usize::MAX).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&closed).is_ok(), "{}", closed);
            taken.put_back(&mut closed);
            prop_assert_eq!(closed, &text[..at.min(text.len())]);
        }
    }
}
