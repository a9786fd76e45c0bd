//! The network of a story: servers on the internet, gateways, a client.

use std::time::Duration;

use super::nat::{Gateway, Lan, WAN_POOL};
use super::netns::{Plug, cable, create, rules, tool, within};
use super::prober::{self, Truth};
use super::servers::{Host, Service};
use super::{cage, delay};

/// The internet: a router with servers around it. Wants a client behind a gateway.
pub(crate) struct Internet(());

/// A complete network.
pub(crate) struct Net {
    gateways: Vec<(&'static str, Gateway)>,
}

impl Internet {
    /// Puts the hosts on the internet and starts what they serve.
    pub(crate) fn with(hosts: &[Host]) -> Self {
        assert!(cage::inside(), "the lab is built inside the cage only");
        tool("mount", "-t tmpfs tmpfs /run"); // for the names of our namespaces, and the servers' files
        create("internet");
        for (number, host) in hosts.iter().enumerate() {
            connect(*host, number);
        }
        // side by side: coturn takes its time to start
        std::thread::scope(|scope| {
            for host in hosts {
                scope.spawn(|| host.start());
            }
        });
        Self(())
    }

    /// Loses every packet to an address on the way.
    pub(crate) fn swallowing(self, address: &str) -> Self {
        tool("ip", &format!("-n internet route replace blackhole {address}"));
        self
    }

    /// Makes every packet through the internet take this long.
    pub(crate) fn delayed(self, one_way: Duration) -> Result<Self, String> {
        delay::install("internet", one_way)?;
        Ok(self)
    }

    /// Lets the first packet through the internet take so long, and all that are sent meanwhile; later ones no time.
    pub(crate) fn asleep(self, awake: Duration) -> Result<Self, String> {
        delay::asleep("internet", awake)?;
        Ok(self)
    }

    /// A client behind a gateway.
    pub(crate) fn behind(self, gateway: Gateway) -> Net {
        join("gateway", "lan", gateway.lan);
        uplink("gateway");
        Net::assemble(vec![("gateway", gateway)])
    }

    /// A client with two uplinks, each behind a gateway of its own: these destinations are reached by the second.
    pub(crate) fn behind_two(self, first: Gateway, second: Gateway, destinations: &[&str]) -> Net {
        join("gateway", "lan", first.lan);
        uplink("gateway");
        second_uplink(second.lan, destinations);
        Net::assemble(vec![("gateway", first), ("second", second)])
    }

    /// A client behind a gateway behind a carrier's gateway.
    pub(crate) fn behind_both(self, home: Gateway, carrier: Gateway) -> Net {
        join("gateway", "lan", home.lan);
        create("carrier");
        let lan = Plug { namespace: "carrier", interface: "lan", addresses: &["100.64.0.1/24"] };
        cable(&Plug { namespace: "gateway", interface: "wan", addresses: &["100.64.0.2/24"] }, &lan);
        tool("ip", "-n gateway route add default via 100.64.0.1");
        uplink("carrier");
        Net::assemble(vec![("gateway", home), ("carrier", carrier)])
    }
}

/// A host's own second uplink: another gateway at 10.0.1.1, by which these destinations are reached.
fn second_uplink(lan: Lan, destinations: &[&str]) {
    assert_eq!(lan, Lan::Private, "a second uplink is private");
    create("second");
    cable(
        &Plug { namespace: "second", interface: "lan", addresses: &["10.0.1.1/24"] },
        &Plug { namespace: "client", interface: "eth1", addresses: &["10.0.1.2/24"] },
    );
    cable(
        &Plug { namespace: "second", interface: "wan", addresses: &["192.0.2.20/32"] },
        &Plug { namespace: "internet", interface: "uplink2", addresses: &[] },
    );
    tool("ip", "-n internet route add 192.0.2.20 dev uplink2");
    tool("ip", "-n second route add 192.0.2.1 dev wan");
    tool("ip", "-n second route add default via 192.0.2.1");
    for destination in destinations {
        tool("ip", &format!("-n client route add {destination} via 10.0.1.1"));
    }
}

/// A host with its addresses, on a cable of its own.
fn connect(host: Host, number: usize) {
    create(host.name);
    let near = format!("srv{number}");
    let [router, server] = [1, 2].map(|end| [format!("172.31.{number}.{end}/30"), format!("fd00:{number}::{end}/64")]);
    cable(
        &Plug { namespace: "internet", interface: &near, addresses: &[&router[0], &router[1]] },
        &Plug { namespace: host.name, interface: "eth0", addresses: &[&server[0], &server[1]] },
    );
    for address in host.v4 {
        tool("ip", &format!("-n {} addr add {address}/32 dev eth0", host.name));
        tool("ip", &format!("-n internet route add {address} via 172.31.{number}.2"));
    }
    for address in host.v6 {
        tool("ip", &format!("-n {} addr add {address}/128 dev eth0 nodad", host.name));
        tool("ip", &format!("-n internet route add {address} via fd00:{number}::2"));
    }
    // what it sends of its own accord comes from its first address, not from the cable's
    for (router, addresses) in [(format!("172.31.{number}.1"), host.v4), (format!("fd00:{number}::1"), host.v6)] {
        let source = addresses.first().map(|address| format!("src {address}")).unwrap_or_default();
        tool("ip", &format!("-n {} route add default via {router} {source}", host.name));
    }
}

/// The client, and the lan between it and its gateway.
fn join(gateway: &str, interface: &str, lan: Lan) {
    create("client");
    create(gateway);
    let (router, client) = match lan {
        Lan::Private => ("10.0.0.1/24", "10.0.0.2/24"),
        Lan::Public => ("192.0.2.129/25", "192.0.2.130/25"),
    };
    cable(
        &Plug { namespace: gateway, interface, addresses: &[router, "2001:db8:1::1/64"] },
        &Plug { namespace: "client", interface: "eth0", addresses: &[client, "2001:db8:1::2/64"] },
    );
    let router = router.split_once('/').map_or(router, |(address, _)| address);
    tool("ip", &format!("-n client route add default via {router}"));
    tool("ip", "-n client route add default via 2001:db8:1::1");
}

/// The cable between the outermost gateway and the internet.
fn uplink(gateway: &str) {
    let pool = WAN_POOL.map(|address| format!("{address}/25"));
    let mut addresses: Vec<&str> = pool.iter().map(String::as_str).collect();
    addresses.push("2001:db8:2::10/64");
    cable(
        &Plug { namespace: gateway, interface: "wan", addresses: &addresses },
        &Plug { namespace: "internet", interface: "uplink", addresses: &["192.0.2.1/25", "2001:db8:2::1/64"] },
    );
    tool("ip", &format!("-n {gateway} route add default via 192.0.2.1"));
    tool("ip", &format!("-n {gateway} route add default via 2001:db8:2::1"));
    tool("ip", "-n internet route add 192.0.2.128/25 via 192.0.2.10");
    tool("ip", "-n internet route add 2001:db8:1::/64 via 2001:db8:2::10");
}

impl Net {
    fn assemble(gateways: Vec<(&'static str, Gateway)>) -> Self {
        let net = Self { gateways };
        net.forget();
        net
    }

    /// Puts a host into another part of the client's own network, 10.0.1.0/24, on the near side of the gateway.
    #[must_use]
    pub(crate) fn with_host_at_home(self, host: Host) -> Self {
        create(host.name);
        let address = format!("{}/24", host.at());
        cable(
            &Plug { namespace: "gateway", interface: "home", addresses: &["10.0.1.1/24"] },
            &Plug { namespace: host.name, interface: "eth0", addresses: &[&address] },
        );
        tool("ip", &format!("-n {} route add default via 10.0.1.1", host.name));
        self
    }

    /// Gateways as on their first day: no connection, no contact remembered.
    pub(crate) fn forget(&self) {
        for (namespace, gateway) in &self.gateways {
            rules(namespace, &gateway.rules);
        }
    }

    /// Proves that the gateways do what the story claims, seen with one of its servers; then they forget it.
    pub(crate) fn truth(&self, server: Host, claimed: Truth) -> &Self {
        assert_ne!(server.service, Service::Nothing, "{} cannot tell", server.name);
        self.truth_at(server.endpoint(), claimed)
    }

    /// The same at any of a server's addresses.
    pub(crate) fn truth_at(&self, server: std::net::SocketAddr, claimed: Truth) -> &Self {
        let seen = within("client", || prober::truth(server));
        assert_eq!(seen, claimed, "the lab is not what the story claims\n{}", self.state());
        self.forget();
        self
    }

    /// The gateways' rules, what these remember, and their connections.
    pub(crate) fn state(&self) -> String {
        let states = self.gateways.iter().map(|(namespace, _)| {
            within(namespace, || format!("{namespace}:\n{}{}", tool("nft", "list ruleset"), tool("conntrack", "-L")))
        });
        states.collect()
    }
}

/// Counts from now on what the client sends to an address.
pub(crate) fn watch(address: &str) {
    let family = if address.contains(':') { "ip6" } else { "ip" };
    let watch = format!(
        "
table inet watch {{
    counter sent {{ }}
    chain output {{
        type filter hook output priority filter
        {family} daddr {address} counter name sent
    }}
}}"
    );
    rules("client", &watch);
}

/// How many packets it has sent there.
pub(crate) fn sent() -> u32 {
    let said = within("client", || tool("nft", "list counter inet watch sent"));
    let count = said.split_whitespace().skip_while(|word| *word != "packets").nth(1);
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count: {said}"))
}
