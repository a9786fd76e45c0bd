//! The addresses of this host.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// The addresses of the interfaces that are up, loopback and link-local ones included, each once.
#[must_use]
pub(super) fn addresses() -> Vec<IpAddr> {
    let mut all = Vec::new();
    for address in interfaces().into_values().flatten() {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all
}

/// The names of the interfaces that are up.
#[must_use]
pub(crate) fn interface_names() -> Vec<String> {
    interfaces().into_keys().collect()
}

/// The interfaces that are up, with their addresses.
#[cfg(unix)]
pub(super) fn interfaces() -> BTreeMap<String, Vec<IpAddr>> {
    use nix::net::if_::InterfaceFlags;

    let mut found: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    let Ok(entries) = nix::ifaddrs::getifaddrs() else { return found };
    for entry in entries.filter(|entry| entry.flags.contains(InterfaceFlags::IFF_UP)) {
        let addresses = found.entry(entry.interface_name).or_default();
        let Some(address) = entry.address else { continue };
        if let Some(v4) = address.as_sockaddr_in() {
            addresses.push(v4.ip().into());
        } else if let Some(v6) = address.as_sockaddr_in6() {
            addresses.push(v6.ip().into());
        }
    }
    found
}

/// The interfaces that are up, with their addresses.
#[cfg(not(unix))]
pub(super) fn interfaces() -> BTreeMap<String, Vec<IpAddr>> {
    let up = netdev::get_interfaces().into_iter().filter(netdev::Interface::is_up);
    up.map(|interface| {
        let addresses = interface.ip_addrs();
        (interface.name, addresses)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there_once() {
        let addresses = addresses();
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(addresses.iter().filter(|&&address| address == loopback).count(), 1);
        assert!(interfaces().values().any(|addresses| addresses.contains(&loopback)));
    }
}
