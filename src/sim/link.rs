//! A link: how long packets take, and which never arrive.

use std::time::Duration;

use serde::Deserialize;

use crate::engine::Time;
use crate::server::random::Random;
use crate::server::time::millis;

/// The quality of a link. Each direction takes half the round trip and loses on its own account.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkConfig {
    /// Round trip in milliseconds, without jitter.
    pub rtt_ms: f64,
    /// Each packet takes up to this many milliseconds longer, uniformly; packets closer than that may overtake each other.
    pub jitter_ms: f64,
    /// The chance of losing a packet, each way, each on its own.
    pub loss: f64,
    /// Loss that comes in bursts, beside the independent one.
    pub burst: Option<BurstConfig>,
    /// The chance that a packet arrives twice, each way.
    pub duplicate: f64,
    /// Loss by the clock, both ways at once, beside the others.
    pub outage: Option<OutageConfig>,
    /// Outgoing packets wait until that many milliseconds after the first one: neighbor discovery, a radio that wakes up.
    pub wake_ms: f64,
}

/// Loss by the clock (Gilbert and Elliott in continuous time): a link is good or out, each for an exponentially distributed time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageConfig {
    /// How long it is good on average, in milliseconds.
    pub every_ms: f64,
    /// How long it is out on average, in milliseconds.
    pub mean_ms: f64,
    /// The chance of losing a packet while out.
    #[serde(default = "always")]
    pub loss: f64,
}

/// Burst loss (Gilbert and Elliott): a link is good or bad and may change with every packet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurstConfig {
    /// The chance to turn bad, a packet.
    pub start: f64,
    /// The chance to turn good again, a packet.
    pub end: f64,
    /// The chance of losing a packet while bad.
    #[serde(default = "always")]
    pub loss: f64,
}

fn always() -> f64 {
    1.0
}

impl Default for LinkConfig {
    /// A fixed line in the country of its servers.
    fn default() -> Self {
        Self { rtt_ms: 40.0, jitter_ms: 0.0, loss: 0.0, burst: None, duplicate: 0.0, outage: None, wake_ms: 0.0 }
    }
}

impl LinkConfig {
    /// No delay, no loss: a cable to the router.
    #[must_use]
    pub fn perfect() -> Self {
        Self { rtt_ms: 0.0, ..Self::default() }
    }
}

/// The same for the host's own link, which is perfect where nothing is said: [`LinkConfig`] is a fixed line.
pub(super) fn local<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<LinkConfig, D::Error> {
    #[derive(Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Local {
        rtt_ms: f64,
        jitter_ms: f64,
        loss: f64,
        burst: Option<BurstConfig>,
        duplicate: f64,
        outage: Option<OutageConfig>,
        wake_ms: f64,
    }
    impl Default for Local {
        fn default() -> Self {
            let LinkConfig { rtt_ms, jitter_ms, loss, burst, duplicate, outage, wake_ms } = LinkConfig::perfect();
            Self { rtt_ms, jitter_ms, loss, burst, duplicate, outage, wake_ms }
        }
    }
    let Local { rtt_ms, jitter_ms, loss, burst, duplicate, outage, wake_ms } = Local::deserialize(deserializer)?;
    Ok(LinkConfig { rtt_ms, jitter_ms, loss, burst, duplicate, outage, wake_ms })
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Away from the host.
    Out,
    /// Towards the host.
    In,
}

/// A link in use.
#[derive(Clone, Debug)]
pub(super) struct Link {
    config: LinkConfig,
    half: Duration,
    jitter: Duration,
    bad: [bool; 2],
    /// Whether it is out, and until when it stays as it is.
    out: (bool, Time),
    woken: Option<Time>,
}

/// When the copies of one packet arrive: none, one or two.
pub(super) type Arrivals = [Option<Duration>; 2];

impl Link {
    /// A link of that quality.
    #[must_use]
    pub(super) fn new(config: &LinkConfig) -> Self {
        Self {
            half: millis(config.rtt_ms / 2.0),
            jitter: millis(config.jitter_ms),
            config: config.clone(),
            bad: [false; 2],
            // Long in whatever state it is in: the first toggle makes it good.
            out: (true, Time::ZERO),
            woken: None,
        }
    }

    /// Whether packets pass at once and surely.
    #[must_use]
    pub(super) fn is_perfect(&self) -> bool {
        self.config == LinkConfig::perfect()
    }

    /// After how long the copies of a packet arrive.
    pub(super) fn carry(&mut self, now: Time, direction: Direction, random: &mut Random) -> Arrivals {
        let asleep = if direction == Direction::Out { self.asleep(now) } else { Duration::ZERO };
        if self.is_out(now, random) || self.loses(direction, random) {
            return [None, None];
        }
        let first = asleep + self.delay(random);
        let second = random.chance(self.config.duplicate).then(|| asleep + self.delay(random));
        [Some(first), second]
    }

    /// How long the link still sleeps: the first packet wakes it.
    fn asleep(&mut self, now: Time) -> Duration {
        let woken = *self.woken.get_or_insert(now) + millis(self.config.wake_ms);
        woken.saturating_sub(now)
    }

    fn is_out(&mut self, now: Time, random: &mut Random) -> bool {
        let Some(outage) = &self.config.outage else { return false };
        while self.out.1 <= now {
            let (was_out, at) = self.out;
            let mean_ms = if was_out { outage.every_ms } else { outage.mean_ms };
            // The inverse of the exponential distribution; at least a microsecond, so that this ends.
            self.out = (!was_out, at + millis((-mean_ms * (1.0 - random.unit()).ln()).max(0.001)));
        }
        self.out.0 && random.chance(outage.loss)
    }

    /// How long something on a stream takes: what is lost is sent again by TCP, each time after a longer wait.
    pub(super) fn carry_stream(&mut self, now: Time, direction: Direction, random: &mut Random) -> Duration {
        /// Linux' smallest retransmission timeout.
        const TIMEOUT: Duration = Duration::from_millis(200);
        let mut waited = if direction == Direction::Out { self.asleep(now) } else { Duration::ZERO };
        for round in 0..6 {
            if !self.loses(direction, random) {
                break;
            }
            waited += (TIMEOUT + self.half * 2) * (1 << round);
        }
        waited + self.delay(random)
    }

    fn delay(&self, random: &mut Random) -> Duration {
        self.half + random.up_to(self.jitter)
    }

    fn loses(&mut self, direction: Direction, random: &mut Random) -> bool {
        let mut lost = random.chance(self.config.loss);
        if let Some(burst) = &self.config.burst {
            let bad = &mut self.bad[usize::from(direction == Direction::In)];
            if random.chance(if *bad { burst.end } else { burst.start }) {
                *bad = !*bad;
            }
            lost |= *bad && random.chance(burst.loss);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_lost(config: &LinkConfig) -> f64 {
        let (mut link, mut random) = (Link::new(config), Random::new(3));
        let lost = (0..20_000).filter(|_| link.carry(Time::ZERO, Direction::Out, &mut random) == [None, None]).count();
        f64::from(u32::try_from(lost).unwrap()) / 20_000.0
    }

    #[test]
    fn loses_as_often_as_it_says() {
        assert!(share_lost(&LinkConfig::default()) < f64::EPSILON);
        assert!((share_lost(&LinkConfig { loss: 0.1, ..LinkConfig::default() }) - 0.1).abs() < 0.01);
        assert!(share_lost(&LinkConfig { loss: 1.0, ..LinkConfig::default() }) > 1.0 - f64::EPSILON);
        // A quarter of the time bad: start / (start + end).
        let burst = BurstConfig { start: 0.05, end: 0.15, loss: 1.0 };
        assert!((share_lost(&LinkConfig { burst: Some(burst), ..LinkConfig::default() }) - 0.25).abs() < 0.03);
    }

    #[test]
    fn takes_half_the_round_trip_and_the_jitter() {
        let config = LinkConfig { rtt_ms: 40.0, jitter_ms: 10.0, duplicate: 1.0, ..LinkConfig::default() };
        let (mut link, mut random) = (Link::new(&config), Random::new(3));
        for _ in 0..1_000 {
            for arrival in link.carry(Time::ZERO, Direction::In, &mut random) {
                let ms = arrival.unwrap().as_millis();
                assert!((20..=30).contains(&ms), "{ms} ms");
            }
        }
    }

    #[test]
    fn is_out_for_as_long_as_it_says_both_ways_at_once() {
        let outage = OutageConfig { every_ms: 450.0, mean_ms: 150.0, loss: 1.0 };
        let config = LinkConfig { outage: Some(outage), ..LinkConfig::default() };
        let (mut link, mut random) = (Link::new(&config), Random::new(3));
        let (mut out, mut turns, mut before) = (0, 0, false);
        for tick in 0..100_000 {
            let now = Duration::from_millis(tick * 5);
            let lost = link.carry(now, Direction::Out, &mut random) == [None, None];
            assert_eq!(lost, link.carry(now, Direction::In, &mut random) == [None, None]);
            out += u32::from(lost);
            turns += u32::from(lost && !before);
            before = lost;
        }
        assert!((f64::from(out) / 100_000.0 - 0.25).abs() < 0.03, "{out}");
        assert!((f64::from(out) * 5.0 / f64::from(turns) - 150.0).abs() < 15.0, "{out} {turns}");
    }

    #[test]
    fn what_is_sent_before_the_link_is_awake_waits() {
        let config = LinkConfig { wake_ms: 2_000.0, ..LinkConfig::default() };
        let (mut link, mut random) = (Link::new(&config), Random::new(3));
        for (at, after) in [(100, 2_020), (1_100, 1_020), (2_100, 20), (3_000, 20)] {
            let [first, _] = link.carry(Duration::from_millis(at), Direction::Out, &mut random);
            assert_eq!(first, Some(Duration::from_millis(after)), "{at}");
        }
    }

    #[test]
    fn nonsense_is_no_panic() {
        for ms in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
            assert!(millis(ms) <= Duration::from_secs(3_600));
        }
    }
}
