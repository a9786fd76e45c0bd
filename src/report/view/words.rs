//! Words that several pages use.

/// A time as it stands everywhere on the page.
pub(super) fn ms(ms: f64) -> String {
    format!("{ms:.1} ms")
}

/// "once", "7 times".
pub(super) fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The first few of a list, and how many there are besides.
pub(super) fn some_of(items: &[String], few: usize) -> String {
    let first = items.iter().take(few).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(few) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// One, or several of something.
pub(super) fn plural(count: impl Into<u64>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Items with commas.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
