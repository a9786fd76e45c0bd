//! What a block of addresses is set aside for: the special-purpose registries of RFC 6890, with the RFCs named below.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use AddressKind::{
    Benchmarking, LinkLocal, Loopback, Private, Public, Reserved, ServiceContinuity, Shared, Teredo, UniqueLocal,
    Unspecified,
};

/// What a block of addresses is set aside for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
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
    /// 198.18.0.0/15 (RFC 2544) and `2001:2::/48` (RFC 5180); proxies that answer with invented addresses use the former.
    Benchmarking,
    /// Multicast, broadcast, discard-only and other blocks that no host has.
    Reserved,
}

/// The blocks of IPv4 that are set aside, a block before the one that it is a part of.
const V4: [(Ipv4Addr, u32, AddressKind); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Private),
    (Ipv4Addr::new(192, 0, 0, 0), 29, ServiceContinuity),
    // The nearest port control server (RFC 7723) and the nearest TURN server (RFC 8155).
    (Ipv4Addr::new(192, 0, 0, 9), 32, Public),
    (Ipv4Addr::new(192, 0, 0, 10), 32, Public),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reserved),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Benchmarking),
    // Multicast; reserved, with broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reserved),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reserved),
    (Ipv4Addr::UNSPECIFIED, 0, Public),
];

/// The same of IPv6.
const V6: [(Ipv6Addr, u32, AddressKind); 12] = [
    (Ipv6Addr::UNSPECIFIED, 128, Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Loopback),
    // Discard-only (RFC 6666).
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, Reserved),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, Teredo),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Benchmarking),
    // Names of hosts, not places (RFC 4843 and 7343).
    (Ipv6Addr::new(0x2001, 0x10, 0, 0, 0, 0, 0, 0), 28, Reserved),
    (Ipv6Addr::new(0x2001, 0x20, 0, 0, 0, 0, 0, 0), 28, Reserved),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, UniqueLocal),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, LinkLocal),
    // Site-local, which nothing is any more (RFC 3879), and multicast.
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Reserved),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Reserved),
    (Ipv6Addr::UNSPECIFIED, 0, Public),
];

impl AddressKind {
    /// The kind of an address; an IPv4-mapped IPv6 address is judged as the IPv4 address it is.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        let found = match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let apart = |block: Ipv4Addr| (ip.to_bits() ^ block.to_bits()).leading_zeros();
                V4.iter().find(|(block, length, _)| apart(*block) >= *length).map(|(_, _, kind)| *kind)
            }
            IpAddr::V6(ip) => {
                let apart = |block: Ipv6Addr| (ip.to_bits() ^ block.to_bits()).leading_zeros();
                V6.iter().find(|(block, length, _)| apart(*block) >= *length).map(|(_, _, kind)| *kind)
            }
        };
        found.unwrap_or(Public)
    }

    /// Whether packets from anywhere can be routed to it.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Teredo)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressKind as Kind;

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
            ("192.0.0.7", Kind::ServiceContinuity),
            ("192.0.0.8", Kind::Reserved),
            ("192.0.0.9", Kind::Public),
            ("192.0.0.10", Kind::Public),
            ("192.0.0.11", Kind::Reserved),
            ("192.0.1.0", Kind::Public),
            ("192.88.99.1", Kind::Public),
            ("198.17.255.255", Kind::Public),
            ("198.18.0.0", Kind::Benchmarking),
            ("198.19.255.255", Kind::Benchmarking),
            ("198.20.0.0", Kind::Public),
            ("223.255.255.255", Kind::Public),
            ("239.255.255.255", Kind::Reserved),
            ("240.0.0.0", Kind::Reserved),
            ("0.255.255.255", Kind::Unspecified),
            ("1.0.0.0", Kind::Public),
            ("224.0.0.1", Kind::Reserved),
            ("255.255.255.255", Kind::Reserved),
            ("0.0.0.0", Kind::Unspecified),
            ("::", Kind::Unspecified),
            ("::1", Kind::Loopback),
            ("::ffff:10.1.2.3", Kind::Private),
            ("2001:db8::1", Kind::Public),
            ("2001:0:c633:6476::1", Kind::Teredo),
            ("3fff::1", Kind::Public),
            ("::2", Kind::Public),
            ("64:ff9b::c000:201", Kind::Public),
            ("64:ff9b:1::c000:201", Kind::Public),
            ("100:0:0:1::", Kind::Public),
            ("2001:1::1", Kind::Public),
            ("2001:2::1", Kind::Benchmarking),
            ("2001:2:1::1", Kind::Public),
            ("2001:f::1", Kind::Public),
            ("2001:10::1", Kind::Reserved),
            ("2001:2f:ffff::1", Kind::Reserved),
            ("2001:30::1", Kind::Public),
            ("2002:c000:201::1", Kind::Public),
            ("fbff::1", Kind::Public),
            ("fc00::", Kind::UniqueLocal),
            ("fd00::1", Kind::UniqueLocal),
            ("fe7f::1", Kind::Public),
            ("febf::1", Kind::LinkLocal),
            ("fec0::1", Kind::Reserved),
            ("fe80::1", Kind::LinkLocal),
            ("ff02::1", Kind::Reserved),
            ("100::1", Kind::Reserved),
            ("2606:4700::1111", Kind::Public),
        ] {
            assert_eq!(Kind::of(ip.parse().unwrap()), kind, "{ip}");
        }
    }
}
