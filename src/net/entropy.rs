//! Randomness from the operating system, for seeds.

use std::hash::{BuildHasher, RandomState};

use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};

/// A seed nobody can guess. Should the system refuse one, the standard library's own random keys stand in.
#[must_use]
pub fn entropy() -> u64 {
    SysRng.try_next_u64().unwrap_or_else(|_| RandomState::new().hash_one(0_u8))
}

/// A generator for what needs no seed that is told.
pub(super) fn rng() -> StdRng {
    StdRng::seed_from_u64(entropy())
}

#[cfg(test)]
mod tests {
    use super::entropy;

    #[test]
    fn two_draws_differ() {
        assert_ne!(entropy(), entropy());
    }
}
