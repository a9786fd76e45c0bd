//! A side in words: `nat:endpoint-independent,address-and-port-dependent`.
//!
//! ```text
//! nat:PART[;PART]        PART = [ipv4:|ipv6:]ITEM[,ITEM...], IPv4 where no family is named
//! ITEM                   a NAT by name: none, full-cone, restricted-cone, port-restricted-cone, symmetric, firewall,
//!                        udp-blocked, stun-blocked, unavailable
//!                        a behavior, mapping first, filtering second: endpoint-independent (ei), address-dependent (ad),
//!                        address-and-port-dependent (apd), unknown; the mapping may be none
//!                        mapping=, filtering=, hairpin=yes|no|internal, ports=preserved|sequential|random,
//!                        pooling=paired|arbitrary, address=IP, host=IP[/PREFIX], lifetime=SECONDS
//! ```

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::evidence::Behavior;
use crate::predict::closed::Possible;
use crate::predict::side::{
    AddressPooling, FamilySide, Hairpin, HostAddress, PortChoice, Ports, Reach, Side, SideSource, Translation,
};
use crate::wire::{Family, nearest};

/// What a description begins with.
pub const PREFIX: &str = "nat:";

/// The NATs that have a name.
const NAMES: [&str; 10] = [
    "none",
    "open",
    "full-cone",
    "restricted-cone",
    "port-restricted-cone",
    "symmetric",
    "firewall",
    "udp-blocked",
    "stun-blocked",
    "unavailable",
];
/// The words of RFC 4787, and what people write for short.
const BEHAVIORS: [(&str, Option<Behavior>); 14] = [
    ("endpoint-independent", Some(Behavior::EndpointIndependent)),
    ("address-dependent", Some(Behavior::AddressDependent)),
    ("address-and-port-dependent", Some(Behavior::AddressAndPortDependent)),
    ("ei", Some(Behavior::EndpointIndependent)),
    ("ad", Some(Behavior::AddressDependent)),
    ("apd", Some(Behavior::AddressAndPortDependent)),
    ("eim", Some(Behavior::EndpointIndependent)),
    ("adm", Some(Behavior::AddressDependent)),
    ("apdm", Some(Behavior::AddressAndPortDependent)),
    ("eif", Some(Behavior::EndpointIndependent)),
    ("adf", Some(Behavior::AddressDependent)),
    ("apdf", Some(Behavior::AddressAndPortDependent)),
    ("unknown", None),
    ("?", None),
];
const KEYS: [&str; 8] = ["mapping", "filtering", "hairpin", "ports", "pooling", "address", "host", "lifetime"];

/// What a description may go on with: what offers words to whoever types one offers these. Behind an equals sign that ends one stands
/// what only the user knows.
pub(crate) const WORDS: [&str; 33] = [
    "none",
    "full-cone",
    "restricted-cone",
    "port-restricted-cone",
    "symmetric",
    "firewall",
    "udp-blocked",
    "stun-blocked",
    "unavailable",
    "endpoint-independent",
    "address-dependent",
    "address-and-port-dependent",
    "unknown",
    "mapping=none",
    "mapping=endpoint-independent",
    "mapping=address-dependent",
    "mapping=address-and-port-dependent",
    "filtering=endpoint-independent",
    "filtering=address-dependent",
    "filtering=address-and-port-dependent",
    "hairpin=yes",
    "hairpin=no",
    "hairpin=internal",
    "ports=preserved",
    "ports=sequential",
    "ports=random",
    "pooling=paired",
    "pooling=arbitrary",
    "address=",
    "host=",
    "lifetime=",
    "ipv4:",
    "ipv6:",
];

/// Why a description is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DescriptionError {
    /// Nothing is described.
    #[error("it says nothing; write nat:full-cone, or nat:endpoint-independent,address-and-port-dependent")]
    Empty,
    /// A word that is none of ours.
    #[error("\"{word}\" is no word of a description{}", hint(.word, .near.as_deref(), "the names are none, full-cone, restricted-cone, port-restricted-cone, symmetric, firewall, udp-blocked; the behaviors endpoint-independent, address-dependent, address-and-port-dependent"))]
    Word {
        /// As written.
        word: String,
        /// The word that is nearest.
        near: Option<String>,
    },
    /// A value that its key does not have.
    #[error("\"{value}\" is no value of {key}{}", hint(.value, .near.as_deref(), .values))]
    Value {
        /// The key.
        key: String,
        /// As written.
        value: String,
        /// The value that is nearest.
        near: Option<String>,
        /// What there is.
        values: &'static str,
    },
    /// A third behavior.
    #[error("\"{0}\" comes after a mapping and a filtering; there are no more behaviors")]
    TooMany(String),
    /// A family twice.
    #[error("{0} is described twice")]
    Twice(&'static str),
}

fn hint(_: &str, near: Option<&str>, list: &str) -> String {
    match near {
        Some(near) => format!("; did you mean {near}?"),
        None => format!("; {list}"),
    }
}

/// Reads a description, with `nat:` before it.
///
/// # Errors
/// What is not understood, and what is near it.
pub fn read(text: &str) -> Result<Side, DescriptionError> {
    let written = text.trim();
    let body = written
        .get(..PREFIX.len())
        .filter(|start| start.eq_ignore_ascii_case(PREFIX))
        .map_or(written, |start| &written[start.len()..]);
    let body = body.to_ascii_lowercase();
    let mut side = Side { name: written.to_owned(), source: SideSource::Description, apart: true, ..Side::default() };
    let mut placed = false;
    for part in body.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (family, items) = match part.split_once(':') {
            Some(("ipv4", items)) => (Family::Ipv4, items),
            Some(("ipv6", items)) => (Family::Ipv6, items),
            _ => (Family::Ipv4, part),
        };
        if side.family(family).is_some() {
            return Err(DescriptionError::Twice(if family == Family::Ipv4 { "IPv4" } else { "IPv6" }));
        }
        let found = one(items)?;
        placed |= found.addresses.is_some();
        *side.family_mut(family) = Some(found);
    }
    if side.ipv4.is_none() && side.ipv6.is_none() {
        return Err(DescriptionError::Empty);
    }
    side.apart = !placed;
    // What is not described is not there.
    side.ipv4.get_or_insert_with(FamilySide::unavailable);
    side.ipv6.get_or_insert_with(FamilySide::unavailable);
    Ok(side)
}

/// One family.
fn one(items: &str) -> Result<FamilySide, DescriptionError> {
    let mut side = FamilySide { reach: Possible::known(Reach::Passes), ..FamilySide::default() };
    let (mut mapping, mut filtering) = (None, None);
    let mut described = false;
    for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        described = true;
        if let Some((key, value)) = item.split_once('=') {
            match key.trim() {
                "mapping" => mapping = Some(translation(value)?),
                "filtering" => filtering = Some(behavior("filtering", value)?),
                key => set(&mut side, key, value.trim())?,
            }
        } else if let Some((_, known)) = BEHAVIORS.iter().find(|(word, _)| *word == item) {
            let known = known.map_or_else(Possible::default, Possible::known);
            if mapping.is_none() {
                mapping =
                    Some(known.only().map_or_else(Possible::default, |behavior| Possible::known(behavior.into())));
            } else if filtering.is_none() {
                filtering = Some(known);
            } else {
                return Err(DescriptionError::TooMany(item.to_owned()));
            }
        } else {
            named(item, &mut side, &mut mapping, &mut filtering)?;
        }
    }
    if !described {
        return Err(DescriptionError::Empty);
    }
    side.mapping = mapping.unwrap_or_default();
    // Neither NAT nor firewall, if none is named.
    let open = side.mapping.only() == Some(Translation::None);
    side.filtering = filtering
        .unwrap_or_else(|| if open { Possible::known(Behavior::EndpointIndependent) } else { Possible::default() });
    // What is not said is as it is most often.
    if side.pooling.is_unknown() {
        side.pooling = Possible::known(AddressPooling::Paired);
    }
    side.ports.get_or_insert_with(|| Ports::described(PortChoice::Random));
    Ok(side)
}

/// A NAT by its name.
fn named(
    item: &str,
    side: &mut FamilySide,
    mapping: &mut Option<Possible<Translation>>,
    filtering: &mut Option<Possible<Behavior>>,
) -> Result<(), DescriptionError> {
    use Behavior::{AddressAndPortDependent as APD, AddressDependent as AD, EndpointIndependent as EI};
    let (of_mapping, of_filtering) = match item {
        "none" => (Translation::None, None),
        "open" => (Translation::None, Some(EI)),
        "firewall" => (Translation::None, Some(APD)),
        "full-cone" => (Translation::EndpointIndependent, Some(EI)),
        "restricted-cone" => (Translation::EndpointIndependent, Some(AD)),
        "port-restricted-cone" => (Translation::EndpointIndependent, Some(APD)),
        "symmetric" => (Translation::AddressAndPortDependent, Some(APD)),
        "udp-blocked" | "stun-blocked" | "unavailable" => {
            side.reach = Possible::known(match item {
                "udp-blocked" => Reach::UdpBlocked,
                "stun-blocked" => Reach::StunBlocked,
                _ => Reach::Unavailable,
            });
            return Ok(());
        }
        _ => {
            let known = NAMES.into_iter().chain(BEHAVIORS.iter().map(|(word, _)| *word)).chain(KEYS);
            return Err(DescriptionError::Word {
                word: item.to_owned(),
                near: nearest(item, known).map(str::to_owned),
            });
        }
    };
    if mapping.is_some() {
        return Err(DescriptionError::TooMany(item.to_owned()));
    }
    *mapping = Some(Possible::known(of_mapping));
    if let Some(of_filtering) = of_filtering {
        *filtering = Some(Possible::known(of_filtering));
    }
    Ok(())
}

fn behavior(key: &str, value: &str) -> Result<Possible<Behavior>, DescriptionError> {
    let value = value.trim();
    match BEHAVIORS.iter().find(|(word, _)| *word == value) {
        Some((_, known)) => Ok(known.map_or_else(Possible::default, Possible::known)),
        None => Err(DescriptionError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            near: nearest(value, BEHAVIORS.iter().map(|(word, _)| *word)).map(str::to_owned),
            values: "write endpoint-independent, address-dependent or address-and-port-dependent",
        }),
    }
}

fn translation(value: &str) -> Result<Possible<Translation>, DescriptionError> {
    if value.trim() == "none" {
        return Ok(Possible::known(Translation::None));
    }
    let known = behavior("mapping", value)?;
    Ok(known.only().map_or_else(Possible::default, |behavior| Possible::known(behavior.into())))
}

/// A fact by its key.
fn set(side: &mut FamilySide, key: &str, value: &str) -> Result<(), DescriptionError> {
    let wrong = |values: &'static str, known: &[&str]| DescriptionError::Value {
        key: key.to_owned(),
        value: value.to_owned(),
        near: nearest(value, known.iter().copied()).map(str::to_owned),
        values,
    };
    match key {
        "hairpin" | "hairpinning" => {
            side.hairpinning = Possible::known(match value {
                "yes" | "works" | "true" => Hairpin::Works,
                "no" | "fails" | "false" => Hairpin::Fails,
                "internal" | "internal-source" => Hairpin::InternalSource,
                _ => return Err(wrong("write yes, no or internal", &["yes", "no", "internal"])),
            });
        }
        "ports" => {
            side.ports = Some(Ports::described(match value {
                "preserved" => PortChoice::Preserved,
                "sequential" => PortChoice::Sequential,
                "random" => PortChoice::Random,
                _ => {
                    return Err(wrong("write preserved, sequential or random", &["preserved", "sequential", "random"]));
                }
            }));
        }
        "pooling" => {
            side.pooling = Possible::known(match value {
                "paired" => AddressPooling::Paired,
                "arbitrary" => AddressPooling::Arbitrary,
                _ => return Err(wrong("write paired or arbitrary", &["paired", "arbitrary"])),
            });
        }
        "address" => {
            let address = IpAddr::from_str(value).map_err(|_| wrong("write an address, 203.0.113.7", &[]))?;
            side.addresses.get_or_insert_default().push(address);
        }
        "host" => {
            let (address, prefix) =
                value.split_once('/').map_or((value, None), |(address, prefix)| (address, Some(prefix)));
            let address = IpAddr::from_str(address).map_err(|_| wrong("write an address, 192.168.1.2/24", &[]))?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix
                .map(|prefix| {
                    prefix
                        .parse()
                        .ok()
                        .filter(|bits| *bits <= most)
                        .ok_or_else(|| wrong("write an address, 192.168.1.2/24", &[]))
                })
                .transpose()?;
            side.hosts.get_or_insert_default().push(HostAddress { address, prefix });
        }
        "lifetime" => side.lifetime_s = Some(value.parse().map_err(|_| wrong("write seconds", &[]))?),
        _ => return Err(DescriptionError::Word { word: key.to_owned(), near: nearest(key, KEYS).map(str::to_owned) }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::{Answer, predict};

    fn side(text: &str) -> Side {
        read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_offered_is_understood() {
        for word in WORDS {
            let behind = match word {
                "address=" | "host=" => "192.0.2.1",
                "lifetime=" => "30",
                "ipv4:" | "ipv6:" => "symmetric",
                _ => "",
            };
            assert!(read(&format!("nat:{word}{behind}")).is_ok(), "{word}");
        }
        for name in NAMES.into_iter().filter(|name| *name != "open").chain(KEYS) {
            assert!(WORDS.iter().any(|word| word.starts_with(name)), "{name}");
        }
    }

    #[test]
    fn names_and_behaviors_are_the_same_nats() {
        for (one, other) in [
            ("nat:full-cone", "nat:endpoint-independent,endpoint-independent"),
            ("nat:restricted-cone", "nat:ei,ad"),
            ("nat:port-restricted-cone", "nat:EIM,APDF"),
            ("nat:symmetric", "NAT: address-and-port-dependent , address-and-port-dependent"),
            ("nat:firewall", "nat:none,apd"),
            ("nat:open", "nat:none"),
            ("nat:none,ad", "nat:mapping=none,filtering=address-dependent"),
            ("nat:symmetric", "nat:ipv4:symmetric"),
        ] {
            assert_eq!(side(one).ipv4, side(other).ipv4, "{one}");
        }
        assert_eq!(predict(&side("nat:full-cone"), &side("nat:symmetric"), None).prediction, Answer::Direct);
        assert_eq!(predict(&side("nat:ei"), &side("nat:symmetric"), None).prediction, Answer::Inconclusive);
    }

    #[test]
    fn families_and_facts_are_said_beside() {
        let both = side("nat:symmetric,ports=sequential,hairpin=no;ipv6:firewall");
        let ipv4 = both.ipv4.unwrap();
        assert_eq!(ipv4.ports.unwrap().choice, PortChoice::Sequential);
        assert_eq!(ipv4.hairpinning.only(), Some(Hairpin::Fails));
        assert_eq!(both.ipv6.unwrap().filtering.only(), Some(Behavior::AddressAndPortDependent));
        assert!(both.apart);
        let placed = side("nat:ei,apd,address=203.0.113.7,host=192.168.1.2/24,lifetime=30");
        assert!(!placed.apart && placed.ipv4.unwrap().hosts.unwrap()[0].prefix == Some(24));
    }

    #[test]
    fn what_is_not_understood_is_told_its_neighbor() {
        assert!(error("nat:").contains("it says nothing"));
        assert!(error("nat:;;").contains("it says nothing"));
        assert!(error("nat:fullcone").ends_with("did you mean full-cone?"));
        assert!(error("nat:endpoint-independant").ends_with("did you mean endpoint-independent?"));
        assert!(error("nat:xyzzy").contains("the names are none, full-cone"));
        assert!(error("nat:ei,ad,apd").contains("no more behaviors"));
        assert!(error("nat:symmetric,full-cone").contains("no more behaviors"));
        assert!(error("nat:ei,hairpin=maybe").contains("write yes, no or internal"));
        assert!(error("nat:ei,ports=sequental").ends_with("did you mean sequential?"));
        assert!(error("nat:ei,host=192.168.1.2/99").contains("192.168.1.2/24"));
        assert!(error("nat:ei;ad").contains("IPv4 is described twice"));
        assert!(error("nat:ei,hairpn=yes").ends_with("did you mean hairpin?"));
    }
}
