//! The arguments, and the run: candidates are gathered as `ice gather` does, and the session goes on with their sockets.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCompleter;

use super::beside::{Beside, Post};
use super::exchange::{self, Inbox};
use super::{live, setup};
use crate::cli::arguments::common::RunArgs;
use crate::cli::arguments::duration;
use crate::cli::arguments::ice::{IceArgs, interfaces};
use crate::cli::completions;
use crate::cli::destination;
use crate::cli::error::CliError;
use crate::cli::files::{self, Source};
use crate::cli::run::{Live, Measurement, OtherHost, Plan, World};
use crate::cli::scenario;
use crate::engine::{Engine, Network, Settings, Time};
use crate::measure::connect::spec::CONNECT;
use crate::measure::connect::{ConnectOptions, PeerConnected};
use crate::measure::ice_gather::{GatherOptions, GatherProbe, judge};
use crate::measure::spec::Spec;
use crate::peer::Token;
use crate::predict::{Prediction, Side};
use crate::report::document::Findings;
use crate::report::sides;
use crate::sim::Scenario;

/// How large a saved report may be.
const LARGEST_REPORT: u64 = 64 << 20;

/// How long gathering may take: a server that is silent so long gives no candidate.
const GATHERING: Duration = Duration::from_secs(8);

/// The arguments of `peer connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The other side's token, where that one began; `-` has it pasted, a file's name has it read from there. On the command line itself
    /// it is visible to everybody on this host in the list of processes. Without one this side begins: it prints a token and waits for
    /// the other's.
    #[arg(value_name = "TOKEN", value_hint = ValueHint::FilePath)]
    pub token: Option<String>,

    /// What is kept from one step of the run to the next.
    #[arg(skip)]
    pub kept: Kept,

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

    /// With --simulate: the network that the other side is in, a name or a scenario file; the same kind without this.
    #[arg(
        long,
        value_name = "NAME|FILE",
        value_hint = ValueHint::FilePath,
        add = ArgValueCompleter::new(completions::other_scenarios),
        requires = "simulate",
        help_heading = "Simulation"
    )]
    pub there: Option<String>,

    /// Tell the other side no addresses but those of relays, and use none but those.
    #[arg(long, help_heading = "Measurement")]
    pub relay_only: bool,

    /// Then be silent so long, and see whether the path survives it: 30s, 2m or a number of seconds.
    #[arg(long, value_name = "TIME", value_parser = duration::deadline, help_heading = "Measurement")]
    pub idle: Option<Duration>,

    /// Compare what comes of it with this: a report of peer predict, or one of classify that was made here.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Measurement")]
    pub beside: Option<PathBuf>,

    /// The servers that candidates come from.
    #[command(flatten)]
    pub ice: IceArgs,

    /// What is common to measuring.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What is kept from one step of the run to the next.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The token on the command line, which is read once.
    token: OnceCell<Token>,
    /// How candidates are gathered, wherever that is.
    gathering: OnceCell<GatherOptions>,
    /// The tokens of a simulated session.
    post: Rc<RefCell<Post>>,
}

/// What a report says that is put beside what comes of it.
enum Known {
    Prediction(Box<Prediction>),
    Side(Box<Side>),
}

fn beside_file(path: &Path) -> Result<Known, CliError> {
    const ADVICE: &str = "a file that `nat-probe peer predict --json` or `nat-probe classify --json` wrote";
    let contents =
        Source { what: "the report", path, largest: LARGEST_REPORT, advice: ADVICE, secret: false }.read_bytes()?;
    let name = files::name(path);
    if let Ok(document) = serde_json::from_slice::<serde_json::Value>(&contents)
        && document.get("command").and_then(serde_json::Value::as_str) == Some("peer-predict")
    {
        let prediction = serde_json::from_value(document).map(|prediction| Known::Prediction(Box::new(prediction)));
        return prediction.map_err(|_| CliError::usage(format!("{name} has no prediction of one pair")).advise(ADVICE));
    }
    let side = sides::read(&name, &contents)
        .map_err(|error| CliError::usage(format!("cannot put {name} beside it: {error}")).advise(ADVICE))?;
    Ok(Known::Side(Box::new(side)))
}

fn is_standard(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path.as_os_str() == "-")
}

impl ConnectArgs {
    /// What cannot be done together, before anything is sent.
    fn fits(&self, world: &World) -> Result<(), CliError> {
        let output = &self.run.output;
        let handed = self.token.is_some() || self.token_in.is_some() || self.token_out.is_some() || self.qr;
        if matches!(world, World::Simulated(..)) && handed {
            return Err(CliError::usage("cannot hand tokens out or in where both sides are simulated")
                .advise("--there NAME for the network of the other side"));
        }
        let named = !self.ice.turn.is_empty() || self.ice.ice_servers.is_some();
        if self.relay_only && !named && matches!(world, World::Real) {
            return Err(CliError::usage("cannot use relays only: no TURN server is named")
                .advise("--turn turn:turn.example.org with -u NAME beside it, or --ice-servers FILE"));
        }
        let token_is_printed = self.token_out.as_deref().is_some_and(destination::is_standard);
        if token_is_printed && (output.json || output.ndjson) && output.file().is_none() {
            return Err(CliError::usage("cannot print the token and the document both to standard output")
                .advise("--token-out FILE, or --output FILE for the document"));
        }
        let login = &self.ice.login;
        let others = [&self.ice.ice_servers, &login.password_file, &login.secret_file];
        let taken = login.password_stdin || others.into_iter().any(|path| is_standard(path.as_deref()));
        let pasted = match &self.token {
            Some(text) => text == "-",
            None => self.token_in.is_none() || is_standard(self.token_in.as_deref()),
        };
        if taken && pasted {
            return Err(CliError::usage(
                "cannot read the other side's token from standard input, which is read already",
            )
            .advise("a file for one of the two"));
        }
        Ok(())
    }

    /// The token of the side that began, where that is the other one.
    fn theirs(&self) -> Result<Option<&Token>, CliError> {
        let Some(text) = &self.token else { return Ok(None) };
        if self.kept.token.get().is_none() {
            let token = exchange::given(text, self.timeout, &self.run.output)?;
            return Ok(Some(self.kept.token.get_or_init(|| token)));
        }
        Ok(self.kept.token.get())
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
        let gathering = self.kept.gathering.get_or_init(|| gathering).clone();
        let beside = self.beside.as_deref().map(beside_file).transpose()?;
        let (prediction, side) = match beside {
            Some(Known::Prediction(prediction)) => (Some(*prediction), None),
            Some(Known::Side(side)) => (None, Some(side)),
            None => (None, None),
        };
        let options = ConnectOptions {
            beside: prediction.is_some().then(|| files::name(self.beside.as_deref().unwrap_or(Path::new("")))),
            side,
            answers: self.token.is_some(),
            relay_only: self.relay_only,
            idle_s: self.idle.map_or(0, |idle| idle.as_secs()),
            timeout_s: self.timeout.as_secs(),
            there: self.there.clone(),
        };
        let found = PeerConnected { options, gathering, prediction, ..PeerConnected::default() };
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

    fn beside(&self, plan: &Plan, scenario: &Scenario) -> Result<Option<OtherHost>, CliError> {
        let other = match &self.there {
            Some(name) => scenario::load(name)?.1.elsewhere(),
            None => scenario.elsewhere(),
        };
        let mut gathering = self.kept.gathering.get().cloned().unwrap_or_default();
        gathering.stand_on(other.host_interfaces());
        let seed = plan.settings.seed.wrapping_add(1);
        let probe = GatherProbe::new(gathering.clone());
        let mut engine =
            Engine::new(Settings { seed, ..plan.settings.clone() }, plan.servers.clone(), vec![Box::new(probe)]);
        let own = other.host_interfaces().into_iter().flat_map(|interface| interface.addresses);
        engine.start(Time::ZERO, own.map(|one| one.address).collect());
        let how = (self.relay_only, self.timeout);
        Ok(Some((other, Box::new(Beside::new(engine, gathering, Rc::clone(&self.kept.post), how, seed)))))
    }

    fn go_on(&self, live: &mut Live, asked: &mut Findings) -> Result<(), CliError> {
        let Findings::PeerConnect(found) = asked else { return Ok(()) };
        let theirs = self.theirs()?;
        let gathered = judge(live.seen, &found.gathering);
        found.keep_missing_relays(&gathered);
        let wanted = setup::Wanted {
            relay_only: self.relay_only,
            answers: theirs,
            deadline: self.timeout,
            idle: self.idle.unwrap_or_default(),
        };
        let setup = setup::setup(&gathered, &live.open, &wanted, live.seeds);
        if setup.locals.is_empty() {
            // Nothing could be told to the other side.
            return Ok(());
        }
        let token = setup::token(&setup, &wanted);
        if self.run.simulation.simulate.is_some() {
            self.kept.post.borrow_mut().ours = Some(token);
            return live::run(live, setup, None, Inbox::Post(Rc::clone(&self.kept.post)), &self.run.output, found);
        }
        exchange::hand_out(&token, self.token_out.as_deref(), self.qr, &self.run.output)?;
        let inbox = match (&theirs, &self.token_in) {
            (Some(_), _) => Inbox::Nothing,
            (None, Some(path)) if path.as_os_str() != "-" => Inbox::file(path),
            (None, _) => Inbox::standard(&self.run.output),
        };
        live::run(live, setup, theirs.cloned(), inbox, &self.run.output, found)
    }
}
