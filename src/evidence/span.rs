//! How long something took, as it stands in every sentence.

/// In tenths of a millisecond, and from a second on in tenths of a second: what is shorter is noise.
#[must_use]
pub fn span(ms: f64) -> String {
    // What would be rounded up to a second is one.
    if ms < 999.95 { format!("{ms:.1} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_follows_from_the_length() {
        let told = [0.0, 0.04, 40.0, 299.96, 999.94, 999.95, 1_000.0, 9_500.0, 90_061.0].map(span);
        assert_eq!(told, ["0.0 ms", "0.0 ms", "40.0 ms", "300.0 ms", "999.9 ms", "1.0 s", "1.0 s", "9.5 s", "90.1 s"]);
    }
}
