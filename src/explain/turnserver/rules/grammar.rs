//! What is not written as coturn reads it.

use std::collections::BTreeMap;

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode, Severity};
use crate::explain::turnserver::keys::{Key, Takes};
use crate::explain::turnserver::read::Setting;
use crate::explain::turnserver::version::Version;
use crate::explain::turnserver::written::Within;
use crate::wire::escape;
use crate::wire::ice_servers::placeholder;
use crate::wire::nearest;

/// The first version that ends where a port is no number.
const STRICT_PORTS: Version = Version::new(4, 13, 0);
/// Secrets and passwords that coturn's own example has, and others that stand in many.
const EXAMPLES: [&str; 15] = [
    "north",
    "logen",
    "qwerty",
    "password",
    "username1:key1",
    "username2:key2",
    "username:password",
    "user:password",
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "mysecret",
    "your-secret",
    "yoursecret",
];

pub(super) fn template(configuration: &Configuration) -> Vec<Fault> {
    let Some(line) = configuration.written.template else { return Vec::new() };
    let text = "it is the template of a configuration: lines were looked at by themselves, not what is missing or does not fit together";
    let mut fault = Fault::note(LintCode::Template, text).fix("look over what the template makes of it");
    fault.line = Some(line);
    vec![fault]
}

pub(super) fn part(configuration: &Configuration) -> Vec<Fault> {
    let text = match configuration.written.within {
        None => return Vec::new(),
        Some(Within::Block) => "the configuration is a block of this file: what stands around it was not looked at",
        Some(Within::Flags) => "the flags of coturn in this file were looked at, not a file that they name beside them",
    };
    let fault = Fault::note(LintCode::PartOfFile, text);
    vec![configuration.settings.first().map_or_else(|| fault.clone(), |first| fault.clone().at(first))]
}

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
            None => found.extend(unknown(setting, version)),
            Some(key) if key.takes == Takes::Nothing => {
                let text = format!("{} has no effect any more", key.name);
                found.push(Fault::note(LintCode::KeyWithoutEffect, text).fix("leave it out"));
            }
            Some(key) if !key.is_known_by(version) => found.push(elsewhere(setting, key, version)),
            Some(key) if key.name.starts_with("prometheus") => {
                let text = format!("{} is known only to a coturn that was built with Prometheus", key.name);
                let fault = Fault::note(LintCode::KeyOfSomeBuilds, text);
                found.push(
                    fault.effect("others, Debian's and Ubuntu's among them, ignore it: \"Bad configuration format\""),
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

/// A key of another version.
fn elsewhere(setting: &Setting, key: Key, version: Version) -> Fault {
    let when = if version < key.since {
        format!("came with coturn {}", key.since)
    } else {
        format!("went after coturn {}", key.until)
    };
    if key.is_usual_elsewhere() && setting.switch() == Some(true) {
        let text = format!("{} {when}: coturn {version} does without it what it is for", key.name);
        let fault = Fault::note(LintCode::KeyWithoutEffect, text);
        return fault.effect("\"Bad configuration format\" in the log, and nothing else").fix("leave it out");
    }
    let fix =
        if version < key.since { format!("coturn {} or a newer one", key.since) } else { "leave it out".to_owned() };
    let text = format!("{} {when}: coturn {version} ignores it, and what it is for does not happen", key.name);
    let fault = Fault::warning(LintCode::KeyOfAnotherVersion, text);
    fault.effect("\"Bad configuration format\" in the log").fix(fix)
}

fn unknown(setting: &Setting, version: Version) -> Option<Fault> {
    if setting.marked {
        return None;
    }
    if placeholder(&setting.name).is_some_and(|found| found.len() == setting.name.len()) {
        let text = "the line looks as if something was to be filled in";
        let fault = Fault::warning(LintCode::Placeholder, text).effect("coturn ignores it as it stands here");
        return Some(fault.fix("fill it in, or let what starts coturn do so"));
    }
    let bare = setting.name.trim_start_matches('-').trim_end_matches([';', ':', ',']);
    let plain = bare.to_ascii_lowercase().replace('_', "-");
    let near = nearest(&plain, Key::names_of(version).filter(|_| plain.len() > 2));
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
    // What a template fills in was not seen.
    if setting.of_template() {
        return None;
    }
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
        .or_else(|| semicolon(setting, key, version))
        .or_else(|| example(setting, key))
        .or_else(|| number(setting, key))
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
    // Of a realm whose quotes do harm the rule of realms tells.
    if key.name == "realm" && setting.value.contains('\'') {
        return None;
    }
    let mut marks = vec!['\'', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '`'];
    // Of a password alone coturn drops no quotes.
    marks.extend((key.takes == Takes::User).then_some('"'));
    let marks = marks.as_slice();
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

fn semicolon(setting: &Setting, key: Key, version: Version) -> Option<Fault> {
    if !setting.value.ends_with(';') {
        return None;
    }
    let strict = key.takes == Takes::Port && version >= STRICT_PORTS;
    let harmless = matches!(key.takes, Takes::Number | Takes::Port) && !strict;
    let severity = if harmless { Severity::Note } else { Severity::Error };
    let text = format!("the semicolon belongs to the value of {}", key.name);
    let effect = match key.takes {
        Takes::Secret | Takes::User => "it is another one than clients have: login is refused with 401",
        _ if harmless => "none today: numbers end at the first other character",
        _ if strict => "coturn does not start: \"Invalid port value\"",
        _ => "it is another one than was meant",
    };
    Some(Fault::new(LintCode::Semicolon, severity, text).effect(effect).fix("leave the semicolon out"))
}

fn example(setting: &Setting, key: Key) -> Option<Fault> {
    let name = key.name;
    let said = setting.value.to_ascii_lowercase();
    if matches!(key.takes, Takes::Secret | Takes::User) && EXAMPLES.contains(&said.as_str()) {
        let text = format!("the value of {name} is one that stands in examples: everybody knows it");
        return Some(Fault::warning(LintCode::Placeholder, text).fix("a long random one"));
    }
    let found = setting.unfilled()?;
    // What stands around a placeholder may be a secret; and so may it be itself, where only a part of a secret looks like one.
    let secret = matches!(key.takes, Takes::Secret | Takes::User);
    let marked = ["${", "{{", "<", "%"].iter().any(|mark| found.starts_with(mark));
    let whole = setting.value.split(':').any(|part| part.trim() == found);
    let what = if secret && !(marked && whole) { "something".to_owned() } else { escape(found) };
    let text = format!("{what} in {name} looks as if it was to be filled in");
    let fault = Fault::warning(LintCode::Placeholder, text);
    Some(fault.effect("coturn takes it as it stands here").fix("fill it in, or let what starts coturn do so"))
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
