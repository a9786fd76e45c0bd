//! What is wrong with an entry, as a remark.

use crate::wire::{Remark, RemarkCode};

/// A remark that settles its entry.
pub(super) fn fatal(code: RemarkCode, text: impl Into<String>, fix: &str) -> Remark {
    Remark { error: true, ..remark(code, text, fix) }
}

/// A remark that hinders nothing.
pub(super) fn remark(code: RemarkCode, text: impl Into<String>, fix: &str) -> Remark {
    Remark { code, error: false, text: text.into(), fix: fix.to_owned() }
}
