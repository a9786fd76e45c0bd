//! One TURN server in a simulated internet, and one entry that is tested against it.

use std::time::Duration;

use nat_probe::engine::{Engine, Settings};
use nat_probe::measure::turn::finding::{StepStatus, TurnVerdict};
use nat_probe::measure::turn::{self, DiagnosisCode as Code, Entry, Login, STRANGER, TurnOptions, TurnResult};
use nat_probe::net::drive;
use nat_probe::sim::{Fault, SIM_UNIX_START_S, Scenario, ServerConfig, SimNetwork, TurnConfig, TurnFault};
use nat_probe::wire::credential::rest;
use nat_probe::wire::{Credential, EntryKind, Family, Secret, ServerSpec, Transport};

/// What is tested, over what, in which world.
#[derive(Clone)]
pub(crate) struct Bench {
    pub scenario: Scenario,
    pub options: TurnOptions,
    pub uri: &'static str,
    pub transport: Transport,
    pub credentials: Vec<Credential>,
    pub login: Option<Login>,
    pub deadline: Duration,
    pub seed: u64,
}

/// How a run ended.
pub(crate) struct Ran {
    pub result: TurnResult,
    /// Allocations that the server still has.
    pub left: usize,
    pub elapsed_ms: f64,
}

impl Bench {
    /// A TURN server that works behind a home router 40 ms away, and the right password.
    pub(crate) fn new() -> Self {
        Self::preset("turn-server")
    }

    /// The same in the world of a preset.
    pub(crate) fn preset(name: &str) -> Self {
        let options = TurnOptions {
            families: vec![Family::Ipv4],
            third_parties: vec![1],
            follow: true,
            now_unix_s: SIM_UNIX_START_S,
            ..TurnOptions::default()
        };
        Self {
            scenario: Scenario::preset(name).unwrap(),
            options,
            uri: "turn:turn.example.org",
            transport: Transport::Udp,
            credentials: Vec::new(),
            login: None,
            deadline: Duration::from_secs(3_600),
            seed: 7,
        }
        .login("demo", "demo")
    }

    /// With this user and password.
    pub(crate) fn login(mut self, username: &str, password: &str) -> Self {
        let exotic = !password.is_ascii();
        self.login = Some(Login { username: username.into(), exotic, ..Login::default() });
        self.credentials = vec![Credential { username: username.into(), password: Secret::new(password) }];
        self.stranger()
    }

    /// Beside them those of a user that nobody has.
    fn stranger(mut self) -> Self {
        self.options.stranger = Some(self.credentials.len());
        self.credentials.push(Credential { username: STRANGER.into(), password: Secret::new("") });
        self
    }

    /// With what a shared secret makes, good for that long, and the same for ten years.
    pub(crate) fn rest(mut self, secret: &str, good_for_s: i64) -> Self {
        let secret = Secret::new(secret);
        let make = |good_for_s| rest::make(&secret, Some("alice"), SIM_UNIX_START_S + good_for_s);
        let (now, later) = (make(good_for_s), make(315_360_000));
        self.login = Some(Login {
            username: now.username.clone(),
            matches_secret: Some(true),
            later: Some((1, later.username.clone())),
            ..Login::default()
        });
        self.credentials = vec![now, later];
        self.stranger()
    }

    /// Without credentials.
    pub(crate) fn anonymous(mut self) -> Self {
        self.login = None;
        self
    }

    pub(crate) fn over(self, transport: Transport) -> Self {
        let uri = match transport {
            Transport::Udp => "turn:turn.example.org",
            Transport::Tcp => "turn:turn.example.org?transport=tcp",
            Transport::Tls => "turns:turn.example.org",
            Transport::Dtls => "turns:turn.example.org?transport=udp",
        };
        Self { uri, transport, ..self }
    }

    /// A server that is reached over IPv6 only and relays IPv4 too; the host has both families.
    pub(crate) fn ipv6(mut self) -> Self {
        self.scenario.host.addresses =
            Some(vec!["192.168.1.23".parse().unwrap(), "2001:db8:cafe::23".parse().unwrap()]);
        self.scenario.servers[0].ipv6 = Some("[2001:db8:1::10]:3478".parse().unwrap());
        self.options(|options| options.families = vec![Family::Ipv4, Family::Ipv6])
            .turn(|config| config.relay_ipv4 = Some([198, 51, 100, 30].into()))
            .server(|server| {
                server.ipv4 = None;
                server.ipv6 = Some("[2001:db8:2::30]:3478".parse().unwrap());
            })
    }

    /// Something about the server.
    pub(crate) fn server(mut self, change: impl FnOnce(&mut ServerConfig)) -> Self {
        change(self.scenario.servers.iter_mut().find(|server| server.turn.is_some()).unwrap());
        self
    }

    /// Something about what makes it a TURN server.
    pub(crate) fn turn(self, change: impl FnOnce(&mut TurnConfig)) -> Self {
        self.server(|server| change(server.turn.as_mut().unwrap()))
    }

    pub(crate) fn fault(self, fault: TurnFault) -> Self {
        self.turn(|config| config.faults.push(fault))
    }

    pub(crate) fn server_fault(self, fault: Fault) -> Self {
        self.server(|server| server.faults.push(fault))
    }

    pub(crate) fn options(mut self, change: impl FnOnce(&mut TurnOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// The result, and how many allocations are left.
    pub(crate) fn run(self) -> (TurnResult, usize) {
        let Ran { result, left, .. } = self.watch();
        (result, left)
    }

    /// The same, and how long it took.
    pub(crate) fn watch(self) -> Ran {
        let (mut server, _) = ServerSpec::parse_turn(self.uri).unwrap();
        server.transports = Some(vec![self.transport]);
        let mut third = ServerSpec::parse("stun1.example.net:3478").unwrap();
        third.transports = Some(vec![Transport::Udp]);
        let entry = Entry {
            uri: server.text.clone(),
            server: Some(0),
            kind: EntryKind::Turn,
            transports: vec![self.transport],
            login: self.login,
            ..Entry::default()
        };
        let options = TurnOptions { entries: vec![entry], ..self.options };
        let credentials = self.credentials;
        let settings = Settings { seed: self.seed, deadline: self.deadline, credentials, ..Settings::default() };
        let mut network = SimNetwork::new(&self.scenario, self.seed).with_insecure(options.insecure);
        let engine = Engine::new(settings, vec![server, third], turn::plan(&options));
        let seen = drive(engine, &mut network, &mut |_| {});
        super::again::turn(&seen, &options);
        let mut results = turn::judge(&seen, &options);
        assert_eq!(results.len(), 1);
        Ran { result: results.remove(0), left: network.live_allocations(), elapsed_ms: seen.elapsed_ms }
    }

    /// The result of a run that has this diagnosis, fails at this step (`None` where none fails), and leaves nothing behind.
    #[track_caller]
    pub(crate) fn expect(self, verdict: TurnVerdict, code: Code, step: Option<&str>) -> TurnResult {
        let (result, left) = self.run();
        let said = format!("{}\n{:#?}", result.diagnosis.text, result.steps);
        assert_eq!((result.verdict, result.diagnosis.code), (verdict, code), "{said}");
        let failed = result.steps.iter().find(|one| one.status == StepStatus::Failed);
        let failed = failed.map(|one| serde_json::to_value(one.name).unwrap().as_str().unwrap().to_owned());
        assert_eq!(failed.as_deref(), step, "the step that fails: {said}");
        assert!(!result.diagnosis.text.is_empty(), "explained");
        assert_eq!(result.diagnosis.fix.is_empty(), code == Code::Ok, "something to do: {}", result.diagnosis.fix);
        assert_eq!(left, 0, "allocations left: {said}");
        assert!(result.released.is_none_or(|released| released.made == released.confirmed), "{:?}", result.released);
        result
    }

    /// The same where it fails.
    #[track_caller]
    pub(crate) fn fails(self, code: Code, step: &str) -> TurnResult {
        self.expect(TurnVerdict::Failed, code, Some(step))
    }
}
