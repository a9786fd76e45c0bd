//! A default route, as every system has them.

use std::net::IpAddr;

/// A default route through a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) struct Route {
    /// The name of the interface that leads to it.
    pub(in crate::net) interface: String,
    /// The gateway.
    pub(in crate::net) address: IpAddr,
}
