//! The word that was meant where another was written.

/// How alike two words are to be, from 0 to 1 (Jaro and Winkler).
const LIKE: f64 = 0.85;

/// No word of ours is nearly as long, and comparing takes time that grows with the square.
const LONGEST: usize = 64;

/// The word that is most like what was written, if one is.
#[must_use]
pub(crate) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let scored = words.into_iter().map(|word| (strsim::jaro_winkler(written, word), word));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > LIKE).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_like_nothing_has_no_nearest() {
        let words = ["symmetric", "full-cone"];
        assert_eq!(nearest("symetric", words), Some("symmetric"));
        assert_eq!(nearest("zzz", words), None);
        assert_eq!(nearest(&"symmetric".repeat(100_000), words), None, "and at once");
    }
}
