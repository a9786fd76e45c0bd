//! The default routes, which Linux tells in two files.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::evidence::Failure;
use crate::net::failure::io_failure;
use crate::net::platform::route::Route;

/// The number of an interface.
pub(in crate::net) fn interface_number(interface: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(interface).ok()
}

/// The default routes, the preferred one of each family first.
///
/// # Errors
/// When the table cannot be read.
pub(in crate::net) fn default_routes() -> Result<Vec<Route>, Failure> {
    const TABLE: &str = "/proc/net/route";
    const TABLE6: &str = "/proc/net/ipv6_route";
    let table = std::fs::read_to_string(TABLE).map_err(|error| io_failure(&format!("read {TABLE}"), &error))?;
    // A kernel without IPv6 has no such table.
    let table6 = std::fs::read_to_string(TABLE6).unwrap_or_default();
    Ok([routes(&table), routes6(&table6)].concat())
}

/// A route that is up, and leads through a gateway (linux/route.h).
const UP_AND_GATEWAY: u32 = 3;

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

fn by_metric(routes: impl Iterator<Item = (u32, Route)>) -> Vec<Route> {
    let mut routes: Vec<(u32, Route)> = routes.collect();
    routes.sort_by_key(|(metric, _)| *metric);
    routes.into_iter().map(|(_, route)| route).collect()
}

/// The default routes of the kernel's table: columns of hexadecimal numbers in the byte order of this machine.
fn routes(table: &str) -> Vec<Route> {
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
fn routes6(table: &str) -> Vec<Route> {
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
        assert_eq!(routes(table), addresses.map(route));
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
        assert_eq!(routes6(&table), [("eth0", "fe80::1"), ("eth1", "fd00::1")].map(route));
    }
}
