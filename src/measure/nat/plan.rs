//! Which probes make up a command.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filtering::Filtering;
use super::hairpin::Hairpin;
use super::look::{Look, NatProbe};
use super::mapping::Mapping;
use super::ports::Ports;
use super::reach::Reach;
use super::tcp::TcpMapping;
use crate::evidence::{Evidence, LocalPort, Probe, Step};
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

/// The probes of `classify`, which share one look at the evidence.
struct Classify(Vec<Box<dyn NatProbe>>);

impl Probe for Classify {
    fn next(&self, seen: &Evidence) -> Vec<Step> {
        let all = Look::at(seen);
        all.believed(|believed| self.0.iter().map(|probe| probe.next(&all, believed)).collect())
    }
}

/// The probe of `classify`. The filter comes before the mapping: where both need one server, its quarantine holds the mapping
/// back, and pacing serves the earlier question first.
#[must_use]
pub fn classify(options: &ClassifyOptions) -> Vec<Box<dyn Probe>> {
    let mut probes: Vec<Box<dyn NatProbe>> = Vec::new();
    for &family in &options.families {
        probes.push(Box::new(Reach { family, local_port: port(options.local_port) }));
        probes.push(Box::new(Filtering { family, repeat: options.thorough }));
        probes.push(Box::new(Mapping { family, local_port: port(options.local_port), repeat: options.thorough }));
        probes.push(Box::new(Ports { family }));
        if options.hairpin {
            probes.push(Box::new(Hairpin { family }));
        }
        if options.tcp {
            probes.push(Box::new(TcpMapping { family }));
        }
    }
    vec![Box::new(Classify(probes))]
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
