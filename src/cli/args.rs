//! The one definition of the command line: parser, help, manual pages and completions all come from here.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

use super::error::CliError;
use super::turn_args::TurnArgs;
use super::{contract, duration, hints, servers};
use crate::report::require::keys;
use crate::wire::{Family, ServerSpec, Transport};

/// Says why two peers cannot connect: what the NATs and firewalls in front of this host do.
///
/// nat-probe asks several STUN servers at once and judges by RFC 5780 what it sees: how addresses and ports are translated
/// (mapping), whose packets get in (filtering), how sure that is, and what it means for the peers. Start with `nat-probe classify`.
#[derive(Debug, Parser)]
#[command(name = "nat-probe", version, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The definition, with what differs between the commands that measure.
#[must_use]
pub fn definition() -> clap::Command {
    let measuring = ["classify", "discover", "turn"];
    measuring.into_iter().fold(Cli::command().after_long_help(hints::of("")), |program, name| {
        program.mut_subcommand(name, |command| {
            let require = contract::of(name).require;
            command
                .after_long_help(hints::of(name))
                .mut_arg("require", |option| option.help(require).long_help(require))
        })
    })
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What does the NAT do?
    ///
    /// Finds out for each address family whether this host is open, firewalled or behind a NAT, what the NAT's mapping and
    /// filtering depend on, how it chooses ports, and what that means for peers.
    Classify(ClassifyArgs),
    /// What address do others see?
    ///
    /// Asks every server at once and shows the address that each one saw, how long it took, and how the answers agree.
    Discover(DiscoverArgs),
    /// Does this TURN server work, and if not, which step fails and why?
    ///
    /// Climbs the ladder that every application climbs - reach the server, be challenged, allocate, let data through the relay, renew,
    /// release - for each server, transport and address family at once, and names the cause of what fails with what to change.
    Turn(Box<TurnArgs>),
    /// Print the JSON Schema of what --json prints.
    #[command(after_long_help = hints::SCHEMA)]
    Schema,
    /// Print a completion script for a shell.
    #[command(after_long_help = hints::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages to a directory.
    #[command(hide = true)]
    Man {
        /// Where to; made where it does not exist.
        #[arg(value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
}

/// The arguments of `classify`.
#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// What is common to measuring.
    #[command(flatten)]
    pub measure: MeasureArgs,

    /// Also test whether two inside hosts reach each other by their public addresses (RFC 4787 section 6).
    #[arg(long, help_heading = "Measurement")]
    pub hairpin: bool,

    /// Also test the mapping of TCP connections (RFC 5382 section 4.1).
    #[arg(long, help_heading = "Measurement")]
    pub tcp: bool,

    /// Judge the evidence of a saved JSON report again and send nothing; `-` reads standard input.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Measurement",
        conflicts_with_all = [
            "server", "servers_file", "ipv4", "ipv6", "interface", "source", "local_port", "deadline", "thorough", "hairpin", "tcp",
            "simulate", "seed",
        ]
    )]
    pub from: Option<PathBuf>,
}

/// The arguments of `discover`.
#[derive(Debug, Args)]
pub struct DiscoverArgs {
    /// Judge the evidence of a report that `discover --json` wrote, without a packet; `-` reads standard input.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Measurement",
        conflicts_with_all = [
            "server", "servers_file", "ipv4", "ipv6", "interface", "source", "local_port", "deadline", "thorough", "transport",
            "count", "simulate", "seed",
        ]
    )]
    pub from: Option<PathBuf>,

    /// What is common to measuring.
    #[command(flatten)]
    pub measure: MeasureArgs,

    /// What carries the questions: udp, tcp, tls, or several with commas.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = transport,
        default_value = "udp",
        help_heading = "Measurement"
    )]
    pub transport: Vec<Transport>,

    /// Ask each server so many times, for the spread of the round trips.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Measurement")]
    pub count: u32,

    /// Trust the certificate authorities of this PEM file too, beside the system's.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "TLS")]
    pub ca: Option<PathBuf>,
}

/// What is common to the commands that measure.
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// The servers named one by one.
    #[arg(
        short,
        long,
        value_name = "SERVER",
        value_parser = servers::parse,
        value_hint = ValueHint::Hostname,
        help_heading = "Servers",
        help = "A server to ask (repeat): host, host:port, [v6]:port, or a stun: or stuns: URI; replaces the configured ones"
    )]
    pub server: Vec<ServerSpec>,

    /// A file with one server a line; # begins a comment.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub servers_file: Option<PathBuf>,

    /// Which of this host's networks.
    #[command(flatten)]
    pub network: NetworkArgs,

    /// Send from this local port instead of random ones; earlier traffic from it may color the verdict.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Network")]
    pub local_port: Option<u16>,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds [default: 10s, with --thorough 2m].
    #[arg(long, value_name = "TIME", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Option<Duration>,

    /// Wait as long as RFC 8489 says and repeat on a second port: slower, surer.
    #[arg(long, help_heading = "Measurement")]
    pub thorough: bool,

    /// Whether to pretend.
    #[command(flatten)]
    pub simulation: SimulationArgs,

    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which of this host's networks to use.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// IPv4 only.
    #[arg(short = '4', long, help_heading = "Network", conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// IPv6 only.
    #[arg(short = '6', long, help_heading = "Network")]
    pub ipv6: bool,

    /// Use this network interface.
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    pub interface: Option<String>,

    /// Send from this address of this host.
    #[arg(long, value_name = "ADDR", help_heading = "Network")]
    pub source: Option<IpAddr>,
}

/// Whether to pretend a network.
#[derive(Debug, Args)]
pub struct SimulationArgs {
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
pub const DEFAULT_SEED: u64 = 5780;

/// How to print the result.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print one JSON document and nothing else (see `nat-probe schema`).
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Print each event as a line of JSON while it happens, and the document as the last line.
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub ndjson: bool,

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

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl OutputArgs {
    /// Whether everything required is something that the command can tell, so that a slip is known before anything is sent.
    ///
    /// # Errors
    /// When a key is another command's.
    pub fn fits(&self, command: &str) -> Result<(), CliError> {
        let own = keys(command);
        let Some(other) = self.require.iter().find(|one| !own.contains(&one.key())) else { return Ok(()) };
        let whose = ["classify", "turn"].into_iter().find(|name| keys(name).contains(&other.key())).unwrap_or_default();
        Err(CliError::usage(format!("cannot require {other} of {command}: {} is a key of {whose}", other.key()))
            .advise(format!("the keys of {command}: {}", own.join(", "))))
    }
}

impl NetworkArgs {
    /// The families to measure: both, unless one was chosen or the source address decides.
    ///
    /// # Errors
    /// When the source address is of the family that was excluded.
    pub fn families(&self) -> Result<Vec<Family>, super::error::CliError> {
        let chosen = match (self.ipv4, self.ipv6) {
            (true, false) => vec![Family::Ipv4],
            (false, true) => vec![Family::Ipv6],
            _ => vec![Family::Ipv4, Family::Ipv6],
        };
        let Some(source) = self.source else { return Ok(chosen) };
        let fitting: Vec<Family> = chosen.into_iter().filter(|family| family.has(source)).collect();
        if fitting.is_empty() {
            let (flag, family) = if self.ipv4 { ("-4", "IPv6") } else { ("-6", "IPv4") };
            return Err(super::error::CliError::usage(format!(
                "--source {source} is an {family} address, and {flag} excludes those"
            ))
            .advise(format!("without {flag}, or another source address")));
        }
        Ok(fitting)
    }
}

impl MeasureArgs {
    /// When the run is to be over.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(Duration::from_secs(if self.thorough { 120 } else { 10 }))
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    [Transport::Udp, Transport::Tcp, Transport::Tls]
        .into_iter()
        .find(|transport| text.trim().eq_ignore_ascii_case(transport.name()))
        .ok_or_else(|| "the transports are udp, tcp and tls".to_owned())
}

/// A requirement, checked when the arguments are.
pub type Requirement = crate::report::require::Requirement;

fn requirement(text: &str) -> Result<Requirement, String> {
    text.parse().map_err(|error: crate::report::require::RequirementError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    fn families(arguments: &[&str]) -> Result<Vec<Family>, super::super::error::CliError> {
        let all = ["nat-probe", "classify"].iter().chain(arguments);
        match Cli::try_parse_from(all).map(|cli| cli.command) {
            Ok(Command::Classify(arguments)) => arguments.measure.network.families(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_source_address_decides_the_family() {
        assert_eq!(families(&[]), Ok(vec![Family::Ipv4, Family::Ipv6]));
        assert_eq!(families(&["-6"]), Ok(vec![Family::Ipv6]));
        assert_eq!(families(&["--source", "192.0.2.1"]), Ok(vec![Family::Ipv4]));
        assert!(families(&["-6", "--source", "192.0.2.1"]).is_err());
    }
}
