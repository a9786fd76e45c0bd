//! What servers, redirections and DNS say never makes us send where it must not go. The victim counts.

use std::net::SocketAddr;
use std::time::Duration;

use nat_probe::engine::{Command, Engine, Input, Network, Settings, SocketId, Time};
use nat_probe::evidence::{Evidence, Failure, FailureCode, Outcome, Probe, ReasonCode, gate};
use nat_probe::measure::nat::judge;
use nat_probe::measure::nat::plan::{self, ClassifyOptions, DiscoverOptions};
use nat_probe::measure::turn::{self, DiagnosisCode as Code, Entry, TurnOptions};
use nat_probe::net::drive;
use nat_probe::sim::{Fault, NatConfig, Scenario, SimNetwork};
use nat_probe::wire::stun::attribute;
use nat_probe::wire::stun::message::{ALLOCATE, BINDING};
use nat_probe::wire::{Class, Family, Message, ServerSpec, Transport, Writer};

use super::bench::{link, options};

/// One server that answers every Binding as it is told to; nothing else answers. Everything sent is kept.
struct Liar {
    now: Time,
    server: SocketAddr,
    /// What it says of us, and of its second address.
    mapped: SocketAddr,
    other: Option<SocketAddr>,
    /// Answers with 300 and this address instead.
    alternate: Option<SocketAddr>,
    /// Grants allocations there, to everybody.
    relayed: Option<SocketAddr>,
    sent: Vec<SocketAddr>,
    inputs: Vec<Input>,
}

impl Liar {
    fn new(server: &str) -> Self {
        Self {
            now: Time::ZERO,
            server: server.parse().unwrap(),
            mapped: "203.0.113.7:5000".parse().unwrap(),
            other: None,
            alternate: None,
            relayed: None,
            sent: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// What it says; to each socket another port, unless the port is the point.
    fn answer(&self, socket: SocketId, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut mapped = self.mapped;
        if mapped.port() >= 1024 {
            mapped.set_port(mapped.port() + u16::try_from(socket.0).unwrap());
        }
        let request = Message::read(bytes).ok()?;
        if let Some(alternate) = self.alternate {
            let writer = Writer::new(Class::Error, request.method, request.id, None);
            return Some(writer.error(300, "Try Alternate").address(attribute::ALTERNATE_SERVER, alternate).finish());
        }
        if let Some(relayed) = self.relayed.filter(|_| request.method != BINDING) {
            let mut writer = Writer::new(Class::Success, request.method, request.id, None);
            if request.method == ALLOCATE {
                writer = writer
                    .xor_address(attribute::XOR_RELAYED_ADDRESS, relayed)
                    .xor_address(attribute::XOR_MAPPED_ADDRESS, mapped);
            }
            return Some(writer.attribute(attribute::LIFETIME, &600_u32.to_be_bytes()).finish());
        }
        (request.method == BINDING).then_some(())?;
        let mut writer = Writer::new(Class::Success, BINDING, request.id, None);
        writer = writer.xor_address(attribute::XOR_MAPPED_ADDRESS, mapped);
        if let Some(other) = self.other {
            writer = writer.address(attribute::OTHER_ADDRESS, other);
        }
        Some(writer.finish())
    }

    fn run(&mut self, spec: &str, plan: Vec<Box<dyn Probe>>) -> Evidence {
        let spec = if spec.starts_with("turn:") {
            ServerSpec::parse_turn(spec).unwrap().0
        } else {
            ServerSpec::parse(spec).unwrap()
        };
        let specs = vec![spec];
        let settings = Settings { deadline: Duration::from_secs(20), ..Settings::default() };
        drive(Engine::new(settings, specs, plan), self, &mut |_| ())
    }

    /// Datagrams and connections that went to that host.
    fn reached(&self, victim: &str) -> usize {
        let victim: std::net::IpAddr = victim.parse().unwrap();
        self.sent.iter().filter(|remote| remote.ip() == victim).count()
    }
}

impl Network for Liar {
    fn now(&self) -> Time {
        self.now
    }

    fn host_addresses(&self) -> Vec<std::net::IpAddr> {
        vec!["127.0.0.1".parse().unwrap(), "192.168.1.23".parse().unwrap()]
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Resolve { server, transport, .. } => {
                self.inputs.push(Input::Resolved { server, transport, result: Ok(vec![self.server].into()) });
            }
            Command::Open { socket, spec } => {
                if spec.transport != Transport::Udp {
                    self.sent.push(spec.remote);
                    return;
                }
                let port = spec.local_ports.first().copied().unwrap_or(5000);
                self.inputs.push(Input::Opened { socket, local: SocketAddr::from(([0, 0, 0, 0], port)) });
            }
            Command::Send { socket, remote, bytes } => {
                self.sent.push(remote);
                if let Some(bytes) = self.answer(socket, &bytes).filter(|_| remote == self.server) {
                    self.inputs.push(Input::Received { socket, source: remote, bytes });
                }
            }
            Command::NameServers => self.inputs.push(Input::NameServers(Vec::new())),
            Command::Close { .. } => {}
        }
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        if self.inputs.is_empty() {
            self.now = until.max(self.now);
            return None;
        }
        self.now += Duration::from_millis(20);
        Some(self.inputs.remove(0))
    }
}

fn everything() -> Vec<Box<dyn Probe>> {
    plan::classify(&ClassifyOptions { hairpin: true, tcp: true, thorough: true, ..options() })
}

fn withheld(seen: &Evidence, ip: &str) -> Vec<Failure> {
    let ip: std::net::IpAddr = ip.parse().unwrap();
    let there = seen.exchanges.iter().filter(|exchange| exchange.remote.ip() == ip);
    there
        .filter_map(|exchange| match &exchange.outcome {
            Outcome::Failed(failure) if failure.code == FailureCode::Withheld => Some(failure.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_second_address_draws_no_more_than_a_handful_to_a_third_party() {
    let mut liar = Liar::new("192.0.2.1:3478");
    liar.other = Some("198.51.100.66:3479".parse().unwrap());
    liar.run("192.0.2.1:3478", everything());
    let drawn = liar.reached("198.51.100.66");
    assert!(drawn > 0 && drawn <= gate::BUDGET as usize, "{drawn}");
}

#[test]
fn a_second_address_inside_or_on_another_services_port_draws_nothing() {
    for other in ["10.0.0.1:3479", "127.0.0.1:3479", "169.254.169.254:80", "100.64.0.1:3479", "198.51.100.66:22"] {
        let mut liar = Liar::new("192.0.2.1:3478");
        liar.other = Some(other.parse().unwrap());
        liar.run("192.0.2.1:3478", everything());
        let victim = liar.other.unwrap().ip().to_string();
        assert_eq!(liar.reached(&victim), 0, "{other}");
        // Nor to another port of the server itself.
        assert!(!liar.sent.is_empty(), "{other}");
        assert!(liar.sent.iter().all(|remote| remote.port() != 22 && remote.port() != 80), "{other}");
    }
}

#[test]
fn hairpinning_sends_to_no_address_that_cannot_be_ours() {
    for mapped in ["127.0.0.1:53", "10.0.0.1:53", "192.168.1.23:5000", "203.0.113.7:22"] {
        let mut liar = Liar::new("192.0.2.1:3478");
        liar.mapped = mapped.parse().unwrap();
        let seen = liar.run("192.0.2.1:3478", everything());
        let victim = liar.mapped.ip().to_string();
        assert_eq!(liar.reached(&victim), 0, "{mapped}");
        let found =
            judge::classify(&seen, &ClassifyOptions { hairpin: true, ..options() }).remove(&Family::Ipv4).unwrap();
        assert_eq!(found.hairpinning.and_then(|found| found.supported), None, "{mapped}");
    }
    let mut liar = Liar::new("192.0.2.1:3478");
    liar.run("192.0.2.1:3478", everything());
    assert!(liar.reached("203.0.113.7") <= gate::BUDGET as usize, "{}", liar.reached("203.0.113.7"));
}

fn entry(transport: Transport) -> TurnOptions {
    TurnOptions {
        entries: vec![Entry { uri: "turn:x".into(), server: Some(0), transports: vec![transport], ..Entry::default() }],
        families: vec![Family::Ipv4],
        follow: true,
        ..TurnOptions::default()
    }
}

#[test]
fn a_redirection_inside_or_to_another_service_is_not_followed_and_is_told() {
    for alternate in ["127.0.0.1:22", "10.0.0.1:80", "192.168.1.23:3478", "198.51.100.66:25"] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let mut liar = Liar::new("192.0.2.1:3478");
            liar.alternate = Some(alternate.parse().unwrap());
            let options = entry(transport);
            let seen = liar.run("turn:192.0.2.1:3478", turn::plan(&options));
            let victim = liar.alternate.unwrap().ip().to_string();
            assert_eq!(liar.reached(&victim), 0, "{alternate}");
            if transport == Transport::Udp {
                assert!(!withheld(&seen, &victim).is_empty(), "what was refused is evidence: {alternate}");
                let [result] = &turn::judge(&seen, &options)[..] else { panic!("one result") };
                assert_eq!(result.diagnosis.code, Code::Redirected, "{:?}", result.diagnosis);
                assert!(result.diagnosis.text.contains(alternate), "{:?}", result.diagnosis);
            }
        }
    }
}

#[test]
fn a_redirection_to_a_silent_third_party_costs_it_a_handful() {
    let mut liar = Liar::new("192.0.2.1:3478");
    liar.alternate = Some("198.51.100.66:3478".parse().unwrap());
    liar.run("turn:192.0.2.1:3478", turn::plan(&entry(Transport::Udp)));
    let drawn = liar.reached("198.51.100.66");
    assert!(drawn > 0 && drawn <= gate::BUDGET as usize, "{drawn}");
}

#[test]
fn a_relayed_address_inside_draws_nothing() {
    for relayed in ["10.0.0.1:5353", "127.0.0.1:5353"] {
        let mut liar = Liar::new("192.0.2.1:3478");
        liar.relayed = Some(relayed.parse().unwrap());
        liar.run("turn:192.0.2.1:3478", turn::plan(&entry(Transport::Udp)));
        let victim = liar.relayed.unwrap().ip().to_string();
        assert_eq!(liar.reached(&victim), 0, "{relayed}");
    }
    let mut liar = Liar::new("192.0.2.1:3478");
    liar.relayed = Some("198.51.100.66:50000".parse().unwrap());
    liar.run("turn:192.0.2.1:3478", turn::plan(&entry(Transport::Udp)));
    let drawn = liar.reached("198.51.100.66");
    assert!(drawn > 0 && drawn <= gate::BUDGET as usize, "{drawn}");
}

#[test]
fn a_private_server_may_name_private_ones() {
    let mut liar = Liar::new("192.168.7.1:3478");
    liar.other = Some("192.168.7.2:3479".parse().unwrap());
    liar.run("192.168.7.1:3478", everything());
    assert!(liar.reached("192.168.7.2") > 0);
}

#[test]
fn a_third_party_that_answers_is_asked_all_there_is_to_ask() {
    let scenario = Scenario { nats: vec![NatConfig::default()], link: link(40.0, 0.0), ..Scenario::default() };
    let run = super::bench::classify(&scenario, 3);
    assert!(run.evidence.exchanges.len() > 10, "{:?}", run.evidence.exchanges.len());
    assert!(run.evidence.exchanges.iter().all(|exchange| !matches!(&exchange.outcome, Outcome::Failed(_))));
    let asked = DiscoverOptions {
        families: vec![Family::Ipv4],
        transports: vec![Transport::Udp],
        count: 1,
        ..DiscoverOptions::default()
    };
    let seen = super::bench::discover(&scenario, &asked);
    assert!(!seen.exchanges.is_empty() && seen.exchanges.iter().all(|exchange| exchange.reply().is_some()));
}

#[test]
fn records_of_a_public_name_lead_neither_to_this_host_nor_to_another_service() {
    for target in ["127.0.0.1:22", "127.0.0.1:3478", "10.0.0.1:3478", "198.51.100.10:22"] {
        let mut scenario = Scenario::default();
        let name = scenario.servers[0].name.clone();
        scenario.resolver.answers.insert(name.clone(), vec!["192.0.2.10".parse().unwrap()]);
        scenario.resolver.services.insert(name.clone(), vec![target.parse().unwrap()]);
        let specs = vec![ServerSpec::parse(&format!("stun:{name}")).unwrap()];
        let engine = Engine::new(Settings::default(), specs, plan::classify(&options()));
        let seen = drive(engine, &mut SimNetwork::new(&scenario, 3), &mut |_| ());
        assert_eq!(seen.exchanges.len(), 0, "{target}");
        let lookup = &seen.servers[0].lookups[0];
        assert_eq!(lookup.failure.as_ref().unwrap().code, FailureCode::Withheld, "{target}");
        assert_eq!(lookup.refused.len(), 1, "{target}");
    }
}

#[test]
fn a_server_that_names_a_private_second_address_is_told_of() {
    let mut scenario = Scenario { nats: vec![NatConfig::default()], ..Scenario::default() };
    scenario.servers.truncate(1);
    scenario.servers[0].faults = vec![Fault::PrivateAlternate];
    let run = super::bench::classify(&scenario, 3);
    assert_eq!(run.v4.filtering.reason.as_ref().unwrap().code, ReasonCode::NoSecondAddress);
}
