//! The interfaces of this host with what the kernel knows of them.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use nix::net::if_::InterfaceFlags;

use crate::evidence::{Interface, InterfaceAddress, InterfaceKind};

/// The interfaces that are up, those without an address included.
#[must_use]
pub(in crate::net) fn interfaces() -> Vec<Interface> {
    let mut found: Vec<Interface> = Vec::new();
    let Ok(entries) = nix::ifaddrs::getifaddrs() else { return found };
    let flags = address_flags();
    for entry in entries.filter(|entry| entry.flags.contains(InterfaceFlags::IFF_UP)) {
        let place = found.iter().position(|interface| interface.name == entry.interface_name);
        let place = place.unwrap_or_else(|| {
            let kind = if entry.flags.contains(InterfaceFlags::IFF_LOOPBACK) {
                InterfaceKind::Loopback
            } else if entry.flags.contains(InterfaceFlags::IFF_POINTOPOINT) {
                InterfaceKind::PointToPoint
            } else {
                told_kind(&entry.interface_name)
            };
            found.push(Interface { name: entry.interface_name.clone(), kind, addresses: Vec::new() });
            found.len() - 1
        });
        let v4 = entry.address.and_then(|address| Some(IpAddr::from(address.as_sockaddr_in()?.ip())));
        let v6 = || entry.address.and_then(|address| Some(IpAddr::from(address.as_sockaddr_in6()?.ip())));
        let Some(address) = v4.or_else(v6) else { continue };
        let known = flags.get(&address).copied().unwrap_or_else(|| address.into());
        found[place].addresses.push(known);
    }
    found
}

/// What Linux says in its files of an interface.
fn told_kind(name: &str) -> InterfaceKind {
    // A name comes from the kernel, and is a file's name there: it has no slash.
    let folder = Path::new("/sys/class/net").join(name);
    let device = fs::read_to_string(folder.join("uevent")).unwrap_or_default();
    let is = |kind: &str| device.lines().any(|line| line.strip_prefix("DEVTYPE=") == Some(kind));
    if folder.join("bridge").exists() {
        InterfaceKind::Bridge
    } else if is("wlan") || folder.join("wireless").exists() {
        InterfaceKind::Wireless
    } else if is("wireguard") || is("ppp") || folder.join("tun_flags").exists() {
        InterfaceKind::PointToPoint
    } else {
        InterfaceKind::Other
    }
}

/// What the kernel knows of its IPv6 addresses.
fn address_flags() -> BTreeMap<IpAddr, InterfaceAddress> {
    let text = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    text.lines().filter_map(address_line).map(|known| (known.address, known)).collect()
}

/// A line of that file: address, interface, prefix, scope, flags, each in hexadecimal, and the interface's name.
fn address_line(line: &str) -> Option<InterfaceAddress> {
    // Of linux/if_addr.h: IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE.
    const TEMPORARY: u32 = 0x01;
    const DUPLICATE: u32 = 0x08;
    const DEPRECATED: u32 = 0x20;
    const TENTATIVE: u32 = 0x40;
    let mut words = line.split_whitespace();
    let address = Ipv6Addr::from_bits(u128::from_str_radix(words.next()?, 16).ok()?);
    let prefix = u8::from_str_radix(words.nth(1)?, 16).ok()?;
    let flags = u32::from_str_radix(words.nth(1)?, 16).ok()?;
    Some(InterfaceAddress {
        address: address.into(),
        prefix: Some(prefix),
        temporary: flags & TEMPORARY != 0,
        deprecated: flags & DEPRECATED != 0,
        tentative: flags & (TENTATIVE | DUPLICATE) != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_as_such() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let all = interfaces();
        let has = |interface: &&Interface| interface.addresses.iter().any(|one| one.address == loopback);
        assert_eq!(all.iter().find(has).map(|interface| interface.kind), Some(InterfaceKind::Loopback));
    }

    #[test]
    fn the_flags_of_an_address_are_read() {
        let of = |flags| address_line(&format!("20010db8000000000000000000000005 02 40 00 {flags}     eth0")).unwrap();
        let permanent = of("80");
        assert_eq!((permanent.address, permanent.prefix), ("2001:db8::5".parse().unwrap(), Some(64)));
        assert!(!permanent.temporary && !permanent.deprecated && !permanent.tentative);
        assert!(of("01").temporary && of("21").deprecated && of("c0").tentative && of("88").tentative);
        for broken in
            ["", "xyz", "20010db8000000000000000000000005 02", "20010db8000000000000000000000005 02 40 00 q e"]
        {
            assert_eq!(address_line(broken), None, "{broken}");
        }
    }
}
