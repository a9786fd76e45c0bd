//! What is not there, and what only seems so: "blocked", "unreachable" and "nobody listens" each have a control that tells the path from
//! the server, the port from the host.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::kit::coturn::{Coturn, NO_TLS, PASSWORD, TURN, USER, USERS};
use crate::kit::names::{self, Record};
use crate::kit::netns::{self, within};
use crate::kit::probe::{Run, Verdict};
use crate::kit::servers::{BARE, BARE_TOO, Host, Service};
use crate::kit::turn_client::{SILENCE, allocate};
use crate::kit::turn_run::ALICE;
use crate::kit::{ALPHA, BETA, Internet, cage, certs, front, nat, other_turn, prober};
use crate::story;

/// A TURN server with two addresses.
const TWO: Host = Host {
    name: "turn",
    v4: &["198.51.100.33", "198.51.100.34"],
    v6: &["2001:db8:7::1", "2001:db8:7::2"],
    service: Service::Nothing,
};
/// A STUN server on another port.
const ELSEWHERE: Host = Host { name: "elsewhere", v4: &["203.0.113.49"], v6: &[], service: Service::Nothing };

fn diagnosis(run: &Run, index: usize) -> String {
    let result = run.result(index);
    format!("{} {} {}", result["diagnosis"]["code"], result["diagnosis"]["text"], result["diagnosis"]["fix"])
}

/// Whatever stands in a run, it is not this.
pub(crate) fn never_says(run: &Run, words: &[&str]) {
    for word in words {
        assert!(!run.stdout.contains(word), "it says {word:?}\n{run}");
    }
}

// ---- answers from elsewhere

/// The cause is the other address, both are named, and the ladder ends there.
fn answers_come_from(run: &Run, index: usize, asked: &str, elsewhere: &str) {
    run.expect(&format!("/results/{index}/verdict"), "failed");
    let said = diagnosis(run, index);
    assert!(said.contains(asked) && said.contains(elsewhere), "both addresses are named: {said}\n{run}");
    assert!(!said.contains("relay-range-closed"), "{run}");
    run.expect_released(index);
}

story! {
    /// A TURN server with two addresses answers from the one that was not asked; nothing filters between it and the client.
    fn answers_from_elsewhere() {
        let net = Internet::with(&[ALPHA, TWO]).behind(nat::router());
        let coturn = Coturn::start(Host { v4: &["198.51.100.33"], v6: &["2001:db8:7::1"], ..TWO }, &format!("{USERS} {NO_TLS}"));
        front::answers_from(TWO, "198.51.100.33", "198.51.100.34");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        answers_come_from(&run, 0, "198.51.100.33", "198.51.100.34");
        // TCP keeps to the address that was asked
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33?transport=tcp"));
        run.expect("/results/0/verdict", "ok");
        coturn.assert_no_allocation_left();
    }
}
story! {
    fn answers_from_elsewhere_over_ipv6() {
        let net = Internet::with(&[ALPHA, TWO]).behind(nat::router());
        Coturn::start(Host { v4: &["198.51.100.33"], v6: &["2001:db8:7::1"], ..TWO }, &format!("{USERS} {NO_TLS}"));
        front::answers_from(TWO, "2001:db8:7::1", "2001:db8:7::2");
        let run = net.turn(&format!("{ALICE} -6 --server [2001:db8:5::1] turn:[2001:db8:7::1]"));
        answers_come_from(&run, 0, "2001:db8:7::1", "2001:db8:7::2");
    }
}
story! {
    /// No trick of a packet filter's: pion bound to 0.0.0.0 on a host whose routes prefer its other address.
    fn bound_to_no_address() {
        let net = Internet::with(&[ALPHA, TWO]).behind(nat::router());
        netns::tool("ip", "-n turn route replace default via 172.31.1.1 src 198.51.100.34");
        other_turn::pion_everywhere(Host { v4: &["198.51.100.33"], ..TWO }, "198.51.100.33");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        answers_come_from(&run, 0, "198.51.100.33", "198.51.100.34");
        never_says(&run, &["external-ip", "relay-address-mismatch"]);
    }
}
story! {
    /// Behind a NAT that lets everybody in the answers arrive too; behind one that does not, there is silence.
    fn answers_from_elsewhere_behind_a_nat() {
        use nat_probe::evidence::Behavior::EndpointIndependent as Ei;
        let net = Internet::with(&[ALPHA, TWO]).behind(nat::nat(Ei, Ei));
        Coturn::start(Host { v4: &["198.51.100.33"], v6: &[], ..TWO }, &format!("{USERS} {NO_TLS}"));
        front::answers_from(TWO, "198.51.100.33", "198.51.100.34");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        answers_come_from(&run, 0, "198.51.100.33", "198.51.100.34");
    }
}
story! {
    /// A STUN server of that kind among others, for `classify`: it is named, the rest decides.
    fn stun_answers_from_elsewhere() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::router());
        front::answers_from(ALPHA, "198.51.100.1", "198.51.100.2");
        let open = Verdict { connectivity: "open", mapping: "none", filtering: "endpoint-independent" };
        for servers in ["--server 198.51.100.1 --server 203.0.113.1", "--server 203.0.113.1 --server 198.51.100.1"] {
            let run = net.nat_probe(&format!("classify --json -4 {servers}"));
            run.expect_family("ipv4", open, &|| net.state());
            run.expect_code(0);
        }
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1");
        let seen = run.text("/families/ipv4/connectivity");
        assert!(["inconclusive", "direct", "open"].contains(&seen), "{run}");
        assert!(run.stdout.contains("198.51.100.2:3478"), "{run}");
    }
}

// ---- one port, one server, one kind of packet

/// How it would be said that UDP does not pass.
const BLOCKED: &[&str] =
    &["udp-blocked", "UDP is blocked", "UDP seems blocked", "UDP does not get out", "nothing connects directly"];

/// What a censor drops on its way out.
pub(crate) fn dropping(rule: &str) -> nat::Gateway {
    let nat::Gateway { lan, rules } = nat::home_router();
    let censor = format!(
        "\ntable ip censor {{\n    chain forward {{\n        type filter hook forward priority filter\n        {rule}\n    }}\n}}"
    );
    nat::Gateway { lan, rules: rules + &censor }
}

story! {
    /// UDP to STUN's port is dropped, to others not.
    fn stun_port_blocked() {
        let net = Internet::with(&[ALPHA, BETA, ELSEWHERE]).behind(dropping("udp dport 3478 drop"));
        ELSEWHERE.start_on_port(19302);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1 --server 203.0.113.49:19302");
        run.expect("/families/ipv4/connectivity", "nat");
        assert!(run.stdout.contains("port 3478"), "the port is named\n{run}");
        never_says(&run, BLOCKED);
        run.expect_code(0);
    }
}
story! {
    /// The same for `turn`: the third party answers on another port.
    fn turn_port_blocked() {
        let net = Internet::with(&[TURN, ELSEWHERE]).behind(dropping("udp dport 3478 drop"));
        ELSEWHERE.start_on_port(19302);
        Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        std::fs::write("/run/password", PASSWORD).unwrap();
        let run = net.nat_probe(&format!("turn --json --count 0 -4 {ALICE} --server 203.0.113.49:19302 turn:198.51.100.33"));
        run.expect("/results/0/verdict", "failed");
        assert!(diagnosis(&run, 0).contains("port 3478"), "{run}");
        never_says(&run, BLOCKED);
    }
}
story! {
    /// Nothing but STUN's port is known of the servers, and it is dropped: a name server outside shows that UDP passes.
    fn stun_port_blocked_and_nobody_on_another() {
        let net = Internet::with(&[ALPHA, BETA, BARE]).behind(dropping("udp dport 3478 drop"));
        names::serve(BARE, &[("stun.example.net", Record::Address("198.51.100.1"))]);
        let run = net.nat_probe("classify --json -4 --server stun.example.net --server 203.0.113.1");
        assert_ne!(run.text("/families/ipv4/connectivity"), "udp-blocked", "{run}");
        never_says(&run, BLOCKED);
    }
}
story! {
    /// A firewall that knows STUN by its cookie.
    fn only_the_cookie_is_blocked() {
        let net = Internet::with(&[ALPHA, BETA, BARE]).behind(dropping("meta l4proto udp @th,96,32 0x2112a442 drop"));
        names::serve(BARE, &[("stun.example.net", Record::Address("198.51.100.1"))]);
        assert_eq!(within("client", || prober::mapped(ALPHA.endpoint())), None);
        let run = net.nat_probe("classify --json -4 --server stun.example.net --server 203.0.113.1");
        assert_ne!(run.text("/families/ipv4/connectivity"), "udp-blocked", "{run}");
        never_says(&run, BLOCKED);
    }
}
story! {
    /// Names are let through and nothing else: that the name server answers makes no other port pass.
    fn only_names_pass() {
        let net = Internet::with(&[ALPHA, BETA, ELSEWHERE, BARE]).behind(dropping("udp dport != 53 drop"));
        names::serve(BARE, &[("stun.example.net", Record::Address("198.51.100.1"))]);
        ELSEWHERE.start_on_port(19302);
        let run = net.nat_probe("classify --json -4 --server stun.example.net --server 203.0.113.1 --server 203.0.113.49:19302");
        let seen = run.text("/families/ipv4/connectivity");
        assert!(["udp-blocked", "inconclusive"].contains(&seen), "{run}");
        never_says(&run, &["port 3478 is blocked", "19302 passes"]);
    }
}
story! {
    /// The port is closed for IPv6 alone.
    fn stun_port_blocked_over_ipv6() {
        let net = Internet::with(&[ALPHA, BETA]).behind(nat::Gateway { rules: dropping("udp dport 9 drop").rules + "\ntable ip6 censor {\n chain forward {\n type filter hook forward priority filter\n udp dport 3478 drop\n }\n}", ..nat::home_router() });
        let run = net.nat_probe("classify --json --server 198.51.100.1 --server [2001:db8:5::1] --server [2001:db8:6::1]");
        run.expect("/families/ipv4/connectivity", "nat");
        // TCP over IPv6 works; whether it is the port or all of UDP nobody can tell
        let seen = run.text("/families/ipv6/connectivity");
        assert!(["udp-blocked", "inconclusive"].contains(&seen), "{run}");
    }
}
story! {
    /// Two servers whose own firewalls lack the port, while TCP to both works.
    fn two_servers_closed_for_udp() {
        let net = Internet::with(&[ALPHA, BETA, BARE]).behind(nat::home_router());
        names::serve(BARE, &[("stun.example.net", Record::Address("198.51.100.1"))]);
        for host in [ALPHA, BETA] {
            front::refuses(host, "udp dport 3478 drop");
        }
        let run = net.nat_probe("classify --json -4 --server stun.example.net --server 203.0.113.1");
        assert_ne!(run.text("/families/ipv4/connectivity"), "udp-blocked", "{run}");
        never_says(&run, BLOCKED);
    }
}
story! {
    /// One TURN server's own firewall lacks UDP, while the third party answers over UDP: the path lets it through.
    fn turn_server_closed_for_udp() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        front::refuses(TURN, "udp dport 3478 drop");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33 turn:198.51.100.33?transport=tcp"));
        run.expect("/results/0/verdict", "failed");
        run.expect_diagnosis(1, "ok", "ok");
        never_says(&run, BLOCKED);
        coturn.assert_no_allocation_left();
    }
}
story! {
    /// A server that challenges over UDP and leaves whatever is signed unanswered.
    fn signed_requests_are_lost() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        // by their size
        front::refuses(TURN, "udp dport 3478 @th,64,16 0x0003 udp length > 90 drop");
        assert_eq!(allocate(TURN.endpoint(), Some((USER, PASSWORD)), &[]).err(), Some(SILENCE));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33 turn:198.51.100.33?transport=tcp"));
        run.expect("/results/0/verdict", "failed");
        assert_eq!(run.step(0, "challenge"), "ok", "{run}");
        run.expect_diagnosis(1, "ok", "ok");
        never_says(&run, BLOCKED);
    }
}
story! {
    /// A server that ignores Binding and is a good TURN server.
    fn binding_ignored() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        let coturn = Coturn::start(TURN, &format!("{USERS} {NO_TLS}"));
        front::refuses(TURN, "udp dport 3478 @th,64,16 0x0001 drop");
        let run = net.turn(&format!("{ALICE} -4 --count 20 turn:198.51.100.33"));
        assert_eq!(run.views(0)[0], "works", "{run}");
        assert_ne!(run.text("/results/0/verdict"), "failed", "{run}");
        never_says(&run, &["100 % lost"]);
        coturn.assert_no_allocation_left();
    }
}

// ---- ICMP

/// A router far away has no way to the server: that is known, of a family that works, and is no fault of this host.
fn unreachable_far_away(matching: &str, answer: &str, flag: &str, classify: &str, turn: &str) {
    let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router_with_ipv6());
    front::rejected_far_away(matching, answer);
    let run = net.turn(&format!("{ALICE} {flag} {turn}"));
    run.expect("/results/0/verdict", "failed");
    never_says(&run, &["family-unavailable", "this host has no way"]);
    run.expect_code(1);

    let run = net.nat_probe(&format!("classify --json {flag} --server {classify}"));
    let family = if flag == "-4" { "ipv4" } else { "ipv6" };
    assert_ne!(run.text(&format!("/families/{family}/connectivity")), "unavailable", "{run}");
    never_says(&run, &["this host has no way"]);
}

story! {
    fn network_unreachable_says_a_distant_router() {
        unreachable_far_away("ip daddr 198.51.100.33", "icmp type net-unreachable", "-4", "198.51.100.33", "turn:198.51.100.33");
    }
}
story! {
    fn host_unreachable_says_a_distant_router() {
        unreachable_far_away("ip daddr 198.51.100.33", "icmp type host-unreachable", "-4", "198.51.100.33", "turn:198.51.100.33");
    }
}
story! {
    fn prohibited_says_a_distant_router() {
        unreachable_far_away("ip daddr 198.51.100.33", "icmp type net-prohibited", "-4", "198.51.100.33", "turn:198.51.100.33");
    }
}
story! {
    fn network_unreachable_for_tcp_says_a_distant_router() {
        unreachable_far_away("ip daddr 198.51.100.33", "icmp type net-unreachable", "-4", "198.51.100.33", "turn:198.51.100.33?transport=tcp");
    }
}
story! {
    fn no_route_says_a_distant_router_over_ipv6() {
        unreachable_far_away("ip6 daddr 2001:db8:7::1", "icmpv6 type no-route", "-6", "[2001:db8:7::1]", "turn:[2001:db8:7::1]");
    }
}
story! {
    fn address_unreachable_says_a_distant_router_over_ipv6() {
        unreachable_far_away("ip6 daddr 2001:db8:7::1", "icmpv6 type addr-unreachable", "-6", "[2001:db8:7::1]", "turn:[2001:db8:7::1]?transport=tcp");
    }
}
story! {
    /// The home router itself has no way out, and says so: this host has one, as far as the router.
    fn network_unreachable_says_the_home_router() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        netns::tool("ip", "-n gateway route del default");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33"));
        assert_ne!(run.text("/results/0/verdict"), "ok", "{run}");
        assert!(run.stdout.contains("10.0.0.1"), "by whom\n{run}");
        never_says(&run, &["this host has no way"]);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
        assert!(run.stdout.contains("10.0.0.1"), "by whom\n{run}");
        never_says(&run, &["this host has no way"]);
        run.expect_code(3);
    }
}
story! {
    /// Two routers that send packets to each other until they expire.
    fn routing_loop() {
        let net = Internet::with(&[ALPHA]).behind(nat::home_router());
        netns::tool("ip", "-n internet route add 198.51.100.99 via 192.0.2.10");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.99"));
        run.expect("/results/0/verdict", "failed");
        never_says(&run, &["family-unavailable", "this host has no way", "UDP is blocked"]);
        run.expect_code(1);
        let run = net.nat_probe("classify --json -4 --server 198.51.100.99 --server 198.51.100.1");
        run.expect("/families/ipv4/connectivity", "nat");
    }
}
story! {
    /// Beside a server that is reached, such a word about another one changes nothing.
    fn one_unreachable_server_beside_a_good_one() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        front::rejected_far_away("ip daddr 198.51.100.33", "icmp type net-unreachable");
        let run = net.nat_probe("classify --json -4 --server 198.51.100.33 --server 198.51.100.1");
        run.expect("/families/ipv4/connectivity", "nat");
        run.expect("/families/ipv4/mapping/behavior", "endpoint-independent");
        run.expect_code(0);
    }
}
story! {
    /// The port is closed and the word about it gets lost; TCP to the same port is refused, so the host is up.
    fn closed_port_without_icmp() {
        let net = Internet::with(&[ALPHA, BARE]).behind(nat::home_router());
        front::keeps(BARE, "icmp type destination-unreachable drop");
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65"));
        run.expect("/results/0/verdict", "failed");
        assert!(diagnosis(&run, 0).contains("refused"), "{run}");
        never_says(&run, &["check that this host is online"]);
    }
}

// ---- names

story! {
    /// A filter of names: what it dislikes is at 0.0.0.0 and ::, which is this host itself.
    fn names_that_lead_nowhere() {
        let net = Internet::with(&[ALPHA, BARE]).behind(nat::home_router_with_ipv6());
        names::filter(BARE, &[
            ("example.net", "0.0.0.0"),
            ("example.net", "::"),
            ("only6.example.org", "::"),
            ("stun.example.com", "198.51.100.1"),
        ]);
        // whatever is sent to this host itself is seen
        let here = within("client", || UdpSocket::bind("[::]:3478")).expect("a port");
        here.set_nonblocking(true).unwrap();
        for uri in ["turn:turn.example.net", "turn:only6.example.org", "turn:turn.example.net?transport=tcp"] {
            let run = net.turn(&format!("{ALICE} {uri}"));
            run.expect("/results/0/verdict", "failed");
            let said = diagnosis(&run, 0);
            assert!(said.contains("0.0.0.0") || said.contains("::"), "{said}\n{run}");
            never_says(&run, &["check that this host is online"]);
            run.expect_code(1);
        }
        let run = net.nat_probe("classify --json -4 --server stun.example.net --server stun.example.com");
        run.expect("/families/ipv4/connectivity", "nat");
        assert!(run.stdout.contains("0.0.0.0"), "{run}");
        assert!(here.recv(&mut [0; 100]).is_err(), "something was sent to this host itself");
    }
}

// ---- no STUN

story! {
    /// A web server that waits for a line of text, or for the end of a request's head, and answers a TLS hello in plain text.
    fn web_server_that_waits() {
        let net = Internet::with(&[ALPHA, BARE]).behind(nat::home_router());
        for (port, end) in [(80, "\n"), (8080, "\r\n\r\n"), (443, "\r\n\r\n")] {
            let web = within("bare", || TcpListener::bind((BARE.at(), port))).expect("a port in the cage");
            thread::spawn(move || {
                for mut visitor in web.incoming().flatten() {
                    thread::spawn(move || {
                        let _ = visitor.set_read_timeout(Some(Duration::from_secs(30)));
                        let mut said = Vec::new();
                        let mut packet = [0; 512];
                        // a text, or what cannot be the beginning of one
                        while !said.windows(end.len()).any(|part| part == end.as_bytes()) && said.first() != Some(&0x16) {
                            match visitor.read(&mut packet) {
                                Ok(length @ 1..) => said.extend_from_slice(&packet[..length]),
                                _ => return,
                            }
                        }
                        let _ = visitor.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    });
                }
            });
        }
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.65:80?transport=tcp turn:198.51.100.65:8080?transport=tcp turns:198.51.100.65:443"));
        for index in 0..3 {
            run.expect_diagnosis(index, "not-stun", "failed");
        }
        assert!(run.took < Duration::from_secs(8), "{run}");
    }
}
story! {
    /// coturn wants a PROXY header on this port, and closes connections without one.
    fn proxy_header_missing() {
        let net = Internet::with(&[ALPHA, TURN]).behind(nat::home_router());
        Coturn::start(TURN, &format!("{USERS} {NO_TLS} --tcp-proxy-port=3490"));
        let run = net.turn(&format!("{ALICE} -4 turn:198.51.100.33:3490?transport=tcp"));
        run.expect("/results/0/verdict", "failed");
        assert!(diagnosis(&run, 0).contains("PROXY"), "a possibility\n{run}");
    }
}
story! {
    /// A TLS proxy whose backend says nothing.
    fn tls_with_a_silent_backend() {
        use crate::kit::tls_server::{self, Manners};
        let net = Internet::with(&[ALPHA, BARE_TOO]).behind(nat::home_router());
        certs::make(&["203.0.113.65"], certs::Chain::Whole);
        tls_server::serve(BARE_TOO, 5349, Manners::Alert);
        let run = net.turn(&format!("{ALICE} -4 --ca {} turns:203.0.113.65", certs::AUTHORITY));
        run.expect("/results/0/verdict", "failed");
        assert!(diagnosis(&run, 0).contains("TLS"), "{run}");
    }
}

// ---- a path that wakes up

/// The first packet takes two seconds, and so does whatever is sent meanwhile; then all is quick.
fn after_two_seconds(gateway: nat::Gateway, connectivity: &str, filtering: &str) {
    let net = match Internet::with(&[ALPHA, BETA]).asleep(Duration::from_secs(2)) {
        Ok(internet) => internet.behind(gateway),
        Err(why) => return cage::skip(&why),
    };
    let run = net.nat_probe("classify --json -4 --server 198.51.100.1 --server 203.0.113.1");
    run.expect("/families/ipv4/connectivity", connectivity);
    run.expect("/families/ipv4/filtering/behavior", filtering);
    run.expect_code(0);
    // a second after the first answer; generous, for a busy machine
    assert!(run.took < Duration::from_secs(4), "{run}");
}

story! {
    fn first_packet_is_slow_behind_a_home_router() { after_two_seconds(nat::home_router(), "nat", "address-and-port-dependent"); }
}
story! {
    fn first_packet_is_slow_on_an_open_host() { after_two_seconds(nat::router(), "open", "endpoint-independent"); }
}
story! {
    fn first_packet_is_slow_behind_a_symmetric_nat() { after_two_seconds(nat::fully_random(), "nat", "address-and-port-dependent"); }
}
