//! What kind of address an address is (RFC 6890 and the RFCs named below).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a block of addresses is set aside for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reachable from anywhere. The documentation ranges count as this (RFC 5737, 3849, 9637): they are what labs use.
    Public,
    /// RFC 1918.
    Private,
    /// 100.64.0.0/10, between a carrier-grade NAT and its customers (RFC 6598); overlay networks use it too.
    Shared,
    /// `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// 169.254.0.0/16 and `fe80::/10`.
    LinkLocal,
    /// 127.0.0.0/8 and `::1`.
    Loopback,
    /// 0.0.0.0/8 and ::.
    Unspecified,
    /// 192.0.0.0/29: IPv4 carried over an IPv6 network (RFC 7335: 464XLAT, DS-Lite).
    ServiceContinuity,
    /// `2001::/32`: IPv6 tunneled through IPv4 UDP (RFC 4380).
    Teredo,
    /// 198.18.0.0/15 (RFC 2544); proxies that answer with invented addresses use it.
    Benchmarking,
    /// Multicast, broadcast, discard-only and other blocks that no host has.
    Reserved,
}

impl Kind {
    /// The kind of an address; an IPv4-mapped IPv6 address is judged as the IPv4 address it is.
    #[must_use]
    pub(super) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        match ip.octets() {
            [0, ..] => Self::Unspecified,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] => Self::Shared,
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [192, 0, 0, 0..=7] => Self::ServiceContinuity,
            [198, 18..=19, ..] => Self::Benchmarking,
            [192, 0, 0, _] | [224..=255, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        match ip.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0x2001, 0, ..] => Self::Teredo,
            [0xfc00..=0xfdff, ..] => Self::UniqueLocal,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfec0..=0xffff, ..] | [0x0100, 0, 0, 0, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    /// Whether packets from anywhere can be routed to it.
    #[must_use]
    pub(super) fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Teredo)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn blocks_have_their_kinds_up_to_the_edges() {
        for (ip, kind) in [
            ("9.255.255.255", Kind::Public),
            ("10.0.0.1", Kind::Private),
            ("172.15.0.1", Kind::Public),
            ("172.16.0.1", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("172.32.0.1", Kind::Public),
            ("192.168.1.1", Kind::Private),
            ("100.63.255.255", Kind::Public),
            ("100.64.0.0", Kind::Shared),
            ("100.127.255.255", Kind::Shared),
            ("100.128.0.0", Kind::Public),
            ("127.0.0.2", Kind::Loopback),
            ("169.254.1.1", Kind::LinkLocal),
            ("192.0.0.2", Kind::ServiceContinuity),
            ("192.0.0.170", Kind::Reserved),
            ("192.0.2.1", Kind::Public),
            ("198.51.100.1", Kind::Public),
            ("203.0.113.1", Kind::Public),
            ("198.18.0.1", Kind::Benchmarking),
            ("224.0.0.1", Kind::Reserved),
            ("255.255.255.255", Kind::Reserved),
            ("0.0.0.0", Kind::Unspecified),
            ("::", Kind::Unspecified),
            ("::1", Kind::Loopback),
            ("::ffff:10.1.2.3", Kind::Private),
            ("2001:db8::1", Kind::Public),
            ("2001:0:c633:6476::1", Kind::Teredo),
            ("3fff::1", Kind::Public),
            ("fd00::1", Kind::UniqueLocal),
            ("fe80::1", Kind::LinkLocal),
            ("ff02::1", Kind::Reserved),
            ("100::1", Kind::Reserved),
            ("2606:4700::1111", Kind::Public),
        ] {
            assert_eq!(Kind::of(ip.parse().unwrap()), kind, "{ip}");
        }
    }
}
