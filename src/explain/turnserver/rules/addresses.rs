//! Addresses on which it listens, from which it relays and which it tells to clients.

use std::net::IpAddr;

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::explain::turnserver::keys::Takes;
use crate::explain::turnserver::read::Setting;
use crate::wire::Scope;

/// What a value says that is to be an address.
enum Address {
    Is(IpAddr),
    Name,
    Neither,
}

fn read(text: &str) -> Address {
    let text = text.trim();
    if let Ok(ip) = text.parse() {
        return Address::Is(ip);
    }
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    // What has only digits and dots was meant as an address.
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if text.is_empty() || digits || !text.chars().all(of_name) { Address::Neither } else { Address::Name }
}

/// Whether another rule tells of it already: a comment, quotes, a semicolon.
fn told(setting: &Setting) -> bool {
    setting.comment().is_some() || setting.value.ends_with(';') || setting.value.starts_with('\'')
}

pub(super) fn malformed(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    for setting in configuration.settings {
        let Some(key) = setting.key.filter(|key| key.takes == Takes::Address && key.is_known_by(configuration.version))
        else {
            continue;
        };
        if setting.value.is_empty() || told(setting) || !matches!(read(&setting.value), Address::Neither) {
            continue;
        }
        let text = format!("the value of {} is no address{}", key.name, port_hint(&setting.value));
        let effect = "\"Cannot add\" or \"Wrong address format\" in the log, and the line is ignored";
        found.push(
            Fault::error(LintCode::AddressMalformed, text)
                .at(setting)
                .effect(effect)
                .fix("an address without a port or brackets"),
        );
    }
    found
}

fn port_hint(value: &str) -> &'static str {
    let has_port = value.parse::<std::net::SocketAddr>().is_ok();
    if has_port {
        ": it has a port"
    } else if value.contains('/') {
        ": it has a prefix length"
    } else {
        ""
    }
}

pub(super) fn external(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut bare: Option<&Setting> = None;
    for setting in configuration.all("external-ip").filter(|setting| !told(setting)) {
        let parts: Vec<&str> = setting.value.splitn(2, '/').collect();
        if let (1, Some(first)) = (parts.len(), bare) {
            let text = format!("a second public address beside that of line {}", first.line);
            let effect = "coturn ignores this one: \"You cannot define external IP more than once\"";
            let fix = "PUBLIC/PRIVATE on each line, where the host has several addresses";
            found.push(Fault::error(LintCode::ExternalIpTwice, text).at(setting).effect(effect).fix(fix));
            continue;
        }
        if parts.len() == 1 {
            bare = Some(setting);
        }
        found.extend(external_parts(&parts).map(|fault| fault.at(setting)));
    }
    found
}

fn external_parts(parts: &[&str]) -> Option<Fault> {
    let read: Vec<Address> = parts.iter().map(|part| read(part)).collect();
    if read.iter().any(|part| matches!(part, Address::Neither)) {
        let text = format!(
            "external-ip is no address, and no public one with a private one behind a slash{}",
            port_hint(parts[0])
        );
        let effect = "\"Wrong address format\" in the log: clients are told the host's own address, which nobody reaches behind a NAT";
        return Some(
            Fault::error(LintCode::AddressMalformed, text)
                .effect(effect)
                .fix("external-ip=PUBLIC or external-ip=PUBLIC/PRIVATE"),
        );
    }
    match read[0] {
        Address::Name => {
            let text = "external-ip is a name: it has to resolve when coturn starts, and is not looked up again";
            let effect = "where it does not, one line in the log says so, and clients are told the host's own address";
            Some(Fault::warning(LintCode::ExternalIpName, text).effect(effect).fix("the address itself"))
        }
        Address::Is(ip) if Scope::of(ip) != Scope::Public => {
            let text = "the public address in external-ip is not public";
            let effect = "clients are told it as their relay, and nobody outside reaches it";
            Some(
                Fault::warning(LintCode::ExternalIpPrivate, text)
                    .effect(effect)
                    .fix("the address that the internet sees, before the slash"),
            )
        }
        _ => None,
    }
}
