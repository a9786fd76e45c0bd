//! Versions of coturn, as people and the program itself write them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A version of coturn: 4.6.1, 4.5.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u16; 4]);

impl Version {
    /// The oldest whose keys are known here.
    pub const OLDEST: Self = Self([4, 5, 0, 8]);
    /// The newest whose keys are known here.
    pub const NEWEST: Self = Self([4, 17, 1, 0]);

    /// A version of three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self([major, minor, patch, 0])
    }

    /// One of the four numbers that versions before 4.5.2 had.
    pub(super) const fn of_four(major: u16, minor: u16, patch: u16, last: u16) -> Self {
        Self([major, minor, patch, last])
    }

    /// The nearest to it whose keys are known.
    #[must_use]
    pub fn known(self) -> Self {
        self.clamp(Self::OLDEST, Self::NEWEST)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, last] = self.0;
        write!(f, "{major}.{minor}.{patch}")?;
        if last > 0 { write!(f, ".{last}") } else { Ok(()) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CoturnVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A version of coturn." })
    }
}

/// No version of coturn stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of coturn; try 4.6.1")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    /// `4.6.1`, `Coturn-4.6.1 'Gorst'`, Debian's `4.6.1-1+b1`.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let start = text.find(|c: char| c.is_ascii_digit()).ok_or(NoVersion)?;
        let end = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |at| start + at);
        let mut numbers = [0; 4];
        let parts: Vec<&str> = text[start..end].trim_end_matches('.').split('.').collect();
        if parts.len() < 2 || parts.len() > 4 {
            return Err(NoVersion);
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = part.parse().map_err(|_| NoVersion)?;
        }
        Ok(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written() {
        for (text, shown) in [
            ("4.6.1", "4.6.1"),
            ("Version Coturn-4.6.1 'Gorst'\n", "4.6.1"),
            ("4.5.2-3+b1", "4.5.2"),
            ("4.5.1.3", "4.5.1.3"),
            ("4.10", "4.10.0"),
        ] {
            assert_eq!(text.parse::<Version>().map(|version| version.to_string()), Ok(shown.to_owned()));
        }
        for text in ["", "newest", "4", "4.6.1.2.3", "4.99999999.1"] {
            assert_eq!(text.parse::<Version>(), Err(NoVersion), "{text}");
        }
        assert!(Version::new(4, 9, 0) < Version::new(4, 10, 0));
        assert_eq!(Version::new(3, 0, 0).known(), Version::OLDEST);
    }
}
