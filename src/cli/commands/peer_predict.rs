//! `nat-probe peer predict`: will these two connect?

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCompleter;

use crate::cli::arguments::common::OutputArgs;
use crate::cli::arguments::entries;
use crate::cli::completions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Source};
use crate::cli::printing::events::Events;
use crate::cli::printing::output::Output;
use crate::cli::run::{deliver, place};
use crate::evidence::Evidence;
use crate::measure::peer_predict::spec::PREDICT;
use crate::measure::peer_predict::{PredictOptions, Predicted};
use crate::net;
use crate::peer::Token;
use crate::predict::read::candidates;
use crate::predict::{Side, TurnServer};
use crate::report::assemble::{Circumstances, assemble};
use crate::report::document::{Findings, NetworkKind};
use crate::report::sides;
use crate::wire::{EntryKind, ServerSpec, Transport};

/// How large what says something of a side may be: as large as a saved report.
const LARGEST: u64 = 64 << 20;

/// So many sides have five thousand pairs.
const MOST: usize = 100;

const WANTED: &str = "a file that `nat-probe classify --json` wrote, SDP or candidates, a browser's dump, or a description: nat:symmetric";

/// What every token of `peer connect` begins with.
const TOKEN: &str = "np1-";

/// The arguments of `peer predict`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PredictArgs {
    /// The two sides, or with --matrix all of them: files, `-` for standard input, descriptions like nat:symmetric, or tokens of peer
    /// connect.
    #[arg(
        value_name = "SIDE",
        required = true,
        num_args = 2..,
        value_hint = ValueHint::FilePath,
        add = ArgValueCompleter::new(completions::sides)
    )]
    pub side: Vec<String>,

    /// Predict every pair of all sides named, as a grid.
    #[arg(long, help_heading = "Sides")]
    pub matrix: bool,

    /// Take all sides to be in different networks, where addresses that would tell are masked or missing.
    #[arg(long, help_heading = "Sides")]
    pub apart: bool,

    /// A TURN server that all may use (repeat): turn:host, turn:host?transport=tcp, turns:host.
    #[arg(long, value_name = "URI", value_hint = ValueHint::Url, help_heading = "Relays")]
    pub turn: Vec<String>,

    /// The ICE servers of an application's configuration, of which those for TURN count.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Relays")]
    pub ice_servers: Option<PathBuf>,

    /// How to print it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Reads the sides, predicts, and prints what came of it.
///
/// # Errors
/// When a side cannot be read, or the output cannot be written.
pub(in crate::cli) fn run(arguments: &PredictArgs, out: &mut Output) -> Result<Exit, CliError> {
    let output = &arguments.output;
    output.fits(&PREDICT)?;
    let sides = arguments.sides()?;
    let simulated = sides.iter().any(|side| side.simulated);
    let options = PredictOptions { sides, turn: arguments.servers()?, matrix: arguments.matrix };
    let about = Circumstances {
        network: if simulated { NetworkKind::Simulated } else { NetworkKind::Real },
        scenario: None,
        started_at: net::clock::now_rfc3339(),
    };
    let asked = Findings::PeerPredict(Predicted { options, ..Predicted::default() });
    let mut file = None;
    let mut events = Events::new(output);
    let out = place(output, &mut file, out)?;
    deliver(assemble(about, Evidence::default(), asked), output, None, &mut events, out)
}

/// The side that a token is of. Named without a file it is called by its user name fragment: the rest of it is a secret.
fn of_token(name: Option<String>, text: &str) -> Result<Side, CliError> {
    let unusable = |error: &str| CliError::usage(format!("cannot use a token as a side: {error}"));
    // Expired it tells of a NAT what it told before.
    let token = Token::decode(text, 0, None).map_err(|error| unusable(&error.to_string()))?;
    let name = name.unwrap_or_else(|| format!("the token of {}", token.ufrag));
    let mut side = candidates::whole(&name, &token.candidates).ok_or_else(|| unusable("it has no candidates"))?;
    let now = u64::try_from(net::clock::now_unix_s()).unwrap_or_default();
    if let Some(ago_s) = now.checked_sub(token.expires_unix_s) {
        side.remarks.push(format!("the token expired {ago_s} s ago: its addresses may be others by now"));
    }
    Ok(side)
}

impl PredictArgs {
    fn sides(&self) -> Result<Vec<Side>, CliError> {
        let count = self.side.len();
        if !self.matrix && count != 2 {
            return Err(CliError::usage(format!("cannot predict {count} sides as one pair"))
                .advise("two of them, or --matrix for every pair"));
        }
        if count > MOST {
            return Err(
                CliError::usage(format!("cannot predict {count} sides in one run")).advise(format!("at most {MOST}"))
            );
        }
        let from_input = self.side.iter().filter(|side| *side == "-").count();
        if from_input + usize::from(self.ice_servers.as_deref() == Some(Path::new("-"))) > 1 {
            return Err(CliError::usage("cannot read standard input more than once").advise("a file for all but one"));
        }
        self.side.iter().map(|text| self.side(text)).collect()
    }

    fn side(&self, text: &str) -> Result<Side, CliError> {
        let mut side = if sides::is_description(text) {
            sides::read(text, text.as_bytes())
                .map_err(|error| CliError::usage(format!("cannot understand {text}: {error}")))?
        } else if text.trim_start().starts_with(TOKEN) {
            of_token(None, text)?
        } else {
            let path = Path::new(text);
            let source = Source { what: "the side", path, largest: LARGEST, advice: WANTED, secret: false };
            let name = files::name(path);
            let contents = source.read_bytes()?;
            match std::str::from_utf8(&contents) {
                Ok(text) if text.trim_start().starts_with(TOKEN) => of_token(Some(name), text)?,
                _ => sides::read(&name, &contents)
                    .map_err(|error| CliError::usage(format!("cannot use {name} as a side: {error}")).advise(WANTED))?,
            }
        };
        if self.apart {
            side.part();
        }
        Ok(side)
    }

    /// The TURN servers; nothing where none was named.
    fn servers(&self) -> Result<Option<Vec<TurnServer>>, CliError> {
        let mut found = Vec::new();
        for uri in &self.turn {
            let (spec, meant) = ServerSpec::parse_turn(uri).map_err(|error| {
                CliError::usage(error.to_string()).advise("turn:turn.example.org, or turns: for TLS")
            })?;
            let usual = if spec.secure { Transport::Tls } else { Transport::Udp };
            found.push(TurnServer { uri: spec.text, transport: meant.unwrap_or(usual) });
        }
        if let Some(path) = &self.ice_servers {
            let usable =
                entries::configuration(path)?.entries.into_iter().filter(|entry| entry.kind == EntryKind::Turn);
            found.extend(usable.filter_map(|entry| {
                let (_, transport) = entry.server?;
                Some(TurnServer { uri: entry.uri, transport })
            }));
        }
        Ok((!self.turn.is_empty() || self.ice_servers.is_some()).then_some(found))
    }
}
