//! `nat-probe ice gather`: the ICE candidates that an application would get here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::args::RunArgs;
use super::entries::{self, Draft};
use super::error::CliError;
use super::run::{Brief, Measurement, Plan, World};
use super::servers::{self, BuiltIn};
use super::turn_args::LoginArgs;
use super::{duration, trust};
use crate::engine::{Network, Settings};
use crate::evidence::Interface;
use crate::measure::ice_gather::spec::ICE_GATHER;
use crate::measure::ice_gather::{GatherOptions, GatherProbe, IceGathered};
use crate::measure::spec::Spec;
use crate::measure::turn::{Entry, TurnOptions};
use crate::report::document::Findings;
use crate::report::view;
use crate::wire::{EntryKind, ServerSpec, Transport};

/// How many of the usual STUN servers are asked: two tell whether a NAT maps by destination, a third what one of them misreports.
const USUAL: usize = 3;

/// The arguments of `ice gather`.
#[derive(Debug, Args)]
pub(super) struct GatherArgs {
    /// The TURN servers as they were written.
    // Understood later: this parser would print a password that somebody wrote into the URI.
    #[arg(
        long,
        value_name = "URI",
        value_hint = ValueHint::Hostname,
        help_heading = "Servers",
        help = "A TURN server to get relayed candidates from (repeat): turn:HOST[:PORT][?transport=udp|tcp], turns:HOST, HOST, HOST:PORT or [V6]:PORT"
    )]
    pub turn: Vec<String>,

    /// The servers of an application's own configuration: the JSON given to RTCPeerConnection; `-` reads standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub ice_servers: Option<PathBuf>,

    /// A STUN server to ask (repeat): host, host:port, [v6]:port, or a stun: URI; replaces the configured ones.
    #[arg(
        short,
        long,
        value_name = "SERVER",
        value_parser = servers::parse,
        value_hint = ValueHint::Hostname,
        help_heading = "Servers"
    )]
    pub server: Vec<ServerSpec>,

    /// A file with one STUN server a line; # begins a comment.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub servers_file: Option<PathBuf>,

    /// Who asks the TURN servers.
    #[command(flatten)]
    pub login: LoginArgs,

    /// TCP candidates too (RFC 6544): a port of each address listens while the command runs.
    #[arg(long, help_heading = "Measurement")]
    pub tcp: bool,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Duration,

    /// Print nothing but a=candidate lines, as they stand in a session description.
    #[arg(long, conflicts_with_all = ["json", "ndjson", "format"], help_heading = "Output")]
    pub sdp: bool,

    /// Trust the certificate authorities of this PEM file too, beside the system's.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "TLS")]
    pub ca: Option<PathBuf>,

    /// Go on after a failed check of the certificate.
    #[arg(long, help_heading = "TLS")]
    pub insecure: bool,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

impl GatherArgs {
    /// The interfaces that may be used.
    fn interfaces(&self, mut found: Vec<Interface>) -> Vec<Interface> {
        let network = &self.run.network;
        found.retain(|interface| network.interface.as_ref().is_none_or(|name| *name == interface.name));
        for interface in &mut found {
            interface.addresses.retain(|one| network.source.is_none_or(|source| source == one.address));
        }
        found.retain(|interface| !interface.addresses.is_empty());
        found
    }

    /// The servers of the command line and of the configuration; in a simulated network without any, its TURN servers.
    fn servers(&self, world: &World) -> Result<Draft, CliError> {
        let own = self.turn.is_empty() && self.ice_servers.is_none();
        let simulated = match world {
            World::Simulated(_, scenario, _) if own => scenario.turn_server_names(true),
            _ => Vec::new(),
        };
        let asked = entries::Asked {
            uris: if own { simulated } else { self.turn.clone() },
            ice_servers: self.ice_servers.as_deref(),
            login: &self.login,
            transports: &[],
            demo: own,
            quiet: self.run.output.quiet,
        };
        let mut draft = Draft::read(&asked, world.now_unix_s())?;
        let named = !self.server.is_empty() || self.servers_file.is_some();
        // An application asks the servers of its configuration and no others.
        if named || self.ice_servers.is_none() {
            let mut found = world.stun_servers(&self.server, self.servers_file.as_deref(), BuiltIn::Few)?;
            found.truncate(if named { usize::MAX } else { USUAL });
            for mut spec in found {
                let entry = Entry { uri: spec.text.clone(), kind: EntryKind::Stun, ..Entry::default() };
                let transport = if spec.secure { Transport::Tls } else { Transport::Udp };
                spec.transports = Some(vec![transport]);
                draft.add(entry, spec, transport);
            }
        }
        Ok(draft)
    }
}

impl Measurement for GatherArgs {
    fn spec(&self) -> &'static Spec {
        &ICE_GATHER
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn brief(&self) -> Option<Brief> {
        self.sdp.then_some(view::ice_gather::sdp)
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        let families = self.run.network.families()?;
        let draft = self.servers(world)?;
        let transports = draft.transports();
        let servers = TurnOptions {
            entries: draft.entries,
            configuration: draft.configuration,
            families: families.clone(),
            realm: self.login.realm.clone(),
            follow: true,
            insecure: self.insecure,
            now_unix_s: world.now_unix_s(),
            ..TurnOptions::default()
        };
        let options = GatherOptions { families: families.clone(), servers, tcp: self.tcp, ..GatherOptions::default() };
        Ok(Plan {
            settings: Settings {
                deadline: self.deadline,
                transports,
                credentials: draft.credentials,
                ..Settings::default()
            },
            tls: trust::read(self.ca.as_deref())?,
            insecure: self.insecure,
            servers: draft.servers,
            looked_up: families,
            ..Plan::asking(Findings::IceGather(IceGathered { options, ..IceGathered::default() }))
        })
    }

    fn look(&self, network: &dyn Network, plan: &mut Plan) -> Result<(), CliError> {
        let Findings::IceGather(asked) = &mut plan.asked else { return Ok(()) };
        asked.options.stand_on(self.interfaces(network.interfaces()));
        plan.probes = vec![Box::new(GatherProbe::new(asked.options.clone()))];
        Ok(())
    }
}
