//! `nat-probe turn`: does this TURN server work with these credentials, and if not, which step fails and why?

use crate::cli::arguments::common::RunArgs;
use crate::cli::arguments::entries::{Asked, Draft};
use crate::cli::arguments::servers::{BuiltIn, is_file_name};
use crate::cli::arguments::turn::TurnArgs;
use crate::cli::error::CliError;
use crate::cli::run::{Measurement, Plan, World};
use crate::engine::Settings;
use crate::measure::spec::Spec;
use crate::measure::turn::spec::TURN;
use crate::measure::turn::{self, STRANGER, TurnAsked, TurnOptions, TurnTested};
use crate::report::document::Findings;
use crate::wire::{Credential, EntryKind, Family, Host, Secret, Transport, masked};

/// How many of the usual STUN servers are asked through the relay.
const THIRD_PARTIES: usize = 3;

impl Measurement for TurnArgs {
    fn spec(&self) -> &'static Spec {
        &TURN
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        let families = self.run.network.families()?;
        let now_unix_s = world.now_unix_s();
        let uris = self.uris(world)?;
        let asked = Asked {
            demo: self.run.simulation.simulate.is_some() && self.uri.is_empty(),
            uris,
            ice_servers: self.ice_servers.as_deref(),
            from_config: self.from_config.as_deref(),
            login: &self.login,
            transports: &self.transport,
            quiet: self.run.output.quiet,
        };
        let mut draft = Draft::read(&asked, now_unix_s)?;
        let third_parties = self.third_parties(&mut draft, world)?;
        let stranger = draft.add_login(Credential { username: STRANGER.to_owned(), password: Secret::new("") }, None);
        let transports = draft.transports();
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
            insecure: self.tls.insecure,
            stranger: Some(stranger.credential),
            now_unix_s,
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
            tls: self.tls.trust.read()?,
            insecure: self.tls.insecure,
            servers: draft.servers,
            // What a relay relays is of a family of its own, and so are those whom it is asked for, however the server is reached.
            looked_up: vec![Family::Ipv4, Family::Ipv6],
            probes,
            keeps: self.duration,
            ..Plan::asking(Findings::Turn(TurnTested { options: asked, ..TurnTested::default() }))
        })
    }
}

impl TurnArgs {
    /// The URIs of the command line; in a simulated network without any, its TURN servers.
    fn uris(&self, world: &World) -> Result<Vec<String>, CliError> {
        if !self.uri.is_empty() || self.ice_servers.is_some() || self.from_config.is_some() {
            if let Some(name) = self.uri.iter().find(|uri| is_file_name(uri)) {
                return Err(CliError::usage(format!("{} is the name of a file and of no server", masked(name)))
                    .advise("nat-probe turn lint FILE, or --ice-servers FILE or --from-config FILE"));
            }
            return Ok(self.uri.clone());
        }
        let World::Simulated(_, scenario, _) = world else {
            return Err(CliError::usage("cannot test TURN: no server is named")
                .advise("turn:turn.example.org with -u NAME, --ice-servers FILE, or --from-config FILE"));
        };
        let uris = scenario.turn_server_names(self.transport.is_empty());
        if uris.is_empty() {
            return Err(CliError::usage("cannot test the TURN servers of the simulated network: it has none")
                .advise("--simulate turn-server, or a URI of your own"));
        }
        Ok(uris)
    }

    /// The STUN servers to ask through the relay; they stand behind the entries' servers.
    fn third_parties(&self, draft: &mut Draft, world: &World) -> Result<Vec<usize>, CliError> {
        let mut found = world.stun_servers(&[], &self.third_parties, BuiltIn::Few)?;
        if !self.third_parties.is_given() {
            // A STUN server of the configuration may be asked; one on a TURN server's own host is no third party.
            let turns = draft.entries.iter().filter(|entry| entry.kind == EntryKind::Turn);
            let hosts: Vec<&Host> = turns.filter_map(|entry| Some(&draft.servers.get(entry.server?)?.host)).collect();
            found.retain(|spec| !hosts.contains(&&spec.host));
            found.truncate(THIRD_PARTIES);
        }
        let first = draft.servers.len();
        for mut spec in found {
            spec.transports = Some(vec![Transport::Udp]);
            draft.servers.push(spec);
        }
        Ok((first..draft.servers.len()).collect())
    }
}
