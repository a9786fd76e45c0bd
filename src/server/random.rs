//! The one source of chance of a simulated network: a seed makes a run repeatable on every machine and in every release,
//! which a library's default generator does not promise.

use std::time::Duration;

/// Sebastiano Vigna's `SplitMix64`: eight bytes of state, every seed is good.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.bits32()) / 4_294_967_296.0
    }

    /// True that often; certainty and impossibility draw nothing, so that switching a chance on changes nothing else.
    pub fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && (probability >= 1.0 || self.unit() < probability)
    }

    /// Uniform in `0..bound`; 0 when there is nothing to choose from.
    pub fn below(&mut self, bound: usize) -> usize {
        // Multiply-shift: the bias is below 2^-32 for the small bounds used here.
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        usize::try_from((u64::from(self.bits32()) * bound) >> 32).unwrap_or(0)
    }

    /// Uniform in `0..=longest`.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        if longest.is_zero() { longest } else { longest.mul_f64(self.unit()) }
    }

    /// A port between these two, both included.
    pub fn port(&mut self, low: u16, high: u16) -> u16 {
        let span = usize::from(high.saturating_sub(low)) + 1;
        low.saturating_add(u16::try_from(self.below(span)).unwrap_or(0))
    }

    fn bits32(&mut self) -> u32 {
        u32::try_from(self.bits() >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn stays_within_bounds() {
        let mut random = Random::new(7);
        for _ in 0..10_000 {
            assert!(random.unit() < 1.0);
            assert!(random.below(3) < 3);
            assert!((1024..=1027).contains(&random.port(1024, 1027)));
        }
        assert_eq!(random.below(0), 0);
        assert!(!random.chance(0.0));
        assert!(!random.chance(f64::NAN));
        assert!(random.chance(1.0));
    }
}
