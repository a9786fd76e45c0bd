//! `ice gather` in the simulator: each NAT, several interfaces, servers that fail; and what is handed over.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nat_probe::engine::{Engine, Machine, Network, Settings};
use nat_probe::evidence::{Behavior, Evidence, Interface, InterfaceAddress, InterfaceKind, Key};
use nat_probe::measure::ice_gather::{GatherCode, GatherOptions, GatherProbe, Gathered, GatheredCandidate, judge};
use nat_probe::measure::turn::{DiagnosisCode, Entry, Login, TurnOptions};
use nat_probe::net::drive;
use nat_probe::sim::{Fault, LinkConfig, NatConfig, PortRule, SIM_UNIX_START_S, Scenario, SimNetwork};
use nat_probe::wire::{
    Candidate, CandidateKind, Credential, EntryKind, Family, Secret, ServerSpec, Transport, candidate,
};

use super::witnesses::behind_nat64;

/// A host, its network, and whom it asks.
struct Bench {
    scenario: Scenario,
    stun: usize,
    turn: Vec<&'static str>,
    password: &'static str,
    tcp: bool,
    hand_over: bool,
    deadline: Duration,
    seed: u64,
}

/// How a run ended.
struct Ran {
    found: Gathered,
    seen: Evidence,
    options: GatherOptions,
    left: usize,
}

impl Bench {
    fn new(scenario: Scenario) -> Self {
        let deadline = Duration::from_secs(60);
        Self { scenario, stun: 2, turn: Vec::new(), password: "demo", tcp: false, hand_over: false, deadline, seed: 7 }
    }

    fn preset(name: &str) -> Self {
        Self::new(Scenario::preset(name).unwrap())
    }

    fn behind(nat: NatConfig) -> Self {
        Self::new(Scenario { nats: vec![nat], ..Scenario::default() })
    }

    fn turn(mut self, uris: &[&'static str]) -> Self {
        self.turn = uris.to_vec();
        self
    }

    /// The engine, ready to run on that network.
    fn engine(&self, network: &SimNetwork) -> (Engine, GatherOptions) {
        let (mut servers, mut entries) = (Vec::new(), Vec::new());
        let mut add = |kind, mut spec: ServerSpec, transport| {
            spec.transports = Some(vec![transport]);
            let login = (kind == EntryKind::Turn).then(|| Login { username: "demo".into(), ..Login::default() });
            let uri = spec.text.clone();
            entries.push(Entry {
                uri,
                kind,
                server: Some(servers.len()),
                transports: vec![transport],
                login,
                ..Entry::default()
            });
            servers.push(spec);
        };
        for uri in &self.turn {
            let (spec, meant) = ServerSpec::parse_turn(uri).unwrap();
            let usual = if spec.secure { Transport::Tls } else { Transport::Udp };
            add(EntryKind::Turn, spec, meant.unwrap_or(usual));
        }
        for name in self.scenario.server_names().iter().take(self.stun) {
            add(EntryKind::Stun, ServerSpec::parse(name).unwrap(), Transport::Udp);
        }
        let families = vec![Family::Ipv4, Family::Ipv6];
        let turn =
            TurnOptions { entries, families: families.clone(), now_unix_s: SIM_UNIX_START_S, ..TurnOptions::default() };
        let mut options = GatherOptions {
            families,
            servers: turn,
            tcp: self.tcp,
            hand_over: self.hand_over,
            ..GatherOptions::default()
        };
        options.stand_on(network.interfaces());
        let credentials = vec![Credential { username: "demo".into(), password: Secret::new(self.password) }];
        let settings = Settings {
            seed: self.seed,
            deadline: self.deadline,
            credentials,
            hand_over: self.hand_over,
            ..Settings::default()
        };
        (Engine::new(settings, servers, vec![Box::new(GatherProbe::new(options.clone()))]), options)
    }

    fn run(&self) -> Ran {
        let mut network = SimNetwork::new(&self.scenario, self.seed);
        let (engine, options) = self.engine(&network);
        let seen = drive(engine, &mut network, &mut |_| {});
        let found = judge(&seen, &options);
        Ran { found, seen, options, left: network.live_allocations() }
    }
}

impl Ran {
    fn of(&self, kind: CandidateKind) -> Vec<&GatheredCandidate> {
        self.found.candidates.iter().filter(|one| one.kind == kind && one.is_offered()).collect()
    }

    fn counts(&self) -> [usize; 3] {
        [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Relay].map(|kind| self.of(kind).len())
    }

    fn remarks(&self) -> Vec<GatherCode> {
        self.found.remarks.iter().map(|remark| remark.code).collect()
    }

    fn codes(&self) -> Vec<DiagnosisCode> {
        self.found.errors.iter().map(|error| error.code).collect()
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_home_router_gives_a_host_and_a_reflexive_candidate() {
    let ran = Bench::preset("home-router").run();
    assert_eq!(ran.counts(), [1, 1, 0], "{:#?}", ran.found);
    let (host, srflx) = (ran.of(CandidateKind::Host)[0], ran.of(CandidateKind::Srflx)[0]);
    assert_eq!((host.priority, srflx.priority), (2_130_706_431, 1_694_498_815));
    assert_eq!(srflx.related, Some(SocketAddr::new(host.address, host.port)));
    assert_eq!(srflx.base, SocketAddr::new(host.address, host.port));
    let redundant: Vec<_> = ran.found.candidates.iter().filter(|one| !one.is_offered()).collect();
    assert_eq!(redundant.len(), 1, "the second server sees the same");
    assert!(ran.found.errors.is_empty() && ran.remarks().is_empty(), "{:#?}", ran.found);
}

#[test]
fn each_line_is_read_back_as_it_is() {
    let ran = Bench { tcp: true, ..Bench::preset("turn-server") }.turn(&["turn:turn.example.org"]).run();
    assert_eq!(ran.counts(), [3, 1, 1], "{:#?}", ran.found);
    for one in &ran.found.candidates {
        let list = candidate::read_candidates(&one.init.candidate);
        assert!(list.errors.is_empty(), "{:?}", list.errors);
        let read: Vec<Candidate> = list.candidates.into_iter().map(|listed| listed.candidate).collect();
        assert_eq!(read, [one.candidate()]);
    }
    let priorities: Vec<u32> = ran.found.candidates.iter().map(|one| one.priority).collect();
    assert!(priorities.is_sorted_by(|one, other| one >= other), "{priorities:?}");
}

#[test]
fn what_the_nat_maps_shows_in_the_number_of_reflexive_candidates() {
    for (mapping, several) in [
        (Some(Behavior::EndpointIndependent), false),
        (Some(Behavior::AddressDependent), true),
        (Some(Behavior::AddressAndPortDependent), true),
        (None, false),
    ] {
        let ran = Bench::behind(NatConfig { mapping, ..NatConfig::default() }).run();
        let expected = match (mapping, several) {
            (None, _) => [1, 0, 0],
            (_, true) => [1, 2, 0],
            (_, false) => [1, 1, 0],
        };
        assert_eq!(ran.counts(), expected, "{mapping:?} {:#?}", ran.found);
        assert_eq!(ran.remarks().contains(&GatherCode::SeveralMapped), several, "{mapping:?}");
        assert_eq!(ran.remarks().contains(&GatherCode::NotTranslated), mapping.is_none(), "{mapping:?}");
        let bases: Vec<_> = ran.of(CandidateKind::Srflx).iter().map(|one| one.base).collect();
        assert!(bases.windows(2).all(|pair| pair[0] == pair[1]), "one socket for all servers: {bases:?}");
        let foundations: Vec<_> = ran.of(CandidateKind::Srflx).iter().map(|one| one.foundation.clone()).collect();
        assert!(foundations.windows(2).all(|pair| pair[0] != pair[1]), "another server, another foundation");
    }
}

#[test]
fn each_interface_is_a_base_and_each_family_has_its_candidates() {
    let interface = |name: &str, kind, addresses: &[&str]| Interface {
        name: name.to_owned(),
        kind,
        addresses: addresses.iter().map(|address| InterfaceAddress::from(ip(address))).collect(),
    };
    let mut scenario = Scenario::default();
    scenario.host.addresses = Some(["203.0.113.10", "203.0.113.11", "2001:db8:5::1"].map(ip).to_vec());
    scenario.host.interfaces = vec![
        interface("lo", InterfaceKind::Loopback, &["127.0.0.1"]),
        interface("eth0", InterfaceKind::Other, &["203.0.113.10", "2001:db8:5::1"]),
        interface("wlan0", InterfaceKind::Wireless, &["203.0.113.11"]),
    ];
    let ran = Bench::new(scenario).run();
    let hosts: Vec<String> = ran.of(CandidateKind::Host).iter().map(|one| one.address.to_string()).collect();
    assert_eq!(hosts, ["2001:db8:5::1", "203.0.113.10", "203.0.113.11"], "RFC 8421: IPv6 first, then in turn");
    let priorities: std::collections::BTreeSet<u32> =
        ran.of(CandidateKind::Host).iter().map(|one| one.priority).collect();
    assert_eq!(priorities.len(), 3, "each is preferred differently");
    let asked = |base: &str| {
        ran.seen.exchanges.iter().filter(|one| one.local.is_some_and(|local| local.ip() == ip(base))).count()
    };
    assert!(["203.0.113.10", "203.0.113.11", "2001:db8:5::1"].into_iter().all(|base| asked(base) == 2));
    assert_eq!(ran.found.left_out.len(), 1);
}

#[test]
fn relayed_candidates_come_over_every_transport_and_are_given_back() {
    let uris = ["turn:turn.example.org", "turn:turn.example.org?transport=tcp", "turns:turn.example.org"];
    let ran = Bench::preset("turn-server").turn(&uris).run();
    let relays = ran.of(CandidateKind::Relay);
    let over: Vec<_> = relays.iter().filter_map(|one| one.relay_protocol).collect();
    assert_eq!(over, [Transport::Udp, Transport::Tcp, Transport::Tls], "{:#?}", ran.found);
    assert!(relays.windows(2).all(|pair| pair[0].priority > pair[1].priority));
    assert!(relays.iter().all(|one| one.related.is_some() && one.took_ms > 0.0));
    assert_eq!(ran.left, 0);
}

/// A connection to a TURN server, or another socket, has a mapping of its own: it is no candidate of the base, and says nothing of how
/// the NAT maps.
#[test]
fn only_what_the_base_itself_sent_shows_its_mapping() {
    let mut scenario = Scenario::preset("turn-server").unwrap();
    let mapping = Some(Behavior::EndpointIndependent);
    scenario.nats = vec![NatConfig { mapping, ports: PortRule::Random, ..NatConfig::default() }];
    let uris = ["turn:turn.example.org", "turn:turn.example.org:3478", "turn:turn.example.org?transport=tcp"];
    let ran = Bench::new(scenario).turn(&uris).run();
    assert_eq!(ran.counts(), [1, 1, 3], "{:#?}", ran.found);
    assert!(!ran.remarks().contains(&GatherCode::SeveralMapped), "{:?}", ran.remarks());
}

#[test]
fn a_server_named_twice_gives_two_allocations_on_two_sockets() {
    let ran = Bench::preset("turn-server").turn(&["turn:turn.example.org", "turn:turn.example.org:3478"]).run();
    let sockets: Vec<_> = ran.of(CandidateKind::Relay).iter().filter_map(|one| one.socket.clone()).collect();
    assert!(sockets.len() == 2 && sockets[0] != sockets[1], "{sockets:?} {:#?}", ran.found.errors);
    assert_eq!(ran.left, 0);
}

#[test]
fn a_wrong_password_is_told_as_a_browser_tells_it() {
    let mut bench = Bench::preset("turn-server").turn(&["turn:turn.example.org"]);
    bench.password = "wrong";
    let ran = bench.run();
    assert_eq!(ran.counts()[2], 0);
    let error = ran.found.errors.iter().find(|error| error.url.as_deref() == Some("turn:turn.example.org")).unwrap();
    let browser = error.icecandidateerror.as_ref().unwrap();
    assert_eq!((browser.error_code, browser.error_text.as_str()), (401, "Unauthorized."));
    assert_eq!(browser.url, "turn:turn.example.org?transport=udp");
    assert_eq!(error.code, DiagnosisCode::UnknownUserOrPassword, "{error:#?}");
}

#[test]
fn servers_that_are_dead_or_unknown_are_told_and_the_others_serve() {
    let mut scenario = Scenario::preset("home-router").unwrap();
    scenario.servers[0].faults = vec![Fault::Dead];
    let ran = Bench::new(scenario).run();
    assert_eq!(ran.counts(), [1, 1, 0]);
    assert_eq!(ran.codes(), [DiagnosisCode::NoAnswer], "{:#?}", ran.found.errors);
    let browser = ran.found.errors[0].icecandidateerror.as_ref().unwrap();
    assert_eq!((browser.error_code, browser.error_text.as_str()), (701, "STUN binding request timed out."));
    let ran = Bench::preset("turn-server").turn(&["turn:nobody.invalid"]).run();
    assert_eq!(ran.codes(), [DiagnosisCode::NameNotFound], "{:#?}", ran.found.errors);
    let ran = Bench::preset("hotel-udp-blocked").run();
    assert_eq!((ran.counts(), ran.remarks()), ([1, 0, 0], vec![GatherCode::HostOnly]));
}

#[test]
fn without_any_server_there_are_the_candidates_of_this_host() {
    let mut bench = Bench::preset("home-router");
    bench.stun = 0;
    let ran = bench.run();
    assert_eq!(ran.counts(), [1, 0, 0]);
    assert!(ran.of(CandidateKind::Host)[0].port >= 1024);
    let ran = Bench::preset("offline").run();
    assert!(ran.found.candidates.iter().all(|one| one.kind == CandidateKind::Host), "{:#?}", ran.found);
}

#[test]
fn loss_takes_no_candidate_away() {
    let mut lossy = 0;
    for seed in 0..20 {
        let mut bench = Bench::preset("turn-server").turn(&["turn:turn.example.org"]);
        bench.scenario.link = LinkConfig { loss: 0.1, ..bench.scenario.link.clone() };
        bench.seed = seed;
        let ran = bench.run();
        assert_eq!(ran.counts(), [1, 1, 1], "seed {seed} {:#?}", ran.found);
        assert_eq!(ran.left, 0, "seed {seed}");
        lossy += usize::from(ran.seen.exchanges.iter().any(|one| one.sends > 1));
    }
    assert!(lossy > 0, "nothing was lost");
}

#[test]
fn the_saved_evidence_is_judged_alike() {
    for bench in [
        Bench::preset("symmetric"),
        Bench { tcp: true, ..Bench::preset("turn-server").turn(&["turn:turn.example.org", "turn:nobody.invalid"]) },
    ] {
        let ran = bench.run();
        let text = serde_json::to_string(&ran.seen).unwrap();
        let seen: Evidence = serde_json::from_str(&text).unwrap();
        let options: GatherOptions = serde_json::from_str(&serde_json::to_string(&ran.options).unwrap()).unwrap();
        let (was, is) =
            (serde_json::to_value(&ran.found).unwrap(), serde_json::to_value(judge(&seen, &options)).unwrap());
        assert_eq!(was, is);
        assert!(seen.exchanges.iter().all(|one| !matches!(one.ask, Key::Other(_))));
    }
}

#[test]
fn what_is_handed_over_is_open_and_allocated() {
    let mut bench = Bench::preset("turn-server").turn(&["turn:turn.example.org", "turns:turn.example.org"]);
    bench.hand_over = true;
    let mut network = SimNetwork::new(&bench.scenario, bench.seed);
    let (mut engine, options) = bench.engine(&network);
    engine.start(network.now(), network.host_addresses());
    nat_probe::net::run(&mut engine, &mut network, &mut |_| {});
    assert!(engine.is_finished());
    let open = engine.handed_over();
    let allocations: Vec<_> = open.iter().flat_map(|socket| &socket.allocations).collect();
    assert_eq!((allocations.len(), network.live_allocations()), (2, 2));
    assert!(allocations.iter().all(|one| one.credential.is_some() && one.auth.is_some()));
    let found = judge(&engine.into_evidence(), &options);
    for one in found.candidates.iter().filter(|one| one.kind == CandidateKind::Relay) {
        let relayed = SocketAddr::new(one.address, one.port);
        let allocation = allocations.iter().find(|allocation| allocation.relayed == relayed).unwrap();
        let socket = open.iter().find(|socket| socket.id == allocation.socket).unwrap();
        assert_eq!(Some(&socket.name), one.socket.as_ref());
    }
    let base = open.iter().find(|socket| socket.transport == Transport::Udp).unwrap();
    assert!(base.bound.is_some() && base.remotes.len() == 2, "{base:?}");
}

#[test]
fn interrupted_at_any_time_no_allocation_is_left() {
    for hand_over in [false, true] {
        for ms in [1.0, 30.0, 60.0, 90.0, 120.0, 180.0] {
            let mut bench = Bench::preset("turn-server").turn(&["turn:turn.example.org"]);
            bench.scenario.interrupt_ms = Some(ms);
            bench.hand_over = hand_over;
            let ran = bench.run();
            assert_eq!(ran.left, usize::from(hand_over && ran.seen.stopped.is_none()), "{ms} {hand_over}");
        }
    }
}

/// RFC 8445 section 5.1.1.2: whether the resolver makes up addresses for the servers' names, or the servers have IPv6 as well.
#[test]
fn a_host_with_ipv6_alone_gets_ipv4_through_the_networks_nat64() {
    for (prefix, mapping, native) in [
        ("64:ff9b::", Behavior::EndpointIndependent, false),
        ("2001:db8:64::", Behavior::EndpointIndependent, true),
        ("2001:db8:64::", Behavior::AddressAndPortDependent, false),
    ] {
        let nat = NatConfig { mapping: Some(mapping), ..NatConfig::default() };
        let mut scenario = behind_nat64(prefix, nat);
        if native {
            scenario.servers = Scenario::default().servers;
        }
        let ran = Bench::new(scenario).run();
        let several = mapping != Behavior::EndpointIndependent;
        assert_eq!(ran.counts(), [1, if several { 2 } else { 1 }, 0], "{prefix} {native} {:#?}", ran.found);
        let (host, srflx) = (ran.of(CandidateKind::Host)[0], ran.of(CandidateKind::Srflx)[0]);
        assert!(host.address.is_ipv6() && srflx.address.is_ipv4() && srflx.disbelieved.is_none(), "{:#?}", ran.found);
        assert_eq!(srflx.base, SocketAddr::new(host.address, host.port));
        assert!(srflx.note.as_ref().is_some_and(|note| note.contains("NAT64")), "{srflx:#?}");
        assert_eq!(ran.remarks().contains(&GatherCode::SeveralMapped), several, "{:?}", ran.found.remarks);
        // As an IPv4 address beside the IPv6 one: behind it.
        assert_eq!(srflx.priority, 1_694_498_815 - 256);
    }
}
