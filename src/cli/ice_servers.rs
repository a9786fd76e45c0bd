//! `--ice-servers`: the JSON that applications give to RTCPeerConnection, with its mistakes named the way a browser trips over them
//! (WebRTC 1.0, section 4.2.4 and section 4.4.1.1).

use serde_json::{Map, Value};

use crate::probe::turn::EntryKind;
use crate::probe::turn::finding::Remark;
use crate::stun::escape::escape;
use crate::stun::{Secret, ServerSpec, Transport};

/// One URI of the configuration.
#[derive(Clone, Debug, Default)]
pub struct IceEntry {
    /// As written, without what looks like a password in it.
    pub uri: String,
    /// Where it stands, `iceServers[0].urls[1]`.
    pub place: String,
    /// What it names; absent where it cannot be asked.
    pub server: Option<(ServerSpec, Transport)>,
    /// What it is for.
    pub kind: EntryKind,
    /// `username` and `credential`.
    pub login: Option<(String, Secret)>,
    /// What is wrong with it.
    pub mistakes: Vec<Remark>,
}

/// Understands the text.
///
/// # Errors
/// In words, when it is no JSON or no such configuration.
pub fn parse(text: &str) -> Result<Vec<IceEntry>, String> {
    // The words of serde_json would show a piece of the text only for a wrong type, and any JSON is right here.
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let hint = if text.contains('\'') || text.contains("iceServers:") || text.contains("urls:") {
            " (in JSON every name and text stands in double quotes)"
        } else {
            ""
        };
        format!("it is not JSON: line {}, column {}{hint}", error.line(), error.column())
    })?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut members) => match members.remove("iceServers") {
            Some(Value::Array(list)) => list,
            Some(_) => return Err("its iceServers is not a list".to_owned()),
            None if ["urls", "url", "username", "credential"].iter().any(|name| members.contains_key(*name)) => {
                vec![Value::Object(members)]
            }
            None => return Err("it has neither iceServers nor urls".to_owned()),
        },
        _ => return Err("it is neither a list nor an object".to_owned()),
    };
    if list.is_empty() {
        return Err("its list of servers is empty".to_owned());
    }
    Ok(list.iter().enumerate().flat_map(|(index, server)| entries(server, &format!("iceServers[{index}]"))).collect())
}

/// The entries of one server.
fn entries(server: &Value, place: &str) -> Vec<IceEntry> {
    let nothing = |mistake| vec![IceEntry { place: place.to_owned(), mistakes: vec![mistake], ..IceEntry::default() }];
    let Value::Object(server) = server else {
        return nothing(fatal("not-an-object", "an entry of iceServers is not an object", "write {\"urls\": ...}"));
    };
    let mut common = Vec::new();
    let (name, urls) = match (server.get("urls"), server.get("url")) {
        (Some(urls), _) => ("urls", urls),
        (None, Some(url)) => {
            common.push(fatal(
                "url-not-urls",
                "it has url where browsers want urls, and reject it",
                "rename url to urls",
            ));
            ("url", url)
        }
        (None, None) => {
            return nothing(fatal(
                "urls-missing",
                "it has no urls: browsers reject it",
                "add urls with the server's URI",
            ));
        }
    };
    let login = login(server, &mut common);
    let listed: Vec<(String, &Value)> = match urls {
        Value::Array(list) if list.is_empty() => {
            return nothing(fatal("urls-empty", "its urls is an empty list", "add the server's URI"));
        }
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, uri)| (format!("{place}.{name}[{index}]"), uri)).collect()
        }
        one => vec![(format!("{place}.{name}"), one)],
    };
    listed.into_iter().map(|(place, uri)| entry(uri, place, &login, common.clone())).collect()
}

/// What stands beside the URIs: a member may be absent, of the wrong type, or as it should be.
struct Beside {
    username: Option<String>,
    credential: Option<Secret>,
    mistakes: Vec<Remark>,
}

fn login(server: &Map<String, Value>, common: &mut Vec<Remark>) -> Beside {
    let mut mistakes = Vec::new();
    let mut text = |name: &str| match server.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            let what = format!("its {name} is not a text");
            mistakes.push(fatal("not-a-text", &what, &format!("write {name} in double quotes")));
            None
        }
    };
    let (username, credential) = (text("username"), text("credential").map(Secret::new));
    match server.get("credentialType").and_then(Value::as_str) {
        Some("oauth" | "token") => {
            let what =
                "its credentialType asks for OAuth tokens (RFC 7635), which neither browsers nor nat-probe support";
            mistakes.push(fatal("oauth-not-supported", what, "use a user name and password"));
        }
        None | Some("password") => {}
        // Its text is not repeated: in the wrong member it may be the password.
        Some(_) => {
            let what = "its credentialType is neither \"password\" nor \"oauth\"";
            mistakes.push(fatal("credential-type-unknown", what, "leave credentialType out"));
        }
    }
    if server.contains_key("password") && credential.is_none() {
        let what = "it has password where browsers want credential, and ignore it";
        common.push(fatal("password-not-credential", what, "rename password to credential"));
    }
    Beside { username, credential, mistakes }
}

fn entry(uri: &Value, place: String, beside: &Beside, mut mistakes: Vec<Remark>) -> IceEntry {
    let Value::String(text) = uri else {
        mistakes.push(fatal("not-a-text", "its URI is not a text", "write the URI in double quotes"));
        return IceEntry { place, mistakes, ..IceEntry::default() };
    };
    let text = text.trim();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let stun = matches!(scheme.as_str(), "stun" | "stuns");
    let kind = if stun { EntryKind::Stun } else { EntryKind::Turn };
    if !stun && !matches!(scheme.as_str(), "turn" | "turns") {
        let what = "its URI has no scheme that browsers know: they reject the whole configuration";
        mistakes.push(fatal("scheme-unknown", what, "begin it with stun:, turn: or turns:"));
    }
    let parsed = if stun {
        ServerSpec::parse(text).map(|spec| {
            let transport = if spec.secure { Transport::Tls } else { Transport::Udp };
            (spec, transport)
        })
    } else {
        ServerSpec::parse_turn(text).map(|(spec, transport)| (spec, transport.unwrap_or(Transport::Udp)))
    };
    let mut shown = text.to_owned();
    let server = match parsed {
        Ok(server) => Some(server),
        Err(error) => {
            error.text().clone_into(&mut shown);
            mistakes.push(fatal(
                "uri-invalid",
                &escape(error.problem()),
                "correct the URI; browsers reject it with a SyntaxError",
            ));
            None
        }
    };
    let mut login = None;
    match (stun, &beside.username, &beside.credential) {
        (true, None, None) => {}
        (true, ..) => mistakes.push(Remark {
            code: "credentials-ignored".to_owned(),
            error: false,
            text: "a STUN server takes no credentials: browsers ignore them".to_owned(),
            fix: "leave username and credential out, or write turn: if it is a TURN server".to_owned(),
        }),
        (false, Some(username), Some(credential)) => login = Some((username.clone(), credential.clone())),
        (false, username, _) => {
            let missing = if username.is_none() { "username" } else { "credential" };
            let what = format!("it has no {missing}: browsers reject a TURN server without (InvalidAccessError)");
            mistakes.push(fatal("credential-missing", &what, &format!("add {missing}")));
        }
    }
    if !stun {
        mistakes.extend(beside.mistakes.iter().cloned());
    }
    // `url` and a wrong scheme are mistakes of the writing: what was meant can be asked all the same only where it is understood.
    let asked = server.filter(|_| !mistakes.iter().any(|mistake| mistake.error));
    IceEntry { uri: shown, place, server: asked, kind, login, mistakes }
}

fn fatal(code: &str, text: &str, fix: &str) -> Remark {
    Remark { code: code.to_owned(), error: true, text: text.to_owned(), fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<Vec<String>> {
        let code = |entry: IceEntry| entry.mistakes.into_iter().map(|mistake| mistake.code).collect();
        parse(text).unwrap().into_iter().map(code).collect()
    }

    #[test]
    fn every_form_of_the_configuration_is_read() {
        let server =
            r#"{"urls": ["stun:a.example", "turn:a.example?transport=tcp"], "username": "u", "credential": "north"}"#;
        for text in [server.to_owned(), format!("[{server}]"), format!("{{\"iceServers\": [{server}], \"x\": 1}}")] {
            let entries = parse(&text).unwrap();
            assert_eq!(entries.len(), 2, "{text}");
            assert_eq!(entries[1].place, "iceServers[0].urls[1]");
            assert_eq!(entries[1].server.as_ref().map(|(_, transport)| *transport), Some(Transport::Tcp));
            assert_eq!((entries[0].kind, entries[1].kind), (EntryKind::Stun, EntryKind::Turn));
            assert!(entries[0].login.is_none() && entries[1].login.is_some());
            assert!(!format!("{entries:?}").contains("north"));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, code) in [
            (r#"{"url": "stun:a.example"}"#, "url-not-urls"),
            (r#"{"username": "u"}"#, "urls-missing"),
            (r#"{"urls": []}"#, "urls-empty"),
            (r#"{"urls": 3}"#, "not-a-text"),
            ("[3]", "not-an-object"),
            (r#"{"urls": "turn:a.example", "username": "u"}"#, "credential-missing"),
            (r#"{"urls": "turn:a.example", "username": "u", "credential": 3}"#, "not-a-text"),
            (r#"{"urls": "turn:a.example/x", "username": "u", "credential": "c"}"#, "uri-invalid"),
            (r#"{"urls": "turn://a.example", "username": "u", "credential": "c"}"#, "uri-invalid"),
            (r#"{"urls": "a.example", "username": "u", "credential": "c"}"#, "scheme-unknown"),
            (r#"{"urls": "stun:a.example", "username": "u", "credential": "c"}"#, "credentials-ignored"),
            (
                r#"{"urls": "turn:a.example", "username": "u", "credential": "c", "credentialType": "oauth"}"#,
                "oauth-not-supported",
            ),
        ] {
            let found = codes(text);
            assert!(found[0].iter().any(|found| found == code), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_refused_without_its_text() {
        for (text, words) in [
            ("{\n \"credential\": 'north'}", "line 2"),
            ("[]", "empty"),
            ("3", "neither a list"),
            ("{\"a\": 1}", "neither iceServers nor urls"),
            ("{\"iceServers\": 1}", "not a list"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(words) && !error.contains("north"), "{error}");
        }
    }
}
