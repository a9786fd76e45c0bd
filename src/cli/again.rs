//! `--from FILE`: judges the evidence of a saved report again, without a packet.

use std::path::Path;

use super::args::OutputArgs;
use super::error::CliError;
use super::events::Events;
use super::exit::Exit;
use super::output::Output;
use super::run::deliver;
use super::saved;
use crate::measure::nat::judge;
use crate::measure::nat::plan::{ClassifyOptions, DiscoverOptions};
use crate::measure::turn;
use crate::report::Report;
use crate::report::assemble::{Circumstances, Found, assemble};

/// Judges the report in the file again and prints it.
///
/// # Errors
/// When the file is no report of that command, or the output cannot be written.
pub fn run(command: &'static str, path: &Path, output: &OutputArgs, out: &mut Output) -> Result<Exit, CliError> {
    let report = judged(saved::report(command, path)?);
    deliver(report, output, &mut Events::new(output), out)
}

/// The report with the verdicts that its evidence supports now.
#[must_use]
pub fn judged(saved: Report) -> Report {
    let seen = saved::evidence(&saved);
    let options = saved.options;
    let (command, found) = match &*saved.command {
        "turn" => ("turn", Found::Turn(turn::judge(&seen, &options.turn.clone().unwrap_or_default()))),
        "discover" => {
            let options = DiscoverOptions {
                families: options.families.clone(),
                transports: options.transports.clone(),
                count: options.count.unwrap_or(1),
                local_port: options.local_port,
            };
            ("discover", Found::Nat(judge::discover(&seen, &options)))
        }
        _ => {
            let options = ClassifyOptions {
                families: options.families.clone(),
                local_port: options.local_port,
                hairpin: options.hairpin,
                tcp: options.tcp,
                thorough: options.thorough,
            };
            ("classify", Found::Nat(judge::classify(&seen, &options)))
        }
    };
    let about = Circumstances {
        command,
        network: saved.network,
        scenario: saved.scenario,
        started_at: saved.started_at,
        options,
    };
    assemble(about, seen, found)
}
