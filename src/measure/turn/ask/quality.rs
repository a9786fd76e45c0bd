//! How well it relays: trains of packets there and back, beside the Binding straight to the server in the same moments, and how large
//! a packet may be.

use super::round_trip::{self, Manner};
use super::train::UnderWay;
use crate::evidence::key::{Leg, ServerStep, SocketRole, Train, TurnStep};
use crate::evidence::{Ask, Patience, Step};
use crate::measure::turn::facts::round_trip::{PAYLOADS, VOICE, Way, is_final};
use crate::measure::turn::facts::target::Target;
use crate::wire::Request;

/// A packet in so many milliseconds, as voice is sent.
const INTERVAL_MS: f64 = 20.0;

/// Whether it has begun.
pub(super) fn has_begun(target: &Target) -> bool {
    begun_ms(target).is_some()
}

fn begun_ms(target: &Target) -> Option<f64> {
    target.find(TurnStep::Quality(Train::Payload, u32::from(PAYLOADS[0]), Leg::Out)).map(|one| one.started_ms)
}

/// What is to be asked now, and whether all is known.
pub(super) fn next(target: &Target, under_way: &UnderWay) -> Step {
    let mut step = Step { done: true, ..Step::default() };
    let Some(way) = Way::of(target).filter(|_| target.options.count > 0) else { return step };
    let now_ms = target.seen.elapsed_ms;
    let begun_ms = begun_ms(target).unwrap_or(now_ms);
    for payload in PAYLOADS {
        let manner = Manner { payload, channel: false, patience: Patience::Silence, not_before_ms: begun_ms };
        round_trip::plan(target, &way, |leg| TurnStep::Quality(Train::Payload, payload.into(), leg), manner, &mut step);
    }
    // Without an answer to Binding there is nothing to compare with.
    let comparable = target.reply(ServerStep::Binding).is_some();
    let at_ms = |number: u32| begun_ms + f64::from(number) * INTERVAL_MS;
    let due = |number| at_ms(number) <= now_ms;
    under_way.visit(target.options.count, due, |number| {
        let (at_ms, patience) = (at_ms(number), Patience::Once);
        let mut train = |train, channel, not_before_ms| {
            let manner = Manner { payload: VOICE, channel, patience, not_before_ms };
            round_trip::plan(target, &way, |leg| TurnStep::Quality(train, number, leg), manner, &mut step)
        };
        let mut over = train(Train::Send, false, at_ms);
        if way.channel {
            over &= train(Train::Channel, true, at_ms + INTERVAL_MS / 3.0);
        }
        if comparable {
            over &= straight(target, number, at_ms + INTERVAL_MS * 2.0 / 3.0, &mut step);
        }
        over
    });
    step
}

/// The Binding straight to the server, on a socket of its own: what limits an allocation's bandwidth (coturn's max-bps) limits all that
/// its client sends. Whether it is over.
fn straight(target: &Target, number: u32, not_before_ms: f64, step: &mut Step) -> bool {
    if let Some(sent) = target.find(TurnStep::Direct(number)) {
        step.done &= sent.settled();
        return is_final(sent, target.seen.elapsed_ms);
    }
    let ask = target.ask(TurnStep::Direct(number), SocketRole::Direct, Request::default());
    let terms = crate::evidence::Terms { not_before_ms: Some(not_before_ms), ..ask.terms.clone() };
    step.asks.push(Ask { patience: Patience::Once, terms, ..ask });
    step.done = false;
    false
}
