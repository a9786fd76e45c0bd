//! The network that the engine sees: commands become packets, packets travel, what comes of them becomes inputs.
//!
//! A packet's way out: the host's link to its router (`lan`), the chain of NATs from the innermost to the outermost, the link to
//! the internet (`link`), a server or another host's link and NATs; and the same way back. It turns off where whom it is for is
//! nearer: on the same network, or behind a NAT that both have. NATs take no time. Of a connection only the first packet is
//! translated and judged; what follows takes the path that it opened.

mod datagrams;
mod internet;
mod site;
mod streams;

use std::net::IpAddr;

pub use internet::Internet;

use super::scenario::Scenario;
use crate::engine::{Command, Input, Network, Time};
use crate::evidence::{Failure, Gateway, Interface, PlatformLimit};
use crate::server::gateway::GatewayServer;
use crate::wire::Family;

/// A simulated internet as its only host sees it.
#[derive(Debug)]
pub struct SimNetwork(Internet);

impl SimNetwork {
    /// A network as in the scenario, at time zero.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self(Internet::new(&[scenario], 0, seed))
    }

    /// Looks up addresses of these families only, in this order; both without this.
    #[must_use]
    pub fn with_families(mut self, families: &[Family]) -> Self {
        self.0.families = families.to_vec();
        self
    }

    /// Goes on after a certificate that is not to be trusted.
    #[must_use]
    pub fn with_insecure(mut self, insecure: bool) -> Self {
        self.0.insecure = insecure;
        self
    }

    /// How many allocations there are now on the TURN servers: none is to be left behind.
    #[must_use]
    pub fn live_allocations(&self) -> usize {
        self.0.live_allocations()
    }

    /// How many allocations there ever were on the TURN servers.
    #[must_use]
    pub fn allocations_made(&self) -> usize {
        self.0.servers.allocations_made()
    }

    /// How many port mappings there are now on the gateways: none is to be left behind.
    #[must_use]
    pub fn live_mappings(&self) -> usize {
        self.0.gateways().map(|gateway| gateway.live(self.0.now())).sum()
    }

    /// How many port mappings there ever were on the gateways.
    #[must_use]
    pub fn mappings_made(&self) -> usize {
        self.0.gateways().map(GatewayServer::made).sum()
    }
}

impl Network for SimNetwork {
    fn now(&self) -> Time {
        self.0.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.0.host_addresses(0)
    }

    fn platform_limits(&self) -> &[PlatformLimit] {
        self.0.platform_limits(0)
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.0.interfaces(0)
    }

    fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        self.0.sites[0].gateways(named)
    }

    fn perform(&mut self, command: Command) {
        self.0.perform(0, command);
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        self.0.wait(until).map(|(_, input)| input)
    }
}
