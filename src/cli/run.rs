//! The one path of every command that measures: arguments to plan, plan to evidence, evidence to report, report to output and exit
//! code.

use std::time::Duration;

use super::arguments::common::{Format, OutputArgs, RunArgs, SimulationArgs};
use super::arguments::servers::{self, BuiltIn, ServerArgs};
use super::error::CliError;
use super::exit::Exit;
use super::files;
use super::judge_again;
use super::printing::events::Events;
use super::printing::output::Output;
use super::printing::progress::Progress;
use super::printing::terminal;
use super::saved;
use super::scenario;
use crate::engine::{Engine, Machine, Network, OpenSocket, Settings};
use crate::evidence::{Evidence, FailureCode, LogEvent, Outcome, Probe};
use crate::measure::spec::Spec;
use crate::net::{self, Config, NetError, RealNetwork, TlsConfig};
use crate::report::assemble::{Circumstances, assemble, complaints, require};
use crate::report::document::{Findings, NetworkKind};
use crate::report::{ExitClass, Report, exit_class, format, json, view};
use crate::sim::{SIM_UNIX_START_S, Scenario, SimNetwork};
use crate::wire::{Family, ServerSpec};

/// What time a simulated run begins: its clock is virtual and starts from nothing, so that equal seeds give equal reports.
const VIRTUAL_START: &str = "1970-01-01T00:00:00.000Z";

/// The network that a run is about.
pub(super) enum World {
    /// The one that this host is in.
    Real,
    /// A simulated one: the name to show, the scenario and the seed.
    Simulated(String, Box<Scenario>, u64),
}

impl World {
    /// The one that the options ask for; none where they ask for the list of the simulated ones.
    ///
    /// # Errors
    /// When there is no such scenario.
    pub(super) fn of(arguments: &SimulationArgs) -> Result<Option<Self>, CliError> {
        match arguments.simulate.as_deref() {
            None => Ok(Some(Self::Real)),
            Some("list") => Ok(None),
            Some(name) => {
                let (name, scenario) = scenario::load(name)?;
                Ok(Some(Self::Simulated(name, Box::new(scenario), arguments.seed)))
            }
        }
    }

    /// The time of day as the servers have it, in seconds since 1970.
    pub(super) fn now_unix_s(&self) -> i64 {
        match self {
            Self::Real => net::clock::now_unix_s(),
            Self::Simulated(..) => SIM_UNIX_START_S,
        }
    }

    /// The STUN servers to ask: those named, else those of the world.
    ///
    /// # Errors
    /// When a place that was named cannot be read, or names something that is no server.
    pub(super) fn stun_servers(
        &self,
        positional: &[ServerSpec],
        options: &ServerArgs,
        built_in: BuiltIn,
    ) -> Result<Vec<ServerSpec>, CliError> {
        let (named, file) = ([positional, &options.server].concat(), options.servers_file.as_deref());
        match self {
            Self::Simulated(_, scenario, _) if named.is_empty() && file.is_none() => scenario::servers(scenario),
            Self::Simulated(..) => servers::named(&named, file),
            Self::Real => servers::gather(&named, file, built_in),
        }
    }
}

/// A report in the few words that somebody asked for.
pub(super) type Brief = fn(&Report) -> String;

/// Another host of a simulated network, and what runs on it.
pub(super) type OtherHost = (Scenario, Box<dyn Machine>);

/// A command that measures, as its arguments say.
pub(super) trait Measurement {
    /// What it promises.
    fn spec(&self) -> &'static Spec;

    /// What is common to measuring.
    fn common(&self) -> &RunArgs;

    /// What is to be printed in place of the page, where that is something else.
    fn brief(&self) -> Option<Brief> {
        None
    }

    /// What to ask whom.
    ///
    /// # Errors
    /// When the arguments or the configuration are wrong.
    fn plan(&self, world: &World) -> Result<Plan, CliError>;

    /// Fills in what only the network knows.
    ///
    /// # Errors
    /// When that does not go with the arguments.
    fn look(&self, _network: &dyn Network, _plan: &mut Plan) -> Result<(), CliError> {
        Ok(())
    }

    /// Another host in a simulated network, and what runs on it; none, for measurements that are about this host alone.
    ///
    /// # Errors
    /// When it cannot be had as asked.
    fn beside(&self, _plan: &Plan, _scenario: &Scenario) -> Result<Option<OtherHost>, CliError> {
        Ok(None)
    }

    /// Goes on with what the run leaves open, and fills in what comes of it.
    ///
    /// # Errors
    /// When that cannot be done as asked.
    fn go_on(&self, _live: &mut Live, _asked: &mut Findings) -> Result<(), CliError> {
        Ok(())
    }
}

/// What a run leaves to what goes on after it: a session with the sockets and allocations that were handed over.
pub(super) struct Live<'a> {
    /// What was seen.
    pub seen: &'a mut Evidence,
    /// The sockets that stay open, with what servers hold for them.
    pub open: Vec<OpenSocket>,
    /// The network, on which time goes on.
    pub network: &'a mut dyn Network,
    /// Numbers that nobody can guess.
    pub seeds: [u64; 4],
    /// Whom to tell what happens.
    pub tell: &'a mut dyn FnMut(&LogEvent),
}

/// What to ask whom.
pub(super) struct Plan {
    /// How to run; the seed is filled in where the run begins.
    pub settings: Settings,
    /// Whom TLS trusts.
    pub tls: TlsConfig,
    /// Go on after a failed certificate check.
    pub insecure: bool,
    /// Whom to ask.
    pub servers: Vec<ServerSpec>,
    /// The families that names are looked up for.
    pub looked_up: Vec<Family>,
    /// The local port that was asked for.
    pub local_port: Option<u16>,
    /// How long something is kept, where that was asked for: what progress is told by.
    pub keeps: Option<Duration>,
    /// What to ask.
    pub probes: Vec<Box<dyn Probe>>,
    /// The options, with nothing found yet.
    pub asked: Findings,
}

impl Plan {
    /// A plan without anything to ask yet.
    #[must_use]
    pub(super) fn asking(asked: Findings) -> Self {
        Self {
            settings: Settings::default(),
            tls: TlsConfig::default(),
            insecure: false,
            servers: Vec::new(),
            looked_up: Vec::new(),
            local_port: None,
            keeps: None,
            probes: Vec::new(),
            asked,
        }
    }
}

/// Measures, or judges a saved report again, and prints what came of it.
///
/// # Errors
/// When the arguments are wrong, the network cannot be used as asked, or the output cannot be written.
pub(super) fn run(measurement: &dyn Measurement, out: &mut Output) -> Result<Exit, CliError> {
    let (spec, arguments) = (measurement.spec(), measurement.common());
    let output = &arguments.output;
    output.fits(spec)?;
    let mut events = Events::new(output);
    let mut file = None;
    if let Some(path) = &arguments.from {
        // Read before it is written to: both may be the same file.
        let saved = saved::report(spec.name, path)?;
        let out = place(output, &mut file, out)?;
        return deliver(judge_again::judged(saved), output, measurement.brief(), &mut events, out);
    }
    let Some(world) = World::of(&arguments.simulation)? else { return scenario::list(output, out) };
    let plan = measurement.plan(&world)?;
    let out = place(output, &mut file, out)?;
    let (about, seen, asked) = measure(measurement, plan, &world, &mut events, out)?;
    deliver(assemble(about, seen, asked), output, measurement.brief(), &mut events, out)
}

/// Where to print: the file that was asked for, made anew, or what there is.
pub(super) fn place<'a>(
    output: &OutputArgs,
    file: &'a mut Option<Output>,
    usual: &'a mut Output,
) -> Result<&'a mut Output, CliError> {
    match output.file() {
        // The collector reads it at any moment.
        Some(path) if output.format == Some(Format::Prometheus) => {
            Ok(file.insert(Output::whole_file(path, files::name(path))?))
        }
        Some(path) => Ok(file.insert(Output::file(path, files::name(path))?)),
        None => Ok(usual),
    }
}

fn measure(
    measurement: &dyn Measurement,
    mut plan: Plan,
    world: &World,
    events: &mut Events,
    out: &mut Output,
) -> Result<(Circumstances, Evidence, Findings), CliError> {
    let arguments = measurement.common();
    if let World::Simulated(name, scenario, seed) = world {
        let mut network = SimNetwork::new(scenario, *seed).with_families(&plan.looked_up).with_insecure(plan.insecure);
        plan.settings.seed = *seed;
        measurement.look(&network, &mut plan)?;
        if let Some((other, machine)) = measurement.beside(&plan, scenario)? {
            network = network.with_beside(&other, machine);
        }
        let about = Circumstances {
            network: NetworkKind::Simulated,
            scenario: Some(name.clone()),
            started_at: VIRTUAL_START.to_owned(),
        };
        let (seen, asked) = drive(measurement, plan, &mut network, [*seed; 4], events, out)?;
        return Ok((about, seen, asked));
    }
    let config = Config {
        families: plan.looked_up.clone(),
        source: arguments.network.source,
        interface: arguments.network.interface.clone(),
        tls: plan.tls.clone(),
        insecure: plan.insecure,
        ..Config::default()
    };
    let mut network = RealNetwork::new(config).map_err(|error| match error {
        NetError::Shortage(_) => CliError::shortage(error.to_string()),
        _ => CliError::usage(error.to_string()).advise("an --interface or --source that this host has, or neither"),
    })?;
    if !arguments.output.quiet {
        for note in network.notes() {
            super::error::note(note);
        }
    }
    let about = Circumstances { network: NetworkKind::Real, scenario: None, started_at: net::clock::now_rfc3339() };
    let local_port = plan.local_port;
    plan.settings.seed = net::entropy();
    measurement.look(&network, &mut plan)?;
    let seeds = [net::entropy(), net::entropy(), net::entropy(), net::entropy()];
    let (seen, asked) = drive(measurement, plan, &mut network, seeds, events, out)?;
    match local_port.and_then(|port| unusable_port(port, &seen)) {
        Some(error) => Err(error),
        None => Ok((about, seen, asked)),
    }
}

fn drive(
    measurement: &dyn Measurement,
    plan: Plan,
    network: &mut dyn Network,
    seeds: [u64; 4],
    events: &mut Events,
    out: &mut Output,
) -> Result<(Evidence, Findings), CliError> {
    let progress = Progress::new(&measurement.common().output, plan.keeps);
    let mut engine = Engine::new(plan.settings, plan.servers, plan.probes);
    net::measure(&mut engine, network, &mut |event| {
        progress.see(event);
        events.see(event, out);
    });
    progress.done();
    let (open, mut asked) = (engine.handed_over(), plan.asked);
    let mut seen = engine.into_evidence();
    let tell = &mut |event: &LogEvent| events.see(event, out);
    measurement.go_on(&mut Live { seen: &mut seen, open, network, seeds, tell }, &mut asked)?;
    Ok((seen, asked))
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
pub(super) fn deliver(
    mut report: Report,
    output: &OutputArgs,
    brief: Option<Brief>,
    events: &mut Events,
    out: &mut Output,
) -> Result<Exit, CliError> {
    require(&mut report, &output.require);
    report.redacted = output.redact;
    if let Some(format) = output.format {
        let text = match format {
            Format::Junit => format::junit(&report),
            Format::Nagios => format::nagios(&report),
            Format::Prometheus => format::prometheus(&report),
        };
        out.line(&text)?;
    } else if output.ndjson {
        events.end(&report, out)?;
    } else if output.json {
        out.line(&terminal::json(json::render(&report), out))?;
    } else if let Some(brief) = brief {
        out.bytes(brief(&report).as_bytes())?;
    } else {
        out.line(&view::render(&report, &terminal::style(output, out)))?;
    }
    out.end()?;
    for complaint in complaints(&report) {
        super::error::note(&complaint);
    }
    let verdict = match exit_class(&report) {
        ExitClass::Measured => Exit::Measured,
        ExitClass::Unmet => Exit::Unmet,
        ExitClass::NotMeasured => Exit::NotMeasured,
    };
    Ok(Exit::of(report.stopped, verdict))
}
