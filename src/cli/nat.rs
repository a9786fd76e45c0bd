//! `nat-probe classify` and `nat-probe discover`: what the NAT in front of this host does.

use super::args::{ClassifyArgs, DiscoverArgs, MeasureArgs};
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::run::{Job, World};
use super::servers::{self, BuiltIn};
use super::{again, scenario, trust};
use crate::engine::Settings;
use crate::measure::nat::judge;
use crate::measure::nat::plan::{self, ClassifyOptions, DiscoverOptions};
use crate::net::TlsConfig;
use crate::report::assemble::Found;
use crate::report::document::Options;
use crate::wire::{ServerSpec, Transport};

/// `nat-probe classify`.
///
/// # Errors
/// When the arguments or the configuration are wrong, or the output cannot be written.
pub fn classify(arguments: &ClassifyArgs, out: &mut Output) -> Result<Exit, CliError> {
    if let Some(path) = &arguments.from {
        return again::run("classify", path, &arguments.measure.output, out);
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
            turn: None,
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
    if let Some(path) = &arguments.from {
        return again::run("discover", path, &measure.output, out);
    }
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
        tls: trust::read(arguments.ca.as_deref())?,
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
