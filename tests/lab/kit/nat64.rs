//! NAT64 (RFC 6146): tayga translates packet by packet, the kernel's masquerade keeps the state; and the client's network has IPv6 only.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::names::{self, Record};
use super::netns::{self, tool, within};
use super::servers::{ALPHA, BETA, Host};
use super::{Net, cage};

/// The prefix of the network's own, as RFC 7050 lets clients learn it.
pub(crate) const OWN_PREFIX: &str = "2001:db8:64::";
/// The well-known one (RFC 6052 section 2.1).
pub(crate) const WELL_KNOWN_PREFIX: &str = "64:ff9b::";

/// The address by which an IPv4 server is reached through a prefix.
pub(crate) fn reached(prefix: &str, server: &str) -> String {
    let octets = server.parse::<std::net::Ipv4Addr>().expect("an IPv4 address").octets();
    format!("{prefix}{:02x}{:02x}:{:x}", octets[0], octets[1], u16::from_be_bytes([octets[2], octets[3]]))
}

/// Has this host answer with the prefix for the name that exists for it (RFC 7050), and the client ask it.
pub(crate) fn name_prefix(host: Host) {
    names::serve(
        host,
        &[
            ("ipv4only.arpa", Record::Address("2001:db8:64::c000:aa")),
            ("ipv4only.arpa", Record::Address("2001:db8:64::c000:ab")),
        ],
    );
    names::ask(&reached(OWN_PREFIX, host.at()));
}

impl Net {
    /// Takes IPv4 away from the client and makes its gateway a NAT64 for the two STUN servers. tayga refuses the well-known prefix for
    /// addresses of documentation, so the kernel exchanges it for the network's own.
    pub(crate) fn with_nat64(&self) {
        let tayga = cage::need("tayga", "Debian package tayga");
        let configuration = format!(
            "tun-device nat64\nipv4-addr 10.64.0.1\nipv6-addr 2001:db8:65::1\nprefix {OWN_PREFIX}/96\ndynamic-pool 10.64.0.0/24\ndata-dir /run\n"
        );
        fs::write("/run/tayga.conf", configuration).expect("a file");
        within("gateway", || {
            let run = |arguments: &[&str]| {
                let mut command = Command::new(&tayga);
                command.args(["-c", "/run/tayga.conf"]).args(arguments).stdin(Stdio::null());
                command.stdout(Stdio::null()).stderr(fs::File::create("/run/tayga.log").expect("a log"));
                command
            };
            assert!(
                run(&["--mktun"]).status().is_ok_and(|made| made.success()),
                "{:?}",
                fs::read_to_string("/run/tayga.log")
            );
            tool("ip", "link set nat64 up");
            tool("ip", "route add 10.64.0.0/24 dev nat64");
            tool("ip", &format!("route add {OWN_PREFIX}/96 dev nat64"));
            run(&["--nodetach"]).spawn().expect("tayga");
        });
        tool("ip", "-n client -4 addr flush dev eth0");
        let pairs: Vec<_> = [ALPHA, BETA]
            .iter()
            .flat_map(|host| host.v4)
            .map(|server| format!("{} : {}", reached(WELL_KNOWN_PREFIX, server), reached(OWN_PREFIX, server)))
            .collect();
        let rules = format!(
            r#"
table ip translation {{
    chain out {{
        type nat hook postrouting priority srcnat
        oifname "wan" masquerade
    }}
}}
table ip6 prefix {{
    chain inwards {{
        type nat hook prerouting priority dstnat
        iifname "lan" dnat to ip6 daddr map {{ {} }}
    }}
}}"#,
            pairs.join(", ")
        );
        netns::rules("gateway", &rules);
        let patience = Instant::now() + Duration::from_secs(5);
        let server = super::servers::endpoint(&reached(OWN_PREFIX, ALPHA.at()));
        while within("client", || super::prober::mapped(server)).is_none() {
            assert!(Instant::now() < patience, "no way through the NAT64\n{:?}", fs::read_to_string("/run/tayga.log"));
        }
    }
}
