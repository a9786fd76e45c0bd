//! The manual pages: made from the definition of the arguments, with the sections that arguments cannot tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap::builder::{Resettable, StyledStr};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::definition::{commands, definition};
use super::error::{CliError, words};
use super::program::{self, PROGRAM};
use crate::measure::catalog;
use crate::measure::spec::{Spec, Term};

/// A page: its file name and its text.
pub type Page = (String, Vec<u8>);

/// Writes every page to a directory, which is made where it does not exist.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path) -> Result<(), CliError> {
    let fail = |path: &Path, error: &io::Error| {
        CliError::usage(format!("cannot write the manual page {}: {}", path.display(), words(error)))
            .advise("a directory you may write to")
    };
    fs::create_dir_all(directory).map_err(|error| fail(directory, &error))?;
    let pages = pages().map_err(|error| fail(directory, &error))?;
    for (name, text) in pages {
        let path: PathBuf = directory.join(name);
        fs::write(&path, text).map_err(|error| fail(&path, &error))?;
    }
    Ok(())
}

/// Every page: the program's and each command's.
///
/// # Errors
/// When a page cannot be rendered.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut program = definition();
    program.build();
    let commands: Vec<(String, Command)> =
        commands(&program).into_iter().map(|(name, command)| (name.replace(' ', "-"), command.clone())).collect();
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let listed: Vec<(String, String)> =
        commands.iter().map(|(id, command)| (format!("{}(1)", page_name(id)), about(command))).collect();
    let names: Vec<String> =
        std::iter::once(PROGRAM.name.to_owned()).chain(commands.iter().map(|(id, _)| page_name(id))).collect();
    let mut pages = vec![(format!("{}.1", names[0]), page(program, &listed, &PROGRAM, &names[0], &names)?)];
    for ((id, command), name) in commands.into_iter().zip(&names[1..]) {
        let spec = program::spec(&id).unwrap_or(&PROGRAM);
        pages.push((format!("{name}.1"), page(command, &[], spec, name, &names)?));
    }
    Ok(pages)
}

/// The table of the commands in the README.
#[must_use]
pub fn table() -> String {
    let specs = catalog::COMMANDS.iter().copied().chain(program::OTHERS);
    let rows: Vec<String> = specs.map(|spec| format!("| `nat-probe {}` | {} |\n", spec.name, spec.question)).collect();
    format!("| command | what for |\n|---|---|\n{}", rows.concat())
}

fn page_name(id: &str) -> String {
    format!("{}-{id}", PROGRAM.name)
}

/// A page; `listed` are the commands that it names with what they are for.
fn page(
    command: Command,
    listed: &[(String, String)],
    spec: &Spec,
    name: &str,
    names: &[String],
) -> io::Result<Vec<u8>> {
    let positionals = command.get_positionals();
    let repeated = positionals.filter(|argument| argument.get_num_args().is_some_and(|most| most.max_values() > 1));
    let repeated: Vec<String> =
        repeated.filter_map(|argument| Some(argument.get_value_names()?[0].to_string())).collect();
    // Exit codes and examples, which stand below the help, become sections of the page.
    let command = command.after_long_help(Resettable::<StyledStr>::Reset);
    let man = Man::new(command).source(concat!("nat-probe ", env!("CARGO_PKG_VERSION"))).manual("nat-probe manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    let mut synopsis = Vec::new();
    man.render_synopsis_section(&mut synopsis)?;
    // clap_mangen's synopsis does not say that an argument may be repeated.
    let synopsis = repeated.iter().fold(String::from_utf8_lossy(&synopsis).into_owned(), |synopsis, name| {
        synopsis.replace(&format!("[\\fI{name}\\fR]"), &format!("[\\fI{name}\\fR]..."))
    });
    text.extend(synopsis.trim_end_matches([' ', '\n']).bytes());
    text.push(b'\n');
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let mut roff = Roff::new();
    let listed: Vec<(&str, &str)> = listed.iter().map(|(name, about)| (name.as_str(), about.as_str())).collect();
    terms(&mut roff, "SUBCOMMANDS", &listed);
    terms(&mut roff, "EXIT STATUS", spec.exit);
    if !spec.environment.is_empty() {
        terms(&mut roff, "FILES", FILES);
        terms(&mut roff, "ENVIRONMENT", spec.environment);
    }
    if !spec.keys.is_empty() {
        let keys: Vec<Term> = spec.keys.iter().map(|key| (key.name, key.meaning)).collect();
        terms(&mut roff, "REQUIREMENTS", &[&keys[..], &[("How to write them", spec.grammar)]].concat());
    }
    for (title, codes) in spec.codes {
        let codes = codes();
        let codes: Vec<(&str, &str)> = codes.iter().map(|(name, meaning)| (name.as_str(), *meaning)).collect();
        terms(&mut roff, title, &codes);
    }
    terms(&mut roff, "EXAMPLES", spec.examples);
    see_also(&mut roff, name, names);
    roff.to_writer(&mut text)?;
    Ok(text)
}

/// A section of terms, each with what it means; nothing where there are none.
fn terms(roff: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    if terms.is_empty() {
        return;
    }
    roff.control("SH", [title]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
}

fn see_also(roff: &mut Roff, name: &str, names: &[String]) {
    roff.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for other in names.iter().filter(|other| *other != name) {
        line.extend([bold(other.as_str()), roman("(1), ")]);
    }
    line.extend([
        italic("RFC 5780"),
        roman(" (NAT behavior discovery), "),
        italic("RFC 4787"),
        roman(" (NAT behavior for UDP), "),
    ]);
    line.extend([italic("RFC 8489"), roman(" (STUN)")]);
    roff.text(line);
}

const FILES: &[Term] = &[
    (
        "$XDG_CONFIG_HOME/nat-probe/servers.txt, else ~/.config/nat-probe/servers.txt",
        "The servers to ask where neither the arguments nor the environment name any: one a line, # begins a comment. On macOS \
         ~/Library/Application Support/nat-probe/servers.txt, on Windows %APPDATA%\\nat-probe\\servers.txt. Without it a list of public \
         servers is asked.",
    ),
    (
        "*.toml",
        "A scenario for --simulate: the host, the NATs and links in front of it, the servers and their faults. nat-probe classify \
         --simulate list describes those that come with the program.",
    ),
];
