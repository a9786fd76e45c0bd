//! The arguments that commands share.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::duration;
use super::servers::{self, ServerArgs};
use crate::cli::destination::is_standard;
use crate::cli::error::CliError;
use crate::engine::Settings;
use crate::measure::catalog;
use crate::measure::spec::Spec;
use crate::wire::{Family, ServerSpec, Transport};

/// What is common to the commands that measure.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// Which of this host's networks.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// Whether to pretend.
    #[command(flatten)]
    pub simulation: SimulationArgs,

    /// Judge the evidence of a report that this command wrote with --json again, without a packet; `-` reads standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Measurement")]
    pub from: Option<PathBuf>,

    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What is common to the commands that ask STUN servers.
#[derive(Debug, Args)]
pub(in crate::cli) struct StunArgs {
    /// The servers named with options.
    #[command(flatten)]
    pub servers: ServerArgs,

    /// Servers without the option before them.
    #[arg(
        value_name = "SERVER",
        value_parser = servers::parse,
        value_hint = ValueHint::Hostname,
        help = "The servers to ask, as with --server; without any the configured ones, else well-known public ones"
    )]
    pub positional: Vec<ServerSpec>,

    /// Send from this local port instead of random ones; earlier traffic from it may color the verdict.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Network")]
    pub local_port: Option<u16>,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds [default: 10s, with --thorough 2m].
    #[arg(long, alias = "timeout", value_name = "TIME", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Option<Duration>,

    /// Wait as long as RFC 8489 says and repeat on a second port: slower, surer.
    #[arg(long, help_heading = "Measurement")]
    pub thorough: bool,
}

/// Which of this host's networks to use.
#[derive(Debug, Args)]
pub(in crate::cli) struct NetworkArgs {
    /// IPv4 only.
    #[arg(short = '4', long, help_heading = "Network", conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// IPv6 only.
    #[arg(short = '6', long, help_heading = "Network")]
    pub ipv6: bool,

    /// Use this network interface.
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, help_heading = "Network")]
    pub interface: Option<String>,

    /// Send from this address of this host.
    #[arg(long, value_name = "ADDR", value_parser = address, help_heading = "Network")]
    pub source: Option<IpAddr>,
}

/// Reads an address, for the argument parser.
///
/// # Errors
/// In words, when it is none.
pub(in crate::cli) fn address(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| "no IP address, such as 192.168.1.1: names are not looked up here".to_owned())
}

/// Whether to pretend a network.
#[derive(Debug, Args)]
pub(in crate::cli) struct SimulationArgs {
    /// Measure a simulated network instead, at once and without a packet: a name, a scenario file, or `list` to see the names.
    #[arg(
        long,
        value_name = "NAME|FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Simulation",
        conflicts_with_all = ["interface", "source"]
    )]
    pub simulate: Option<String>,

    /// Seed of the simulated network's chances; equal seeds give equal runs.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, requires = "simulate", help_heading = "Simulation")]
    pub seed: u64,
}

/// The seed of simulated runs, so that they come out the same every time.
pub(in crate::cli) const DEFAULT_SEED: u64 = 5780;

/// How to print the result.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(in crate::cli) struct OutputArgs {
    /// Print one JSON document and nothing else (see `nat-probe schema`).
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Print each event as a line of JSON while it happens, and the document as the last line.
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub ndjson: bool,

    /// Print for a program that does not read JSON.
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with_all = ["json", "ndjson"], help_heading = "Output")]
    pub format: Option<Format>,

    /// Print to this file, which is made anew, and not to standard output.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Show no progress and no notes on standard error.
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// List every exchange as well, twice with all that was answered; changes nothing of what is measured.
    #[arg(short, long, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// When to use color.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto, help_heading = "Output")]
    pub color: ColorChoice,

    /// Draw with plain ASCII; the default where the locale is not UTF-8.
    #[arg(long, help_heading = "Output")]
    pub ascii: bool,

    /// Mask addresses consistently (A, B, ...), for pasting into public places.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,

    /// Require something of the result (repeat), for scripts.
    #[arg(long, value_name = "KEY=VALUE", value_parser = requirement, help_heading = "Output")]
    pub require: Vec<Requirement>,
}

/// What reads the result, where neither people nor JSON do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// A report for test dashboards: a test case for the run and for each requirement.
    Junit,
    /// One line for Nagios and Icinga; exits with 0 (OK), 2 (CRITICAL) or 3 (UNKNOWN).
    Nagios,
    /// Metrics for the textfile collector of Prometheus.
    Prometheus,
}

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl OutputArgs {
    /// The file to print to, where that is not standard output anyway.
    #[must_use]
    pub(in crate::cli) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| !is_standard(path))
    }

    /// Whether everything required is something that the command can tell, so that a slip is known before anything is sent.
    ///
    /// # Errors
    /// When a key is another command's.
    pub(in crate::cli) fn fits(&self, spec: &Spec) -> Result<(), CliError> {
        let Some(other) = self.require.iter().find(|one| !spec.keys.contains(one.key())) else { return Ok(()) };
        let (command, key) = (spec.name, other.key());
        let whose = catalog::COMMANDS.iter().find(|spec| spec.keys.contains(key)).map_or("none", |spec| spec.name);
        let own: Vec<&str> = spec.keys.iter().map(|key| key.name).collect();
        Err(CliError::usage(format!("cannot require {other} of {command}: {} is a key of {whose}", key.name))
            .advise(format!("the keys of {command}: {}", own.join(", "))))
    }
}

impl NetworkArgs {
    /// The families to measure: both, unless one was chosen or the source address decides.
    ///
    /// # Errors
    /// When the source address is of the family that was excluded.
    pub(in crate::cli) fn families(&self) -> Result<Vec<Family>, CliError> {
        let chosen = match (self.ipv4, self.ipv6) {
            (true, false) => vec![Family::Ipv4],
            (false, true) => vec![Family::Ipv6],
            _ => vec![Family::Ipv4, Family::Ipv6],
        };
        let Some(source) = self.source else { return Ok(chosen) };
        let fitting: Vec<Family> = chosen.into_iter().filter(|family| family.has(source)).collect();
        if fitting.is_empty() {
            let (flag, family) = if self.ipv4 { ("-4", "IPv6") } else { ("-6", "IPv4") };
            return Err(CliError::usage(format!(
                "--source {source} is an {family} address, and {flag} excludes those"
            ))
            .advise(format!("without {flag}, or another source address")));
        }
        Ok(fitting)
    }
}

impl StunArgs {
    /// How to run, over these transports.
    #[must_use]
    pub(in crate::cli) fn settings(&self, transports: Vec<Transport>) -> Settings {
        let deadline = self.deadline.unwrap_or(Duration::from_secs(if self.thorough { 120 } else { 10 }));
        Settings { deadline, thorough: self.thorough, transports, ..Settings::default() }
    }
}

/// A requirement, checked when the arguments are.
pub(in crate::cli) type Requirement = crate::report::require::Requirement;

/// Reads one.
///
/// # Errors
/// In words, when it is none.
pub(in crate::cli) fn requirement(text: &str) -> Result<Requirement, String> {
    text.parse().map_err(|error: crate::report::require::RequirementError| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Alone {
        #[command(flatten)]
        network: NetworkArgs,
    }

    fn families(arguments: &[&str]) -> Result<Vec<Family>, CliError> {
        let all = ["nat-probe"].iter().chain(arguments);
        Alone::try_parse_from(all).expect("the arguments are right").network.families()
    }

    #[test]
    fn the_source_address_decides_the_family() {
        assert_eq!(families(&[]), Ok(vec![Family::Ipv4, Family::Ipv6]));
        assert_eq!(families(&["-6"]), Ok(vec![Family::Ipv6]));
        assert_eq!(families(&["--source", "192.0.2.1"]), Ok(vec![Family::Ipv4]));
        assert!(families(&["-6", "--source", "192.0.2.1"]).is_err());
    }
}
