//! A network in CIDR notation.

use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::wire::Family;

/// An address with the number of its leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(IpNet);

/// Why a text is no network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum NetworkError {
    /// The part before the slash.
    #[error(transparent)]
    Address(#[from] AddrParseError),
    /// The part after it.
    #[error("the prefix length is not a number from 0 to {0}")]
    Bits(u8),
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let alone = IpNet::from(address.parse::<IpAddr>()?);
        let wrong = NetworkError::Bits(alone.max_prefix_len());
        let Some(bits) = bits else { return Ok(Self(alone)) };
        let bits = bits.parse().map_err(|_| wrong.clone())?;
        IpNet::new(alone.addr(), bits).map(Self).map_err(|_| wrong)
    }
}

impl Network {
    /// Whether the address lies in it.
    #[must_use]
    pub(crate) fn contains(self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }

    /// Its address family.
    #[must_use]
    pub(crate) fn family(self) -> Family {
        if self.0.addr().is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, NetworkError};

    #[test]
    fn contains_what_shares_the_leading_bits() {
        for (network, ip, inside) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.9/24", "203.0.113.1", true),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.6", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ] {
            assert_eq!(network.parse::<Network>().unwrap().contains(ip.parse().unwrap()), inside, "{network} {ip}");
        }
    }

    #[test]
    fn prefix_lengths_have_bounds() {
        assert_eq!("203.0.113.0/33".parse::<Network>(), Err(NetworkError::Bits(32)));
        assert_eq!("::/129".parse::<Network>(), Err(NetworkError::Bits(128)));
        assert_eq!("::/x".parse::<Network>(), Err(NetworkError::Bits(128)));
        assert!(matches!("203.0.113/24".parse::<Network>(), Err(NetworkError::Address(_))));
    }
}
