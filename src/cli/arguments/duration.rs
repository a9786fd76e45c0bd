//! Durations as people write them: `10s`, `1m 30s`, or a plain number of seconds.

use std::time::Duration;

/// The longest run anybody can ask for.
const LONGEST: Duration = Duration::from_secs(3600);

/// Reads a deadline: more than nothing, at most an hour.
///
/// # Errors
/// In words, when it is no such duration.
pub(in crate::cli) fn deadline(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let duration = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    let duration = duration.ok_or("not a time; try 10s, 1m or a number of seconds")?;
    if duration.is_zero() {
        return Err("nothing can be measured in no time; try 10s".to_owned());
    }
    if duration > LONGEST {
        return Err("longer than an hour; try 10s".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_words_and_plain_seconds() {
        assert_eq!(deadline("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(deadline("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(deadline(" 2 "), Ok(Duration::from_secs(2)));
        assert_eq!(deadline("0.5"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn refuses_what_is_no_deadline() {
        for wrong in ["", "soon", "-1", "0", "0s", "NaN", "inf", "2h", "1e300"] {
            assert!(deadline(wrong).is_err(), "{wrong:?} was taken");
        }
    }
}
