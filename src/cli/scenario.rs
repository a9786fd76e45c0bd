//! `--simulate`: which network to pretend.

use std::path::Path;

use super::arguments::common::OutputArgs;
use super::error::CliError;
use super::exit::Exit;
use super::files::{self, Source};
use super::printing::output::Output;
use crate::sim::{self, Scenario};
use crate::wire::{ServerSpec, nearest};

/// How large a scenario file may be; those that people write have a few thousand bytes.
const LARGEST: u64 = 1 << 20;

const ADVICE: &str = "nat-probe classify --simulate list, which describes the names";

/// The scenario of that name or in that file, with the name to show for it.
///
/// # Errors
/// When there is neither, or the file is no scenario.
pub(super) fn load(name: &str) -> Result<(String, Scenario), CliError> {
    if let Some(scenario) = Scenario::preset(name) {
        return Ok((name.to_owned(), scenario));
    }
    let path = Path::new(name);
    let shown = files::name(path);
    if !(name.contains(['/', '\\']) || path.extension().is_some() || path.exists()) {
        let what = format!("there is no simulated network \"{shown}\", and no scenario file (*.toml) of that name");
        let near = nearest(name, sim::presets().iter().map(|preset| preset.name));
        let advice = near.map_or_else(|| ADVICE.to_owned(), |near| format!("did you mean {near}? {ADVICE}"));
        return Err(CliError::usage(what).advise(advice));
    }
    let source = Source { what: "the scenario file", path, largest: LARGEST, advice: ADVICE, secret: false };
    let scenario = Scenario::from_toml(&source.read()?)
        .map_err(|error| CliError::usage(format!("the scenario file {shown}: {error}")).advise(ADVICE))?;
    let stem = path.file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned());
    Ok((stem, scenario))
}

/// The servers that the scenario has.
///
/// # Errors
/// When it names one that is none.
pub(super) fn servers(scenario: &Scenario) -> Result<Vec<ServerSpec>, CliError> {
    let parse =
        |name: &String| ServerSpec::parse(name).map_err(|error| CliError::usage(format!("the scenario: {error}")));
    scenario.server_names().iter().map(parse).collect()
}

/// Describes the scenarios that come with the program.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn list(output: &OutputArgs, out: &mut Output) -> Result<Exit, CliError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_named() {
        let error = load("home-ruter").unwrap_err().to_string();
        assert!(error.contains("\"home-ruter\""), "{error}");
    }

    #[test]
    fn a_file_is_read_and_its_errors_name_it_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let name = path.to_str().unwrap();
        let missing = load(name).unwrap_err().to_string();
        assert!(missing.contains("cannot read the scenario file ") && missing.contains("mine.toml"), "{missing}");

        std::fs::write(&path, "[link]\nrtt_ms = 20\n").unwrap();
        let (shown, scenario) = load(name).unwrap();
        assert_eq!((shown.as_str(), scenario.link.rtt_ms), ("mine", 20.0));

        std::fs::write(&path, "[link]\nrtt_ms = 20\nlos = 0.1\n").unwrap();
        let error = load(name).unwrap_err().to_string();
        assert!(error.contains("mine.toml") && error.contains("line 3") && error.contains("`los`"), "{error}");

        std::fs::write(&path, "[link]\nloss = 10\n").unwrap();
        let error = load(name).unwrap_err().to_string();
        assert!(error.contains("mine.toml") && error.contains("[link]: `loss` is a probability"), "{error}");
    }
}
