//! Two clients, each behind a gateway of its own, or both behind one.

use super::nat::{Gateway, Lan};
use super::net::Internet;
use super::netns::{Plug, cable, create, rules, tool};

/// Where one of the two stands.
pub(crate) struct Place {
    /// The namespace of the client.
    pub(crate) client: &'static str,
    /// The namespace of its gateway.
    pub(crate) gateway: &'static str,
    /// The gateway's address outside, and that of the internet's router beside it.
    pub(crate) wan: &'static str,
    router: &'static str,
    /// The length of that network's prefix.
    prefix: u8,
    /// The network behind a gateway that translates nothing: what is routed, the gateway, the client.
    public: [&'static str; 3],
    /// The same in IPv6, and the cable to the internet: the gateway's end, the router's.
    v6: [&'static str; 3],
    v6_wan: [&'static str; 2],
    cable: &'static str,
}

/// The first of the two: where the client of all other stories stands.
pub(crate) const HERE: Place = Place {
    client: "client",
    gateway: "gateway",
    wan: "192.0.2.10",
    router: "192.0.2.1",
    prefix: 25,
    public: ["192.0.2.128/25", "192.0.2.129/25", "192.0.2.130/25"],
    v6: ["2001:db8:1::/64", "2001:db8:1::1/64", "2001:db8:1::2/64"],
    v6_wan: ["2001:db8:2::10", "2001:db8:2::1"],
    cable: "here",
};

/// The second.
pub(crate) const THERE: Place = Place {
    client: "friend",
    gateway: "friendsgate",
    wan: "203.0.113.130",
    router: "203.0.113.129",
    prefix: 26,
    public: ["203.0.113.192/26", "203.0.113.193/26", "203.0.113.194/26"],
    v6: ["2001:db8:3::/64", "2001:db8:3::1/64", "2001:db8:3::2/64"],
    v6_wan: ["2001:db8:4::10", "2001:db8:4::1"],
    cable: "there",
};

/// The addresses of a private network: the gateway, the client, another client.
const PRIVATE: [&str; 3] = ["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"];

impl Internet {
    /// Two clients without IPv6, each at its place behind a gateway that is still to be [set up](Place::set).
    pub(crate) fn between_two(&self) {
        for place in [&HERE, &THERE] {
            create(place.client);
            create(place.gateway);
            cable(
                &Plug { namespace: place.gateway, interface: "lan", addresses: &[] },
                &Plug { namespace: place.client, interface: "eth0", addresses: &[] },
            );
            place.connect();
        }
    }

    /// Two clients on one network behind one gateway.
    pub(crate) fn between_neighbors(&self, gateway: &Gateway) {
        let place = &HERE;
        create(place.gateway);
        tool("ip", &format!("-n {} link add lan type bridge", place.gateway));
        for (client, address) in [(HERE.client, PRIVATE[1]), (THERE.client, PRIVATE[2])] {
            create(client);
            cable(
                &Plug { namespace: place.gateway, interface: client, addresses: &[] },
                &Plug { namespace: client, interface: "eth0", addresses: &[address] },
            );
            tool("ip", &format!("-n {} link set {client} master lan", place.gateway));
            tool("ip", &format!("-n {client} route replace default via 10.0.0.1"));
        }
        tool("ip", &format!("-n {} addr add {} dev lan", place.gateway, PRIVATE[0]));
        tool("ip", &format!("-n {} link set lan up", place.gateway));
        place.connect();
        rules(place.gateway, &gateway.rules);
    }
}

/// What keeps the networks of one gateway apart, but for what it turns back.
const APART: &str = "
table ip apart {
    chain forward {
        type filter hook forward priority filter
        ct status dnat accept
        iifname { lan, guests } oifname { lan, guests } drop
    }
}";

impl Internet {
    /// Two clients on two networks of one gateway, which keeps them apart: only its own outside address leads from one to the other.
    pub(crate) fn between_guests(&self, gateway: &Gateway) {
        let place = &HERE;
        create(place.gateway);
        for (client, interface, router, address) in
            [(HERE.client, "lan", PRIVATE[0], PRIVATE[1]), (THERE.client, "guests", "10.0.1.1/24", "10.0.1.2/24")]
        {
            create(client);
            cable(
                &Plug { namespace: place.gateway, interface, addresses: &[router] },
                &Plug { namespace: client, interface: "eth0", addresses: &[address] },
            );
            let router = router.trim_end_matches("/24");
            tool("ip", &format!("-n {client} route replace default via {router}"));
        }
        place.connect();
        rules(place.gateway, &(gateway.rules.replace("fname lan ", "fname { lan, guests } ") + APART));
    }
}

impl Place {
    /// The cable between its gateway and the internet.
    fn connect(&self) {
        let Self { gateway, wan, router, prefix, .. } = self;
        cable(
            &Plug { namespace: gateway, interface: "wan", addresses: &[&format!("{wan}/{prefix}")] },
            &Plug { namespace: "internet", interface: self.cable, addresses: &[&format!("{router}/{prefix}")] },
        );
        tool("ip", &format!("-n {gateway} route add default via {router}"));
        tool("ip", &format!("-n internet route add {} via {wan}", self.public[0]));
    }

    /// Makes its gateway do that from now on, as on its first day.
    pub(crate) fn set(&self, gateway: &Gateway) {
        let (router, client) = match gateway.lan {
            Lan::Private => (PRIVATE[0], PRIVATE[1]),
            Lan::Public => (self.public[1], self.public[2]),
        };
        for (namespace, interface, address) in [(self.gateway, "lan", router), (self.client, "eth0", client)] {
            tool("ip", &format!("-n {namespace} -4 addr flush dev {interface}"));
            tool("ip", &format!("-n {namespace} addr add {address} dev {interface}"));
        }
        let router = router.split_once('/').map_or(router, |(address, _)| address);
        tool("ip", &format!("-n {} route replace default via {router}", self.client));
        rules(self.gateway, &gateway.rules.replace(HERE.wan, self.wan));
    }

    /// Gives it IPv6 as well, routed.
    pub(crate) fn with_ipv6(&self) {
        let ([network, router, client], [wan, internet]) = (self.v6, self.v6_wan);
        for (namespace, interface, address) in [
            (self.gateway, "lan", router.to_owned()),
            (self.client, "eth0", client.to_owned()),
            (self.gateway, "wan", format!("{wan}/64")),
            ("internet", self.cable, format!("{internet}/64")),
        ] {
            tool("ip", &format!("-n {namespace} addr add {address} dev {interface} nodad"));
        }
        let router = router.split_once('/').map_or(router, |(address, _)| address);
        tool("ip", &format!("-n {} route add default via {router}", self.client));
        tool("ip", &format!("-n {} route add default via {internet}", self.gateway));
        tool("ip", &format!("-n internet route add {network} via {wan}"));
    }
}
