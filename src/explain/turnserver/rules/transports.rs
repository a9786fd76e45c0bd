//! Ports, listeners, and what is left of them.

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode};
use crate::explain::turnserver::keys::Takes;
use crate::explain::turnserver::version::Version;

/// The first version that ends where a port is no number.
const STRICT_PORTS: Version = Version::new(4, 13, 0);
/// Fewer relay ports run out with a handful of calls.
const FEW: i64 = 100;

pub(super) fn ports(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    for setting in configuration.settings {
        let Some(key) = setting.key.filter(|key| key.takes == Takes::Port && key.is_known_by(configuration.version))
        else {
            continue;
        };
        let strict = configuration.version >= STRICT_PORTS;
        let value = setting.value.trim_start();
        let digits = value.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        let whole = digits && (0..=65_535).contains(&setting.number());
        let pure = !strict || value.bytes().all(|byte| byte.is_ascii_digit());
        // Of what stands behind the digits the rules of comments, semicolons and quotes tell, and another of what is not filled in.
        let quoted = value.starts_with(['\'', '\u{2018}', '\u{201c}']);
        let behind = setting.comment().is_some() || value.ends_with(';');
        if value.is_empty()
            || whole && (pure || behind)
            || quoted
            || setting.unfilled().is_some()
            || setting.of_template()
        {
            continue;
        }
        let effect = if configuration.version >= STRICT_PORTS {
            "coturn does not start: \"Invalid port value\""
        } else {
            "coturn takes another port: one at random, or what is left of the number beyond 65536"
        };
        let fault = Fault::error(LintCode::PortMalformed, format!("the value of {} is no port", key.name));
        found.push(fault.at(setting).effect(effect).fix("a number from 1 to 65535"));
    }
    found
}

pub(super) fn one_port(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    let (plain, tls) = (configuration.port("listening-port", 3478), configuration.port("tls-listening-port", 5349));
    if let (true, Some(setting)) = (plain.0 == tls.0 && configuration.has_tls(), tls.1.or(plain.1)) {
        let text = "one port for TLS and for what is not encrypted: coturn tells them apart by the first bytes";
        found.push(Fault::note(LintCode::PortTwice, text).at(setting).fix("two ports, where both are open"));
    }
    found
}

pub(super) fn relay_ports(configuration: &Configuration) -> Vec<Fault> {
    let (first, last) = configuration.relay_ports();
    let Some(setting) = configuration.last("max-port").or_else(|| configuration.last("min-port")) else {
        return Vec::new();
    };
    let valid = |port: i64| (1..=65_535).contains(&port);
    if !valid(first) || !valid(last) {
        return Vec::new();
    }
    if first > last {
        let text = format!("the relay ports end at {last}, before they begin at {first}");
        let effect = "coturn starts, and crashes when the first client allocates (seen with 4.6.1)";
        return vec![
            Fault::error(LintCode::PortsReversed, text).at(setting).effect(effect).fix("the lower port in min-port"),
        ];
    }
    let mut found = Vec::new();
    let count = last - first + 1;
    let quota = configuration.number("total-quota").map_or(0, |(quota, _)| quota);
    if count < FEW || quota > count {
        let text = if quota > count {
            format!("{count} relay ports, fewer than the {quota} allocations of total-quota")
        } else {
            format!(
                "{count} relay ports: a call needs several, one an allocation, and browsers make one a network and transport"
            )
        };
        let effect = "clients are refused with 508 when they are all taken";
        found.push(
            Fault::note(LintCode::PortsFew, text)
                .at(setting)
                .effect(effect)
                .fix("a larger range, and the same in the firewall"),
        );
    }
    let listening = [
        ("listening-port", 3478),
        ("tls-listening-port", 5349),
        ("alt-listening-port", 0),
        ("alt-tls-listening-port", 0),
    ];
    for (port, line) in listening.map(|(key, usual)| configuration.port(key, usual)) {
        if (first..=last).contains(&port) {
            let text = format!("the listening port {port} lies within the relay ports {first} to {last}");
            let fault = Fault::warning(LintCode::PortWithinRelayPorts, text).at(line.unwrap_or(setting));
            found.push(fault.effect("an allocation of that port fails").fix("a range of relay ports without it"));
        }
    }
    found
}

pub(super) fn nothing_left(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    if let (Some(setting), Some(other)) = (configuration.on("no-udp-relay"), configuration.on("no-tcp-relay")) {
        let text = format!("no-udp-relay beside no-tcp-relay on line {}: nothing is left to relay", other.line);
        let effect = "coturn does not start: \"options cannot be used together\"";
        found.push(
            Fault::error(LintCode::NothingRelayed, text)
                .at(setting)
                .effect(effect)
                .fix("leave no-udp-relay out: calls need it"),
        );
    } else if let Some(setting) = configuration.on("no-udp-relay") {
        let text = "no-udp-relay: nothing is relayed over UDP, which is what browsers ask for";
        found.push(
            Fault::error(LintCode::NothingRelayed, text)
                .at(setting)
                .effect("allocations are refused with 442")
                .fix("leave it out"),
        );
    }
    let Some(no_udp) = configuration.on("no-udp") else { return found };
    let stream = configuration.on("no-tcp").is_none() || configuration.has_tls();
    if !stream && !configuration.has_dtls() {
        let text = "UDP, TCP and TLS are all off: nothing listens";
        found.push(
            Fault::error(LintCode::NothingListens, text)
                .at(no_udp)
                .effect("coturn runs, and answers nobody")
                .fix("leave no-udp out"),
        );
    } else {
        let text = "UDP is off: most applications are told of a server over UDP, and calls over TCP are worse";
        found.push(
            Fault::warning(LintCode::NoUdp, text)
                .at(no_udp)
                .effect("turn: without ?transport=tcp gets no answer")
                .fix("leave it out"),
        );
    }
    found
}

pub(super) fn stun(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    if let Some(setting) = configuration.on("stun-only") {
        let text = "stun-only: it is no TURN server";
        found.push(
            Fault::warning(LintCode::StunOnly, text)
                .at(setting)
                .effect("requests for a relay get no answer")
                .fix("leave it out"),
        );
    }
    for key in ["secure-stun", "no-stun"] {
        if let Some(setting) = configuration.on(key) {
            let text = format!("{key}: what browsers ask STUN servers is refused");
            let effect = "they find no server-reflexive address here, and relay where a direct way exists";
            found.push(Fault::warning(LintCode::StunRefused, text).at(setting).effect(effect).fix("leave it out"));
        }
    }
    found
}
