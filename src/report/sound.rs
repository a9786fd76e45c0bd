//! Any JSON whose numbers somebody could have measured, read without keeping any of it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Far beyond everything that a report holds, and so far from the edge of what a number can be that sums and products stay numbers.
pub(super) const LARGEST: f64 = 1e15;

/// Proof that a JSON text was read to its end and has no absurd number.
pub(super) struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Sound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_unit<E: Error>(self) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Sound, E> {
        Ok(Sound)
    }

    #[expect(clippy::cast_precision_loss, reason = "only its size matters")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Sound, E> {
        self.visit_f64(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "only its size matters")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Sound, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Sound, E> {
        if number.abs() <= LARGEST { Ok(Sound) } else { Err(E::custom(format!("{number:e} is no number of a report"))) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sound, A::Error> {
        while items.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Sound, A::Error> {
        while members.next_entry::<IgnoredAny, Sound>()?.is_some() {}
        Ok(Sound)
    }
}
