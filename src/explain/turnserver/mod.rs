//! turnserver.conf, the configuration of coturn: what in it does not do what it seems to, by the rules of one version. Each rule was read
//! in coturn's source or measured with the program; those of severity error are proven with it (`tests/lab/turn_lint.rs`).

mod configuration;
mod finding;
mod keys;
mod read;
mod rules;
mod version;

use schemars::JsonSchema;
use serde::Serialize;

pub use finding::{Fault, LintCode, Severity};
pub use version::{NoVersion, Version};

use crate::wire::ice_servers::IceEntry;

/// The largest file that is read.
pub const LARGEST: u64 = 1 << 20;

/// Lines of coturn's keys without which a file is something else.
const FEWEST_KEYS: usize = 1;

/// What is asked of a configuration.
pub struct LintOptions<'a> {
    /// The name of the file. Escaped.
    pub name: String,
    /// Which version of coturn reads it.
    pub version: Version,
    /// Where that version comes from.
    pub version_is: VersionIs,
    /// What clients are told.
    pub clients: &'a [IceEntry],
    /// Whether a file that it names can be read here; nothing where that cannot be told.
    pub readable: &'a dyn Fn(&str) -> Option<bool>,
}

/// Where the version of coturn comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VersionIs {
    /// It was asked for.
    Asked,
    /// It is installed here.
    Installed,
    /// It is the newest that is known here.
    Newest,
}

/// A configuration looked over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Lint {
    /// `turn-lint`.
    pub command: String,
    /// The version of nat-probe.
    pub version: String,
    /// The name of the file. Escaped.
    pub file: String,
    /// The version of coturn by whose rules.
    pub coturn_version: Version,
    /// Where that comes from.
    pub coturn_version_is: VersionIs,
    /// What is wrong, the worst first.
    pub findings: Vec<Fault>,
    /// Whether addresses are masked.
    pub redacted: bool,
}

impl Lint {
    /// How many there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|fault| fault.severity == severity).count()
    }
}

/// Why a file is not looked over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// No line of it sets a key of coturn.
    #[error("no line in it sets a key of coturn")]
    OtherFile,
    /// It is no text.
    #[error("it is not a text")]
    Binary,
}

/// Looks a configuration over. An empty one is one too: it is what coturn starts with where it has none.
///
/// # Errors
/// When it is something else.
pub fn lint(bytes: &[u8], options: LintOptions) -> Result<Lint, LintError> {
    let text = decode(bytes)?;
    let settings = read::settings(&text);
    let known = settings.iter().filter(|setting| setting.key.is_some()).count();
    if known < FEWEST_KEYS && !settings.is_empty() {
        return Err(LintError::OtherFile);
    }
    let LintOptions { name, version, version_is, clients, readable } = options;
    let configuration =
        configuration::Configuration { settings: &settings, version: version.known(), clients, readable };
    Ok(Lint {
        command: "turn-lint".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: name,
        coturn_version: version,
        coturn_version_is: version_is,
        findings: rules::apply(&configuration),
        redacted: false,
    })
}

/// The text with its byte order mark, which coturn does not drop.
fn decode(bytes: &[u8]) -> Result<String, LintError> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => Ok(wide(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Ok(wide(u16::from_be_bytes)),
        _ if bytes.contains(&0) => Err(LintError::Binary),
        _ => Ok(String::from_utf8_lossy(bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests;
