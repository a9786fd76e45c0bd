//! A report as it may be shown: what is private is masked where `--redact` asks for it, in the report and in what is printed of it.

use std::borrow::Cow;

use super::document::Report;
use super::privacy::Masks;
use super::redact::Redactor;

/// A report to print from.
pub(super) struct Shown<'a> {
    /// Its texts are masked; its addresses are addresses still, so that what is made of them can be computed.
    pub(super) report: Cow<'a, Report>,
    /// What masks the addresses, where they are masked.
    pub(super) redactor: Option<Redactor>,
}

impl<'a> Shown<'a> {
    /// The report, as its options want it shown.
    pub(super) fn of(report: &'a Report) -> Self {
        if !report.redacted {
            return Self { report: Cow::Borrowed(report), redactor: None };
        }
        let masked = Masks::of(report).report();
        let redactor = Some(Redactor::for_report(&masked));
        Self { report: Cow::Owned(masked), redactor }
    }

    /// What is printed of it, with its addresses masked.
    pub(super) fn mask(&self, text: String) -> String {
        match &self.redactor {
            Some(redactor) => redactor.mask(&text),
            None => text,
        }
    }
}
