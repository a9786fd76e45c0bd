//! Addresses that stand somewhere in a text, in any dress.

use std::net::{IpAddr, Ipv4Addr};

use super::address_kind::AddressKind;

/// Every address that is somebody's: loopback, unspecified and the name of the carrier-grade network (RFC 6598) tell nothing.
/// Digits and letters that touch what looks like an address make it part of something else, unless the address is known.
pub(crate) fn find(text: &str, known: impl Fn(IpAddr) -> bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        let separate = |ip: IpAddr| match ip {
            IpAddr::V4(_) => !before.is_some_and(|character| character.is_ascii_digit()),
            IpAddr::V6(_) => !before.is_some_and(char::is_alphanumeric),
        };
        match Found::at(text, at) {
            Some((written, address)) if separate(written) || known(address.ip) => {
                at = address.end;
                if address.tells_something() {
                    found.push(address);
                }
            }
            _ => at += character.len_utf8(),
        }
    }
    found
}

/// An address somewhere in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// The address; an IPv4-mapped one as the IPv4 address.
    pub(crate) ip: IpAddr,
}

impl Found {
    fn tells_something(&self) -> bool {
        let network = IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0));
        AddressKind::of(self.ip) != AddressKind::Loopback && !self.ip.is_unspecified() && self.ip != network
    }

    /// The longest address that starts exactly there, as written and as it is kept: an IPv4-mapped one as the IPv4 address.
    fn at(text: &str, start: usize) -> Option<(IpAddr, Self)> {
        // 45: the longest text of an IPv6 address, one that ends in IPv4.
        let candidate = |byte: &&u8| byte.is_ascii_hexdigit() || **byte == b':' || **byte == b'.';
        let most = text.as_bytes()[start..].iter().take(45).take_while(candidate).count();
        // Most words of a report are made of such letters, and few of them are addresses.
        if !text.as_bytes()[start..start + most].iter().any(|byte| matches!(byte, b':' | b'.')) {
            return None;
        }
        (2..=most).rev().find_map(|length| {
            let end = start + length;
            let written: IpAddr = text[start..end].parse().ok()?;
            Some((written, Self { start, end, ip: written.to_canonical() }))
        })
    }
}
