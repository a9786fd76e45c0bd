//! Arguments whose likely values completions offer, whatever else they take.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};

/// Reads a value of an argument.
type Read<T> = fn(&str) -> Result<T, String>;

/// A parser with values to offer.
#[derive(Clone)]
pub(super) struct Hinted<T> {
    read: Read<T>,
    values: Vec<&'static str>,
}

impl<T> Hinted<T> {
    /// Reads so, and offers these.
    #[must_use]
    pub(super) fn new(read: Read<T>, values: impl IntoIterator<Item = &'static str>) -> Self {
        Self { read, values: values.into_iter().collect() }
    }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Hinted<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        TypedValueParser::parse_ref(&self.read, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().map(|value| PossibleValue::new(*value))))
    }
}
