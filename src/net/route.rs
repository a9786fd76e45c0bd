//! The default gateways of this host, and the address that it sends from towards them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::failure::{failure, io_failure};
use crate::evidence::{Failure, FailureCode, Gateway};
use crate::wire::pcp;

/// A host of the IPv6 internet: what way leads there, and from which address, is looked up. Nothing is sent to it.
const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0x4860, 0, 0, 0, 0, 0, 1);

/// A default route.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    interface: String,
    address: IpAddr,
}

/// The gateways that lead to the rest of the world: IPv4 before IPv6, the preferred one of each first.
///
/// # Errors
/// Why none is known.
pub(super) fn gateways() -> Result<Vec<Gateway>, Failure> {
    let mut found: Vec<Gateway> = Vec::new();
    for Route { interface, address } in default_routes()? {
        let known = |gateway: &Gateway| gateway.address == address && gateway.interface.as_deref() == Some(&*interface);
        if found.iter().any(known) {
            continue;
        }
        // A mapping is for the address that asks for it (RFC 6887 section 8.1): towards a link-local gateway that is not the one
        // which the system would send from.
        let local = match address {
            IpAddr::V4(_) => towards(address)?,
            IpAddr::V6(_) => match towards(FAR.into()) {
                Ok(local) => local,
                Err(_) => continue,
            },
        };
        let scope = is_link_local(address).then(|| number(&interface)).flatten();
        found.push(Gateway { address, local, interface: Some(interface), scope });
    }
    if found.is_empty() {
        return Err(failure(
            FailureCode::NetworkUnreachable,
            "look for the default gateway: there is no default route through one",
        ));
    }
    Ok(found)
}

/// The gateway of that address.
///
/// # Errors
/// When there is no way to it.
pub(super) fn gateway(address: IpAddr) -> Result<Gateway, Failure> {
    Ok(Gateway { address, local: towards(address)?, interface: None, scope: None })
}

/// The address that this host sends from towards that one. Nothing is sent.
fn towards(address: IpAddr) -> Result<IpAddr, Failure> {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let local = || {
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(SocketAddr::new(address, pcp::PORT))?;
        Ok(socket.local_addr()?.ip())
    };
    local().map_err(|error| io_failure(&format!("look for the way to {address}"), &error))
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// The number of an interface.
#[cfg(unix)]
fn number(interface: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(interface).ok()
}

/// The number of an interface.
#[cfg(not(unix))]
fn number(interface: &str) -> Option<u32> {
    netdev::get_interfaces().into_iter().find(|one| one.name == interface).map(|one| one.index)
}

/// The default routes, the preferred one of each family first.
#[cfg(target_os = "linux")]
fn default_routes() -> Result<Vec<Route>, Failure> {
    const TABLE: &str = "/proc/net/route";
    const TABLE6: &str = "/proc/net/ipv6_route";
    let table = std::fs::read_to_string(TABLE).map_err(|error| io_failure(&format!("read {TABLE}"), &error))?;
    // A kernel without IPv6 has no such table.
    let table6 = std::fs::read_to_string(TABLE6).unwrap_or_default();
    Ok([linux_routes(&table), linux_routes6(&table6)].concat())
}

/// The default routes.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
fn default_routes() -> Result<Vec<Route>, Failure> {
    let interfaces = || netdev::get_interfaces().into_iter().filter_map(|one| Some((one.name, one.gateway?)));
    let ipv4 = interfaces().flat_map(|(name, gateway)| {
        gateway.ipv4.into_iter().map(move |ip| Route { interface: name.clone(), address: ip.into() })
    });
    let ipv6 = interfaces().flat_map(|(name, gateway)| {
        gateway.ipv6.into_iter().map(move |ip| Route { interface: name.clone(), address: ip.into() })
    });
    Ok(ipv4.chain(ipv6).collect())
}

/// A route that is up, and leads through a gateway (linux/route.h).
#[cfg(any(target_os = "linux", test))]
const UP_AND_GATEWAY: u32 = 3;

#[cfg(any(target_os = "linux", test))]
fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

#[cfg(any(target_os = "linux", test))]
fn by_metric(routes: impl Iterator<Item = (u32, Route)>) -> Vec<Route> {
    let mut routes: Vec<(u32, Route)> = routes.collect();
    routes.sort_by_key(|(metric, _)| *metric);
    routes.into_iter().map(|(_, route)| route).collect()
}

/// The default routes of the kernel's table: columns of hexadecimal numbers in the byte order of this machine.
#[cfg(any(target_os = "linux", test))]
fn linux_routes(table: &str) -> Vec<Route> {
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, flags, _, _, metric, mask, ..] = columns[..] else { return None };
        let leads = hexadecimal(flags)? & UP_AND_GATEWAY == UP_AND_GATEWAY;
        let is_default = leads && hexadecimal(destination)? == 0 && hexadecimal(mask)? == 0;
        let address = Ipv4Addr::from(hexadecimal(gateway)?.to_ne_bytes()).into();
        is_default.then_some((metric.parse().ok()?, Route { interface: interface.to_owned(), address }))
    };
    by_metric(table.lines().filter_map(route))
}

/// The same of IPv6: addresses of 32 digits in their own order, each with the length of its prefix; the metric is hexadecimal.
#[cfg(any(target_os = "linux", test))]
fn linux_routes6(table: &str) -> Vec<Route> {
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, length, _, from_length, gateway, metric, _, _, flags, interface] = columns[..] else { return None };
        let leads = hexadecimal(flags)? & UP_AND_GATEWAY == UP_AND_GATEWAY;
        let is_default = leads && hexadecimal(length)? == 0 && hexadecimal(from_length)? == 0;
        let address = Ipv6Addr::from(u128::from_str_radix(gateway, 16).ok()?).into();
        is_default.then_some((hexadecimal(metric)?, Route { interface: interface.to_owned(), address }))
    };
    by_metric(table.lines().filter_map(route))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route((interface, address): (&str, &str)) -> Route {
        Route { interface: interface.to_owned(), address: address.parse().unwrap() }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn default_routes_come_by_metric_and_others_do_not() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                     wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                     eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                     tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n\
                     eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
                     nonsense\n";
        let addresses = [("eth0", "192.168.1.254"), ("wlan0", "192.168.1.1")];
        assert_eq!(linux_routes(table), addresses.map(route));
    }

    #[test]
    fn default_routes_of_ipv6_come_by_metric_and_others_do_not() {
        let digits = |ip: &str| format!("{:032x}", u128::from(ip.parse::<Ipv6Addr>().unwrap()));
        let [none, router, other] = ["::", "fe80::1", "fd00::1"].map(digits);
        let table = format!(
            "{none} 00 {none} 00 {other} 00000400 00000003 00000000 00000003     eth1\n\
             {none} 00 {none} 00 {router} 00000064 00000003 00000000 00450003     eth0\n\
             {none} 40 {none} 00 {none} 00000100 00000001 00000000 00000001     eth0\n\
             {none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200       lo\n\
             nonsense\n"
        );
        assert_eq!(linux_routes6(&table), [("eth0", "fe80::1"), ("eth1", "fd00::1")].map(route));
    }

    #[test]
    fn the_way_to_oneself_begins_at_oneself() {
        assert_eq!(towards(Ipv4Addr::LOCALHOST.into()).unwrap(), Ipv4Addr::LOCALHOST);
    }
}
