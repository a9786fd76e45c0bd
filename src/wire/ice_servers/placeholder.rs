//! What somebody was to fill in and did not.

/// The placeholder in the text, if there is one: `${TURN_HOST}`, `<DOMAIN>`, `{{host}}`, `%TURN_HOST%`, `YOUR_SERVER`.
#[must_use]
pub fn placeholder(text: &str) -> Option<&str> {
    between(text, "${", "}")
        .or_else(|| between(text, "{{", "}}"))
        .or_else(|| between(text, "<", ">"))
        .or_else(|| between(text, "%", "%"))
        .or_else(|| between(text, "__", "__"))
        .or_else(|| bare(text))
        .or_else(|| variable(text))
}

/// From one mark to the other, where what stands between looks like a name.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = text.find(open)?;
    let inner = &text[start + open.len()..];
    let end = inner.find(close)?;
    let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | ':' | '$');
    let name = &inner[..end];
    let is_name = name.chars().any(char::is_alphabetic) && name.chars().all(named);
    // `%3A` and the like are escapes.
    let is_escape =
        open == "%" && (name.len() < 3 || !name.starts_with(|c: char| c.is_alphabetic()) || name.contains([':', '.']));
    (is_name && !is_escape).then(|| &text[start..start + open.len() + end + close.len()])
}

/// Words that stand in templates.
fn bare(text: &str) -> Option<&str> {
    let at = [
        "YOUR_",
        "YOUR-",
        "MY_",
        "REPLACE_",
        "CHANGE_ME",
        "CHANGEME",
        "your_",
        "your-turn",
        "yourdomain",
        "your-domain",
        "your-server",
    ];
    let start = at.iter().filter_map(|word| text.find(word)).min()?;
    let end = text[start..]
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .unwrap_or(text.len() - start);
    Some(&text[start..start + end])
}

/// `$TURN_HOST` of a shell.
fn variable(text: &str) -> Option<&str> {
    text.match_indices('$').find_map(|(start, _)| {
        let rest = &text[start + 1..];
        let end =
            rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(rest.len());
        (end >= 3).then(|| &text[start..=start + end])
    })
}

#[cfg(test)]
mod tests {
    use super::placeholder;

    #[test]
    fn templates_are_told_from_values() {
        for (text, found) in [
            ("turn:${TURN_HOST}:3478", "${TURN_HOST}"),
            ("turn:<DOMAIN>", "<DOMAIN>"),
            ("turns:{{ host }}:443", "{{ host }}"),
            ("turn:%TURN_HOST%", "%TURN_HOST%"),
            ("turn:__HOST__:80", "__HOST__"),
            ("turn:YOUR_SERVER_IP:3478", "YOUR_SERVER_IP"),
            ("turn:$TURN_HOST:3478", "$TURN_HOST"),
            ("$$PORT", "$PORT"),
            ("turn:turn.your-domain.com", "your-domain.com"),
        ] {
            assert_eq!(placeholder(text), Some(found), "{text}");
        }
        for text in [
            "turn:turn.example.org",
            "turn:alice%3Ab%40h",
            "1718000000:alice",
            "p<4>",
            "a$b",
            "$5",
            "turn:[2001:db8::1]:80",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
