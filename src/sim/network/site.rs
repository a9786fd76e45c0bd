//! One host of the internet: what it owns, and its way out.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::engine::SocketId;
use crate::evidence::{Failure, FailureCode, Gateway, Interface};
use crate::sim::host::{Host, failure, unreachable_network};
use crate::sim::link::Link;
use crate::wire::{Messages, pcp};

/// A socket of one of the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HostSocket {
    /// The host's number.
    pub(super) host: usize,
    /// The host's number for the socket.
    pub(super) socket: SocketId,
}

/// A host with its way out.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) host: Host,
    pub(super) interfaces: Vec<Interface>,
    pub(super) default_gateway: Option<IpAddr>,
    /// The NATs and firewalls on its way, from the host outwards: places in the list of all there are.
    pub(super) nats: Vec<usize>,
    /// The link between the host and its router.
    pub(super) lan: Link,
    /// The link between its outermost NAT and the internet: a place in the list of all there are.
    pub(super) link: usize,
    pub(super) framers: BTreeMap<SocketId, Messages>,
}

impl Site {
    /// The default gateway, or those that are named, as the host reaches them.
    pub(super) fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        let known: Vec<IpAddr> = self.default_gateway.into_iter().collect();
        let addresses = if named.is_empty() { &known[..] } else { named };
        if addresses.is_empty() {
            let text = "this host has no default route through a gateway".to_owned();
            return Err(failure(FailureCode::NetworkUnreachable, text));
        }
        let reached = |&address: &IpAddr| {
            let remote = SocketAddr::new(address, pcp::PORT);
            let local = self.host.source_towards(remote).ok_or_else(|| unreachable_network(remote))?;
            Ok(Gateway { address, local, interface: None, scope: None, passed_by: None })
        };
        addresses.iter().map(reached).collect()
    }
}
