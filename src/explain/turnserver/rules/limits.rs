//! Bandwidth, quotas, lifetimes, and what the log tells.

use crate::explain::turnserver::configuration::Configuration;
use crate::explain::turnserver::finding::{Fault, LintCode};

/// Bytes a second below which pictures suffer: two megabits.
const SMALL: i64 = 250_000;
/// Allocations that a browser makes while it gathers: two networks, UDP and TCP or TLS.
const ALLOCATIONS: i64 = 4;
/// A nonce that lives shorter is stale again before much was asked with it.
const NONCE_S: i64 = 60;

pub(super) fn bandwidth(configuration: &Configuration) -> Vec<Fault> {
    let session = configuration.number("max-bps").filter(|(number, _)| *number > 0);
    if let (Some((capacity, setting)), None) = (configuration.number("bps-capacity"), session)
        && capacity > 0
    {
        let text = "bps-capacity without max-bps";
        let effect = "coturn does not start: \"you must set --max-bps options, too\"";
        return vec![
            Fault::error(LintCode::CapacityWithoutSession, text).at(setting).effect(effect).fix("max-bps beside it"),
        ];
    }
    let Some((bytes, setting)) = session.filter(|(bytes, _)| *bytes < SMALL) else { return Vec::new() };
    let text = format!(
        "{bytes} bytes a second for each session, {} kbit/s: it counts bytes, in both directions",
        bytes * 8 / 1000
    );
    let effect = "coturn drops what is more, which looks like a lossy network";
    vec![
        Fault::warning(LintCode::BandwidthSmall, text)
            .at(setting)
            .effect(effect)
            .fix("1000000 or more, or leave it out"),
    ]
}

pub(super) fn quotas(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    for (key, whose) in [("user-quota", "a user"), ("total-quota", "all users together")] {
        let Some((quota, setting)) = configuration.number(key).filter(|(quota, _)| (1..ALLOCATIONS).contains(quota))
        else {
            continue;
        };
        let text = format!(
            "{quota} allocations for {whose}: browsers make one for each network and transport while they gather"
        );
        let effect = "some are refused with 486, and which ones is chance";
        found.push(
            Fault::warning(LintCode::QuotaSmall, text).at(setting).effect(effect).fix("12 or more, or leave it out"),
        );
    }
    found
}

pub(super) fn lifetimes(configuration: &Configuration) -> Vec<Fault> {
    let mut found = Vec::new();
    if let Some((seconds, setting)) = configuration
        .number("stale-nonce")
        .filter(|(seconds, one)| *seconds < NONCE_S && *seconds > 0 && !one.value.is_empty())
    {
        let text = format!("a nonce is stale after {seconds} s");
        let effect = "requests are refused with 438 and sent again, over and over";
        found.push(Fault::warning(LintCode::NonceShort, text).at(setting).effect(effect).fix("600, or leave it out"));
    }
    for (key, least, what) in [
        ("permission-lifetime", 300, "permissions (RFC 8656 section 9)"),
        ("channel-lifetime", 600, "channels (RFC 8656 section 12)"),
    ] {
        let short = configuration.number(key).filter(|(seconds, one)| *seconds < least && !one.value.is_empty());
        let Some((seconds, setting)) = short else { continue };
        let text = format!("{what} end after {seconds} s, and clients renew them for {least} s");
        let effect = "calls over this relay fall silent";
        found.push(Fault::warning(LintCode::LifetimeShort, text).at(setting).effect(effect).fix("leave it out"));
    }
    found
}

pub(super) fn server_relay(configuration: &Configuration) -> Vec<Fault> {
    let Some(setting) = configuration.on("server-relay") else { return Vec::new() };
    let text = "server-relay: not standard and dangerous, as coturn says itself";
    let effect = "anybody who reaches a relay port may send through it";
    vec![Fault::warning(LintCode::ServerRelay, text).at(setting).effect(effect).fix("leave it out")]
}

pub(super) fn log(configuration: &Configuration) -> Vec<Fault> {
    let tells = ["verbose", "Verbose"].iter().any(|key| configuration.on(key).is_some());
    if tells || configuration.settings.is_empty() {
        return Vec::new();
    }
    let fault =
        Fault::note(LintCode::LogSilent, "without verbose the log tells next to nothing of who was refused and why");
    vec![fault.of("verbose").fix("verbose, while something is looked for")]
}
