//! `--simulate`: which network to pretend.

use super::args::OutputArgs;
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use crate::sim::{self, Scenario};
use crate::stun::ServerSpec;

/// The scenario of that name or in that file, with the name to show for it.
///
/// # Errors
/// When there is neither, or the file is no scenario.
pub fn load(name: &str) -> Result<(String, Scenario), CliError> {
    sim::load(name).map_err(|error| {
        CliError::usage(error.to_string()).advise("nat-probe classify --simulate list, which describes the names")
    })
}

/// The servers that the scenario has.
///
/// # Errors
/// When it names one that is none.
pub fn servers(scenario: &Scenario) -> Result<Vec<ServerSpec>, CliError> {
    let parse =
        |name: &String| ServerSpec::parse(name).map_err(|error| CliError::usage(format!("the scenario: {error}")));
    scenario.server_names().iter().map(parse).collect()
}

/// Describes the scenarios that come with the program.
///
/// # Errors
/// When the output cannot be written.
pub fn list(output: &OutputArgs, out: &mut Output) -> Result<Exit, CliError> {
    let presets = sim::presets();
    if output.json || output.ndjson {
        let described =
            |preset: &sim::Preset| serde_json::json!({ "name": preset.name, "description": preset.description });
        let all: Vec<_> = presets.iter().map(described).collect();
        out.line(&serde_json::Value::from(all).to_string())?;
    } else {
        let longest = presets.iter().map(|preset| preset.name.len()).max().unwrap_or_default();
        for preset in presets {
            out.line(&format!("{:longest$}  {}", preset.name, preset.description))?;
        }
    }
    Ok(Exit::Measured)
}
