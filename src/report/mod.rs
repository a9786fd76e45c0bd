//! The report and its formats: knows nothing of measuring.
//!
//! A [`document::Report`] is findings plus the evidence each one rests on. Everything that is printed is a function of it and of a
//! [`Style`]; one more format is one more entry in [`FORMATS`]. What a verdict means ([`peers`]), what to do about it
//! ([`advice`]) and whether it is what a script asked for ([`require`]) are functions of the same report.

pub mod address;
pub mod advice;
pub mod advice_code;
pub mod assemble;
mod command;
pub mod document;
pub(crate) mod escape;
pub mod exit;
pub mod json;
pub mod peers;
mod plain;
pub mod possible;
pub mod redact;
pub mod require;
mod rows;
pub mod schema;
mod sound;
mod style;
pub(crate) mod users;
pub mod view;

#[cfg(test)]
pub(crate) mod sample;

pub use document::Report;
pub use exit::{ExitClass, exit_class};
pub use redact::Redactor;
pub use style::Style;

/// A way to print a report. Every format honors [`Report::redacted`].
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name, as in options.
    pub name: &'static str,
    /// The whole output, final newline included.
    pub render: fn(&Report, &Style) -> String,
}

/// Every format there is.
pub const FORMATS: &[Format] =
    &[Format { name: "human", render: view::render }, Format { name: "json", render: json::render_styled }];

/// The format of that name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// A family as it is written in sentences.
pub(crate) fn family_name(family: crate::wire::Family) -> &'static str {
    match family {
        crate::wire::Family::Ipv4 => "IPv4",
        crate::wire::Family::Ipv6 => "IPv6",
    }
}
