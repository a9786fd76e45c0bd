//! Simulated networks by name: what people meet.

use std::sync::LazyLock;

use super::scenario::Scenario;

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
        "gateway-pcp",
        "gateway-nat-pmp",
        "gateway-refusing",
        "gateway-silent",
        "gateway-upnp",
        "gateway-double-nat",
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
        }
    }
}
