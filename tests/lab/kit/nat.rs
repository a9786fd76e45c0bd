//! Gateways: what stands between the client and the internet, as nftables rules. Inside is the interface `lan`, outside `wan`.

use nat_probe::evidence::Behavior::{self, AddressAndPortDependent, AddressDependent, EndpointIndependent};

/// The network that a gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lan {
    /// 10.0.0.0/24: needs translation.
    Private,
    /// 192.0.2.128/25 and `2001:db8:1::/64`, routed.
    Public,
}

/// A gateway: its lan and its rules.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub lan: Lan,
    pub rules: String,
}

/// The addresses of the outermost gateway.
pub(crate) const WAN: &str = "192.0.2.10";
pub(crate) const WAN_POOL: [&str; 4] = [WAN, "192.0.2.11", "192.0.2.12", "192.0.2.13"];

/// What nobody on the internet may do: talk to the router itself.
const WAN_INPUT_DROPPED: &str = r#"
table inet router {
    chain input {
        type filter hook input priority filter
        ct state established,related accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        iifname "wan" drop
    }
}"#;

/// A stateful firewall (RFC 6092's default): answers get in, strangers do not. `FAMILY` is ip or ip6.
const STATEFUL: &str = r#"
table FAMILY firewall {
    chain forward {
        type filter hook forward priority filter
        ct state established,related accept
        iifname "wan" drop
    }
}"#;

/// A plain router: no translation, no filter.
pub(crate) fn router() -> Gateway {
    Gateway { lan: Lan::Public, rules: String::new() }
}

/// A router with a stateful firewall for both families.
pub(crate) fn firewall() -> Gateway {
    let rules = STATEFUL.replace("FAMILY", "ip") + &STATEFUL.replace("FAMILY", "ip6");
    Gateway { lan: Lan::Public, rules }
}

/// The home router: ports preserved, strangers dropped.
pub(crate) fn home_router() -> Gateway {
    nat(EndpointIndependent, AddressAndPortDependent)
}

/// The home router with a firewall for IPv6.
pub(crate) fn home_router_with_ipv6() -> Gateway {
    let Gateway { lan, rules } = home_router();
    Gateway { lan, rules: rules + &STATEFUL.replace("FAMILY", "ip6") }
}

/// A Linux box, VM host or container host as router: its own input is open. What strangers send to it becomes a connection
/// of its own, and a later packet of the client's that would clash with it gets another port.
pub(crate) fn open_wan_router() -> Gateway {
    private(&translation("masquerade"))
}

/// `masquerade random,fully-random`: what Linux calls random is a new port for every destination.
pub(crate) fn fully_random() -> Gateway {
    private(&(translation("masquerade random,fully-random") + WAN_INPUT_DROPPED))
}

/// Any of the nine NATs of RFC 4787, of UDP.
pub(crate) fn nat(mapping: Behavior, filtering: Behavior) -> Gateway {
    let mapping = match mapping {
        EndpointIndependent => translation("masquerade"),
        AddressDependent => translation(&port_range_by_destination()),
        AddressAndPortDependent => translation("masquerade random,fully-random"),
    };
    let filtering = match filtering {
        EndpointIndependent => admission("udp sport", "udp dport"),
        AddressDependent => admission("ip daddr . udp sport", "ip saddr . udp dport"),
        AddressAndPortDependent => String::new(),
    };
    private(&(mapping + &filtering + WAN_INPUT_DROPPED))
}

/// A home router that lets in whoever the host has contacted from whatever port: isolation per socket does not help.
pub(crate) fn host_wide_filter() -> Gateway {
    private(&(translation("masquerade") + HOST_WIDE_ADMISSION + WAN_INPUT_DROPPED))
}

const HOST_WIDE_ADMISSION: &str = r#"
table ip admission {
    set contacted {
        type ipv4_addr
        flags dynamic,timeout
        timeout 5m
        size 4096
    }
    chain learn {
        type filter hook postrouting priority srcnat + 10
        oifname "wan" meta l4proto udp update @contacted { ip daddr }
    }
    chain admit {
        type nat hook prerouting priority dstnat
        iifname "wan" meta l4proto udp ip saddr @contacted dnat to 10.0.0.2
    }
}"#;

/// Ports preserved, strangers admitted: the static 1:1 NAT of a DMZ host.
pub(crate) fn one_to_one() -> Gateway {
    let inwards = r#"
table ip inwards {
    chain admit {
        type nat hook prerouting priority dstnat
        iifname "wan" meta l4proto udp dnat to 10.0.0.2
    }
}"#;
    private(&(translation(&format!("snat to {WAN}")) + inwards))
}

/// All of UDP through the ports from one to another: a NAT that soon gives a port that somebody has had before.
pub(crate) fn few_ports(from: u16, to: u16) -> Gateway {
    private(&(translation(&format!("masquerade to :{from}-{to}")) + WAN_INPUT_DROPPED))
}

/// Several exits, chosen by destination; the port stays.
pub(crate) fn exit_by_destination() -> Gateway {
    let [one, two, ..] = WAN_POOL;
    let exit = format!("snat to jhash ip daddr mod 2 seed 0xbeef map {{ 0: {one}, 1: {two} }}");
    private(&(translation(&exit) + WAN_INPUT_DROPPED))
}

/// An address pool without pairing (RFC 4787 section 4.1, "arbitrary"): each socket of a host may get another address.
pub(crate) fn pool_by_socket() -> Gateway {
    let [one, two, three, four] = WAN_POOL;
    let pool = format!("{{ 0: {one}, 1: {two}, 2: {three}, 3: {four} }}");
    private(&(translation(&format!("snat to jhash ip saddr . udp sport mod 4 map {pool}")) + WAN_INPUT_DROPPED))
}

/// A home router behind whose firewall UDP goes nowhere, without a word.
pub(crate) fn udp_dropped() -> Gateway {
    with_forward_rule("meta l4proto udp drop")
}

/// The same with a word: administratively prohibited.
pub(crate) fn udp_rejected() -> Gateway {
    with_forward_rule("meta l4proto udp reject with icmp type admin-prohibited")
}

fn with_forward_rule(rule: &str) -> Gateway {
    let Gateway { lan, rules } = home_router();
    let censor = format!(
        "
table ip censor {{
    chain forward {{
        type filter hook forward priority filter
        {rule}
    }}
}}"
    );
    Gateway { lan, rules: rules + &censor }
}

fn private(rules: &str) -> Gateway {
    Gateway { lan: Lan::Private, rules: rules.to_owned() }
}

/// Outbound translation: UDP as told, all else like a home router.
fn translation(udp: &str) -> String {
    let udp: Vec<_> = udp.lines().map(|rule| format!("oifname \"wan\" meta l4proto udp {rule}")).collect();
    let udp = udp.join("\n        ");
    format!(
        r#"
table ip translation {{
    chain out {{
        type nat hook postrouting priority srcnat
        {udp}
        oifname "wan" masquerade
    }}
}}"#
    )
}

/// Address-dependent mapping: every destination address has a range of ports. Within a range, Linux gives a socket the
/// port it has already.
fn port_range_by_destination() -> String {
    let destinations = ["198.51.100.1", "198.51.100.2", "198.51.100.17", "203.0.113.1", "203.0.113.2", "203.0.113.17"];
    let ranges = destinations
        .iter()
        .zip(20..)
        .map(|(destination, thousand)| format!("ip daddr {destination} snat to {WAN}:{thousand}000-{thousand}999"));
    ranges.collect::<Vec<_>>().join("\n")
}

/// Inbound admission wider than Linux's own: the key of every packet that left is remembered with the inside socket it came
/// from; a stranger's packet with that key is brought there.
fn admission(left: &str, arrives: &str) -> String {
    let key = left.replace("ip daddr", "ipv4_addr").replace("udp sport", "inet_service");
    format!(
        r#"
table ip admission {{
    map opened {{
        type {key} : ipv4_addr . inet_service
        flags dynamic,timeout
        timeout 5m
        size 4096
    }}
    chain learn {{
        type filter hook postrouting priority srcnat + 10
        oifname "wan" meta l4proto udp update @opened {{ {left} : ct original ip saddr . ct original proto-src }}
    }}
    chain admit {{
        type nat hook prerouting priority dstnat
        iifname "wan" dnat ip to {arrives} map @opened
    }}
}}"#
    )
}
