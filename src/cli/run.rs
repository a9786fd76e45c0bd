//! The measuring commands: arguments to plan, plan to evidence, evidence to report, report to output and exit code.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::{ClassifyArgs, DiscoverArgs, MeasureArgs, OutputArgs};
use super::assemble::{Circumstances, assemble, complaints, require};
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::progress::Progress;
use super::servers::{self, BuiltIn};
use super::{saved, scenario, terminal};
use crate::engine::{Engine, Settings};
use crate::net::{self, Config, RealNetwork};
use crate::probe::finding::FamilyFindings;
use crate::probe::plan::{ClassifyOptions, DiscoverOptions};
use crate::probe::{Evidence, FailureCode, Family, Outcome, Probe, judge, plan};
use crate::report::document::{NetworkKind, Options};
use crate::report::{ExitClass, Report, exit_class, human, json};
use crate::sim::SimNetwork;
use crate::stun::{ServerSpec, Transport};

/// What time a simulated run begins: its clock is virtual and starts from nothing, so that equal seeds give equal reports.
const VIRTUAL_START: &str = "1970-01-01T00:00:00.000Z";

/// `nat-probe classify`.
///
/// # Errors
/// When the arguments or the configuration are wrong, or the output cannot be written.
pub fn classify(arguments: &ClassifyArgs, out: &mut Output) -> Result<Exit, CliError> {
    if let Some(path) = &arguments.from {
        return again(path, &arguments.measure.output, out);
    }
    let families = arguments.measure.families()?;
    let options = ClassifyOptions {
        families: families.clone(),
        local_port: arguments.measure.local_port,
        hairpin: arguments.hairpin,
        tcp: arguments.tcp,
        thorough: arguments.measure.thorough,
    };
    let job = Job {
        command: "classify",
        measure: &arguments.measure,
        transports: vec![Transport::Udp],
        plan: plan::classify(&options),
        built_in: BuiltIn::Few,
        options: Options {
            families,
            transports: Vec::new(),
            count: None,
            local_port: options.local_port,
            thorough: arguments.measure.thorough,
            hairpin: options.hairpin,
            tcp: options.tcp,
        },
    };
    job.run(&|seen| judge::classify(seen, &options), out)
}

/// `nat-probe discover`.
///
/// # Errors
/// As [`classify`].
pub fn discover(arguments: &DiscoverArgs, out: &mut Output) -> Result<Exit, CliError> {
    let families = arguments.measure.families()?;
    let mut transports = arguments.transport.clone();
    transports.sort_unstable();
    transports.dedup();
    let options = DiscoverOptions {
        families: families.clone(),
        transports: transports.clone(),
        count: arguments.count,
        local_port: arguments.measure.local_port,
    };
    let job = Job {
        command: "discover",
        measure: &arguments.measure,
        transports: transports.clone(),
        plan: plan::discover(&options),
        built_in: BuiltIn::All,
        options: Options {
            families,
            transports,
            count: Some(options.count),
            local_port: options.local_port,
            thorough: arguments.measure.thorough,
            ..Options::default()
        },
    };
    job.run(&|seen| judge::discover(seen, &options), out)
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
    let report = assemble(about, seen, found);
    deliver(report, output, &mut Events::new(output), out)
}

/// One run of a command.
struct Job<'a> {
    command: &'static str,
    measure: &'a MeasureArgs,
    transports: Vec<Transport>,
    plan: Vec<Box<dyn Probe>>,
    built_in: BuiltIn,
    options: Options,
}

/// From evidence to findings.
type Judge<'a> = &'a dyn Fn(&Evidence) -> BTreeMap<Family, FamilyFindings>;

impl Job<'_> {
    fn run(self, judge: Judge, out: &mut Output) -> Result<Exit, CliError> {
        let output = &self.measure.output;
        let mut events = Events::new(output);
        let (about, seen) = match self.measure.simulate.as_deref() {
            Some("list") => return scenario::list(output, out),
            Some(name) => self.simulate(name, &mut events, out)?,
            None => self.measure(&mut events, out)?,
        };
        let found = judge(&seen);
        let stopped = seen.stopped;
        let exit = deliver(assemble(about, seen, found), output, &mut events, out)?;
        Ok(Exit::of(stopped, exit))
    }

    fn simulate(
        self,
        name: &str,
        events: &mut Events,
        out: &mut Output,
    ) -> Result<(Circumstances, Evidence), CliError> {
        let (scenario, simulated) = scenario::load(name)?;
        let measure = self.measure;
        let servers = if measure.server.is_empty() && measure.servers_file.is_none() {
            scenario::servers(&simulated)?
        } else {
            servers::named(&measure.server, measure.servers_file.as_deref())?
        };
        let mut network = SimNetwork::new(&simulated, measure.seed).with_families(&self.options.families);
        let about = Circumstances {
            command: self.command,
            network: NetworkKind::Simulated,
            scenario: Some(scenario),
            started_at: VIRTUAL_START.to_owned(),
            options: self.options.clone(),
        };
        Ok((about, self.drive(measure.seed, servers, &mut network, events, out)))
    }

    fn measure(self, events: &mut Events, out: &mut Output) -> Result<(Circumstances, Evidence), CliError> {
        let measure = self.measure;
        let servers = servers::gather(&measure.server, measure.servers_file.as_deref(), self.built_in)?;
        let config = Config {
            families: self.options.families.clone(),
            source: measure.source,
            interface: measure.interface.clone(),
            ..Config::default()
        };
        let mut network = RealNetwork::new(config).map_err(|error| CliError::usage(error.to_string()))?;
        if !measure.output.quiet {
            for note in network.notes() {
                super::error::note(note);
            }
        }
        let about = Circumstances {
            command: self.command,
            network: NetworkKind::Real,
            scenario: None,
            started_at: net::clock::now_rfc3339(),
            options: self.options.clone(),
        };
        let local_port = measure.local_port;
        let seen = self.drive(net::entropy(), servers, &mut network, events, out);
        match local_port.and_then(|port| unusable_port(port, &seen)) {
            Some(error) => Err(error),
            None => Ok((about, seen)),
        }
    }

    fn drive(
        self,
        seed: u64,
        servers: Vec<ServerSpec>,
        network: &mut dyn crate::engine::Network,
        events: &mut Events,
        out: &mut Output,
    ) -> Evidence {
        let settings = Settings {
            seed,
            deadline: self.measure.deadline(),
            thorough: self.measure.thorough,
            transports: self.transports,
            ..Settings::default()
        };
        let progress = Progress::new(&self.measure.output);
        let evidence = net::drive(Engine::new(settings, servers, self.plan), network, &mut |event| {
            progress.see(event);
            events.see(event, out);
        });
        progress.done();
        evidence
    }
}

/// The local port that was asked for could not be had: no measurement, but a mistake in the arguments.
fn unusable_port(port: u16, seen: &Evidence) -> Option<CliError> {
    let refused = seen.exchanges.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Failed(failure) if failure.code == FailureCode::BindFailed => Some(failure),
        _ => None,
    })?;
    let what = format!("cannot use the local port {port}: {}", refused.text);
    Some(CliError::usage(what).advise("another --local-port, or none"))
}

/// Prints the report and tells what it comes to.
fn deliver(mut report: Report, output: &OutputArgs, events: &mut Events, out: &mut Output) -> Result<Exit, CliError> {
    require(&mut report, &output.require);
    report.redacted = output.redact;
    if output.ndjson {
        events.end(&report, out)?;
    } else if output.json {
        out.line(&json::render(&report))?;
    } else {
        out.line(&human::render(&report, &terminal::style(output, out)))?;
    }
    out.finish()?;
    for complaint in complaints(&report) {
        super::error::note(&complaint);
    }
    Ok(match exit_class(&report) {
        ExitClass::Measured => Exit::Measured,
        ExitClass::Unmet => Exit::Unmet,
        ExitClass::NotMeasured => Exit::NotMeasured,
    })
}
