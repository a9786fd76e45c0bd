//! Times as configurations write them.

use std::time::Duration;

/// Milliseconds as a duration; nonsense (negative, not a number, more than an hour) becomes the nearest sense.
#[must_use]
pub(crate) fn millis(ms: f64) -> Duration {
    const HOUR_MS: f64 = 3_600_000.0;
    if ms > 0.0 { Duration::from_secs_f64(ms.min(HOUR_MS) / 1_000.0) } else { Duration::ZERO }
}
