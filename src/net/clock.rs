//! The clock: the only place of the program that reads it.

use std::time::{Duration, Instant, SystemTime};

use crate::engine::Time;

/// The clock of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the run.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the owner")]
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Time since the run began.
    #[must_use]
    pub(crate) fn now(&self) -> Time {
        self.start.elapsed()
    }

    /// The moment at which the run will have lasted that long. A time too far away to be told becomes one that no run reaches.
    pub(super) fn moment(&self, time: Time) -> tokio::time::Instant {
        const NEVER: Duration = Duration::from_secs(365 * 86_400);
        let instant = self.start.checked_add(time).unwrap_or(self.start + NEVER);
        tokio::time::Instant::from_std(instant)
    }
}

/// This moment, that far from now, for time limits inside the network.
pub(super) fn after(wait: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + wait
}

/// The date and time in UTC, as RFC 3339 writes it, with milliseconds.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the owner")]
pub(crate) fn now_rfc3339() -> String {
    rfc3339(SystemTime::now())
}

/// Seconds since 1970: time-limited user names are made and judged by it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the owner")]
pub(crate) fn now_unix_s() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A date and time in UTC, as RFC 3339 writes it, with milliseconds. A clock before 1970 or after 9999 was never set: the nearest moment
/// that can be written stands for it.
#[must_use]
pub(crate) fn rfc3339(time: SystemTime) -> String {
    /// 9999-12-31T23:59:59Z.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since.min(LAST)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_is_utc_with_milliseconds() {
        assert_eq!(
            rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_007)),
            "2023-11-14T22:13:20.007Z"
        );
    }

    #[test]
    fn clocks_that_nobody_set_can_be_written() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(86_400);
        // Windows counts to the year 30828.
        let after = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 39);
        assert_eq!([before, after].map(rfc3339), ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"]);
    }

    #[test]
    fn a_moment_beyond_all_clocks_is_far_away() {
        let clock = Clock::start();
        assert!(clock.moment(Duration::MAX) > clock.moment(Duration::from_secs(86_400)));
    }
}
