//! What is wrong with a server as it was written.

use super::Service;
use super::escape::escape;

/// Why what was written names no server, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a {} server: {}", escape(.text), .service.name(), escape(.problem))]
pub struct UriError {
    text: String,
    service: Service,
    problem: String,
}

impl UriError {
    /// The text is to be [`masked`].
    pub(super) fn new(text: &str, service: Service, problem: String) -> Self {
        Self { text: text.to_owned(), service, problem }
    }

    /// What was written, not escaped; a password in it is `***`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it and what to try, not escaped.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// The text with `***` for a password between a user name and `@`, or in a query: no server is written that way, and errors repeat what
/// was.
#[must_use]
pub fn masked(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else { return masked_query(text) };
    let scheme = match before.split_once("://") {
        Some((scheme, _)) => scheme.len() + 3,
        None => match before.split_once(':') {
            Some((scheme, _)) if is_scheme(scheme) => scheme.len() + 1,
            _ => 0,
        },
    };
    match before[scheme..].split_once(':') {
        Some((user, _)) => format!("{}{user}:***@{host}", &before[..scheme]),
        None => text.to_owned(),
    }
}

/// Everything a query may be made of but the transport.
fn masked_query(text: &str) -> String {
    let Some((server, query)) = text.split_once('?') else { return text.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if !name.eq_ignore_ascii_case("transport") => format!("{name}=***"),
        _ => part.to_owned(),
    };
    format!("{server}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
}

fn is_scheme(text: &str) -> bool {
    ["stun", "stuns", "turn", "turns"].iter().any(|scheme| text.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_repeated() {
        for (text, shown) in [
            ("turn:alice:p@ss/w?rd@turn.example.org", "turn:alice:***@turn.example.org"),
            ("alice:password@turn.example.org:3478", "alice:***@turn.example.org:3478"),
            ("TURNS://alice:password@turn.example.org", "TURNS://alice:***@turn.example.org"),
            ("https://alice:password@turn.example.org", "https://alice:***@turn.example.org"),
            ("turn:alice@turn.example.org", "turn:alice@turn.example.org"),
            ("turn:turn.example.org?transport=udp&password=x", "turn:turn.example.org?transport=udp&password=***"),
            ("turn:turn.example.org:3478", "turn:turn.example.org:3478"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
