//! Which servers to ask: the options, else `NAT_PROBE_SERVERS`, else the configuration file, else the built-in list.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::environment;
use crate::cli::error::CliError;
use crate::cli::files::{self, Source};
use crate::measure::spec;
use crate::wire::ServerSpec;

/// The built-in list.
const BUILT_IN: &str = include_str!("servers.txt");

/// The environment variable that names servers.
const VARIABLE: &str = spec::SERVERS.0;

/// How many bytes of a servers file are read: thousands of servers, and yet no surprise when somebody names a disk image.
const LARGEST_FILE: u64 = 1 << 20;

/// How many servers one run asks: more would take longer than anybody waits, and more would be asked than anybody should.
pub(in crate::cli) const MOST: usize = 1_000;

/// Which STUN servers to ask.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerArgs {
    /// The servers named one by one.
    #[arg(
        short,
        long,
        value_name = "SERVER",
        value_parser = parse,
        value_hint = ValueHint::Hostname,
        help_heading = "Servers",
        help = "A STUN server to ask (repeat): host, host:port, [v6]:port, or a stun: or stuns: URI; replaces the configured ones"
    )]
    pub server: Vec<ServerSpec>,

    /// A file with one STUN server a line; # begins a comment.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub servers_file: Option<PathBuf>,
}

impl ServerArgs {
    /// Whether the command line names any.
    pub(in crate::cli) fn is_given(&self) -> bool {
        !self.server.is_empty() || self.servers_file.is_some()
    }
}

/// Reads one server, for the argument parser.
///
/// # Errors
/// In words, when it names no server.
pub(in crate::cli) fn parse(text: &str) -> Result<ServerSpec, String> {
    if is_file_name(text) {
        return Err("it is the name of a file: --servers-file takes one with servers, --from a saved report".to_owned());
    }
    ServerSpec::parse(text).map_err(|error| error.problem().to_owned())
}

/// Whether it is called as files are and no host is: there are no such top-level domains.
#[must_use]
pub(in crate::cli) fn is_file_name(text: &str) -> bool {
    const ENDS: [&str; 11] = ["conf", "env", "json", "log", "lua", "pcap", "toml", "txt", "xml", "yaml", "yml"];
    text.rsplit_once('.').is_some_and(|(_, end)| ENDS.contains(&end))
}

/// How many of the built-in servers a run asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum BuiltIn {
    /// Those before the first gap in the list: enough for a verdict, without bothering everybody.
    Few,
    /// All.
    All,
}

/// The servers to ask.
///
/// # Errors
/// When a place that was named cannot be read, or names something that is no server.
pub(in crate::cli) fn gather(
    options: &[ServerSpec],
    file: Option<&Path>,
    built_in: BuiltIn,
) -> Result<Vec<ServerSpec>, CliError> {
    if !options.is_empty() || file.is_some() {
        return named(options, file);
    }
    if let Some(value) = environment::text(VARIABLE)? {
        let found = from_variable(&value)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if let Some(path) = config_file().filter(|path| path.exists()) {
        let found = from_file(&path)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    from_built_in(built_in)
}

/// The servers named on the command line: those of the options, then those of the file.
///
/// # Errors
/// When the file cannot be read or names something that is no server.
pub(in crate::cli) fn named(options: &[ServerSpec], file: Option<&Path>) -> Result<Vec<ServerSpec>, CliError> {
    let mut servers = options.to_vec();
    if let Some(path) = file {
        let found = from_file(path)?;
        if found.is_empty() && servers.is_empty() {
            return Err(CliError::usage(format!("the servers file {} names no server", files::name(path)))
                .advise("one server a line, such as stun.example.org:3478"));
        }
        servers.extend(found);
    }
    bounded(unique(servers))
}

/// Where the configuration is looked for on this platform, if the environment tells.
#[must_use]
pub(in crate::cli) fn config_file() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        absolute("APPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG base directory specification: a relative path in the variable counts as none.
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
    };
    folder.map(|folder| folder.join("nat-probe").join("servers.txt"))
}

fn from_file(path: &Path) -> Result<Vec<ServerSpec>, CliError> {
    let advice = "a text file with one server a line, which you may read";
    let source = Source { what: "the servers file", path, largest: LARGEST_FILE, advice, secret: false };
    let found = lines(&source.read()?).map_err(|(line, problem)| {
        CliError::usage(format!("the servers file {}, line {line}: {problem}", files::name(path)))
            .advise("one server a line, such as stun.example.org:3478; # begins a comment")
    })?;
    bounded(found)
}

fn from_variable(value: &str) -> Result<Vec<ServerSpec>, CliError> {
    let words = value.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
    let servers: Result<Vec<_>, _> = words.map(ServerSpec::parse).collect();
    let servers = servers.map_err(|error| {
        CliError::usage(format!("the environment variable {VARIABLE}: {error}"))
            .advise("servers separated by commas or spaces")
    })?;
    bounded(unique(servers))
}

fn from_built_in(built_in: BuiltIn) -> Result<Vec<ServerSpec>, CliError> {
    let text = match built_in {
        BuiltIn::Few => BUILT_IN.split("\n\n").next().unwrap_or(BUILT_IN),
        BuiltIn::All => BUILT_IN,
    };
    lines(text).map_err(|(line, problem)| CliError::usage(format!("the built-in server list, line {line}: {problem}")))
}

/// The servers of a text, one a line; the error is the line's number and what is wrong there.
fn lines(text: &str) -> Result<Vec<ServerSpec>, (usize, String)> {
    let mut servers = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let server = line.split('#').next().unwrap_or_default().trim();
        if !server.is_empty() {
            servers.push(ServerSpec::parse(server).map_err(|error| (index + 1, error.to_string()))?);
        }
    }
    Ok(unique(servers))
}

/// Asking one server twice would count its opinion twice.
fn unique(mut servers: Vec<ServerSpec>) -> Vec<ServerSpec> {
    let mut known = BTreeSet::new();
    servers.retain(|server| known.insert(server.text.clone()));
    servers
}

fn bounded(servers: Vec<ServerSpec>) -> Result<Vec<ServerSpec>, CliError> {
    if servers.len() <= MOST {
        return Ok(servers);
    }
    Err(CliError::usage(format!("cannot ask {} servers in one run", servers.len())).advise(format!("at most {MOST}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(servers: &[ServerSpec]) -> Vec<&str> {
        servers.iter().map(|server| server.text.as_str()).collect()
    }

    #[test]
    fn the_built_in_list_is_sound() {
        let all = from_built_in(BuiltIn::All).unwrap();
        let few = from_built_in(BuiltIn::Few).unwrap();
        assert!(few.len() < all.len() && few.len() >= 6, "{} of {}", few.len(), all.len());
        assert_eq!(texts(&few), texts(&all)[..few.len()]);
        let uncommented: Vec<_> = BUILT_IN.lines().filter(|line| !line.is_empty() && !line.contains('#')).collect();
        assert!(uncommented.is_empty(), "nothing says who runs {uncommented:?}");
    }

    #[test]
    fn lines_may_have_comments_and_errors_have_numbers() {
        let text = "# mine\n\nstun.example.org # home\n 192.0.2.1:3478\r\nstun.example.org\n";
        assert_eq!(texts(&lines(text).unwrap()), ["stun.example.org", "192.0.2.1:3478"]);
        assert_eq!(lines("stun.example.org\nexample.org:0").unwrap_err().0, 2);
        let many: Vec<_> = (0..=MOST).map(|number| format!("s{number}.example\n")).collect();
        let many = lines(&many.concat().repeat(40)).unwrap();
        assert_eq!(many.len(), MOST + 1, "what is named twice is asked once");
        assert!(bounded(many.clone()).is_err() && bounded(many[1..].to_vec()).is_ok());
    }

    #[test]
    fn the_variable_takes_commas_and_spaces() {
        let servers = from_variable("a.example, b.example  c.example:3479").unwrap();
        assert_eq!(texts(&servers), ["a.example", "b.example", "c.example:3479"]);
        assert!(from_variable("a.example,:0").unwrap_err().what.contains(VARIABLE));
    }
}
