//! How far an address reaches.

use std::net::IpAddr;

use super::address_kind::AddressKind;

/// Where packets to this address can come from and go to: addresses of different scopes do not reach each other, so a server
/// whose alternate address has another scope than its primary is misconfigured (STANDARDS B1). Documentation ranges count as
/// public: labs use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This host.
    Loopback,
    /// This link.
    Link,
    /// A site, or a path that no router of the internet knows: RFC 1918, 4193, 7335, 2544.
    Private,
    /// RFC 6598: between a subscriber and a carrier-grade NAT.
    Shared,
    /// The internet.
    Public,
    /// No address of a host: unspecified, multicast, broadcast, reserved.
    Invalid,
}

impl Scope {
    /// The scope of an address.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match AddressKind::of(ip) {
            AddressKind::Loopback => Self::Loopback,
            AddressKind::LinkLocal => Self::Link,
            AddressKind::Private
            | AddressKind::UniqueLocal
            | AddressKind::ServiceContinuity
            | AddressKind::Benchmarking => Self::Private,
            AddressKind::Shared => Self::Shared,
            AddressKind::Public | AddressKind::Teredo => Self::Public,
            AddressKind::Unspecified | AddressKind::Reserved => Self::Invalid,
        }
    }
}
