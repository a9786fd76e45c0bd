//! `nat-probe classify`: what the NAT in front of this host does.

use clap::Args;

use crate::cli::arguments::common::{RunArgs, StunArgs};
use crate::cli::arguments::servers::BuiltIn;
use crate::cli::error::CliError;
use crate::cli::run::{Measurement, Plan, World};
use crate::measure::nat::plan::{self, ClassifyOptions};
use crate::measure::nat::spec::CLASSIFY;
use crate::measure::spec::Spec;
use crate::report::document::{Classified, Findings};
use crate::wire::Transport;

/// The arguments of `classify`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ClassifyArgs {
    /// Whom to ask, and how.
    #[command(flatten)]
    pub stun: StunArgs,

    /// Also test whether two inside hosts reach each other by their public addresses (RFC 4787 section 6).
    #[arg(long, help_heading = "Measurement")]
    pub hairpin: bool,

    /// Also test the mapping of TCP connections (RFC 5382 section 4.1).
    #[arg(long, help_heading = "Measurement")]
    pub tcp: bool,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

impl Measurement for ClassifyArgs {
    fn spec(&self) -> &'static Spec {
        &CLASSIFY
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        let options = ClassifyOptions {
            families: self.run.network.families()?,
            local_port: self.stun.local_port,
            thorough: self.stun.thorough,
            hairpin: self.hairpin,
            tcp: self.tcp,
        };
        Ok(Plan {
            settings: self.stun.settings(vec![Transport::Udp]),
            servers: world.stun_servers(&self.stun.positional, &self.stun.servers, BuiltIn::Few)?,
            looked_up: options.families.clone(),
            local_port: options.local_port,
            probes: plan::classify(&options),
            ..Plan::asking(Findings::Classify(Classified { options, ..Classified::default() }))
        })
    }
}
