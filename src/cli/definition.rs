//! The one definition of the command line: parser, help, manual pages and completions all come from here.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::arguments::turn::{TurnArgs, TurnCommand};
use super::commands::classify::ClassifyArgs;
use super::commands::discover::DiscoverArgs;
use super::commands::explain_file::ExplainArgs;
use super::commands::gateway::GatewayArgs;
use super::commands::ice_gather::GatherArgs;
use super::commands::peer_connect::ConnectArgs;
use super::commands::peer_predict::PredictArgs;
use super::commands::turn_lint::arguments::LintArgs;
use super::completions;
use super::printing::footer;
use super::program;
use super::run::Measurement;
use crate::measure::catalog;
use crate::measure::spec::Spec;

/// Says why two peers cannot connect: what the NATs and firewalls in front of this host do.
///
/// nat-probe asks several STUN servers at once and judges by RFC 5780 what it sees: how addresses and ports are translated
/// (mapping), whose packets get in (filtering), how sure that is, and what it means for the peers. Start with `nat-probe classify`.
#[derive(Debug, Parser)]
#[command(name = "nat-probe", version, arg_required_else_help = true, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    /// Say what a word of the page or of the JSON means.
    #[arg(long, value_name = "CODE", add = ArgValueCandidates::new(completions::codes))]
    pub explain: Option<String>,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do; the words of the help are in each command's [`Spec`], those of a group of commands here.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Measure(Box<Measuring>),
    /// Do two peers connect? Predict it from both ends, or try it
    #[command(subcommand)]
    Peer(Peer),
    Explain(ExplainArgs),
    Schema,
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    #[command(hide = true)]
    Version,
    /// Write the manual pages to a directory.
    #[command(hide = true)]
    Man {
        /// Where to; made where it does not exist.
        #[arg(value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
}

/// The commands that measure, a row each here and in [`Measuring::measurement`].
#[derive(Debug, Subcommand)]
pub(super) enum Measuring {
    Classify(ClassifyArgs),
    Discover(DiscoverArgs),
    Turn(Box<TurnArgs>),
    Gateway(GatewayArgs),
    /// Which ICE candidates does this network give (RFC 8445)?
    #[command(subcommand)]
    Ice(Ice),
}

/// The commands of `ice`.
#[derive(Debug, Subcommand)]
pub(super) enum Ice {
    Gather(Box<GatherArgs>),
}

/// The commands of `peer`.
#[derive(Debug, Subcommand)]
pub(super) enum Peer {
    Predict(Box<PredictArgs>),
    Connect(Box<ConnectArgs>),
}

impl Measuring {
    /// What is to be measured.
    #[must_use]
    pub(super) fn measurement(&self) -> &dyn Measurement {
        match self {
            Self::Classify(arguments) => arguments,
            Self::Discover(arguments) => arguments,
            Self::Turn(arguments) => &**arguments,
            Self::Gateway(arguments) => arguments,
            Self::Ice(Ice::Gather(arguments)) => &**arguments,
        }
    }

    /// What is to be looked over in place of measuring.
    #[must_use]
    pub(super) fn lint(&self) -> Option<&LintArgs> {
        match self {
            Self::Turn(arguments) => arguments.instead.as_ref().map(|TurnCommand::Lint(arguments)| arguments),
            _ => None,
        }
    }
}

/// What whoever typed nothing but the name needs next.
const START: &str = "Start with nat-probe classify. nat-probe COMMAND --help has examples.";

/// The definition, with what each command promises.
#[must_use]
pub(super) fn definition() -> clap::Command {
    let program = Cli::command().after_help(START).after_long_help(footer::of(&program::PROGRAM));
    let program = program::OTHERS.iter().fold(program, |program, spec| {
        change(program, spec.name, |command| command.about(spec.question).after_long_help(footer::of(spec)))
    });
    let program = [&program::EXPLAIN, &program::LINT].into_iter().fold(program, |program, spec| {
        let how = format!("{}\n\n{}", spec.question, spec.how);
        change(program, spec.name, |command| command.long_about(how))
    });
    catalog::COMMANDS.iter().fold(program, |program, spec| change(program, spec.name, |it| measuring(it, spec)))
}

/// The definition with the command that is typed so changed, be it in a group or not.
fn change(program: clap::Command, name: &str, how: impl FnOnce(clap::Command) -> clap::Command) -> clap::Command {
    match name.split_once(' ') {
        Some((group, rest)) => program.mut_subcommand(group, |group| change(group, rest, how)),
        None => program.mut_subcommand(name, how),
    }
}

/// Every command that can be typed and is not hidden, those of a group in place of the group, in the order of the help; each with the
/// words that are typed.
pub(super) fn commands(program: &clap::Command) -> Vec<(String, &clap::Command)> {
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    let mut shown: Vec<&clap::Command> = shown.collect();
    shown.sort_by_key(|command| command.get_display_order());
    shown
        .into_iter()
        .flat_map(|command| {
            let name = command.get_name();
            let within = commands(command).into_iter().map(|(rest, it)| (format!("{name} {rest}"), it));
            // Of a group that is a command too, that comes first.
            let alone = !command.has_subcommands() || command.get_positionals().next().is_some();
            alone.then(|| (name.to_owned(), command)).into_iter().chain(within).collect::<Vec<_>>()
        })
        .collect()
}

/// The same without what is hidden: what completions offer.
#[must_use]
pub(super) fn offered() -> clap::Command {
    let program = definition();
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    clap::Command::new("nat-probe").version(env!("CARGO_PKG_VERSION")).args(program.get_arguments()).subcommands(shown)
}

fn measuring(command: clap::Command, spec: &'static Spec) -> clap::Command {
    let require = format!("Require something of the result (repeat), for scripts: {}, ...", spec.requirements);
    // A saved report was measured long ago: only how to print it, and what to require of it, is still open.
    let settled = command.get_arguments().filter(|one| one.get_help_heading() != Some("Output"));
    let settled: Vec<clap::Id> = settled.map(|one| one.get_id().clone()).filter(|id| id != "from").collect();
    let measures = command.get_arguments().any(|one| one.get_id() == "simulate");
    let command = command
        .about(spec.question)
        .long_about(format!("{}\n\n{}", spec.question, spec.how))
        .after_long_help(footer::of(spec))
        .mut_arg("require", |option| {
            let offered = ArgValueCompleter::new(move |typed: &OsStr| completions::requirements(spec.keys, typed));
            option.help(require.clone()).long_help(require).add(offered)
        });
    if !measures {
        return command;
    }
    command
        .mut_arg("simulate", |option| {
            option.add(ArgValueCompleter::new(move |typed: &OsStr| completions::scenarios(spec.simulates, typed)))
        })
        .mut_arg("interface", |option| option.add(ArgValueCandidates::new(completions::interfaces)))
        .mut_arg("from", |option| option.conflicts_with_all(settled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::{DiagnosisCode, Entry, Login, to_copy};
    use crate::report::commands;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    /// Advice can be copied as it stands, but for what is in capitals.
    #[test]
    fn every_command_that_is_advised_is_one() {
        let entry = |uri: &str, place: &str| Entry {
            uri: uri.to_owned(),
            place: place.to_owned(),
            login: Some(Login::default()),
            ..Entry::default()
        };
        let entries = [entry("turn:h?transport=tcp", ""), entry("turn:h", "iceServers[0]"), entry("turn:a'b", "")];
        let of_turn = DiagnosisCode::ALL.iter().flat_map(|code| entries.iter().filter_map(|one| to_copy(*code, one)));
        let all: Vec<String> = commands::ALL.iter().map(|one| (*one).to_owned()).chain(of_turn).collect();
        assert!(all.len() > 60, "{all:?}");
        for line in all {
            // What a shell makes of the quotes.
            let words = line.split(' ').map(|word| word.trim_matches('\'').replace("PORT", "3478"));
            let words: Vec<String> =
                words.map(|word| if word == "ADDRESS" { "192.0.2.1".to_owned() } else { word }).collect();
            let parsed = definition().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_command_that_measures_is_offered() {
        let program = definition();
        let commands = commands(&program);
        for spec in catalog::COMMANDS {
            let (_, command) = commands.iter().find(|(name, _)| name == spec.name).expect(spec.name);
            assert_eq!(command.get_about().map(ToString::to_string).as_deref(), Some(spec.question));
        }
    }

    #[test]
    fn a_command_of_a_group_is_found_by_its_words() {
        let group = clap::Command::new("ice").about("group").subcommands(["gather", "lint"].map(clap::Command::new));
        let program = clap::Command::new("nat-probe").subcommand(group).subcommand(clap::Command::new("turn"));
        let program = change(program, "ice lint", |command| command.about("changed"));
        let program = change(program, "turn", |command| command.hide(true));
        let abouts: Vec<_> = commands(&program)
            .into_iter()
            .map(|(name, command)| (name, command.get_about().map(ToString::to_string)))
            .collect();
        assert_eq!(abouts, [("ice gather".to_owned(), None), ("ice lint".to_owned(), Some("changed".to_owned()))]);
    }
}
