//! The default gateways of this host, and the address that it sends from towards them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::failure::{failure, io_failure};
use super::platform::{self, Route};
use crate::evidence::{Failure, FailureCode, Gateway};
use crate::wire::pcp;

/// A host of the IPv6 internet: what way leads there, and from which address, is looked up. Nothing is sent to it.
const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0x4860, 0, 0, 0, 0, 0, 1);
/// The same of IPv4.
const FAR_IPV4: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);

/// The gateways that lead to the rest of the world: IPv4 before IPv6, the preferred one of each first.
///
/// # Errors
/// Why none is known.
pub(super) fn gateways() -> Result<Vec<Gateway>, Failure> {
    let mut found: Vec<Gateway> = Vec::new();
    for Route { interface, address } in platform::default_routes()? {
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
        let scope = is_link_local(address).then(|| platform::interface_number(&interface)).flatten();
        // VPNs leave the default route as it is, and lay two halves over it.
        let passed_by = match address {
            IpAddr::V4(_) => towards(FAR_IPV4.into()).ok().filter(|from| *from != local),
            IpAddr::V6(_) => None,
        };
        found.push(Gateway { address, local, interface: Some(interface), scope, passed_by });
    }
    if found.is_empty() {
        return Err(failure(FailureCode::NetworkUnreachable, "this host has no default route through a gateway"));
    }
    Ok(found)
}

/// The gateway of that address.
///
/// # Errors
/// When there is no way to it.
pub(super) fn gateway(address: IpAddr) -> Result<Gateway, Failure> {
    Ok(Gateway { address, local: towards(address)?, interface: None, scope: None, passed_by: None })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_oneself_begins_at_oneself() {
        assert_eq!(towards(Ipv4Addr::LOCALHOST.into()).unwrap(), Ipv4Addr::LOCALHOST);
    }
}
