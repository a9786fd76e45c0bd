//! `nat-probe classify` and `nat-probe discover`: what the NAT in front of this host does.

use std::path::Path;

use super::args::{ClassifyArgs, DiscoverArgs, MeasureArgs, OutputArgs};
use super::assemble::{Circumstances, Found, assemble};
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::run::{Job, World, deliver};
use super::servers::{self, BuiltIn};
use super::{saved, scenario};
use crate::engine::Settings;
use crate::net::TlsConfig;
use crate::probe::plan::{ClassifyOptions, DiscoverOptions};
use crate::probe::{judge, plan};
use crate::report::document::Options;
use crate::stun::{ServerSpec, Transport};

/// `nat-probe classify`.
///
/// # Errors
/// When the arguments or the configuration are wrong, or the output cannot be written.
pub fn classify(arguments: &ClassifyArgs, out: &mut Output) -> Result<Exit, CliError> {
    if let Some(path) = &arguments.from {
        return again(path, &arguments.measure.output, out);
    }
    let measure = &arguments.measure;
    let Some(world) = World::of(&measure.simulation)? else { return scenario::list(&measure.output, out) };
    let families = measure.network.families()?;
    let options = ClassifyOptions {
        families: families.clone(),
        local_port: measure.local_port,
        hairpin: arguments.hairpin,
        tcp: arguments.tcp,
        thorough: measure.thorough,
    };
    let job = Job {
        command: "classify",
        servers: servers(&world, measure, BuiltIn::Few)?,
        world,
        network: &measure.network,
        output: &measure.output,
        settings: settings(measure, vec![Transport::Udp]),
        tls: TlsConfig::default(),
        insecure: false,
        plan: plan::classify(&options),
        options: Options {
            families,
            transports: Vec::new(),
            count: None,
            local_port: options.local_port,
            thorough: measure.thorough,
            hairpin: options.hairpin,
            tcp: options.tcp,
        },
    };
    job.run(&|seen| Found::Nat(judge::classify(seen, &options)), out)
}

/// `nat-probe discover`.
///
/// # Errors
/// As [`classify`].
pub fn discover(arguments: &DiscoverArgs, out: &mut Output) -> Result<Exit, CliError> {
    let measure = &arguments.measure;
    let Some(world) = World::of(&measure.simulation)? else { return scenario::list(&measure.output, out) };
    let families = measure.network.families()?;
    let mut transports = arguments.transport.clone();
    transports.sort_unstable();
    transports.dedup();
    let options = DiscoverOptions {
        families: families.clone(),
        transports: transports.clone(),
        count: arguments.count,
        local_port: measure.local_port,
    };
    let job = Job {
        command: "discover",
        servers: servers(&world, measure, BuiltIn::All)?,
        world,
        network: &measure.network,
        output: &measure.output,
        settings: settings(measure, transports.clone()),
        tls: TlsConfig::default(),
        insecure: false,
        plan: plan::discover(&options),
        options: Options {
            families,
            transports,
            count: Some(options.count),
            local_port: options.local_port,
            thorough: measure.thorough,
            ..Options::default()
        },
    };
    job.run(&|seen| Found::Nat(judge::discover(seen, &options)), out)
}

/// `nat-probe classify --from`: judges the evidence of a saved report.
fn again(path: &Path, output: &OutputArgs, out: &mut Output) -> Result<Exit, CliError> {
    let saved = saved::report(path)?;
    let seen = saved::evidence(&saved);
    let options = ClassifyOptions {
        families: saved.options.families.clone(),
        local_port: saved.options.local_port,
        hairpin: saved.options.hairpin,
        tcp: saved.options.tcp,
        thorough: saved.options.thorough,
    };
    let found = judge::classify(&seen, &options);
    let about = Circumstances {
        command: "classify",
        network: saved.network,
        scenario: saved.scenario,
        started_at: saved.started_at,
        options: saved.options,
    };
    let report = assemble(about, seen, Found::Nat(found));
    deliver(report, output, &mut Events::new(output), out)
}

/// The servers to ask: those named, else those of the world.
fn servers(world: &World, measure: &MeasureArgs, built_in: BuiltIn) -> Result<Vec<ServerSpec>, CliError> {
    let file = measure.servers_file.as_deref();
    match world {
        World::Simulated(_, scenario, _) if measure.server.is_empty() && file.is_none() => scenario::servers(scenario),
        World::Simulated(..) => servers::named(&measure.server, file),
        World::Real => servers::gather(&measure.server, file, built_in),
    }
}

fn settings(measure: &MeasureArgs, transports: Vec<Transport>) -> Settings {
    Settings { deadline: measure.deadline(), thorough: measure.thorough, transports, ..Settings::default() }
}
