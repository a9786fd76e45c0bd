//! How long something took, as it stands in every sentence and every table.

/// The number of milliseconds, with a tenth below ten: what is finer is noise on any way that is longer.
#[must_use]
pub fn millis(ms: f64) -> String {
    // What would be rounded up to ten is ten.
    if ms < 9.95 { format!("{ms:.1}") } else { format!("{ms:.0}") }
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
        let told = [0.0, 0.04, 8.44, 9.94, 9.95, 40.0, 299.6, 999.49, 999.5, 1_000.0, 9_500.0, 90_061.0].map(span);
        let expected = [
            "0.0 ms", "0.0 ms", "8.4 ms", "9.9 ms", "10 ms", "40 ms", "300 ms", "999 ms", "1.0 s", "1.0 s", "9.5 s",
            "90.1 s",
        ];
        assert_eq!(told, expected);
        assert_eq!([9.96, 1_234.5].map(millis), ["10", "1234"], "a column keeps its unit");
    }
}
