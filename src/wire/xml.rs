//! As much of XML as what is pasted of it needs: elements of one name, wherever they stand, with their attributes. It may be cut off, or
//! have text around it, which no XML reader takes.

/// An element.
pub(super) struct Element<'a> {
    /// On which line it begins, from 1.
    pub(super) line: u32,
    attributes: Vec<(&'a str, String)>,
}

impl Element<'_> {
    /// The value of an attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, in their order.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// The elements of that name, in their order.
pub(super) fn elements<'a>(text: &'a str, name: &str) -> Vec<Element<'a>> {
    let mut found = Vec::new();
    let begin = format!("<{name}");
    let mut pieces = text.split(begin.as_str());
    let mut line = 1 + breaks(pieces.next().unwrap_or_default());
    for piece in pieces {
        // Another one may have a name that only begins so.
        if piece.starts_with(char::is_whitespace) {
            let element = piece.split('>').next().unwrap_or_default();
            found.push(Element { line, attributes: attributes(element) });
        }
        line += breaks(piece);
    }
    found
}

fn breaks(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// `name="value"`, as often as there is one.
fn attributes(element: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = element;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some((value, after)) = after[1..].split_once(quote) else { break };
        found.push((name.trim(), unescaped(value)));
        rest = after;
    }
    found
}

/// A value with its entities replaced: passwords have `&` in them.
pub(crate) fn unescaped(value: &str) -> String {
    let mut text = value.to_owned();
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_as_people_write_them() {
        let text = "<services>\n<service\n  type='turn' host = \"a&amp;b\"/><service-list/>\n<service port='3478'";
        let found = elements(text, "service");
        let told: Vec<_> =
            found.iter().map(|one| (one.line, one.get("type"), one.get("host"), one.get("port"))).collect();
        assert_eq!(told, [(2, Some("turn"), Some("a&b"), None), (4, None, None, Some("3478"))]);
        assert!(elements("no XML at all", "service").is_empty());
    }
}
