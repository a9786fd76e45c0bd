//! `nat-probe turn lint FILE`: does turnserver.conf do what it seems to?

pub(in crate::cli) mod arguments;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use arguments::{LintArgs, LintFormat};

use crate::cli::arguments::entries;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::Source;
use crate::cli::printing::output::Output;
use crate::cli::printing::terminal;
use crate::explain::turnserver::{self, Certified, LintOptions, Version, VersionIs};
use crate::net;
use crate::report::lint;
use crate::wire::ice_servers::IceEntry;

const WANTED: &str = "the configuration of coturn, /etc/turnserver.conf as a rule";

/// How long a program may take to say its version, and how much it may say.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_LINE: u64 = 200;

/// Reads, looks over, prints.
///
/// # Errors
/// When a file cannot be read or is something else.
pub(in crate::cli) fn run(arguments: &LintArgs, out: &mut Output) -> Result<Exit, CliError> {
    let path = arguments.file.as_path();
    if [path, arguments.ice_servers.as_deref().unwrap_or(Path::new(""))].iter().all(|path| path.as_os_str() == "-") {
        return Err(CliError::usage("cannot read standard input more than once").advise("a file for one of the two"));
    }
    let source =
        Source { what: "the configuration", path, largest: turnserver::LARGEST, advice: WANTED, secret: false };
    let bytes = source.read_bytes()?;
    let clients: Vec<IceEntry> = match &arguments.ice_servers {
        Some(path) => entries::of_clients(path)?.entries,
        None => Vec::new(),
    };
    let asked = arguments.coturn_version.map(|version| (version, VersionIs::Asked));
    let installed = installed();
    let (version, version_is) =
        asked.or_else(|| Some((installed?, VersionIs::Installed))).unwrap_or((Version::NEWEST, VersionIs::Newest));
    // On another host than the server's, what is not here tells nothing.
    let here = |name: &str| installed.and_then(|_| readable(name));
    let addresses = installed.map_or_else(Vec::new, |_| net::host_addresses());
    let options = LintOptions {
        name: source.name(),
        version,
        version_is,
        clients: &clients,
        readable: &here,
        addresses: &addresses,
        certificate: &certificate,
        now_unix_s: Some(net::clock::now_unix_s()),
    };
    let mut found = turnserver::lint(&bytes, options)
        .map_err(|error| CliError::usage(format!("cannot look {} over: {error}", source.name())).advise(WANTED))?;
    found.redacted = arguments.redact;
    let format = if arguments.json { LintFormat::Json } else { arguments.format };
    let text = match format {
        LintFormat::Json => terminal::json(lint::json(&found), out),
        LintFormat::Sarif => terminal::json(lint::sarif(&found), out),
        LintFormat::Text => {
            let style = terminal::look(arguments.color, arguments.ascii, arguments.verbose.into(), out);
            lint::page(&found, &style)
        }
    };
    out.line(&text)?;
    let wrong = found.findings.iter().any(|fault| arguments.fail_on.is_reached_by(fault.severity));
    Ok(if wrong { Exit::Unmet } else { Exit::Measured })
}

/// Whether a file that the configuration names is there for whoever asks. What root may read tells nothing of coturn's user, and a
/// name without a folder is looked for in folders of coturn's own.
fn readable(name: &str) -> Option<bool> {
    let path = Path::new(name);
    path.is_absolute().then(|| path.is_file())
}

/// What the certificate in a file says.
fn certificate(name: &str) -> Option<Certified> {
    let path = Path::new(name);
    let facts = net::certificate::in_file(path).filter(|_| path.is_absolute())?;
    Some(Certified { names: facts.names, not_after: facts.not_after })
}

/// The version of the coturn that is installed here. It is asked itself, and answers at once; one before 4.6.0 does not know the
/// question, prints its help and ends.
fn installed() -> Option<Version> {
    let mut asked = Command::new("turnserver");
    asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = asked.spawn().ok()?;
    let said = running.stdout.take()?;
    let (tell, told) = channel();
    let reader = move || {
        let mut line = String::new();
        // Nobody is left to tell where nobody waited so long.
        let _ = BufReader::new(said.take(LONGEST_LINE)).read_line(&mut line).map(|_| tell.send(line));
    };
    let reading = std::thread::Builder::new().name("version".into()).spawn(reader);
    let line = reading.ok().and_then(|_| told.recv_timeout(PATIENCE).ok());
    // It has ended, or is of no use.
    let _ = running.kill().and_then(|()| running.wait());
    line.filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))?.parse().ok()
}
