//! Two hosts, and everything that may lie between them.

use std::net::{IpAddr, Ipv4Addr};

use nat_probe::evidence::Behavior;
use nat_probe::sim::{HostConfig, NatConfig, Policy, Scenario};

/// The STUN server of these worlds, and their TURN server; it takes demo with the password demo.
pub(crate) const STUN: &str = "192.0.2.10:3478";
pub(crate) const TURN: &str = "198.51.100.30:3478";

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
    // Of different blocks of private addresses (RFC 1918), so that nobody can take two homes for one network.
    let own = if number == 1 { [192, 168, 1, 23] } else { [10, 0, number, 23] };
    Scenario { description: words(&nats), nats, ..host(own) }
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
    let mut scenario = Scenario { host: HostConfig { addresses, ..HostConfig::default() }, ..Scenario::default() };
    let turn = Scenario::preset("turn-server").expect("a preset").servers.remove(1);
    scenario.servers.push(turn);
    scenario
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
    b.nats.clone_from(&a.nats);
    // The second one stands on the first one's network.
    b.host.addresses = Some(vec![IpAddr::V4(Ipv4Addr::new(192, 168, 1, 24))]);
    let name = format!("neighbors behind {}, hairpin {:?}", a.description, nat.hairpin);
    World { name, a, b, shared: 1 }
}

/// Two homes whose carrier has one NAT for both.
pub(crate) fn one_carrier(home: &NatConfig, carrier: &NatConfig) -> World {
    let [a, mut b] = [1, 2].map(|number| behind(number, vec![home.clone(), carrier.clone()]));
    b.nats[1].external.clone_from(&a.nats[1].external);
    let name = format!("one carrier: {}, hairpin {:?}", a.description, carrier.hairpin);
    World { name, a, b, shared: 1 }
}
