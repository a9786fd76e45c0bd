//! Round trips through the relay: a packet goes from the allocation to a peer of ours, and one comes back from there.

use std::net::SocketAddr;

use super::exchange::{looped_from, looped_ms, succeeded};
use super::target::Target;
use crate::evidence::key::{DataStep, Leg, ServerStep, SocketRole, TurnStep};
use crate::evidence::{Exchange, Outcome};
use crate::wire::TurnAttribute;

/// Bytes of a packet: 20 ms of G.711 with the header of RTP (RFC 3551 section 4.5.14).
pub(crate) const VOICE: u16 = 172;
/// The payloads to try: what every path takes, QUIC's and WebRTC's usual size (RFC 9000 section 14.1), nearly a full frame.
pub(crate) const PAYLOADS: [u16; 3] = [500, 1200, 1400];
/// The channel of the test; the smallest number (RFC 8656 section 12).
pub(crate) const CHANNEL: u16 = 0x4000;

/// A packet in so many milliseconds while the allocation is kept, and in longer runs fewer: so many at most.
const KEEP_ALIVE_INTERVAL_MS: f64 = 1_000.0;
const MOST_KEEP_ALIVES: f64 = 3_600.0;

/// What may have been lost is looked at again so long: a packet that comes later than anybody waits for it counts as arrived.
const LATEST_MS: f64 = 10_000.0;

/// The way of the packets; it is known to work in both directions.
pub(crate) struct Way {
    /// The socket of the allocation.
    pub first: SocketRole,
    /// Its relayed address.
    pub relayed: SocketAddr,
    /// The peer, as the relay sees it.
    pub peer: SocketAddr,
    /// The peer is our second allocation; else it is a plain socket.
    pub second: bool,
    /// A channel is bound to the peer.
    pub channel: bool,
}

impl Way {
    /// The plain socket where data was seen to pass both ways, else the second allocation; `None` where neither was.
    pub(crate) fn of(target: &Target) -> Option<Self> {
        let (first, allocation) = target.first().filter(|_| target.ended_by_renewal().is_none())?;
        let relayed = allocation.relayed;
        let arrived = |step: DataStep| target.find(step).filter(|one| looped_from(one).is_some());
        let peer = |one: &Exchange| one.request.relay().map(|relay| relay.peer);
        let any = |steps: [DataStep; 2]| steps.into_iter().find_map(arrived);
        let inward = any([DataStep::Inward, DataStep::Inward2]);
        let plain = inward.and(any([DataStep::Outward, DataStep::Outward2])).and_then(peer);
        let (peer, second) = match plain {
            Some(peer) => (peer, false),
            None => (arrived(DataStep::ToFirst).and(arrived(DataStep::ToSecond)).and_then(peer)?, true),
        };
        let bound = target.last(ServerStep::Channel).filter(|bind| succeeded(bind).is_some());
        let channel = bound.is_some_and(|bind| bind.request.attributes().contains(&TurnAttribute::Peer(peer)));
        Some(Self { first, relayed, peer, second, channel })
    }
}

/// One packet there and back, as far as it got.
#[derive(Clone, Copy)]
pub(crate) struct RoundTrip<'a> {
    pub out: Option<&'a Exchange>,
    pub back: Option<&'a Exchange>,
}

impl<'a> RoundTrip<'a> {
    /// The round trip of which this is the step of each way.
    pub(crate) fn find(target: &Target<'a>, step: impl Fn(Leg) -> TurnStep) -> Self {
        let out = target.find(step(Leg::Out));
        Self { out, back: out.and_then(|_| target.find(step(Leg::Back))) }
    }

    /// How long there and back took; `None` if it did not arrive.
    pub(crate) fn rtt_ms(&self) -> Option<f64> {
        Some(looped_ms(self.out?)? + looped_ms(self.back?)?)
    }

    /// Whether it was sent and its fate is known: what the end of the run cut short counts for nothing.
    pub(crate) fn counts(&self) -> bool {
        let cut = |one: &Exchange| matches!(one.outcome, Outcome::Pending | Outcome::Abandoned { .. });
        match (self.out, self.back) {
            (Some(out), Some(back)) => !cut(out) && !cut(back),
            (Some(out), None) => !cut(out) && looped_ms(out).is_none(),
            (None, _) => false,
        }
    }

    /// Whether nothing more can come of it.
    pub(crate) fn is_over(&self, now_ms: f64) -> bool {
        match (self.out, self.back) {
            (Some(out), None) => looped_ms(out).is_none() && is_final(out, now_ms),
            (Some(_), Some(back)) => is_final(back, now_ms),
            (None, _) => false,
        }
    }

    /// Arrivals beyond the first, on either way.
    pub(crate) fn copies(&self) -> u32 {
        [self.out, self.back].into_iter().flatten().map(|one| one.copies).sum()
    }
}

/// Whether nothing more can come of a packet.
pub(crate) fn is_final(sent: &Exchange, now_ms: f64) -> bool {
    match sent.outcome {
        Outcome::Pending => false,
        Outcome::Silence { .. } => now_ms > sent.started_ms + LATEST_MS,
        _ => true,
    }
}

/// So many milliseconds an allocation is to be kept.
pub(crate) fn keep_alive_span_ms(hold_s: u64) -> f64 {
    std::time::Duration::from_secs(hold_s).as_secs_f64() * 1_000.0
}

/// A packet in so many milliseconds keeps it in use.
pub(crate) fn keep_alive_interval_ms(hold_s: u64) -> f64 {
    KEEP_ALIVE_INTERVAL_MS.max(keep_alive_span_ms(hold_s) / MOST_KEEP_ALIVES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::facts::testing::Scene;

    fn round(scene: &Scene) -> (bool, bool, Option<f64>) {
        let target = scene.target();
        let found = RoundTrip::find(&target, |leg| TurnStep::KeepAlive(0, leg));
        (found.counts(), found.is_over(5_000.0), found.rtt_ms())
    }

    #[test]
    fn what_is_under_way_counts_for_nothing() {
        let mut scene = Scene::udp();
        assert_eq!(round(&scene), (false, false, None));
        scene.pending("hold/0/out");
        assert_eq!(round(&scene), (false, false, None));
        scene.looped("hold/0/out", "192.0.2.10:50000");
        assert_eq!(round(&scene), (false, false, None), "the packet back is still to be asked for");
        scene.looped("hold/0/back", "198.51.100.1:40000");
        assert_eq!(round(&scene), (true, true, Some(40.0)));
    }

    #[test]
    fn what_was_lost_counts_at_once_and_is_looked_at_for_a_while() {
        let mut scene = Scene::udp();
        scene.silent("hold/0/out");
        assert_eq!(round(&scene), (true, false, None));
        let target = scene.target();
        assert!(RoundTrip::find(&target, |leg| TurnStep::KeepAlive(0, leg)).is_over(60_000.0));
    }

    #[test]
    fn the_way_is_the_plain_socket_where_both_directions_work() {
        let mut scene = Scene::udp();
        scene.granted("a/login", "192.0.2.10:50000");
        scene.looped("inward", "198.51.100.1:40000");
        assert!(Way::of(&scene.target()).is_none(), "one direction is not both");
        scene.relayed("outward", "198.51.100.1:40000");
        let target = scene.target();
        let way = Way::of(&target).expect("both directions work");
        assert_eq!((way.second, way.channel), (false, false));
        assert_eq!(way.peer, "198.51.100.1:40000".parse().unwrap());
    }

    #[test]
    fn long_runs_send_at_most_so_many_packets() {
        assert!((keep_alive_interval_ms(60) - 1_000.0).abs() < 1e-9);
        assert!((keep_alive_interval_ms(36_000) - 10_000.0).abs() < 1e-9);
    }
}
