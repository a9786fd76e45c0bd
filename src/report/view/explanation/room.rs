//! What fits on a screen.

use super::super::page::Page;

/// How many lines of a list are shown without `-v`.
pub(super) const MOST: usize = 12;
/// How many changes a line without `-v` names.
pub(super) const MOST_CHANGES: usize = 8;
/// The rows that remain for what comes last: what cannot be told.
pub(super) const LAST: usize = 4;

/// Writes what is left out where it does not fit, so that so many rows remain; with `-v` everything fits.
pub(super) fn optional(page: &mut Page, remain: usize, write: impl FnOnce(&mut Page)) -> bool {
    let mark = page.mark();
    write(page);
    let fits = page.verbosity() > 0 || !page.is_overfull() && page.rows_left() >= remain;
    if !fits {
        page.go_back(&mark);
    }
    fits
}

/// A title, with whose it is where there are several.
pub(super) fn titled(title: &str, whose: &str) -> String {
    if whose.is_empty() { title.to_owned() } else { format!("{title} ({whose})") }
}
