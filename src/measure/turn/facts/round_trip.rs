//! Round trips through the relay: a packet goes from the allocation to a peer of ours, and one comes back from there.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::evidence::{Ask, Exchange, Outcome, Patience};
use crate::measure::turn::facts::target::{CHANNEL, Target, succeeded};
use crate::measure::turn::judge::renewal;
use crate::measure::turn::labels;
use crate::wire::{Relay, Request, TurnAttribute};

/// What a Binding request without padding and the header of PADDING take.
const HEADERS: u16 = 24;

/// The way of the packets; it is known to work in both directions.
pub struct Path {
    /// The socket of the allocation.
    pub first: &'static str,
    /// Its relayed address.
    pub relayed: SocketAddr,
    /// The peer, as the relay sees it.
    pub peer: SocketAddr,
    /// The peer is our second allocation; else it is a plain socket.
    pub second: bool,
    /// A channel is bound to the peer.
    pub channel: bool,
}

/// How a packet is to go.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Bytes of payload.
    pub payload: u16,
    /// On the channel; else in an indication.
    pub channel: bool,
    /// How often.
    pub patience: Patience,
    /// When, in milliseconds of the run.
    pub not_before_ms: f64,
}

impl Path {
    /// The plain socket where data was seen to pass both ways, else the second allocation; `None` where neither was.
    pub fn of(target: &Target) -> Option<Self> {
        let (first, allocation) = target.first().filter(|_| renewal::how(target).is_none())?;
        let relayed = allocation.relayed;
        let arrived = |step: &str| target.find(step).filter(|one| matches!(one.outcome, Outcome::Looped { .. }));
        let peer = |one: &Exchange| one.request.relay().map(|relay| relay.peer);
        let any = |steps: [&str; 2]| steps.into_iter().find_map(arrived);
        let plain = any(["inward", "inward-2"]).and(any(["outward", "outward-2"])).and_then(peer);
        let (peer, second) = match plain {
            Some(peer) => (peer, false),
            None => (arrived("to-a").and(arrived("to-b")).and_then(peer)?, true),
        };
        let bound = target.last("channel").filter(|bind| succeeded(bind).is_some());
        let channel = bound.is_some_and(|bind| bind.request.attributes().contains(&TurnAttribute::Peer(peer)));
        Some(Self { first, relayed, peer, second, channel })
    }

    fn out(&self, target: &Target, step: &str, manner: Manner) -> Ask {
        let relay = Relay { peer: self.peer, channel: manner.channel.then_some(CHANNEL) };
        paced(target.ask(step, self.first, Request { relay: Some(relay), ..padded(manner.payload) }), manner)
    }

    fn back(&self, target: &Target, step: &str, manner: Manner) -> Ask {
        let ask = if self.second {
            let relay = Relay { peer: self.relayed, channel: None };
            target.ask(step, "b", Request { relay: Some(relay), ..padded(manner.payload) })
        } else {
            let ask = target.plain(step, target.server, self.relayed);
            Ask { request: padded(manner.payload).into(), ..ask }
        };
        paced(ask, manner)
    }
}

fn padded(payload: u16) -> Request {
    Request { padding: Some(payload.saturating_sub(HEADERS)), ..Request::default() }
}

fn paced(mut ask: Ask, manner: Manner) -> Ask {
    ask.patience = manner.patience;
    ask.terms.not_before_ms = Some(manner.not_before_ms);
    ask
}

/// The exchanges of a target whose step begins in a certain way, by step.
pub struct Steps<'a> {
    by_step: BTreeMap<&'a str, &'a Exchange>,
}

impl<'a> Steps<'a> {
    /// Those that begin with `prefix`.
    pub fn under(target: &Target<'a>, prefix: &str) -> Self {
        Self { by_step: target.under(prefix).map(|one| (labels::step(&one.ask), one)).collect() }
    }

    /// The exchange of that step.
    pub fn find(&self, step: &str) -> Option<&'a Exchange> {
        self.by_step.get(step).copied()
    }

    /// When the first of them began; `None` before.
    pub fn begun_ms(&self) -> Option<f64> {
        self.by_step.values().map(|one| one.started_ms).min_by(f64::total_cmp)
    }

    /// The round trip of that name, as far as it got.
    pub fn round(&self, name: &str) -> Round<'a> {
        Round { out: self.find(&format!("{name}/out")), back: self.find(&format!("{name}/back")) }
    }
}

/// One packet there and back.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    pub out: Option<&'a Exchange>,
    pub back: Option<&'a Exchange>,
}

impl Round<'_> {
    /// What is still to be asked of it, and whether nothing is and all is known.
    pub fn ask(&self, target: &Target, path: &Path, name: &str, manner: Manner) -> (Option<Ask>, bool) {
        match (self.out, self.back) {
            (None, _) => (Some(path.out(target, &format!("{name}/out"), manner)), false),
            (Some(out), None) if looped_ms(out).is_some() => {
                (Some(path.back(target, &format!("{name}/back"), manner)), false)
            }
            (Some(out), None) => (None, out.settled()),
            (Some(_), Some(back)) => (None, back.settled()),
        }
    }

    /// How long there and back took; `None` if it did not arrive.
    pub fn rtt_ms(&self) -> Option<f64> {
        Some(looped_ms(self.out?)? + looped_ms(self.back?)?)
    }

    /// Whether it was sent and its fate is known: what the end of the run cut short counts for nothing.
    pub fn counts(&self) -> bool {
        let cut = |one: &Exchange| matches!(one.outcome, Outcome::Pending | Outcome::Abandoned { .. });
        match (self.out, self.back) {
            (Some(out), Some(back)) => !cut(out) && !cut(back),
            (Some(out), None) => !cut(out) && looped_ms(out).is_none(),
            (None, _) => false,
        }
    }

    /// Arrivals beyond the first, on either way.
    pub fn copies(&self) -> u32 {
        [self.out, self.back].into_iter().flatten().map(|one| one.copies).sum()
    }
}

fn looped_ms(exchange: &Exchange) -> Option<f64> {
    match exchange.outcome {
        Outcome::Looped { rtt_ms, .. } => Some(rtt_ms),
        _ => None,
    }
}
