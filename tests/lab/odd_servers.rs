//! STUN servers with one odd habit each, beside an honest one: whatever they say, the honest one decides, and nobody else is bothered.

use std::net::{IpAddr, SocketAddr};

use crate::kit::net::{sent, watch};
use crate::kit::probe::Verdict;
use crate::kit::servers::{BARE_TOO, Host, Service};
use crate::kit::stun_script::{Habit, serve, success};
use crate::kit::{ALPHA, BETA, Internet, Net, PLAIN, nat};
use crate::story;

const HOME: Verdict =
    Verdict { connectivity: "nat", mapping: "endpoint-independent", filtering: "address-and-port-dependent" };
/// A server of its own with two addresses.
const ODD: Host = Host { name: "odd", v4: &["203.0.113.113", "203.0.113.114"], v6: &[], service: Service::Nothing };

/// Beside an honest server, in both orders, behind a home router.
fn beside_an_honest_one(habit: Habit) -> Net {
    let net = Internet::with(&[ALPHA, ODD]).behind(nat::home_router());
    serve(ODD, habit);
    for servers in ["--server 203.0.113.113 --server 198.51.100.1", "--server 198.51.100.1 --server 203.0.113.113"] {
        net.forget();
        let run = net.nat_probe(&format!("classify --json -4 {servers}"));
        run.expect_family("ipv4", HOME, &|| net.state());
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
        run.expect_code(0);
    }
    net
}

/// Alone it makes no verdict, and no public address.
fn alone(net: &Net) {
    net.forget();
    let run = net.nat_probe("classify --json -4 --server 203.0.113.113");
    run.expect("/families/ipv4/mapping/behavior", "inconclusive");
    run.expect("/families/ipv4/filtering/behavior", "inconclusive");
    assert_ne!(run.code, Some(0), "{run}");
}

fn told(address: &str) -> Option<SocketAddr> {
    address.parse().ok()
}

story! {
    fn tells_no_address_at_all() {
        let net = beside_an_honest_one(|request, _| success(request, None, None));
        alone(&net);
    }
}
story! {
    fn tells_the_unspecified_address() {
        let net = beside_an_honest_one(|request, _| success(request, told("0.0.0.0:0"), None));
        alone(&net);
    }
}
story! {
    fn tells_a_multicast_address() {
        let net = beside_an_honest_one(|request, source| success(request, Some(SocketAddr::new([224, 0, 0, 1].into(), source.port())), None));
        alone(&net);
    }
}
story! {
    fn tells_the_broadcast_address() {
        let net = beside_an_honest_one(|request, source| success(request, Some(SocketAddr::new([255; 4].into(), source.port())), None));
        alone(&net);
    }
}
story! {
    fn tells_port_0() {
        beside_an_honest_one(|request, source| success(request, Some(SocketAddr::new(source.ip(), 0)), None));
    }
}
story! {
    /// A socket of both families that forgets to take the IPv4 address out: it is right, in an odd form.
    fn tells_an_ipv4_address_as_ipv6() {
        beside_an_honest_one(|request, source| {
            let IpAddr::V4(ip) = source.ip() else { return None };
            success(request, Some(SocketAddr::new(ip.to_ipv6_mapped().into(), source.port())), None)
        });
    }
}
story! {
    /// Its own other address, which it names too.
    fn tells_its_own_other_address() {
        beside_an_honest_one(|request, source| {
            let other = told("203.0.113.114:3478");
            success(request, Some(SocketAddr::new([203, 0, 113, 114].into(), source.port())), other)
        });
    }
}
story! {
    /// The right address with another port each time: no NAT of the client's does that where others see one port.
    fn tells_another_port_each_time() {
        let net = Internet::with(&[ALPHA, BETA, ODD]).behind(nat::home_router());
        serve(ODD, |request, source| success(request, Some(SocketAddr::new(source.ip(), source.port() ^ u16::from(request[19]) ^ 0x100)), None));
        for servers in [["203.0.113.113", "198.51.100.1", "203.0.113.1"], ["198.51.100.1", "203.0.113.1", "203.0.113.113"]] {
            net.forget();
            let run = net.nat_probe(&format!("classify --json -4 --server {}", servers.join(" --server ")));
            let mapping = run.text("/families/ipv4/mapping/behavior");
            assert!(["endpoint-independent", "inconclusive"].contains(&mapping), "{run}");
            assert!(mapping != "inconclusive" || run.text("/families/ipv4/mapping/reason/text").contains("203.0.113.113"), "named\n{run}");
        }
    }
}
story! {
    /// An address of somebody else's on the internet.
    fn tells_a_stranger() {
        let net = Internet::with(&[ALPHA, BETA, ODD]).behind(nat::home_router());
        serve(ODD, |request, source| success(request, Some(SocketAddr::new([203, 0, 113, 200].into(), source.port())), None));
        let run = net.nat_probe("classify --json -4 --server 203.0.113.113 --server 198.51.100.1 --server 203.0.113.1");
        let mapping = run.text("/families/ipv4/mapping/behavior");
        assert!(["endpoint-independent", "inconclusive"].contains(&mapping), "{run}");
    }
}
story! {
    /// Something came, and not what was asked for.
    fn answers_with_another_transaction_id() {
        let net = beside_an_honest_one(|request, source| {
            let mut reply = success(request, Some(source), None)?;
            reply[12] ^= 0xff;
            Some(reply)
        });
        let run = net.nat_probe("classify --json -4 --server 203.0.113.113");
        assert!(run.stdout.contains("transaction"), "{run}");
        assert!(!run.stdout.contains("check that this host is online") && !run.stdout.contains("Check that this host is online"), "{run}");
    }
}
story! {
    /// jstun's: a request without CHANGE-REQUEST gets no answer.
    fn wants_change_request() {
        fn habit(request: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
            (request.get(20..22)? == [0, 3]).then(|| success(request, Some(source), None))?
        }
        let net = Internet::with(&[ALPHA, ODD]).behind(nat::home_router());
        serve(ODD, habit);
        let run = net.nat_probe("classify --json -4 --server 203.0.113.113 --server 198.51.100.1");
        run.expect_family("ipv4", HOME, &|| net.state());
        assert!(!run.stdout.contains("stopped answering"), "{run}");
        let run = net.nat_probe("discover --json -4 --server 203.0.113.113");
        run.expect("/families/ipv4/public_addresses", vec![nat::WAN]);
        run.expect_code(0);
    }
}

// ---- whom else it would have asked

story! {
    /// The other address that it names is in the network of the one who asks, or a service of somebody's: nothing goes there.
    fn names_an_address_inside() {
        let net = Internet::with(&[ALPHA, ODD]).behind(nat::home_router());
        serve(ODD, |request, source| success(request, Some(source), told("10.0.0.1:22")));
        watch("10.0.0.1");
        let run = net.nat_probe("classify --json -4 --server 203.0.113.113 --server 198.51.100.1");
        run.expect_family("ipv4", HOME, &|| net.state());
        assert_eq!(sent(), 0, "{run}");
    }
}
story! {
    fn names_a_service_of_somebody_else() {
        let net = Internet::with(&[ALPHA, ODD, BARE_TOO]).behind(nat::home_router());
        serve(ODD, |request, source| success(request, Some(source), told("203.0.113.65:123")));
        watch("203.0.113.65");
        let run = net.nat_probe("classify --json -4 --server 203.0.113.113 --server 198.51.100.1");
        run.expect_family("ipv4", HOME, &|| net.state());
        assert_eq!(sent(), 0, "{run}");
    }
}
story! {
    /// A third party on a port that may be named: few packets, and no more with `--thorough`.
    fn names_a_third_party() {
        let net = Internet::with(&[ALPHA, ODD, BARE_TOO]).behind(nat::home_router());
        serve(ODD, |request, source| success(request, Some(source), told("203.0.113.65:3479")));
        watch("203.0.113.65");
        net.nat_probe("classify --json -4 --server 203.0.113.113");
        let few = sent();
        assert!(few <= 10, "{few}");
    }
}
story! {
    /// A mapped address inside, for `--hairpin`: nothing is sent there.
    fn tells_an_address_inside_for_hairpin() {
        let net = Internet::with(&[ODD]).behind(nat::home_router());
        serve(ODD, |request, _| success(request, told("10.0.0.1:53"), None));
        watch("10.0.0.1");
        let run = net.nat_probe("classify --json -4 --hairpin --server 203.0.113.113");
        assert_eq!(sent(), 0, "{run}");
    }
}
story! {
    /// Whatever server is asked, another one answers: two flows of one port meet there, and that is no mapping by destination.
    fn every_server_is_the_providers_own() {
        let nat::Gateway { lan, rules } = nat::home_router();
        let redirect = "
table ip provider {
    chain elsewhere {
        type nat hook prerouting priority dstnat
        iifname lan udp dport 3478 dnat to 198.51.100.17
    }
}";
        let net = Internet::with(&[ALPHA, BETA, PLAIN]).behind(nat::Gateway { lan, rules: rules + redirect });
        let servers = "--server 198.51.100.1 --server 203.0.113.1";
        let run = net.nat_probe(&format!("classify --json -4 {servers}"));
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "inconclusive");
        run.expect("/families/ipv4/mapping/reason/code", "one-destination");
        net.forget();
        let page = net.nat_probe(&format!("discover --json -4 {servers}"));
        page.expect("/families/ipv4/mapping/reason/code", "one-destination");
    }
}
