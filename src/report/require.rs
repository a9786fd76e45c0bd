//! `--require KEY=VALUE`: what a script asks of a report, and whether it holds.

mod check;
mod network;
mod turn;

pub use network::{Network, NetworkError};
pub(crate) use turn::{counts, works, works_somehow};

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::measure::nat::finding::{Connectivity, FilteringBehavior, MappingBehavior, Rfc3489Type};
use crate::wire::Family;

/// Something required: `[ipv4.|ipv6.]KEY=VALUE[,VALUE]` or `KEY!=VALUE[,VALUE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    family: Option<Family>,
    negated: bool,
    wanted: Wanted,
}

/// The key with the values of which one is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Connectivity(Vec<Connectivity>),
    Mapping(Vec<MappingBehavior>),
    Filtering(Vec<FilteringBehavior>),
    Family(Vec<Family>),
    PublicAddress(Vec<Network>),
    Rfc3489(Vec<Option<Rfc3489Type>>),
    Turn(turn::Wanted),
}

/// The keys that a report of the command can answer.
#[must_use]
pub fn keys(command: &str) -> &'static [&'static str] {
    match command {
        "classify" => &KEYS[..6],
        "discover" => &["connectivity", "family", "public-address"],
        "turn" => &KEYS[6..],
        _ => &[],
    }
}

/// The keys there are, those of `classify` before those of `turn`.
pub const KEYS: [&str; 9] = [
    "connectivity",
    "mapping",
    "filtering",
    "family",
    "public-address",
    "rfc3489",
    "turn",
    "relay-family",
    "turn-rtt-ms",
];

const CONNECTIVITIES: [(&str, Connectivity); 6] = [
    ("open", Connectivity::Open),
    ("firewalled", Connectivity::Firewalled),
    ("direct", Connectivity::Direct),
    ("nat", Connectivity::Nat),
    ("udp-blocked", Connectivity::UdpBlocked),
    ("unavailable", Connectivity::Unavailable),
];
const MAPPINGS: [(&str, MappingBehavior); 4] = [
    ("none", MappingBehavior::None),
    ("endpoint-independent", MappingBehavior::EndpointIndependent),
    ("address-dependent", MappingBehavior::AddressDependent),
    ("address-and-port-dependent", MappingBehavior::AddressAndPortDependent),
];
const FILTERINGS: [(&str, FilteringBehavior); 3] = [
    ("endpoint-independent", FilteringBehavior::EndpointIndependent),
    ("address-dependent", FilteringBehavior::AddressDependent),
    ("address-and-port-dependent", FilteringBehavior::AddressAndPortDependent),
];
const FAMILIES: [(&str, Family); 2] = [("ipv4", Family::Ipv4), ("ipv6", Family::Ipv6)];

/// The RFC 3489 types, and `none` for what has no name.
const RFC3489: [(&str, Option<Rfc3489Type>); 8] = [
    ("open-internet", Some(Rfc3489Type::OpenInternet)),
    ("full-cone", Some(Rfc3489Type::FullCone)),
    ("restricted-cone", Some(Rfc3489Type::RestrictedCone)),
    ("port-restricted-cone", Some(Rfc3489Type::PortRestrictedCone)),
    ("symmetric", Some(Rfc3489Type::Symmetric)),
    ("symmetric-udp-firewall", Some(Rfc3489Type::SymmetricUdpFirewall)),
    ("udp-blocked", Some(Rfc3489Type::UdpBlocked)),
    ("none", None),
];

/// Why a requirement is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequirementError {
    /// No `=` or `!=`.
    #[error("`{0}` is not KEY=VALUE or KEY!=VALUE; the keys are {keys}", keys = KEYS.join(", "))]
    NoOperator(String),
    /// An unknown key.
    #[error("unknown key `{0}`; the keys are {keys}", keys = KEYS.join(", "))]
    UnknownKey(String),
    /// An unknown value.
    #[error("unknown value `{value}` for {key}; the values are {list}", list = .values.join(", "))]
    UnknownValue {
        /// The key.
        key: &'static str,
        /// The value as written.
        value: String,
        /// The values there are.
        values: Vec<&'static str>,
    },
    /// No network.
    #[error("`{value}` is no network for public-address: {error}")]
    Network {
        /// The value as written.
        value: String,
        /// What is wrong with it.
        error: NetworkError,
    },
    /// A bound that is no number, or another operator with it.
    #[error("`{0}` is no bound; write turn-rtt-ms<150 or turn-rtt-ms<=150")]
    Bound(String),
    /// A prefix that contradicts the key or the value.
    #[error("`{0}` names one address family and asks about the other")]
    OtherFamily(String),
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("turn-rtt-ms") {
            let wanted = Wanted::Turn(turn::Wanted::rtt(text)?);
            return Ok(Self { text: text.to_owned(), family: None, negated: false, wanted });
        }
        let (left, values) = text.split_once('=').ok_or_else(|| RequirementError::NoOperator(text.to_owned()))?;
        let (left, negated) = left.strip_suffix('!').map_or((left, false), |left| (left, true));
        let (family, key) = match left.trim().split_once('.') {
            Some(("ipv4", key)) => (Some(Family::Ipv4), key),
            Some(("ipv6", key)) => (Some(Family::Ipv6), key),
            _ => (None, left.trim()),
        };
        let values: Vec<&str> = values.split([',', '|']).map(str::trim).collect();
        let wanted = Wanted::parse(key, &values)?;
        let contradicts = match (&wanted, family) {
            (Wanted::Family(_) | Wanted::Turn(_), Some(_)) => true,
            (Wanted::PublicAddress(networks), Some(family)) => {
                networks.iter().any(|network| network.family() != family)
            }
            _ => false,
        };
        if contradicts {
            return Err(RequirementError::OtherFamily(text.to_owned()));
        }
        Ok(Self { text: text.to_owned(), family, negated, wanted })
    }
}

impl Requirement {
    /// Its key, without the prefix of a family.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match &self.wanted {
            Wanted::Connectivity(_) => "connectivity",
            Wanted::Mapping(_) => "mapping",
            Wanted::Filtering(_) => "filtering",
            Wanted::Family(_) => "family",
            Wanted::PublicAddress(_) => "public-address",
            Wanted::Rfc3489(_) => "rfc3489",
            Wanted::Turn(wanted) => wanted.key(),
        }
    }
}

impl Wanted {
    fn parse(key: &str, values: &[&str]) -> Result<Self, RequirementError> {
        match key {
            "connectivity" => pick("connectivity", &CONNECTIVITIES, values).map(Self::Connectivity),
            "mapping" => pick("mapping", &MAPPINGS, values).map(Self::Mapping),
            "filtering" => pick("filtering", &FILTERINGS, values).map(Self::Filtering),
            "family" => pick("family", &FAMILIES, values).map(Self::Family),
            "public-address" => {
                let network = |value: &&str| {
                    value.parse().map_err(|error| RequirementError::Network { value: (*value).to_owned(), error })
                };
                values.iter().map(network).collect::<Result<_, _>>().map(Self::PublicAddress)
            }
            "rfc3489" => pick("rfc3489", &RFC3489, values).map(Self::Rfc3489),
            "turn" => pick("turn", &turn::ANY_OF, values).map(|any| Self::Turn(turn::Wanted::Works(any))),
            "relay-family" => {
                pick("relay-family", &FAMILIES, values).map(|any| Self::Turn(turn::Wanted::RelayFamily(any)))
            }
            _ => Err(RequirementError::UnknownKey(key.to_owned())),
        }
    }
}

fn pick<T: Copy>(key: &'static str, known: &[(&'static str, T)], values: &[&str]) -> Result<Vec<T>, RequirementError> {
    let one = |value: &&str| {
        let found = known.iter().find(|(name, _)| name == value).map(|(_, known)| *known);
        found.ok_or_else(|| RequirementError::UnknownValue {
            key,
            value: (*value).to_owned(),
            values: known.iter().map(|(name, _)| *name).collect(),
        })
    };
    values.iter().map(one).collect()
}

/// The name of a value in one of the tables above.
fn name<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> &'static str {
    known.iter().find(|(_, known)| known == value).map_or("inconclusive", |(name, _)| name)
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
            "unknown key `nat`; the keys are connectivity, mapping, filtering, family, public-address, rfc3489, turn, relay-family, turn-rtt-ms"
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
