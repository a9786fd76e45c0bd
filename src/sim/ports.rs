//! How a NAT chooses external ports.

use serde::Deserialize;

use crate::server::random::Random;

/// The ports a NAT hands out of its own accord; lower ones only where it preserves one.
const LOW: u16 = 1024;
const HIGH: u16 = 65_535;

/// The rule for choosing an external port (RFC 4787 section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PortRule {
    /// The inside port; where that is taken, the next one that is free.
    #[default]
    Preserved,
    /// A random one that is even where the inside port is even (RFC 4787 section 4.2.2).
    Parity,
    /// Each new mapping gets the port this many above the last one; negative steps go down.
    Sequential {
        /// The distance, not 0.
        step: i16,
    },
    /// Any.
    Random,
}

/// A rule with its memory.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    rule: PortRule,
    last: u16,
}

impl Ports {
    /// Starts where the random generator says.
    #[must_use]
    pub(super) fn new(rule: PortRule, random: &mut Random) -> Self {
        Self { rule, last: random.port(LOW, HIGH) }
    }

    /// A port for a new mapping of that inside port; `None` when not one is free.
    pub(super) fn choose(
        &mut self,
        inside: u16,
        random: &mut Random,
        mut is_free: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        match self.rule {
            PortRule::Preserved => {
                if inside != 0 && is_free(inside) {
                    return Some(inside);
                }
                walk(inside, 1, is_free)
            }
            PortRule::Parity => {
                let start = random.port(LOW, HIGH - 1) & !1 | (inside & 1);
                walk(start.wrapping_sub(2), 2, is_free)
            }
            PortRule::Sequential { step } => {
                let port = walk(self.last, step, is_free)?;
                self.last = port;
                Some(port)
            }
            PortRule::Random => walk(random.port(LOW, HIGH).wrapping_sub(1), 1, is_free),
        }
    }
}

/// The first free port after this one, in steps, round the range once for each step that it takes.
fn walk(from: u16, step: i16, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
    let (low, count) = (i32::from(LOW), i32::from(HIGH) - i32::from(LOW) + 1);
    let step = if step == 0 { 1 } else { i32::from(step) };
    let mut offset = i32::from(from) - low;
    (0..count).find_map(|_| {
        offset = (offset + step).rem_euclid(count);
        let port = u16::try_from(low + offset).ok()?;
        is_free(port).then_some(port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(rule: PortRule, inside: &[u16]) -> Vec<u16> {
        let mut random = Random::new(11);
        let mut ports = Ports::new(rule, &mut random);
        let mut taken = Vec::new();
        for &port in inside {
            let port = ports.choose(port, &mut random, |port| !taken.contains(&port)).unwrap();
            taken.push(port);
        }
        taken
    }

    #[test]
    fn preserved_takes_the_next_when_taken() {
        assert_eq!(choose(PortRule::Preserved, &[5000, 5000, 5000, 65_535, 65_535]), [5000, 5001, 5002, 65_535, 1024]);
        assert_eq!(choose(PortRule::Preserved, &[80, 80])[0], 80);
    }

    #[test]
    fn sequential_keeps_its_step() {
        for step in [1_i16, 2, -3] {
            let ports = choose(PortRule::Sequential { step }, &[7, 8, 9, 10]);
            for pair in ports.windows(2) {
                let distance = (i32::from(pair[1]) - i32::from(pair[0])).rem_euclid(64_512);
                assert_eq!(distance, i32::from(step).rem_euclid(64_512));
            }
        }
    }

    #[test]
    fn parity_is_kept_and_nothing_else() {
        let inside: Vec<u16> = (2000..2040).collect();
        let outside = choose(PortRule::Parity, &inside);
        assert!(inside.iter().zip(&outside).all(|(a, b)| a % 2 == b % 2));
        assert!(outside.windows(2).any(|pair| pair[1] != pair[0].wrapping_add(1)));
    }

    #[test]
    fn full_is_none() {
        let mut random = Random::new(1);
        for rule in [PortRule::Preserved, PortRule::Parity, PortRule::Sequential { step: 0 }, PortRule::Random] {
            let mut ports = Ports::new(rule, &mut random);
            assert_eq!(ports.choose(5000, &mut random, |_| false), None);
        }
    }
}
