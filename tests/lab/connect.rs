//! `peer connect` behind real NATs: predicted first, then tried.
#![allow(clippy::disallowed_methods, reason = "the lab is made of real time")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nat_probe::evidence::Behavior::{AddressAndPortDependent as Apd, EndpointIndependent as Ei};
use nat_probe::predict::{Answer, TurnServer, predict};
use nat_probe::report::sides;
use nat_probe::wire::Transport;
use serde_json::Value;

use super::filters::{EXTERNAL_SOURCE, HAIRPIN};
use crate::kit::coturn::{Coturn, PASSWORD, TURN, USER, USERS};
use crate::kit::nat::{self, Gateway};
use crate::kit::netns::within;
use crate::kit::pair::{HERE, Place, THERE};
use crate::kit::probe::binary;
use crate::kit::{ALPHA, BETA, Internet, certs};
use crate::story;

/// How the two are expected to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Direct,
    OnLan,
    Relay,
    Not,
}

/// nat-probe at a place, with the lab's usual servers.
fn nat_probe(place: &Place, family: &str, command: &str) -> Command {
    let mut probe = Command::new(binary());
    probe.args(command.split_whitespace()).arg("--json");
    for host in [ALPHA, BETA] {
        let server = if family == "-6" { host.endpoint_v6() } else { host.endpoint() };
        probe.args(["--server", &server.to_string()]);
    }
    probe.env("HOME", format!("/run/{}", place.client)).env_remove("NAT_PROBE_SERVERS").stdin(Stdio::null());
    probe
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Both sides connect, with nothing but two tokens passed between them; what each has to say.
fn connect(family: &str, relay: bool) -> [Value; 2] {
    let common = |place: &Place, tokens: &str| {
        let mut probe = nat_probe(place, family, &format!("peer connect {family} --timeout 60s {tokens}"));
        if relay {
            fs::write("/run/password", PASSWORD).expect("a file");
            let at = TURN.at();
            probe.args(["--turn", &format!("turn:{at}"), "--turn", &format!("turns:{at}"), "-u", USER]);
            probe.args(["--password-file", "/run/password", "--ca", certs::AUTHORITY]);
        }
        probe
    };
    let mut here = common(&HERE, "--token-out /run/here --token-in /run/there");
    here.stdout(Stdio::piped()).stderr(Stdio::piped());
    let here = within(HERE.client, || here.spawn()).expect("nat-probe");
    let patience = Instant::now() + Duration::from_secs(20);
    while !Path::new("/run/here").exists() {
        assert!(Instant::now() < patience, "no token");
        thread::sleep(Duration::from_millis(20));
    }
    let token = fs::read_to_string("/run/here").expect("a token");
    let mut there = common(&THERE, "--token-out /run/there");
    there.arg(token.trim());
    let there = within(THERE.client, || there.output()).expect("nat-probe");
    let here = here.wait_with_output().expect("nat-probe");
    [document(&here), document(&there)]
}

/// What is predicted from what `classify` says of both.
fn predicted(family: &str, relay: bool) -> Answer {
    let sides = [&HERE, &THERE].map(|place| {
        let mut probe = nat_probe(place, family, "classify --hairpin");
        let output = within(place.client, || probe.output()).expect("nat-probe");
        let mut side = sides::read(place.client, &output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        // As all private networks of the lab have it; of two hosts behind one NAT it tells whether they are in one of them.
        let hosts = side.ipv4.iter_mut().flat_map(|found| found.hosts.iter_mut().flatten());
        hosts.for_each(|host| host.prefix = Some(24));
        side
    });
    let over = |transport| TurnServer { uri: format!("turns:{}", TURN.at()), transport };
    let servers = [over(Transport::Udp), over(Transport::Tls)];
    predict(&sides[0], &sides[1], Some(if relay { &servers } else { &[] })).prediction
}

/// Both sides do what is expected of them and was predicted; what each has to say.
fn expect(family: &str, relay: bool, expected: How) -> [Value; 2] {
    let prediction = predicted(family, relay);
    let [here, there] = connect(family, relay);
    let shown = format!("{here:#}\n{there:#}");
    assert_eq!(here["connected"], there["connected"], "{shown}");
    let local = |side: &Value| side["selected"]["local"]["type"].as_str().map(str::to_owned);
    let remote = here["selected"]["remote"]["address"].as_str().unwrap_or_default();
    let how = match (local(&here), local(&there)) {
        (Some(ours), Some(theirs)) if ours == "relay" || theirs == "relay" => How::Relay,
        (Some(_), Some(_)) if remote.starts_with("10.0.0.") => How::OnLan,
        (Some(_), Some(_)) => How::Direct,
        _ => How::Not,
    };
    assert_eq!(how, expected, "{shown}");
    assert_eq!(here["connected"], how != How::Not, "{shown}");
    let agrees = match how {
        How::Direct => matches!(prediction, Answer::Direct | Answer::DirectAfterHairpin | Answer::Possible),
        How::OnLan => prediction == Answer::DirectOnLan,
        How::Relay => matches!(prediction, Answer::Relay | Answer::Possible),
        How::Not => matches!(prediction, Answer::Impossible | Answer::Possible),
    };
    assert!(agrees, "{how:?}, predicted {prediction:?}");
    [here, there]
}

/// What each side says that it is.
fn causes(sides: &[Value; 2]) -> [&str; 2] {
    [0, 1].map(|side| sides[side]["cause"].as_str().unwrap_or_default())
}

/// Two homes with these gateways, the servers, and a TURN server where one is wanted.
fn two(here: &Gateway, there: &Gateway, relay: bool, expected: How) -> [Value; 2] {
    let internet = Internet::with(if relay { &[ALPHA, BETA, TURN][..] } else { &[ALPHA, BETA] });
    internet.between_two();
    HERE.set(here);
    THERE.set(there);
    let coturn = relay.then(start_turn);
    let said = expect("-4", relay, expected);
    if let Some(coturn) = coturn {
        coturn.assert_no_allocation_left();
    }
    said
}

fn start_turn() -> Coturn {
    certs::make(&["198.51.100.33"], certs::Chain::Whole);
    Coturn::start(TURN, &format!("{USERS} {}", certs::ARGUMENTS))
}

story! {
    fn home_and_home() { two(&nat::home_router(), &nat::home_router(), false, How::Direct); }
}
story! {
    /// Neither knows the port of the symmetric one in time, and the home router lets nobody in unasked.
    fn home_and_symmetric() { two(&nat::home_router(), &nat::fully_random(), false, How::Not); }
}
story! {
    fn home_and_symmetric_by_relay() { two(&nat::home_router(), &nat::fully_random(), true, How::Relay); }
}
story! {
    /// The full cone lets the unknown port in: a peer-reflexive candidate.
    fn full_cone_and_symmetric() { two(&nat::nat(Ei, Ei), &nat::fully_random(), false, How::Direct); }
}
story! {
    fn symmetric_and_symmetric() { two(&nat::nat(Apd, Apd), &nat::fully_random(), false, How::Not); }
}
story! {
    /// The NAT of the one would not let them connect; that the other's UDP is blocked is why they do not.
    fn symmetric_and_without_udp() {
        let said = two(&nat::fully_random(), &nat::udp_dropped(), false, How::Not);
        assert_eq!(causes(&said), ["peer-not-reflexive", "not-reflexive"]);
    }
}
story! {
    fn symmetric_and_symmetric_by_relay() { two(&nat::nat(Apd, Apd), &nat::fully_random(), true, How::Relay); }
}
story! {
    /// One side has nothing but TLS to the TURN server.
    fn without_udp_by_relay_over_tls() { two(&nat::home_router(), &nat::udp_dropped(), true, How::Relay); }
}
story! {
    fn neighbors() {
        let internet = Internet::with(&[ALPHA, BETA]);
        internet.between_neighbors(&nat::home_router());
        expect("-4", false, How::OnLan);
    }
}
story! {
    fn neighbors_whose_router_turns_packets_back() {
        let internet = Internet::with(&[ALPHA, BETA]);
        let Gateway { lan, rules } = nat::home_router();
        internet.between_neighbors(&Gateway { lan, rules: rules + HAIRPIN + EXTERNAL_SOURCE });
        expect("-4", false, How::OnLan);
    }
}
story! {
    /// On networks that their router keeps apart, nothing but its outside address leads to the other one.
    fn guests_whose_router_turns_packets_back() {
        let internet = Internet::with(&[ALPHA, BETA]);
        let Gateway { lan, rules } = nat::home_router();
        internet.between_guests(&Gateway { lan, rules: rules + HAIRPIN + EXTERNAL_SOURCE });
        expect("-4", false, How::Direct);
    }
}
story! {
    fn guests_whose_router_does_not() {
        let internet = Internet::with(&[ALPHA, BETA]);
        internet.between_guests(&nat::home_router());
        assert_eq!(causes(&expect("-4", false, How::Not)), ["common-nat"; 2]);
    }
}
story! {
    /// No translation, and each firewall opens as its own side sends.
    fn firewalls_of_ipv6() {
        let internet = Internet::with(&[ALPHA, BETA]);
        internet.between_two();
        for place in [&HERE, &THERE] {
            place.set(&nat::home_router_with_ipv6());
            place.with_ipv6();
        }
        expect("-6", false, How::Direct);
    }
}
