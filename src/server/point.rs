//! Where a server listens, and where none does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::config::ServerConfig;
use super::fault::{Fault, Faults};
use crate::wire::Family;

/// One of the four points at which a server with two addresses and two ports listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) other_ip: bool,
    pub(super) other_port: bool,
}

impl Faults {
    /// Whether nobody is at that point.
    pub(super) fn kill(self, point: Point) -> bool {
        self.has(Fault::Dead)
            || (self.has(Fault::DeadAlternate) && point.other_ip)
            || (self.has(Fault::DeadAlternatePort) && point.other_port)
    }
}

impl ServerConfig {
    /// The address and port of one of its points.
    pub(super) fn at(&self, family: Family, point: Point) -> Option<SocketAddr> {
        let (primary, alternate) = self.endpoints(family)?;
        let other = alternate.unwrap_or(primary);
        let ip = if point.other_ip { other.ip() } else { primary.ip() };
        Some(SocketAddr::new(ip, if point.other_port { other.port() } else { primary.port() }))
    }
}

/// An address in the documentation ranges that no server has.
pub(super) fn unrelated(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::new(198, 51, 100, 250).into(),
        Family::Ipv6 => Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 0x250).into(),
    }
}
