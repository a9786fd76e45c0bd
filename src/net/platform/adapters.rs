//! Interfaces and default routes where `netdev` asks the system for them: everywhere but on Linux, whose files say it.

use std::net::IpAddr;

use netdev::prelude::InterfaceType;

use crate::evidence::{Failure, Interface, InterfaceAddress, InterfaceKind};
use crate::net::platform::route::Route;

/// The name by which people know an interface: on Windows its own is a number of 38 characters.
fn name(adapter: &netdev::Interface) -> String {
    let friendly = adapter.friendly_name.clone().filter(|name| cfg!(windows) && !name.is_empty());
    friendly.unwrap_or_else(|| adapter.name.clone())
}

/// The interfaces that are up, those without an address included.
pub(in crate::net) fn interfaces() -> Vec<Interface> {
    let up = netdev::get_interfaces().into_iter().filter(netdev::Interface::is_up);
    up.map(|adapter| Interface { name: name(&adapter), kind: kind(&adapter), addresses: addresses(&adapter) }).collect()
}

fn kind(adapter: &netdev::Interface) -> InterfaceKind {
    match adapter.if_type {
        _ if adapter.is_loopback() => InterfaceKind::Loopback,
        _ if adapter.is_point_to_point() => InterfaceKind::PointToPoint,
        InterfaceType::Tunnel | InterfaceType::Ppp => InterfaceKind::PointToPoint,
        InterfaceType::Wireless80211 => InterfaceKind::Wireless,
        InterfaceType::Bridge => InterfaceKind::Bridge,
        _ => InterfaceKind::Other,
    }
}

fn addresses(adapter: &netdev::Interface) -> Vec<InterfaceAddress> {
    let v4 = adapter.ipv4.iter().map(|network| InterfaceAddress {
        prefix: Some(network.prefix_len()),
        ..InterfaceAddress::from(IpAddr::from(network.addr()))
    });
    let v6 = adapter.ipv6.iter().enumerate().map(|(index, network)| {
        let flags = adapter.ipv6_addr_flags.get(index).copied().unwrap_or_default();
        InterfaceAddress {
            address: network.addr().into(),
            prefix: Some(network.prefix_len()),
            temporary: flags.temporary,
            deprecated: flags.deprecated,
            tentative: flags.tentative || flags.duplicated,
        }
    });
    v4.chain(v6).collect()
}

/// The number of an interface.
pub(in crate::net) fn interface_number(interface: &str) -> Option<u32> {
    netdev::get_interfaces().into_iter().find(|adapter| name(adapter) == interface).map(|adapter| adapter.index)
}

/// The default routes, that of the interface which the system prefers first.
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(in crate::net) fn default_routes() -> Result<Vec<Route>, Failure> {
    let mut adapters = netdev::get_interfaces();
    adapters.sort_by_key(|adapter| !adapter.default);
    let routes = |of: fn(&netdev::NetworkDevice) -> Vec<IpAddr>| {
        let gateways = adapters.iter().filter_map(|adapter| Some((name(adapter), adapter.gateway.as_ref()?)));
        let each = gateways.flat_map(move |(interface, gateway)| {
            of(gateway).into_iter().map(move |address| Route { interface: interface.clone(), address })
        });
        each.collect::<Vec<_>>()
    };
    let ipv4 = routes(|gateway| gateway.ipv4.iter().copied().map(IpAddr::from).collect());
    let ipv6 = routes(|gateway| gateway.ipv6.iter().copied().map(IpAddr::from).collect());
    Ok([ipv4, ipv6].concat())
}
