//! `nat-probe turn`: does this TURN server work with these credentials, and if not, which step fails and why?

use std::time::Duration;

use super::args::RunArgs;
use super::error::CliError;
use super::files::{self, Source};
use super::run::{Measurement, Plan, World};
use super::servers::{self, BuiltIn};
use super::turn_args::TurnArgs;
use super::{scenario, secrets, trust};
use crate::engine::Settings;
use crate::measure::spec::Spec;
use crate::measure::turn::spec::TURN;
use crate::measure::turn::{self, Entry, Login, STRANGER, TurnAsked, TurnOptions, TurnTested};
use crate::net;
use crate::report::document::Findings;
use crate::sim::SIM_UNIX_START_S;
use crate::wire::credential::rest;
use crate::wire::ice_servers::{self, IceEntry, MOST_ENTRIES};
use crate::wire::{
    ConfigurationFacts, Credential, EntryKind, Family, Host, Look, Making, Remark, RemarkCode, Secret, ServerSpec,
    Transport, UriError,
};

/// How many of the usual STUN servers are asked through the relay.
const THIRD_PARTIES: usize = 3;

/// How much later a user name is to expire that a server whose clock is ahead still takes.
const LATER_S: i64 = 10 * 365 * 86_400;

const ICE_SERVERS: &str =
    "a file with {\"iceServers\": [{\"urls\": \"turn:turn.example.org\", \"username\": ..., \"credential\": ...}]}";

/// The user of the simulated TURN servers that come with the program, and the password.
const DEMO: &str = "demo";

impl Measurement for TurnArgs {
    fn spec(&self) -> &'static Spec {
        &TURN
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        let families = self.run.network.families()?;
        let simulated = matches!(world, World::Simulated(..));
        let mut draft = Draft {
            now_unix_s: if simulated { SIM_UNIX_START_S } else { net::clock::now_unix_s() },
            transports: self.transport.clone(),
            ..Draft::default()
        };
        one_standard_input(self)?;
        draft.shared = secrets::shared(&self.login)?;
        draft.arguments(self, world)?;
        draft.ice_servers(self)?;
        if draft.entries.len() > MOST_ENTRIES {
            return Err(CliError::usage(format!("cannot test {} entries in one run", draft.entries.len()))
                .advise(format!("at most {MOST_ENTRIES}; applications use a handful")));
        }
        let third_parties = draft.third_parties(self, world)?;
        let stranger = draft.add_login(Credential { username: STRANGER.to_owned(), password: Secret::new("") }, None);
        let mut transports: Vec<Transport> = draft.entries.iter().flat_map(|entry| entry.transports.clone()).collect();
        transports.sort_unstable();
        transports.dedup();
        let options = TurnOptions {
            entries: draft.entries,
            configuration: draft.configuration,
            families: families.clone(),
            third_parties,
            realm: self.login.realm.clone(),
            count: self.count,
            hold_s: self.duration.map(|duration| duration.as_secs()),
            features: self.features,
            follow: !self.no_follow,
            insecure: self.insecure,
            stranger: Some(stranger.credential),
            now_unix_s: draft.now_unix_s,
        };
        let settings = Settings {
            deadline: self.deadline(),
            transports: transports.clone(),
            credentials: draft.credentials,
            server_name: self.server_name.clone(),
            ..Settings::default()
        };
        let probes = turn::plan(&options);
        let asked = TurnAsked { families, transports, turn: Some(options) };
        Ok(Plan {
            settings,
            tls: trust::read(self.ca.as_deref())?,
            insecure: self.insecure,
            servers: draft.servers,
            // What a relay relays is of a family of its own, and so are those whom it is asked for, however the server is reached.
            looked_up: vec![Family::Ipv4, Family::Ipv6],
            probes,
            keeps: self.duration,
            ..Plan::asking(Findings::Turn(TurnTested { options: asked, ..TurnTested::default() }))
        })
    }
}

/// Standard input can be read once.
fn one_standard_input(arguments: &TurnArgs) -> Result<(), CliError> {
    let login = &arguments.login;
    let files = [
        ("--ice-servers -", &arguments.ice_servers),
        ("--secret-file -", &login.secret_file),
        ("--password-file -", &login.password_file),
    ];
    let from_files = files.into_iter().filter(|(_, path)| path.as_ref().is_some_and(|path| path.as_os_str() == "-"));
    let all: Vec<&str> =
        from_files.map(|(option, _)| option).chain(login.password_stdin.then_some("--password-stdin")).collect();
    if all.len() < 2 {
        return Ok(());
    }
    Err(CliError::usage(format!("cannot read standard input more than once: {} all want it", all.join(" and ")))
        .advise("a file for all but one of them"))
}

/// What becomes the options, while it grows.
#[derive(Default)]
struct Draft {
    now_unix_s: i64,
    transports: Vec<Transport>,
    shared: Option<secrets::Found>,
    servers: Vec<ServerSpec>,
    credentials: Vec<Credential>,
    entries: Vec<Entry>,
    configuration: Option<ConfigurationFacts>,
}

impl Draft {
    /// The URIs of the command line; in a simulated network without any, its TURN servers.
    fn arguments(&mut self, arguments: &TurnArgs, world: &World) -> Result<(), CliError> {
        let mut uris = arguments.uri.clone();
        if uris.is_empty()
            && arguments.ice_servers.is_none()
            && let World::Simulated(_, scenario, _) = world
        {
            uris = scenario.turn_server_names(arguments.transport.is_empty());
            if uris.is_empty() {
                return Err(CliError::usage("cannot test the TURN servers of the simulated network: it has none")
                    .advise("--simulate turn-server, or a URI of your own"));
            }
        }
        if uris.is_empty() {
            if arguments.ice_servers.is_none() {
                return Err(CliError::usage("cannot test TURN: no server is named")
                    .advise("turn:turn.example.org with -u NAME, or --ice-servers FILE"));
            }
            if arguments.login.user.is_some() || secrets::is_given(&arguments.login) {
                return Err(CliError::usage("a user name or password was given, and no URI that it is for").advise(
                    "a turn: URI beside --ice-servers, or leave it out: the entries of --ice-servers have their own",
                ));
            }
            return Ok(());
        }
        let mut remarks = Vec::new();
        let login = self.login(arguments, &mut remarks)?;
        for uri in uris {
            // The error's own words hide what looks like a password.
            let (spec, meant) = ServerSpec::parse_turn(&uri).map_err(|error: UriError| {
                let told = CliError::usage(error.to_string());
                // Most say themselves what to write.
                if error.problem().contains("write ") {
                    told
                } else {
                    told.advise("turn:turn.example.org, or turns: for TLS")
                }
            })?;
            let entry =
                Entry { uri: spec.text.clone(), login: login.clone(), mistakes: remarks.clone(), ..Entry::default() };
            let usual = if spec.secure { Transport::Tls } else { Transport::Udp };
            self.add(entry, spec, meant.unwrap_or(usual));
        }
        Ok(())
    }

    /// Who asks at the servers of the command line.
    fn login(&mut self, arguments: &TurnArgs, remarks: &mut Vec<Remark>) -> Result<Option<Login>, CliError> {
        let given = &arguments.login;
        remarks.extend(self.shared.iter().filter_map(|shared| shared.remark.clone()));
        let shared = self.shared.as_ref().map(|shared| shared.secret.clone());
        match (&given.user, shared) {
            (None, None) if given.rest_user.is_some() => {
                Err(CliError::usage("cannot make credentials for --rest-user: there is no shared secret")
                    .advise(format!("--secret-file FILE, or the environment variable {}", secrets::SECRET)))
            }
            (None, None) if secrets::is_given(given) => {
                Err(CliError::usage("cannot use the password: there is no user name").advise("-u NAME beside it"))
            }
            // Nobody has to know whom the simulated servers know.
            (None, None) if arguments.run.simulation.simulate.is_some() && arguments.uri.is_empty() => {
                Ok(Some(self.add_login(Credential { username: DEMO.to_owned(), password: Secret::new(DEMO) }, None)))
            }
            (None, None) => Ok(None),
            (None, Some(secret)) => Ok(Some(self.made(&secret, given.rest_user.as_deref(), given.ttl))),
            (Some(user), Some(secret)) if !secrets::beside_secret(given) => {
                Ok(Some(match rest::RestName::parse(user) {
                    rest::RestName::Expiry { unix_s, user } => {
                        let user = Some(user.as_str()).filter(|user| !user.is_empty());
                        self.add_login(rest::make(&secret, user, unix_s), Some(&secret))
                    }
                    _ => self.made(&secret, Some(user), given.ttl),
                }))
            }
            (Some(user), secret) => {
                let found = secrets::password(given, user, arguments.run.output.quiet)?;
                remarks.extend(found.remark);
                let credential = Credential { username: user.clone(), password: found.secret };
                Ok(Some(self.add_login(credential, secret.as_ref())))
            }
        }
    }

    /// Credentials made with a shared secret, and others that expire much later.
    fn made(&mut self, secret: &Secret, user: Option<&str>, ttl: Duration) -> Login {
        let expiry = self.now_unix_s.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        let later = rest::make(secret, user, self.now_unix_s.saturating_add(LATER_S));
        let login = self.add_login(rest::make(secret, user, expiry), Some(secret));
        let later_name = later.username.clone();
        self.credentials.push(later);
        Login { later: Some((self.credentials.len() - 1, later_name)), ..login }
    }

    fn add_login(&mut self, credential: Credential, secret: Option<&Secret>) -> Login {
        let (username, password) = (&credential.username, &credential.password);
        let login = Login {
            credential: self.credentials.len(),
            username: credential.username.clone(),
            exotic: !credential.password.expose().is_ascii(),
            matches_secret: secret.map(|secret| rest::matches(secret, username, password)),
            look: Some(Look::of(password)),
            made: secret.and_then(|secret| Making::of(secret, username, password)),
            later: None,
        };
        self.credentials.push(credential);
        login
    }

    fn add(&mut self, mut entry: Entry, mut spec: ServerSpec, meant: Transport) {
        entry.transports = if self.transports.is_empty() { vec![meant] } else { self.transports.clone() };
        entry.transports.sort_unstable();
        entry.transports.dedup();
        if let Some(plain) = entry.transports.iter().find(|transport| spec.secure && !transport.is_secure()) {
            entry.mistakes.push(Remark {
                code: RemarkCode::TransportWithoutTls,
                error: false,
                text: format!("turns: asks for TLS, and --transport {} asks without", plain.name()),
                fix: "leave --transport out, or write --transport tls".to_owned(),
            });
        }
        spec.transports = Some(entry.transports.clone());
        entry.server = Some(self.servers.len());
        self.servers.push(spec);
        self.entries.push(entry);
    }

    /// The entries of an application's configuration.
    fn ice_servers(&mut self, arguments: &TurnArgs) -> Result<(), CliError> {
        let Some(path) = &arguments.ice_servers else { return Ok(()) };
        let cannot = |cause: String| {
            CliError::usage(format!("cannot read the ICE servers in {}: {cause}", files::name(path)))
                .advise(ICE_SERVERS)
        };
        let source = Source {
            what: "the ICE servers in",
            path,
            largest: ice_servers::LARGEST,
            advice: ICE_SERVERS,
            secret: false,
        };
        let ice_servers::Configuration { facts, entries } = ice_servers::read(&source.read_bytes()?).map_err(cannot)?;
        self.configuration = Some(facts);
        for found in entries {
            let IceEntry { uri, place, line, server, kind, login, mistakes, rejected } = found;
            let login = login.map(|login| match login {
                ice_servers::Login::Password(username, password) => {
                    let shared = self.shared.as_ref().map(|shared| shared.secret.clone());
                    self.add_login(Credential { username, password }, shared.as_ref())
                }
                ice_servers::Login::Shared(secret) => self.made(&secret, None, arguments.login.ttl),
            });
            let line = Some(line);
            let entry = Entry { uri, place, line, kind, login, mistakes, rejected, ..Entry::default() };
            match server {
                Some((spec, meant)) => self.add(entry, spec, meant),
                None => self.entries.push(entry),
            }
        }
        Ok(())
    }

    /// The STUN servers to ask through the relay; they stand behind the entries' servers.
    fn third_parties(&mut self, arguments: &TurnArgs, world: &World) -> Result<Vec<usize>, CliError> {
        let mut found = match world {
            _ if !arguments.server.is_empty() => arguments.server.clone(),
            World::Simulated(_, scenario, _) => scenario::servers(scenario)?,
            World::Real => servers::gather(&[], None, BuiltIn::Few)?,
        };
        if arguments.server.is_empty() {
            // A STUN server of the configuration may be asked; one on a TURN server's own host is no third party.
            let turns = self.entries.iter().filter(|entry| entry.kind == EntryKind::Turn);
            let hosts: Vec<&Host> = turns.filter_map(|entry| Some(&self.servers.get(entry.server?)?.host)).collect();
            found.retain(|spec| !hosts.contains(&&spec.host));
            found.truncate(THIRD_PARTIES);
        }
        let first = self.servers.len();
        for mut spec in found {
            spec.transports = Some(vec![Transport::Udp]);
            self.servers.push(spec);
        }
        Ok((first..self.servers.len()).collect())
    }
}
