//! Chance that repeats itself, time that ends, and what to do to a seed.

use std::time::{Duration, Instant};

use nat_probe::server::Random;

/// The tests among which the seconds are shared.
const TARGETS: u32 = 9;

/// Seconds for all of them where nobody says otherwise.
const SECONDS: u64 = 4;

/// No case may take longer: that would be a hang.
const LONGEST: Duration = Duration::from_secs(30);

/// Runs the target over one case after the other until its time is up.
#[expect(clippy::disallowed_methods, reason = "how long it runs depends on the clock, what each case is does not")]
pub(crate) fn fuzz(target: impl Fn(&mut Dice)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let budget = Duration::from_secs(number("NAT_PROBE_FUZZ_SECONDS").unwrap_or(SECONDS)) / TARGETS;
    let begun = Instant::now();
    for case in number("NAT_PROBE_FUZZ_CASE").unwrap_or(0).. {
        let told = Told(case);
        let started = begun.elapsed();
        target(&mut Dice::new(case));
        drop(told);
        let now = begun.elapsed();
        assert!(now < started + LONGEST, "case {case} took from {started:?} to {now:?}");
        if now > budget {
            break;
        }
    }
}

/// Names the case where it fails.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("NAT_PROBE_FUZZ_CASE={} begins with this case", self.0);
        }
    }
}

/// The chances of one case.
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn new(case: u64) -> Self {
        Self(Random::new(case.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number below that one, or 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Some bytes of it.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.one_in(4) { length - start } else { (length - start).min(8) };
        start..start + self.below(most + 1)
    }

    /// The seed after a few changes; the words are put in here and there.
    pub(crate) fn mutate(&mut self, seed: &[u8], other: &[u8], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len());
            match self.below(8) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = *self.pick(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'\n', 0x1b]),
                2 if bytes.len() > at + 1 => {
                    let length: u16 = *self.pick(&[0, 1, 4, 8, 20, 0x7fff, 0xfffc, 0xffff]);
                    bytes[at..at + 2].copy_from_slice(&length.to_be_bytes());
                }
                3 => drop(bytes.drain(self.range(bytes.len()))),
                4 => {
                    let piece = bytes[self.range(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
                5 => {
                    let piece = other[self.range(other.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
                6 if !words.is_empty() => {
                    let word = self.pick(words).to_vec();
                    bytes.splice(at..at, word);
                }
                _ => {
                    let end = self.below(bytes.len() + 1);
                    bytes.truncate(end.max(bytes.len() / 2));
                }
            }
            bytes.truncate(1 << 17);
        }
        bytes
    }
}
