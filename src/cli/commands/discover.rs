//! `nat-probe discover`: what address others see.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::arguments::common::{RunArgs, StunArgs};
use crate::cli::arguments::servers::BuiltIn;
use crate::cli::arguments::trust::TrustArgs;
use crate::cli::completions;
use crate::cli::error::CliError;
use crate::cli::run::{Brief, Measurement, Plan, World};
use crate::measure::discover::spec::DISCOVER;
use crate::measure::nat::plan::{self, DiscoverOptions};
use crate::measure::spec::Spec;
use crate::report::document::{Discovered, Findings, NatFindings};
use crate::report::view;
use crate::wire::Transport;

/// The arguments of `discover`.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiscoverArgs {
    /// Whom to ask, and how.
    #[command(flatten)]
    pub stun: StunArgs,

    /// What carries the questions: udp, tcp, tls, or several with commas.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = transport,
        add = ArgValueCandidates::new(|| completions::transports(&TRANSPORTS)),
        default_value = "udp",
        help_heading = "Measurement"
    )]
    pub transport: Vec<Transport>,

    /// Ask each server so many times, for the spread of the round trips.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Measurement")]
    pub count: u32,

    /// Print nothing but the address that others see, one for each family.
    #[arg(long, conflicts_with_all = ["json", "ndjson", "format"], help_heading = "Output")]
    pub short: bool,

    /// Whom TLS trusts.
    #[command(flatten)]
    pub trust: TrustArgs,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

impl Measurement for DiscoverArgs {
    fn spec(&self) -> &'static Spec {
        &DISCOVER
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn brief(&self) -> Option<Brief> {
        self.short.then_some(view::short)
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        let mut transports = self.transport.clone();
        transports.sort_unstable();
        transports.dedup();
        let options = DiscoverOptions {
            families: self.run.network.families()?,
            transports,
            count: self.count,
            local_port: self.stun.local_port,
            thorough: self.stun.thorough,
        };
        Ok(Plan {
            settings: self.stun.settings(options.transports.clone()),
            tls: self.trust.read()?,
            servers: world.stun_servers(&self.stun.positional, &self.stun.servers, BuiltIn::All)?,
            looked_up: options.families.clone(),
            local_port: options.local_port,
            probes: plan::discover(&options),
            ..Plan::asking(Findings::Discover(Discovered { options, nat: NatFindings::default() }))
        })
    }
}

/// What may carry the questions.
const TRANSPORTS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

fn transport(text: &str) -> Result<Transport, String> {
    TRANSPORTS
        .into_iter()
        .find(|transport| text.trim().eq_ignore_ascii_case(transport.name()))
        .ok_or_else(|| "the transports are udp, tcp and tls".to_owned())
}
