//! The default gateways of this host, and the address that it sends from towards them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::failure::{failure, io_failure};
use crate::evidence::{Failure, FailureCode, Gateway};
use crate::wire::pcp;

/// The IPv4 gateways that lead to the rest of the world, the preferred one first.
///
/// Of IPv6 there are none here: those are link-local as a rule, and who asks them for a mapping has to send from the very address
/// that is to be reached (RFC 6887 section 8.1).
///
/// # Errors
/// Why none is known.
pub(crate) fn gateways() -> Result<Vec<Gateway>, Failure> {
    let mut found = Vec::new();
    for (interface, address) in default_routes()? {
        let known = found.iter().any(|gateway: &Gateway| gateway.address == address);
        if !known && address.is_ipv4() {
            found.push(Gateway { local: towards(address)?, address, interface: Some(interface) });
        }
    }
    if found.is_empty() {
        return Err(failure(
            FailureCode::NetworkUnreachable,
            "look for the default gateway: there is no IPv4 default route through one",
        ));
    }
    Ok(found)
}

/// The address that this host sends from towards that one. Nothing is sent.
///
/// # Errors
/// When it has no way there.
pub(crate) fn towards(address: IpAddr) -> Result<IpAddr, Failure> {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let local = || {
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(SocketAddr::new(address, pcp::PORT))?;
        Ok(socket.local_addr()?.ip())
    };
    local().map_err(|error| io_failure(&format!("look for the way to {address}"), &error))
}

/// Interfaces with the gateways of their default routes, the preferred one first.
#[cfg(target_os = "linux")]
fn default_routes() -> Result<Vec<(String, IpAddr)>, Failure> {
    const TABLE: &str = "/proc/net/route";
    let table = std::fs::read_to_string(TABLE).map_err(|error| io_failure(&format!("read {TABLE}"), &error))?;
    Ok(linux_routes(&table))
}

/// Interfaces with the gateways of their default routes.
#[cfg(not(target_os = "linux"))]
fn default_routes() -> Result<Vec<(String, IpAddr)>, Failure> {
    let interfaces = netdev::get_interfaces().into_iter();
    let gateways = interfaces.filter_map(|interface| Some((interface.name, interface.gateway?)));
    Ok(gateways.flat_map(|(name, gateway)| gateway.ipv4.into_iter().map(move |ip| (name.clone(), ip.into()))).collect())
}

/// The default routes of the kernel's table: columns of hexadecimal numbers in the byte order of this machine.
#[cfg(any(target_os = "linux", test))]
fn linux_routes(table: &str) -> Vec<(String, IpAddr)> {
    /// Up, and through a gateway (linux/route.h).
    const UP_AND_GATEWAY: u32 = 3;
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, flags, _, _, metric, mask, ..] = columns[..] else { return None };
        let leads = number(flags)? & UP_AND_GATEWAY == UP_AND_GATEWAY;
        let is_default = leads && number(destination)? == 0 && number(mask)? == 0;
        let address = Ipv4Addr::from(number(gateway)?.to_ne_bytes());
        is_default.then_some((metric.parse::<u32>().ok()?, interface.to_owned(), address.into()))
    };
    let mut routes: Vec<(u32, String, IpAddr)> = table.lines().filter_map(route).collect();
    routes.sort_by_key(|(metric, ..)| *metric);
    routes.into_iter().map(|(_, interface, address)| (interface, address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let expected = addresses.map(|(name, ip)| (name.to_owned(), ip.parse::<IpAddr>().unwrap()));
        assert_eq!(linux_routes(table), expected);
    }

    #[test]
    fn the_way_to_oneself_begins_at_oneself() {
        assert_eq!(towards(Ipv4Addr::LOCALHOST.into()).unwrap(), Ipv4Addr::LOCALHOST);
    }
}
