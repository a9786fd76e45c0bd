//! To whom it relays.

use std::net::IpAddr;

use crate::explain::turnserver::configuration::{Configuration, peers, within};
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::explain::turnserver::version::Version;

/// The first version that ends where a rule about peers is not understood.
pub(super) const STRICT: Version = Version::new(4, 11, 0);

/// One address of each network that a server may have beside it.
const PRIVATE: [(&str, &str); 5] = [
    ("10.0.0.1", "10.0.0.0-10.255.255.255"),
    ("172.16.0.1", "172.16.0.0-172.31.255.255"),
    ("192.168.0.1", "192.168.0.0-192.168.255.255"),
    ("169.254.169.254", "169.254.0.0-169.254.255.255"),
    ("100.64.0.1", "100.64.0.0-100.127.255.255"),
];

/// No server has as many addresses: of what pretends to, so many are looked at.
const MOST_OWN: usize = 100;

const KEYS: [&str; 2] = ["denied-peer-ip", "allowed-peer-ip"];

pub(super) fn malformed(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    for setting in KEYS.iter().flat_map(|key| configuration.all(key)) {
        let open = setting.unfilled().is_some() || setting.of_template();
        if setting.value.is_empty() || setting.comment().is_some() || open {
            continue;
        }
        match peers(&setting.value) {
            Some((first, last)) if first > last => {
                let fault =
                    Fault::warning(LintCode::PeersReversed, "the range ends before it begins: no address is in it");
                found.push(fault.at(setting).fix("the lower address first"));
            }
            Some(_) => {}
            None => {
                let network = setting.value.parse::<ipnet::IpNet>().ok();
                let what =
                    if network.is_some() { "a network with a prefix length" } else { "no address and no range of two" };
                let name = setting.key.map_or("it", |key| key.name);
                let text = format!("{what}: coturn takes only an address, or two with a hyphen between them");
                let effect = if configuration.version >= STRICT {
                    format!("coturn does not start: \"invalid {name} value\"")
                } else {
                    "the rule does not work: one \"Wrong address format\" in the log, and peers are not held back"
                        .to_owned()
                };
                let fix = match network.map(|network| network.trunc()) {
                    Some(network) => format!("{name}={}-{}", network.network(), network.broadcast()),
                    None => format!("{name}=10.0.0.0-10.255.255.255"),
                };
                found.push(Fault::error(LintCode::PeersMalformed, text).at(setting).effect(effect).fix(fix));
            }
        }
    }
    found
}

/// Whether coturn refuses a peer: denied, and not allowed by another rule, which wins.
fn denied(configuration: &Configuration, ip: IpAddr) -> bool {
    let lies =
        |key: &str| configuration.all(key).filter_map(|setting| peers(&setting.value)).any(|range| within(ip, range));
    // The private half of an external-ip is allowed by itself.
    let own = configuration
        .all("external-ip")
        .filter_map(|setting| setting.value.split_once('/')?.1.trim().parse::<IpAddr>().ok());
    lies(KEYS[0]) && !lies(KEYS[1]) && !own.into_iter().any(|private| private == ip)
}

pub(super) fn all_denied(configuration: &Configuration) -> Vec<Fault> {
    let whole = configuration.all(KEYS[0]).find(|setting| {
        let ends = ["0.0.0.0", "255.255.255.255"].map(|text| text.parse::<IpAddr>().ok());
        peers(&setting.value).is_some_and(|(first, last)| [Some(first), Some(last)] == ends)
    });
    let Some(setting) = whole.filter(|_| configuration.all(KEYS[1]).next().is_none()) else { return Vec::new() };
    let text = "every IPv4 address is denied as a peer, and none is allowed";
    let effect =
        "allocations succeed, and each permission is refused with 403, which browsers do not show: no call connects";
    let fault = Fault::error(LintCode::PeersAllDenied, text).at(setting);
    vec![fault.effect(effect).fix("deny only private networks, or allow those that are meant with allowed-peer-ip")]
}

pub(super) fn own_denied(configuration: &Configuration) -> Vec<Fault> {
    let own = configuration
        .own_addresses()
        .into_iter()
        .take(MOST_OWN)
        .find(|(ip, _)| !ip.is_unspecified() && !ip.is_loopback() && denied(configuration, *ip));
    let Some((_, setting)) = own else { return Vec::new() };
    let text = "this address of the server itself is denied as a peer";
    let effect = "two clients that both relay through it are refused with 403, which browsers do not show";
    vec![
        Fault::warning(LintCode::PeersOwnDenied, text)
            .at(setting)
            .effect(effect)
            .fix("allowed-peer-ip with this address"),
    ]
}

pub(super) fn private(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    let open: Vec<&str> = PRIVATE
        .iter()
        .filter(|(one, _)| one.parse().is_ok_and(|ip| !denied(configuration, ip)))
        .map(|(_, range)| *range)
        .collect();
    // Somebody who denies none may mean it; who denies some has forgotten the others.
    if !open.is_empty() && configuration.all(KEYS[1]).next().is_none() {
        let text = format!("private networks are not denied as peers: {}", open.join(", "));
        let effect = "clients reach what stands beside the server through it, the metadata service of a cloud too";
        found.push(
            Fault::note(LintCode::PeersPrivate, text)
                .of(KEYS[0])
                .effect(effect)
                .fix(format!("{}={}", KEYS[0], open[0])),
        );
    }
    if configuration.on("no-multicast-peers").is_none() {
        let fault = Fault::note(LintCode::PeersMulticast, "multicast addresses are not denied as peers");
        found.push(fault.of("no-multicast-peers").fix("no-multicast-peers"));
    }
    found
}

pub(super) fn loopback(configuration: &Configuration) -> Vec<Fault> {
    let Some(setting) = configuration.on("allow-loopback-peers") else { return Vec::new() };
    if configuration.has_command_line() && configuration.given("cli-password").is_none() {
        let text = "allow-loopback-peers, while coturn's command line is on and has no password";
        let effect = "coturn does not start: \"allow_loopback_peers and empty cli password cannot be used together\"";
        let fix = "leave it out; else no-cli, or cli-password";
        return vec![Fault::error(LintCode::LoopbackPeersWithoutPassword, text).at(setting).effect(effect).fix(fix)];
    }
    let text = "loopback addresses are allowed as peers";
    let effect = "clients reach what listens on the server's own loopback";
    vec![Fault::warning(LintCode::LoopbackPeers, text).at(setting).effect(effect).fix("leave it out")]
}
