//! One run of a measuring command: servers and plan to evidence, evidence to report, report to output and exit code.

use super::args::{NetworkArgs, OutputArgs, SimulationArgs};
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::progress::Progress;
use super::{scenario, terminal};
use crate::engine::{Engine, Network, Settings};
use crate::evidence::{Evidence, FailureCode, Outcome, Probe};
use crate::net::{self, Config, NetError, RealNetwork, TlsConfig};
use crate::report::assemble::{Circumstances, Found, assemble, complaints, require};
use crate::report::document::{NetworkKind, Options};
use crate::report::{ExitClass, Report, exit_class, json, view};
use crate::sim::{Scenario, SimNetwork};
use crate::wire::{Family, ServerSpec};

/// What time a simulated run begins: its clock is virtual and starts from nothing, so that equal seeds give equal reports.
const VIRTUAL_START: &str = "1970-01-01T00:00:00.000Z";

/// The network that a run is about.
pub enum World {
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
    pub fn of(arguments: &SimulationArgs) -> Result<Option<Self>, CliError> {
        match arguments.simulate.as_deref() {
            None => Ok(Some(Self::Real)),
            Some("list") => Ok(None),
            Some(name) => {
                let (name, scenario) = scenario::load(name)?;
                Ok(Some(Self::Simulated(name, Box::new(scenario), arguments.seed)))
            }
        }
    }
}

/// One run of a command.
pub struct Job<'a> {
    /// The command's name.
    pub command: &'static str,
    /// Where.
    pub world: World,
    /// By which of this host's networks.
    pub network: &'a NetworkArgs,
    /// How to print it.
    pub output: &'a OutputArgs,
    /// How to make it; the seed is filled in here.
    pub settings: Settings,
    /// Whom TLS trusts.
    pub tls: TlsConfig,
    /// Go on after a failed certificate check.
    pub insecure: bool,
    /// Whom to ask.
    pub servers: Vec<ServerSpec>,
    /// What to ask.
    pub plan: Vec<Box<dyn Probe>>,
    /// What the report says of how it was made.
    pub options: Options,
}

impl Job<'_> {
    /// Runs it and prints the report.
    ///
    /// # Errors
    /// When the network cannot be used as asked, or the output cannot be written.
    pub fn run(self, judge: &dyn Fn(&Evidence) -> Found, out: &mut Output) -> Result<Exit, CliError> {
        let output = self.output;
        let mut events = Events::new(output);
        let (about, seen) = self.measure(&mut events, out)?;
        let found = judge(&seen);
        let stopped = seen.stopped;
        let exit = deliver(assemble(about, seen, found), output, &mut events, out)?;
        Ok(Exit::of(stopped, exit))
    }

    /// The families that names are looked up for. What a relay relays is of a family of its own, and so are those whom it is asked for,
    /// however the server is reached.
    fn looked_up(&self) -> Vec<Family> {
        if self.command == "turn" { vec![Family::Ipv4, Family::Ipv6] } else { self.options.families.clone() }
    }

    fn measure(mut self, events: &mut Events, out: &mut Output) -> Result<(Circumstances, Evidence), CliError> {
        let about = |network, scenario, started_at| Circumstances {
            command: self.command,
            network,
            scenario,
            started_at,
            options: self.options.clone(),
        };
        if let World::Simulated(name, scenario, seed) = &self.world {
            let about = about(NetworkKind::Simulated, Some(name.clone()), VIRTUAL_START.to_owned());
            let mut network =
                SimNetwork::new(scenario, *seed).with_families(&self.looked_up()).with_insecure(self.insecure);
            self.settings.seed = *seed;
            return Ok((about, self.drive(&mut network, events, out)));
        }
        let config = Config {
            families: self.looked_up(),
            source: self.network.source,
            interface: self.network.interface.clone(),
            tls: self.tls.clone(),
            insecure: self.insecure,
            ..Config::default()
        };
        let mut network = RealNetwork::new(config).map_err(|error| match error {
            NetError::Shortage(_) => CliError::shortage(error.to_string()),
            _ => CliError::usage(error.to_string()).advise("an --interface or --source that this host has, or neither"),
        })?;
        if !self.output.quiet {
            for note in network.notes() {
                super::error::note(note);
            }
        }
        let about = about(NetworkKind::Real, None, net::clock::now_rfc3339());
        let local_port = self.options.local_port;
        self.settings.seed = net::entropy();
        let seen = self.drive(&mut network, events, out);
        match local_port.and_then(|port| unusable_port(port, &seen)) {
            Some(error) => Err(error),
            None => Ok((about, seen)),
        }
    }

    fn drive(self, network: &mut dyn Network, events: &mut Events, out: &mut Output) -> Evidence {
        let progress = Progress::new(self.output);
        let evidence = net::drive(Engine::new(self.settings, self.servers, self.plan), network, &mut |event| {
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
///
/// # Errors
/// When the output cannot be written.
pub fn deliver(
    mut report: Report,
    output: &OutputArgs,
    events: &mut Events,
    out: &mut Output,
) -> Result<Exit, CliError> {
    require(&mut report, &output.require);
    report.redacted = output.redact;
    if output.ndjson {
        events.end(&report, out)?;
    } else if output.json {
        out.line(&json::render(&report))?;
    } else {
        out.line(&view::render(&report, &terminal::style(output, out)))?;
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
