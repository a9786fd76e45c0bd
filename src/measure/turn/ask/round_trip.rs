//! A packet from the allocation to the peer, and one back once it arrived.

use crate::evidence::key::SocketRole;
use crate::evidence::key::{Leg, TurnStep};
use crate::evidence::{Ask, Patience, Step};
use crate::measure::turn::facts::exchange::looped_ms;
use crate::measure::turn::facts::round_trip::{CHANNEL, RoundTrip, Way};
use crate::measure::turn::facts::target::Target;
use crate::wire::{Relay, Request};

/// What a Binding request without padding and the header of PADDING take.
const HEADERS: u16 = 24;

/// How a packet is to go.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Bytes of payload.
    pub payload: u16,
    /// On the channel; else in an indication.
    pub channel: bool,
    /// How often.
    pub patience: Patience,
    /// When, in milliseconds of the run.
    pub not_before_ms: f64,
}

/// Adds what is still to be asked of a round trip; whether nothing more can come of it.
pub(super) fn plan(
    target: &Target,
    way: &Way,
    step: impl Fn(Leg) -> TurnStep,
    manner: Manner,
    plan: &mut Step,
) -> bool {
    let found = RoundTrip::find(target, &step);
    match (found.out, found.back) {
        (None, _) => plan.asks.push(out(target, way, step(Leg::Out), manner)),
        (Some(sent), None) if looped_ms(sent).is_some() => plan.asks.push(back(target, way, step(Leg::Back), manner)),
        (Some(sent), None) | (Some(_), Some(sent)) => {
            plan.done &= sent.settled();
            return found.is_over(target.seen.elapsed_ms);
        }
    }
    plan.done = false;
    false
}

fn out(target: &Target, way: &Way, step: TurnStep, manner: Manner) -> Ask {
    let relay = Relay { peer: way.peer, channel: manner.channel.then_some(CHANNEL) };
    paced(target.ask(step, way.first, Request { relay: Some(relay), ..padded(manner.payload) }), manner)
}

fn back(target: &Target, way: &Way, step: TurnStep, manner: Manner) -> Ask {
    let ask = if way.second {
        let relay = Relay { peer: way.relayed, channel: None };
        target.ask(step, SocketRole::Second, Request { relay: Some(relay), ..padded(manner.payload) })
    } else {
        let ask = target.plain(step, target.server, way.relayed);
        Ask { request: padded(manner.payload).into(), ..ask }
    };
    paced(ask, manner)
}

fn padded(payload: u16) -> Request {
    Request { padding: Some(payload.saturating_sub(HEADERS)), ..Request::default() }
}

fn paced(mut ask: Ask, manner: Manner) -> Ask {
    ask.patience = manner.patience;
    ask.terms.not_before_ms = Some(manner.not_before_ms);
    ask
}
