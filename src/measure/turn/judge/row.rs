//! A row for each entry, transport and family.

use std::net::IpAddr;

use super::cause::Cause;
use super::command::to_copy;
use super::judged::Judged;
use super::{browser, credentials, lookup, relay, steps, verdict};
use crate::evidence::key::{ServerStep, SocketRole, SocketStep};
use crate::evidence::{Evidence, Exchange};
use crate::measure::turn::facts::exchange::turn;
use crate::measure::turn::facts::software::Setting;
use crate::measure::turn::facts::target::Target;
use crate::measure::turn::finding::{Diagnosis, StepName, StepResult, StepStatus, TurnResult, TurnVerdict};
use crate::measure::turn::{DiagnosisCode as Code, Entry, TurnOptions};
use crate::wire::{Family, Remark, RemarkCode, Scope, Transport, escape};

/// The verdict on every entry, transport and family, in the order of the entries.
#[must_use]
pub fn judge(seen: &Evidence, options: &TurnOptions) -> Vec<TurnResult> {
    options.entries.iter().enumerate().flat_map(|(number, entry)| of_entry(seen, options, number, entry)).collect()
}

fn of_entry(seen: &Evidence, options: &TurnOptions, number: usize, entry: &Entry) -> Vec<TurnResult> {
    let mistake = entry.mistakes.iter().find(|mistake| mistake.error);
    if entry.server.is_none() || mistake.is_some() {
        let (text, fix) = mistake.map_or(("nothing can be asked", ""), |one| (one.text.as_str(), one.fix.as_str()));
        let diagnosis = Diagnosis::new(Code::InvalidEntry, text, fix);
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
            let (verdict, diagnosis) = lookup::judge(seen, entry, transport);
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
            result.diagnosis = Diagnosis { side: why.side, ..Diagnosis::new(Code::OneFamilyFails, text, fix) };
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
        diagnosis: Diagnosis { command: to_copy(diagnosis.code, entry), ..diagnosis },
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

/// The public address that the answers call the server's own (RESPONSE-ORIGIN), where it is another one than was asked.
fn calls_itself(target: &Target) -> Option<IpAddr> {
    let origin = target.reply(ServerStep::Binding)?.origin?.ip();
    let asked = target.remote.ip();
    (origin != asked && origin.is_ipv4() == asked.is_ipv4() && Scope::of(origin) == Scope::Public).then_some(origin)
}

/// What is to be said of a target that only ICE's own questions were asked of.
pub(in crate::measure::turn) fn diagnose(target: &Target) -> Cause {
    redirected(target, verdict::judge(&Judged::new(target)))
}

fn of_target(target: &Target) -> TurnResult {
    let judged = Judged::new(target);
    let (verdict, mut diagnosis) = redirected(target, browser::judge(target, verdict::judge(&judged)));
    if let Some(itself) = calls_itself(target).filter(|_| verdict != TurnVerdict::Ok) {
        diagnosis.text = format!(
            "{}; whoever answers calls itself {itself}, so that this may be an address translation before the server, or something on the way \
             that leads elsewhere",
            diagnosis.text
        );
    }
    let mut remarks = credentials::check(target.entry, target.options);
    let relaying = judged.relayed().and_then(|relayed| relayed.relaying.as_ref());
    if let Some((paths, relaying)) = judged.paths.as_ref().zip(relaying) {
        remarks.extend(relay::remarks(target, paths, relaying));
    }
    remarks.extend(judged.cut_off.clone().filter(|_| diagnosis.code != Code::ConnectionClosed));
    remarks.extend(target.entry.rejected.clone());
    remarks.extend(browser::remark(target));
    let steps = steps::judge(&judged);
    let allocation = judged.relayed().map(|relayed| &relayed.allocation);
    let challenge = target.find((SocketRole::First, SocketStep::Allocate)).and_then(turn);
    let name = target.socket(SocketRole::First);
    let begun = target.dialog().find(|one| one.socket == name).map(|one| one.started_ms);
    let relayed_at = allocation.and_then(|one| one.exchange.ended_ms);
    let direct_ms = judged.quality.as_ref().and_then(|quality| quality.direct.as_ref()?.median_ms);
    TurnResult {
        transport: Some(target.transport),
        family: Some(Family::of(target.remote)),
        address: Some(target.remote),
        redirected_from: target.redirected_from,
        realm: challenge.and_then(|turn| turn.realm.as_deref()).map(escape),
        software: target.names_itself().map(|software| escape(&software)),
        mapped_address: allocation
            .and_then(|one| one.reply.mapped)
            .or_else(|| target.find(ServerStep::Binding).and_then(Exchange::mapped)),
        relayed_address: allocation.map(|one| one.relayed),
        lifetime_s: allocation.and_then(|one| one.turn.lifetime_s),
        time_to_relay_ms: relayed_at.zip(begun).map(|(at, begun)| at - begun),
        rtt_ms: direct_ms.or_else(|| target.rtt_ms()),
        steps,
        remarks,
        tls: target.connection(SocketRole::First).and_then(|connection| connection.tls.clone()),
        relay: judged.paths,
        quality: judged.quality,
        hold: judged.kept,
        features: judged.features,
        released: judged.released,
        ..blank(target.entry, target.options, Some(target.transport), verdict, diagnosis)
    }
}
