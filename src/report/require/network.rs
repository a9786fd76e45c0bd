//! A network in CIDR notation.

use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

use thiserror::Error;

use crate::wire::Family;

/// An address with the number of its leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// Why a text is no network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NetworkError {
    /// The part before the slash.
    #[error(transparent)]
    Address(#[from] AddrParseError),
    /// The part after it.
    #[error("the prefix length is not a number from 0 to {0}")]
    Bits(u32),
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |bits| bits.parse().map_err(|_| NetworkError::Bits(width)))?;
        if bits > width {
            return Err(NetworkError::Bits(width));
        }
        Ok(Self { address, bits })
    }
}

impl Network {
    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(self, ip: IpAddr) -> bool {
        // A shift by the full width is no shift: then no bit counts.
        match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) == 0,
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Its address family.
    #[must_use]
    pub fn family(self) -> Family {
        if self.address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 }
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
