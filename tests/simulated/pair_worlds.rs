//! Two hosts, and everything that may lie between them.

use std::net::{IpAddr, Ipv4Addr};

use nat_probe::evidence::Behavior;
use nat_probe::sim::{HostConfig, NatConfig, Policy, Scenario};

/// Two hosts in one internet.
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) a: Scenario,
    pub(crate) b: Scenario,
    /// How many of the outermost NATs are one for both.
    pub(crate) shared: usize,
}

impl World {
    /// Two that share nothing.
    pub(crate) fn of(a: Scenario, b: Scenario) -> Self {
        Self { name: format!("{} x {}", a.description, b.description), a, b, shared: 0 }
    }
}

/// A host behind these NATs, from the inside outwards; the number makes its addresses its own.
pub(crate) fn behind(number: u8, mut nats: Vec<NatConfig>) -> Scenario {
    let count = nats.len();
    for (place, nat) in nats.iter_mut().enumerate().filter(|(_, nat)| nat.mapping.is_some()) {
        let external = if place + 1 == count {
            [203, 0, 113, 6 + number]
        } else {
            [100, 64, u8::try_from(place).unwrap(), 6 + number]
        };
        nat.external = vec![IpAddr::V4(Ipv4Addr::from(external))];
    }
    Scenario { description: words(&nats), nats, ..host([192, 168, number, 22 + number]) }
}

/// A host with a public address whose firewall filters so.
pub(crate) fn no_nat(number: u8, filtering: Behavior) -> Scenario {
    let mut scenario = host([203, 0, 113, 20 + number]);
    scenario.host.firewall = (filtering != Behavior::EndpointIndependent).then_some(filtering);
    scenario.description = format!("no NAT, {} filtering", filtering.name());
    scenario
}

fn host(address: [u8; 4]) -> Scenario {
    let addresses = Some(vec![IpAddr::V4(Ipv4Addr::from(address))]);
    Scenario { host: HostConfig { addresses, ..HostConfig::default() }, ..Scenario::default() }
}

fn words(nats: &[NatConfig]) -> String {
    let word = |nat: &NatConfig| {
        let mapping = nat.mapping.map_or("none", Behavior::name);
        let blocked = if nat.udp == Policy::Pass { "" } else { ", no UDP" };
        format!("{mapping}+{}{blocked}", nat.filtering.name())
    };
    nats.iter().map(word).collect::<Vec<_>>().join(" within ")
}

/// Two on one network behind one NAT.
pub(crate) fn neighbors(nat: &NatConfig) -> World {
    let [a, mut b] = [1, 2].map(|number| behind(number, vec![nat.clone()]));
    // The second one stands on the first one's network.
    b.host.addresses = Some(vec![IpAddr::V4(Ipv4Addr::new(192, 168, 1, 24))]);
    let name = format!("neighbors behind {}, hairpin {:?}", a.description, nat.hairpin);
    World { name, a, b, shared: 1 }
}

/// Two homes whose carrier has one NAT for both.
pub(crate) fn one_carrier(home: &NatConfig, carrier: &NatConfig) -> World {
    let [a, b] = [1, 2].map(|number| behind(number, vec![home.clone(), carrier.clone()]));
    let name = format!("one carrier: {}, hairpin {:?}", a.description, carrier.hairpin);
    World { name, a, b, shared: 1 }
}
