//! Keeping the allocation for a while as a call would: packets every second, and every renewal in its time.

use std::net::SocketAddr;

use super::round_trip::{self, Manner};
use super::signing::{Tried, on};
use super::train::UnderWay;
use crate::evidence::key::{Leg, Renewal, SocketRole, TurnStep};
use crate::evidence::{Patience, Step};
use crate::measure::turn::facts::round_trip::{
    CHANNEL, VOICE, Way, is_final, keep_alive_interval_ms, keep_alive_span_ms,
};
use crate::measure::turn::facts::target::Target;
use crate::wire::{Method, Request, TurnAttribute};

/// Permissions last five minutes (RFC 8656 section 9), channels ten (section 12); a minute is left for the renewal.
const PERMISSION_MS: f64 = 240_000.0;
const CHANNEL_MS: f64 = 540_000.0;
/// The lifetime where the server names none (RFC 8656 section 3.2).
const LIFETIME_S: u32 = 600;
/// A request is stated so long before its time, and not earlier: it is signed with the newest nonce.
const AHEAD_MS: f64 = 1.0;

/// The packets under way, and the renewals.
#[derive(Debug, Default)]
pub(super) struct Progress {
    packets: UnderWay,
    renewals: [UnderWay; 5],
}

/// Something that is renewed again and again.
struct Renewed {
    what: Renewal,
    role: SocketRole,
    every_ms: f64,
    request: Request,
}

/// Whether it has begun.
pub(super) fn has_begun(target: &Target) -> bool {
    begun_ms(target).is_some()
}

fn begun_ms(target: &Target) -> Option<f64> {
    target.find(TurnStep::KeepAlive(0, Leg::Out)).map(|one| one.started_ms)
}

/// What is to be asked now, and whether the time is over and all is known.
pub(super) fn next(target: &Target, progress: &Progress) -> Step {
    let mut step = Step { done: true, ..Step::default() };
    let Some((way, hold_s)) = Way::of(target).zip(target.options.hold_s) else { return step };
    let now_ms = target.seen.elapsed_ms;
    let begun_ms = begun_ms(target).unwrap_or(now_ms);
    let (interval_ms, span_ms) = (keep_alive_interval_ms(hold_s), keep_alive_span_ms(hold_s));
    let at_ms = |number: u32| begun_ms + f64::from(number) * interval_ms;
    let packets = count(|number| f64::from(number) * interval_ms < span_ms);
    progress.packets.visit(
        packets,
        |number| at_ms(number) <= now_ms,
        |number| {
            let (channel, patience, not_before_ms) = (way.channel, Patience::Once, at_ms(number));
            let manner = Manner { payload: VOICE, channel, patience, not_before_ms };
            round_trip::plan(target, &way, |leg| TurnStep::KeepAlive(number, leg), manner, &mut step)
        },
    );
    for (renewed, under_way) in renewed(target, &way).into_iter().zip(&progress.renewals) {
        let within = count(|number| f64::from(number + 1) * renewed.every_ms < span_ms);
        // The last renewal is at the end, whenever that is: it tells whether the allocation is still there.
        let all = if renewed.what == Renewal::Refresh { within.saturating_add(1) } else { within };
        let at_ms = |number: u32| begun_ms + (f64::from(number + 1) * renewed.every_ms).min(span_ms);
        under_way.visit(
            all,
            |number| at_ms(number) <= now_ms,
            |number| renew(target, &renewed, number + 1, at_ms(number), &mut step),
        );
    }
    step
}

/// States a renewal when its time has come; whether nothing more can come of it.
fn renew(target: &Target, renewed: &Renewed, number: u32, at_ms: f64, step: &mut Step) -> bool {
    let now_ms = target.seen.elapsed_ms;
    if at_ms > now_ms + AHEAD_MS {
        step.done = false;
        step.look_again_ms = Some(step.look_again_ms.map_or(at_ms, |other| other.min(at_ms)));
        return false;
    }
    match on(target, TurnStep::Renewal(renewed.what, number), renewed.role, &renewed.request) {
        Tried::Ask(mut ask) => {
            ask.terms.not_before_ms = Some(at_ms);
            step.asks.push(*ask);
            step.done = false;
            false
        }
        Tried::Asked(exchange) => {
            step.done &= exchange.settled();
            is_final(exchange, now_ms)
        }
        Tried::Impossible => true,
    }
}

/// How many numbers, from 0 on, the condition holds for.
fn count(holds: impl Fn(u32) -> bool) -> u32 {
    (0..u32::MAX).find(|&number| !holds(number)).unwrap_or(u32::MAX)
}

/// What has to be renewed to keep the way open. Lifetimes at half their time: a run of six minutes sees one of the usual ten.
fn renewed(target: &Target, way: &Way) -> Vec<Renewed> {
    let lifetime_s = target.allocation(way.first).and_then(|one| one.turn.lifetime_s).unwrap_or(LIFETIME_S).max(2);
    let half_ms = f64::from(lifetime_s) * 500.0;
    let peer = |peer: SocketAddr| vec![TurnAttribute::Peer(peer)];
    let refresh =
        |what, role| Renewed { what, role, every_ms: half_ms, request: Request::turn(Method::Refresh, Vec::new()) };
    let permit = |what, role, address| {
        let request = Request::turn(Method::CreatePermission, peer(address));
        Renewed { what, role, every_ms: PERMISSION_MS, request }
    };
    let mut found = vec![refresh(Renewal::Refresh, way.first), permit(Renewal::Permit, way.first, way.peer)];
    if way.channel {
        let attributes = vec![TurnAttribute::Channel(CHANNEL), TurnAttribute::Peer(way.peer)];
        let request = Request::turn(Method::ChannelBind, attributes);
        found.push(Renewed { what: Renewal::Channel, role: way.first, every_ms: CHANNEL_MS, request });
    }
    if way.second {
        found.push(refresh(Renewal::RefreshSecond, SocketRole::Second));
        found.push(permit(Renewal::PermitSecond, SocketRole::Second, way.relayed));
    }
    found
}
