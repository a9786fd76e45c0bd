//! `nat-probe ice gather`: the ICE candidates that an application would get here.

use std::time::Duration;

use clap::Args;

use crate::cli::arguments::common::RunArgs;
use crate::cli::arguments::duration;
use crate::cli::arguments::ice::{IceArgs, interfaces};
use crate::cli::error::CliError;
use crate::cli::run::{Brief, Measurement, Plan, World};
use crate::engine::{Network, Settings};
use crate::measure::ice_gather::spec::ICE_GATHER;
use crate::measure::ice_gather::{GatherOptions, GatherProbe, IceGathered};
use crate::measure::spec::Spec;
use crate::report::document::Findings;
use crate::report::view;

/// The arguments of `ice gather`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GatherArgs {
    /// The servers that candidates come from.
    #[command(flatten)]
    pub ice: IceArgs,

    /// TCP candidates too (RFC 6544): a port of each address listens while the command runs.
    #[arg(long, help_heading = "Measurement")]
    pub tcp: bool,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds.
    #[arg(long, alias = "timeout", value_name = "TIME", default_value = "10s", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Duration,

    /// Print nothing but a=candidate lines, as they stand in a session description.
    #[arg(long, conflicts_with_all = ["json", "ndjson", "format"], help_heading = "Output")]
    pub sdp: bool,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
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
        let draft = self.ice.servers(world, &self.run.output)?;
        let options = GatherOptions { tcp: self.tcp, ..self.ice.options(&draft, &families, world.now_unix_s()) };
        Ok(Plan {
            settings: Settings {
                deadline: self.deadline,
                transports: draft.transports(),
                credentials: draft.credentials,
                ..Settings::default()
            },
            tls: self.ice.tls.trust.read()?,
            insecure: self.ice.tls.insecure,
            servers: draft.servers,
            looked_up: families,
            ..Plan::asking(Findings::IceGather(IceGathered { options, ..IceGathered::default() }))
        })
    }

    fn look(&self, network: &dyn Network, plan: &mut Plan) -> Result<(), CliError> {
        let Findings::IceGather(asked) = &mut plan.asked else { return Ok(()) };
        asked.options.stand_on(interfaces(&self.run.network, network.interfaces()));
        plan.probes = vec![Box::new(GatherProbe::new(asked.options.clone()))];
        Ok(())
    }
}
