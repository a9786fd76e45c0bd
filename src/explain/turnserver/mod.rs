//! turnserver.conf, the configuration of coturn: what in it does not do what it seems to, by the rules of one version. Each rule was read
//! in coturn's source or measured with the program; those of severity error are proven with it (`tests/lab/turn_lint.rs`).

mod configuration;
mod finding;
mod keys;
mod other;
mod read;
mod rules;
mod serves;
mod version;
mod written;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

pub use configuration::Certified;
pub use finding::{Fault, LintCode, Severity};
pub use serves::{PeerRange, PeerRule, Serves};
pub use version::{NoVersion, Version};

use crate::wire::ice_servers::IceEntry;

/// The largest file that is read.
pub const LARGEST: u64 = 1 << 20;

/// So many lines of another language for each of coturn's make a file something else.
const MOST_OTHERS: usize = 3;

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
    /// The addresses of the host on which it is to run; none where that is not this one.
    pub addresses: &'a [IpAddr],
    /// What the file of a certificate says; nothing where it cannot be read here.
    pub certificate: &'a dyn Fn(&str) -> Option<Certified>,
    /// What time it is, in seconds since 1970, for certificates and user names that expire; nothing where that is not to count.
    pub now_unix_s: Option<i64>,
}

impl LintOptions<'_> {
    /// Nothing but the text is there: no name, no host, no clients and no time.
    #[must_use]
    pub fn of_text_alone(version: Version) -> Self {
        Self {
            name: String::new(),
            version,
            version_is: VersionIs::Newest,
            clients: &[],
            readable: &|_| None,
            addresses: &[],
            certificate: &|_| None,
            now_unix_s: None,
        }
    }
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
    /// No line of it sets a key of coturn, or next to none.
    #[error("no line in it sets a key of coturn")]
    OtherFile,
    /// It is something that is known.
    #[error("it is {0}")]
    Known(&'static str),
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
    let written = written::find(&text);
    let settings = read::settings(written.lines.iter().map(|(number, line)| (*number, &**line)));
    if is_other(&text, &settings) {
        return Err(other::what(&text).map_or(LintError::OtherFile, LintError::Known));
    }
    let LintOptions { name, version, version_is, clients, readable, addresses, certificate, now_unix_s } = options;
    let configuration = configuration::Configuration {
        settings: &settings,
        version: version.known(),
        clients,
        readable,
        addresses,
        certificate,
        now_unix_s,
        written: configuration::Where { template: written.template, within: written.within, partial: written.partial },
    };
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

/// Whom the server serves by its configuration, and what it says of peers, each rule with its line. What was not filled in yet is not there.
pub(super) fn serves(text: &str, version: Version) -> (Serves, Vec<(u32, PeerRule)>) {
    let written = written::find(text);
    let settings = read::settings(written.lines.iter().map(|(number, line)| (*number, &**line)));
    let LintOptions { clients, readable, addresses, certificate, now_unix_s, .. } = LintOptions::of_text_alone(version);
    let written = configuration::Where { template: written.template, within: written.within, partial: written.partial };
    let version = version.known();
    let configuration = configuration::Configuration {
        settings: &settings,
        version,
        clients,
        readable,
        addresses,
        certificate,
        now_unix_s,
        written,
    };
    serves::find(&configuration)
}

/// Whether it is something else: nothing in it, or next to nothing, is a key of coturn, not even behind the `#` of a comment.
fn is_other(text: &str, settings: &[read::Setting]) -> bool {
    let known = settings.iter().filter(|setting| setting.key.is_some()).count();
    let of_coturn = |line: &str| {
        let bare = line.trim_start_matches(['#', ' ', '\t', '\u{feff}']);
        bare.split([' ', '\t', '=']).next().is_some_and(|name| keys::Key::find(name.trim()).is_some())
    };
    if settings.is_empty() {
        return !text.trim().is_empty() && !text.lines().any(of_coturn);
    }
    known == 0 || known * MOST_OTHERS < settings.len() - known
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
