//! The arguments of `turn`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use super::common::RunArgs;
use super::duration;
use super::servers::ServerArgs;
use super::trust::TlsArgs;
use crate::cli::commands::turn_lint::arguments::LintArgs;
use crate::cli::completions;
use crate::wire::{Secret, Transport, host_name};

/// The arguments of `turn`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct TurnArgs {
    /// What to do in place of testing a server.
    #[command(subcommand)]
    pub instead: Option<TurnCommand>,

    /// The servers as they were written.
    // Understood later: this parser would print a password that somebody wrote into the URI.
    #[arg(
        value_name = "URI",
        value_hint = ValueHint::Hostname,
        help = "A TURN server (repeat): turn:HOST[:PORT][?transport=udp|tcp], turns:HOST, HOST, HOST:PORT or [V6]:PORT"
    )]
    pub uri: Vec<String>,

    /// Test the entries of an application's own configuration: the JSON given to RTCPeerConnection; `-` reads standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ice_servers: Option<PathBuf>,

    /// Test the TURN servers that a server's own configuration names, with the credentials in it: homeserver.yaml of Matrix, YAML of
    /// LiveKit, go2rtc, mediamtx or ejabberd, XML of XEP-0215 or BigBlueButton, Lua of Prosody, JSON of Nextcloud Talk, a .env file,
    /// source code; `-` reads standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "ice_servers")]
    pub from_config: Option<PathBuf>,

    /// Who asks.
    #[command(flatten)]
    pub login: LoginArgs,

    /// What carries the messages: udp, tcp, tls, dtls, or several with commas; replaces what the URIs say [default: what they say,
    /// else udp].
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = transport,
        add = ArgValueCandidates::new(|| completions::transports(&TRANSPORTS)),
        help_heading = "Measurement"
    )]
    pub transport: Vec<Transport>,

    /// Packets through the relay to tell its quality by, for each way of sending; 0 for none.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(0..=1000),
        help_heading = "Measurement"
    )]
    pub count: u32,

    /// Keep the allocation so long, renew what has to be renewed, and report every hiccup: 6m, 90s or a number of seconds.
    #[arg(long, value_name = "TIME", value_parser = hold, help_heading = "Measurement")]
    pub duration: Option<Duration>,

    /// Test what else the server offers, each on an allocation of its own: IPv6 relay, both families, even port, reservation,
    /// DONT-FRAGMENT, mobility, TCP relay, SHA-256.
    #[arg(long, help_heading = "Measurement")]
    pub features: bool,

    /// Do not follow a redirection to another server (300).
    #[arg(long, help_heading = "Measurement")]
    pub no_follow: bool,

    /// Be done by then, with what is known: 10s, 1m or a number of seconds [default: 15s, and more
    /// with --count, --duration and --features].
    #[arg(long, alias = "timeout", value_name = "TIME", value_parser = duration::deadline, help_heading = "Measurement")]
    pub deadline: Option<Duration>,

    /// The third parties: asked through the relay, they see from where it sends.
    #[command(flatten)]
    pub third_parties: ServerArgs,

    /// Whom TLS trusts.
    #[command(flatten)]
    pub tls: TlsArgs,

    /// Verify the certificate against this name and not the URI's.
    #[arg(long, value_name = "NAME", value_parser = certified, help_heading = "TLS")]
    pub server_name: Option<String>,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The commands of `turn`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TurnCommand {
    Lint(LintArgs),
}

/// Who asks.
#[derive(Debug, Args)]
pub(in crate::cli) struct LoginArgs {
    /// The user name; the password is asked for, unless one of the options and variables below has it.
    #[arg(short, long, value_name = "NAME", help_heading = "Credentials")]
    pub user: Option<String>,

    /// The password itself. Everybody on this host can read it in the list of processes: better one of the other ways.
    #[arg(long, value_name = "PASSWORD", value_parser = secret, hide_default_value = true, help_heading = "Credentials")]
    pub password: Option<Secret>,

    /// A file with the password; a newline at its end does not count.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Credentials",
        conflicts_with_all = ["password", "password_stdin"]
    )]
    pub password_file: Option<PathBuf>,

    /// Read the password from standard input.
    #[arg(long, help_heading = "Credentials", conflicts_with = "password")]
    pub password_stdin: bool,

    /// A file with the secret shared with the server (coturn's static-auth-secret): makes a user name that expires, and its password.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Credentials")]
    pub secret_file: Option<PathBuf>,

    /// With a shared secret, the part of the user name behind the expiry.
    #[arg(long, value_name = "NAME", help_heading = "Credentials", conflicts_with_all = ["user", "password", "password_file", "password_stdin"])]
    pub rest_user: Option<String>,

    /// With a shared secret, how long the user name is good for.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ttl, help_heading = "Credentials")]
    pub ttl: Duration,

    /// Insist on this realm.
    #[arg(long, value_name = "REALM", help_heading = "Credentials")]
    pub realm: Option<String>,
}

/// How long a run may take, what each packet of the quality adds, and what the features do.
const USUAL: Duration = Duration::from_secs(15);
const PACKET: Duration = Duration::from_millis(20);
const FEATURES: Duration = Duration::from_secs(15);

/// The longest time to keep an allocation.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3600);

impl TurnArgs {
    /// When the run is to be over.
    #[must_use]
    pub(in crate::cli) fn deadline(&self) -> Duration {
        let features = if self.features { FEATURES } else { Duration::ZERO };
        let usual = USUAL + PACKET * self.count + self.duration.unwrap_or_default() + features;
        self.deadline.unwrap_or(usual)
    }
}

/// What may lead to a TURN server.
const TRANSPORTS: [Transport; 4] = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Dtls];

fn transport(text: &str) -> Result<Transport, String> {
    TRANSPORTS
        .into_iter()
        .find(|transport| text.trim().eq_ignore_ascii_case(transport.name()))
        .ok_or_else(|| "the transports are udp, tcp, tls and dtls".to_owned())
}

/// Whom a certificate is for: a name, or an address.
fn certified(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() { Ok(text.to_owned()) } else { host_name(text) }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an argument parser")]
fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

fn hold(text: &str) -> Result<Duration, String> {
    let span = ttl(text).map_err(|_| "not a time; try 6m or 90".to_owned())?;
    if span.as_secs() == 0 {
        Err("at least a second".to_owned())
    } else if span > LONGEST_HOLD {
        Err("at most 24 h".to_owned())
    } else {
        Ok(span)
    }
}

fn ttl(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<u64>().map(Duration::from_secs);
    seconds.or_else(|_| humantime::parse_duration(text.trim())).map_err(|_| "not a time; try 1h or 86400".to_owned())
}
