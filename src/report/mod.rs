//! The report and its formats: knows nothing of measuring.
//!
//! A [`document::Report`] is findings plus the evidence each one rests on. Everything that is printed is a function of it and of a
//! [`Style`]; one more format is one more such function. What a verdict means (`peers`), what to do about it
//! (`advice`) and whether it is what a script asked for (`require`) are functions of the same report.

mod advice;
pub mod assemble;
mod beside;
mod command;
pub mod document;
pub(crate) mod escape;
mod exit;
pub mod explanation;
mod fact;
pub(crate) mod format;
pub mod json;
pub mod lint;
mod peers;
mod possible;
pub mod privacy;
mod redact;
pub(crate) mod require;
mod rows;
pub mod schema;
mod shown;
pub mod sides;
mod sound;
mod style;
pub mod view;
mod word;
pub mod write;

#[cfg(test)]
mod sample;

#[cfg(test)]
pub(crate) use advice::commands;
pub use document::Report;
pub use exit::{ExitClass, exit_class};
pub use redact::Redactor;
pub use style::Style;

/// A family as it is written in sentences.
pub(crate) fn family_name(family: crate::wire::Family) -> &'static str {
    match family {
        crate::wire::Family::Ipv4 => "IPv4",
        crate::wire::Family::Ipv6 => "IPv6",
    }
}
