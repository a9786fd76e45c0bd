//! Whole runs in simulated networks where every reply may be another than the server's.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nat_probe::engine::{Command, Engine, Input, Network, Settings, Time};
use nat_probe::evidence::{Failure, Gateway};
use nat_probe::measure::gateway::{GatewayAsked, GatewayOptions, GatewayProbe, MapOptions};
use nat_probe::measure::nat::plan::{self, ClassifyOptions, DiscoverOptions};
use nat_probe::measure::turn::{self, Entry, Login, TurnAsked, TurnOptions, TurnTested};
use nat_probe::net::drive;
use nat_probe::report::Report;
use nat_probe::report::assemble::{Circumstances, assemble};
use nat_probe::report::document::{Classified, Discovered, Findings, NatFindings, NetworkKind};
use nat_probe::sim::{SIM_UNIX_START_S, Scenario, SimNetwork, presets};
use nat_probe::wire::nat_pmp::Protocol;
use nat_probe::wire::{Credential, Family, Secret, ServerSpec, Transport, pcp};

use crate::bytes::CAPTURES;
use crate::dice::{Dice, fuzz};
use crate::reports;

/// What can be run: classify, discover, turn, gateway.
pub(crate) const COMMANDS: usize = 4;

/// The longest that a run has.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a stopped run may take to say farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// A network whose replies are changed, one in so many; none where that is 0.
struct Lying<'a> {
    network: SimNetwork,
    dice: RefCell<&'a mut Dice>,
    one_in: usize,
}

impl Lying<'_> {
    fn twist(&self, bytes: &[u8], source: SocketAddr) -> (Vec<u8>, SocketAddr) {
        let mut dice = self.dice.borrow_mut();
        let other = dice.pick(&CAPTURES).clone();
        let mut twisted = dice.mutate(
            bytes,
            &other,
            &[b"\x80\x22\x00\x04\x1b[2J", b"\x80\x2c\x00\x08\x00\x01\x00\x35\x7f\x00\x00\x01"],
        );
        if twisted.len() >= 20 && bytes.len() >= 20 {
            if !dice.one_in(8) {
                twisted[4..20].copy_from_slice(&bytes[4..20]);
            }
            twisted.truncate(twisted.len() & !3);
            let length = u16::try_from(twisted.len() - 20).unwrap_or(0xfffc);
            twisted[2..4].copy_from_slice(&length.to_be_bytes());
        }
        let ip: IpAddr = if dice.one_in(2) { [127, 0, 0, 1].into() } else { [0; 16].into() };
        (twisted, if dice.one_in(6) { SocketAddr::new(ip, 53) } else { source })
    }
}

impl Network for Lying<'_> {
    fn now(&self) -> Time {
        self.network.now()
    }

    fn host_addresses(&self) -> Vec<IpAddr> {
        self.network.host_addresses()
    }

    fn gateways(&self, named: &[IpAddr]) -> Result<Vec<Gateway>, Failure> {
        self.network.gateways(named)
    }

    fn perform(&mut self, command: Command) {
        self.network.perform(command);
    }

    fn wait(&mut self, until: Time) -> Option<Input> {
        let input = self.network.wait(until)?;
        match input {
            Input::Received { socket, source, bytes }
                if self.one_in > 0 && self.dice.borrow_mut().one_in(self.one_in) =>
            {
                let (bytes, source) = self.twist(&bytes, source);
                Some(Input::Received { socket, source, bytes })
            }
            other => Some(other),
        }
    }
}

/// One run of any command; it ends in time.
pub(crate) fn measure(dice: &mut Dice, scenario: &Scenario, one_in: usize) -> Report {
    let command = dice.below(COMMANDS);
    measure_by(command, dice, scenario, one_in)
}

/// One run of that command.
pub(crate) fn measure_by(command: usize, dice: &mut Dice, scenario: &Scenario, one_in: usize) -> Report {
    let families = vec![Family::Ipv4, Family::Ipv6];
    let chances = dice.roll();
    let specs = scenario.server_names().into_iter().filter_map(|name| ServerSpec::parse(&name).ok());
    let mut servers: Vec<ServerSpec> = specs.take(8).collect();
    let settings = Settings { seed: chances, deadline: DEADLINE, ..Settings::default() };
    let run = |settings: Settings, servers: Vec<ServerSpec>, plan, dice: &mut Dice| {
        let network = SimNetwork::new(scenario, chances).with_families(&[Family::Ipv4, Family::Ipv6]);
        let mut network = Lying { network, dice: RefCell::new(dice), one_in };
        let seen = drive(Engine::new(settings, servers, plan), &mut network, &mut |_| ());
        assert!(network.now() <= DEADLINE + FAREWELL, "it ended at {:?}", network.now());
        seen
    };
    let (asked, seen) = match command {
        0 => {
            let [hairpin, tcp, thorough] = [(); 3].map(|()| dice.one_in(2));
            let asked = ClassifyOptions { families: families.clone(), local_port: None, hairpin, tcp, thorough };
            let seen = run(Settings { thorough, ..settings }, servers, plan::classify(&asked), dice);
            (Findings::Classify(Classified { options: asked, ..Classified::default() }), seen)
        }
        1 => {
            let transports = vec![Transport::Udp, Transport::Tcp];
            let asked = DiscoverOptions {
                families: families.clone(),
                transports: transports.clone(),
                count: 2,
                ..DiscoverOptions::default()
            };
            let settings = Settings { transports, ..settings };
            let seen = run(settings, servers, plan::discover(&asked), dice);
            (Findings::Discover(Discovered { options: asked, nat: NatFindings::default() }), seen)
        }
        2 => {
            let gateways = SimNetwork::new(scenario, chances).gateways(&[]).unwrap_or_default();
            let named = gateways.iter().map(|gateway| gateway.at(pcp::PORT).to_string());
            servers = named.filter_map(|name| ServerSpec::parse(&name).ok()).collect();
            let port = dice.one_in(2).then_some(40_000);
            let map = dice.one_in(2).then_some(MapOptions { protocol: Protocol::Udp, port, lifetime_s: 120 });
            let options = GatewayOptions { gateways, failure: None, map };
            let seen = run(settings, servers, vec![Box::new(GatewayProbe { options: options.clone() })], dice);
            (Findings::Gateway(GatewayAsked { options, ..GatewayAsked::default() }), seen)
        }
        _ => {
            let third_parties = (0..servers.len()).collect();
            let transport = *dice.pick(&[Transport::Udp, Transport::Tcp, Transport::Tls]);
            let uri = scenario.turn_server_names(false).into_iter().next().unwrap_or("turn.example.org".to_owned());
            if let Ok((mut spec, _)) = ServerSpec::parse_turn(&uri) {
                spec.transports = Some(vec![transport]);
                servers.push(spec);
            }
            let login = Login { username: "demo".to_owned(), ..Login::default() };
            let entry = Entry {
                uri,
                server: servers.len().checked_sub(1),
                transports: vec![transport],
                login: Some(login),
                ..Entry::default()
            };
            let asked = TurnOptions {
                entries: vec![entry],
                families: families.clone(),
                third_parties,
                count: 3,
                features: dice.one_in(2),
                follow: true,
                now_unix_s: SIM_UNIX_START_S,
                ..TurnOptions::default()
            };
            let credentials = vec![Credential { username: "demo".to_owned(), password: Secret::new("demo") }];
            let settings = Settings { credentials, transports: vec![transport], ..settings };
            let seen = run(settings, servers, turn::plan(&asked), dice);
            let options = TurnAsked { families, transports: vec![transport], turn: Some(asked) };
            (Findings::Turn(TurnTested { options, ..TurnTested::default() }), seen)
        }
    };
    let about = Circumstances {
        network: NetworkKind::Simulated,
        scenario: Some("fuzz".to_owned()),
        started_at: "1970-01-01T00:00:00.000Z".to_owned(),
    };
    assemble(about, seen, asked)
}

#[test]
fn runs() {
    let scenarios: Vec<Scenario> = presets().iter().map(|preset| Scenario::from_toml(preset.toml).unwrap()).collect();
    fuzz(|dice| {
        let scenario = dice.pick(&scenarios);
        let one_in = 1 + dice.below(4);
        reports::print(&measure(dice, scenario, one_in));
    });
}
