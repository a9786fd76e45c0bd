//! `--require KEY=VALUE`: what a script asks of a report, and whether it holds.

mod check;
mod network;

pub(crate) use network::{Network, NetworkError};

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::document::{self, RequirementOutcome};
use crate::measure::catalog;
use crate::measure::spec::{Key, Takes};
use crate::wire::Family;

/// Something required: `[ipv4.|ipv6.]KEY=VALUE[,VALUE]`, `KEY!=VALUE[,VALUE]` or `KEY<NUMBER`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Requirement {
    text: String,
    family: Option<Family>,
    negated: bool,
    key: &'static Key,
    wanted: Wanted,
}

/// The values of which one is to hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// Words of the key.
    Words(Vec<&'static str>),
    /// Addresses and networks.
    Networks(Vec<Network>),
    /// A number below the bound.
    Below {
        /// The bound.
        bound: f64,
        /// Whether the bound itself is below enough.
        equal: bool,
    },
}

/// Why a requirement is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum RequirementError {
    /// No `=` or `!=`.
    #[error("`{0}` is not KEY=VALUE or KEY!=VALUE; the keys are {keys}", keys = known())]
    NoOperator(String),
    /// An unknown key.
    #[error("unknown key `{0}`; the keys are {keys}", keys = known())]
    UnknownKey(String),
    /// An unknown value.
    #[error("unknown value `{value}` for {key}; the values are {list}", list = .values.join(", "))]
    UnknownValue {
        /// The key.
        key: &'static str,
        /// The value as written.
        value: String,
        /// The values there are.
        values: &'static [&'static str],
    },
    /// No network.
    #[error("`{value}` is no network for {key}: {error}")]
    Network {
        /// The key.
        key: &'static str,
        /// The value as written.
        value: String,
        /// What is wrong with it.
        error: NetworkError,
    },
    /// A bound that is no number, or another operator with it.
    #[error("`{text}` is no bound; write {key}<150 or {key}<=150")]
    Bound {
        /// The key.
        key: &'static str,
        /// The requirement as written.
        text: String,
    },
    /// A prefix that contradicts the key or the value.
    #[error("`{0}` names one address family and asks about the other")]
    OtherFamily(String),
}

/// The keys that some command has, as a list in a sentence.
fn known() -> String {
    catalog::keys().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // The first of the operators ends the name; `<=` has the other one in it.
        let name = text.split(['=', '<', '!']).next().unwrap_or_default();
        let (family, name) = match name.trim().split_once('.') {
            Some(("ipv4", name)) => (Some(Family::Ipv4), name),
            Some(("ipv6", name)) => (Some(Family::Ipv6), name),
            _ => (None, name.trim()),
        };
        let key = catalog::keys().find(|key| key.name == name);
        if let Some(key) = key.filter(|key| key.takes == Takes::Bound) {
            let wanted = Wanted::below(key, text)?;
            return Ok(Self { text: text.to_owned(), family: None, negated: false, key, wanted });
        }
        let (left, values) = text.split_once('=').ok_or_else(|| RequirementError::NoOperator(text.to_owned()))?;
        let negated = left.ends_with('!');
        let key = key.ok_or_else(|| RequirementError::UnknownKey(name.to_owned()))?;
        let values: Vec<&str> = values.split([',', '|']).map(str::trim).collect();
        let wanted = Wanted::of(key, &values)?;
        let contradicts = family.is_some_and(|family| !key.per_family || wanted.is_of_another(family));
        if contradicts {
            return Err(RequirementError::OtherFamily(text.to_owned()));
        }
        Ok(Self { text: text.to_owned(), family, negated, key, wanted })
    }
}

impl Requirement {
    /// Its key, without the prefix of a family.
    #[must_use]
    pub(crate) fn key(&self) -> &'static Key {
        self.key
    }

    /// The address family that it is about, where it is about one.
    #[must_use]
    pub(crate) fn family(&self) -> Option<Family> {
        self.family
    }

    /// The values of which one is to hold, or none with `!=`.
    #[must_use]
    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// What comes of it where one of the values holds, or none, or where that could not be told; with what was found instead or why.
    #[must_use]
    pub(crate) fn outcome(&self, holds: Option<bool>, text: String) -> document::Requirement {
        let outcome = match holds.map(|holds| holds != self.negated) {
            Some(true) => RequirementOutcome::Met,
            Some(false) => RequirementOutcome::Unmet,
            None => RequirementOutcome::Unknown,
        };
        document::Requirement { requirement: self.to_string(), outcome, text }
    }
}

impl Wanted {
    fn of(key: &'static Key, values: &[&str]) -> Result<Self, RequirementError> {
        let word = |known: &'static [&'static str], value: &str| {
            let found = known.iter().copied().find(|word| *word == value);
            let value = value.to_owned();
            found.ok_or(RequirementError::UnknownValue { key: key.name, value, values: known })
        };
        let network = |value: &str| {
            value.parse().map_err(|error| RequirementError::Network { key: key.name, value: value.to_owned(), error })
        };
        match key.takes {
            Takes::Words(known) => {
                values.iter().map(|value| word(known, value)).collect::<Result<_, _>>().map(Self::Words)
            }
            Takes::Network => values.iter().map(|value| network(value)).collect::<Result<_, _>>().map(Self::Networks),
            Takes::Bound => Err(RequirementError::Bound { key: key.name, text: values.join(",") }),
        }
    }

    fn below(key: &'static Key, text: &str) -> Result<Self, RequirementError> {
        let bound = text.split_once('<').filter(|(name, _)| name.trim() == key.name).map(|(_, bound)| bound);
        let equal = bound.is_some_and(|bound| bound.starts_with('='));
        let bound = bound.map(|bound| bound.strip_prefix('=').unwrap_or(bound).trim());
        let bound = bound.and_then(|bound| bound.parse::<f64>().ok()).filter(|bound| bound.is_finite() && *bound > 0.0);
        let text = text.to_owned();
        bound.map(|bound| Self::Below { bound, equal }).ok_or(RequirementError::Bound { key: key.name, text })
    }

    fn is_of_another(&self, family: Family) -> bool {
        matches!(self, Self::Networks(networks) if networks.iter().any(|network| network.family() != family))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Requirement, RequirementError};

    fn error(text: &str) -> String {
        text.parse::<Requirement>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_well_is_understood() {
        for text in [
            "connectivity=open,nat",
            "mapping=endpoint-independent",
            "ipv6.mapping=none",
            "filtering!=address-and-port-dependent",
            "family=ipv6",
            "public-address=203.0.113.0/24,2001:db8::/32",
            "public-address=203.0.113.7",
            "rfc3489!=symmetric",
            " rfc3489 != symmetric , full-cone ",
        ] {
            let requirement: Requirement = text.parse().unwrap();
            assert_eq!(requirement.to_string(), text.trim());
        }
    }

    #[test]
    fn errors_list_what_there_is() {
        assert_eq!(
            error("nat=yes"),
            "unknown key `nat`; the keys are connectivity, mapping, filtering, family, public-address, rfc3489, turn, relay-family, turn-rtt-ms, port-control, external-scope, external-address, port-mapping, candidate, relay-transport, prediction, connected-by"
        );
        assert!(error("mapping").contains("the keys are connectivity"));
        assert_eq!(
            error("mapping=eim"),
            "unknown value `eim` for mapping; the values are none, endpoint-independent, address-dependent, address-and-port-dependent"
        );
        assert!(error("mapping=").contains("unknown value ``"));
        assert!(error("rfc3489=cone").contains("port-restricted-cone"));
        assert!(error("public-address=203.0.113.0/33").contains("203.0.113.0/33"));
        assert!(matches!("ipv5.mapping=none".parse::<Requirement>(), Err(RequirementError::UnknownKey(_))));
        assert!(matches!("ipv4.family=ipv4".parse::<Requirement>(), Err(RequirementError::OtherFamily(_))));
        assert!(matches!(
            "ipv4.public-address=2001:db8::/32".parse::<Requirement>(),
            Err(RequirementError::OtherFamily(_))
        ));
    }
}
