//! The network of a scenario a second time in the same internet, with addresses of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::scenario::Scenario;
use crate::wire::Scope;

impl Scenario {
    /// The same host behind the same NATs at another place: what has an address here has another one there. Its servers are not asked
    /// for: they are those of the internet that it comes into.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        let mut other = self.clone();
        other.host.addresses = Some(self.host_addresses().into_iter().map(moved).collect());
        for interface in &mut other.host.interfaces {
            for one in &mut interface.addresses {
                one.address = moved(one.address);
            }
        }
        other.host.routes = self.host.routes.iter().map(|(to, from)| (*to, moved(*from))).collect();
        for nat in &mut other.nats {
            let own = nat.external.iter_mut().chain(&mut nat.address);
            let gateway = nat
                .gateway
                .iter_mut()
                .flat_map(|gateway| [&mut gateway.address].into_iter().chain(&mut gateway.external));
            for address in own.chain(gateway) {
                *address = moved(*address);
            }
        }
        other
    }
}

/// Another address of the same kind: of another network where the network is a private one, else a neighbor.
fn moved(address: IpAddr) -> IpAddr {
    match address {
        _ if matches!(Scope::of(address), Scope::Loopback | Scope::Link) => address,
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            let apart = matches!(Scope::of(address), Scope::Private | Scope::Shared);
            let octets = if apart { [a, b, c.wrapping_add(100), d] } else { [a, b, c, d ^ 0x80] };
            IpAddr::V4(Ipv4Addr::from(octets))
        }
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ (0x1000 << 80))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;

    use crate::sim::{Scenario, presets};

    #[test]
    fn no_address_is_in_both_places() {
        for preset in presets() {
            let here = Scenario::preset(preset.name).unwrap();
            let there = here.elsewhere();
            let own = |scenario: &Scenario| -> BTreeSet<IpAddr> {
                let nats = scenario.nats.iter().filter(|nat| nat.mapping.is_some());
                scenario.host_addresses().into_iter().chain(nats.flat_map(|nat| nat.external.clone())).collect()
            };
            let (first, second) = (own(&here), own(&there));
            assert_eq!(first.intersection(&second).count(), 0, "{}: {second:?}", preset.name);
            assert_eq!(first.len(), second.len());
            let taken: Vec<IpAddr> =
                here.servers.iter().filter_map(|server| Some((*server.ipv4?.ip()).into())).collect();
            assert!(second.iter().all(|ip| !taken.contains(ip)), "{}", preset.name);
        }
    }
}
