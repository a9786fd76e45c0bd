//! Addresses on which it listens, from which it relays and which it tells to clients.

use std::collections::{BTreeMap, BTreeSet};
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

/// Whether another rule tells of it already: a comment, quotes, a semicolon, what was not filled in.
fn told(setting: &Setting) -> bool {
    let open = setting.unfilled().is_some() || setting.of_template();
    open || setting.comment().is_some() || setting.value.ends_with(';') || setting.value.starts_with('\'')
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
        let fix = "an address without a port or brackets";
        let fault = if key.name.starts_with("cli") || key.name.starts_with("web-admin") {
            Fault::warning(LintCode::AddressMalformed, text)
                .effect("\"Cannot set\" in the log, and the line is ignored")
        } else {
            Fault::error(LintCode::AddressMalformed, text).effect("\"Cannot add\" in the log, and the line is ignored")
        };
        found.push(fault.at(setting).fix(fix));
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
    // The first line for each private address, and for all of them.
    let mut known: BTreeMap<Option<&str>, &Setting> = BTreeMap::new();
    let relays = relays(configuration);
    for setting in configuration.all("external-ip").filter(|setting| !told(setting)) {
        let (public, private) = match setting.value.split_once('/') {
            Some((public, private)) => (public.trim(), Some(private.trim())),
            None => (setting.value.trim(), None),
        };
        if let Some(first) = known.get(&private) {
            found.push(twice(first, private.is_some()).at(setting));
            continue;
        }
        known.insert(private, setting);
        found.extend(external_parts(public, private).map(|fault| fault.at(setting)));
        if let Some(Ok(private)) = private.map(str::parse::<IpAddr>) {
            found.extend(unused(&relays, private).map(|fault| fault.at(setting)));
        }
    }
    found
}

fn twice(first: &Setting, mapped: bool) -> Fault {
    let (text, effect) = if mapped {
        ("a second public address for the private one", "coturn tells clients the first")
    } else {
        (
            "a second public address beside that",
            "coturn ignores this one: \"You cannot define external IP more than once\"",
        )
    };
    let fault = Fault::error(LintCode::ExternalIpTwice, format!("{text} of line {}", first.line));
    fault.effect(effect).fix("PUBLIC/PRIVATE on each line, where the host has several addresses")
}

fn external_parts(public: &str, private: Option<&str>) -> Option<Fault> {
    let wanted = "external-ip=PUBLIC or external-ip=PUBLIC/PRIVATE";
    if public.is_empty() || public.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified()) {
        let text = "external-ip names no public address";
        let effect = "clients are told 0.0.0.0 as their relay, where nobody reaches it";
        return Some(
            Fault::error(LintCode::AddressMalformed, text).effect(effect).fix(format!("{wanted}, or leave it out")),
        );
    }
    if private.is_some_and(str::is_empty) {
        let text = "external-ip ends with a slash: it names no private address, and holds for none";
        let effect = "clients are told the host's own address";
        return Some(Fault::error(LintCode::AddressMalformed, text).effect(effect).fix(wanted));
    }
    let first = read(public);
    let neither = |address: &Address| matches!(address, Address::Neither);
    if neither(&first) || private.is_some_and(|private| neither(&read(private))) {
        let text = format!(
            "external-ip is no address, and no public one with a private one behind a slash{}",
            port_hint(public)
        );
        let effect = "\"Wrong address format\" in the log: clients are told the host's own address, which nobody reaches behind a NAT";
        return Some(Fault::error(LintCode::AddressMalformed, text).effect(effect).fix(wanted));
    }
    let is_public = |text: &str| text.parse().is_ok_and(|ip: IpAddr| Scope::of(ip) == Scope::Public);
    match first {
        Address::Name => {
            let text = "external-ip is a name: it has to resolve when coturn starts, and is not looked up again";
            let effect = "where it does not, one line in the log says so, and clients are told the host's own address";
            Some(Fault::warning(LintCode::ExternalIpName, text).effect(effect).fix("the address itself"))
        }
        Address::Is(_) if !is_public(public) && private.is_some_and(is_public) => {
            let text = "the private address stands in front of the slash, and the public one behind it";
            let effect = "clients are told a relay that nobody outside reaches";
            let fix = "external-ip=PUBLIC/PRIVATE";
            Some(Fault::error(LintCode::ExternalIpSwapped, text).effect(effect).fix(fix))
        }
        Address::Is(_) if !is_public(public) => {
            let text = "the public address in external-ip is not public";
            let effect = "clients are told it as their relay, and nobody outside reaches it";
            let fix = "the address that the internet sees, before the slash";
            Some(Fault::warning(LintCode::ExternalIpPrivate, text).effect(effect).fix(fix))
        }
        _ => None,
    }
}

/// From which addresses it is told to relay; every address of the host where there are none.
fn relays(configuration: &Configuration) -> BTreeSet<IpAddr> {
    let given = |key: &str| -> Vec<Address> { configuration.all(key).map(|setting| read(&setting.value)).collect() };
    let relays = match given("relay-ip") {
        relays if relays.is_empty() => given("listening-ip"),
        relays => relays,
    };
    let is = |address: &Address| match address {
        Address::Is(ip) if !ip.is_unspecified() => Some(*ip),
        _ => None,
    };
    // What is no address may stand for any.
    let known: Option<BTreeSet<IpAddr>> = relays.iter().map(is).collect();
    known.unwrap_or_default()
}

/// A private address from which coturn does not relay: where it is told from which it does, what holds for another one holds for none.
fn unused(relays: &BTreeSet<IpAddr>, private: IpAddr) -> Option<Fault> {
    let (v4, v6) = (relays.first().is_some_and(IpAddr::is_ipv4), relays.last().is_some_and(IpAddr::is_ipv6));
    let of_family = if private.is_ipv4() { v4 } else { v6 };
    let swapped = Scope::of(private) == Scope::Public;
    if swapped || !of_family || relays.contains(&private) {
        return None;
    }
    let text = "coturn does not relay from the private address in external-ip: relay-ip or listening-ip names another";
    let effect = "clients are told that other address as their relay, and not the public one";
    let fault = Fault::warning(LintCode::ExternalIpUnused, text).effect(effect);
    Some(fault.fix("behind the slash the address that relay-ip names, or listening-ip without it"))
}

/// Addresses that this host does not have, where it is the one on which coturn is installed.
pub(super) fn of_host(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    if configuration.addresses.is_empty() {
        return found;
    }
    for (key, effect) in [
        ("listening-ip", "nothing listens there"),
        ("relay-ip", "allocations are refused with 508: \"Cannot create socket\""),
    ] {
        for setting in configuration.all(key) {
            let Address::Is(ip) = read(&setting.value) else { continue };
            if ip.is_unspecified() || ip.is_loopback() || configuration.addresses.contains(&ip) {
                continue;
            }
            let text = format!("the address of {key} is not one of this host: on the server it has to be");
            let fault = Fault::warning(LintCode::AddressNotOfHost, text).at(setting).effect(effect);
            found.push(
                fault.fix("an address of the host itself; that of a NAT in front of it belongs into external-ip"),
            );
        }
    }
    found
}

/// Listening nowhere but on loopback, with nothing in front that could be told of.
pub(super) fn loopback_only(configuration: &Configuration) -> Vec<Fault> {
    let is_loopback = |setting: &Setting| setting.value.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let mut all = configuration.all("listening-ip").peekable();
    let Some(first) = all.peek().copied() else { return Vec::new() };
    let relays = configuration.all("relay-ip").any(|setting| !is_loopback(setting));
    if relays || !all.all(is_loopback) || configuration.last("tcp-proxy-port").is_some() {
        return Vec::new();
    }
    let text = "it listens on the host's loopback alone, and relays from there";
    let effect = "nobody on another host gets an answer";
    vec![
        Fault::warning(LintCode::LoopbackOnly, text)
            .at(first)
            .effect(effect)
            .fix("leave listening-ip out, or the address that clients come to"),
    ]
}

/// The command line of coturn, which speaks telnet.
pub(super) fn command_line(configuration: &Configuration) -> Vec<Fault> {
    let open = configuration.given("cli-ip").filter(|setting| {
        setting.value.parse().is_ok_and(|ip: IpAddr| !ip.is_loopback()) && configuration.has_command_line()
    });
    // Without a password it is not started.
    let Some(setting) = open.filter(|_| configuration.given("cli-password").is_some()) else { return Vec::new() };
    let text = "coturn's command line is open to other hosts, unencrypted";
    let effect = "whoever reads the password on its way, or guesses it, rules the server";
    vec![Fault::warning(LintCode::CommandLineOpen, text).at(setting).effect(effect).fix("cli-ip=127.0.0.1, or no-cli")]
}
