//! Keeping the allocation for a while as a call would: packets every second, and every renewal in its time.

use std::net::SocketAddr;

use crate::evidence::{Exchange, Outcome, Patience, Step};
use crate::measure::turn::DiagnosisCode as Code;
use crate::measure::turn::facts::round_trip::{Manner, Path, Round, Steps};
use crate::measure::turn::facts::target::{CHANNEL, Target, Tried, error_code, is_stale, succeeded};
use crate::measure::turn::finding::{Hiccup, KeepAlive};
use crate::measure::turn::judge::quality::VOICE;
use crate::measure::turn::judge::verdict::{Cause, failed};
use crate::wire::{Method, Request, TurnAttribute, escape};

/// A packet there and back in so many milliseconds, and in longer runs fewer: so many at most.
const INTERVAL_MS: f64 = 1_000.0;
const MOST_ROUNDS: f64 = 3_600.0;
/// Permissions last five minutes (RFC 8656 section 9), channels ten (section 12); a minute is left for the renewal.
const PERMISSION_MS: f64 = 240_000.0;
const CHANNEL_MS: f64 = 540_000.0;
/// The lifetime where the server names none (RFC 8656 section 3.2).
const LIFETIME_S: u32 = 600;
/// A round trip that many times the median, and that much longer, is out of the ordinary.
const SLOW_TIMES: f64 = 3.0;
const SLOW_MS: f64 = 200.0;
/// So many lost in a row at the end are no chance.
const GONE: usize = 3;

/// Something that is renewed again and again.
struct Renewal {
    what: &'static str,
    name: String,
    socket: &'static str,
    every_ms: f64,
    request: Request,
}

/// What is to be asked now, and whether the time is over and all is known.
pub fn next(target: &Target) -> Step {
    let Some((path, hold_s)) = Path::of(target).zip(target.options.hold_s) else {
        return Step { done: true, ..Step::default() };
    };
    let steps = Steps::under(target, "hold/");
    let now_ms = target.seen.elapsed_ms;
    let begun_ms = steps.begun_ms().unwrap_or(now_ms);
    let (interval_ms, end_ms) = (interval_ms(hold_s), begun_ms + span_ms(hold_s));
    let mut step = Step { done: true, ..Step::default() };
    for number in 0u32.. {
        let at_ms = begun_ms + f64::from(number) * interval_ms;
        if at_ms >= end_ms {
            break;
        }
        let manner = Manner { payload: VOICE, channel: path.channel, patience: Patience::Once, not_before_ms: at_ms };
        let name = format!("hold/{number}");
        let (ask, settled) = steps.round(&name).ask(target, &path, &name, manner);
        step.asks.extend(ask);
        step.done &= settled;
        if at_ms > now_ms {
            break;
        }
    }
    for renewal in renewals(target, &path) {
        for number in 1u32.. {
            let at_ms = begun_ms + f64::from(number) * renewal.every_ms;
            let last = at_ms >= end_ms;
            // The last renewal is at the end, whenever that is: it tells whether the allocation is still there.
            if last && renewal.name != "refresh" {
                break;
            }
            let at_ms = at_ms.min(end_ms);
            let name = format!("hold/{}/{number}", renewal.name);
            match target.on(renewal.socket, &name, &renewal.request) {
                Tried::Ask(mut ask) => {
                    ask.terms.not_before_ms = Some(at_ms);
                    step.asks.push(*ask);
                    step.done = false;
                }
                Tried::Asked(exchange) => step.done &= exchange.settled(),
                Tried::Impossible => {}
            }
            if last || at_ms > now_ms {
                break;
            }
        }
    }
    step
}

fn span_ms(hold_s: u64) -> f64 {
    std::time::Duration::from_secs(hold_s).as_secs_f64() * 1_000.0
}

fn interval_ms(hold_s: u64) -> f64 {
    INTERVAL_MS.max(span_ms(hold_s) / MOST_ROUNDS)
}

/// What has to be renewed to keep the path open. Lifetimes at half their time: a run of six minutes sees one of the usual ten.
fn renewals(target: &Target, path: &Path) -> Vec<Renewal> {
    let lifetime_s = target.allocation(path.first).and_then(|one| one.turn.lifetime_s).unwrap_or(LIFETIME_S).max(2);
    let half_ms = f64::from(lifetime_s) * 500.0;
    let renewal = |what, name: &str, socket, every_ms, method, attributes| Renewal {
        what,
        name: name.to_owned(),
        socket,
        every_ms,
        request: Request::turn(method, attributes),
    };
    let peer = |peer: SocketAddr| vec![TurnAttribute::Peer(peer)];
    let (refresh, permit, bind) = (Method::Refresh, Method::CreatePermission, Method::ChannelBind);
    let mut found = vec![
        renewal("Refresh", "refresh", path.first, half_ms, refresh, Vec::new()),
        renewal("CreatePermission", "permit", path.first, PERMISSION_MS, permit, peer(path.peer)),
    ];
    if path.channel {
        let attributes = vec![TurnAttribute::Channel(CHANNEL), TurnAttribute::Peer(path.peer)];
        found.push(renewal("ChannelBind", "channel", path.first, CHANNEL_MS, bind, attributes));
    }
    if path.second {
        found.push(renewal("Refresh", "refresh-b", "b", half_ms, refresh, Vec::new()));
        found.push(renewal("CreatePermission", "permit-b", "b", PERMISSION_MS, permit, peer(path.relayed)));
    }
    found
}

/// What keeping the allocation saw; `None` if it was not asked for, or there was nothing to keep.
pub fn judge(target: &Target) -> Option<KeepAlive> {
    let (path, hold_s) = Path::of(target).zip(target.options.hold_s)?;
    let steps = Steps::under(target, "hold/");
    let begun_ms = steps.begun_ms()?;
    let rounds = rounds(&steps, hold_s);
    let mut hold = KeepAlive {
        held_s: (target.seen.elapsed_ms - begun_ms).clamp(0.0, span_ms(hold_s)) / 1_000.0,
        ..KeepAlive::default()
    };
    let counted = rounds.iter().filter(|round| round.counts());
    for round in counted {
        hold.sent = hold.sent.saturating_add(1);
        hold.received = hold.received.saturating_add(u32::from(round.rtt_ms().is_some()));
    }
    hold.hiccups = gaps(&rounds);
    hold.hiccups.extend(slow(&rounds));
    for renewal in renewals(target, &path) {
        for number in 1u32.. {
            let name = format!("hold/{}/{number}", renewal.name);
            let Some(first) = steps.find(&name) else { break };
            let attempts: Vec<&Exchange> =
                std::iter::once(first).chain((2u32..).map_while(|nth| steps.find(&format!("{name}/{nth}")))).collect();
            hold.stale_nonces += u32::try_from(attempts.iter().filter(|one| is_stale(one)).count()).unwrap_or(0);
            let Some(&last) = attempts.last() else { break };
            if succeeded(last).is_some() {
                hold.renewals = hold.renewals.saturating_add(1);
            } else if let Some(why) = trouble(last) {
                let text = format!("{} {why}", renewal.what);
                hold.hiccups.push(Hiccup { at_ms: last.started_ms, text });
            }
        }
    }
    hold.hiccups.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    Some(hold)
}

fn rounds<'a>(steps: &Steps<'a>, hold_s: u64) -> Vec<Round<'a>> {
    let end = (span_ms(hold_s) / interval_ms(hold_s)).ceil();
    let all = (0u32..).take_while(|number| f64::from(*number) < end);
    all.map(|number| steps.round(&format!("hold/{number}"))).take_while(|round| round.out.is_some()).collect()
}

/// Packets in a row that did not come back, as one.
fn gaps(rounds: &[Round]) -> Vec<Hiccup> {
    let known: Vec<&Round> = rounds.iter().filter(|round| round.counts()).collect();
    let runs = known.chunk_by(|one, other| one.rtt_ms().is_none() == other.rtt_ms().is_none());
    let lost = runs.filter(|run| run.iter().all(|round| round.rtt_ms().is_none()));
    let seconds = |round: &Round| round.out.map_or(0.0, |out| out.started_ms) / 1_000.0;
    lost.filter_map(|run| {
        let begun = run.first()?.out?.started_ms;
        let end = seconds(run.last()?);
        let text = match run.len() {
            1 => "a packet did not come back".to_owned(),
            many => format!("{many} packets in a row did not come back, the last sent at {end:.1} s"),
        };
        Some(Hiccup { at_ms: begun, text })
    })
    .collect()
}

/// Round trips far longer than the others.
fn slow(rounds: &[Round]) -> Vec<Hiccup> {
    let mut times: Vec<f64> = rounds.iter().filter_map(Round::rtt_ms).collect();
    times.sort_by(f64::total_cmp);
    let Some(&median) = times.get(times.len() / 2) else { return Vec::new() };
    let bound = (median * SLOW_TIMES).max(median + SLOW_MS);
    let slow = rounds.iter().filter_map(|round| Some((round.out?.started_ms, round.rtt_ms()?)));
    slow.filter(|(_, rtt_ms)| *rtt_ms > bound)
        .map(|(at_ms, rtt_ms)| Hiccup { at_ms, text: format!("a packet took {rtt_ms:.0} ms (median {median:.0} ms)") })
        .collect()
}

/// Why a renewal failed; `None` while it did not.
fn trouble(exchange: &Exchange) -> Option<String> {
    match &exchange.outcome {
        Outcome::Reply(reply) => {
            let error = reply.error.as_ref()?;
            Some(match error.code {
                437 => "was refused: the allocation is gone (437)".to_owned(),
                _ => format!("was refused ({error})"),
            })
        }
        Outcome::Silence { .. } => Some(format!("was not answered (sent {} times)", exchange.sends)),
        Outcome::Failed(failure) => Some(format!("failed: {}", escape(&failure.text))),
        _ => None,
    }
}

/// It did not last: at the end the allocation is gone, or nothing passes any more.
pub fn lost(target: &Target) -> Option<Cause> {
    let hold_s = target.options.hold_s?;
    let steps = Steps::under(target, "hold/");
    let rounds = rounds(&steps, hold_s);
    let known: Vec<&Round> = rounds.iter().filter(|round| round.counts()).collect();
    let quiet = known.iter().rev().take_while(|round| round.rtt_ms().is_none()).count();
    let gone = target.under("hold/refresh/").rfind(|one| one.settled()).map(|one| error_code(one) == Some(437));
    let since = known.len().checked_sub(quiet).and_then(|index| known.get(index)).and_then(|round| round.out);
    let since = since.map_or(0.0, |out| out.started_ms) / 1_000.0;
    let text = match (gone == Some(true), quiet >= GONE) {
        (true, true) => format!(
            "the allocation did not last: from {since:.1} s on nothing came back, and at the end it is gone (437)"
        ),
        (true, false) => "the allocation did not last: at the end it is gone (437)".to_owned(),
        (false, true) => format!("the way through the relay did not last: from {since:.1} s on nothing came back"),
        (false, false) => return None,
    };
    let fix = "look into the server's log at that time: restarts, limits (max-allocate-lifetime, permission-lifetime, channel-lifetime), a NAT that forgets";
    Some(failed(Code::AllocationLost, text, fix))
}
