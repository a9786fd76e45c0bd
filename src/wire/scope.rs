//! How far an address reaches.

use std::net::IpAddr;

/// Where packets to this address can come from and go to: addresses of different scopes do not reach each other, so a server
/// whose alternate address has another scope than its primary is misconfigured (STANDARDS B1). Documentation ranges count as
/// public: labs use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This host.
    Loopback,
    /// This link.
    Link,
    /// RFC 1918, RFC 4193.
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
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                let octets = v4.octets();
                if v4.is_loopback() {
                    Self::Loopback
                } else if v4.is_link_local() {
                    Self::Link
                } else if v4.is_private() {
                    Self::Private
                } else if octets[0] == 100 && octets[1] & 0xc0 == 64 {
                    Self::Shared
                } else if octets[0] == 0 || octets[0] >= 224 {
                    Self::Invalid
                } else {
                    Self::Public
                }
            }
            IpAddr::V6(v6) => {
                if v6.is_loopback() {
                    Self::Loopback
                } else if v6.is_unicast_link_local() {
                    Self::Link
                } else if v6.is_unique_local() {
                    Self::Private
                } else if v6.is_unspecified() || v6.is_multicast() {
                    Self::Invalid
                } else {
                    Self::Public
                }
            }
        }
    }
}
