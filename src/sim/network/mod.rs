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
use crate::engine::{Command, Input, Machine, Network, Time};
use crate::evidence::{Failure, Gateway, Interface, PlatformLimit};
use crate::server::gateway::GatewayServer;
use crate::wire::Family;

/// This host among those of the internet, and the one beside it.
const OWN: usize = 0;
const OTHER: usize = 1;

/// A simulated internet as one of its hosts sees it: the only one, or another one runs beside it.
pub struct SimNetwork {
    internet: Internet,
    beside: Option<Box<dyn Machine>>,
}

impl SimNetwork {
    /// A network as in the scenario, at time zero.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self { internet: Internet::new(&[scenario], 0, seed), beside: None }
    }

    /// Another host stands there, in a network of its own, on which that machine runs while this host waits.
    #[must_use]
    pub fn with_beside(mut self, scenario: &Scenario, machine: Box<dyn Machine>) -> Self {
        self.internet.add(scenario, 0);
        self.beside = Some(machine);
        self
    }

    /// Looks up addresses of these families only, in this order; both without this.
    #[must_use]
    pub fn with_families(mut self, families: &[Family]) -> Self {
        self.internet.families = families.to_vec();
        self
    }

    /// Goes on after a certificate that is not to be trusted.
    #[must_use]
    pub fn with_insecure(mut self, insecure: bool) -> Self {
        self.internet.insecure = insecure;
        self
    }

    /// How many allocations there are now on the TURN servers: none is to be left behind.
    #[must_use]
    pub fn live_allocations(&self) -> usize {
        self.internet.live_allocations()
    }

    /// How many allocations there ever were on the TURN servers.
    #[must_use]
    pub fn allocations_made(&self) -> usize {
        self.internet.servers.allocations_made()
    }

    /// How many port mappings there are now on the gateways: none is to be left behind.
    #[must_use]
    pub fn live_mappings(&self) -> usize {
        self.internet.gateways().map(|gateway| gateway.live(self.internet.now())).sum()
    }

    /// How many port mappings there ever were on the gateways.
    #[must_use]
    pub fn mappings_made(&self) -> usize {
        self.internet.gateways().map(GatewayServer::made).sum()
    }
}

impl SimNetwork {
    /// Gives the other host's machine its turn, and tells when it wants the next one.
    fn beside(&mut self) -> Option<Time> {
        let machine = self.beside.as_mut().filter(|machine| !machine.is_finished())?;
        for command in machine.poll(self.internet.now()) {
            self.internet.perform(OTHER, command);
        }
        Some(machine.next_wake())
    }
}

impl Network for SimNetwork {
    fn now(&self) -> Time {
        self.internet.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.internet.host_addresses(OWN)
    }

    fn platform_limits(&self) -> &[PlatformLimit] {
        self.internet.platform_limits(0)
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.internet.interfaces(OWN)
    }

    fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        self.internet.sites[OWN].gateways(named)
    }

    fn perform(&mut self, command: Command) {
        self.internet.perform(OWN, command);
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        loop {
            let wake = self.beside().unwrap_or(until).min(until);
            match self.internet.wait(wake) {
                Some((OWN, input)) => return Some(input),
                Some((_, input)) => {
                    if let Some(machine) = &mut self.beside {
                        machine.handle(self.internet.now(), input);
                    }
                }
                None if self.internet.now() >= until => return None,
                None => {}
            }
        }
    }
}
