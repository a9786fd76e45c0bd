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

/// What stands within each element of that name, whatever prefix it has: those that stand within another of the same name are part of it.
pub(crate) fn contents<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((element, after)) = tag(rest, name) {
        if element.ends_with('/') {
            found.push("");
            rest = after;
            continue;
        }
        // What is never closed is cut off, and so is all that follows.
        let close =
            |at: &usize| local(&after[at + 2..]).starts_with(name) && ends_name(&local(&after[at + 2..])[name.len()..]);
        let Some(end) = after.match_indices("</").map(|(at, _)| at).find(close) else { break };
        found.push(&after[..end]);
        rest = &after[end + 2..];
    }
    found
}

/// The text of the first element of that name.
pub(super) fn text_of(text: &str, name: &str) -> Option<String> {
    contents(text, name).first().map(|text| unescaped(text.trim()))
}

/// The next element of that name: what stands between its brackets, and what follows them.
fn tag<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once('<')?;
        let named = local(after);
        if named.strip_prefix(name).is_some_and(ends_name) {
            return named.split_once('>');
        }
        rest = after;
    }
}

/// A name without its prefix, with all that follows it.
fn local(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    text[end..].strip_prefix(':').unwrap_or(text)
}

fn ends_name(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
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
    fn contents_are_found_whatever_the_prefix() {
        let text = "<a><u:port >1</u:port><port/><ports>2</ports><x:port n='>'>3</x:port><port>4";
        assert_eq!(contents(text, "port"), ["1", "", "'>3"]);
        assert!(contents("", "port").is_empty() && contents("<port", "port").is_empty());
    }

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
