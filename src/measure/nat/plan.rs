//! Which probes make up a command.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filtering::Filtering;
use super::hairpin::Hairpin;
use super::mapping::Mapping;
use super::ports::Ports;
use super::reach::Reach;
use super::tcp::TcpMapping;
use crate::evidence::{LocalPort, Probe};
use crate::measure::discover::probe::Discover;
use crate::wire::{Family, Transport};

/// What `classify` measures. It is saved with the report: judging again needs nothing else.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ClassifyOptions {
    /// The families asked for.
    pub families: Vec<Family>,
    /// The port of the socket whose mapping is tested: verdicts may reflect earlier traffic from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_port: Option<u16>,
    /// Repeat filtering and mapping tests on a second port.
    #[serde(default)]
    pub thorough: bool,
    /// Test hairpinning too.
    #[serde(default)]
    pub hairpin: bool,
    /// Test the mapping over TCP too.
    #[serde(default)]
    pub tcp: bool,
}

/// What `discover` measures; saved as well.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiscoverOptions {
    /// The families asked for.
    pub families: Vec<Family>,
    /// The transports asked for.
    pub transports: Vec<Transport>,
    /// How often each server is asked.
    #[serde(default = "once")]
    pub count: u32,
    /// The port of the UDP sockets: what is seen may reflect earlier traffic from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_port: Option<u16>,
    /// Wait as long as RFC 8489 says.
    #[serde(default)]
    pub thorough: bool,
}

fn once() -> u32 {
    1
}

fn port(fixed: Option<u16>) -> LocalPort {
    fixed.map_or(LocalPort::Fresh, LocalPort::Fixed)
}

/// The probes of `classify`. The filter comes before the mapping: where both need one server, its quarantine holds the mapping
/// back, and pacing serves the earlier probe first.
#[must_use]
pub fn classify(options: &ClassifyOptions) -> Vec<Box<dyn Probe>> {
    let mut plan: Vec<Box<dyn Probe>> = Vec::new();
    for &family in &options.families {
        plan.push(Box::new(Reach { family, local_port: port(options.local_port) }));
        plan.push(Box::new(Filtering { family, repeat: options.thorough }));
        plan.push(Box::new(Mapping { family, local_port: port(options.local_port), repeat: options.thorough }));
        plan.push(Box::new(Ports { family }));
        if options.hairpin {
            plan.push(Box::new(Hairpin { family }));
        }
        if options.tcp {
            plan.push(Box::new(TcpMapping { family }));
        }
    }
    plan
}

/// The probes of `discover`.
#[must_use]
pub fn discover(options: &DiscoverOptions) -> Vec<Box<dyn Probe>> {
    vec![Box::new(Discover {
        families: options.families.clone(),
        transports: options.transports.clone(),
        count: options.count,
        local_port: port(options.local_port),
    })]
}
