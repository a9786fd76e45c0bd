//! Simulated networks by name: what people meet.

use std::path::Path;
use std::sync::LazyLock;

use super::scenario::{Scenario, ScenarioError};

/// A simulated network that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// One sentence, fit to be read aloud.
    pub description: &'static str,
    /// Its scenario file, to begin one's own from.
    pub toml: &'static str,
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("presets/", $name, ".toml")))),*]
    };
}

/// From the common to the strange.
static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    presets![
        "home-router",
        "full-cone",
        "restricted-cone",
        "symmetric",
        "address-dependent",
        "carrier-grade",
        "double-nat",
        "hotel-udp-blocked",
        "hotel-udp-rejected",
        "public-host",
        "stateful-firewall",
        "host-wide-firewall",
        "open-linux-router",
        "lossy-wifi",
        "satellite",
        "sip-alg",
        "multi-wan",
        "address-pool",
        "plain-servers",
        "lying-servers",
        "dead-servers",
        "ipv6-firewall",
        "ipv6-only",
        "offline",
        "turn-server",
        "turn-wrong-password",
        "turn-udp-blocked",
        "turn-private-relay",
        "turn-wrong-external",
        "turn-range-closed",
        "turn-hairpin-denied",
        "turn-expired-certificate",
        "turn-quota",
        "turn-lossy",
    ]
    .map(|(name, toml)| Preset { name, description: description(toml), toml })
    .to_vec()
});

/// The simulated networks that come with the program.
#[must_use]
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The first line of a preset describes it.
fn description(toml: &'static str) -> &'static str {
    let first = toml.lines().next().unwrap_or_default();
    first.strip_prefix("description = \"").and_then(|rest| rest.strip_suffix('"')).unwrap_or_default()
}

impl Scenario {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let preset = presets().iter().find(|preset| preset.name == name)?;
        Self::from_toml(preset.toml).ok()
    }
}

/// A preset by name, else a scenario file by path; with the name to show for it.
///
/// # Errors
///
/// When there is neither, or the file is no scenario.
pub fn load(name_or_path: &str) -> Result<(String, Scenario), ScenarioError> {
    if let Some(scenario) = Scenario::preset(name_or_path) {
        return Ok((name_or_path.into(), scenario));
    }
    let path = Path::new(name_or_path);
    let is_path = name_or_path.contains(['/', '\\']) || path.extension().is_some() || path.exists();
    if !is_path {
        let presets: Vec<&str> = presets().iter().map(|preset| preset.name).collect();
        return Err(ScenarioError::Unknown { name: name_or_path.into(), presets: presets.join(", ") });
    }
    let scenario = Scenario::from_file(path)?;
    let name = path.file_stem().map_or_else(|| name_or_path.into(), |stem| stem.to_string_lossy().into_owned());
    Ok((name, scenario))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_scenario_with_its_own_description() {
        for preset in presets() {
            let scenario = Scenario::from_toml(preset.toml).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            assert_eq!(scenario.description, preset.description, "{}", preset.name);
            assert!(!preset.description.is_empty() && preset.description.len() <= 120, "{}", preset.name);
            assert!(!scenario.server_names().is_empty(), "{}", preset.name);
            assert_eq!(load(preset.name).unwrap(), (preset.name.to_string(), scenario));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_presets() {
        let error = load("home-ruter").unwrap_err().to_string();
        assert!(error.contains("\"home-ruter\"") && error.contains("home-router, full-cone"), "{error}");
    }

    #[test]
    fn a_file_is_read_and_its_errors_name_it_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let name = path.to_str().unwrap();
        let missing = load(name).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read the scenario file ") && missing.contains("mine.toml"), "{missing}");

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
