//! `gateway` against miniupnpd on a Linux router: what it says, what it maps, and that nothing is left there.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use nat_probe::wire::pcp;

use crate::kit::netns::{self, within};
use crate::kit::{ALPHA, Internet, miniupnpd, nat};
use crate::story;

const EXTERNAL: &str = miniupnpd::EXTERNAL;

/// The firewall of a host, which lets in what it saw asked for.
const STATEFUL: &str = "
table inet firewall {
    chain input {
        type filter hook input priority filter
        ct state established,related accept
        iifname eth0 drop
    }
}";

fn socket(at: &str) -> UdpSocket {
    let socket = UdpSocket::bind(at).expect("a free port");
    socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    socket
}

/// Asks for the mapping of the port by PCP, or with the lifetime 0 for its end; what the router says.
fn map(port: u16, lifetime_s: u32) -> pcp::Response {
    let external: SocketAddr = ([0, 0, 0, 0], 0).into();
    let nonce = pcp::Nonce(Some([7; 12]));
    let mapping = pcp::Mapping { nonce, protocol: 17, internal_port: port, external };
    let request = pcp::Request::map([10, 0, 0, 2].into(), lifetime_s, mapping);
    within("client", || {
        let socket = socket("10.0.0.2:0");
        socket.send_to(&request.encode(), "10.0.0.1:5351").expect("a way");
        let mut answer = [0; 1100];
        let (length, _) = socket.recv_from(&mut answer).expect("an answer");
        pcp::Response::read(&answer[..length]).expect("a response")
    })
}

story! {
    /// Both protocols, the external address, a mapping made, kept and deleted; the router's own list is empty afterwards.
    fn miniupnpd_maps_a_port_and_forgets_it() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start(&format!("ext_ip={EXTERNAL}"));
        // The truth: a stranger's packet gets in through a mapping, and not without one.
        let client = within("client", || socket("10.0.0.2:40123"));
        // A new stranger each time: the router knows the old one's flow for a while, mapping or not.
        let knocks = || {
            let stranger = within("alpha", || socket("0.0.0.0:0"));
            stranger.send_to(b"knock", "192.0.2.10:40123").expect("a way");
            client.recv_from(&mut [0; 16]).is_ok()
        };
        assert!(!knocks(), "the router is open\n{}", net.state());
        assert_eq!(map(40123, 120).result, pcp::ResultCode::Success);
        assert!(knocks(), "the mapping opens nothing\n{}", net.state());
        assert_eq!(map(40123, 0).result, pcp::ResultCode::Success);
        assert!(!knocks() && miniupnpd::forwarded() == 0, "the mapping was not deleted\n{}", net.state());

        for arguments in ["", "40200", "40200/tcp"] {
            let run = net.nat_probe(&format!("gateway --json --map {arguments}"));
            run.expect_code(0);
            run.expect("/gateways/0/address", "10.0.0.1");
            run.expect("/gateways/0/local", "10.0.0.2");
            run.expect("/gateways/0/interface", "eth0");
            run.expect("/gateways/0/pcp/status", "answers");
            run.expect("/gateways/0/nat_pmp/status", "answers");
            run.expect("/gateways/0/external_address", EXTERNAL);
            run.expect("/gateways/0/verdict/code", "ok");
            run.expect("/mapping/code", "ok");
            run.expect("/mapping/deleted", true);
            assert!(run.text("/mapping/external").starts_with(EXTERNAL), "{run}");
            assert_eq!(miniupnpd::forwarded(), 0, "{run}\n{}", net.state());
        }
    }
}

story! {
    /// Interrupted while the mapping stands: it is deleted all the same.
    fn interrupted_at_any_time_nothing_is_left() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start(&format!("ext_ip={EXTERNAL}"));
        for ms in [0, 5, 10, 15, 20, 25, 30, 40, 60] {
            let running = net.start("gateway --json --map");
            running.interrupt_after(Duration::from_millis(ms));
            let run = running.finish();
            assert_eq!(miniupnpd::forwarded(), 0, "interrupted after {ms} ms\n{run}\n{}", net.state());
        }
    }
}

story! {
    /// Where its rules deny every port, miniupnpd tries them all one by one before it says so, longer than anybody waits: what is seen
    /// is that it answers everything but this.
    fn a_router_whose_rules_deny_everything_is_told() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start(&format!("ext_ip={EXTERNAL}\ndeny 0-65535 0.0.0.0/0 0-65535"));
        let run = net.nat_probe("gateway --json --map");
        run.expect_code(1);
        run.expect("/gateways/0/verdict/code", "ok");
        run.expect("/mapping/code", "no-answer");
        run.expect("/mapping/side", "gateway");
        assert_eq!(miniupnpd::forwarded(), 0, "{run}");
    }
}

story! {
    /// A router without such a server says itself that nothing listens.
    fn a_router_without_a_server_refuses() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        let run = net.nat_probe("gateway --json");
        run.expect_code(0);
        run.expect("/gateways/0/verdict/code", "not-listening");
        net.nat_probe("gateway --json --require port-control=pcp").expect_code(1);
    }
}

story! {
    /// Behind a carrier's NAT the router's address outside is none of the internet, and a mapping there opens nothing.
    fn a_second_nat_is_told() {
        let net = Internet::with(&[ALPHA]).behind_both(miniupnpd::router(), nat::home_router());
        miniupnpd::start("");
        let run = net.nat_probe("gateway --json --map");
        run.expect_code(1);
        run.expect("/gateways/0/verdict/code", "second-nat");
        run.expect("/gateways/0/external_address", "100.64.0.2");
        run.expect("/gateways/0/external_scope", "shared");
        run.expect("/mapping/code", "network-failure");
        // Without a mapping it does not tell its address, and what it says can mean two things.
        net.nat_probe("gateway --json").expect("/gateways/0/verdict/code", "no-external-address");
    }
}

story! {
    /// By UPnP alone: found, asked, a mapping made, seen, and deleted, with the truth of it beside.
    fn a_router_with_upnp_alone_maps_a_port_and_forgets_it() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start_upnp(&format!("ext_ip={EXTERNAL}"));
        for arguments in ["", "40200", "40200/tcp"] {
            let run = net.nat_probe(&format!("gateway --json --map {arguments}"));
            run.expect_code(0);
            run.expect("/gateways/0/pcp/status", "not-listening");
            run.expect("/gateways/0/upnp/status", "answers");
            run.expect("/gateways/0/external_address", EXTERNAL);
            run.expect("/gateways/0/verdict/code", "ok");
            run.expect("/mapping/code", "ok");
            run.expect("/mapping/kept", true);
            run.expect("/mapping/deleted", true);
            assert!(run.text("/mapping/external").starts_with(EXTERNAL), "{run}");
            assert_eq!(miniupnpd::forwarded(), 0, "{run}\n{}", net.state());
        }
        net.nat_probe("gateway --require port-control=upnp").expect_code(0);
        for ms in [0, 10, 20, 30, 40, 50, 60, 80, 100] {
            let running = net.start("gateway --json --map");
            running.interrupt_after(Duration::from_millis(ms));
            let run = running.finish();
            assert_eq!(miniupnpd::forwarded(), 0, "interrupted after {ms} ms\n{run}\n{}", net.state());
        }
    }
}

story! {
    /// A firewall on the host that lets in what was asked for drops what answers a group: whoever is asked alone is heard.
    fn a_host_firewall_does_not_hide_upnp() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start_upnp(&format!("ext_ip={EXTERNAL}"));
        netns::rules("client", STATEFUL);
        net.nat_probe("gateway --json").expect("/gateways/0/upnp/status", "answers");
    }
}

story! {
    /// What its rules deny is told as its rule, and all that it speaks stands on the page.
    fn a_rule_of_upnp_is_told() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start_upnp(&format!("ext_ip={EXTERNAL}\ndeny 0-65535 0.0.0.0/0 0-65535"));
        let run = net.nat_probe("gateway --json --map");
        run.expect_code(1);
        run.expect("/gateways/0/verdict/code", "ok");
        run.expect("/mapping/side", "gateway");
        run.expect("/mapping/code", "not-authorized");
        assert_eq!(miniupnpd::forwarded(), 0, "{run}");
    }
}

story! {
    /// Behind a carrier's NAT, by UPnP alone: it does not tell its address, as it does not tell it by NAT-PMP.
    fn a_second_nat_hides_the_address_of_upnp() {
        let net = Internet::with(&[ALPHA]).behind_both(miniupnpd::router(), nat::home_router());
        miniupnpd::start_upnp("");
        let run = net.nat_probe("gateway --json --map");
        run.expect_code(1);
        run.expect("/gateways/0/verdict/code", "no-external-address");
        run.expect("/mapping/code", "network-failure");
    }
}

story! {
    /// Asked by the best protocol that it speaks, and all are named.
    fn a_router_that_speaks_all_is_asked_by_the_best() {
        let net = Internet::with(&[ALPHA]).behind(miniupnpd::router());
        miniupnpd::start_all(&format!("ext_ip={EXTERNAL}"));
        let run = net.nat_probe("gateway --json --map");
        run.expect_code(0);
        for protocol in ["pcp", "nat_pmp", "upnp"] {
            run.expect(&format!("/gateways/0/{protocol}/status"), "answers");
        }
        run.expect("/mapping/code", "ok");
        assert!(!run.to_string().contains("AddPortMapping"), "{run}");
    }
}
