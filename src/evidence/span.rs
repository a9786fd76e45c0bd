//! How long something took, as it stands in every sentence and every table.

/// The number of milliseconds, with a tenth below a hundred: three digits say what is no noise.
#[must_use]
pub fn millis(ms: f64) -> String {
    // What would be rounded up to a hundred is one.
    if ms < 99.95 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

/// The same with its unit, from a second on in seconds.
#[must_use]
pub fn span(ms: f64) -> String {
    if ms < 999.5 { format!("{} ms", millis(ms)) } else { format!("{:.1} s", ms / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_follows_from_the_length() {
        let told = [0.0, 0.04, 40.0, 99.94, 99.95, 299.6, 999.49, 999.5, 1_000.0, 9_500.0, 90_061.0].map(span);
        assert_eq!(
            told,
            [
                "0.0 ms", "0.0 ms", "40.0 ms", "99.9 ms", "100 ms", "300 ms", "999 ms", "1.0 s", "1.0 s", "9.5 s",
                "90.1 s"
            ]
        );
        assert_eq!([9.96, 1_234.5].map(millis), ["10.0", "1234"], "a column keeps its unit");
    }
}
