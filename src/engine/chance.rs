//! Everything random in a run, from one seed: the same seed makes the same transaction ids, ports and jitter.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::wire::TransactionId;

/// How many free ports to offer for one socket: on a busy host some are taken.
const PORT_CHOICES: usize = 16;

/// The run's source of randomness.
pub(crate) struct Chance {
    rng: StdRng,
    used: BTreeSet<u16>,
}

impl Chance {
    /// Randomness that follows from the seed alone.
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), used: BTreeSet::new() }
    }

    /// A transaction id (RFC 8489 section 5: uniformly random).
    pub(crate) fn transaction_id(&mut self) -> TransactionId {
        let mut id = [0; 12];
        self.rng.fill(&mut id[..]);
        TransactionId(id)
    }

    /// Local ports to try, none of them offered before in this run, from the ranges of RFC 5780 section 4.1 (registered ports
    /// above 32768 and dynamic ones).
    pub(crate) fn fresh_ports(&mut self) -> Vec<u16> {
        let mut ports = Vec::with_capacity(PORT_CHOICES);
        while ports.len() < PORT_CHOICES {
            let port = self.rng.random_range(32768..=65535);
            // A run that has used most of the range may repeat itself rather than search for ever.
            if self.used.insert(port) || self.used.len() > 30_000 {
                ports.push(port);
            }
        }
        ports
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.rng.random()
    }

    /// That many of these characters.
    pub(crate) fn characters(&mut self, of: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(of[self.rng.random_range(0..of.len())])).collect()
    }

    /// The interval, give or take a tenth: retransmissions of different exchanges must not stay in step (RFC 5780 section 5).
    pub(crate) fn jitter(&mut self, interval: Duration) -> Duration {
        interval.mul_f64(self.rng.random_range(0.9..1.1))
    }
}
