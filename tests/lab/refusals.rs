//! Who refuses UDP: a firewall of this host or a router on the way, each in its own name; and what an ICMP error proves.

use crate::controls::{dropping, never_says};
use crate::kit::netns::{self, within};
use crate::kit::{ALPHA, BETA, Internet, nat};
use crate::story;

story! {
    /// This host's own firewall lets nothing in over UDP, while ICMP tells that UDP gets out: no port is to blame.
    fn own_firewall_lets_no_udp_in() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::home_router());
        netns::rules(
            "client",
            "table inet own {\n chain input {\n type filter hook input priority filter\n meta l4proto udp drop\n }\n}",
        );
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
        let code = run.text("/families/ipv4/reason/code");
        assert!(["no-control", "udp-blocked"].contains(&code), "{run}");
        never_says(&run, &["3478 is blocked", "port-blocked"]);
    }
}
story! {
    /// This host's own firewall answers in its own name: the neighbors are not to blame.
    fn own_firewall_refuses_udp() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::home_router());
        for how in ["reject", "reject with icmpx admin-prohibited", "drop"] {
            netns::rules(
                "client",
                &format!(
                    "table inet own {{\n chain output {{\n type filter hook output priority filter\n meta l4proto udp {how}\n }}\n}}"
                ),
            );
            let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
            let said = run.text("/families/ipv4/reason/text");
            assert!(said.contains("own firewall"), "{how}: {said}\n{run}");
            never_says(&run, &["ARP", "stayed silent"]);
        }
    }
}
story! {
    /// A router sends few ICMP errors a second, as Linux does by itself: what it says of one server it means of all.
    fn a_router_refuses_and_saves_on_icmp() {
        let net = Internet::with(&[ALPHA, BETA]).behind(dropping("meta l4proto udp reject"));
        within("gateway", || {
            std::fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "2000").unwrap();
            std::fs::write("/proc/sys/net/ipv4/icmp_ratemask", "8").unwrap();
        });
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
        let said = run.text("/families/ipv4/reason/text");
        assert!(said.contains("10.0.0.1"), "{said}\n{run}");
        never_says(&run, &["stayed silent"]);
    }
}
