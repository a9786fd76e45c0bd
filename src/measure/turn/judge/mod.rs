//! From evidence to results: a row for each entry, transport and family.

mod browser;
pub mod credentials;
pub mod degraded;
pub mod handshake;
pub mod keep_alive;
pub mod quality;
pub mod refusal;
pub mod relay;
pub mod renewal;
mod steps;
mod unreachable;
mod verdict;

use crate::evidence::{Evidence, Exchange, Failure, FailureCode};
use crate::measure::turn::ask::{features, release};
use crate::measure::turn::facts::software;
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Diagnosis, StepName, StepResult, StepStatus, TurnResult, TurnVerdict};
use crate::measure::turn::judge::relay::paths;
use crate::measure::turn::judge::verdict::Cause;
use crate::measure::turn::{DiagnosisCode as Code, Entry, TurnOptions};
use crate::wire::{Family, Remark, RemarkCode, Transport, escape};

/// The verdict on every entry, transport and family, in the order of the entries.
#[must_use]
pub fn judge(seen: &Evidence, options: &TurnOptions) -> Vec<TurnResult> {
    options.entries.iter().enumerate().flat_map(|(number, entry)| of_entry(seen, options, number, entry)).collect()
}

fn of_entry(seen: &Evidence, options: &TurnOptions, number: usize, entry: &Entry) -> Vec<TurnResult> {
    let mistake = entry.mistakes.iter().find(|mistake| mistake.error);
    if entry.server.is_none() || mistake.is_some() {
        let (text, fix) = mistake.map_or(("nothing can be asked", ""), |one| (one.text.as_str(), one.fix.as_str()));
        let diagnosis = Diagnosis { code: Code::InvalidEntry, text: text.to_owned(), fix: fix.to_owned() };
        return vec![blank(entry, options, None, TurnVerdict::Failed, diagnosis)];
    }
    let mut results = Vec::new();
    for &transport in &entry.transports {
        let before = results.len();
        for &family in &options.families {
            if let Some(target) = Target::new(seen, options, number, transport, family) {
                results.push(of_target(&target));
            }
        }
        one_family(&mut results[before..]);
        if results.len() == before {
            let (verdict, diagnosis) = unnamed(seen, entry, transport);
            results.push(blank(entry, options, Some(transport), verdict, diagnosis));
        }
    }
    results
}

/// Over the one family it works and over the other it fails: clients find the way that works, and some of them late.
fn one_family(results: &mut [TurnResult]) {
    let name = |result: &TurnResult| match result.family {
        Some(Family::Ipv6) => "IPv6",
        _ => "IPv4",
    };
    let Some(failing) = results.iter().find(|one| one.verdict == TurnVerdict::Failed) else { return };
    let (over, why) = (name(failing), failing.diagnosis.clone());
    for result in results.iter_mut().filter(|one| matches!(one.verdict, TurnVerdict::Ok | TurnVerdict::Degraded)) {
        let text = format!("works over {}, not over {over}: {}", name(result), why.text);
        let fix = why.fix.clone();
        if result.verdict == TurnVerdict::Ok {
            result.verdict = TurnVerdict::Degraded;
            result.diagnosis = Diagnosis { code: Code::OneFamilyFails, text, fix };
        } else {
            result.remarks.push(Remark { code: RemarkCode::OneFamilyFails, error: false, text, fix });
        }
    }
}

/// A row without an address.
fn blank(
    entry: &Entry,
    options: &TurnOptions,
    transport: Option<Transport>,
    verdict: TurnVerdict,
    diagnosis: Diagnosis,
) -> TurnResult {
    // Where nothing could be asked nothing was looked up.
    let resolve = (diagnosis.code != Code::InvalidEntry).then(|| StepResult {
        name: StepName::Resolve,
        status: StepStatus::Failed,
        duration_ms: None,
        detail: diagnosis.text.clone(),
        because: Vec::new(),
    });
    TurnResult {
        uri: entry.uri.clone(),
        place: entry.place.clone(),
        line: entry.line,
        kind: entry.kind,
        transport,
        family: None,
        address: None,
        redirected_from: None,
        verdict,
        diagnosis,
        remarks: credentials::check(entry, options).into_iter().chain(entry.rejected.clone()).collect(),
        username: entry.login.as_ref().map(|login| login.username.clone()),
        realm: None,
        software: None,
        mapped_address: None,
        relayed_address: None,
        lifetime_s: None,
        time_to_relay_ms: None,
        rtt_ms: None,
        steps: credentials::step(entry, options).into_iter().chain(resolve).collect(),
        relay: None,
        quality: None,
        hold: None,
        tls: None,
        features: Vec::new(),
        released: None,
    }
}

/// The name led to no address.
fn unnamed(seen: &Evidence, entry: &Entry, transport: Transport) -> (TurnVerdict, Diagnosis) {
    let lookups = entry.server.and_then(|server| seen.servers.get(server)).map(|server| &server.lookups);
    let lookup = lookups.and_then(|lookups| lookups.iter().find(|lookup| lookup.transport == transport));
    let failure: Option<&Failure> = lookup.and_then(|lookup| lookup.failure.as_ref());
    let text = failure.map_or("the name has no address of the families asked for".to_owned(), |one| escape(&one.text));
    let (verdict, code, fix) = match failure.map(|failure| failure.code) {
        Some(FailureCode::NameFiltered) => {
            let fix =
                "allow the name in the DNS filter (Pi-hole, AdGuard, the router or the provider), or write the address";
            (TurnVerdict::Failed, Code::NameFiltered, fix)
        }
        Some(FailureCode::LocalShortage) => (
            TurnVerdict::Inconclusive,
            Code::LocalSocket,
            "raise this host's limits (ulimit -n), or test fewer entries",
        ),
        Some(FailureCode::Withheld) => (
            TurnVerdict::Failed,
            Code::NameNotFound,
            "correct the SRV and NAPTR records of the name, or write host and port",
        ),
        Some(FailureCode::ResolverFailed | FailureCode::NoAnswer) => {
            (TurnVerdict::Inconclusive, Code::ResolverFailed, "check this host's name servers, or write an address")
        }
        None if lookup.is_none() => {
            let text = "could not tell: the run ended before the name was looked up".to_owned();
            let fix = "run again with a longer --deadline".to_owned();
            return (TurnVerdict::Inconclusive, Diagnosis { code: Code::Undetermined, text, fix });
        }
        _ => {
            (TurnVerdict::Failed, Code::NameNotFound, "check the spelling of the name, and its A, AAAA and SRV records")
        }
    };
    (verdict, Diagnosis { code, text, fix: fix.to_owned() })
}

/// What is wrong, or right, is so at a server that the entry does not name.
fn redirected(target: &Target, (verdict, mut diagnosis): Cause) -> Cause {
    if let Some(from) = target.redirected_from {
        diagnosis.text =
            format!("{from} sends its clients to {} (300 Try Alternate): {}", target.remote, diagnosis.text);
        if verdict == TurnVerdict::Failed {
            let todo = format!("{}; or correct at {from} where it sends its clients", diagnosis.fix);
            diagnosis.fix = target.cure(&todo, &[Setting::Alternate]);
        }
    }
    (verdict, diagnosis)
}

fn of_target(target: &Target) -> TurnResult {
    let relay = paths::judge(target);
    let found = browser::judge(target, verdict::judge(target, relay.as_ref()));
    let (verdict, diagnosis) = redirected(target, found);
    let mut remarks = credentials::check(target.entry, target.options);
    remarks.extend(relay.iter().flat_map(|relay| relay::remarks(target, relay)));
    remarks.extend(release::cut_off(target).filter(|_| diagnosis.code != Code::ConnectionClosed));
    remarks.extend(target.entry.rejected.clone());
    remarks.extend(browser::remark(target));
    let allocation = target.first().map(|(_, allocation)| allocation);
    let challenge = target.reply("a/allocate");
    let turn = challenge.and_then(|reply| reply.turn.as_ref());
    let name = target.label("a");
    let begun = target.seen.exchanges.iter().find(|one| one.socket == name).map(|one| one.started_ms);
    let relayed_at = allocation.as_ref().and_then(|one| one.exchange.ended_ms);
    TurnResult {
        transport: Some(target.transport),
        family: Some(Family::of(target.remote)),
        address: Some(target.remote),
        redirected_from: target.redirected_from,
        realm: turn.and_then(|turn| turn.realm.as_deref()).map(escape),
        software: software::said(target).map(|software| escape(&software)),
        mapped_address: allocation
            .as_ref()
            .and_then(|one| one.reply.mapped)
            .or_else(|| target.find("binding").and_then(Exchange::mapped)),
        relayed_address: allocation.as_ref().map(|one| one.relayed),
        lifetime_s: allocation.as_ref().and_then(|one| one.turn.lifetime_s),
        time_to_relay_ms: relayed_at.zip(begun).map(|(at, begun)| at - begun),
        rtt_ms: quality::judge(target).and_then(|found| found.direct?.median_ms).or_else(|| target.rtt_ms()),
        steps: steps::judge(target, relay.as_ref()),
        relay,
        remarks,
        tls: handshake::connection(target).and_then(|connection| connection.tls.clone()),
        quality: quality::judge(target),
        hold: keep_alive::judge(target),
        features: features::judge(target),
        released: release::judge(target),
        ..blank(target.entry, target.options, Some(target.transport), verdict, diagnosis)
    }
}
