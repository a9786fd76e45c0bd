//! The arguments, and the run: candidates are gathered as `ice gather` does, and the session goes on with their sockets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};

use super::exchange::{self, Inbox};
use super::{live, setup};
use crate::cli::args::RunArgs;
use crate::cli::duration;
use crate::cli::error::CliError;
use crate::cli::ice_args::{IceArgs, interfaces};
use crate::cli::run::{Live, Measurement, Plan, World};
use crate::engine::{Network, Settings};
use crate::measure::connect::spec::CONNECT;
use crate::measure::connect::{ConnectOptions, PeerConnected};
use crate::measure::ice_gather::{GatherOptions, GatherProbe, judge};
use crate::measure::spec::Spec;
use crate::peer::Token;
use crate::report::document::Findings;

/// How long gathering may take: a server that is silent so long gives no candidate.
const GATHERING: Duration = Duration::from_secs(8);

/// The arguments of `peer connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The other side's token, where that one began. Without one this side begins: it prints a token and waits for the other's.
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,

    /// Write this side's token to this file, which appears when it is whole; `-` prints it to standard output, as without this option.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Tokens")]
    pub token_out: Option<PathBuf>,

    /// Read the other side's token from this file, and wait for it where it is not there yet; `-` reads standard input, as without
    /// this option.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "token", help_heading = "Tokens")]
    pub token_in: Option<PathBuf>,

    /// Show this side's token as a QR code too.
    #[arg(long, help_heading = "Tokens")]
    pub qr: bool,

    /// Give up by then: 5m, 90s or a number of seconds. It counts from the start and covers what people need to paste tokens.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::deadline, help_heading = "Measurement")]
    pub timeout: Duration,

    /// Tell the other side no addresses but those of relays, and use none but those.
    #[arg(long, help_heading = "Measurement")]
    pub relay_only: bool,

    /// Then be silent so long, and see whether the path survives it: 30s, 2m or a number of seconds.
    #[arg(long, value_name = "TIME", value_parser = duration::deadline, help_heading = "Measurement")]
    pub idle: Option<Duration>,

    /// The servers that candidates come from.
    #[command(flatten)]
    pub ice: IceArgs,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

fn is_standard(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path.as_os_str() == "-")
}

impl ConnectArgs {
    /// What cannot be done together, before anything is sent.
    fn fits(&self, world: &World) -> Result<(), CliError> {
        let output = &self.run.output;
        if matches!(world, World::Simulated(..)) {
            return Err(CliError::usage("cannot connect in a simulated network: there is nobody at the other end")
                .advise("nat-probe peer predict, which takes reports of simulated networks"));
        }
        if self.relay_only && self.ice.turn.is_empty() && self.ice.ice_servers.is_none() {
            return Err(CliError::usage("cannot use relays only: no TURN server is named")
                .advise("--turn turn:turn.example.org with -u NAME beside it, or --ice-servers FILE"));
        }
        if is_standard(self.token_out.as_deref()) && (output.json || output.ndjson) && output.output.is_none() {
            return Err(CliError::usage("cannot print the token and the document both to standard output")
                .advise("--token-out FILE, or --output FILE for the document"));
        }
        let login = &self.ice.login;
        let others = [&self.ice.ice_servers, &login.password_file, &login.secret_file];
        let taken = login.password_stdin || others.into_iter().any(|path| is_standard(path.as_deref()));
        if taken && self.token.is_none() && (self.token_in.is_none() || is_standard(self.token_in.as_deref())) {
            return Err(CliError::usage(
                "cannot read the other side's token from standard input, which is read already",
            )
            .advise("--token-in FILE, or a file for the other"));
        }
        Ok(())
    }

    /// The token on the command line.
    fn theirs(&self) -> Result<Option<Token>, CliError> {
        self.token
            .as_deref()
            .map(|text| exchange::read(text, None).map_err(|error| exchange::usage(&error)))
            .transpose()
    }
}

impl Measurement for ConnectArgs {
    fn spec(&self) -> &'static Spec {
        &CONNECT
    }

    fn common(&self) -> &RunArgs {
        &self.run
    }

    fn plan(&self, world: &World) -> Result<Plan, CliError> {
        self.fits(world)?;
        self.theirs()?;
        let families = self.run.network.families()?;
        let draft = self.ice.servers(world, &self.run.output)?;
        let gathering = self.ice.options(&draft, &families, world.now_unix_s());
        let gathering = GatherOptions { hand_over: true, ..gathering };
        let options = ConnectOptions {
            answers: self.token.is_some(),
            relay_only: self.relay_only,
            idle_s: self.idle.map_or(0, |idle| idle.as_secs()),
            timeout_s: self.timeout.as_secs(),
        };
        let found = PeerConnected { options, gathering, ..PeerConnected::default() };
        Ok(Plan {
            settings: Settings {
                deadline: GATHERING.min(self.timeout),
                transports: draft.transports(),
                credentials: draft.credentials,
                hand_over: true,
                ..Settings::default()
            },
            tls: self.ice.tls.trust.read()?,
            insecure: self.ice.tls.insecure,
            servers: draft.servers,
            looked_up: families,
            ..Plan::asking(Findings::PeerConnect(found))
        })
    }

    fn look(&self, network: &dyn Network, plan: &mut Plan) -> Result<(), CliError> {
        let Findings::PeerConnect(asked) = &mut plan.asked else { return Ok(()) };
        asked.gathering.stand_on(interfaces(&self.run.network, network.interfaces()));
        plan.probes = vec![Box::new(GatherProbe::new(asked.gathering.clone()))];
        Ok(())
    }

    fn go_on(&self, live: &mut Live, asked: &mut Findings) -> Result<(), CliError> {
        let Findings::PeerConnect(found) = asked else { return Ok(()) };
        let theirs = self.theirs()?;
        let gathered = judge(live.seen, &found.gathering);
        let wanted = setup::Wanted {
            relay_only: self.relay_only,
            answers: theirs.as_ref(),
            deadline: self.timeout,
            idle: self.idle.unwrap_or_default(),
        };
        let setup = setup::setup(&gathered, &live.open, &wanted, live.seeds);
        if setup.locals.is_empty() {
            // Nothing could be told to the other side.
            return Ok(());
        }
        let token = setup::token(&setup, &wanted);
        exchange::hand_out(&token, self.token_out.as_deref(), self.qr, &self.run.output)?;
        let inbox = match (&theirs, &self.token_in) {
            (Some(_), _) => Inbox::Nothing,
            (None, Some(path)) if path.as_os_str() != "-" => Inbox::file(path),
            (None, _) => Inbox::standard(&self.run.output),
        };
        live::run(live, setup, theirs, inbox, &self.run.output, found)
    }
}
