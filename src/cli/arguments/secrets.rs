//! Where passwords and shared secrets come from. None of them is ever part of an error, a note or a report.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::environment;
use super::turn::LoginArgs;
use crate::cli::error::{self, CliError, words};
use crate::cli::files::Source;
use crate::measure::spec;
use crate::net;
use crate::wire::escape::escape;
use crate::wire::{Remark, RemarkCode, Secret, ice_servers};

/// The environment variables with them.
const PASSWORD: &str = spec::PASSWORD.0;
pub(in crate::cli) const SECRET: &str = spec::SECRET.0;

/// What it is called in messages.
const SHARED: &str = "shared secret";

/// No password is longer, and a file named by mistake often is.
const LARGEST: u64 = 1 << 16;

/// A password or shared secret with what is odd about the place it came from.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Found {
    /// The secret.
    pub secret: Secret,
    /// What is odd.
    pub remark: Option<Remark>,
}

/// The shared secret, if there is one.
///
/// # Errors
/// When the file cannot be read.
pub(in crate::cli) fn shared(arguments: &LoginArgs) -> Result<Option<Found>, CliError> {
    match &arguments.secret_file {
        Some(path) => file(path, SHARED).map(Some),
        None => variable(SECRET),
    }
}

/// The password of the user; asked for where nothing has it and somebody is there to ask.
///
/// # Errors
/// When it cannot be read, or nothing has it and nobody is there.
pub(in crate::cli) fn password(arguments: &LoginArgs, user: &str, quiet: bool) -> Result<Found, CliError> {
    if let Some(secret) = &arguments.password {
        if !quiet {
            error::note("a password in --password is visible to everybody on this host in the list of processes");
        }
        return Ok(Found { secret: secret.clone(), remark: None });
    }
    if let Some(path) = &arguments.password_file {
        return file(path, "password");
    }
    if arguments.password_stdin {
        return file(Path::new("-"), "password");
    }
    variable(PASSWORD)?.map_or_else(|| prompt(user), Ok)
}

/// Whether one of the options has a password.
#[must_use]
pub(in crate::cli) fn is_given(arguments: &LoginArgs) -> bool {
    arguments.password.is_some() || arguments.password_file.is_some() || arguments.password_stdin
}

/// Whether there is a password beside a shared secret. An option outweighs a variable: the secret's decides against the password's.
#[must_use]
pub(in crate::cli) fn beside_secret(arguments: &LoginArgs) -> bool {
    let variable = || std::env::var_os(PASSWORD).is_some_and(|value| !value.is_empty());
    is_given(arguments) || arguments.secret_file.is_none() && variable()
}

fn variable(name: &str) -> Result<Option<Found>, CliError> {
    let found =
        |value: String| Found { remark: odd_end(&value, &format!("the value of {name}")), secret: Secret::new(value) };
    Ok(environment::text(name)?.map(found))
}

fn prompt(user: &str) -> Result<Found, CliError> {
    let ways = format!("--password-file FILE, --password-stdin, or the environment variable {PASSWORD}");
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::usage("there is no password, and no terminal to ask for it").advise(ways));
    }
    let question = format!("password of {}: ", escape(user));
    let typed = net::unseen(&question, || rpassword::prompt_password(&question)).map_err(|error| {
        // The question is still on the line.
        let _ = writeln!(io::stderr());
        CliError::usage(format!("cannot ask for the password of {}: {}", escape(user), words(&error))).advise(ways)
    })?;
    Ok(Found { secret: Secret::new(typed), remark: None })
}

fn file(path: &Path, what: &str) -> Result<Found, CliError> {
    let wanted = format!("the name of a file with nothing but the {what} in it, which you may read");
    let named = format!("the {what} from");
    let source = Source { what: &named, path, largest: LARGEST, advice: &wanted, secret: true };
    let text = source.read()?;
    let place = source.name();
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(CliError::usage(format!("cannot use the {what} from {place}: it is empty")).advise(wanted));
    }
    let named = format!("the {what} in {place}");
    // An editor's newline. The issuer's program that reads the same file may count it, and then no password it makes is taken.
    let left_out = (what == SHARED && line.len() < text.len()).then(|| {
        remark(
            format!("{named} has a newline at its end, which was left out here; a program that counts it makes other passwords"),
            "remove it, for example with printf %s in place of echo",
        )
    });
    Ok(Found { secret: Secret::new(line), remark: odd_end(line, &named).or(left_out) })
}

/// White space at either end is nearly always a slip of an editor, and no server forgives it.
fn odd_end(text: &str, place: &str) -> Option<Remark> {
    ice_servers::odd_end(text, place, "remove it, for example with printf %s in place of echo")
}

fn remark(text: String, fix: &str) -> Remark {
    Remark { code: RemarkCode::TrailingWhitespace, error: false, text, fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_the_end_of_a_file_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, secret, odd) in [
            ("north", "north", false),
            ("north\n", "north", false),
            ("north\r\n", "north", false),
            ("north\n\n", "north\n", true),
            ("north \n", "north ", true),
            (" north\n", " north", true),
        ] {
            std::fs::write(&path, text).unwrap();
            let found = file(&path, "password").unwrap();
            assert_eq!((found.secret.expose(), found.remark.is_some()), (secret, odd), "{text:?}");
            assert!(!format!("{found:?}").contains("north"), "{found:?}");
        }
        std::fs::write(&path, "north\n").unwrap();
        let remark = file(&path, SHARED).unwrap().remark.unwrap();
        assert!(remark.text.contains("left out"), "whoever reads the file whole has another secret: {remark:?}");
        std::fs::write(&path, "\n").unwrap();
        assert!(file(&path, "password").is_err());
    }
}
