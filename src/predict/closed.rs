//! Behaviors with a few values, and which of them remain possible.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// A behavior with a few values.
pub trait Closed: Copy + Eq + 'static {
    /// All of them.
    const ALL: &'static [Self];
}

/// The values of a behavior that remain possible: one where it is known, all where nothing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Possible<T>(Vec<T>);

impl<T> Default for Possible<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: JsonSchema> JsonSchema for Possible<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}

impl<T> Possible<T> {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Closed> Possible<T> {
    /// It has this value.
    #[must_use]
    pub fn known(value: T) -> Self {
        Self(vec![value])
    }

    /// It has one of these; all of them, or none, is as much as not known.
    #[must_use]
    pub fn among(values: &[T]) -> Self {
        let left: Vec<T> = T::ALL.iter().copied().filter(|value| values.contains(value)).collect();
        if left.len() == T::ALL.len() { Self::default() } else { Self(left) }
    }

    /// The values that remain.
    #[must_use]
    pub fn values(&self) -> &[T] {
        if self.0.is_empty() { T::ALL } else { &self.0 }
    }

    /// The value, where it is known.
    #[must_use]
    pub fn only(&self) -> Option<T> {
        if let [value] = self.values() { Some(*value) } else { None }
    }

    /// Whether it may have that value.
    #[must_use]
    pub fn may_be(&self, value: T) -> bool {
        self.values().contains(&value)
    }
}

/// Declares a behavior with a few values; the words in JSON are the names in kebab case.
macro_rules! closed {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$meaning:meta])* $value:ident,)+ }) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$meaning])* $value,)+ }

        impl $crate::predict::closed::Closed for $name {
            const ALL: &'static [Self] = &[$(Self::$value,)+];
        }
    };
}

pub(super) use closed;
