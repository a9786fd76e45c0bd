//! The addresses of this host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::platform;

/// The addresses of the interfaces that are up, loopback and link-local ones included, each once.
#[must_use]
pub(crate) fn addresses() -> Vec<IpAddr> {
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
pub(super) fn interfaces() -> BTreeMap<String, Vec<IpAddr>> {
    let mut found: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    for interface in platform::interfaces() {
        found.entry(interface.name).or_default().extend(interface.addresses.iter().map(|known| known.address));
    }
    found
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
