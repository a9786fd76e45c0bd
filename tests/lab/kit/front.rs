//! What stands between a server and the internet, and hides its clients from it or it from them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use super::netns::{self, tool, within};
use super::servers::{Host, Service};

/// Gives a host an address that only it knows.
pub(crate) fn inner_address(host: Host, address: &str) {
    let length = if address.contains(':') { 128 } else { 32 };
    tool("ip", &format!("-n {} addr add {address}/{length} dev lo", host.name));
}

/// A proxy of UDP as container engines and web servers have one: takes packets at one address and asks on from another, a socket
/// for each client. The families need not be the same.
pub(crate) fn proxy(host: Host, listen: SocketAddr, from: IpAddr, to: SocketAddr) {
    let clients =
        Arc::new(within(host.name, || UdpSocket::bind(listen)).unwrap_or_else(|error| panic!("{listen}: {error}")));
    thread::spawn(move || {
        within(host.name, || {
            let mut upstream: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
            let mut packet = [0; 2048];
            while let Ok((length, client)) = clients.recv_from(&mut packet) {
                let socket = upstream.entry(client).or_insert_with(|| {
                    let socket = Arc::new(UdpSocket::bind((from, 0)).unwrap_or_else(|error| panic!("{from}: {error}")));
                    bring_back(Arc::clone(&socket), Arc::clone(&clients), client);
                    socket
                });
                let _ = socket.send_to(&packet[..length], to);
            }
        });
    });
}

/// What the server answers goes to the client.
fn bring_back(upstream: Arc<UdpSocket>, clients: Arc<UdpSocket>, client: SocketAddr) {
    thread::spawn(move || {
        let mut packet = [0; 2048];
        while let Ok(length) = upstream.recv(&mut packet) {
            let _ = clients.send_to(&packet[..length], client);
        }
    });
}

/// A load balancer's rules: UDP to the public address goes to the inner one, and comes from the balancer (`sources` is nftables'
/// `to` of `snat`).
pub(crate) fn load_balancer(host: Host, public: &str, inner: &str, sources: &str) {
    let rules = format!(
        "
table ip balancer {{
    chain inwards {{
        type nat hook prerouting priority dstnat
        ip daddr {public} meta l4proto udp dnat to {inner}
    }}
    chain sources {{
        type nat hook input priority 100
        ip daddr {inner} meta l4proto udp snat to {sources}
    }}
}}"
    );
    netns::rules(host.name, &rules);
}

/// Answers of UDP leave with another source address than the one that was asked: a host with several addresses whose server
/// is bound to none.
pub(crate) fn answers_from(host: Host, asked: &str, elsewhere: &str) {
    let family = if asked.contains(':') { "ip6" } else { "ip" };
    let rules = format!(
        "
table {family} elsewhere {{
    chain output {{
        type filter hook output priority raw
        {family} saddr {asked} udp sport 3478 notrack {family} saddr set {elsewhere}
    }}
}}"
    );
    netns::rules(host.name, &rules);
}

/// A security group that lets out only what answers somebody: a server behind it never answers from its other addresses, save
/// to those who have asked these.
pub(crate) fn only_answers_leave(host: Host) {
    let rules = "
table inet egress {
    chain output {
        type filter hook output priority filter
        oifname lo accept
        meta l4proto ipv6-icmp accept
        ct state established,related accept
        meta l4proto udp drop
    }
}";
    netns::rules(host.name, rules);
}

/// A packet filter before a host.
pub(crate) fn refuses(host: Host, rule: &str) {
    filter(host, "input", rule);
}

/// A packet filter behind a host: what it does not let out.
pub(crate) fn keeps(host: Host, rule: &str) {
    filter(host, "output", rule);
}

fn filter(host: Host, hook: &str, rule: &str) {
    let rules = format!(
        "
table inet filter {{
    chain {hook} {{
        type filter hook {hook} priority filter
        {rule}
    }}
}}"
    );
    netns::rules(host.name, &rules);
}

/// A router on the internet that says so where it does not forward (`reject with` as nftables has it).
pub(crate) fn rejected_far_away(matching: &str, answer: &str) {
    let rules = format!(
        "
table inet far {{
    chain forward {{
        type filter hook forward priority filter
        {matching} reject with {answer}
    }}
}}"
    );
    netns::rules("internet", &rules);
}

/// A STUN server in a container of a host that has only IPv6: its proxy asks on over IPv4.
pub(crate) const CONTAINER: Host =
    Host { name: "container", v4: &[], v6: &["2001:db8:8::1"], service: Service::Nothing };
/// One behind whatever the story puts before it.
pub(crate) const HIDDEN: Host = Host { name: "hidden", v4: &["198.51.100.81"], v6: &[], service: Service::Nothing };
/// Another one, elsewhere.
pub(crate) const HIDDEN_TOO: Host =
    Host { name: "hiddentoo", v4: &["203.0.113.81"], v6: &[], service: Service::Nothing };

/// Runs coturn as a STUN server at one of the host's inner addresses and no other.
pub(crate) fn stun_inside(host: Host, inner: &'static str) {
    inner_address(host, inner);
    let addresses: &'static [&'static str] = vec![inner].leak();
    Host { v4: addresses, v6: &[], service: Service::Coturn, ..host }.start();
}
