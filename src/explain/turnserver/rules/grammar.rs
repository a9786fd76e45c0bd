//! What is not written as coturn reads it.

use std::collections::BTreeMap;

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode, Severity};
use crate::explain::turnserver::keys::{Key, Takes};
use crate::explain::turnserver::read::Setting;
use crate::explain::turnserver::version::Version;
use crate::wire::escape;
use crate::wire::ice_servers::placeholder;

/// The first version that ends where a port is no number.
const STRICT_PORTS: Version = Version::new(4, 13, 0);
/// Secrets and passwords that coturn's own example has.
const EXAMPLES: [&str; 6] = ["north", "logen", "qwerty", "password", "username1:key1", "username2:key2"];

pub(super) fn byte_order_mark(configuration: &Configuration) -> Vec<Fault> {
    let Some(first) = configuration.settings.first().filter(|setting| setting.marked) else { return Vec::new() };
    let text = "the file begins with a byte order mark, or is UTF-16: coturn takes it for part of the first key and ignores that line, or every line";
    vec![
        Fault::error(LintCode::ByteOrderMark, text)
            .at(first)
            .fix("save it as UTF-8 without a byte order mark, or as plain ASCII"),
    ]
}

/// Keys that this version does not have, and lines that are too long.
pub(super) fn lines(configuration: &Configuration) -> Vec<Fault> {
    let version = configuration.version;
    let one = |setting: &Setting| {
        let mut found = Vec::new();
        match setting.key {
            None => found.extend(unknown(setting)),
            Some(key) if key.takes == Takes::Nothing => {
                let text = format!("{} has no effect any more", key.name);
                found.push(Fault::note(LintCode::KeyWithoutEffect, text).fix("leave it out"));
            }
            Some(key) if !key.is_known_by(version) => {
                let (when, fix) = if version < key.since {
                    (format!("came with coturn {}", key.since), format!("coturn {} or a newer one", key.since))
                } else {
                    (format!("went after coturn {}", key.until), "leave it out".to_owned())
                };
                let text =
                    format!("{} {when}: coturn {version} ignores it, and what it is for does not happen", key.name);
                found.push(
                    Fault::warning(LintCode::KeyOfAnotherVersion, text)
                        .effect("\"Bad configuration format\" in the log")
                        .fix(fix),
                );
            }
            Some(_) => {}
        }
        if setting.long {
            let text = "the line is longer than 1023 bytes: coturn takes what follows for a line of its own";
            found.push(Fault::error(LintCode::LineTooLong, text).fix("a shorter value"));
        }
        found.into_iter().map(|fault| fault.at(setting)).collect::<Vec<_>>()
    };
    configuration.settings.iter().flat_map(one).collect()
}

fn unknown(setting: &Setting) -> Option<Fault> {
    if setting.marked {
        return None;
    }
    let bare = setting.name.trim_start_matches('-').trim_end_matches([';', ':', ',']);
    let likeness = |name: &&str| strsim::jaro_winkler(&bare.to_ascii_lowercase().replace('_', "-"), name);
    let near = Key::names().filter(|name| likeness(name) > 0.85).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let (text, fix) = match near {
        Some(name) => {
            (format!("an unknown key, most like {name}: coturn ignores the line"), format!("{name}, spelled so"))
        }
        // Whatever else stands there may be anything, a secret too.
        None => {
            ("an unknown key: coturn ignores the line".to_owned(), "leave the line out, or begin it with #".to_owned())
        }
    };
    Some(Fault::warning(LintCode::UnknownKey, text).effect("\"Bad configuration format\" in the log").fix(fix))
}

/// Values that do not mean what they seem to.
pub(super) fn values(configuration: &Configuration) -> Vec<Fault> {
    let known = configuration.settings.iter().filter_map(|setting| Some((setting, setting.key?)));
    let known = known.filter(|(_, key)| key.is_known_by(configuration.version) && key.takes != Takes::Nothing);
    known
        .filter_map(|(setting, key)| value(setting, key, configuration.version).map(|fault| fault.at(setting)))
        .collect()
}

fn value(setting: &Setting, key: Key, version: Version) -> Option<Fault> {
    let name = key.name;
    match key.takes {
        Takes::Switch => return switch(setting, name),
        Takes::Flag => {
            let text = format!("{name} is on because it is there: coturn does not look at what stands behind it");
            let no = setting.switch() == Some(false);
            return no.then(|| {
                Fault::warning(LintCode::SwitchedOnByPresence, text).fix("leave the line out to switch it off")
            });
        }
        _ => {}
    }
    if setting.value.is_empty() {
        // What an empty secret does is told by the rules of logging in.
        let told = matches!(name, "static-auth-secret" | "user" | "external-ip");
        let optional =
            ["stale-nonce", "max-allocate-lifetime", "channel-lifetime", "permission-lifetime"].contains(&name);
        let text = format!("{name} has no value");
        return (!told && !optional)
            .then(|| Fault::warning(LintCode::ValueMissing, text).fix("give it one, or leave the line out"));
    }
    comment(setting, key, version)
        .or_else(|| quotes(setting, key))
        .or_else(|| semicolon(setting, key))
        .or_else(|| number(setting, key))
        .or_else(|| example(setting, key))
}

fn switch(setting: &Setting, name: &str) -> Option<Fault> {
    if setting.switch().is_some() {
        return None;
    }
    let (code, what, fix) = if setting.comment().is_some() {
        let what = format!("what stands behind {name} is no comment to coturn, and neither yes nor no");
        (LintCode::CommentInValue, what, "put the comment on a line of its own that begins with #")
    } else {
        let what = format!("what stands behind {name} is neither yes nor no");
        (LintCode::SwitchNotUnderstood, what, "nothing behind the key, or =1 or =0")
    };
    Some(Fault::error(code, what).effect("coturn does not start: \"Unknown boolean value\"").fix(fix))
}

/// A comment behind a value.
fn comment(setting: &Setting, key: Key, version: Version) -> Option<Fault> {
    setting.comment()?;
    let name = key.name;
    let belongs = format!("what stands behind the value of {name} is no comment to coturn, but part of the value");
    let (severity, effect) = match key.takes {
        Takes::Port if version >= STRICT_PORTS => (Severity::Error, "coturn does not start: \"Invalid port value\""),
        Takes::Port | Takes::Number => (Severity::Note, "none today: numbers end at the first other character"),
        Takes::Secret if name == "static-auth-secret" => {
            (Severity::Error, "the secret is another one than applications have: every login is refused with 401")
        }
        Takes::Secret => (Severity::Error, "it is another one than was meant"),
        Takes::User => {
            (Severity::Error, "the password is another one than users have: their login is refused with 401")
        }
        Takes::Address | Takes::External => {
            (Severity::Error, "it is no address (\"Wrong address format\"), and the line is ignored")
        }
        Takes::Peers if version >= super::peers::STRICT => (Severity::Error, "coturn does not start"),
        Takes::Peers => (Severity::Error, "it is no address (\"Wrong address format\"), and the rule does not work"),
        Takes::File => (Severity::Error, "there is no file of that name"),
        _ if name == "realm" => (Severity::Error, "the realm has blanks, and coturn refuses every login with 400"),
        _ => (Severity::Warning, "it is another one than was meant"),
    };
    let fix = "put the comment on a line of its own that begins with #";
    Some(Fault::new(LintCode::CommentInValue, severity, belongs).effect(effect).fix(fix))
}

fn quotes(setting: &Setting, key: Key) -> Option<Fault> {
    let secret =
        setting.value.split_once(':').filter(|_| key.takes == Takes::User).map_or(setting.value.as_str(), |(_, it)| it);
    let marks = ['\'', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '`'];
    if secret.len() < 2 || !secret.starts_with(marks) || !secret.ends_with(marks) {
        return None;
    }
    let text = format!(
        "the quotes around the value of {} belong to it: coturn drops only double ones, of a whole value",
        key.name
    );
    let severity = if matches!(key.takes, Takes::Number | Takes::Text) { Severity::Warning } else { Severity::Error };
    let effect = match key.takes {
        Takes::Secret | Takes::User => "it is another one than clients have: login is refused with 401",
        Takes::Address | Takes::External | Takes::Peers => "it is no address (\"Wrong address format\")",
        Takes::Port => "it is no port",
        _ => "it is another one than was meant",
    };
    Some(Fault::new(LintCode::QuotesInValue, severity, text).effect(effect).fix("leave the quotes out"))
}

/// What each of these does where it is 0, which is what coturn takes for a value that is no number.
fn number(setting: &Setting, key: Key) -> Option<Fault> {
    let digits = setting.value.trim_start_matches(['-', '+']).bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if key.takes != Takes::Number || digits {
        return None;
    }
    let effect = match key.name {
        "user-quota" | "total-quota" => "coturn takes 0 for it: there is no quota",
        "max-bps" | "bps-capacity" => "coturn takes 0 for it: there is no limit",
        "stale-nonce" => "coturn takes 0 for it: nonces are good for ever",
        "permission-lifetime" | "channel-lifetime" | "max-allocate-lifetime" => "coturn takes 0 for it",
        _ => "coturn takes 0 for it, or what it takes without the line",
    };
    let fault = Fault::warning(LintCode::NumberMalformed, format!("the value of {} is no number", key.name));
    Some(fault.effect(effect).fix("digits alone"))
}

fn semicolon(setting: &Setting, key: Key) -> Option<Fault> {
    if !setting.value.ends_with(';') {
        return None;
    }
    let harmless = matches!(key.takes, Takes::Number | Takes::Port);
    let severity = if harmless { Severity::Note } else { Severity::Error };
    let text = format!("the semicolon belongs to the value of {}", key.name);
    let effect = match key.takes {
        Takes::Secret | Takes::User => "it is another one than clients have: login is refused with 401",
        _ if harmless => "none today: numbers end at the first other character",
        _ => "it is another one than was meant",
    };
    Some(Fault::new(LintCode::Semicolon, severity, text).effect(effect).fix("leave the semicolon out"))
}

fn example(setting: &Setting, key: Key) -> Option<Fault> {
    let name = key.name;
    if matches!(key.takes, Takes::Secret | Takes::User) && EXAMPLES.contains(&setting.value.as_str()) {
        let text = format!("the value of {name} is the one of coturn's own example: everybody knows it");
        return Some(Fault::warning(LintCode::Placeholder, text).fix("a long random one"));
    }
    // A placeholder is shown, what stands around it may be a secret.
    let found = placeholder(&setting.value).filter(|_| !matches!(key.takes, Takes::Number | Takes::Port))?;
    let text = format!("{} in {name} looks like something that was to be filled in", escape(found));
    Some(Fault::warning(LintCode::Placeholder, text).fix("fill it in: coturn replaces nothing"))
}

/// Keys of which coturn keeps only the last.
pub(super) fn twice(configuration: &Configuration) -> Vec<Fault> {
    let several = [
        "user",
        "static-auth-secret",
        "external-ip",
        "listening-ip",
        "relay-ip",
        "denied-peer-ip",
        "allowed-peer-ip",
        "aux-server",
    ];
    let mut seen: BTreeMap<String, &Setting> = BTreeMap::new();
    let mut found = Vec::new();
    for setting in configuration.settings {
        let Some(key) = setting.key.filter(|key| key.is_known_by(configuration.version)) else { continue };
        let user = setting.value.split(':').next().unwrap_or_default();
        let name = if key.name == "user" { format!("user {user}") } else { key.name.to_owned() };
        let repeats = key.name == "user" || !several.contains(&key.name) && !key.name.ends_with("alternate-server");
        if let Some(before) = seen.insert(name, setting).filter(|before| repeats && before.value != setting.value) {
            let what = if key.name == "user" { "the same user" } else { key.name };
            let text = format!("{what} was set on line {} too, to something else: only this line counts", before.line);
            found.push(Fault::warning(LintCode::SetTwice, text).at(setting).fix("leave one of the two out"));
        }
    }
    found
}
