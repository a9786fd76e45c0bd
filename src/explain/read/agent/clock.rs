//! The times of a log whose lines have the time of day.

/// So far before the line stands what loggers put there: a date, a level, the name of a container.
const BEFORE: usize = 80;
const DAY_MS: u64 = 86_400_000;

/// Reads times in the order of the lines: what is long before the line above is of the next day.
#[derive(Default)]
pub(super) struct Clock {
    before_ms: u64,
    days_ms: u64,
}

impl Clock {
    /// The time of a line, in milliseconds from midnight before the first.
    pub(super) fn read(&mut self, line: &str) -> Option<u64> {
        let at = of_day(line)?;
        if at + DAY_MS / 2 < self.before_ms {
            self.days_ms += DAY_MS;
        }
        self.before_ms = at;
        Some(at + self.days_ms)
    }
}

/// `08:07:29`, `08:07:29.152841`, `08:07:29,152`.
fn of_day(line: &str) -> Option<u64> {
    let is_time = |word: &&[u8]| {
        word.iter()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 2 | 5) { *byte == b':' } else { byte.is_ascii_digit() })
    };
    let beginning = &line.as_bytes()[..line.len().min(BEFORE)];
    let at = beginning.windows(8).position(|word| is_time(&word))?;
    let number = |from: usize| line.get(at + from..at + from + 2)?.parse::<u64>().ok();
    let (hours, minutes, seconds) = (number(0)?, number(3)?, number(6)?);
    let behind = line.get(at + 8..).unwrap_or_default();
    let digits = behind.strip_prefix(['.', ',']).unwrap_or_default();
    let digits = &digits[..digits.bytes().take(3).take_while(u8::is_ascii_digit).count()];
    let fraction: u64 = format!("{digits:0<3}").parse().ok()?;
    (hours < 24 && minutes < 60 && seconds < 61).then(|| ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn times_go_on_after_midnight() {
        let mut clock = Clock::default();
        for (line, at) in [
            ("ice TRACE: 23:59:59.152841 agent.go:1: x", Some(86_399_152)),
            ("ice WARNING: 2026/11/27 23:59:59 x", Some(86_399_000)),
            ("2026-11-28 00:00:01,5 INFO x", Some(86_401_500)),
            ("sfu-1  | 2026-11-28T00:00:02.007Z x", Some(86_402_007)),
            ("99:00:00 x", None),
            ("no time", None),
        ] {
            assert_eq!(clock.read(line), at, "{line}");
        }
    }
}
